"""How a posting moves, with its row locked by the caller: the steps that sending, looking and mending share."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from alcada import queue
from alcada.history.actions import record, record_all
from alcada.posting import lines, telling
from alcada.posting.models import Posting, State
from alcada.posting.rules import LONGEST_BACKOFF_S, check_transition
from conta_azul.limits import LONGEST_RETRY_AFTER_S

_STOPPED: Final = (State.REFUSED, State.UNDECIDED)
FAR: Final = timedelta(minutes=10)  # beyond any wait, and beyond what clocks of two machines differ by


def move(posting: Posting, state: State, *, reason: str = "", detail: str = "", wait_s: float = 0.0) -> None:
    """To another state, if the table of transitions has it; raises TransitionNotAllowedError."""
    check_transition(State(posting.state), state)
    if posting.state in _STOPPED:
        telling.goes_on(posting)
    posting.state, posting.reason, posting.detail = state, reason, detail
    posting.claim, posting.claim_until = None, None
    waits = state in (State.QUEUED, State.UNKNOWN)
    posting.next_try_at = timezone.now() + timedelta(seconds=wait_s) if waits else None
    posting.save(update_fields=["state", "reason", "detail", "claim", "claim_until", "next_try_at"])


def bring_near() -> int:
    """What waits for a time further ahead than any wait is long is due now: the clock was set back meanwhile.

    Else it would stand still until the clock comes round again, be it hours or years.
    """
    busy = Q(reason="too_many_requests")
    longest: list[tuple[State, Q, float]] = [  # a statement each, so that each finds its own index
        (State.UNKNOWN, Q(), settings.POSTING["look_spacing_s"]),
        (State.QUEUED, busy, LONGEST_RETRY_AFTER_S),
        (State.QUEUED, ~busy, LONGEST_BACKOFF_S),
    ]
    return sum(
        Posting.objects.filter(
            which, state=state, next_try_at__gt=Now() + timedelta(seconds=seconds) + FAR
        ).update(next_try_at=Now())
        for state, which, seconds in longest
    )


def believe(posting: Posting, event_id: str, instalment_ids: list[str], event: str) -> None:
    """The account holds this entry of the posting's: an answer's id, or a look, says so; whatever was believed so far.

    Posted, unless it stands beside what we believe: then a person is told, loudly. Runs with the posting locked.
    """
    late = posting.state in (State.CANCELLED, State.REFUSED)
    second = posting.state == State.POSTED and posting.remote_event_id != event_id
    if late or second:  # it stands in the books beside what we believed: nothing may hide that
        reason = "late_answer" if late else "second_event"
        record(
            "posting.undecided",
            posting.entry,
            company=posting.connection.company,
            data={"reason": reason, "event": event_id},
        )
        posting.reason, posting.detail = reason, event_id
        if second and not posting.remote_event_id:  # marked by hand, without an id: this one stands for sure
            posting.remote_event_id, posting.remote_instalment_ids = event_id, instalment_ids
        posting.save(update_fields=["reason", "detail", "remote_event_id", "remote_instalment_ids"])
        telling.stopped(posting)
    elif posting.state != State.POSTED:
        mark_posted(posting, event_id, instalment_ids, event)


def mark_posted(posting: Posting, event_id: str, instalment_ids: list[str], event: str) -> None:
    """The entry stands in Conta Azul. Runs with the posting locked."""
    settle(posting, event_id, instalment_ids)
    record_all([lines.posted(posting, event, event_id, instalment_ids)])
    queue.defer("follow", posting_id=posting.pk)


def settle(
    posting: Posting, event_id: str, instalment_ids: list[str], *, reason: str = "", detail: str = ""
) -> None:
    """Posted, as this event. The caller records who or what says so."""
    check_transition(State(posting.state), State.POSTED)
    if posting.state in _STOPPED:
        telling.goes_on(posting)
    posting.state, posting.reason, posting.detail = State.POSTED, reason, detail
    posting.remote_event_id, posting.remote_instalment_ids = event_id, instalment_ids
    posting.posted_at, posting.next_try_at, posting.claim, posting.claim_until = (
        timezone.now(),
        None,
        None,
        None,
    )
    posting.save()
