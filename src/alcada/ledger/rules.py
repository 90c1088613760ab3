"""What counts as a likely twin. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from alcada.directory.models import EntryKind

# A bill typed by hand often carries another due date than the document: a week around is looked at.
DUE_MARGIN: Final = timedelta(days=7)
WATCHED: Final = timedelta(seconds=30)  # twice the time between looks for what was missed
# A first look later than this tells nothing of how late something showed.
BOUNDED: Final = timedelta(minutes=10)
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
    """How late an entry showed. None where nothing is known of it.

    `missed_at`: the last look that did not find it. It showed between then and now: not before now, to be careful; but
    where nobody looked for long (a worker that died, a computer that slept) only that it had not shown by then. One
    that the first look found showed by then: within minutes that bounds it (`flow.posting.evidence` says when that
    counts), across a night it tells nothing. Where the clock was set back, nobody knows.
    """
    unwatched = seen_at - (missed_at or written_at)
    if unwatched < timedelta(0) or seen_at < written_at:
        return None
    if unwatched <= WATCHED:
        return (seen_at - written_at).total_seconds()
    if missed_at:
        return max(0.0, (missed_at - written_at).total_seconds())
    return (seen_at - written_at).total_seconds() if unwatched <= BOUNDED else None


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
