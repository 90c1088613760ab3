"""The sandbox's own clock: it can be moved forward to see codes and tokens expire."""

import time
from datetime import UTC, date, datetime, timedelta, timezone

# A fixed offset, as the descriptions say it: "São Paulo/GMT-3" (docs/conta-azul-api.md §2.4).
SAO_PAULO = timezone(timedelta(hours=-3))


class Clock:
    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("The clock only moves forward")
        self.offset += seconds


def local_text(moment: float) -> str:
    """São Paulo local time without a zone, with fractions: what `data_alteracao` looks like."""
    return datetime.fromtimestamp(moment, SAO_PAULO).replace(tzinfo=None).isoformat(timespec="microseconds")


def utc_text(moment: float) -> str:
    return datetime.fromtimestamp(moment, SAO_PAULO).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def local_date(moment: float) -> str:
    return datetime.fromtimestamp(moment, SAO_PAULO).strftime("%Y-%m-%d")


def parse_date(text: str) -> str:
    """Check an ISO date and give it back; ValueError otherwise."""
    if len(text) != 10:
        raise ValueError(text)
    date.fromisoformat(text)
    return text


def parse_local(text: str) -> float:
    """Read a date-time without zone as São Paulo's; ValueError when it carries a zone or is none."""
    if len(text) < 16 or text.endswith("Z"):
        raise ValueError(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None:
        raise ValueError(text)
    return moment.replace(tzinfo=SAO_PAULO).timestamp()
