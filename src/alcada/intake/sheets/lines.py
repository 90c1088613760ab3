"""The lines of one entry as its draft, and all that is wrong with them. No database: `World` has what they name."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext as _

from alcada.directory.models import EntryKind
from alcada.directory.sheets import Said, read_who
from alcada.intake import custom
from alcada.intake.models import CustomField
from alcada.intake.rules import MAX_ROWS, show
from alcada.intake.sheets import own, words
from alcada.intake.sheets.world import World
from alcada.sentences import amount_sentence
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.lines import LineReader, Row
from alcada.sheets.names import Names

LONGEST: Final = {"description": 200, "document_number": 60, "payment_details": 300, "notes": 1000}


@dataclass
class Reading(Said):
    """What the lines of one entry say. `part` of the value: due date, category, cost centre, amount."""

    kind: str = field(kw_only=True)
    own: dict[str, str] = field(default_factory=dict)  # as typed, by the key of the company's own field
    total: Decimal | None = None
    competence: date | None = None
    bank_account: int | None = None
    parts: list[tuple[date, int | None, int | None, Decimal]] = field(default_factory=list)

    @property
    def first_due(self) -> date | None:
        return min((due for due, *_rest in self.parts), default=None)

    def mark(self) -> str:
        """What this entry says, as one text of fixed length: the same again is known by it."""
        told = [
            self.kind,
            self.who(),
            self.texts["document_number"].casefold(),
            self.texts["description"].casefold(),
        ]
        told += sorted(f"{due}:{share}" for due, _c, _cc, share in self.parts)
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()


def read(rows: Sequence[Row], world: World, options: Mapping[str, Any]) -> Reading:
    """The rows of one entry, of which the first has what they share."""
    return _Reader(rows, world, options).reading()


class _Reader(LineReader):
    def __init__(self, rows: Sequence[Row], world: World, options: Mapping[str, Any]) -> None:
        self.world = world
        self.found = Reading(rows, kind=str(options.get("kind") or EntryKind.PAYABLE))
        super().__init__(rows, options, self.found.problems)

    def reading(self) -> Reading:
        found = self.found
        if len(self.rows) > MAX_ROWS:
            self.wrong(self.rows[0], "group", _("At most %(most)s rows.") % {"most": MAX_ROWS})
        self._kind()
        read_who(self, found)
        for name, longest in LONGEST.items():
            found.texts[name] = self.shared(name, self.text)
            self.limit(name, found.texts[name], longest)
        found.texts["payment_method"] = self.shared("payment_method", self._method)
        found.competence = self.shared("competence", self.day) or None
        found.bank_account = self.shared("bank_account", self._bank_account) or None
        self._own_fields()
        self._parts()
        self._add_up()
        return found

    def _own_fields(self) -> None:
        for name, field_ in self.world.own.items():
            if text := self.shared(name, partial(self._own, field_)):
                self.found.own[str(field_.pk)] = text

    def _own(self, field_: CustomField, row: Row, cell: Cell) -> str:
        try:
            return own.read(field_, self.found.kind, cell, self.decimal)
        except custom.ValueRefusedError as exc:
            self.wrong(row, own.name_of(field_), str(exc))
            return ""

    def _kind(self) -> None:
        def read(row: Row, cell: Cell) -> str:
            kind = words.kind(values.text(cell))
            if not kind:
                self.wrong(row, "kind", _("Write “payable” or “receivable”."))
            return kind

        if kind := self.shared("kind", read):
            self.found.kind = kind

    def _method(self, row: Row, cell: Cell) -> str:
        method = words.method(values.text(cell))
        if not method:
            self.wrong(
                row,
                "payment_method",
                _("Write Boleto, Pix, transfer, credit card, cash or another of the template's."),
            )
        return method

    def _bank_account(self, row: Row, cell: Cell) -> int | None:
        return self._key(row, "bank_account", cell, self.world.bank_accounts[self.found.kind])

    def _key(self, row: Row, column: str, cell: Cell, names: "Names[Any]") -> int | None:
        found = self.named(row, column, cell, names)
        return int(found.pk) if found else None

    def _parts(self) -> None:
        """Of each line its share: what it leaves out is as in the line before it."""
        due: date | None = None
        category: int | None = None
        centre: int | None = None
        for row in self.rows:
            before = len(self.problems)
            share = self.cell(row, "amount", self.amount)
            due = self.cell(row, "due", self.day) or due
            category = self.cell(row, "category", self._category) or category
            centre = self.cell(row, "cost_centre", self._cost_centre) or centre
            if share is None and not self.told("amount", since=before):
                self.wrong(row, "amount", amount_sentence("empty"))
            if due is None and not self.told("due", since=before):
                self.wrong(row, "due", _("Fill in the date."))
            if due and share:
                self.found.parts.append((due, category, centre, share))

    def _category(self, row: Row, cell: Cell) -> int | None:
        return self._key(row, "category", cell, self.world.categories[self.found.kind])

    def _cost_centre(self, row: Row, cell: Cell) -> int | None:
        return self._key(row, "cost_centre", cell, self.world.cost_centres)

    def _add_up(self) -> None:
        total = self.shared("total", self.amount)
        if len(self.found.parts) < len(self.rows):
            return  # a difference beside an amount that can't be read would mislead
        self.found.total = sum((share for *_rest, share in self.found.parts), Decimal(0))
        if total and total != self.found.total:
            figures = {
                "sum": show(self.found.total),
                "total": show(total),
                "difference": show(abs(total - self.found.total)),
            }
            sentence = (
                _(
                    "The lines of this entry add up to %(sum)s, and its total is %(total)s: %(difference)s apart."
                )
                if len(self.rows) > 1
                else _("The value is %(sum)s, and the total of the entry is %(total)s: %(difference)s apart.")
            )
            self.wrong(self.rows[0], "total", sentence % figures)
