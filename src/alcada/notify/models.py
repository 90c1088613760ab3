"""Notices: what a person is told, in the product and by e-mail; and what they chose about it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alcada.notify import rules


class Letter(models.Model):
    """One e-mail to one person. Its key is its Message-ID: whoever sends it again sends the same."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waits to be sent")
        SENDING = "sending", _("is being sent")
        SENT = "sent", _("taken by the mail server")
        DROPPED = "dropped", _("not needed any more")
        FAILED = "failed", _("could not be sent")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    about = models.CharField(max_length=20)  # a kind, or "digest"
    content = models.JSONField(null=True)  # a digest's; a notice's is with the notice
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    claim = models.UUIDField(null=True)  # of the worker that is sending it
    claim_until = models.DateTimeField(null=True)
    due_at = models.DateTimeField(default=timezone.now)
    tries = models.PositiveIntegerField(default=0)
    doubts = models.PositiveIntegerField(default=0)  # tries after which it may have arrived
    error = models.CharField(
        max_length=60, blank=True, default=""
    )  # a code: never an address or a server's words
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="sending", claim__isnull=False, claim_until__isnull=False)
                | (~Q(state="sending") & Q(claim=None, claim_until=None)),
                name="letter_claimed_while_sending",
            ),
            models.CheckConstraint(
                condition=Q(state="sent", sent_at__isnull=False) | (~Q(state="sent") & Q(sent_at=None)),
                name="letter_sent_has_its_time",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state__in=["waiting", "sending"]), name="letter_to_send"
            ),
            models.Index(fields=["user", "about", "created_at"], name="letter_lately"),
        ]


class Notice(models.Model):
    """One thing told to one person; `key` makes sure that it is told once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="notices")
    company = models.ForeignKey("people.Company", models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=200)
    template = models.CharField(max_length=60)
    data = models.JSONField(default=dict)
    link = models.CharField(max_length=300, blank=True, default="")
    way = models.CharField(
        max_length=10, default=rules.Way.PRODUCT
    )  # as the person had chosen when it was told
    to_mail = models.BooleanField(default=False)  # waits for a letter to go into
    letter = models.ForeignKey(Letter, models.PROTECT, null=True, related_name="notices")
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True)
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="notice_told_once")]
        indexes = [
            models.Index(fields=["user", "-id"], name="notice_list"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notice_unread"),
            # What was asked is answered: found by its key, or by how that begins.
            models.Index(
                fields=["key"],
                opclasses=["varchar_pattern_ops"],
                condition=Q(read_at=None),
                name="notice_to_settle",
            ),
            models.Index(fields=["created_at"], condition=Q(to_mail=True), name="notice_to_mail"),
        ]


class Choice(models.Model):
    """The way that a person chose for a kind; where there is none, the usual one holds."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=[(kind.value, kind.value) for kind in rules.Kind])
    way = models.CharField(max_length=10, choices=[(way.value, way.value) for way in rules.Way])

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="one_choice_per_kind"),
            models.CheckConstraint(
                condition=~Q(way="off", kind__in=sorted(kind.value for kind in rules.NEVER_OFF)),
                name="choice_never_hides_what_waits",
            ),
        ]


def _workdays() -> list[int]:
    return list(rules.WORKDAYS)


class Schedule(models.Model):
    """When a person gets their digest; where there is none, the usual one holds."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.PROTECT, primary_key=True, related_name="+")
    wanted = models.BooleanField(default=True)
    at = models.TimeField(default=rules.DIGEST_AT)
    days = ArrayField(models.PositiveSmallIntegerField(), default=_workdays)  # Monday is 1
    zone = models.CharField(max_length=60, default=rules.ZONE)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(days__contained_by=[1, 2, 3, 4, 5, 6, 7]), name="schedule_days_of_the_week"
            )
        ]


class Digest(models.Model):
    """A person's digest of one of their days. No letter: there was nothing to say."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    day = models.DateField()
    made_at = models.DateTimeField(default=timezone.now)
    letter = models.OneToOneField(Letter, models.PROTECT, null=True, related_name="digest")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "day"], name="one_digest_per_day")]
