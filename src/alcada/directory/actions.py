"""Writes to the directory. Each is recorded with who made it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alcada.directory import documents
from alcada.directory.models import BankAccount, Category, CostCentre, Defaults, Party
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for
from alcada.history.actions import record
from alcada.people.models import Company, User


class DirectoryError(ValueError):
    """What was given can't be kept. `field` says which argument, `code` why; the text is for the person."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message = field, code, message


@dataclass(frozen=True)
class Usual:
    """What a party's, or a company's, entries usually have."""

    category: Category | None = None
    cost_centre: CostCentre | None = None
    bank_account: BankAccount | None = None


def save_party(
    company: Company,
    *,
    name: str,
    document: str = "",
    is_vendor: bool = False,
    is_customer: bool = False,
    email: str = "",
    by: User | None = None,
) -> Party:
    """Find the party, by document first, and give it the side that it lacks; create it when nobody knows it.

    A name alone is a match only with one single party of that name, and only while at most one of the two
    has a document: differing documents never match. A party found keeps its name; what it lacks (document,
    e-mail) is added. Raises DirectoryError (name, document, email, side).
    """
    name, document, email = _name(name), _document(document), _email(email)
    _side(is_vendor, is_customer)
    with transaction.atomic():
        # One at a time per company: two forms that bring the same new vendor make one.
        Company.objects.select_for_update().get(pk=company.pk)
        party = _match(company, name, document)
        if party is None:
            party = Party(company=company, name=name, normalised_name=documents.normalise_name(name))
        before = _facts(party) if party.pk else {}
        party.document = party.document or document
        party.email = party.email or email
        party.is_vendor = party.is_vendor or is_vendor
        party.is_customer = party.is_customer or is_customer
        return _save_party(party, before, by)


def change_party(
    party: Party,
    *,
    name: str,
    document: str,
    email: str,
    is_vendor: bool,
    is_customer: bool,
    usual: Usual,
    by: User,
) -> Party:
    """Replace what is known of the party. Entries keep what they were submitted with.

    Raises DirectoryError (name, document, email, side, category, cost_centre, bank_account).
    """
    name, document, email = _name(name), _document(document), _email(email)
    _side(is_vendor, is_customer)
    _check_usual(party.company, usual)
    with transaction.atomic():
        party = Party.objects.select_for_update().get(pk=party.pk)
        before = _facts(party)
        party.name, party.normalised_name = name, documents.normalise_name(name)
        party.document, party.email = document, email
        party.is_vendor, party.is_customer = is_vendor, is_customer
        party.default_category, party.default_cost_centre = usual.category, usual.cost_centre
        party.default_bank_account = usual.bank_account
        return _save_party(party, before, by)


def save_cost_centre(
    company: Company,
    *,
    name: str,
    code: str = "",
    active: bool = True,
    owner: User | None = None,
    monthly_budget: Decimal | None = None,
    centre: CostCentre | None = None,
    by: User | None = None,
) -> CostCentre:
    """Create a cost centre, or change the one given. Raises DirectoryError (name, code).

    It comes into being in Conta Azul when a posting first needs it there, and can't be removed there later.
    """
    centre = centre or CostCentre(company=company)
    event = "cost_centre.changed" if centre.pk else "cost_centre.created"
    centre.name, centre.code, centre.active = _name(name), code.strip(), active
    centre.normalised_name = documents.normalise_name(centre.name)
    if len(centre.code) > 20:
        raise DirectoryError("code", "too_long", _("A code has 20 characters at most."))
    others = CostCentre.objects.filter(company=company).exclude(pk=centre.pk)
    if others.filter(normalised_name=centre.normalised_name).exists():
        raise DirectoryError("name", "taken", _("There is a cost centre with this name already."))
    if centre.code and others.filter(code=centre.code).exists():
        raise DirectoryError("code", "taken", _("There is a cost centre with this code already."))
    centre.owner, centre.monthly_budget = owner, monthly_budget
    data = {
        "name": centre.name,
        "code": centre.code,
        "active": active,
        "owner": owner.name if owner else "",
        "monthly_budget": f"{monthly_budget:.2f}" if monthly_budget else "",
    }
    try:
        with transaction.atomic():
            centre.save()
            record(event, centre, by=by, company=company, data=data)
    except IntegrityError as exc:
        raise DirectoryError("name", "taken", _("There is a cost centre with this name already.")) from exc
    return centre


def set_defaults(company: Company, kind: str, usual: Usual, *, by: User | None) -> Defaults:
    """Say what the company's entries of this kind usually have. Raises DirectoryError naming the field."""
    _check_usual(company, usual, kind)
    with transaction.atomic():
        row, _created = Defaults.objects.update_or_create(
            company=company,
            kind=kind,
            defaults={
                "category": usual.category,
                "cost_centre": usual.cost_centre,
                "bank_account": usual.bank_account,
            },
        )
        data = {
            "kind": kind,
            "category": str(usual.category or ""),
            "cost_centre": str(usual.cost_centre or ""),
            "bank_account": str(usual.bank_account or ""),
        }
        record("defaults.changed", row, by=by, company=company, data=data)
    return row


def _match(company: Company, name: str, document: str) -> Party | None:
    known = Party.objects.filter(company=company).select_for_update()
    if document and (found := known.filter(document=document).first()):
        return found
    same_name = known.filter(normalised_name=documents.normalise_name(name))
    candidates = list((same_name.filter(document="") if document else same_name)[:2])
    return candidates[0] if len(candidates) == 1 else None


def _save_party(party: Party, before: dict[str, Any], by: User | None) -> Party:
    after = _facts(party)
    if before == after:
        return party
    try:
        with transaction.atomic():
            party.save()
    except IntegrityError as exc:
        raise DirectoryError(
            "document", "taken", _("Somebody else here has this CPF or CNPJ already.")
        ) from exc
    event = "party.changed" if before else "party.created"
    changed = sorted(name for name, value in after.items() if before.get(name) != value)
    record(event, party, by=by, company=party.company, data={"name": party.name, "changed": changed})
    return party


def _facts(party: Party) -> dict[str, Any]:
    return {
        "name": party.name,
        "document": party.document,
        "email": party.email,
        "is_vendor": party.is_vendor,
        "is_customer": party.is_customer,
        "category": party.default_category_id,
        "cost_centre": party.default_cost_centre_id,
        "bank_account": party.default_bank_account_id,
    }


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not documents.normalise_name(name):
        raise DirectoryError("name", "missing", _("Give a name."))
    if len(name) > 200:
        raise DirectoryError("name", "too_long", _("A name has 200 characters at most."))
    return name


def _document(text: str) -> str:
    if not text.strip():
        return ""
    try:
        return documents.check(text)
    except documents.DocumentError as exc:
        message = _("This is not a valid CPF or CNPJ: check the digits.")
        raise DirectoryError("document", exc.code, message) from exc


def _email(text: str) -> str:
    address = text.strip()
    if address:
        try:
            validate_email(address)
        except ValidationError as exc:
            raise DirectoryError("email", "invalid", _("This is not an e-mail address.")) from exc
        if len(address) > 100:
            raise DirectoryError(
                "email", "too_long", _("Conta Azul takes e-mail addresses up to 100 characters.")
            )
    return address


def _side(is_vendor: bool, is_customer: bool) -> None:
    if not (is_vendor or is_customer):
        raise DirectoryError("is_vendor", "missing", _("Say whether it is a vendor, a customer, or both."))


def _check_usual(company: Company, usual: Usual, kind: str = "") -> None:
    """Only what an entry could have may be usual: of this company, active, and of the entry's kind."""
    if usual.category and not categories_for(company, kind or usual.category.kind).contains(usual.category):
        raise DirectoryError("category", "not_there", _("This category can't be used here any more."))
    if usual.cost_centre and not cost_centres_for(company).contains(usual.cost_centre):
        raise DirectoryError("cost_centre", "not_there", _("This cost centre can't be used here any more."))
    if usual.bank_account and not bank_accounts_for(company, kind).contains(usual.bank_account):
        raise DirectoryError("bank_account", "not_there", _("This account can't be used here any more."))
