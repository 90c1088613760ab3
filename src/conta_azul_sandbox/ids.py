"""Ids as Conta Azul has them: uuid strings of several versions (docs/conta-azul-api.md §2.4)."""

import random
import re

UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


class Ids:
    """Takes turns between versions 1 and 7, so that a client which demands version 4 is found out."""

    def __init__(self, source: random.Random) -> None:
        self._source = source
        self._turn = 0

    def new(self) -> str:
        self._turn += 1
        version = "1" if self._turn % 2 else "7"
        digits = f"{self._source.getrandbits(128):032x}"
        variant = "89ab"[int(digits[16], 16) % 4]
        return f"{digits[:8]}-{digits[8:12]}-{version}{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def is_uuid(text: str) -> bool:
    return UUID.fullmatch(text) is not None


def is_legacy_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19
