"""From the bytes of a CSV to its rows. What it can't be read as says why; nothing in a cell is ever evaluated. Pure."""

import csv
import io
from dataclasses import dataclass, field
from typing import Final

from alcada.connections.bulk.columns import column_of

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_LINES: Final = 5000
MOST_IN_CELL: Final = 2000
_DELIMITERS: Final = (";", ",", "\t")


class SheetError(ValueError):
    """The file as a whole can't be read. `code` is stable, `figures` belong in its sentence.

    empty, too_large, workbook (an Excel file), not_text, no_lines, too_many_lines, no_header (none of our columns),
    no_document (the column that every line needs), twice (`column`), broken (quotes that don't end, a huge cell).
    """

    def __init__(self, code: str, **figures: str | int) -> None:
        super().__init__(code)
        self.code, self.figures = code, figures


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
    """The rows of the file; empty ones left out. Raises SheetError."""
    if len(data) > MOST_BYTES:
        raise SheetError("too_large", most=MOST_BYTES // 1024 // 1024)
    text = _decoded(data)
    if not text.strip():
        raise SheetError("empty")
    lines = _lines(text, _delimiter(text))
    number, header = next(iter(lines))
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


def _decoded(data: bytes) -> str:
    """UTF-8, else what Excel writes in Brazil (Windows-1252, which has Latin-1 in it)."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise SheetError("workbook")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as exc:
            raise SheetError("not_text") from exc
    if b"\x00" in data:
        raise SheetError("not_text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace") if _like_text(data) else _refuse()


def _like_text(data: bytes) -> bool:
    """Not a picture or a program: those have control characters."""
    return not any(byte < 32 and byte not in (9, 10, 13) for byte in data)


def _refuse() -> str:
    raise SheetError("not_text")


def _delimiter(text: str) -> str:
    """The one by which the first line has most columns that we know."""
    first = next(line for line in text.splitlines() if line.strip())

    def known(delimiter: str) -> int:
        try:
            return sum(bool(column_of(cell)) for cell in next(csv.reader([first], delimiter=delimiter)))
        except csv.Error:
            return 0

    return max(_DELIMITERS, key=known)


def _lines(text: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Each line that says something, and where it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((begins, cells))
            begins = reader.line_num + 1
    except csv.Error as exc:
        raise SheetError("broken", line=begins) from exc
    return found


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
