"""From the bytes of a CSV to its lines. Nothing in a cell is ever evaluated. Pure."""

import csv
import io
from collections.abc import Callable, Iterator
from typing import Final

from alcada.sheets.errors import SheetError

_DELIMITERS: Final = (";", ",", "\t")
_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# What text never has, and pictures and programs do.
_CONTROL: Final = bytes(byte for byte in range(1, 32) if byte not in (9, 10, 13))


def decoded(data: bytes, *, nul: bool = False) -> str:
    """UTF-8 (with a byte order mark or without), UTF-16, else what Excel writes in Brazil: Windows-1252, which has
    Latin-1 in it. Raises SheetError: "workbook", "not_text". `nul`: a stray NUL is left for its line to answer for.
    """
    if data.startswith(_WORKBOOKS):
        raise SheetError("workbook")
    if wide := _utf_16(data, guess=nul):
        try:
            return data.decode(wide)
        except UnicodeDecodeError as exc:
            raise SheetError("not_text") from exc
    nuls = data.count(b"\x00")
    if nuls and not (nul and nuls * 100 < len(data) + 1000):
        raise SheetError("not_text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        if len(data.translate(None, _CONTROL)) < len(data):
            raise SheetError("not_text") from exc
        return data.decode("cp1252", errors="replace")


def _utf_16(data: bytes, *, guess: bool) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    head = data[:400]
    if guess and len(head) >= 8:  # without its mark: every other byte of Latin letters is NUL
        for name, zeros in (("utf-16-le", head[1::2]), ("utf-16-be", head[0::2])):
            if zeros.count(0) * 10 > len(zeros) * 7:
                return name
    return ""


def delimiter(text: str, known: Callable[[str], bool]) -> str:
    """The one by which the first line that has any has most columns that are `known`, else most cells."""
    firsts = [line for line in text[:200_000].splitlines() if line.strip()][:20]

    def score(mark: str) -> tuple[int, int]:
        best = (0, 0)
        for line in firsts:
            try:
                cells = next(csv.reader([line], delimiter=mark))
            except (csv.Error, StopIteration):
                continue
            best = max(best, (sum(known(cell) for cell in cells), len(cells)))
        return best

    return max(_DELIMITERS, key=score)


def lines(text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """Each line that says something, with the line of the file that it begins on. Raises SheetError("broken")."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as exc:
        raise SheetError("broken", line=begins) from exc
