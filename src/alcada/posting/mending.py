"""What a person does about a posting. What could make a second one is refused while it is claimed or looked for."""

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from alcada import queue
from alcada.history.actions import record
from alcada.posting import moves, seeking
from alcada.posting.models import Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError

if TYPE_CHECKING:
    from alcada.people.models import User


def post_again(posting_id: int, *, by: "User", urgent: bool = True) -> Posting:
    """A person mended the cause, or decided that it never arrived. Refused while claimed or being looked for.

    `urgent`: it goes before whatever else waits on the account, for the person is looking.
    """
    with transaction.atomic():
        # Whoever presses may have made there what it waits for. First, for an answer locks in this order too.
        seeking.look_now(posting_id)
        again = _by_person(posting_id, State.QUEUED, by=by, event="posting.queued_again")
        again.urgent = urgent
        again.save(update_fields=["urgent"])
        return again


def replace_refused(entry_id: int, *, by: "User") -> None:
    """The entry is going to change: a revision of it that Conta Azul refused is never posted again."""
    with transaction.atomic():
        for posting in Posting.objects.select_for_update().filter(entry_id=entry_id, state=State.REFUSED):
            moves.move(posting, State.CANCELLED, reason="replaced")
            record(
                "posting.cancelled",
                posting.entry,
                by=by,
                company=posting.connection.company,
                data={"reason": "replaced", "reference": posting.reference},
            )


def look_again(posting_id: int, *, by: "User") -> Posting:
    """Start another search for a posting whose looking had ended; for one still looked for, look now."""
    with transaction.atomic():
        posting = Posting.objects.select_for_update().get(pk=posting_id)
        if posting.state == State.UNDECIDED:
            moves.move(posting, State.UNKNOWN, reason="look_again")
        elif posting.state == State.SENDING:
            raise BusyError
        elif posting.state != State.UNKNOWN:
            raise TransitionNotAllowedError(State(posting.state), State.UNKNOWN)
        record("posting.look_again", posting.entry, by=by, company=posting.connection.company)
        posting.next_try_at = timezone.now()
        posting.save(update_fields=["next_try_at"])
        queue.wake(posting.connection_id)
        return posting


def cancel(posting_id: int, *, by: "User", reason: str) -> Posting:
    """Give up posting this revision. Refused while it is claimed or being looked for, and once it is posted."""
    return _by_person(posting_id, State.CANCELLED, by=by, event="posting.cancelled", reason=reason)


def _by_person(posting_id: int, state: State, *, by: "User", event: str, reason: str = "") -> Posting:
    with transaction.atomic():
        posting = Posting.objects.select_for_update().get(pk=posting_id)
        if posting.state in (State.SENDING, State.UNKNOWN):
            raise BusyError
        moves.move(posting, state, reason="by_person", detail=reason)
        record(
            event,
            posting.entry,
            by=by,
            company=posting.connection.company,
            data={"reason": reason or "by_person", "reference": posting.reference},
        )
        if state == State.QUEUED:
            queue.wake(posting.connection_id)
        return posting
