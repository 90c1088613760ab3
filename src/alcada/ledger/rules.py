"""What counts as a likely twin. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from alcada.directory.models import EntryKind

# A bill typed by hand often carries another due date than the document: a week around is looked at.
DUE_MARGIN: Final = timedelta(days=7)
AT_ONCE: Final = timedelta(seconds=30)  # a first look so soon tells how late an entry shows
WATCHED: Final = timedelta(minutes=5)  # workers look every minute at the least while something was posted
KIND_OF: Final = {"RECEITA": EntryKind.RECEIVABLE, "DESPESA": EntryKind.PAYABLE}  # their words
LONGEST_WINDOW: Final = timedelta(days=364)  # the feed takes 365


@dataclass(frozen=True)
class Wanted:
    """What a submitted entry would look like in the account's books."""

    party_name: str  # normalised
    party_remote_id: str
    parts: Sequence[tuple[date, Decimal]]  # due date, amount

    @property
    def window(self) -> tuple[date, date]:
        days = [due for due, _ in self.parts]
        return min(days) - DUE_MARGIN, max(days) + DUE_MARGIN


@dataclass(frozen=True)
class Listed:
    """An instalment as the account's search lists it."""

    id: str
    description: str
    due_date: date
    amount: Decimal
    party_name: str  # normalised
    party_id: str
    status: str

    def shown(self, entry_id: int | None) -> dict[str, Any]:
        """What a page shows of it; `entry_id` is the entry here that was posted as this one, if any."""
        return {
            "entry": entry_id,
            "id": self.id,
            "description": self.description,
            "due_date": self.due_date.isoformat(),
            "amount": str(self.amount),
            "status": self.status,
        }


def windows(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time between the two, in pieces as long as the change feed takes; at least one."""
    while end - start > LONGEST_WINDOW:
        yield start, start + LONGEST_WINDOW
        start += LONGEST_WINDOW
    yield start, end


def lag_s(written_at: datetime, seen_at: datetime, *, missed_at: datetime | None = None) -> float | None:
    """How late an entry showed, at most. None where that says nothing of Conta Azul.

    `missed_at`: the last look that did not find it. It showed between then and now: where that is long, an account
    stood still or a computer slept. One that the first look found showed before somebody looked: it counts where that
    was soon, whatever came of it, so that nothing is chosen by how late it was. Where the clock was set back, nobody
    knows.
    """
    lag, unwatched = seen_at - written_at, seen_at - (missed_at or written_at)
    known = timedelta(0) <= unwatched <= (WATCHED if missed_at else AT_ONCE) and lag >= timedelta(0)
    return lag.total_seconds() if known else None


def likely_twins(wanted: Wanted, listed: Sequence[Listed]) -> list[Listed]:
    """Same party (by id, else by name), same value to the cent, due within a week of one of the instalments."""
    return [
        item
        for item in listed
        if _same_party(wanted, item)
        and any(
            item.amount == amount and abs(item.due_date - due) <= DUE_MARGIN for due, amount in wanted.parts
        )
    ]


def _same_party(wanted: Wanted, item: Listed) -> bool:
    if wanted.party_remote_id and item.party_id:
        return wanted.party_remote_id == item.party_id
    return bool(wanted.party_name) and wanted.party_name == item.party_name
