"""What somebody types into a list's search, as the conditions that one index answers. Pure.

Each piece must be there: a word by how it begins, a number, a document, a value. `100..200` is a range of values. The
other side, the words and marks that each entry carries, is the trigger of migration 0005.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.contrib.postgres.search import SearchQuery
from django.db.models import Value
from django.db.models.sql.compiler import SQLCompiler

from alcada import money
from alcada.directory import documents

_APART: Final = re.compile(r"[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+")
_MARKS: Final = re.compile(r"[\u0300-\u036f]")
_RANGE: Final = re.compile(r"(.*?)\.\.\.?(.*)")
_REFERENCE: Final = re.compile(r"ALC-[0-9A-Z]{4,12}", re.IGNORECASE)
# Stand in half of all names: sought whole, or all that begins so would be gathered before the rest narrows it.
_FORMS: Final = frozenset(["ltda", "limitada", "eireli"])
MOST: Final = 200  # characters of a search: more is a paste by mistake


@dataclass(frozen=True)
class Search:
    """`words` is a condition on an entry's words and marks, empty for none; the range is of its value."""

    words: str = ""
    least: Decimal | None = None
    most: Decimal | None = None
    reference: str = ""  # of a posting


def read(text: str) -> Search:
    """The search that somebody typed. Anything can be typed: what means nothing is a word that nothing has."""
    text = " ".join(text.replace("\x00", "").split())[:MOST]
    text = re.sub(r"R\$ ?", "", text)  # "R$ 100 .. R$ 200"
    text = re.sub(r" ?\.\.\.? ?", "..", text)
    if _REFERENCE.fullmatch(text):
        return Search(reference=text.upper())
    whole = documents.normalise(text)
    if len(whole) == 44 and whole[:6].isdigit():  # an NF-e's key, pasted with or without its spaces
        return Search(words=_any([_begins(whole.lower())]))
    parts: list[str] = []
    least = most = None
    pieces = text.split(" ")
    for piece in pieces:
        limits = _limits(piece)
        if limits:
            least, most = limits
        elif piece:
            parts.append(_piece(piece, alone=len(pieces) == 1))
    return Search(words="&".join(parts), least=least, most=most)


def _limits(piece: str) -> tuple[Decimal | None, Decimal | None] | None:
    found = _RANGE.fullmatch(piece)
    if found is None or not (found[1] or found[2]):
        return None
    try:
        low, high = (amount(side) if side else None for side in found.groups())
    except money.AmountError:
        return None
    return (high, low) if low is not None and high is not None and low > high else (low, high)


def amount(text: str) -> Decimal:
    """As money.parse_brl; "1.000" in a range can only be a thousand: an amount has no three decimals."""
    try:
        return money.parse_brl(text)
    except money.AmountError as exc:
        if exc.code != "ambiguous":
            raise
        return Decimal(re.sub(r"[.,]", "", text)).quantize(money.CENT)


def _piece(piece: str, *, alone: bool) -> str:
    """One piece: its words (all of them), or what it may be as a number, a document, a value.

    Of several words, one of two letters is whole, and a company's form: "nf" that begins a word stands in half of all
    entries.
    """
    if piece.startswith("#") and piece[1:].isascii() and piece[1:].isdigit():
        return _quoted(f"#{int(piece[1:])}") if len(piece) < 12 else _quoted("#")
    words = [word for word in _APART.split(fold(piece)) if word]
    if not words:
        return _quoted("#")  # signs only: nothing has that
    alone = alone and len(words) == 1
    ways = ["&".join(_begins(word) if alone or _tells(word) else _quoted(word) for word in words)]
    if any(letter.isdigit() for letter in piece):
        joined = "".join(words)
        if len(words) > 1 and len(joined) >= 4:
            ways.append(_begins(joined))  # 19.131.243/0001-97, NF-1001
        if joined.startswith("0") and joined.isdigit() and joined.strip("0"):
            ways.append(_begins(joined.lstrip("0")))
        if piece.isascii() and piece.isdigit() and len(piece) < 9:
            ways.append(_quoted(f"#{int(piece)}"))
        with suppress(money.AmountError, ArithmeticError):
            ways.append(_quoted(f"={money.to_cents(amount(piece))}"))
    return _any(ways)


def _tells(word: str) -> bool:
    return len(word) > 2 and word not in _FORMS


def fold(text: str) -> str:
    """Small letters without accents, as intake_folded() of the database."""
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).lower()


def words(text: str, mark: str) -> str:
    """All of these words where they carry the mark, each by how it begins; signs only: nothing has that."""
    found = [word for word in _APART.split(fold(text.replace("\x00", ""))) if word]
    return "&".join(_begins(word, mark) for word in found) or _quoted("#")


def tagged(mark: str, keys: Iterable[int | str]) -> str:
    """One of these marks: `tagged("@c", [1, 2])`."""
    return _any([_quoted(f"{mark}{key}") for key in keys])


def all_of(*conditions: str) -> str:
    return "&".join(f"({condition})" for condition in conditions if condition)


def _any(ways: list[str]) -> str:
    return "(" + "|".join(f"({way})" for way in ways) + ")"


def _begins(word: str, mark: str = "") -> str:
    return f"{_quoted(mark + word[:60])}:*"


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "").replace("'", "") + "'"


class Having(SearchQuery):
    """A condition on words and marks, taken as it is written: PostgreSQL's reader of texts would drop the marks."""

    def __init__(self, condition: str) -> None:
        super().__init__(condition, search_type="raw")
        self.condition = condition

    def as_sql(  # type: ignore[override]
        self, compiler: SQLCompiler, connection: object, *args: object, **kwargs: object
    ) -> tuple[str, list[str]]:
        sql, params = compiler.compile(Value(self.condition))
        return f"({sql})::tsquery", [str(each) for each in params]
