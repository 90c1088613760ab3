"""What somebody typed, made safe to stand in a letter: a vendor's name may hold anything."""

import re
import unicodedata
from typing import Final

LINE: Final = 160
BLOCK: Final = 2000
_JOINER: Final = "\u200d"  # holds an emoji's parts together
_SPACES: Final = re.compile(r"[^\S\xa0]+")  # one that holds a figure to its R$ stays
_ISOLATE, _END = "\u2068", "\u2069"


def line(text: object, longest: int = LINE) -> str:
    """In one line: no control characters, nothing that turns the direction of what follows, not endless."""
    shown = _cut(_SPACES.sub(" ", _visible(str(text))).strip(), longest)
    # What is written from right to left would pull the figures beside it along.
    turned = any(unicodedata.bidirectional(sign) in ("R", "AL") for sign in shown)
    return f"{_ISOLATE}{shown}{_END}" if turned else shown


def block(text: object) -> list[str]:
    """In lines, as they were typed."""
    return [line(part, BLOCK) for part in _cut(str(text).strip(), BLOCK).splitlines()]


def _visible(text: str) -> str:
    return "".join(
        sign if sign == _JOINER or unicodedata.category(sign)[0] != "C" else " "
        for sign in text
        if unicodedata.category(sign) != "Cf" or sign == _JOINER
    )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"
