"""A file as its headers and rows, whichever of the kinds it is. No database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

from alcada.sheets import text as texts
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.columns import MOST_COLUMNS, Column, recognised
from alcada.sheets.errors import SheetError

if TYPE_CHECKING:
    from alcada.sheets.workbook import Workbook

HEADER_WITHIN: Final = 20  # lines: above the header people write titles
MOST_IN_CELL: Final = 4000
Merged = list[tuple[int, int, int, int]]


@dataclass
class Sheet:
    """`rows` can be gone through once; `merged` and `unread` are known afterwards."""

    headers: list[str]
    rows: Iterator[tuple[int, list[Cell]]]
    name: str = ""
    others: list[str] = field(default_factory=list)  # further sheets that can be seen
    merged: Merged = field(default_factory=list)


def is_workbook(data: bytes) -> bool:
    return data.startswith((b"PK\x03\x04", b"PK\x05\x06", b"\xd0\xcf\x11\xe0"))


def read(data: bytes, columns: Sequence[Column], *, most_lines: int, sheet: str = "") -> Sheet:
    """Headers and rows; of a workbook those of the sheet named, else of the first that has any. Raises SheetError."""
    if not data.strip():
        raise SheetError("empty")
    if is_workbook(data):
        from alcada.sheets.workbook import Workbook  # loaded with the first of them

        return _of_workbook(Workbook(data), columns, most_lines, sheet)
    text = texts.decoded(data, nul=True)
    if not text.strip():
        raise SheetError("empty")
    mark = texts.delimiter(text, lambda cell: recognised([cell], columns) > 0)
    rows: Iterator[tuple[int, list[Cell]]] = (
        (number, list(cells)) for number, cells in texts.lines(text, mark) if not _is_hint(number, cells)
    )
    headers, rest = _headed(rows, columns)
    return Sheet(headers, _limited(rest, len(headers), most_lines))


def _is_hint(number: int, cells: list[str]) -> bool:
    """`sep=;`: a line for Excel alone."""
    return number == 1 and cells[0].strip().lower().startswith("sep=")


def _of_workbook(book: "Workbook", columns: Sequence[Column], most_lines: int, wanted: str) -> Sheet:
    names = [wanted] if wanted in book.names else book.names
    for name in names:
        try:
            headers, rest = _headed(book.rows(name), columns)
        except SheetError as error:
            if error.code != "no_lines" or name == names[-1]:
                raise
            continue
        rows = _limited(rest, len(headers), most_lines)
        return Sheet(headers, rows, name, [other for other in book.names if other != name], book.merged)
    raise SheetError("empty")


def _headed(
    rows: Iterator[tuple[int, list[Cell]]], columns: Sequence[Column]
) -> tuple[list[str], Iterator[tuple[int, list[Cell]]]]:
    """The header, which is the line among the first that names most of our columns, and what stands below it."""
    first = list(islice(rows, HEADER_WITHIN))
    if not first:
        raise SheetError("no_lines")
    best = max(range(len(first)), key=lambda index: (recognised(first[index][1], columns), -index))
    headers = [_header(cell) for cell in first[best][1]]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise SheetError("no_header")
    if len(headers) > MOST_COLUMNS:
        raise SheetError("too_many_columns", most=MOST_COLUMNS)
    return headers, chain(first[best + 1 :], rows)


def _header(cell: Cell) -> str:
    try:
        return values.text(values.stored(cell))[:80]
    except values.CellError:
        return ""


def _limited(
    rows: Iterator[tuple[int, list[Cell]]], width: int, most_lines: int
) -> Iterator[tuple[int, list[Cell]]]:
    """The cells below headers, of lines that have any."""
    found = 0
    for number, cells in rows:
        kept = [values.stored(cell) for cell in cells[:width]]
        if not any(cell != "" and (not isinstance(cell, str) or cell.strip()) for cell in kept):
            continue
        if any(isinstance(cell, str) and len(cell) > MOST_IN_CELL for cell in kept):
            raise SheetError("broken", line=number)
        found += 1
        if found > most_lines:
            raise SheetError("too_many_lines", most=most_lines)
        yield number, kept
    if not found:
        raise SheetError("no_lines")
