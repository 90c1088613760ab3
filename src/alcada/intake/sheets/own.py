"""Columns of a company's own fields: one for each in use, by its key, so that a new name changes nothing remembered."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada import money
from alcada.directory.models import EntryKind
from alcada.intake import custom, drafts
from alcada.intake.models import CustomField
from alcada.intake.sheets.columns import COLUMNS
from alcada.people.models import Company
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.columns import Column, folded, telling
from alcada.sheets.sentences import amount_problem

_BEGINS: Final = "own-"
_LISTED: Final = 20  # choices, in a hint


def name_of(field: CustomField) -> str:
    return f"{_BEGINS}{field.pk}"


def is_own(column: str) -> bool:
    return column.startswith(_BEGINS)


def columns_of(company: Company) -> tuple[Column, ...]:
    """Ours, and the company's own after them."""
    return (*COLUMNS, *(column_of(field) for field in custom.fields_of(company)))


def column_of(field: CustomField) -> Column:
    label = label_of(field)
    return Column(name_of(field), label, _hint(field), (label, *_spellings(field)), own=True)


def label_of(field: CustomField) -> str:
    """Its name; told apart where it is that of a column of ours."""
    return _("%(name)s (own field)") % {"name": field.name} if _ours(field.name) else field.name


def labels_of(company: Company) -> dict[str, str]:
    """By the column's name, of those no longer in use too: what was found earlier may be in one."""
    return {name_of(field): label_of(field) for field in CustomField.objects.filter(company=company)}


def _spellings(field: CustomField) -> list[str]:
    if not _ours(field.name):
        return []
    found = []
    for language in ("pt-br", "en"):
        with override(language):
            found.append(label_of(field))
    return found


def _ours(name: str) -> bool:
    """Is this what a column of ours is called in the template, in either language?"""
    wanted = telling(name)
    for language in ("pt-br", "en"):
        with override(language):
            if any(wanted == telling(str(column.label)) for column in COLUMNS):
                return True
    # And the short names that most files have: "Valor", "Vencimento".
    return any(wanted == telling(column.spellings[0]) for column in COLUMNS)


def _hint(field: CustomField) -> str:
    kinds = {
        CustomField.Type.TEXT: _("Text, of at most 500 characters."),
        CustomField.Type.NUMBER: _("A number: 1234,5."),
        CustomField.Type.MONEY: _("An amount: 1.234,56 or 1234.56."),
        CustomField.Type.DATE: _("31/12/2026, 31/12/26 or 2026-12-31."),
        CustomField.Type.CHOICE: _("One of: %(choices)s.") % {"choices": _choices(field)},
    }
    told = [str(kinds[CustomField.Type(field.type)])]
    if field.kind:
        of = _("Of payables only.") if field.kind == "payable" else _("Of receivables only.")
        told.append(of)
    return " ".join(told)


def _choices(field: CustomField) -> str:
    shown: Sequence[str] = field.choices[:_LISTED]
    return ", ".join(shown) + (", …" if len(field.choices) > _LISTED else "")


def read(field: CustomField, kind: str, cell: Cell, decimal: str = "") -> str:
    """The cell as a person would type it into the field. Raises CellError, ValueRefusedError."""
    if field.kind not in ("", kind):
        raise custom.ValueRefusedError(
            _("Only payables have this field: leave it empty.")
            if field.kind == EntryKind.PAYABLE
            else _("Only receivables have this field: leave it empty.")
        )
    try:
        found = typed(field, cell, decimal)
    except money.AmountError as exc:
        if exc.code == "ambiguous":
            raise custom.ValueRefusedError(amount_problem(exc)) from exc
        found = values.text(cell)  # what is wrong with it is the field's to say
    custom.read(field, found)
    return found


def typed(field: CustomField, cell: Cell, decimal: str = "") -> str:
    """The cell as a person would type it into the field. Raises CellError, money.AmountError."""
    if field.type == CustomField.Type.DATE:
        return drafts.day(values.day(cell))
    if field.type == CustomField.Type.MONEY:
        return drafts.amount(values.amount(cell, decimal))
    if field.type == CustomField.Type.NUMBER:
        return _figure(cell, decimal)
    text = values.text(cell)
    if field.type == CustomField.Type.CHOICE:
        return next((one for one in field.choices if folded(one) == folded(text)), text)
    return text


def _figure(cell: Cell, decimal: str) -> str:
    """With the comma that tells a part from a thousand; `decimal`: the mark that the file writes, where it was said."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f"{Decimal(repr(cell)):f}".replace(".", ",")
    text = values.text(cell)
    if decimal:
        other = "." if decimal == "," else ","
        return text.replace(other, "").replace(decimal, ",")
    return text


def example(field: CustomField, today: object) -> object:
    """What stands in the template's lines."""
    return {
        CustomField.Type.TEXT: _("Example"),
        CustomField.Type.NUMBER: 12,
        CustomField.Type.MONEY: 150.0,
        CustomField.Type.DATE: today,
        CustomField.Type.CHOICE: field.choices[0] if field.choices else "",
    }[CustomField.Type(field.type)]
