"""The state comes back: what became of what we posted is asked for, account by account, after everything that posts.

A poll takes over what changed since the last one (windows of alteration date), reads what it named and is ours, and
looks, in turn, whether the rest still stands. How, and the knobs: docs/returning.md.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from alcada import queue
from alcada.connections.models import Connection
from alcada.directory.models import Counterpart
from alcada.flow import posting as flow_posting
from alcada.flow.following import follow_new, posted
from alcada.flow.returned_notices import tell_owners
from alcada.ledger import polling, states
from alcada.ledger.models import EntryState, InstalmentState, Poll, Status
from alcada.ledger.polling import Caller, SpentError
from alcada.ledger.search import FAILURES
from alcada.ledger.seen import Seen, merged
from alcada.posting.models import Posting, State
from conta_azul import errors
from conta_azul.calls import people

WHILE_POSTING: Final = 4  # calls of a poll that could wait no longer
LOOK_BACK: Final = timedelta(days=1)  # the first window; what is older is found by the look at the rest
# By so much their clock may be behind ours, where one change of an entry must not hide the next.
SAME_CLOCK: Final = timedelta(seconds=5)
LONGEST_LAG_S: Final = 3600.0
NEIGHBOURS: Final = timedelta(days=15)  # around the due date of what is checked: many for one call
# Says something of the one entry that was read, not of the account: the others are read all the same.
ABOUT_ONE: Final = (errors.Refused, errors.MayHaveArrived)
LONGEST_UNSEEN: Final = (F("seen_at").asc(nulls_first=True), "pk")
PAID_TIMES: Final = 96  # what is paid is checked so many times more seldom: daily, by default
BY_ID: Final = 10  # entries checked by their id where no list can be had


def queue_polls() -> None:
    """Every minute: accounts that are polled for the first time, and those whose poll got lost."""
    ready = Connection.objects.filter(state=Connection.State.CONNECTED)
    for pk in ready.filter(poll=None, postings__in=posted()).distinct().values_list("pk", flat=True):
        _begin(pk)
    lost = timezone.now() - timedelta(seconds=30)
    for pk in ready.filter(poll__next_at__lt=lost).values_list("pk", flat=True):
        queue.defer("poll", priority=polling.PRIORITY, connection_id=pk)


def poll(connection_id: int) -> None:
    """Ask one account what changed, if its time has come and no posting waits. A failure leaves the watermark."""
    late = _late(connection_id)
    if _postings_wait(connection_id) and not late:
        polling.postpone(connection_id)
        return
    claimed = polling.claim(connection_id)
    if claimed is None:
        return
    caller = Caller(connection_id, lambda calls: _may(connection_id, calls))
    problem = ""
    try:
        follow_new(connection_id)
        if EntryState.objects.filter(connection_id=connection_id).exists():
            _take_changes(caller, claimed)
            _read_changed(caller)
            _check_in_turn(caller)
    except SpentError:
        pass
    except errors.ContaAzulError as exc:
        problem = exc.sentence
    except FAILURES as exc:
        problem = str(exc)
    except Exception as exc:
        polling.finish(connection_id, caller.calls, problem=type(exc).__name__)
        raise
    polling.finish(connection_id, caller.calls, problem=problem)


# --- Whose turn it is ------------------------------------------------------------------------------------------


def _begin(connection_id: int) -> None:
    """The first window begins where what was posted lately is in it."""
    first = posted().filter(connection_id=connection_id).order_by("posted_at").first()
    if first is None or first.posted_at is None:
        return
    since = max(first.posted_at, timezone.now() - LOOK_BACK)
    with transaction.atomic():
        _poll, new = Poll.objects.get_or_create(connection_id=connection_id, defaults={"seen_until": since})
        if new:
            queue.defer("poll", priority=polling.PRIORITY, connection_id=connection_id)


def _postings_wait(connection_id: int) -> bool:
    due = Q(state=State.QUEUED, next_try_at__lte=timezone.now()) | Q(state=State.SENDING)
    return Posting.objects.filter(due, connection_id=connection_id).exists()


def _late(connection_id: int) -> bool:
    """Did the account's poll give way to postings for too long?"""
    ceiling = timezone.now() - timedelta(seconds=settings.RETURNING["yield_for_s"])
    return (
        Poll.objects.filter(connection_id=connection_id)
        .filter(Q(polled_at__lt=ceiling) | Q(polled_at=None, seen_until__lt=ceiling))
        .exists()
    )


def _may(connection_id: int, calls: int) -> bool:
    """One call more? Asked before each: a posting that came meanwhile goes first."""
    if calls >= int(settings.RETURNING["calls"]):
        return False
    return calls < WHILE_POSTING or not _postings_wait(connection_id)


# --- What changed ----------------------------------------------------------------------------------------------


def _take_changes(caller: Caller, claimed: Poll) -> None:
    """From the watermark to now, window by window; what a window brought and its end are one transaction."""
    kinds = set(
        EntryState.objects.filter(connection_id=claimed.connection_id)
        .values_list("posting__kind", flat=True)
        .distinct()
    )
    overlap = _overlap(claimed.connection_id)
    mark, recent = claimed.seen_until, set(claimed.recent)
    for start, end, known in polling.slices(mark, timezone.now(), overlap):
        brought = polling.window(caller, kinds, start, end)
        named = _entries_of(claimed.connection_id, brought.events)
        again = recent & set(named)
        # Named in the last window too, for they overlap: is it the same change, or one more?
        anew = polling.feed(caller, mark - SAME_CLOCK, end) if again else frozenset()
        news = {pk for event, pk in named.items() if event not in again or event in anew}
        rows = _rows_of(claimed.connection_id, brought.rows)
        write = _take_window(caller, claimed.connection_id, news, rows, mark - SAME_CLOCK)
        with transaction.atomic():
            write()
            Poll.objects.filter(pk=claimed.pk).update(seen_until=known, recent=sorted(named))
        mark, recent = known, set(named)


def _overlap(connection_id: int) -> timedelta:
    """How far before the watermark a window begins: clocks differ, and this account shows changes late by so much."""
    lag = flow_posting.evidence(connection_id).longest_lag_s
    return timedelta(seconds=settings.RETURNING["overlap_s"] + min(lag, LONGEST_LAG_S))


def _entries_of(connection_id: int, events: Iterable[str]) -> dict[str, int]:
    """Event id -> the state of ours that it is."""
    ours = EntryState.objects.filter(connection_id=connection_id, posting__remote_event_id__in=list(events))
    return dict(ours.values_list("posting__remote_event_id", "pk"))


def _rows_of(connection_id: int, rows: Mapping[str, Seen]) -> dict[int, list[Seen]]:
    """The rows that are ours, by the state that they belong to."""
    ours = InstalmentState.objects.filter(connection_id=connection_id, remote_id__in=list(rows))
    found: dict[int, list[Seen]] = {}
    for remote_id, entry_id in ours.values_list("remote_id", "entry_id"):
        found.setdefault(entry_id, []).append(rows[remote_id])
    return found


def _worth_reading(entry: EntryState, named: bool, rows: Sequence[Seen], since: datetime) -> bool:
    """Did somebody change it since we know it? Our own create, which shows in the windows too, needs no look."""
    news = _news(entry, rows)
    if any(not row.fresh for row in news):
        return True
    if not named:
        return False
    # The entry is named anew: by its creation, or by a change that was read already; else by one of the entry alone.
    told = [row for row in rows if row in news or (row.changed_at and row.changed_at >= since)]
    return {state.remote_id for state in entry.instalments.all()} != {row.remote_id for row in told}


def _news(entry: EntryState, rows: Sequence[Seen]) -> list[Seen]:
    """The rows that were not taken before: windows overlap."""
    known = {state.remote_id: state.changed_at for state in entry.instalments.all()}
    return [row for row in rows if states.newer(row, known[row.remote_id])]


def _reads(caller: Caller, entries: Iterable[EntryState]) -> dict[int, list[Seen] | None]:
    """Each read whole, as far as the calls reach; the rest stays marked, and the next poll reads it."""
    reads: dict[int, list[Seen] | None] = {}
    for entry in entries:
        try:
            reads[entry.pk] = _read(caller, entry)
        except ABOUT_ONE:
            continue
        except (SpentError, *FAILURES):
            break
    return reads


def _read(caller: Caller, entry: EntryState) -> list[Seen] | None:
    known = next((state.remote_id for state in entry.instalments.all() if state.remote_id), "")
    return polling.read(caller, entry.posting.remote_event_id, known)


def _states(connection_id: int) -> QuerySet[EntryState]:
    found = EntryState.objects.filter(connection_id=connection_id)
    return found.select_related("posting").prefetch_related("instalments")


def _take_window(
    caller: Caller, connection_id: int, news: set[int], rows: Mapping[int, list[Seen]], since: datetime
) -> Callable[[], None]:
    """Reads what the window named; gives back what writes it all down, to run in one transaction."""
    named = list(_states(connection_id).filter(pk__in={*news, *rows}).order_by("pk"))
    changed = [one for one in named if _worth_reading(one, one.pk in news, rows.get(one.pk, ()), since)]
    reads = _reads(caller, changed)
    unread = {one.pk for one in changed} - set(reads)

    def write() -> None:
        ours_only = [
            (one, rows[one.pk]) for one in named if one.pk in rows and one.pk not in {*reads, *unread}
        ]
        done = states.take_untouched(ours_only)
        for entry in named:
            if entry.pk in done:
                continue
            told = rows.get(entry.pk, [])
            if entry.pk in reads:
                _take_read(entry.pk, reads[entry.pk], told)
            elif entry.pk in unread or _news(entry, told):
                tell_owners(states.take_rows(entry.pk, told, to_read=entry.pk in unread))

    return write


def _take_read(pk: int, parts: list[Seen] | None, rows: Sequence[Seen] = ()) -> None:
    """In the caller's transaction. The rows of the search add the party, which no read by id tells."""
    if parts is None:
        tell_owners(states.take_gone(pk))
        return
    told = {row.remote_id: row for row in rows}
    whole = [merged(told[part.remote_id], part) if part.remote_id in told else part for part in parts]
    tell_owners(states.take_whole(pk, whole))


def _read_changed(caller: Caller) -> None:
    """What an earlier poll found changed and could not read, and whose instalments we can't tell apart yet."""
    _read_all(caller, _states(caller.connection_id).filter(changed=True))


def _read_all(caller: Caller, entries: QuerySet[EntryState]) -> None:
    """Each read, and written down at once. Those that were never read come first."""
    for entry in entries.order_by(F("read_at").asc(nulls_first=True), "pk"):
        try:
            parts = _read(caller, entry)
        except ABOUT_ONE:
            continue
        with transaction.atomic():
            _take_read(entry.pk, parts)


# --- The rest, in turn -----------------------------------------------------------------------------------------


def _check_in_turn(caller: Caller) -> None:
    """Does what nobody changed still stand? A deletion shows in no window: the list of what is due lacks it."""
    now, every = timezone.now(), timedelta(seconds=settings.RETURNING["check_every_s"])
    unseen = Q(seen_at=None) | Q(seen_at__lt=now - every)
    # What is paid seldom moves, and there is ever more of it.
    unseen &= ~Q(status=Status.PAID, seen_at__gte=now - PAID_TIMES * every)
    standing = InstalmentState.objects.filter(connection_id=caller.connection_id).exclude(status=Status.GONE)
    tried: set[int] = set()
    while caller.left():
        stale = standing.filter(unseen)
        stale = stale.exclude(entry__changed=True).exclude(entry__in=tried).order_by(*LONGEST_UNSEEN)
        first = stale.select_related("entry__posting").first()
        if first is None:
            return
        kind, window = first.entry.posting.kind, (first.due_date - NEIGHBOURS, first.due_date + NEIGHBOURS)
        had = _take_list(caller, kind, *window)
        around = stale.filter(entry__posting__kind=kind, due_date__range=window)
        missing = list(dict.fromkeys(around.values_list("entry_id", flat=True)))
        # No such list, or one that is too long: a few by their ids.
        keys = missing if had else missing[:BY_ID]
        tried |= set(missing)
        _read_all(caller, _states(caller.connection_id).filter(Q(pk__in=keys) | Q(changed=True)))


def _take_list(caller: Caller, kind: str, due_from: date, due_to: date) -> bool:
    """Take what the newer list shows of ours; False when it can't be had."""
    try:
        listed = polling.listed(caller, kind, due_from, due_to)
    except (errors.Refused, errors.Unreadable, polling.TooLongError):
        return False
    ours = _rows_of(caller.connection_id, {row.remote_id: row for row in listed})
    named = _states(caller.connection_id).filter(pk__in=ours)
    done = states.take_as_known(caller.connection_id, [(one, ours[one.pk]) for one in named])
    others = {pk: rows for pk, rows in ours.items() if pk not in done}
    names = _party_names(caller, {row.party for rows in others.values() for row in rows if row.party})
    for pk, rows in others.items():
        with transaction.atomic():
            tell_owners(states.take_listed(pk, [replace(row, names=names) for row in rows]))
    return True


def _party_names(caller: Caller, parties: set[str]) -> dict[str, str]:
    """What parties are called that our directory does not know: somebody put another in. The list has ids only."""
    ours = Counterpart.objects.filter(connection_id=caller.connection_id, remote_id__in=parties)
    unknown = parties - set(ours.values_list("remote_id", flat=True))
    return {party: caller.send(people.get(party)).name or party for party in sorted(unknown)}
