"""What counts as a likely twin. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

# A bill typed by hand often carries another due date than the document: a week around is looked at.
DUE_MARGIN: Final = timedelta(days=7)


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
