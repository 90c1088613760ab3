"""Notices: what a person is told, in the product and by e-mail."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Notice(models.Model):
    """One thing told to one person; `key` makes sure that it is told once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    company = models.ForeignKey("people.Company", models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=200)
    template = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_told_once")]
