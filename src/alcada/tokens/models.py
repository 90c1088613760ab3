"""What a program calls the API with. Only a hash is kept: a token is shown when it is made, and never again."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from alcada.tokens.rules import DECIDE


class Token(models.Model):
    """A person's own (`company` is empty), or one of a company's service, which has roles there of its own."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="tokens")
    company = models.ForeignKey("people.Company", models.PROTECT, null=True, related_name="tokens")
    name = models.CharField(max_length=100)  # what it is for, as its maker says it
    prefix = models.CharField(max_length=12, unique=True)  # the part that is shown, and that history names
    hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40))
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)
    # How often it was used since `calls_since`: one row for all processes on all machines.
    calls = models.PositiveIntegerField(default=0)
    calls_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # A decision is a person's.
            models.CheckConstraint(
                condition=Q(company=None) | ~Q(scopes__contains=[DECIDE]), name="service_never_decides"
            ),
            models.CheckConstraint(condition=~Q(scopes=[]), name="token_may_something"),
        ]

    def __str__(self) -> str:
        return self.name
