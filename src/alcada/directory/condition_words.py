"""Conditions (alcada.conditions) in words: a flow's picture, why a step is asked, the rules of a routing."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import money
from alcada.directory import documents
from alcada.directory.models import EntryKind

LABELS: Final[dict[str, str | Promise]] = {
    "amount": lazy("Value"),
    "kind": lazy("Kind"),
    "party": lazy("Vendor or customer"),
    "document": "CPF/CNPJ",
    "category": lazy("Category of any split"),
    "cost_centre": lazy("Cost centre of any split"),
    "instalments": lazy("Instalments"),
    "flow": lazy("Flow"),
}
COMPARISONS: Final[dict[str, str | Promise]] = {
    ">": lazy("above"),
    ">=": lazy("from"),
    "<": lazy("below"),
    "<=": lazy("up to"),
    "=": lazy("is"),
    "!=": lazy("is not"),
}
# "Category of any split is not X" would say that one split is enough; every one has to be another.
_OF_NONE: Final[dict[str, str | Promise]] = {
    "category": lazy("Category of no split is"),
    "cost_centre": lazy("Cost centre of no split is"),
}

# A value as people read it; given the field and what is stored.
Named = Callable[[str, str], str]


def sentence(properties: Mapping[str, Any], named: Named | None = None) -> str:
    """Value above R$ 10.000,00 and Kind is Payable; with `named`, as part of a sentence, in lower case."""
    joined = _(" and ") if properties.get("match", "all") == "all" else _(" or ")
    rows = [row(each, named) for each in properties.get("rows", [])]
    return joined.join(_lower(each) for each in rows) if named else joined.join(rows)


def _lower(text: str) -> str:
    """Its first letter small, unless it begins with an abbreviation such as CPF."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def row(each: Mapping[str, Any], named: Named | None = None) -> str:
    name, comparison, value = str(each.get("field")), str(each.get("is")), str(each.get("value"))
    shown = (named or plain)(name, value)
    if comparison == "!=" and name in _OF_NONE:
        return f"{_OF_NONE[name]} {shown}"
    return f"{LABELS.get(name, name)} {COMPARISONS.get(comparison, comparison)} {shown}"


def plain(field: str, value: str) -> str:
    """A value that needs no look into the directory. One that can't be read is shown as it stands."""
    if field == "amount":
        with suppress(InvalidOperation):
            return money.format_brl(Decimal(value), "BRL", get_language() or "pt-br")
    if field == "kind" and value in EntryKind.values:
        return str(EntryKind(value).label)
    if field == "document":
        return documents.format(value)
    return value
