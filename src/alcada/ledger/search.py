"""Looking into an account's books: by reference for what may have arrived, by likeness before approval."""

import re
from collections.abc import Callable, Collection, Iterable, MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from alcada.connections import gateway
from alcada.connections.access import AccessError
from alcada.directory import documents
from alcada.directory.models import EntryKind
from alcada.ledger.rules import Listed, Wanted, windows
from conta_azul import Pages, errors
from conta_azul.answer import Fields
from conta_azul.calls import changes, entries, instalments

# Clocks differ, and the change feed's times are theirs.
FAILURES = (errors.ContaAzulError, AccessError)
MARGIN = timedelta(minutes=5)
SIGHT_PAGE = 500  # polls read by the thousand: by this the two are told apart in a log of calls
LOOK_PAGE = 1000  # the largest there is: of an account in a storm a look reads hundreds
SIGHT_MARGIN = timedelta(minutes=1)  # a posting missed for it teaches nothing, which is the safe side
ANY_DUE_DATE = (
    date(2000, 1, 1),
    date(2100, 1, 1),
)  # the search wants a window: a wide one, to search by something else
REFERENCE = re.compile(r"\[(ALC-[0-9A-Z]{6})\]")


@dataclass
class LookedFor:
    """What a look by reference found, and where it looked: a failed search proves nothing."""

    events: dict[str, list[str]] = field(default_factory=dict)  # event id -> its instalments' ids
    searched: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    unclear: list[str] = field(
        default_factory=list
    )  # events that may be ours, with the reference taken out of them

    def add(self, event_id: str, *instalment_ids: str) -> None:
        kept = self.events.setdefault(event_id, [])
        kept.extend(one for one in instalment_ids if one not in kept)

    def told(self) -> dict[str, Any]:
        told = {"searched": self.searched, "failed": self.failed, "events": sorted(self.events)}
        return told | ({"unclear": self.unclear} if self.unclear else {})


def find_by_reference(
    connection_id: int,
    *,
    kind: str,
    reference: str,
    parts: Sequence[tuple[date, Decimal]],
    since: datetime | None,
    accounted: Callable[[Collection[str]], Collection[str]],
    resembles: Callable[[Sequence[instalments.Instalment]], bool],
    opened: MutableMapping[str, tuple[instalments.Instalment, ...]],
) -> LookedFor:
    """Look for our reference in the search by text, the newer list and, event by event, the change feed `since` then.

    `parts`: due date and value of each instalment. The search by text rests on how it matches, the newer list on
    whether it tells a reference: neither is documented. Where the list tells none, or is down, the older search is
    asked by value and due date, and the texts are read here. Without `since` the feed is left out. Found by one, the
    others could only tell the same. `accounted` says which events of the feed are known to be something else: they are
    not opened. One that carries no reference of ours and `resembles` what is looked for may be it, edited: it is told
    as unclear. `opened`: those that were opened since the look began; this one adds its own.
    """
    looked = LookedFor()
    days = [day for day, _amount in parts]
    search = partial(_older_search, looked, connection_id, kind, reference)
    looks: list[tuple[str, Callable[[], bool]]] = [
        ("search", partial(search, min(days), max(days), text=reference)),
        ("newer list", partial(_newer_list, looked, connection_id, kind, reference, min(days), max(days))),
        ("search by value", partial(search, parts[0][0], parts[0][0], amount=parts[0][1])),
    ]
    if since is not None:
        feed = partial(_change_feed, looked, connection_id, reference, since, accounted, resembles, opened)
        looks.append(("change feed", feed))
    references_told = False
    for name, look in looks:
        if name == "search by value" and references_told:
            continue
        try:
            told = look()
            looked.searched.append(name)
            references_told = told if name == "newer list" else references_told
        except errors.ContaAzulError as exc:
            looked.failed.append(f"{name}: {exc.sentence}")
        except AccessError as exc:
            looked.failed.append(f"{name}: {exc}")
        if looked.events:
            break
    return looked


def shown_since(connection_id: int, *, kind: str, since: datetime) -> set[str]:
    """The references of our postings among what the search shows as changed since then. One call for a page of them.

    Raises FAILURES.
    """
    search = entries.search_payables if kind == EntryKind.PAYABLE else entries.search_receivables
    until = _until(since)
    pages = search(*ANY_DUE_DATE, changed_from=since - SIGHT_MARGIN, changed_to=until, page_size=SIGHT_PAGE)
    # Of hundreds of items nothing but the text is wanted.
    texts = Pages(pages.template, _description, pages.params, pages.size)
    found = (REFERENCE.search(text) for text in gateway.walk(connection_id, texts))
    return {match.group(1) for match in found if match}


def _description(item: Fields) -> str:
    return str(item.raw.get("descricao") or "")


def events(connection_id: int, *, kind: str, due_from: date, due_to: date) -> list[entries.ListedEvent]:
    """What the account holds that is due in the window, with reference and note: where our evidence travelled to."""
    items = _newer_items(connection_id, kind, due_from, due_to)
    return list({item.event.id: item.event for item in items}.values())


def listed(connection_id: int, *, kind: str, wanted: Sequence[Wanted]) -> list[Listed]:
    """The instalments due around all of the wanted ones, as the search lists them: one walk through a window."""
    days = [day for one in wanted for day in one.window]
    amounts = [amount for one in wanted for _, amount in one.parts]
    search = entries.search_payables if kind == EntryKind.PAYABLE else entries.search_receivables
    pages = search(
        due_from=min(days),
        due_to=max(days),
        value_from=min(amounts),
        value_to=max(amounts),
        page_size=LOOK_PAGE,
    )
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
    return gateway.walk(connection_id, listing(due_from, due_to, page_size=LOOK_PAGE))


def _newer_list(
    looked: LookedFor, connection_id: int, kind: str, reference: str, due_from: date, due_to: date
) -> bool:
    """Does the list tell a reference of any entry?"""
    told = False
    for item in _newer_items(connection_id, kind, due_from, due_to):
        told = told or bool(item.event.reference)
        if item.event.reference == reference or reference in (item.event.description or ""):
            looked.add(item.event.id, item.id)
    return told


def _older_search(
    looked: LookedFor,
    connection_id: int,
    kind: str,
    reference: str,
    due_from: date,
    due_to: date,
    *,
    text: str | None = None,
    amount: Decimal | None = None,
) -> bool:
    search = entries.search_payables if kind == EntryKind.PAYABLE else entries.search_receivables
    pages = search(
        due_from, due_to, description=text, value_from=amount, value_to=amount, page_size=LOOK_PAGE
    )
    for item in gateway.walk(connection_id, pages):
        if reference in (item.description or ""):
            part = gateway.send(connection_id, instalments.get(item.id))  # the item has no event id: this has
            if part.event:
                looked.add(part.event.id, part.id)
            if part.event and amount is not None:  # the others are due on other days
                whole = gateway.send(connection_id, instalments.of_event(part.event.id))
                looked.add(part.event.id, *(one.id for one in whole))
    return True


def _change_feed(
    looked: LookedFor,
    connection_id: int,
    reference: str,
    since: datetime,
    accounted: Callable[[Collection[str]], Collection[str]],
    resembles: Callable[[Sequence[instalments.Instalment]], bool],
    opened: MutableMapping[str, tuple[instalments.Instalment, ...]],
) -> bool:
    """Every event changed since the attempt is opened: an edited entry hides from searches by text, value or date."""
    told: set[str] = set()
    for start, end in windows(since - MARGIN, _until(since)):
        told.update(gateway.walk(connection_id, changes.list(start=start, end=end, page_size=LOOK_PAGE)))
    for event_id in sorted(told.difference(accounted(told))):
        if event_id not in opened:
            opened[event_id] = gateway.send(connection_id, instalments.of_event(event_id))
        parts = opened[event_id]
        texts = " ".join(f"{part.description} {part.note}" for part in parts)
        if reference in texts:
            looked.add(event_id, *(part.id for part in parts))
        elif not REFERENCE.search(texts) and resembles(parts):
            looked.unclear.append(event_id)
    return True


def _until(since: datetime) -> datetime:
    """Up to when changes are asked for; a clock that was set back makes `since` the future."""
    return max(timezone.now(), since) + MARGIN
