"""Reading the directory: what may be chosen for an entry, and who is known."""

from collections.abc import Iterable

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from alcada.directory import documents
from alcada.directory.models import (
    BankAccount,
    Category,
    CostCentre,
    Counterpart,
    Defaults,
    EntryKind,
    Party,
)
from alcada.people.models import Company


def categories_for(company: Company, kind: str) -> QuerySet[Category]:
    """The active leaves of this kind that exist in an account that the company's entries may be posted to."""
    return Category.objects.filter(_there(company, "category"), company=company, kind=kind, active=True)


def bank_accounts_for(company: Company, kind: str) -> QuerySet[BankAccount]:
    """The active accounts there, the usual one first; for payables without those that Conta Azul refuses."""
    found = BankAccount.objects.filter(_there(company, "bank_account"), company=company, active=True)
    return found.exclude(type="RECEBA_FACIL_CARTAO") if kind == EntryKind.PAYABLE else found


def cost_centres_for(company: Company) -> QuerySet[CostCentre]:
    """The active cost centres, also those not in the account yet: a posting that needs one creates it."""
    return CostCentre.objects.filter(company=company, active=True)


def parties_of(companies: Iterable[Company], side: str = "", text: str = "") -> QuerySet[Party]:
    """The companies' parties.

    `side` is "vendor", "customer" or empty for both; `text` is part of a name, or how a document begins.
    """
    found = Party.objects.filter(company__in=companies)
    if side:
        found = found.filter(is_vendor=True) if side == "vendor" else found.filter(is_customer=True)
    return found.filter(_matches(text)) if text.strip() else found


def search_parties(company: Company, kind: str, text: str, limit: int = 10) -> list[Party]:
    """Whom the text may mean: those of the entry's side first, the others of the company after them."""
    side = "is_vendor" if kind == EntryKind.PAYABLE else "is_customer"
    found = parties_of([company], text=text)
    return list(found.order_by(f"-{side}", "normalised_name", "id")[:limit])


def find_party(company: Company, *, document: str = "", name: str = "") -> Party | None:
    """The party with this document; without a document, the only one with this name (None when several)."""
    if number := documents.normalise(document):
        return Party.objects.filter(company=company, document=number).first()
    normalised = documents.normalise_name(name)
    found = list(Party.objects.filter(company=company, normalised_name=normalised)[:2]) if normalised else []
    return found[0] if len(found) == 1 else None


def defaults_for(company: Company, kind: str) -> Defaults | None:
    """The company's usual category, cost centre and account for entries of this kind."""
    return (
        Defaults.objects.filter(company=company, kind=kind)
        .select_related("category", "cost_centre", "bank_account")
        .first()
    )


def counterpart(
    connection: Model, thing: Category | BankAccount | CostCentre | Party, profile: str = ""
) -> Counterpart | None:
    """What the thing is called in that account (a Connection); None when it is not known to be there.

    `profile` (theirs, for example "Fornecedor") matters for a party only: one counterpart per profile.
    """
    return Counterpart.objects.filter(
        connection_id=connection.pk, profile=profile, **{_field(thing): thing}
    ).first()


def _field(thing: Category | BankAccount | CostCentre | Party) -> str:
    match thing:
        case Category():
            return "category"
        case BankAccount():
            return "bank_account"
        case CostCentre():
            return "cost_centre"
        case Party():
            return "party"


def _there(company: Company, field: str) -> Exists:
    """Is it active in one of the accounts that the company's entries may be posted to?

    Whether in the one that an entry goes to is known, and checked, once its routing is (`flow.checking`).
    """
    accounts = company.connections.accounts()
    return Exists(Counterpart.objects.filter(connection__in=accounts, active=True, **{field: OuterRef("pk")}))


def _matches(text: str) -> Q:
    """By name as people type it (no accents, any case), or by a document's beginning, with marks or not."""
    match = Q(normalised_name__contains=documents.normalise_name(text)) | Q(name__icontains=text.strip())
    digits = documents.normalise(text)
    if digits and any(c.isdigit() for c in digits):
        match |= Q(document__startswith=digits)
    return match
