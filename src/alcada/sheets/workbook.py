"""From the bytes of an XLSX to its rows: values only, in a stream, nothing evaluated, nothing fetched. No database.

A workbook is a ZIP of XML: before anything is unpacked its directory is looked at (how many parts, how large), and
while a sheet is read, how much of it stands outside of rows. So what it takes in memory is bounded whatever it says.
"""

import math
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from io import BytesIO
from typing import IO, Any, Final
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import FORMULA_TAG, WorkSheetParser

from alcada.sheets.cell import Cell
from alcada.sheets.errors import SheetError

MOST_PARTS: Final = 2000
MOST_UNPACKED: Final = 400 * 1024 * 1024
MOST_PART: Final = 10 * 1024 * 1024  # styles, relations and the like
MOST_PARTS_SIZE: Final = 40 * 1024 * 1024  # of all of those
MOST_STRINGS: Final = 80 * 1024 * 1024
MOST_STRING_TAGS: Final = 6_000_000  # four of a plain text
MOST_ROWS: Final = 1_048_576  # Excel's own
MOST_COLUMNS: Final = 16_384
COLUMNS_READ: Final = 512  # further right nothing is a column of ours
MOST_MERGED: Final = 20_000
_OUTSIDE_ROWS: Final = 4 * 1024 * 1024  # bytes of XML without the end of a row
_CHUNK: Final = 64 * 1024
_ROW_ENDS: Final = re.compile(rb"</(?:\w+:)?row\s*>|<(?:\w+:)?row\b[^<>]*/>")
_BROKEN: Final = (
    zipfile.BadZipFile,
    InvalidFileException,
    ParseError,
    DefusedXmlException,
    NotImplementedError,  # a way of packing that zipfile doesn't know
    KeyError,
    ValueError,
    TypeError,
    IndexError,
    AttributeError,
    OverflowError,
    EOFError,
    RuntimeError,  # a part that is encrypted
    OSError,
)


class Workbook:
    """An XLSX opened for reading. `names`: its sheets that can be seen, in order."""

    def __init__(self, data: bytes) -> None:
        """Raises SheetError."""
        look_at(data)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # what a library doesn't know of a workbook is not our reader's concern
                self._book = load_workbook(BytesIO(data), read_only=True, data_only=True, keep_links=False)
        except SheetError:
            raise
        except _BROKEN as exc:
            raise SheetError("broken") from exc
        sheets = [sheet for sheet in self._book.worksheets if isinstance(sheet, ReadOnlyWorksheet)]
        self._sheets = {str(sheet.title): sheet for sheet in sheets if sheet.sheet_state == "visible"}
        self.names = list(self._sheets)
        self.hidden = [str(sheet.title) for sheet in sheets if sheet.sheet_state != "visible"]
        # Known once all rows were read: of each range its first and last row, and its columns.
        self.merged: list[tuple[int, int, int, int]] = []

    def rows(self, name: str) -> Iterator[tuple[int, list[Cell]]]:
        """Each row that says something, with its number. Raises SheetError("broken")."""
        sheet = self._sheets[name]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield from self._rows(sheet)
        except SheetError:
            raise
        except _BROKEN as exc:
            raise SheetError("broken") from exc

    def _rows(self, sheet: Any) -> Iterator[tuple[int, list[Cell]]]:
        book = self._book
        with sheet._get_source() as source:
            parser = _Parser(
                _Watched(source),
                sheet._shared_strings,
                data_only=True,
                epoch=book.epoch,
                date_formats=book._date_formats,  # type: ignore[attr-defined]
                timedelta_formats=book._timedelta_formats,  # type: ignore[attr-defined]
            )
            for count, (number, cells) in enumerate(parser.parse()):
                if count > MOST_ROWS or not 1 <= number <= MOST_ROWS:
                    raise SheetError("broken", line=min(number, MOST_ROWS))
                if row := _row(cells):
                    yield number, row
        if parser.merged_cells is not None:
            for one in parser.merged_cells.mergeCell[:MOST_MERGED]:
                self.merged.append((one.min_row, one.max_row, one.min_col, one.max_col))


def _row(cells: list[dict[str, Any]]) -> list[Cell]:
    found: list[Cell] = []
    for cell in cells:
        value = _plain(cell["value"], cell["data_type"])
        if value == "":
            continue
        column = cell["column"]
        if column > MOST_COLUMNS:
            raise SheetError("broken", line=cell["row"])
        if column > COLUMNS_READ:
            continue
        found.extend("" for _ in range(len(found), column - 1))
        if len(found) >= column:
            found[column - 1] = value
        else:
            found.append(value)
    return found


def _plain(value: Any, kind: str) -> Cell:
    """The value as JSON can hold it: text, a number, a day as 2026-12-31; or what is wrong with it."""
    if kind == "e":
        return {"wrong": "error", "text": str(value)[:20]}
    if value is None:
        return ""
    if isinstance(value, _Uncounted):
        return {"wrong": "formula"}
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return value if math.isfinite(value) and abs(value) < 1e18 else str(value)[:40]
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    text = str(value)
    return text if text.strip() else ""


class _Uncounted:
    """A formula whose value is not in the file: whoever saved it counted nothing."""


class _Parser(WorkSheetParser):
    def parse_cell(self, element: Any) -> dict[str, Any]:
        cell: dict[str, Any] = super().parse_cell(element)
        if cell["value"] is None and element.find(FORMULA_TAG) is not None:
            cell["value"] = _Uncounted()
        return cell


class _Watched:
    """A sheet's stream, ended where XML is heaped up outside of rows: a parser would keep all of it."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._tail, self._since = source, b"", 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(_CHUNK if size < 0 else size)
        joined = self._tail + data
        if b"<!" in joined:  # document types, CDATA and comments: a spreadsheet program writes none
            raise SheetError("broken")
        ends = 0
        for found in _ROW_ENDS.finditer(joined):
            ends = found.end()
        self._since = len(joined) - ends if ends else self._since + len(data)
        if self._since > _OUTSIDE_ROWS:
            raise SheetError("bomb")
        self._tail = joined[-256:] if ends <= len(joined) - 256 else joined[ends:]
        return data

    def close(self) -> None:
        self._source.close()


def look_at(data: bytes) -> None:
    """Its directory, before anything in it is unpacked. Raises SheetError."""
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        raise SheetError("protected" if locked else "old_workbook")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _look_into(archive)
    except SheetError:
        raise
    except _BROKEN as exc:
        raise SheetError("broken") from exc


def _look_into(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename.lower() for part in parts}
    # zipfile hands out no more of a part than its declared size: a lie about it ends in a broken file, not in memory.
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise SheetError("bomb")
    if any(name.endswith("vbaproject.bin") for name in names):
        raise SheetError("macros")
    if "mimetype" in names or "xl/workbook.bin" in names:
        raise SheetError("other_workbook")
    if "[content_types].xml" not in names:
        raise SheetError("broken")
    small = 0
    for part in parts:
        name = part.filename.lower()
        if "worksheets/" in name and name.endswith(".xml"):
            continue
        if name.endswith("sharedstrings.xml"):
            _look_at_strings(archive, part)
        elif name.endswith((".xml", ".rels")):
            small += part.file_size
            if part.file_size > MOST_PART or small > MOST_PARTS_SIZE:
                raise SheetError("bomb")
            content = archive.read(part)
            if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
                raise SheetError("broken")
            if name == "[content_types].xml" and b"macroEnabled" in content:
                raise SheetError("macros")


def _look_at_strings(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """All texts of a workbook stand in one part, which is read whole."""
    if part.file_size > MOST_STRINGS:
        raise SheetError("bomb")
    count = 0
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            if b"<!" in chunk:
                raise SheetError("broken")
            count += chunk.count(b"<")
            if count > MOST_STRING_TAGS:
                raise SheetError("bomb")
