"""The columns that a kind of row has, and which column of a file is which. Pure."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

# Words that tell no column from another: "Data de vencimento (R$)" and "data vencimento" are one.
_SMALL: Final = frozenset(
    {"de", "do", "da", "dos", "das", "o", "a", "the", "of", "r", "rs", "brl", "em", "no", "na"}
)
ALIKE: Final = 0.88  # from here on a header is taken for a mistyped one
MOST_COLUMNS: Final = 200  # with a header


@dataclass(frozen=True, eq=False)
class Column:
    """One that we read. `spellings`: what people call it, in Portuguese and English."""

    name: str
    label: "_StrPromise | str"
    hint: "_StrPromise | str"
    spellings: tuple[str, ...]
    needed: bool = False
    own: bool = False  # the company's: its name is meant before what else people call another column


def folded(text: str) -> str:
    """As headers and fixed words are compared: no accents, case, signs."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


def telling(header: str) -> str:
    """What of a header tells columns apart."""
    words = folded(header).split()
    return " ".join([word for word in words if word not in _SMALL] or words)


@lru_cache(maxsize=8)
def _known(columns: tuple[Column, ...]) -> dict[str, str]:
    """What tells a header → the column's name; a spelling that two columns have is the first's."""
    own = [column for column in columns if column.own]
    ordered = [*own, *(column for column in columns if not column.own)][::-1]
    return {telling(spelling): column.name for column in ordered for spelling in column.spellings}


def guess(headers: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """Of each header the column's name; empty where none is meant. A column is given once, to the first of its name."""
    known = _known(tuple(columns))
    found = [known.get(telling(header), "") for header in headers]
    taken: set[str] = set()
    for index, name in enumerate(found):
        found[index] = "" if name in taken else name
        taken.add(name)
    for index, header in enumerate(headers):
        if not found[index] and (name := _alike(telling(header), known)) and name not in taken:
            found[index] = name
            taken.add(name)
    return found


def _alike(header: str, known: dict[str, str]) -> str:
    """The column whose name is this one mistyped; a mark in the middle of two is none."""
    if len(header) < 5 or telling(header) in known:
        return ""
    best, score = "", ALIKE
    for spelling, name in known.items():
        ratio = SequenceMatcher(None, header, spelling).ratio()
        if ratio >= score:
            best, score = name, ratio
    return best


def recognised(headers: Sequence[object], columns: Sequence[Column]) -> int:
    """In how many of these cells stands the name of a column."""
    known = _known(tuple(columns))
    return sum(isinstance(cell, str) and telling(cell) in known for cell in headers)


def signature(headers: Sequence[str]) -> str:
    """What a set of headers is remembered by, in hex."""
    return hashlib.sha256("\x1f".join(folded(header) for header in headers).encode()).hexdigest()
