"""What stands otherwise there than it was approved: made once, settled by itself, let stand by a person.

Callers hold the transaction, and the entry's state (`lock`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from alcada.history.actions import record
from alcada.ledger.comparing import Compared
from alcada.ledger.correcting import Key
from alcada.ledger.models import Difference, EntryState
from alcada.people.models import User

Kind = Difference.Kind


@dataclass
class Outcome:
    """What a read changed: what a caller may have to tell somebody of."""

    entry: EntryState
    found: list[Difference] = field(default_factory=list)
    paid_in_full: bool = False

    @property
    def edited(self) -> list[Difference]:
        """What somebody changed there; the others are what a correction of ours left to a person."""
        return [one for one in self.found if one.correction_id is None]


@dataclass(frozen=True)
class Left:
    """What a correction changed: what of it still stands otherwise is a person's to do, and no edit of theirs."""

    correction_id: int
    moved: Collection[Key]
    untold: Sequence[Compared] = ()  # what no read by its id tells: as it was


class AlreadySettledError(Exception):
    """The difference is settled or accepted by now."""


def lock(entry_id: int) -> EntryState:
    """The entry's state, locked, with what history needs."""
    found = EntryState.objects.select_for_update(of=("self",)).select_related(
        "posting__entry__company", "posting__revision"
    )
    return found.get(pk=entry_id)


def accept(difference_id: int, *, by: User, note: str) -> Difference:
    """A person has seen the difference and lets it stand. Raises AlreadySettledError."""
    with transaction.atomic():
        posting_id = Difference.objects.values_list("posting_id", flat=True).get(pk=difference_id)
        entry = lock(EntryState.objects.values_list("pk", flat=True).get(posting_id=posting_id))
        difference = Difference.objects.select_for_update().get(pk=difference_id)
        if difference.settled_at or difference.accepted_at:
            raise AlreadySettledError
        difference.accepted_at, difference.accepted_by, difference.note = timezone.now(), by, note
        difference.save(update_fields=["accepted_at", "accepted_by", "note"])
        tell(entry, "ledger.accepted", by=by, comment=note, changes=[change(difference)])
        return difference


def note(entry: EntryState, compared: Iterable[Compared], outcome: Outcome, left: Left | None = None) -> None:
    """Open differences that are none any more are settled; new ones are made, each recorded once."""
    standing = {
        (one.number, one.kind): one
        for one in Difference.objects.filter(posting=entry.posting, settled_at=None)
    }
    now = timezone.now()
    over: list[Difference] = []
    for row in compared:
        known = standing.get((row.number, row.kind))
        if known and not row.same and known.key == (row.key or row.theirs):
            continue
        if known:
            settle(known, now)
            if row.same:
                over.append(known)
        if not row.same:
            ours = known.correction_id if known else _said_to_be_done(entry, row)
            if left and (row.number, row.kind) in left.moved:
                ours = left.correction_id
            outcome.found.append(_difference(entry, row, now, ours))
    for event, done in (
        ("ledger.as_approved", [one for one in over if one.correction_id is None]),
        ("correction.done_there", [one for one in over if one.correction_id is not None]),
    ):
        if done:
            back = [{**change(one), "old": one.theirs, "new": one.approved} for one in done]
            tell(entry, event, changes=back)
    edited = [one for one in outcome.edited if one.kind != Kind.GONE]
    if edited:
        tell(entry, "ledger.edited", changes=[change(one) for one in edited])
    for one in outcome.edited:
        if one.kind == Kind.GONE:
            tell(entry, "ledger.gone", instalment=one.number or None)


def _said_to_be_done(entry: EntryState, row: Compared) -> int | None:
    """The correction that left this to a person who said that it is done, and it is not."""
    said = Difference.objects.filter(
        posting=entry.posting,
        number=row.number,
        kind=row.kind,
        key=row.key or row.theirs,
        done_by__isnull=False,
    )
    return said.values_list("correction_id", flat=True).order_by("-pk").first()


def settle(one: Difference, at: datetime) -> None:
    """It is none any more."""
    one.settled_at = at
    one.save(update_fields=["settled_at"])


def _difference(entry: EntryState, row: Compared, now: datetime, correction_id: int | None) -> Difference:
    return Difference.objects.create(
        posting=entry.posting,
        correction_id=correction_id,
        number=row.number,
        kind=row.kind,
        approved=row.approved,
        theirs=row.theirs,
        key=row.key or row.theirs,
        found_at=now,
    )


def change(one: Difference) -> dict[str, str]:
    """As history tells changes: the field's path, before and after."""
    path = f"instalments.{one.number - 1}.{one.kind}" if one.number else str(one.kind)
    return {"field": path, "old": one.approved, "new": one.theirs}


def tell(entry: EntryState, event: str, *, by: User | None = None, **data: Any) -> None:
    posting = entry.posting
    told = {name: value for name, value in data.items() if value is not None}
    record(
        event,
        posting.entry,
        by=by,
        company=posting.entry.company,
        channel="web" if by else "",
        data={"reference": posting.reference, **told},
    )
