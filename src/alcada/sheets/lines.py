"""The lines of one thing, read cell by cell, and all that is wrong with them. No database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

from django.utils.translation import gettext as _

from alcada import money
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.names import Names
from alcada.sheets.sentences import amount_problem, cell_sentence
from alcada.sheets.values import CellError

T = TypeVar("T")
N = TypeVar("N")
NAMED_MOST: Final = 60  # characters of a name that nobody has, in a sentence


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


class LineReader:
    """Reads the cells of one thing's rows. What a kind of row has in its columns is its own reader's to say."""

    def __init__(self, rows: Sequence[Row], options: Mapping[str, Any], problems: list[Problem]) -> None:
        self.rows, self.options, self.problems = rows, options, problems

    @property
    def decimal(self) -> str:
        """The mark that the file writes before cents, where a person said so."""
        return str(self.options.get("decimal") or "")

    def wrong(self, row: Row, column: str, sentence: str) -> None:
        self.problems.append(Problem(row.number, column, sentence))

    def told(self, *names: str, since: int = 0) -> bool:
        return any(problem.column in names for problem in self.problems[since:])

    def limit(self, column: str, text: str, longest: int) -> None:
        if len(text) > longest:
            sentence = _("At most %(longest)s characters; these are %(found)s.")
            self.wrong(self.rows[0], column, sentence % {"longest": longest, "found": len(text)})

    def shared(self, name: str, read: Callable[[Row, Cell], Any]) -> Any:
        """What the lines of one thing have in common: the first that says it; another must say the same."""
        found: Any = ""
        for row in self.rows:
            if is_empty(cell := row.cells.get(name, "")):
                continue
            said = self._try(row, name, read, cell)
            if said and found and said != found:
                sentence = _("This differs from line %(line)s, and both belong to one entry.")
                self.wrong(row, name, sentence % {"line": self.rows[0].number})
            found = found or said or ""
        return found

    def cell(self, row: Row, name: str, read: Callable[[Row, Cell], T]) -> T | None:
        """What this line says there."""
        if is_empty(cell := row.cells.get(name, "")):
            return None
        return self._try(row, name, read, cell) or None

    def _try(self, row: Row, name: str, read: Callable[[Row, Cell], Any], cell: Cell) -> Any:
        try:
            return read(row, cell)
        except CellError as error:
            self.wrong(row, name, cell_sentence(error))
        except money.AmountError as error:
            self.wrong(row, name, amount_problem(error))
        return ""

    # --- What a cell may hold ------------------------------------------------------------------------------------

    def text(self, _row: Row, cell: Cell) -> str:
        return values.text(cell)

    def day(self, _row: Row, cell: Cell) -> date:
        return values.day(cell)

    def amount(self, _row: Row, cell: Cell) -> Decimal:
        found = values.amount(cell, self.decimal)
        if not found:
            raise money.AmountError("negative")
        return found

    def named(self, row: Row, column: str, cell: Cell, names: "Names[Any]") -> Any:
        """The one thing that is called so; None with a problem, which says what may have been meant."""
        typed = values.text(cell)
        found = names.called(typed)
        if len(found) == 1:
            return found[0]
        figures = {"name": typed[:NAMED_MOST], "like": names.like(typed)}
        if found:
            sentence = _("Several are called “%(name)s”: write it with its group, as in “%(like)s”.")
            figures["like"] = str(found[0])
        elif figures["like"]:
            sentence = _("There is no “%(name)s” here. Is it “%(like)s”?")
        else:
            sentence = _("There is no “%(name)s” here.")
        self.wrong(row, column, sentence % figures)
        return None


def is_empty(cell: Cell) -> bool:
    return cell == "" or (isinstance(cell, str) and not cell.strip())
