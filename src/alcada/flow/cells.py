"""Cells of tables that people open in a spreadsheet: no formula in any, amounts and days as the reader writes them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final

from django.utils import timezone

# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection"), full-width forms too.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LONGEST: Final = 32_000  # characters of a cell, for a spreadsheet


class Number(Decimal):
    """A figure that is no amount: it has the decimals that it has."""


def plain(cell: object) -> str:
    """The cell as text that no spreadsheet evaluates."""
    text = str(cell)
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def written(cell: object, *, comma: bool) -> str:
    """The cell in a CSV: 1234,56 or 1234.56 (`comma`), 31/12/2026, text that is no formula."""
    if isinstance(cell, Number):
        return f"{cell:f}".replace(".", "," if comma else ".")
    if isinstance(cell, Decimal):
        figure = f"{cell:,.2f}" if abs(cell) >= 1000 else f"{cell:.2f}"
        return figure.translate(str.maketrans(",.", ".,")) if comma else figure.replace(",", "")
    if isinstance(cell, datetime):
        return timezone.localtime(cell).strftime("%d/%m/%Y %H:%M")
    if isinstance(cell, date):
        return cell.strftime("%d/%m/%Y")
    return plain(cell)


def printable(cell: str) -> str:
    """Text that a workbook takes: no control signs, not longer than a cell, no formula."""
    return plain("".join(sign for sign in cell if sign >= " " or sign in "\t\n"))[:LONGEST]
