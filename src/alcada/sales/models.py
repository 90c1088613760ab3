"""Pipelines with their stages, and deals. A won deal has its receivable (intake's entry); `flow.selling` makes it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Pipeline(models.Model):
    """The way that a company's deals go. One by default; made when the company's first deal needs it."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="pipelines")
    name = models.CharField(max_length=80)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint("company", Lower("name"), name="pipeline_name_once")]

    def __str__(self) -> str:
        return self.name


class Stage(models.Model):
    """Where a deal stands. Never deleted, for deals that are won or lost still name theirs: marked as removed."""

    pipeline = models.ForeignKey(Pipeline, models.PROTECT, related_name="stages")
    name = models.CharField(max_length=60)
    order = models.PositiveIntegerField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["order", "id"]
        constraints = [
            models.UniqueConstraint(
                "pipeline", Lower("name"), condition=Q(removed_at=None), name="stage_name_once"
            ),
            models.UniqueConstraint(
                fields=["pipeline", "order"],
                name="stage_order_once",
                deferrable=models.Deferrable.DEFERRED,  # two stages change places
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Deal(models.Model):
    """A sale on its way. What was agreed is here; what is owed, once it is won, is in its entry."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        WON = "won", _("Won")
        LOST = "lost", _("Lost")

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="deals")
    number = models.PositiveIntegerField()  # counted per company: what people say to each other
    stage = models.ForeignKey(Stage, models.PROTECT, related_name="deals")
    title = models.CharField(max_length=200)
    customer = models.ForeignKey("directory.Party", models.PROTECT, related_name="deals")
    value = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="BRL")
    terms = models.CharField(max_length=80, blank=True, default="")  # as typed; rules.read_terms reads it
    # What the receivable needs beside that: may be missing while the deal is open.
    category = models.ForeignKey("directory.Category", models.PROTECT, null=True, related_name="+")
    cost_centre = models.ForeignKey("directory.CostCentre", models.PROTECT, null=True, related_name="+")
    bank_account = models.ForeignKey("directory.BankAccount", models.PROTECT, null=True, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="deals")
    expected_on = models.DateField(null=True)
    notes = models.TextField(max_length=1000, blank=True, default="")
    state = models.CharField(max_length=6, choices=State.choices, default=State.OPEN)
    lost_reason = models.CharField(max_length=300, blank=True, default="")
    closed_at = models.DateTimeField(null=True)  # won or lost
    closed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    # Its receivable: one per deal, for good, however often it is won and reopened (migration 0002).
    entry = models.OneToOneField("intake.Entry", models.PROTECT, null=True, related_name="deal")
    # The form that made it, drawn when it was opened: sent twice, by whatever accident, it makes one deal.
    form = models.UUIDField(null=True, unique=True, editable=False)
    version = models.PositiveIntegerField(default=1)  # goes up with each change of what was agreed
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="deal_number_once"),
            models.CheckConstraint(condition=Q(value__gt=0), name="deal_value_positive"),
            models.CheckConstraint(
                condition=~Q(state="won") | Q(entry__isnull=False), name="won_deal_has_its_entry"
            ),
            models.CheckConstraint(
                condition=~Q(state="lost") | ~Q(lost_reason=""), name="lost_deal_says_why"
            ),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None, closed_by=None)
                | (~Q(state="open") & Q(closed_at__isnull=False, closed_by__isnull=False)),
                name="closed_deal_has_its_time",
            ),
        ]
        indexes = [
            # The board's columns, soonest first, and their sums; all of a company's, newest first; a person's own.
            models.Index(
                "stage",
                F("expected_on").asc(nulls_last=True),
                "id",
                condition=Q(state="open"),
                name="deal_board",
            ),
            models.Index(fields=["stage"], include=["value"], condition=Q(state="open"), name="deal_sums"),
            models.Index(fields=["company", "state", "-closed_at"], name="deal_closed"),
            models.Index(fields=["company", "-id"], name="deal_of_company"),
            models.Index(fields=["owner", "-id"], name="deal_of_owner"),
        ]

    def __str__(self) -> str:
        return self.title
