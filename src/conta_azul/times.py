"""Dates and times as Conta Azul writes them.

Filters take local São Paulo time without a zone; a zone is refused (documented on the financial API's pages
for `alteracoes`, and observed). Answers come without a zone too, mostly, and mean the same; where a zone is
there, it counts.
"""

import datetime as dt
import re
from typing import Final
from zoneinfo import ZoneInfo

SAO_PAULO: Final = ZoneInfo("America/Sao_Paulo")
_BRAZILIAN: Final = re.compile(r"(\d{2})/(\d{2})/(\d{4})")


def to_wire(moment: dt.datetime, *, up: bool = False) -> str:
    """An aware moment as São Paulo time, in whole seconds; `up` rounds up, so that a window never shrinks."""
    if moment.utcoffset() is None:
        raise ValueError("A moment needs a time zone; this one has none")
    if up and moment.microsecond:
        moment += dt.timedelta(seconds=1)
    return moment.astimezone(SAO_PAULO).replace(tzinfo=None).isoformat(timespec="seconds")


def read_moment(text: str) -> dt.datetime:
    """An aware moment. Raises ValueError."""
    moment = dt.datetime.fromisoformat(_iso(text.strip()))
    return moment if moment.utcoffset() is not None else moment.replace(tzinfo=SAO_PAULO)


def read_date(text: str) -> dt.date:
    """The date as it is written, whatever time or zone follows it. Raises ValueError."""
    return dt.date.fromisoformat(_iso(text.strip())[:10])


def _iso(text: str) -> str:
    # One page of the documentation (get-parcela-por-id) shows a date as dd/mm/yyyy; the descriptions say ISO.
    match = _BRAZILIAN.match(text)
    if not match:
        return text
    day, month, year = match.groups()
    return f"{year}-{month}-{day}{text[10:]}"
