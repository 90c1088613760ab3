"""Asking an account what changed: whose turn it is, the calls and their count, and up to when is known.

A window of alteration dates costs one call of the change feed and one per kind of entry, however many instalments are
open. What it names and is ours is read; nothing else is.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final, TypeVar

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from alcada import queue
from alcada.connections import gateway
from alcada.directory.models import EntryKind
from alcada.ledger.models import Poll
from alcada.ledger.seen import Seen, of_list, of_read, of_search
from conta_azul import Call, Pages, errors
from conta_azul.calls import changes, entries, instalments

T = TypeVar("T")
PAGE: Final = 1000  # the largest that they give
# The search wants due dates; it is the alteration that we ask by.
EVER: Final = (date(2000, 1, 1), date(2099, 12, 31))
MOST_PAGES: Final = 10
SLICE: Final = timedelta(days=1)  # after a standstill, progress is kept day by day
AHEAD: Final = timedelta(minutes=5)  # their clock may be ahead of ours
CLAIM: Final = timedelta(minutes=3)  # a poll whose worker died is taken up after this
POSTPONED: Final = timedelta(seconds=15)
PRIORITY: Final = -20  # of its job: after everything that posts, looks or answers a person


class SpentError(Exception):
    """No call more in this poll."""


class TooLongError(Exception):
    """The list has more pages than a check is worth."""


@dataclass
class Caller:
    """Sends reads one after the other, counts them, and stops when `may` says so (told how many were made)."""

    connection_id: int
    may: Callable[[int], bool]
    calls: int = 0

    def left(self) -> bool:
        return self.may(self.calls)

    def send(self, call: Call[T], *, needed: bool = False) -> T:
        """Raises SpentError; a `needed` call goes in any case. Else as gateway.send."""
        if not needed and not self.left():
            raise SpentError
        self.calls += 1
        return gateway.send(self.connection_id, call)

    def walk(self, pages: Pages[T], *, needed: bool = False, most: int = 0) -> list[T]:
        """The whole list, until a page that is not full: totals can be wrong. Raises as `send`, and TooLongError when
        there are more than `most` pages.
        """
        found: list[T] = []
        number = 1
        while True:
            page = self.send(pages.page(number), needed=needed)
            found.extend(page.items)
            if not page.items or not (page.full or (page.total or 0) > len(found)):
                return found
            if number == most:
                raise TooLongError
            number += 1


@dataclass(frozen=True)
class Window:
    """What a window brought: event ids of the feed, rows of the searches by instalment."""

    events: frozenset[str]
    rows: dict[str, Seen] = field(default_factory=dict)


def window(caller: Caller, kinds: Iterable[str], start: datetime, end: datetime) -> Window:
    """What was saved in the account between two moments. Raises as gateway.send: then nothing is known."""
    events = feed(caller, start, end)
    rows: dict[str, Seen] = {}
    for kind in sorted(kinds):
        search = entries.search_payables if kind == EntryKind.PAYABLE else entries.search_receivables
        pages = search(*EVER, changed_from=start, changed_to=end, page_size=PAGE)
        rows |= {row.id: of_search(row) for row in caller.walk(pages, needed=True)}
    return Window(events, rows)


def feed(caller: Caller, start: datetime, end: datetime) -> frozenset[str]:
    return frozenset(caller.walk(changes.list(start=start, end=end, page_size=PAGE), needed=True))


def read(caller: Caller, event_id: str, instalment_id: str) -> list[Seen] | None:
    """The entry's instalments by its id; None when it is surely not there: two reads say so."""
    try:
        parts = caller.send(instalments.of_event(event_id))
        if parts:
            return [of_read(part) for part in parts]
    except errors.NotFound:
        pass
    if not instalment_id:
        return None
    try:
        caller.send(instalments.get(instalment_id), needed=True)
    except errors.NotFound:
        return None
    raise errors.Unreadable("Conta Azul has the instalment but not its entry")


def listed(caller: Caller, kind: str, due_from: date, due_to: date) -> list[Seen]:
    """The newer list of what is due in the period. Raises TooLongError, SpentError; else as gateway.send."""
    listing = entries.list_payables if kind == EntryKind.PAYABLE else entries.list_receivables
    pages = listing(due_from, due_to, page_size=PAGE)
    return [of_list(row) for row in caller.walk(pages, most=MOST_PAGES)]


def claim(connection_id: int) -> Poll | None:
    """Take the account's poll if its time has come, and plan the next; None: not yet, or somebody has it."""
    now = timezone.now()
    every = timedelta(seconds=settings.RETURNING["every_s"])
    with transaction.atomic():
        free = Q(claimed_until=None) | Q(claimed_until__lt=now)
        due = Poll.objects.filter(free, connection_id=connection_id, next_at__lte=now)
        if not due.update(claimed_until=now + CLAIM, next_at=now + every):
            return None
        queue.defer("poll", at=now + every, priority=PRIORITY, connection_id=connection_id)
        return Poll.objects.get(connection_id=connection_id)


def postpone(connection_id: int) -> None:
    """Postings wait: they go first. Nothing happens when its time has not come anyway."""
    now = timezone.now()
    with transaction.atomic():
        due = Poll.objects.filter(connection_id=connection_id, next_at__lte=now)
        if due.update(next_at=now + POSTPONED):
            queue.defer("poll", at=now + POSTPONED, priority=PRIORITY, connection_id=connection_id)


def finish(connection_id: int, calls: int, *, problem: str = "") -> None:
    """The poll is over; `problem` says why it did not get through."""
    now = timezone.now()
    told = (
        {"failed_at": now, "problem": problem}
        if problem
        else {"failed_at": None, "polled_at": now, "problem": ""}
    )
    Poll.objects.filter(connection_id=connection_id).update(
        claimed_until=None, calls=calls, calls_total=F("calls_total") + calls, **told
    )


def slices(
    since: datetime, until: datetime, overlap: timedelta
) -> Iterable[tuple[datetime, datetime, datetime]]:
    """(start, end, known until) of the windows that lead from the watermark to now, oldest first.

    Each begins before the watermark: clocks differ, and searches lag. The last ends in the future, for the same reason.
    """
    mark = since
    while True:
        known = min(mark + SLICE, until)
        yield mark - overlap, known + AHEAD, known
        if known >= until:
            return
        mark = known
