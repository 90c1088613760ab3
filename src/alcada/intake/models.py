"""Entries: payables and receivables, as a chain of immutable revisions."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alcada.directory.models import EntryKind


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

    class Meta:
        ordering = ["-number"]
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
