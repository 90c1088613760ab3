"""One goes first: of an account's postings that name the same thing not known there, one finds or makes it.

The others wait in the queue, put back many in one statement, and go on when it is there: a hundred that name one new
vendor cost one search and one create, not a hundred searches.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final, NamedTuple

from django.db.models.functions import Now

from alcada import queue
from alcada.connections import leases
from alcada.posting import seeking
from alcada.posting.models import Posting, Question, Sought, State

BEING_CREATED: Final = "being_created"
BEING_CREATED_S: Final = 15.0  # should nobody say that it is there; each time costs a claim for nothing
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
    held: dict[tuple[str, float], list[int]] = {}
    for posting_id, lacks in missing.items():
        names = {(one.kind, one.key) for one in lacks if one not in asked}
        in_doubt = max(((sought[name], name[0]) for name in names if name in sought), default=None)
        if in_doubt is not None:
            held.setdefault((f"{in_doubt[1]}_unknown", in_doubt[0]), []).append(posting_id)
        elif names & taken:
            held.setdefault((BEING_CREATED, BEING_CREATED_S), []).append(posting_id)
        else:
            taken |= names  # it goes first
    for (reason, wait_s), ids in held.items():
        # By the database's clock, as the claim: who has a slower one would have it due at once, again and again.
        Posting.objects.filter(pk__in=ids, state=State.SENDING).update(
            state=State.QUEUED,
            reason=reason,
            detail="",
            claim=None,
            claim_until=None,
            next_try_at=Now() + timedelta(seconds=wait_s),
        )
    return {posting_id for ids in held.values() for posting_id in ids}


def let_go(connection_id: int, reasons: Collection[str]) -> None:
    """Something is there now, or a person is asked: who waits for these reasons looks again, or waits on."""
    waiting = Posting.objects.filter(
        connection_id=connection_id, state=State.QUEUED, next_try_at__gt=Now(), reason__in=reasons
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


def _sought(connection_id: int, named: Collection[Missing]) -> dict[tuple[str, str], float]:
    """Of those that may have been created already: for how many seconds nobody looks again."""
    rows = Sought.objects.filter(
        connection_id=connection_id, ended="", asked_at=None, key__in={one.key for one in named}
    )
    waits = {(row.kind, row.key): seeking.wait_s(row) for row in rows}
    return {name: seconds for name, seconds in waits.items() if seconds}
