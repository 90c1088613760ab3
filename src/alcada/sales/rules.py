"""Payment terms as people type them, and what a deal's content must be. Pure.

30/60/90 · 30 60 90 · 28 ddl · 28/56/84 ddl     so many days after the sale
à vista · cash                                  at once
10x · 10 parcelas                               monthly, the first a month after the sale
entrada + 3 · entry + 3 · 1+3                   one part at once, then monthly
entrada 30% + 3 · 30% + 30/60                   a share at once, the rest in equal parts
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada import money

MOST_PARTS: Final = 120  # as of any entry: ten years of months
MOST_DAYS: Final = 3650
LONGEST_TERMS: Final = 80
MOST_BARE: Final = 12  # a number without a word


class TermsError(ValueError):
    """These terms can't be taken; `code` says why (TERMS_SENTENCES)."""

    def __init__(self, code: str, **figures: int) -> None:
        super().__init__(code)
        self.code, self.figures = code, figures

    @property
    def sentence(self) -> str:
        sentence = str(TERMS_SENTENCES[self.code])
        return sentence % self.figures if self.figures else sentence


TERMS_SENTENCES: Final[Mapping[str, str | Promise]] = {
    "empty": lazy("Say how it is paid: 30/60/90, cash, 10x, entry + 3…"),
    "unknown": lazy("These terms can't be read. Write them like 30/60/90, cash, 10x, entry + 3 or 28 ddl."),
    "long": lazy("Terms have at most %(longest)s characters."),
    "order": lazy("Each due date comes after the one before: %(later)s days can't follow %(earlier)s."),
    "many": lazy("At most %(most)s instalments."),
    "none": lazy("At least one instalment is needed."),
    "far": lazy("At most %(most)s days ahead: ten years."),
    "share": lazy("The share of the entry is more than nothing and less than all of the value."),
    "sure": lazy("Instalments or days? Write %(count)sx or %(count)s days."),
    "small": lazy("The value has fewer cents than instalments."),
}


@dataclass(frozen=True)
class Due:
    """When a part is due, counted from the day of the sale."""

    months: int = 0
    days: int = 0

    def on(self, day: date) -> date:
        """A month later keeps the day, or takes the month's last one where there is no such day."""
        month = day.year * 12 + day.month - 1 + self.months
        year, month = month // 12, month % 12 + 1
        return date(year, month, min(day.day, monthrange(year, month)[1])) + timedelta(days=self.days)


@dataclass(frozen=True)
class Terms:
    """The parts in their order. `entry`: the first part's share of the value in per cent, where it was said."""

    parts: tuple[Due, ...]
    entry: Decimal | None = None


@dataclass(frozen=True)
class Part:
    number: int
    due_date: date
    amount: Decimal


_CASH: Final = frozenset(
    ["a vista", "avista", "vista", "cash", "at sight", "up front", "upfront", "on the spot", "no ato"]
)
_UNIT: Final = r"(?:ddl|dias|dia|dd|days|day|d)"
_ITEM: Final = rf"[0-9]{{1,5}}(?: *{_UNIT})?"
_LISTED = re.compile(rf"{_ITEM}(?:(?: *[/,;+-] *| e | and | ){_ITEM})*(?: da data liquida)?")
_TIMES = re.compile(
    r"(?:em +|in +)?(?P<count>[0-9]{1,4}) *"
    r"(?:x|vezes|vez|parcelas?|prestacoes|mensais|instal+ments?|times|months|meses)(?: +(?:sem juros|mensais|monthly))?"
)
_ENTRY_WORDS: Final = r"(?:entrada|entry|ato|sinal|down payment|deposit|a vista)"
_SHARE: Final = r"(?P<{name}>[0-9]{{1,3}}(?:[.,][0-9]{{1,2}})?) *%"
_ENTRY = re.compile(
    rf"(?:{_SHARE.format(name='before')}(?: +(?:de +|of +)?{_ENTRY_WORDS})?"
    rf"|{_ENTRY_WORDS}(?: +(?:de +|of +)?{_SHARE.format(name='after')})?"
    r"|1(?= *\+)) *(?P<then>\+|/| e | and ) *(?P<rest>.+)"
)
_NUMBER = re.compile(r"[0-9]{1,4}")


def read_terms(typed: str) -> Terms:
    """What was typed, as terms. Raises TermsError."""
    text = _plain(typed)
    if not text:
        raise TermsError("empty")
    if len(typed.strip()) > LONGEST_TERMS:
        raise TermsError("long", longest=LONGEST_TERMS)
    if text in _CASH:
        return Terms((Due(),))
    if found := _ENTRY.fullmatch(text):
        return _with_entry(found)
    return Terms(_checked(_rest(text, alone=True)))


def _plain(typed: str) -> str:
    """Lower case, without accents, one space between words."""
    folded = unicodedata.normalize("NFD", typed.casefold())
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())


def _with_entry(found: re.Match[str]) -> Terms:
    share = found["before"] or found["after"]
    entry = Decimal(share.replace(",", ".")) if share else None
    if entry is not None and not 0 < entry < 100:
        raise TermsError("share")
    return Terms(_checked([Due(), *_rest(found["rest"].strip(), alone=found["then"] == "/")]), entry)


def _rest(text: str, *, alone: bool) -> list[Due]:
    """Parts without an entry. A bare number may be instalments or days: where both are usual, it is asked about."""
    if found := _TIMES.fullmatch(text):
        return _monthly(int(found["count"]))
    if _NUMBER.fullmatch(text):
        return _bare(int(text), alone=alone)
    if _LISTED.fullmatch(text):
        return [Due(days=int(number)) for number in re.findall("[0-9]+", text)]
    raise TermsError("unknown")


def _bare(number: int, *, alone: bool) -> list[Due]:
    """30 by itself is days, entry + 3 are instalments; 10 by itself, or entry + 30, may be either."""
    if alone and (number in (0, 7) or number > MOST_BARE):
        return [Due(days=number)]
    if not alone and number <= MOST_BARE:
        return _monthly(number)
    raise TermsError("sure", count=number)


def _monthly(count: int) -> list[Due]:
    if count > MOST_PARTS:
        raise TermsError("many", most=MOST_PARTS)
    if count < 1:
        raise TermsError("none")
    return [Due(months=number) for number in range(1, count + 1)]


def _checked(parts: Sequence[Due]) -> tuple[Due, ...]:
    if len(parts) > MOST_PARTS:
        raise TermsError("many", most=MOST_PARTS)
    if max(part.days for part in parts) > MOST_DAYS:
        raise TermsError("far", most=MOST_DAYS)
    for before, after in pairwise(parts):
        if not after.months and after.days <= before.days:
            raise TermsError("order", earlier=before.days, later=after.days)
    return tuple(parts)


def instalments(terms: Terms, value: Decimal, day: date) -> list[Part]:
    """The value in the terms' parts, of a sale on this day. They add up to it: the first carry the odd cents.

    With a share as entry that part is rounded to the cent, and the first ones of the rest carry theirs.
    Raises TermsError("small") where a part would be nothing.
    """
    if terms.entry is None:
        shares = money.split_evenly(value, len(terms.parts))
    else:
        entry = money.round_cents(value * terms.entry / 100)
        shares = [entry, *money.split_evenly(value - entry, len(terms.parts) - 1)]
    if min(shares) <= 0:
        raise TermsError("small")
    return [
        Part(number, due.on(day), share)
        for number, (due, share) in enumerate(zip(terms.parts, shares, strict=True), start=1)
    ]


class Problems(Exception):  # noqa: N818  (it reads as what it is: what stands beside the fields)
    """What keeps a deal from being saved, or from being won, by field; "" is the whole form."""

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(sorted(fields)))  # never the sentences: they may quote what was typed
        self.fields: dict[str, list[str]] = dict(fields)


class DealError(Exception):
    """The deal can't be changed this way."""


class ClosedError(DealError):
    """It is won or lost: to change it, it is reopened first."""


class NotOpenableError(DealError):
    """It can't be reopened; `code` says why (flow.selling)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotYoursError(DealError):
    """Only its owner, finance or an administrator of its company changes it."""


class DealChangedError(DealError):
    """Somebody changed it since this form was opened."""


class StageError(DealError):
    """`code`: "taken" (another has this name), "name" (none, or too long), "many", "last", "used" (open deals are in
    it), "gone" (it was removed meanwhile)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
