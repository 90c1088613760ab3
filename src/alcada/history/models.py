"""Append-only record: one hash chain per subject, so that nothing waits behind one global row."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Chain(models.Model):
    """The head of one subject's chain; locked while a record is added."""

    kind = models.CharField(max_length=40)
    key = models.BigIntegerField()
    company = models.ForeignKey("people.Company", models.PROTECT, null=True, related_name="+")
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "key"], name="one_chain_per_subject")]


class Record(models.Model):
    """What happened. The database refuses to change or delete a row (migration 0002)."""

    chain = models.ForeignKey(Chain, models.PROTECT, related_name="records")
    sequence = models.PositiveIntegerField()
    event = models.CharField(max_length=80)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # As the name was then: people marry, accounts get renamed.
    actor_name = models.CharField(max_length=150, blank=True, default="")
    channel = models.CharField(max_length=20, blank=True, default="")
    data = models.JSONField(default=dict)
    previous = models.CharField(max_length=64, blank=True, default="")
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["sequence"]
        constraints = [models.UniqueConstraint(fields=["chain", "sequence"], name="record_sequence_once")]


class Checkpoint(models.Model):
    """What a company's history was, as it went out by e-mail (`checkpoints`). The database refuses a change."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="+")
    upto = models.BigIntegerField()  # the last record's key
    count = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-made_at", "-pk"]
        indexes = [models.Index(fields=["company", "-made_at"], name="checkpoint_latest")]
