"""Looking into an account's books: by reference for what may have arrived, by likeness before approval."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from alcada.connections import gateway
from alcada.connections.access import AccessError
from alcada.directory import documents
from alcada.directory.models import EntryKind
from alcada.ledger.rules import Listed, Wanted
from conta_azul import errors
from conta_azul.calls import changes, entries, instalments

# Clocks differ, and the change feed's times are theirs.
FAILURES = (errors.ContaAzulError, AccessError)
MARGIN = timedelta(minutes=5)


@dataclass
class Sought:
    """What a look by reference found, and where it looked: a failed search proves nothing."""

    events: dict[str, list[str]] = field(default_factory=dict)  # event id -> its instalments' ids
    searched: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def add(self, event_id: str, *instalment_ids: str) -> None:
        kept = self.events.setdefault(event_id, [])
        kept.extend(one for one in instalment_ids if one not in kept)

    def told(self) -> dict[str, Any]:
        return {"searched": self.searched, "failed": self.failed, "events": sorted(self.events)}


def find_by_reference(
    connection_id: int, *, kind: str, reference: str, due_from: date, due_to: date, since: datetime
) -> Sought:
    """Look for our reference in the newer list, the older search and, event by event, the change feed since `since`."""
    sought = Sought()
    looks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("newer list", partial(_newer_list, sought, connection_id, kind, reference, due_from, due_to)),
        ("search", partial(_older_search, sought, connection_id, kind, reference, due_from, due_to)),
        ("change feed", partial(_change_feed, sought, connection_id, reference, since)),
    )
    for name, look in looks:
        try:
            look()
            sought.searched.append(name)
        except errors.ContaAzulError as exc:
            sought.failed.append(f"{name}: {exc.sentence}")
        except AccessError as exc:
            sought.failed.append(f"{name}: {exc}")
        if sought.events and name == "search":
            break  # found by its reference: the feed could only tell the same, at one call per event
    return sought


def shows(connection_id: int, *, kind: str, reference: str, due_from: date, due_to: date) -> bool:
    """Does the newer list show the reference by now?"""
    sought = Sought()
    try:
        _newer_list(sought, connection_id, kind, reference, due_from, due_to)
    except FAILURES:
        return False
    return bool(sought.events)


def events(connection_id: int, *, kind: str, due_from: date, due_to: date) -> list[entries.ListedEvent]:
    """What the account holds that is due in the window, with reference and note: where our evidence travelled to."""
    items = _newer_items(connection_id, kind, due_from, due_to)
    return list({item.event.id: item.event for item in items}.values())


def listed(connection_id: int, *, kind: str, wanted: Wanted) -> list[Listed]:
    """The instalments due around the wanted ones, as the search lists them."""
    due_from, due_to = wanted.window
    amounts = [amount for _, amount in wanted.parts]
    search = entries.search_payables if kind == EntryKind.PAYABLE else entries.search_receivables
    pages = search(due_from=due_from, due_to=due_to, value_from=min(amounts), value_to=max(amounts))
    return [
        Listed(
            id=item.id,
            description=item.description or "",
            due_date=item.due_date,
            amount=item.total,
            party_name=documents.normalise_name((item.party and item.party.name) or ""),
            party_id=(item.party and item.party.id) or "",
            status=item.search_status or item.status or "",
        )
        for item in gateway.walk(connection_id, pages)
        if item.due_date and item.total is not None
    ]


def _newer_items(
    connection_id: int, kind: str, due_from: date, due_to: date
) -> Iterable[entries.ListedInstalment]:
    listing = entries.list_payables if kind == EntryKind.PAYABLE else entries.list_receivables
    return gateway.walk(connection_id, listing(due_from, due_to))


def _newer_list(
    sought: Sought, connection_id: int, kind: str, reference: str, due_from: date, due_to: date
) -> None:
    for item in _newer_items(connection_id, kind, due_from, due_to):
        if item.event.reference == reference or reference in (item.event.description or ""):
            sought.add(item.event.id, item.id)


def _older_search(
    sought: Sought, connection_id: int, kind: str, reference: str, due_from: date, due_to: date
) -> None:
    search = entries.search_payables if kind == EntryKind.PAYABLE else entries.search_receivables
    for item in gateway.walk(connection_id, search(due_from=due_from, due_to=due_to, description=reference)):
        if reference in (item.description or ""):
            part = gateway.send(connection_id, instalments.get(item.id))  # the item has no event id: this has
            if part.event:
                sought.add(part.event.id, part.id)


def _change_feed(sought: Sought, connection_id: int, reference: str, since: datetime) -> None:
    """Every event changed since the attempt is opened: an edited entry hides from searches by text, value or date."""
    feed = changes.list(start=since - MARGIN, end=datetime.now(since.tzinfo) + MARGIN)
    for event_id in gateway.walk(connection_id, feed):
        for part in gateway.send(connection_id, instalments.of_event(event_id)):
            if reference in (part.description or "") or reference in (part.note or ""):
                sought.add(event_id, part.id)
