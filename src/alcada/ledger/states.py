"""What became of a posted entry in the account's books, taken over: state, differences, history, in one transaction.

Callers hold the transaction; each function locks the entry's state first. What is told to people is the caller's.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from alcada.directory.models import Counterpart
from alcada.ledger.comparing import Compared, Expected, compare
from alcada.ledger.correcting import either
from alcada.ledger.differing import Left, Outcome, lock, note, tell
from alcada.ledger.models import Difference, EntryState, InstalmentState, Status
from alcada.ledger.seen import Seen, by_order

Kind = Difference.Kind
_EVENTS: Final = {
    Status.PAID: "ledger.paid",
    Status.PARTLY_PAID: "ledger.partly_paid",
}


def take_rows(entry_id: int, rows: Sequence[Seen], *, to_read: bool) -> Outcome:
    """Rows of the search. One that is older than what we know by now comes from an index that lags: let alone."""
    entry = lock(entry_id)
    states = _by_remote_id(entry)
    news = {
        states[row.remote_id].number: row
        for row in rows
        if row.remote_id in states and newer(row, states[row.remote_id].changed_at)
    }
    if to_read and not entry.changed:
        entry.changed = True
        entry.save(update_fields=["changed"])
    return _take(entry, list(states.values()), news)


def take_untouched(named: Iterable[tuple[EntryState, Sequence[Seen]]]) -> set[int]:
    """Rows of our own new entries, unchanged since their creation and as approved: most of what a window brings, so all
    at once. Gives back whose they were; the others are for `take_rows`.
    """
    now, clean = timezone.now(), []
    done: set[int] = set()
    for entry, rows in named:
        states = {state.remote_id: state for state in entry.instalments.all()}
        news = {states[row.remote_id].number: row for row in rows}
        if not all(row.fresh and _as_known(row, states[row.remote_id]) for row in rows):
            continue
        if not all(one.same for one in compare(Expected.read(entry.expected), news, str)):
            continue
        done.add(entry.pk)
        for row in rows:
            state = states[row.remote_id]
            if newer(row, state.changed_at):
                state.changed_at, state.seen_at = row.changed_at, now
                clean.append(state)
    InstalmentState.objects.bulk_update(clean, ["changed_at", "seen_at"], batch_size=500)
    return done


def take_as_known(connection_id: int, named: Iterable[tuple[EntryState, Sequence[Seen]]]) -> set[int]:
    """Rows of the newer list that tell nothing new, of entries that stand as approved: most of what a list brings, so
    all at once. They were seen, no more. Gives back whose they were; the others are for `take_listed`.
    """
    open_ = Difference.objects.filter(posting__connection_id=connection_id, settled_at=None)
    differing = set(open_.values_list("posting_id", flat=True))
    seen: list[int] = []
    done: set[int] = set()
    for entry, rows in named:
        if entry.posting_id in differing or entry.pending or entry.gone_at is not None:
            continue
        states = {state.remote_id: state for state in entry.instalments.all()}
        if not all(row.remote_id in states and _as_known(row, states[row.remote_id]) for row in rows):
            continue
        if not all(not row.paid or row.paid_on in (None, states[row.remote_id].paid_on) for row in rows):
            continue
        news = {states[row.remote_id].number: row for row in rows}
        if all(one.same for one in compare(Expected.read(entry.expected), news, str)):
            done.add(entry.pk)
            seen += [states[row.remote_id].pk for row in rows]
    InstalmentState.objects.filter(pk__in=seen).update(seen_at=timezone.now())
    return done


def take_listed(entry_id: int, rows: Sequence[Seen]) -> Outcome:
    """Rows of the newer list, which carry no time: whatever they tell otherwise than we know is read by its id, for an
    index may lag. What nothing else tells (the entry's own description, reference) is taken.
    """
    entry = lock(entry_id)
    states = _by_remote_id(entry)
    known = {states[row.remote_id].number: row for row in rows if row.remote_id in states}
    if any(not _as_known(row, states[row.remote_id]) for row in rows if row.remote_id in states):
        entry.changed = True
        entry.save(update_fields=["changed"])
        return Outcome(entry)
    return _take(entry, list(states.values()), known)


def take_whole(entry_id: int, parts: Sequence[Seen], left: Left | None = None) -> Outcome:
    """All instalments of the entry, read by its id: the last word. One of ours that is missing is gone."""
    entry = lock(entry_id)
    expected = Expected.read(entry.expected)
    states = _recounted(entry, len(expected.instalments), parts)
    _identify(states, parts)
    known = {state.remote_id: state for state in states if state.remote_id}
    news = {known[part.remote_id].number: part for part in parts if part.remote_id in known}
    entry.changed, entry.read_at, entry.gone_at = False, timezone.now(), None
    entry.save(update_fields=["changed", "read_at", "gone_at"])
    missing = [state for state in states if state.number not in news]
    more = [
        _count(len(expected.instalments), len(parts)),
        Compared(0, Kind.GONE, same=True),
        *(Compared(state.number, Kind.GONE, same=state.number in news) for state in states),
    ]
    _leave(entry, missing)
    return _take(entry, states, news, [*more, *(left.untold if left else ())], left)


def _count(approved: int, theirs: int) -> Compared:
    return Compared(0, Kind.INSTALMENTS, approved == theirs, str(approved), str(theirs))


def _recounted(entry: EntryState, count: int, parts: Sequence[Seen]) -> list[InstalmentState]:
    """Ours, one per instalment: in their order anew once somebody made them as many as a correction approved."""
    states = list(entry.instalments.all())
    if len(states) == count or len(parts) != count:
        return states
    entry.instalments.all().delete()
    ordered = by_order(parts)
    first = states[0]
    return InstalmentState.objects.bulk_create(
        InstalmentState(
            entry=entry,
            connection_id=entry.connection_id,
            number=number,
            remote_id=part.remote_id,
            due_date=part.due_date or first.due_date,
            amount=part.amount if part.amount is not None else first.amount,
        )
        for number, part in enumerate(ordered, start=1)
    )


def take_gone(entry_id: int) -> Outcome:
    """The entry is not in the account any more."""
    entry = lock(entry_id)
    states = list(entry.instalments.all())
    outcome = Outcome(entry)
    if entry.gone_at is not None:
        return outcome
    entry.changed, entry.read_at, entry.gone_at = False, timezone.now(), timezone.now()
    entry.save(update_fields=["changed", "read_at", "gone_at"])
    _leave(entry, states)
    note(entry, [Compared(0, Kind.GONE, same=False)], outcome)
    return outcome


def _take(
    entry: EntryState,
    states: list[InstalmentState],
    news: Mapping[int, Seen],
    more: Iterable[Compared] = (),
    left: Left | None = None,
) -> Outcome:
    outcome = Outcome(entry)
    if not news and not more:
        return outcome
    was_paid = all(state.status == Status.PAID for state in states)
    for state in states:
        if seen := news.get(state.number):
            _update(entry, state, seen, len(states))
    names = {key: name for seen in news.values() for key, name in (seen.names or {}).items()}

    def name(key: str) -> str:
        return _name(entry, key, names)

    compared = compare(Expected.read(entry.expected), news, name)
    if entry.pending:
        compared = either(compared, compare(Expected.read(entry.pending), news, name))
    note(entry, [*more, *compared], outcome, left)
    outcome.paid_in_full = not was_paid and all(state.status == Status.PAID for state in states)
    return outcome


def _update(entry: EntryState, state: InstalmentState, seen: Seen, count: int) -> None:
    before = state.status, state.paid
    state.status, state.paid = seen.status, seen.paid
    state.amount = seen.amount if seen.amount is not None else state.amount
    state.due_date = seen.due_date or state.due_date
    state.paid_on = (seen.paid_on or state.paid_on) if seen.paid else None
    state.changed_at = seen.changed_at or state.changed_at
    state.seen_at = timezone.now()
    state.save()
    if (state.status, state.paid) == before:
        return
    event = _EVENTS.get(seen.status)
    if event is None:
        if seen.status != Status.OPEN or not before[1]:
            return  # written off and the like: told as a difference
        event = "ledger.payment_undone"
    tell(entry, event, instalment=state.number, of=count, amount=seen.paid, paid_on=state.paid_on)


def _leave(entry: EntryState, gone: Sequence[InstalmentState]) -> None:
    """These are not in the account any more."""
    for state in gone:
        if state.status != Status.GONE:
            state.status, state.seen_at = Status.GONE, timezone.now()
            state.save(update_fields=["status", "seen_at"])


def _by_remote_id(entry: EntryState) -> dict[str, InstalmentState]:
    return {state.remote_id: state for state in entry.instalments.all() if state.remote_id}


def _identify(states: Sequence[InstalmentState], parts: Sequence[Seen]) -> None:
    """Which of theirs is which of ours, where the answer to our create did not say it: in their order."""
    taken = {state.remote_id for state in states if state.remote_id}
    free = [part for part in by_order(parts) if part.remote_id not in taken]
    for state in states:
        if not state.remote_id and free:
            state.remote_id = free.pop(0).remote_id


def newer(row: Seen, known: datetime | None) -> bool:
    """Does the row tell of a later change than the one known? Where a time is missing, it may."""
    return row.changed_at is None or known is None or row.changed_at > known


def _as_known(row: Seen, state: InstalmentState) -> bool:
    told: list[tuple[Any, Any]] = [(row.status, state.status), (row.paid, state.paid)]
    told += [(row.amount, state.amount)] if row.amount is not None else []
    told += [(row.due_date, state.due_date)] if row.due_date is not None else []
    return all(theirs == ours for theirs, ours in told)


def _name(entry: EntryState, remote_id: str, names: Mapping[str, str]) -> str:
    """What an id of theirs is called: as this read names it, else as our directory does."""
    if remote_id in names:
        return names[remote_id]
    found = Counterpart.objects.filter(connection_id=entry.connection_id, remote_id=remote_id)
    known = found.select_related("party", "category", "cost_centre", "bank_account").first()
    if known is None:
        return remote_id
    ours = known.party or known.category or known.cost_centre or known.bank_account
    return known.remote_name or str(getattr(ours, "name", "")) or remote_id
