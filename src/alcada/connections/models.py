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
    # With nobody in `authorised_by`: the account's owner, through a consent link, as they were called then.
    authorised_name = models.CharField(max_length=150, blank=True, default="")
    # Who owns the account, and gets the consent link; need not be a user here.
    owner_name = models.CharField(_("owner's name"), max_length=150, blank=True, default="")
    owner_email = models.EmailField(_("owner's e-mail"), blank=True, default="")
    last_good_call_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    last_error_at = models.DateTimeField(null=True)
    unreached_since = models.DateTimeField(null=True)  # no call got through since then
    directory_synced_at = models.DateTimeField(null=True)
    # When a backup was restored last: what was made in the account since that backup isn't known here.
    restored_at = models.DateTimeField(null=True)
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


class ConsentLink(models.Model):
    """The right to give the consent for one connection, in a link: for an account's owner who is no user here.

    Only a hash of its token is kept: the link is shown, or sent, when it is made, and never again.
    """

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="consent_links")
    # None until the e-mail that brings it leaves: the token is drawn then, so that no queue ever holds one.
    token_hash = models.CharField(max_length=64, null=True, unique=True)
    owner_name = models.CharField(max_length=150, blank=True, default="")
    owner_email = models.EmailField(blank=True, default="")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)  # by e-mail
    opened_at = models.DateTimeField(null=True)  # a browser showed it, or its button was pressed
    used_at = models.DateTimeField(null=True)  # it led to the connection
    revoked_at = models.DateTimeField(null=True)
    # How often something was asked of it since `tries_since`: a link that leaked is no hammer.
    tries = models.PositiveIntegerField(default=0)
    tries_since = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection"],
                condition=Q(used_at=None, revoked_at=None),
                name="one_live_consent_link",
            ),
            # What a begun consent is checked against (migration 0005): one for another connection is refused.
            models.UniqueConstraint(fields=["id", "connection"], name="consent_link_of_connection"),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(revoked_at=None), name="consent_link_ends_once"
            ),
        ]


class AuthorisationRequest(models.Model):
    """A consent that we sent somebody to give: the OAuth `state`, good once, for its connection.

    It is bound to the user who began it, or to the consent link through which it was begun.
    """

    state_hash = models.CharField(max_length=64, unique=True)
    connection = models.ForeignKey(Connection, models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    link = models.ForeignKey(ConsentLink, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, link=None) | Q(user=None, link__isnull=False),
                name="authorisation_of_user_or_link",
            )
        ]


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


class Prepared(models.Model):
    """A rule, a usual value or a mapping that a bulk set-up asked for, by names that an account may not have yet.

    It is done as soon as the names are there, at a fetch of the account, or says what is in its way. One that is done
    stays: a rule's place among the others is known by it, and the same file again changes nothing.
    """

    class Kind(models.TextChoices):
        RULE = "rule", _("Routing rule")
        USUAL = "usual", _("Usual value")
        MAPPING = "mapping", _("Mapping")

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="prepared")
    # A rule's target, or the account that a mapping is of. None: a rule that refuses, a company's usual value.
    connection = models.ForeignKey(Connection, models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    key = models.CharField(
        max_length=500
    )  # what it is one of a kind by: a rule's name, a mapping's two sides
    content = models.JSONField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True)
    problem = models.JSONField(default=dict)  # a code and its words; empty: it waits for a first fetch

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["company", "kind", "key"], name="prepared_once"),
            models.CheckConstraint(
                condition=Q(done_at=None) | Q(problem={}), name="prepared_done_or_problem"
            ),
        ]


class BulkImport(models.Model):
    """A file of companies, accounts, rules and mappings: looked at first, then made, in one transaction."""

    class State(models.TextChoices):
        PREVIEW = "preview", _("Looked at")
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Done")
        REFUSED = "refused", _("Nothing was made")

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=200)
    content = models.BinaryField()  # emptied at the end: it has names and e-mails
    state = models.CharField(max_length=10, choices=State.choices, default=State.PREVIEW)
    only_good = models.BooleanField(default=False)
    report = models.JSONField(default=list)  # alcada.connections.bulk.plan.Verdict, one per line
    notes = models.JSONField(default=dict)  # of the file as a whole
    progress = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
