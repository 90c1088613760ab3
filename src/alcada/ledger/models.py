"""What Conta Azul says: likely twins found before approval, and the lag with which new entries show in its searches."""

from django.db import models
from django.utils import timezone


class TwinSearch(models.Model):
    """One look into the account's own books for an entry like a submitted one; shown to whoever approves."""

    class State(models.TextChoices):
        PENDING = "pending"
        DONE = "done"
        FAILED = "failed"

    revision = models.OneToOneField("intake.Revision", models.PROTECT, related_name="twin_search")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    found = models.JSONField(default=list)
    detail = models.TextField(blank=True, default="")
    searched_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)


class Sighting(models.Model):
    """A posting of ours seen back in a search: how late a new entry shows, per connection."""

    posting = models.OneToOneField("posting.Posting", models.PROTECT, related_name="sighting")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    lag_s = models.FloatField()

    class Meta:
        indexes = [models.Index(fields=["connection", "-seen_at"])]
