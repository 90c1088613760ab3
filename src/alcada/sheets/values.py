"""What a cell means: an amount, a day, a number that names somebody. Pure; a cell that can't be read says why."""

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from alcada import money
from alcada.days import read_day
from alcada.sheets.cell import Cell

# Day 0 of a spreadsheet's serial numbers, and those of our years (2000 to 2099).
_EPOCH: Final = date(1899, 12, 30)
_SERIALS: Final = range(36_526, 73_051)
_SERIAL: Final = re.compile(r"([0-9]{5})(?:[.,][0-9]+)?")
# 1,12223E+13: what a spreadsheet makes of a long number that it shortens.
_SHORTENED: Final = re.compile(r"[0-9][.,]?[0-9]*E\+?[0-9]+", re.IGNORECASE)


class CellError(ValueError):
    """`code` is stable.

    formula, error, merged, nul, shortened; of amounts those of money.AmountError; of days "no_day".
    """

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code, self.text = code, text


def text(cell: Cell) -> str:
    """As one line of text. Raises CellError."""
    if isinstance(cell, dict):
        raise CellError(cell.get("wrong", "error"), cell.get("text", ""))
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    return " ".join(str(cell).split())


def amount(cell: Cell, decimal: str = "") -> Decimal:
    """As an amount. `decimal`: the mark that this file writes before cents, where a person said so."""
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return money.parse_brl(_figure(cell))
    typed = text(cell)
    plain = "".join(typed.split()).removeprefix("R$")
    if decimal and re.fullmatch(r"[0-9.,]+", plain):
        whole, mark, cents = plain.rpartition(decimal)
        if not mark:
            whole, cents = plain, ""
        other = "." if decimal == "," else ","
        grouped = rf"[0-9]{{1,3}}(?:{re.escape(other)}[0-9]{{3}})+|[0-9]+"
        if not re.fullmatch(grouped, whole) or not re.fullmatch(r"[0-9]*", cents):
            raise money.AmountError("not_a_number", typed)
        if len(cents) > 2:
            raise money.AmountError("too_many_decimals", typed)
        return money.parse_brl(whole.replace(other, "") + (f".{cents}" if cents else ""))
    return money.parse_brl(typed)


def _figure(number: int | float) -> str:
    """A workbook's number: what counting in halves left behind the cents (10.299999999999999) is none of it."""
    near = round(number, 2)
    if abs(number - near) < 1e-6:
        return f"{near:.2f}"
    return f"{number:.6f}"  # too many decimals, whatever else


def day(cell: Cell) -> date:
    """As a day: typed, a workbook's date, or its serial number. Raises CellError("no_day")."""
    typed = text(cell)
    found = read_day(typed) or read_day(typed.split(" ")[0].split("T")[0])
    if found:
        return found
    if (serial := _SERIAL.fullmatch(typed)) and int(serial[1]) in _SERIALS:
        return _EPOCH + timedelta(days=int(serial[1]))
    raise CellError("no_day", typed)


def number(cell: Cell) -> str:
    """As a number that names something (CPF, CNPJ): whole, as it was typed. Raises CellError("shortened")."""
    typed = text(cell)
    if _SHORTENED.fullmatch(typed):
        raise CellError("shortened", typed)
    return typed


def stored(cell: Any) -> Cell:
    """As PostgreSQL's JSON can hold it: it has no NUL."""
    if isinstance(cell, str) and "\x00" in cell:
        return {"wrong": "nul"}
    return cell  # type: ignore[no-any-return]
