"""Amounts: one rounding, parts that add up, and what people type. No Django, no floats.

An amount is a `Decimal` in the currency's main unit (reais, not cents), and its currency code stands in a
field beside it ("BRL" unless said otherwise; ISO 4217). Every currency here has two decimal places.
Where the odd cent goes, with a worked table: docs/money.md.
"""

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Final

DEFAULT_CURRENCY: Final = "BRL"
CENT: Final = Decimal("0.01")
# What a column of 14 digits, two of them cents, holds.
LARGEST: Final = Decimal("999999999999.99")

_SYMBOLS: Final = {"BRL": "R$", "USD": "US$", "EUR": "€"}
_NO_BREAK_SPACE: Final = "\u00a0"


class AmountError(ValueError):
    """This is not an amount that we can take. `code` says why, for whoever shows a sentence.

    Codes: "empty", "not_a_number", "ambiguous" (1.234 is a thousand to one reader and one to another),
    "too_many_decimals", "negative", "too_large", "fraction_of_a_cent", "no_parts", "no_weight".
    """

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.text = text


def round_cents(amount: Decimal) -> Decimal:
    """The amount to the nearest cent; half a cent goes away from zero. The only rounding in the product.

    Half up, not half to even: it is what ROUND does in the spreadsheet that people check us with. Half to
    even exists against a drift in long sums of rounded parts. We never sum those: parts are split exactly.

    Raises AmountError: "not_a_number" (NaN, infinity) or "too_large".
    """
    if not amount.is_finite():
        raise AmountError("not_a_number")
    if abs(amount) >= LARGEST + 1:
        raise AmountError("too_large")
    rounded = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    if abs(rounded) > LARGEST:
        raise AmountError("too_large")
    return rounded + 0  # + 0: no "-0.00"


def to_cents(amount: Decimal) -> int:
    """The amount in whole cents, exactly. Raises AmountError("fraction_of_a_cent") rather than round."""
    cents = round_cents(amount)
    if cents != amount:
        raise AmountError("fraction_of_a_cent")
    return int(cents.scaleb(2))


def from_cents(cents: int) -> Decimal:
    """Whole cents as an amount with two decimals."""
    return Decimal(cents).scaleb(-2)


def split_evenly(amount: Decimal, parts: int) -> list[Decimal]:
    """The amount in so many parts that add up to it; the first parts carry the odd cents.

    100.00 in 3 is 33.34 + 33.33 + 33.33. Fewer cents than parts leaves parts of 0.00: whether a part may be
    nothing is the caller's rule. Raises AmountError: "no_parts", "fraction_of_a_cent".
    """
    if parts < 1:
        raise AmountError("no_parts")
    return split_by_weights(amount, [1] * parts)


def split_by_weights(amount: Decimal, weights: Sequence[Decimal | int]) -> list[Decimal]:
    """The amount in proportion to the weights, adding up to it: the largest remainder gets the odd cent.

    Each part is cut down to whole cents; the cents left over go one each to the parts that lost most, and
    among equals to the first. So no part is a whole cent away from its exact share; a weight of 0 gets 0.00.
    A negative amount splits as its positive does. Weights need not add up to 1 or to 100.

    Raises AmountError: "no_parts", "no_weight" (all zero), "negative" (a weight), "not_a_number",
    "fraction_of_a_cent" (the amount).
    """
    shares = _shares(weights)
    total = to_cents(amount)
    exact = [abs(total) * share for share in shares]
    cents = [int(part) for part in exact]
    by_remainder = sorted(range(len(cents)), key=lambda i: (cents[i] - exact[i], i))
    for i in by_remainder[: abs(total) - sum(cents)]:
        cents[i] += 1
    return [from_cents(-part if total < 0 else part) for part in cents]


def _shares(weights: Sequence[Decimal | int]) -> list[Fraction]:
    """Each weight as its exact part of the whole: thirds are thirds."""
    if not weights:
        raise AmountError("no_parts")
    if not all(Decimal(weight).is_finite() for weight in weights):
        raise AmountError("not_a_number")
    exact = [Fraction(weight) for weight in weights]
    if min(exact) < 0:
        raise AmountError("negative")
    whole = sum(exact)
    if not whole:
        raise AmountError("no_weight")
    return [weight / whole for weight in exact]


_BRAZILIAN = re.compile(r"(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]+)(?:,[0-9]{1,2})?")
_ENGLISH = re.compile(r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,2})?")
# One mark and three digits: a thousand and something in one language, one and something in the other.
_EITHER = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
_MORE_DECIMALS = re.compile(r"[0-9]+(?:[.,][0-9]{3})*[.,][0-9]{3,}")


def parse_brl(text: str) -> Decimal:
    """What a person typed or pasted, as an amount with two decimals; zero is let through.

    Taken: "R$ 1.234,56", "1234,56", "1.234,5", "1234", "1.234.567", and "1234.56" or "1,234.56", which mean
    one thing to everybody. Not taken: "1.234" and "1,234", where a guess may be wrong by a thousand.
    Raises AmountError: "empty", "ambiguous", "negative", "too_many_decimals", "too_large", "not_a_number".
    """
    plain = "".join(text.split()).removeprefix("R$")
    if not plain:
        raise AmountError("empty", text)
    if plain[0] in "-\u2212(":
        raise AmountError("negative", text)
    if _EITHER.fullmatch(plain):
        raise AmountError("ambiguous", text)
    amount = Decimal(_with_point(plain, text))
    if amount > LARGEST:
        raise AmountError("too_large", text)
    return amount.quantize(CENT)


def _with_point(plain: str, text: str) -> str:
    """The digits with a point for the decimals, whichever of the two ways they were written."""
    if _BRAZILIAN.fullmatch(plain):
        return plain.replace(".", "").replace(",", ".")
    if _ENGLISH.fullmatch(plain):
        return plain.replace(",", "")
    raise AmountError("too_many_decimals" if _MORE_DECIMALS.fullmatch(plain) else "not_a_number", text)


def format_brl(amount: Decimal, currency: str = DEFAULT_CURRENCY, language: str = "pt-br") -> str:
    """R$ 1.234,56; R$ 1,234.56 where the language is English. Another currency shows its own sign or code.

    The space is one that doesn't break, so a phone never parts the sign from the figure.
    Raises AmountError: "not_a_number", "too_large".
    """
    figure = f"{abs(round_cents(amount)):,.2f}"
    if not language.lower().startswith("en"):
        figure = figure.translate(str.maketrans(",.", ".,"))
    sign = "-" if round_cents(amount) < 0 else ""
    return f"{sign}{_SYMBOLS.get(currency, currency)}{_NO_BREAK_SPACE}{figure}"
