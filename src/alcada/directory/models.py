"""Vendors, customers, cost centres, categories and bank accounts: ours, and what each is called in each account."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class EntryKind(models.TextChoices):
    PAYABLE = "payable", _("Payable")
    RECEIVABLE = "receivable", _("Receivable")


class Category(models.Model):
    """A leaf of the chart of categories. Conta Azul's API can't create one: each comes from an account."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="categories")
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    name = models.CharField(max_length=200)
    parent_name = models.CharField(max_length=200, blank=True, default="")
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["parent_name", "name"]
        indexes = [models.Index(fields=["company", "kind", "active"])]

    def __str__(self) -> str:
        return f"{self.parent_name} › {self.name}" if self.parent_name else self.name


class BankAccount(models.Model):
    """A financial account (conta financeira). Conta Azul's API can't create one."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="bank_accounts")
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=40, blank=True, default="")
    is_default = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["-is_default", "name"]

    def __str__(self) -> str:
        return self.name

    @property
    def takes_payables(self) -> bool:
        """Conta Azul refuses a payable on a "Receba Fácil" account (createpayable page)."""
        return self.type != "RECEBA_FACIL_CARTAO"


class CostCentre(models.Model):
    """Ours, by code and name; created in an account when a posting first needs it there."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="cost_centres")
    code = models.CharField(_("code"), max_length=20, blank=True, default="")
    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False)
    active = models.BooleanField(default=True)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    monthly_budget = models.DecimalField(
        max_digits=14, decimal_places=2, null=True
    )  # BRL, by competence month

    class Meta:
        ordering = ["code", "name"]
        constraints = [
            models.UniqueConstraint(fields=["company", "normalised_name"], name="cost_centre_name_once"),
            models.UniqueConstraint(
                fields=["company", "code"], condition=~Q(code=""), name="cost_centre_code_once"
            ),
            models.CheckConstraint(
                condition=Q(monthly_budget=None) | Q(monthly_budget__gt=0), name="cost_centre_budget_positive"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.name}" if self.code else self.name


class Party(models.Model):
    """A vendor, a customer, or both. With a document it is unique in its company."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="parties")
    name = models.CharField(_("name"), max_length=200)
    normalised_name = models.CharField(max_length=200, editable=False, db_index=True)
    document = models.CharField("CPF/CNPJ", max_length=14, blank=True, default="")
    email = models.EmailField(_("e-mail"), max_length=100, blank=True, default="")
    is_vendor = models.BooleanField(default=False)
    is_customer = models.BooleanField(default=False)
    default_category = models.ForeignKey(
        Category, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("usual category")
    )
    default_cost_centre = models.ForeignKey(
        CostCentre,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("usual cost centre"),
    )
    default_bank_account = models.ForeignKey(
        BankAccount, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("usual account")
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "document"], condition=~Q(document=""), name="party_document_once"
            ),
            models.CheckConstraint(
                condition=Q(is_vendor=True) | Q(is_customer=True), name="party_has_a_side"
            ),
        ]
        indexes = [models.Index(fields=["company", "normalised_name", "id"], name="party_list")]

    def __str__(self) -> str:
        return self.name


class Defaults(models.Model):
    """A company's usual category, cost centre and account, for bills that bring none (an NF-e has none)."""

    company = models.ForeignKey("people.Company", models.PROTECT, related_name="defaults")
    kind = models.CharField(max_length=12, choices=EntryKind.choices)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="+")
    cost_centre = models.ForeignKey(CostCentre, models.PROTECT, null=True, blank=True, related_name="+")
    bank_account = models.ForeignKey(BankAccount, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["company", "kind"], name="defaults_once")]


class Counterpart(models.Model):
    """What one of ours is called in one Conta Azul account, by id. Exactly one of the four is set."""

    class Match(models.TextChoices):
        """Why it was taken for this one of theirs."""

        FETCHED = "fetched", _("came from this account")
        CODE = "code", _("same code")
        DOCUMENT = "document", _("same CPF or CNPJ")
        NAME = "name", _("same name")
        CREATED = "created", _("created there by us")
        CHOSEN = "chosen", _("chosen by a person")

    class Trouble(models.TextChoices):
        """What the account said of it last; with any but the first it is not used as it stands."""

        NONE = "", _("none")
        MISSING = "missing", _("not there any more")
        INACTIVE = "inactive", _("inactive there")
        PROFILE = "profile", _("lacks the profile, which the next posting adds")
        DOUBT = "doubt", _("Conta Azul refused an entry that names it: it is looked at again")

    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="counterparts")
    category = models.ForeignKey(Category, models.PROTECT, null=True, related_name="counterparts")
    bank_account = models.ForeignKey(BankAccount, models.PROTECT, null=True, related_name="counterparts")
    cost_centre = models.ForeignKey(CostCentre, models.PROTECT, null=True, related_name="counterparts")
    party = models.ForeignKey(Party, models.PROTECT, null=True, related_name="counterparts")
    # A person of theirs may lack the profile that a posting needs: one row per profile that we know of.
    profile = models.CharField(max_length=20, blank=True, default="")
    remote_id = models.CharField(max_length=64)
    remote_name = models.CharField(max_length=255, blank=True, default="")
    remote_parent = models.CharField(max_length=200, blank=True, default="")
    active = models.BooleanField(default=True)
    seen_at = models.DateTimeField(default=timezone.now)
    match = models.CharField(max_length=10, choices=Match.choices, blank=True, default="")
    trouble = models.CharField(max_length=10, choices=Trouble.choices, blank=True, default="")
    # Its name before they renamed it, until somebody confirms that it is still the same thing.
    renamed_from = models.CharField(max_length=255, blank=True, default="")
    confirmed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    # A person took it away. The row stays, so that the same two are not matched by themselves again.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(active=False) | Q(removed_at=None, trouble=""), name="counterpart_in_use_is_there"
            ),
            models.CheckConstraint(
                condition=(
                    Q(category__isnull=False, bank_account=None, cost_centre=None, party=None)
                    | Q(category=None, bank_account__isnull=False, cost_centre=None, party=None)
                    | Q(category=None, bank_account=None, cost_centre__isnull=False, party=None)
                    | Q(category=None, bank_account=None, cost_centre=None, party__isnull=False)
                ),
                name="counterpart_of_exactly_one",
            ),
            models.UniqueConstraint(
                fields=["connection", "category"],
                condition=Q(category__isnull=False),
                name="category_counterpart_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "bank_account"],
                condition=Q(bank_account__isnull=False),
                name="bank_account_counterpart_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "cost_centre"],
                condition=Q(cost_centre__isnull=False),
                name="cost_centre_counterpart_once",
            ),
            models.UniqueConstraint(
                fields=["connection", "party", "profile"],
                condition=Q(party__isnull=False),
                name="party_counterpart_once",
            ),
        ]
        indexes = [
            models.Index(fields=["connection", "remote_id"]),
            # Whom the account is asked about next: those in doubt, then those not looked at for longest.
            models.Index(
                fields=["connection", "seen_at"],
                condition=Q(party__isnull=False, removed_at=None),
                name="people_to_look_at",
            ),
        ]


class Theirs(models.Model):
    """A category, bank account or cost centre of an account, as the last reading of it showed: what can be chosen."""

    class Kind(models.TextChoices):
        CATEGORY = "category", _("Category")
        BANK_ACCOUNT = "bank_account", _("Account")
        COST_CENTRE = "cost_centre", _("Cost centre")

    connection = models.ForeignKey("connections.Connection", models.PROTECT, related_name="theirs")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    remote_id = models.CharField(max_length=64)
    name = models.CharField(max_length=255)
    normalised_name = models.CharField(max_length=255)
    parent_name = models.CharField(max_length=200, blank=True, default="")
    code = models.CharField(max_length=100, blank=True, default="")
    # A category's kind of entry, or a bank account's type.
    type = models.CharField(max_length=40, blank=True, default="")
    usual = models.BooleanField(default=False)
    active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "remote_id"], name="theirs_once"),
        ]
        indexes = [models.Index(fields=["connection", "kind", "normalised_name"])]

    def __str__(self) -> str:
        return f"{self.parent_name} › {self.name}" if self.parent_name else self.name


class NewVendors(models.Model):
    """What a posting does with a vendor that the account doesn't have: create it, or hold it for a second look."""

    company = models.OneToOneField("people.Company", models.PROTECT, related_name="new_vendors")
    hold = models.BooleanField(default=False)
