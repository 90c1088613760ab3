"""The lines of one entry as its draft, and all that is wrong with them. No database: `World` has what they name."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from alcada import money
from alcada.directory import documents
from alcada.directory.models import EntryKind, Party
from alcada.intake import custom
from alcada.intake.models import CustomField
from alcada.intake.reader import amount_sentence, document_sentence
from alcada.intake.rules import MAX_ROWS, show
from alcada.intake.sheets import own, words
from alcada.intake.sheets.sentences import amount_problem, cell_sentence
from alcada.intake.sheets.world import Names, World
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.values import CellError

T = TypeVar("T")
LONGEST: Final = {
    "party": 200,
    "email": 100,
    "description": 200,
    "document_number": 60,
    "payment_details": 300,
    "notes": 1000,
}


@dataclass(frozen=True)
class Row:
    """A line of the file: its number, and its cells by column."""

    number: int
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Problem:
    """What is wrong in which line and column; a sentence for whoever sent the file."""

    line: int
    column: str
    text: str


@dataclass
class Reading:
    """What the lines of one entry say. `part` of the value: due date, category, cost centre, amount."""

    kind: str
    rows: Sequence[Row]
    name: str = ""
    document: str = ""
    email: str = ""
    problems: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)  # as typed, by the key of the company's own field
    total: Decimal | None = None
    competence: date | None = None
    bank_account: int | None = None
    parts: list[tuple[date, int | None, int | None, Decimal]] = field(default_factory=list)
    zeros_lost: str = ""  # the CPF or CNPJ as it was before a spreadsheet took its zeros
    party: Party | None = None

    @property
    def number(self) -> int:
        return self.rows[0].number

    @property
    def first_due(self) -> date | None:
        return min((due for due, *_rest in self.parts), default=None)

    def mark(self) -> str:
        """What this entry says, as one text of fixed length: the same again is known by it."""
        who = self.document or documents.normalise_name(self.name)
        if self.party and not self.document:
            who = self.party.document or who
        told = [
            self.kind,
            who,
            self.texts["document_number"].casefold(),
            self.texts["description"].casefold(),
        ]
        told += sorted(f"{due}:{share}" for due, _c, _cc, share in self.parts)
        return hashlib.sha256("\x1f".join(told).encode()).hexdigest()


def read(rows: Sequence[Row], world: World, options: Mapping[str, Any]) -> Reading:
    """The rows of one entry, of which the first has what they share."""
    return _Reader(rows, world, options).reading()


class _Reader:
    def __init__(self, rows: Sequence[Row], world: World, options: Mapping[str, Any]) -> None:
        self.rows, self.world, self.options = rows, world, options
        self.found = Reading(kind=str(options.get("kind") or EntryKind.PAYABLE), rows=rows)

    def reading(self) -> Reading:
        found = self.found
        if len(self.rows) > MAX_ROWS:
            self._wrong(self.rows[0], "group", _("At most %(most)s rows.") % {"most": MAX_ROWS})
        self._kind()
        found.name = self._shared("party", self._text)
        found.email = self._shared("email", self._text)
        found.document = self._shared("document", self._document)
        for name in ("description", "document_number", "payment_details", "notes"):
            found.texts[name] = self._shared(name, self._text)
        if not found.name and not found.document and not self._told("party", "document"):
            self._wrong(self.rows[0], "party", _("Say who it is: the name, the CPF/CNPJ, or both."))
        for name, text in {"party": found.name, "email": found.email, **found.texts}.items():
            if len(text) > LONGEST[name]:
                figures = {"longest": LONGEST[name], "found": len(text)}
                sentence = _("At most %(longest)s characters; these are %(found)s.")
                self._wrong(self.rows[0], name, sentence % figures)
        if found.name and not documents.normalise_name(found.name):
            self._wrong(self.rows[0], "party", _("A name has letters or digits."))
        if found.email:
            try:
                validate_email(found.email)
            except ValidationError:
                self._wrong(self.rows[0], "email", _("This is no e-mail address."))
        method = self._shared("payment_method", self._method)
        found.texts["payment_method"] = method
        found.competence = self._shared("competence", self._day) or None
        found.bank_account = self._shared("bank_account", self._bank_account) or None
        self._own_fields()
        self._parts()
        self._add_up()
        return found

    def _own_fields(self) -> None:
        for name, field_ in self.world.own.items():
            if text := self._shared(name, partial(self._own, field_)):
                self.found.own[str(field_.pk)] = text

    def _own(self, field_: CustomField, row: Row, cell: Cell) -> str:
        try:
            return own.read(field_, self.found.kind, cell, str(self.options.get("decimal") or ""))
        except custom.ValueRefusedError as exc:
            self._wrong(row, own.name_of(field_), str(exc))
            return ""

    def _wrong(self, row: Row, column: str, sentence: str) -> None:
        self.found.problems.append(Problem(row.number, column, sentence))

    def _told(self, *names: str) -> bool:
        return any(problem.column in names for problem in self.found.problems)

    def _kind(self) -> None:
        def read(row: Row, cell: Cell) -> str:
            kind = words.kind(values.text(cell))
            if not kind:
                self._wrong(row, "kind", _("Write “payable” or “receivable”."))
            return kind

        if kind := self._shared("kind", read):
            self.found.kind = kind

    def _shared(self, name: str, read: Callable[[Row, Cell], Any]) -> Any:
        """What the lines of one entry have in common: the first that says it; another must say the same."""
        found: Any = ""
        for row in self.rows:
            if (cell := row.cells.get(name, "")) == "" or (isinstance(cell, str) and not cell.strip()):
                continue
            said = self._try(row, name, read, cell)
            if said and found and said != found:
                sentence = _("This differs from line %(line)s, and both belong to one entry.")
                self._wrong(row, name, sentence % {"line": self.rows[0].number})
            found = found or said or ""
        return found

    def _try(self, row: Row, name: str, read: Callable[[Row, Cell], Any], cell: Cell) -> Any:
        try:
            return read(row, cell)
        except CellError as error:
            self._wrong(row, name, cell_sentence(error))
        except money.AmountError as error:
            self._wrong(row, name, amount_problem(error))
        return ""

    def _text(self, _row: Row, cell: Cell) -> str:
        return values.text(cell)

    def _day(self, _row: Row, cell: Cell) -> date:
        return values.day(cell)

    def _amount(self, _row: Row, cell: Cell) -> Decimal:
        found = values.amount(cell, str(self.options.get("decimal") or ""))
        if not found:
            raise money.AmountError("negative")
        return found

    def _document(self, row: Row, cell: Cell) -> str:
        typed = values.number(cell)
        try:
            return documents.check(typed)
        except documents.DocumentError as error:
            whole = with_zeros(typed)
            if whole and self.options.get("zeros"):
                return whole
            if whole:
                self.found.zeros_lost = whole
                sentence = _("Leading zeros were lost: it is probably %(document)s.")
                self._wrong(row, "document", sentence % {"document": documents.format(whole)})
            else:
                self._wrong(row, "document", document_sentence(error.code))
            return ""

    def _method(self, row: Row, cell: Cell) -> str:
        method = words.method(values.text(cell))
        if not method:
            self._wrong(
                row,
                "payment_method",
                _("Write Boleto, Pix, transfer, credit card, cash or another of the template's."),
            )
        return method

    def _bank_account(self, row: Row, cell: Cell) -> int | None:
        return self._named(row, "bank_account", cell, self.world.bank_accounts[self.found.kind])

    def _named(self, row: Row, column: str, cell: Cell, names: "Names[Any]") -> int | None:
        typed = values.text(cell)
        found = names.called(typed)
        if len(found) == 1:
            return int(found[0].pk)
        figures = {"name": typed[:60], "like": names.like(typed)}
        if found:
            sentence = _("Several are called “%(name)s”: write it with its group, as in “%(like)s”.")
            figures["like"] = str(found[0])
        elif figures["like"]:
            sentence = _("There is no “%(name)s” here. Is it “%(like)s”?")
        else:
            sentence = _("There is no “%(name)s” here.")
        self._wrong(row, column, sentence % figures)
        return None

    def _parts(self) -> None:
        """Of each line its share: what it leaves out is as in the line before it."""
        due: date | None = None
        category: int | None = None
        centre: int | None = None
        for row in self.rows:
            before = len(self.found.problems)
            share = self._cell(row, "amount", self._amount)
            due = self._cell(row, "due", self._day) or due
            category = self._cell(row, "category", self._category) or category
            centre = self._cell(row, "cost_centre", self._cost_centre) or centre
            if share is None and not self._any(row, before, "amount"):
                self._wrong(row, "amount", amount_sentence("empty"))
            if due is None and not self._any(row, before, "due"):
                self._wrong(row, "due", _("Fill in the date."))
            if due and share:
                self.found.parts.append((due, category, centre, share))

    def _any(self, row: Row, since: int, column: str) -> bool:
        return any(problem.column == column for problem in self.found.problems[since:])

    def _cell(self, row: Row, name: str, read: Callable[[Row, Cell], T]) -> T | None:
        cell = row.cells.get(name, "")
        if cell == "" or (isinstance(cell, str) and not cell.strip()):
            return None
        return self._try(row, name, read, cell) or None

    def _category(self, row: Row, cell: Cell) -> int | None:
        return self._named(row, "category", cell, self.world.categories[self.found.kind])

    def _cost_centre(self, row: Row, cell: Cell) -> int | None:
        return self._named(row, "cost_centre", cell, self.world.cost_centres)

    def _add_up(self) -> None:
        total = self._shared("total", self._amount)
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
            self._wrong(self.rows[0], "total", sentence % figures)


def with_zeros(typed: str) -> str:
    """The only CPF or CNPJ that this is without its leading zeros; empty where it is none, or may be both."""
    digits = documents.normalise(typed)
    if not digits.isdigit() or not 6 <= len(digits) < documents.CNPJ_LENGTH:
        return ""
    lengths = [length for length in (documents.CPF_LENGTH, documents.CNPJ_LENGTH) if len(digits) < length]
    found = [whole for length in lengths if documents.is_valid(whole := digits.zfill(length))]
    return found[0] if len(found) == 1 else ""
