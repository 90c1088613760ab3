"""Keeping documents out of httpx's own log.

httpx logs each request's whole address at INFO, and a search for a person has a CPF or CNPJ in it. While one
of our calls is being sent, its query is left out of that line; requests of others are not touched.
"""

import contextlib
import logging
import time
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final

import httpx

log: Final = logging.getLogger("conta_azul")
_sending: Final[ContextVar[bool]] = ContextVar("conta_azul_sending", default=False)


class _WithoutOurQueries(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        if _sending.get() and isinstance(record.args, tuple):
            record.args = tuple(_without_query(each) for each in record.args)
        return True


def _without_query(value: object) -> object:
    return value.copy_with(query=None) if isinstance(value, httpx.URL) else value


logging.getLogger("httpx").addFilter(_WithoutOurQueries())


@dataclass
class Sending:
    status: int | None = None


@contextlib.contextmanager
def sending(name: str) -> Iterator[Sending]:
    """While a call is under way; afterwards one line with its name, status and duration."""
    token, began, under_way = _sending.set(True), time.monotonic(), Sending()
    try:
        yield under_way
    finally:
        _sending.reset(token)
        log.debug(
            "%s: %s in %.0f ms", name, under_way.status or "no answer", (time.monotonic() - began) * 1000
        )
