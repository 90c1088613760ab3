"""Two people at one draft: what the other saved beside what this one typed, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada.directory.models import BankAccount, Category, CostCentre
from alcada.intake import drafts
from alcada.intake.models import Entry, PaymentMethod
from alcada.intake.rules import key
from alcada.people.models import User

_LABELS: Final[Mapping[str, str | Promise]] = {
    "party_name": lazy("Vendor or customer"),
    "party_document": "CPF/CNPJ",
    "party_email": lazy("E-mail"),
    "description": lazy("Description"),
    "document_number": lazy("Document number"),
    "amount": lazy("Value"),
    "competence_date": lazy("Competence date"),
    "bank_account": lazy("Bank account"),
    "payment_method": lazy("Payment method"),
    "payment_details": lazy("Where the money goes"),
    "notes": lazy("Notes"),
}


@dataclass(frozen=True)
class Difference:
    label: str
    theirs: str
    mine: str


@dataclass(frozen=True)
class Conflict:
    who: str
    own: bool  # the same person, in another window
    at: datetime | None
    differences: list[Difference]


def between(entry: Entry, typed: Mapping[str, Any], *, by: User) -> Conflict:
    """What stands in the entry's draft now, against what was typed."""
    theirs, mine = drafts.shaped(entry.draft or {}), drafts.shaped(typed)
    names = _Names(entry)
    found = [
        Difference(str(label), names.shown(name, theirs[name]), names.shown(name, mine[name]))
        for name, label in _LABELS.items()
        if theirs[name] != mine[name]
    ]
    rows = (("splits", lazy("Category and cost centre")), ("instalments", lazy("Due dates")))
    found += [
        Difference(str(label), names.rows(theirs[name]), names.rows(mine[name]))
        for name, label in rows
        if theirs[name] != mine[name]
    ]
    who = entry.draft_by
    return Conflict(who.name if who else "", who == by, entry.draft_at, found)


class _Names:
    """What keys of the directory are called, of the entry's own company."""

    def __init__(self, entry: Entry) -> None:
        self._company = entry.company_id

    def shown(self, name: str, value: str) -> str:
        if name == "bank_account":
            return self._called(BankAccount, value)
        if name == "payment_method":
            return str(dict(PaymentMethod.choices).get(value, ""))
        return value

    def rows(self, rows: list[dict[str, str]]) -> str:
        return "\n".join(self._row(row) for row in rows)

    def _row(self, row: Mapping[str, str]) -> str:
        if "due_date" in row:
            return " · ".join(filter(None, [row["due_date"], row["amount"]]))
        category, centre = (
            self._called(Category, row["category"]),
            self._called(CostCentre, row["cost_centre"]),
        )
        return " · ".join(filter(None, [category, centre, row["amount"]]))

    def _called(self, model: type[BankAccount] | type[Category] | type[CostCentre], value: str) -> str:
        found = model._default_manager.filter(company=self._company, pk=key(value)).first()
        return str(found) if found else ""
