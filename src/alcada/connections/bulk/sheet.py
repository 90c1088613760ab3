"""From the bytes of a CSV to its rows. What it can't be read as says why; nothing in a cell is ever evaluated. Pure."""

from dataclasses import dataclass, field
from typing import Final

from alcada.connections.bulk.columns import column_of
from alcada.sheets import text as texts
from alcada.sheets.errors import SheetError as SheetError

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_LINES: Final = 5000
MOST_IN_CELL: Final = 2000


@dataclass(frozen=True)
class Row:
    """One line: its number in the file, and its cells by column."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True)
class Sheet:
    rows: list[Row]
    unread: list[str] = field(default_factory=list)  # headers that mean nothing to us


def read(data: bytes) -> Sheet:
    """The rows of the file; empty ones left out. Raises SheetError.

    Beside the room's own codes: no_header (none of our columns), no_document (the column that every line needs), twice
    (`column`).
    """
    if len(data) > MOST_BYTES:
        raise SheetError("too_large", most=MOST_BYTES // 1024 // 1024)
    text = texts.decoded(data)
    if not text.strip():
        raise SheetError("empty")
    lines = list(texts.lines(text, texts.delimiter(text, lambda cell: bool(column_of(cell)))))
    number, header = lines[0]
    columns = _columns(header)
    rows = []
    for number, cells in lines[1:]:
        named = {
            name: " ".join(cell.split())
            for name, cell in zip(columns, cells, strict=False)
            if name and len(cell) <= MOST_IN_CELL
        }
        if any(len(cell) > MOST_IN_CELL for cell in cells):
            raise SheetError("broken", line=number)
        rows.append(Row(number, {name: named.get(name, "") for name in columns if name}))
    if not rows:
        raise SheetError("no_lines")
    if len(rows) > MOST_LINES:
        raise SheetError("too_many_lines", most=MOST_LINES, found=len(rows))
    unread = [
        cell.strip()[:60] for cell, name in zip(header, columns, strict=True) if cell.strip() and not name
    ]
    return Sheet(rows, unread)


def _columns(header: list[str]) -> list[str]:
    columns = [column_of(cell) for cell in header]
    if not any(columns):
        raise SheetError("no_header")
    for index, name in enumerate(columns):
        if name and name in columns[:index]:
            raise SheetError("twice", column=header[index].strip()[:60])
    if "document" not in columns:
        raise SheetError("no_document")
    return columns
