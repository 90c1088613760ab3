"""Checks of what we are about to send. Each raises ValueError, before anything is sent."""

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from conta_azul import limits

_DIGITS: Final = 13  # before the comma: more than any real amount, and small enough to compute with
# An id goes into a path: nothing that could lead the path elsewhere. Conta Azul's are uuids of any version,
# or integers.
_ID: Final = re.compile(r"[0-9A-Za-z_-]+")


def an_id(value: str, what: str) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise ValueError(f"{what} is not an id of Conta Azul")
    return value


def an_amount(value: Decimal, what: str, *, positive: bool = False) -> Decimal:
    """A Decimal with whole cents. Floats and ints are refused: money has one type."""
    if not isinstance(value, Decimal):
        raise ValueError(f"{what} must be a Decimal, not {type(value).__name__}")
    whole_cents(value, what)
    if value < 0 or (positive and value == 0):
        raise ValueError(f"{what} must be {'greater than zero' if positive else 'zero or more'}")
    return value


def whole_cents(value: Decimal, what: str = "an amount") -> int:
    """The amount in cents, exactly: no arithmetic of Decimal, which rounds to its context's precision."""
    if not value.is_finite():
        raise ValueError(f"{what} is not a number")
    if value and value.adjusted() >= _DIGITS:
        raise ValueError(f"{what} is too large")
    if value and value.adjusted() < -2:
        raise ValueError(f"{what} has a fraction of a cent")
    numerator, denominator = value.as_integer_ratio()
    cents, rest = divmod(numerator * 100, denominator)
    if rest:
        raise ValueError(f"{what} has a fraction of a cent")
    return cents


def a_date(value: dt.date, what: str) -> dt.date:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise ValueError(f"{what} must be a date without a time")
    return value


def a_text(value: str, what: str, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{what} is empty")
    return not_too_long(value, what, longest)


def not_too_long(value: str, what: str, longest: int) -> str:
    if len(value) > longest:
        raise ValueError(f"{what} has {len(value)} characters; at most {longest} are sent")
    return value


def adds_up(parts: Iterable[Decimal], whole: Decimal, what: str) -> None:
    total = sum(parts, Decimal(0))
    if total != whole:
        raise ValueError(f"{what} add up to {total:.2f}, not to {whole:.2f}")


def a_page_size(value: int) -> int:
    if value not in limits.PAGE_SIZES:
        raise ValueError(f"A page holds one of {limits.PAGE_SIZES} items, not {value}")
    return value
