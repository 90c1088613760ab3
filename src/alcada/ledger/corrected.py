"""What is expected of a posted entry once it was corrected. Callers hold the transaction, as in `states`."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from alcada.ledger import differing, states
from alcada.ledger.comparing import Compared, Expected
from alcada.ledger.correcting import as_it_was
from alcada.ledger.differing import AlreadySettledError, Left, Outcome
from alcada.ledger.models import Difference, EntryState
from alcada.ledger.seen import Seen
from alcada.people.models import User

Kind = Difference.Kind


def expect(entry_id: int, pending: Mapping[str, Any]) -> EntryState:
    """From now on it may stand there as approved before, or as this: a correction is about to be made."""
    entry = differing.lock(entry_id)
    entry.pending = dict(pending)
    entry.save(update_fields=["pending"])
    return entry


def take_over(
    entry_id: int,
    parts: Sequence[Seen] | None,
    *,
    correction_id: int,
    also: Sequence[Compared] = (),
) -> Outcome:
    """What was pending is what was approved now. What stands otherwise of what it changed is a person's to do.

    `parts`: the entry as just read; None: not read, all of it is taken to stand as it did. `also`: what no read tells.
    """
    entry = differing.lock(entry_id)
    if entry.pending is None:
        return Outcome(entry)
    moved = as_it_was(Expected.read(entry.expected), Expected.read(entry.pending))
    moved |= {(row.number, row.kind): row for row in also}
    now = timezone.now()
    for one in Difference.objects.filter(posting=entry.posting, settled_at=None):
        if (one.number, one.kind) in moved:
            differing.settle(one, now)  # measured by what was approved before
    entry.expected, entry.pending = entry.pending, None
    entry.save(update_fields=["expected", "pending"])
    untold = [row for key, row in moved.items() if parts is None or _untold(row)]
    left = Left(correction_id, frozenset(moved), untold)
    if parts is not None:
        outcome = states.take_whole(entry_id, parts, left)
    else:
        outcome = Outcome(entry)
        differing.note(entry, untold, outcome, left)
    # The next poll reads it whole: to it, what a person does there meanwhile would look like this change of ours.
    EntryState.objects.filter(pk=entry_id).update(changed=True)
    return outcome


def _untold(row: Compared) -> bool:
    """Does no read by its id tell of it, so that it stays as it was until another read, or a person, says otherwise?"""
    if row.kind in (Kind.PARTY, Kind.NOTES) or (row.kind == Kind.DESCRIPTION and not row.number):
        return True
    return row.kind == Kind.METHOD and not row.approved


def done_there(difference_id: int, *, by: User) -> Difference:
    """A person did in Conta Azul what a correction left to them. Raises AlreadySettledError.

    Where a read tells otherwise, the next one opens it again.
    """
    with transaction.atomic():
        posting_id = Difference.objects.values_list("posting_id", flat=True).get(pk=difference_id)
        entry = differing.lock(EntryState.objects.values_list("pk", flat=True).get(posting_id=posting_id))
        difference = Difference.objects.select_for_update().get(pk=difference_id)
        if difference.settled_at or difference.correction_id is None:
            raise AlreadySettledError
        difference.done_by = by
        difference.save(update_fields=["done_by"])
        differing.settle(difference, timezone.now())
        told = differing.change(difference)
        entry.changed = True
        entry.save(update_fields=["changed"])
        back = [{**told, "old": difference.theirs, "new": difference.approved}]
        differing.tell(entry, "correction.done_there", by=by, changes=back)
        return difference
