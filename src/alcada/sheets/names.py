"""Things by what people call them in a cell."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Generic, TypeVar

from alcada.sheets.columns import folded

T = TypeVar("T")


class Names(Generic[T]):
    """Things by what they are called: whole, or by a shorter name that only one of them has."""

    def __init__(self, things: Iterable[tuple[T, tuple[str, ...]]]) -> None:
        self._found: dict[str, list[T]] = {}
        self._like: dict[str, str] = {}
        for thing, names in things:
            for name in names:
                known = self._found.setdefault(folded(name), [])
                if thing not in known:
                    known.append(thing)

    def called(self, text: str) -> list[T]:
        return self._found.get(folded(text), [])

    def like(self, text: str) -> str:
        """What may have been meant; empty where nothing is alike."""
        wanted = folded(text[:100])
        if wanted not in self._like:  # a file has the same slip in line after line
            close = get_close_matches(wanted, list(self._found), n=1, cutoff=0.75)
            self._like[wanted] = str(self._found[close[0]][0]) if close else ""
        return self._like[wanted]
