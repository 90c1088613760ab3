"""One press over many postings: each goes through the function that one goes through, and what is refused is told.

Whoever pressed does the first of it; a worker goes on from there (`run` is safe to call twice, and at once).
"""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from django.db import IntegrityError, transaction
from django.utils import timezone

from alcada import queue
from alcada.people.queries import may
from alcada.posting import mending
from alcada.posting.models import Bulk, Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError

if TYPE_CHECKING:
    from alcada.people.models import User

MOST: Final = 1000
# In which states each may do something: what "all that match" is narrowed to.
POSSIBLE: Final = {
    Bulk.Action.AGAIN: (State.REFUSED, State.UNDECIDED),
    Bulk.Action.LOOK: (State.UNDECIDED, State.UNKNOWN),
    Bulk.Action.CANCEL: (State.REFUSED, State.UNDECIDED, State.QUEUED),
}
PRIORITY: Final = 10  # of its job: somebody waits for it
# Why one was refused. What is not here is the state that it was in.
WHY: Final = ("busy", "not_allowed", "look_first", "taken_back", "gone")


def start(
    *, by: "User", action: Bulk.Action, ids: Sequence[int], reason: str = "", sure: bool = False
) -> Bulk:
    """Keep what was asked; `run` does it. At most MOST postings (ValueError)."""
    if len(ids) > MOST:
        raise ValueError(f"at most {MOST} at once")
    return Bulk.objects.create(by=by, action=action, ids=list(dict.fromkeys(ids)), reason=reason, sure=sure)


def run(bulk_id: int, *, for_s: float | None = None) -> bool:
    """Go on with it, for so many seconds; what is left then is a worker's. Returns whether it is finished."""
    until = time.monotonic() + for_s if for_s is not None else None
    while _step(bulk_id):
        if until is not None and time.monotonic() >= until:
            with transaction.atomic():
                queue.defer("bulk", priority=PRIORITY, bulk_id=bulk_id)
            return False
    return True


def _step(bulk_id: int) -> bool:
    """One posting and the place in the list, in one transaction. False when there is none left."""
    with transaction.atomic():
        bulk = Bulk.objects.select_for_update(of=("self",)).select_related("by").get(pk=bulk_id)
        if bulk.position < len(bulk.ids):
            key = bulk.ids[bulk.position]
            if why := _one(bulk, key):
                bulk.refused = [*bulk.refused, [key, why]]
            bulk.position += 1
        if bulk.position >= len(bulk.ids) and bulk.finished_at is None:
            bulk.finished_at = timezone.now()
        bulk.save(update_fields=["position", "refused", "finished_at"])
        return bulk.finished_at is None


def _one(bulk: Bulk, posting_id: int) -> str:
    """Do it; else why not."""
    posting = Posting.objects.select_related("entry__company").filter(pk=posting_id).first()
    if posting is None:
        return "gone"
    if not may(
        bulk.by, "posting.mend", posting.entry.company
    ):  # asked again: a role may have been taken meanwhile
        return "not_allowed"
    if bulk.action == Bulk.Action.AGAIN and posting.state == State.UNDECIDED and not bulk.sure:
        return "look_first"
    try:
        with transaction.atomic():
            _DO[Bulk.Action(bulk.action)](bulk, posting_id)
    except BusyError:
        return "busy"
    except TransitionNotAllowedError as exc:
        return exc.before.value
    except IntegrityError:  # the database: its entry was taken back, or has another posting by now
        return "taken_back"
    return ""


_DO: Final[dict[Bulk.Action, Callable[[Bulk, int], object]]] = {
    Bulk.Action.AGAIN: lambda bulk, pk: mending.post_again(pk, by=bulk.by, urgent=False),
    Bulk.Action.LOOK: lambda bulk, pk: mending.look_again(pk, by=bulk.by),
    Bulk.Action.CANCEL: lambda bulk, pk: mending.cancel(pk, by=bulk.by, reason=bulk.reason),
}
