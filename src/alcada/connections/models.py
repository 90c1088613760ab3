"""One Conta Azul account each: its authorisation, tokens and health, and what must be exclusive on it."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Application(models.Model):
    """The application registered at the Developer Portal; one per installation, or a connection's own."""

    name = models.CharField(max_length=100, blank=True, default="")
    client_id = models.CharField(_("client id"), max_length=200)
    client_secret = models.BinaryField()  # encrypted
    redirect_uri = models.URLField(_("redirect address"), max_length=500)
    is_default = models.BooleanField(default=True)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="one_default_application"
            )
        ]


class ConnectionQuerySet(models.QuerySet["Connection"]):
    def accounts(self) -> "ConnectionQuerySet":
        """Those that postings may go through: authorised once.

        Also one that needs a person now, or is paused: postings wait for it, they do not look for another.
        """
        return self.exclude(authorised_at=None).order_by("id")


class Connection(models.Model):
    """One company's authorisation on one Conta Azul account."""

    class State(models.TextChoices):
        NEW = "new", _("Not connected yet")
        CONNECTED = "connected", _("Connected")
        AUTHORISE = "authorise", _("Needs authorisation again")
        WRONG_COMPANY = "wrong_company", _("Another company was authorised")
        PLAN_REFUSED = "plan_refused", _("Plan does not allow the API")
        PAUSED = "paused", _("Paused")

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="connections")
    name = models.CharField(_("name"), max_length=100)
    application = models.ForeignKey(Application, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.NEW)
    # Tokens are encrypted with a key outside the database.
    access_token = models.BinaryField(null=True)
    refresh_token = models.BinaryField(null=True)
    access_expires_at = models.DateTimeField(null=True)
    # The company that was authorised first is pinned: what was approved for one is never posted to another.
    remote_id = models.CharField(max_length=64, blank=True, default="")
    remote_document = models.CharField(max_length=14, blank=True, default="")
    remote_name = models.CharField(max_length=255, blank=True, default="")
    authorised_at = models.DateTimeField(null=True)
    authorised_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    last_good_call_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    last_error_at = models.DateTimeField(null=True)
    unreached_since = models.DateTimeField(null=True)  # no call got through since then
    directory_synced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        ordering = ["company", "name"]
        # What a rule's target is checked against (migration 0002): one of another company is refused.
        constraints = [models.UniqueConstraint(fields=["id", "company"], name="connection_of_company")]

    def __str__(self) -> str:
        return self.name


class Incident(models.Model):
    """A connection that stopped: from when to when, and whether it was told. One at a time of each kind."""

    class Kind(models.TextChoices):
        AUTHORISE = "authorise", _("Needs authorisation again")
        WRONG_COMPANY = "wrong_company", _("Another company was authorised")
        PLAN_REFUSED = "plan_refused", _("Plan does not allow the API")
        NOT_REACHED = "not_reached", _("Can't be reached")

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="incidents")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    began_at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "kind"], condition=Q(ended_at=None), name="one_incident_at_a_time"
            )
        ]


class AuthorisationRequest(models.Model):
    """A consent that we sent somebody to give: the OAuth `state`, good once, for its user and connection."""

    state_hash = models.CharField(max_length=64, unique=True)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)


class Lease(models.Model):
    """Who may, for now, do on one account what must not be done twice at once (refresh, create a person)."""

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=255)
    holder = models.UUIDField(default=uuid.uuid4)
    until = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "key"], name="one_lease_per_key")
        ]


class CallSlot(models.Model):
    """The moments given out for calls on this account (`rate.Bucket`): one bucket for all workers on all machines."""

    connection = models.OneToOneField(Connection, models.PROTECT, primary_key=True, related_name="+")
    recent = ArrayField(models.FloatField(), default=list)
    minute = models.FloatField(default=0)
    not_before = models.FloatField(default=0)


class Routing(models.Model):
    """Where a company's entries go when no rule matches. Also the row that is locked to change any of it.

    Neither a default account nor a refusal: nothing was chosen, and only a company's one account can be meant.
    """

    company = models.OneToOneField("people.Company", models.PROTECT, related_name="routing")
    default_connection = models.ForeignKey(Connection, models.PROTECT, null=True, related_name="+")
    default_refusal = models.CharField(max_length=300, blank=True, default="")
    # Raised by each change of the default or of a rule: who changes what somebody else changed meanwhile is told.
    version = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(default_connection=None) | Q(default_refusal=""),
                name="routing_default_is_one_thing",
            )
        ]


class RoutingRule(models.Model):
    """Entries for which the conditions hold go to the account, or are refused with the sentence. First match wins."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="routing_rules")
    order = models.PositiveIntegerField()  # 1, 2, 3 … without gaps: what people call the rule by
    name = models.CharField(max_length=80)
    conditions = models.JSONField()  # as alcada.conditions reads them; the fields are routing.FIELDS
    connection = models.ForeignKey(Connection, models.PROTECT, null=True, related_name="+")
    refusal = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["order"]
        constraints = [
            # Deferred: rules change places within a transaction.
            models.UniqueConstraint(
                fields=["company", "order"],
                name="one_rule_per_place",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.UniqueConstraint(fields=["company", "name"], name="routing_rule_name_once"),
            models.CheckConstraint(condition=Q(order__gte=1), name="routing_rule_has_a_place"),
            models.CheckConstraint(
                condition=Q(connection__isnull=False, refusal="") | (Q(connection=None) & ~Q(refusal="")),
                name="routing_rule_has_one_target",
            ),
        ]
