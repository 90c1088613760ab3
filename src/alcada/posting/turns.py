"""One goes first: of an account's postings that name the same thing not known there, one finds or makes it.

The others wait in the queue, put back many in one statement, and go on when it is there: a hundred that name one new
vendor cost one search and one create, not a hundred searches.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from django.db.models.functions import Now
from django.utils import timezone

from alcada import queue
from alcada.connections import leases
from alcada.posting import seeking
from alcada.posting.models import Posting, Question, Sought, State
from alcada.posting.rules import IN_DOUBT

BEING_CREATED: Final = "being_created"
BEING_CREATED_S: Final = 5.0  # should nobody say that it is there
_WAITING: Final = (BEING_CREATED, "restored_lately", *IN_DOUBT)
_ASKED_OF: Final = {"person": "party", "cost_centre": "cost_centre"}  # lease → a question's kind


class Missing(NamedTuple):
    """A vendor, customer or cost centre of ours of which the account's id isn't known."""

    kind: str  # "person", "cost_centre": as its lease and its attempt
    key: str
    thing: int


def hold_back(connection_id: int, missing: Mapping[int, Collection[Missing]]) -> set[int]:
    """Put back whoever would only wait: for one of these, or for another worker. Runs in the claim's transaction.

    `missing`: claimed posting → what it lacks. Returns the postings that were put back. Whoever names what a person is
    asked about isn't: it is that person's answer that it waits for, refused.
    """
    named = {one for lacks in missing.values() for one in lacks}
    if not named:
        return set()
    asked = _asked(connection_id, named)
    taken = leases.held(connection_id, {(one.kind, one.key) for one in named})
    sought = _sought(connection_id, named)
    held: dict[tuple[str, datetime], list[int]] = {}
    now = timezone.now()
    for posting_id, lacks in missing.items():
        names = {(one.kind, one.key) for one in lacks if one not in asked}
        in_doubt = max((sought[name] for name in names if name in sought), default=None)
        if in_doubt is not None:
            held.setdefault((f"{in_doubt[1]}_unknown", in_doubt[0]), []).append(posting_id)
        elif names & taken:
            until = now + timedelta(seconds=BEING_CREATED_S)
            held.setdefault((BEING_CREATED, until), []).append(posting_id)
        else:
            taken |= names  # it goes first
    for (reason, until), ids in held.items():
        Posting.objects.filter(pk__in=ids, state=State.SENDING).update(
            state=State.QUEUED, reason=reason, detail="", claim=None, claim_until=None, next_try_at=until
        )
    return {posting_id for ids in held.values() for posting_id in ids}


def let_go(connection_id: int) -> None:
    """Something is there now, or a person is asked: who waits for it looks again, and is put back where it must be."""
    waiting = Posting.objects.filter(
        connection_id=connection_id, state=State.QUEUED, next_try_at__gt=Now(), reason__in=_WAITING
    )
    # Both of `urgent`, so that the queue's index finds them: those that wait for a moment to come are few.
    if waiting.filter(urgent__in=[True, False]).update(next_try_at=Now()):
        queue.wake(connection_id)


def _asked(connection_id: int, named: Collection[Missing]) -> set[Missing]:
    questions = Question.objects.filter(
        connection_id=connection_id, answer="", thing__in={one.thing for one in named}
    )
    open_ = set(questions.values_list("kind", "thing"))
    return {one for one in named if (_ASKED_OF[one.kind], one.thing) in open_}


def _sought(connection_id: int, named: Collection[Missing]) -> dict[tuple[str, str], tuple[datetime, str]]:
    """Of those that may have been created already: until when nobody looks again, and what kind it is."""
    rows = Sought.objects.filter(
        connection_id=connection_id, ended="", asked_at=None, key__in={one.key for one in named}
    )
    return {(row.kind, row.key): (row.next_look_at, row.kind) for row in rows if seeking.wait_s(row)}
