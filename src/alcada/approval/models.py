"""Rounds, steps, decisions. A round judges one revision; this room does not know what a revision holds."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Round(models.Model):
    """One judgement of one revision."""

    class State(models.TextChoices):
        OPEN = "open", _("In approval")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SENT_BACK = "sent_back", _("Sent back")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    entry = models.ForeignKey("intake.Entry", models.PROTECT, related_name="rounds")
    revision = models.ForeignKey("intake.Revision", models.PROTECT, related_name="rounds")
    company = models.ForeignKey("people.Company", models.PROTECT, related_name="+")
    entered_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    # Often the same person; an administrator may submit what somebody else typed, and then neither decides.
    submitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    due_date = models.DateField()  # the first due date: the inbox is ordered by it
    state = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    # Why nobody was asked, where the flow says that nobody need be.
    reason = models.CharField(max_length=300, blank=True, default="")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(state="open"), name="one_open_round_per_entry"
            ),
            models.UniqueConstraint(
                fields=["revision"],
                condition=Q(state__in=["open", "approved"]),
                name="one_live_round_per_revision",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "state", "due_date"]),
            # A list of entries in one of these states, newest first: few among many that are approved.
            models.Index(
                fields=["state", "entry"], condition=~Q(state="approved"), name="round_not_approved"
            ),
            # What is due first of all that is open: of many companies, and of one person's.
            models.Index(
                fields=["due_date", "id"],
                include=["company", "entered_by"],
                condition=Q(state="open"),
                name="round_open_due",
            ),
            models.Index(
                fields=["entered_by", "state", "-entry"],
                condition=Q(state__in=["open", "sent_back"]),
                name="round_own",
            ),
        ]


class Step(models.Model):
    """One question to a set of people; answered by one of them."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting for the step before")
        OPEN = "open", _("Being asked")
        APPROVED = "approved", _("Approved")
        REJECTED = "rejected", _("Rejected")
        SENT_BACK = "sent_back", _("Sent back")
        ENDED = "ended", _("No longer needed")

    round = models.ForeignKey(Round, models.PROTECT, related_name="steps")
    order = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=64)  # the step's id in the flow's definition
    name = models.CharField(max_length=200)
    # "Why am I asked": as the flow has it in words of its own, else the condition that held, told when it is shown.
    why = models.CharField(max_length=300, blank=True, default="")
    because = models.JSONField(blank=True, default=dict)
    # Who answers must still have it then; empty where people were named.
    role = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=12, choices=State.choices, default=State.WAITING)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order"]
        constraints = [
            models.UniqueConstraint(fields=["round", "order"], name="step_order_once"),
            models.UniqueConstraint(
                fields=["round"], condition=Q(state="open"), name="one_open_step_per_round"
            ),
        ]


class Asked(models.Model):
    """A person who may answer a step, as chosen when the round opened."""

    step = models.ForeignKey(Step, models.PROTECT, related_name="asked")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="asked")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["step", "user"], name="asked_once")]


class Decision(models.Model):
    """What one person answered. The database refuses a change (migration 0002) and a second answer to a step."""

    class Verdict(models.TextChoices):
        APPROVE = "approve", _("Approved")
        REJECT = "reject", _("Rejected")
        SEND_BACK = "send_back", _("Sent back")

    step = models.OneToOneField(Step, models.PROTECT, related_name="decision")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=12, choices=Verdict.choices)
    comment = models.TextField(max_length=2000, blank=True, default="")
    channel = models.CharField(max_length=20, default="web")
    at = models.DateTimeField(default=timezone.now)
