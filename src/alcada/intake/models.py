"""Entries: payables and receivables, as a chain of immutable revisions."""

from datetime import date

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alcada.directory.models import EntryKind

# A list's "no due date yet": after all others.
NO_DAY = date(9999, 12, 31)


class PaymentMethod(models.TextChoices):
    """Conta Azul's names stay in its client; `flow` maps these onto them."""

    BOLETO = "boleto", _("Boleto")
    PIX = "pix", _("Pix")
    TRANSFER = "transfer", _("Bank transfer")
    CREDIT_CARD = "credit_card", _("Credit card")
    DEBIT_CARD = "debit_card", _("Debit card")
    CASH = "cash", _("Cash")
    CHEQUE = "cheque", _("Cheque")
    DIRECT_DEBIT = "direct_debit", _("Direct debit")
    OTHER = "other", _("Other")


class CustomField(models.Model):
    """A field that a company adds to its entries. Never deleted: revisions say what was in it under its name.

    Neither its type nor its choices' meaning is Conta Azul's: what is in it stays here.
    """

    class Type(models.TextChoices):
        TEXT = "text", _("Text")
        NUMBER = "number", _("Number")
        MONEY = "money", _("Money")
        DATE = "date", _("Date")
        CHOICE = "choice", _("Choice")

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="custom_fields")
    name = models.CharField(_("name"), max_length=60)
    normalised_name = models.CharField(max_length=60, editable=False)
    type = models.CharField(_("type"), max_length=8, choices=Type.choices)
    choices = models.JSONField(default=list)  # of a choice: its texts, in their order
    kind = models.CharField(max_length=12, choices=EntryKind.choices, blank=True, default="")  # empty: both
    required = models.BooleanField(default=False)
    in_list = models.BooleanField(default=False)
    position = models.PositiveIntegerField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "normalised_name"],
                condition=Q(retired_at=None),
                name="custom_field_name_once",
            ),
            models.CheckConstraint(
                condition=Q(type="choice") ^ Q(choices=[]), name="custom_field_choices_of_a_choice"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_optional(self) -> bool:
        return not self.required


class Entry(models.Model):
    """A payable or a receivable. Its content is in its revisions; before the first, in `draft`."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    number = models.PositiveIntegerField()  # counted per company: what people say to each other
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    # What is being typed, right or wrong, exactly as typed: nothing is lost. Null: nothing is being edited.
    draft = models.JSONField(null=True)
    current = models.OneToOneField("Revision", models.PROTECT, null=True, related_name="+")
    # A correction of what is posted, being typed: `current` stays what was approved until this is approved too.
    correction = models.JSONField(null=True)
    nfe_key = models.CharField(max_length=44, blank=True, default="")
    discarded_at = models.DateTimeField(null=True)  # a draft thrown away
    # Who saved the draft last, and when: what a second person who edits it is told.
    draft_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    draft_at = models.DateTimeField(null=True)
    # What lists sort and search by: of the current revision, or of what is typed so far. The database's own
    # trigger writes them (migration 0005), whoever changes the entry.
    list_name = models.CharField(max_length=80, default="", editable=False)
    list_value = models.DecimalField(max_digits=14, decimal_places=2, default=0, editable=False)
    list_due = models.DateField(default=NO_DAY, editable=False)
    list_last_due = models.DateField(default=NO_DAY, editable=False)
    list_words = SearchVectorField(default="", editable=False)

    class Meta:
        ordering = ["-number"]
        indexes = [
            # A list of one company, and of all: each order that it offers is an index that is walked.
            models.Index(fields=["company", "id"], name="entry_list"),
            models.Index(fields=["company", "list_due", "id"], name="entry_list_due"),
            models.Index(fields=["company", "list_value", "id"], name="entry_list_value"),
            models.Index(fields=["company", "list_name", "id"], name="entry_list_name"),
            models.Index(fields=["list_due", "id"], name="entry_all_due"),
            models.Index(fields=["list_last_due"], name="entry_all_last_due"),
            models.Index(fields=["list_value", "id"], name="entry_all_value"),
            models.Index(fields=["list_name", "id"], name="entry_all_name"),
            models.Index(fields=["created_by", "id"], name="entry_list_own"),
            models.Index(fields=["id"], condition=Q(draft__isnull=False), name="entry_list_drafts"),
            models.Index(
                fields=["created_by", "-id"],
                condition=Q(draft__isnull=False, discarded_at=None),
                name="entry_own_drafts",
            ),
            models.Index(
                fields=["created_by"], condition=Q(correction__isnull=False), name="entry_own_corrections"
            ),
            GinIndex(fields=["list_words"], name="entry_list_words"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="entry_number_once"),
            models.UniqueConstraint(
                fields=["company", "nfe_key"],
                condition=~Q(nfe_key="") & Q(discarded_at=None),
                name="nfe_key_once_per_company",
            ),
            models.CheckConstraint(
                condition=Q(current__isnull=False) | Q(draft__isnull=False), name="entry_has_content"
            ),
            models.CheckConstraint(
                condition=Q(correction__isnull=True) | Q(draft__isnull=True, current__isnull=False),
                name="correction_is_of_what_was_approved",
            ),
        ]


class Revision(models.Model):
    """What was submitted, frozen: the database refuses a change (migration 0002)."""

    class Kind(models.TextChoices):
        ORDINARY = "ordinary", _("Entry")
        CORRECTION = "correction", _("Correction")

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.ORDINARY)
    party = models.ForeignKey("directory.Party", models.PROTECT, related_name="+")
    party_name = models.CharField(max_length=200)
    party_document = models.CharField(max_length=14, blank=True, default="")
    party_email = models.CharField(max_length=100, blank=True, default="")
    description = models.CharField(max_length=200)
    document_number = models.CharField(max_length=60, blank=True, default="")
    competence_date = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3, default="BRL")
    bank_account = models.ForeignKey("directory.BankAccount", models.PROTECT, related_name="+")
    payment_method = models.CharField(max_length=20, choices=PaymentMethod.choices, blank=True, default="")
    # Where the money goes: a Pix key, a boleto's line, a bank account. Never sent, never logged.
    payment_details = models.CharField(max_length=300, blank=True, default="")
    notes = models.TextField(max_length=1000, blank=True, default="")
    documents = models.JSONField(default=list)  # name and SHA-256 of each file that was there
    custom = models.JSONField(default=list)  # the company's own fields: each one's key, name, type and value
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    content_hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["entry", "number"], name="revision_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="revision_amount_positive"),
        ]
        indexes = [
            models.Index(fields=["party", "document_number"]),
            models.Index(fields=["party", "amount"]),
        ]


class Split(models.Model):
    """A share of the value: category by cost centre. The shares add up to the revision's amount."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="splits")
    category = models.ForeignKey("directory.Category", models.PROTECT, related_name="+")
    category_name = models.CharField(max_length=400)
    cost_centre = models.ForeignKey("directory.CostCentre", models.PROTECT, null=True, related_name="+")
    cost_centre_code = models.CharField(max_length=20, blank=True, default="")
    cost_centre_name = models.CharField(max_length=250, blank=True, default="")
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "category", "cost_centre"], nulls_distinct=False, name="split_once"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="split_positive"),
        ]


class Instalment(models.Model):
    """A part of the value with its due date. The parts add up to the revision's amount."""

    revision = models.ForeignKey(Revision, models.PROTECT, related_name="instalments")
    number = models.PositiveIntegerField()
    due_date = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "number"], name="instalment_number_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="instalment_positive"),
        ]
        indexes = [models.Index(fields=["due_date"])]


class Document(models.Model):
    """A file that came with an entry. The bytes are in `MEDIA_ROOT` under their hash."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="documents")
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]


class SavedFilter(models.Model):
    """A list's filters under a name: a person's own, or shown to everybody in a company."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="saved_filters")
    # Where it is shown to others too; None: only to its owner.
    company = models.ForeignKey("people.Company", models.PROTECT, null=True, related_name="saved_filters")
    name = models.CharField(max_length=60)
    filters = models.JSONField()  # what stands in the list's address
    is_default = models.BooleanField(default=False)  # what its owner's list begins with
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="saved_filter_name_once"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="one_default_filter_per_person"
            ),
        ]


class Export(models.Model):
    """A list as a file, made by a worker for the person who asked, kept for some days."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting")
        RUNNING = "running", _("Being made")
        DONE = "done", _("Ready")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Deleted")  # the file, after its days

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        XLSX = "xlsx", "XLSX"

    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    format = models.CharField(max_length=4, choices=Format.choices)
    language = models.CharField(max_length=10)  # of its headings, and of its figures in a CSV
    filters = models.JSONField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    file = models.CharField(
        max_length=64, blank=True, default=""
    )  # its name on our disk, which nobody guesses
    # In which companies the person saw all, and in which their own: asked again at the download.
    companies_all = models.JSONField(default=list)
    companies_own = models.JSONField(default=list)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)  # 0: not counted
    size = models.PositiveBigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now)  # a worker is at it: one that died is begun again
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["by", "-id"], name="export_by")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="done") | ~Q(file="") & Q(finished_at__isnull=False),
                name="export_done_has_its_file",
            )
        ]


# A table beside: Django finds it here.
from alcada.intake.own_numbers import OwnNumber as OwnNumber  # noqa: E402
