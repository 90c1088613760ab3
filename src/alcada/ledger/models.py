"""What Conta Azul says: likely twins found before approval, how late new entries show, and what became of ours."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
    """A posting of ours looked for in a search, and seen there: how late a new entry shows, per connection."""

    posting = models.OneToOneField("posting.Posting", models.PROTECT, related_name="sighting")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    missed_at = models.DateTimeField(null=True)  # the last look that did not find it
    seen_at = models.DateTimeField(null=True)
    lag_s = models.FloatField(null=True)  # null: nobody knows it (rules.lag_s), so it teaches nothing

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(lag_s__gte=0), name="no_lag_is_negative")]
        indexes = [models.Index(fields=["connection", "-id"], name="sighting_latest")]


class Status(models.TextChoices):
    """Of an instalment in the account's books. Overdue is none of these: it follows from the due date and today."""

    OPEN = "open", _("Open")
    PARTLY_PAID = "partly_paid", _("Partly paid")
    PAID = "paid", _("Paid")
    LOST = "lost", _("Written off")
    RENEGOTIATED = "renegotiated", _("Renegotiated")
    CANCELLED = "cancelled", _("Cancelled")
    GONE = "gone", _("Gone from Conta Azul")


class Poll(models.Model):
    """Up to when an account's changes were taken over. Moved in the transaction of what the window brought."""

    connection = models.OneToOneField(
        "connections.Connection", models.PROTECT, primary_key=True, related_name="poll"
    )
    seen_until = models.DateTimeField()  # by our clock; the next window begins some way before
    recent = models.JSONField(default=list)  # events of ours that the last window of the change feed named
    next_at = models.DateTimeField(default=timezone.now)
    claimed_until = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    calls = models.PositiveIntegerField(default=0)  # of the last poll
    calls_total = models.PositiveBigIntegerField(default=0)
    failed_at = models.DateTimeField(null=True)  # null: the last poll worked
    problem = models.TextField(blank=True, default="")


class EntryState(models.Model):
    """A posted entry as it stands in the account's books, and what was approved, in the account's own ids."""

    posting = models.OneToOneField("posting.Posting", models.PROTECT, related_name="entry_state")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="+")
    # Frozen when the following began: a mapping that changes later does not make a difference of what is right.
    expected = models.JSONField()
    # While a correction is being made, what will be expected then: neither of the two is a difference.
    pending = models.JSONField(null=True)
    changed = models.BooleanField(default=False)  # saved there since it was read: to be read
    read_at = models.DateTimeField(null=True)  # when it was last read whole, by its id
    gone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["connection"], condition=Q(changed=True), name="entry_state_changed"),
        ]


class InstalmentState(models.Model):
    """One instalment as it stands in the account's books: theirs, not what was approved."""

    entry = models.ForeignKey(EntryState, models.PROTECT, related_name="instalments")
    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    remote_id = models.CharField(
        max_length=64, blank=True, default=""
    )  # empty: not known yet which one it is
    due_date = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    paid = models.DecimalField(max_digits=14, decimal_places=2, default=0)
    paid_on = models.DateField(null=True)  # of the last payment
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    changed_at = models.DateTimeField(null=True)  # by their clock
    seen_at = models.DateTimeField(null=True)  # when a read last showed it: the check of the rest goes by it

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="instalment_state_once"),
            models.UniqueConstraint(
                fields=["connection", "remote_id"],
                condition=~Q(remote_id=""),
                name="remote_instalment_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "seen_at"], condition=~Q(status="gone"), name="instalment_to_check"
            )
        ]


class Difference(models.Model):
    """One thing that stands otherwise in Conta Azul than it was approved. What it says never changes: another value
    there settles this one and makes the next.
    """

    class Kind(models.TextChoices):
        GONE = "gone", _("Gone from Conta Azul")
        AMOUNT = "amount", _("Value")
        DUE_DATE = "due_date", _("Due date")
        PARTY = "party_name", _("Vendor or customer")
        DESCRIPTION = "description", _("Description")
        REFERENCE = "reference", _("Reference")
        COMPETENCE = "competence_date", _("Competence date")
        CATEGORY = "category_name", _("Category")
        COST_CENTRE = "cost_centre_name", _("Cost centre")
        SPLIT = "split", _("Split")
        ACCOUNT = "bank_account_name", _("Bank account")
        METHOD = "payment_method", _("Payment method")
        STATUS = "status", _("State")
        INSTALMENTS = "instalments", _("Number of instalments")
        NOTES = "notes", _("Notes")

    posting = models.ForeignKey("posting.Posting", models.PROTECT, related_name="differences")
    number = models.PositiveIntegerField(default=0)  # of the instalment; 0: the entry as a whole
    kind = models.CharField(max_length=20, choices=Kind.choices)
    approved = models.TextField(blank=True, default="")
    theirs = models.TextField(blank=True, default="")
    key = models.TextField(
        blank=True, default=""
    )  # theirs as it is compared: ids, for names vary from read to read
    # Of what this correction changed and a person has to do there; null: somebody changed it there.
    correction = models.ForeignKey("posting.Correction", models.PROTECT, null=True, related_name="left")
    found_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True)  # it stands there as approved again, or otherwise once more
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True, default="")
    # Who said that what a correction left to a person is done there; no read has told so yet.
    done_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["posting", "number", "kind"],
                condition=Q(settled_at=None),
                name="one_difference_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_by=None)
                | (Q(accepted_at__isnull=False, accepted_by__isnull=False) & ~Q(note="")),
                name="accepted_by_somebody_with_a_note",
            ),
        ]
        indexes = [
            models.Index(
                fields=["-id"], condition=Q(settled_at=None, accepted_at=None), name="difference_open"
            )
        ]
