"""A company's flows as data: versions that never change, and the runs that follow them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Trigger(models.TextChoices):
    PAYABLE_SUBMITTED = "payable.submitted", _("A payable is submitted")
    RECEIVABLE_SUBMITTED = "receivable.submitted", _("A receivable is submitted")
    DEAL_WON = "deal.won", _("A deal is won")

    @classmethod
    def of(cls, kind: str) -> "Trigger":
        """What submitting an entry of this kind sets off."""
        return cls(f"{kind}.submitted")


class Flow(models.Model):
    company = models.ForeignKey("people.Company", models.PROTECT, related_name="flows")
    name = models.CharField(max_length=120)
    trigger = models.CharField(max_length=40, choices=Trigger.choices)
    current = models.OneToOneField("FlowVersion", models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "trigger"], name="one_flow_per_trigger")]


class FlowVersion(models.Model):
    """A published definition. The database refuses a change (migration 0002): running entries keep theirs."""

    flow = models.ForeignKey(Flow, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["flow", "number"], name="flow_version_once")]


class Run(models.Model):
    """One revision's way through one version. `path` is what lies ahead, as decided on the frozen facts."""

    class State(models.TextChoices):
        APPROVAL = "approval", _("In approval")
        POSTING = "posting", _("Being posted")
        DONE = "done", _("Done")
        ENDED = "ended", _("Ended")

    version = models.ForeignKey(FlowVersion, models.PROTECT, related_name="runs")
    revision = models.OneToOneField("intake.Revision", models.PROTECT, related_name="run")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, null=True, related_name="+")
    # Why that account (connections.queries.Routed.told): what an approver reads, as it was then.
    routing = models.JSONField(default=dict)
    path = models.JSONField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.APPROVAL)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["revision"], condition=Q(state="posting"), name="run_posting")]
