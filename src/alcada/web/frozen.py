"""A frozen revision in words: labels, values as people write them, what changed against the one before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import money
from alcada.directory import documents
from alcada.directory.models import EntryKind
from alcada.intake.custom import typed
from alcada.intake.models import CustomField, PaymentMethod, Revision
from alcada.intake.queries import content_of
from alcada.intake.rules import differences
from alcada.ledger.models import Status
from alcada.posting.request import METHODS

LABELS: Final[dict[str, str | Promise]] = {
    "kind": lazy("Kind"),
    "party_id": lazy("Vendor or customer"),
    "party_name": lazy("Vendor or customer"),
    "party_document": "CPF/CNPJ",
    "party_email": lazy("E-mail"),
    "cost_centre_code": lazy("Code"),
    "name": lazy("File"),
    "sha256": "SHA-256",
    "description": lazy("Description"),
    "document_number": lazy("Document number"),
    "competence_date": lazy("Competence date"),
    "amount": lazy("Value"),
    "currency": lazy("Currency"),
    "bank_account_id": lazy("Bank account"),
    "bank_account_name": lazy("Bank account"),
    "payment_method": lazy("Payment method"),
    "payment_details": lazy("Where the money goes"),
    "notes": lazy("Notes"),
    "category_id": lazy("Category"),
    "category_name": lazy("Category"),
    "cost_centre_id": lazy("Cost centre"),
    "cost_centre_name": lazy("Cost centre"),
    "due_date": lazy("Due date"),
    "number": lazy("Number"),
    "reference": lazy("Reference"),
    "split": lazy("Split"),
    "status": lazy("State"),
    "instalments": lazy("Number of instalments"),
}
# Conta Azul's words for ways to pay, in ours.
_OUR_METHODS: Final = {theirs.value: ours for ours, theirs in METHODS.items()}
# What is told of content, in this order. Keys of ours mean nothing to people; each has its name beside it.
TOLD: Final = (
    "party_name",
    "party_document",
    "description",
    "document_number",
    "amount",
    "competence_date",
    "bank_account_name",
    "payment_method",
    "payment_details",
    "notes",
)


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str


def changes(rows: Iterable[Mapping[str, Any]]) -> list[Change]:
    """`intake.rules.differences` as people read it."""
    return [
        Change(label(row["field"]), shown(row["field"], row["old"]), shown(row["field"], row["new"]))
        for row in rows
    ]


def changes_between(before: Revision, after: Revision) -> list[Change]:
    return changes(differences(content_of(before), content_of(after)))


def label(path: str) -> str:
    """ "instalments.0.due_date" is "Instalment 1: Due date"."""
    if custom := _custom(path):
        return custom[1]
    name = str(LABELS.get(path.rsplit(".", 1)[-1], path))
    group, _dot, rest = path.partition(".")
    position = rest.split(".")[0]
    if group == "splits" and position.isdigit():
        return _("Split %(number)s: %(field)s") % {"number": int(position) + 1, "field": name}
    if group == "instalments" and position.isdigit():
        return _("Instalment %(number)s: %(field)s") % {"number": int(position) + 1, "field": name}
    return name


def shown(path: str, value: Any) -> str:
    """A value of frozen content (text in JSON) as people write it; empty for none."""
    if value is None or value == "":
        return ""
    field, text = path.rsplit(".", 1)[-1], str(value)
    try:
        if custom := _custom(path):
            return of_type(custom[0], text)
        if field == "amount":
            return money.format_brl(Decimal(text), "BRL", get_language() or "pt-br")
        if field.endswith("_date"):
            return date.fromisoformat(text).strftime("%d/%m/%Y")
        if field == "payment_method":
            return str(PaymentMethod(_OUR_METHODS.get(text, text)).label)
        if field == "status":
            return str(Status(text).label)
        if field == "kind":
            return str(EntryKind(text).label)
        if field == "party_document":
            return documents.format(text)
    except (ValueError, InvalidOperation):
        return text
    return text


def _custom(path: str) -> tuple[str, str] | None:
    """Type and name of a company's own field: "custom.money.Fine"."""
    parts = path.split(".", 2)
    return (parts[1], parts[2]) if parts[0] == "custom" and len(parts) == 3 else None


def of_type(type_: str, value: str) -> str:
    """A value of a company's own field as people write it."""
    if type_ == CustomField.Type.MONEY:
        return money.format_brl(Decimal(value), "BRL", get_language() or "pt-br")
    return typed(type_, value)


def facts(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Frozen content (`intake.rules.as_data`) as pairs of label and value, for history."""
    pairs = [(label(name), shown(name, content.get(name))) for name in TOLD]
    for group in ("splits", "instalments"):
        for index, part in enumerate(content.get(group) or []):
            pairs.append((_PART[group](index), _part(group, part)))
    for name, value in (content.get("custom") or {}).items():
        pairs.append((label(f"custom.{name}"), shown(f"custom.{name}", value)))
    names = ", ".join(str(file.get("name")) for file in content.get("documents") or [])
    pairs.append((_("Files"), names))
    return [(name, value) for name, value in pairs if value]


_PART: Final = {
    "splits": lambda index: _("Split %(number)s") % {"number": index + 1},
    "instalments": lambda index: _("Instalment %(number)s") % {"number": index + 1},
}


def _part(group: str, part: Mapping[str, Any]) -> str:
    names = ("category_name", "cost_centre_name", "amount") if group == "splits" else ("due_date", "amount")
    return " · ".join(text for name in names if (text := shown(name, part.get(name))))
