"""An HTTP answer, and reading what we rely on out of its JSON.

What we rely on is checked, and its absence is an error that names it. Fields that are new or that we don't
use are let through: they stay in each object's `raw`.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from conta_azul import times

R = TypeVar("R")
Raw = Mapping[str, Any]


class Unusable(Exception):  # noqa: N818  a matter of this package alone
    """What we rely on is not in a successful answer. Never leaves this package: it becomes `Unreadable`."""


@dataclass(frozen=True)
class Answer:
    """Status, headers (names in lower case) and body of one HTTP answer."""

    status: int
    content: bytes = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        # Replaced, not refused: one bad byte in a text must not turn a good 201 into a doubt.
        return self.content.decode("utf-8-sig", errors="replace")

    def json(self) -> Any:
        """The body's JSON, numbers with a fraction as Decimal. Raises Unusable."""
        try:
            return json.loads(self.text, parse_float=Decimal, parse_constant=lambda _: None)
        except (ValueError, RecursionError) as exc:
            raise Unusable("its body is not JSON" if self.content.strip() else "its body is empty") from exc

    def fields(self, *, lenient: bool = False) -> "Fields":
        return Fields(self.json(), "the answer", lenient=lenient)


class Fields:
    """One JSON object, read field by field. An absent field and a null are the same.

    A value of a wrong kind raises Unusable; `lenient` gives None for it instead, for answers whose one fact
    (the id) must not be lost over a detail.
    """

    def __init__(self, value: object, where: str, *, lenient: bool = False) -> None:
        if not isinstance(value, dict):
            raise Unusable(f"{where} is not a JSON object")
        self.raw: Raw = value
        self._where = where
        self._lenient = lenient

    def has(self, name: str) -> bool:
        return self.raw.get(name) is not None

    def id(self, name: str = "id") -> str:
        """A usable id: a text that is not blank, or an integer (the older ids are)."""
        found = self.maybe_id(name)
        if found is None:
            raise Unusable(f"{self._where} has no usable {name!r}")
        return found

    def maybe_id(self, name: str) -> str | None:
        return self._read(name, _read_id)

    def text(self, name: str) -> str:
        found = self.maybe_text(name)
        if found is None:
            raise Unusable(f"{self._where} has no {name!r}")
        return found

    def maybe_text(self, name: str) -> str | None:
        return self._read(name, _read_text)

    def maybe_int(self, name: str) -> int | None:
        return self._read(name, _read_int)

    def maybe_flag(self, name: str) -> bool | None:
        return self._read(name, _read_flag)

    def maybe_amount(self, name: str) -> Decimal | None:
        return self._read(name, _read_amount)

    def maybe_date(self, name: str) -> dt.date | None:
        return self._read(name, lambda value: times.read_date(_read_text(value)) if value != "" else None)

    def maybe_moment(self, name: str) -> dt.datetime | None:
        return self._read(name, lambda value: times.read_moment(_read_text(value)) if value != "" else None)

    def inner(self, name: str) -> "Fields | None":
        return self._read(
            name, lambda value: Fields(value, f"{self._where}'s {name!r}", lenient=self._lenient)
        )

    def rows(self, name: str) -> "tuple[Fields, ...]":
        return (
            self._read(name, lambda value: rows(value, f"{self._where}'s {name!r}", lenient=self._lenient))
            or ()
        )

    def _read(self, name: str, read: Callable[[Any], R]) -> R | None:
        value = self.raw.get(name)
        if value is None:
            return None
        try:
            return read(value)
        except Unusable:
            if self._lenient:
                return None
            raise
        except (ValueError, InvalidOperation) as exc:
            if self._lenient:
                return None
            raise Unusable(f"{self._where} has a {name!r} that cannot be read") from exc


def rows(value: object, where: str, *, lenient: bool = False) -> tuple[Fields, ...]:
    """Each object of a JSON array."""
    if not isinstance(value, list):
        raise Unusable(f"{where} is not a list")
    return tuple(
        Fields(each, f"{where}, item {index}", lenient=lenient) for index, each in enumerate(value, start=1)
    )


def _read_text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")
    return value


def _read_id(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _read_text(value).strip() or None


def _read_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise ValueError("not a whole number")
    return int(value)


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not true or false")
    return value


def _read_amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("not an amount")
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("not an amount")
    return amount
