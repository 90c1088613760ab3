"""What people are told of, by which way, and when. Pure: no database, no clock."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class Kind(StrEnum):
    """What a person may choose a way for."""

    ASKED = "asked"
    MINE_BACK = "mine_back"
    MINE = "mine"
    HAND = "hand"
    ACCOUNT = "account"
    DIFFERENCE = "difference"
    SETTLED = "settled"
    MAPPING = "mapping"


class Way(StrEnum):
    AT_ONCE = "at_once"  # in the product, and by e-mail as it happens
    DIGEST = "digest"  # in the product, and in the daily digest
    PRODUCT = "product"  # in the product only
    OFF = "off"  # nowhere


DIGEST: Final = "digest"  # beside the kinds, where a letter says what it is about

# What holds for whoever chose nothing.
USUAL: Final[dict[Kind, Way]] = {
    Kind.ASKED: Way.AT_ONCE,
    Kind.MINE_BACK: Way.AT_ONCE,
    Kind.MINE: Way.AT_ONCE,
    Kind.HAND: Way.AT_ONCE,
    Kind.ACCOUNT: Way.AT_ONCE,
    Kind.DIFFERENCE: Way.AT_ONCE,
    Kind.SETTLED: Way.DIGEST,
    Kind.MAPPING: Way.DIGEST,
}
# Somebody waits for the person, or money is in question: the product shows it, whatever they chose.
NEVER_OFF: Final = frozenset({Kind.ASKED, Kind.MINE_BACK, Kind.HAND, Kind.ACCOUNT, Kind.DIFFERENCE})

ZONE: Final = "America/Sao_Paulo"
DIGEST_AT: Final = time(8, 0)
WORKDAYS: Final = (1, 2, 3, 4, 5)  # Monday is 1, as isoweekday


def ways_of(kind: Kind) -> list[Way]:
    """The ways that a person may choose for the kind."""
    return [way for way in Way if way != Way.OFF or kind not in NEVER_OFF]


# --- The digest ----------------------------------------------------------------------------------------------


def digest_day(now: datetime, *, zone: str, at: time, days: tuple[int, ...] | list[int]) -> date | None:
    """The person's day whose digest is due at this moment, or None.

    By what their clock shows: an hour that a clock change leaves out is past when the next one begins, and one that
    comes twice belongs to one day, of which there is one digest.
    """
    local = now.astimezone(zone_of(zone))
    due = local.isoweekday() in days and local.time() >= at
    return local.date() if due else None


def zone_of(name: str) -> ZoneInfo:
    """The zone; the usual one where this machine does not know the name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(ZONE)


# --- E-mail --------------------------------------------------------------------------------------------------

CLAIM: Final = timedelta(
    minutes=3
)  # longer than one conversation with a server may last (EMAIL_TIMEOUT each step)
KEEP_TRYING: Final = timedelta(days=2)
REPEATS: Final = 1  # of one that may have arrived: with the same Message-ID
TOGETHER: Final = 5  # of one kind within QUIET; more come in one e-mail
QUIET: Final = timedelta(minutes=10)


class Sent(StrEnum):
    """How one try to hand a letter to the mail server ended."""

    DONE = "done"
    NOT_SENT = "not_sent"  # surely not taken: again later
    REFUSED = "refused"  # for good: this address, or this content
    UNKNOWN = "unknown"  # the connection ended, or the worker died, after the server may have taken it


@dataclass(frozen=True)
class Next:
    """What follows from a try. `wait` is None: it is not tried again."""

    wait: timedelta | None
    doubts: int


def after(outcome: Sent, *, tries: int, doubts: int, age: timedelta) -> Next:
    """What to do after a try that did not end well; `tries` counts it already."""
    doubts += outcome == Sent.UNKNOWN
    if outcome == Sent.REFUSED or age > KEEP_TRYING or doubts > REPEATS:
        return Next(None, doubts)
    return Next(min(timedelta(seconds=15 * 2 ** min(tries, 12)), timedelta(hours=1)), doubts)
