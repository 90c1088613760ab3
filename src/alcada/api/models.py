"""What was answered to a request that named an idempotency key, so that the same request again gets the same."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Answer(models.Model):
    """One key of one caller, for a day. Written in the transaction of what the request did: both are there, or neither.

    Who sends the same key at the same moment waits at the constraint for the first to end.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    key = models.CharField(max_length=255)
    request = models.CharField(max_length=64)  # a hash of method, address, body and what the caller may do
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_answer_per_key")]
