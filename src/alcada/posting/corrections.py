"""A correction on its way: from the intent to its end. Each function locks, checks, writes and records in one
transaction; none calls out.

A change of an instalment may be sent again after an unclear answer, unlike a create: it carries the version that it was
read with, so of two only one takes effect, and before each sending the instalment is read.
"""

import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from alcada import queue
from alcada.connections.models import Connection
from alcada.history.actions import record, record_all
from alcada.posting import actions, lines
from alcada.posting.actions import ClaimLostError
from alcada.posting.models import CORRECTION_TRANSITIONS, Attempt, Correction, Posting
from alcada.posting.models import CorrectionState as State
from alcada.posting.rules import BusyError, Outcome, backoff_s, next_look_s

if TYPE_CHECKING:
    from django.db.models import Model, QuerySet

    from alcada.people.models import User

PRIORITY: Final = 2  # of its job: before what is done in the background, for somebody waits for it
UNDER_WAY: Final = (State.QUEUED, State.SENDING, State.UNKNOWN)


class MoveNotAllowedError(Exception):
    """A correction can't go from the one state to the other."""

    def __init__(self, before: State, after: State) -> None:
        super().__init__(f"a correction does not go from {before.value} to {after.value}")
        self.before, self.after = before, after


def approved_content(posting: Posting) -> dict[str, Any]:
    """What was approved last of what this posting stands for."""
    last = posting.corrections.order_by("-pk").first()
    return dict(last.content if last else posting.content)


def intend(
    posting: Posting,
    *,
    revision: "Model",
    round_: "Model",
    content: Mapping[str, Any],
    changes: Sequence[Mapping[str, Any]],
) -> Correction:
    """Save the intent to correct, in the transaction of the last decision, together with its job.

    The database refuses it unless the round is approved and is this correction's, and another one is under way.
    """
    correction = Correction.objects.create(
        posting=posting,
        entry_id=posting.entry_id,
        revision_id=revision.pk,
        round_id=round_.pk,
        connection_id=posting.connection_id,
        content=dict(content),
        before=approved_content(posting),
        changes=list(changes),
    )
    _record(correction, "correction.intended", account=posting.connection.remote_name)
    queue.defer("correct", priority=PRIORITY, correction_id=correction.pk)
    return correction


def due() -> "QuerySet[Correction]":
    """Whose time has come, on an account in use: what the timetable finds when a job got lost."""
    return Correction.objects.filter(
        state__in=[State.QUEUED, State.UNKNOWN],
        next_try_at__lte=timezone.now(),
        connection__state=Connection.State.CONNECTED,
    )


def claim(correction_id: int) -> tuple[Correction, uuid.UUID] | None:
    """Take it, if its time has come; None: it has not, somebody else has it, or its account is out of use."""
    token = uuid.uuid4()
    taken = due().filter(pk=correction_id)
    changed = taken.update(state=State.SENDING, claim=token, claim_until=_deadline())
    if not changed:
        return None
    related = Correction.objects.select_related(
        "posting__connection", "posting__entry__company", "connection"
    )
    return related.get(pk=correction_id), token


def start_attempt(
    correction_id: int, claim_: uuid.UUID, *, instalment_id: str, request: Mapping[str, Any]
) -> Attempt:
    """Commit, before any bytes leave, that they are about to; the claim begins anew. Raises ClaimLostError."""
    with transaction.atomic():
        correction = held(correction_id, claim_)
        correction.claim_until = _deadline()
        correction.save(update_fields=["claim_until"])
        attempt = Attempt.objects.create(
            connection_id=correction.connection_id,
            posting=correction.posting,
            correction=correction,
            kind=Attempt.Kind.INSTALMENT,
            key=instalment_id,
            request=dict(request),
        )
        record_all([lines.attempted(correction.posting, attempt)])
        return attempt


def finish_attempt(attempt: Attempt, claim_: uuid.UUID, outcome: Outcome) -> bool:
    """Write down how it ended; go on (True), or stop for now as the outcome says."""
    with transaction.atomic():
        actions.finish_attempt(attempt, outcome)
        assert attempt.correction_id is not None
        try:
            correction = held(attempt.correction_id, claim_)
        except ClaimLostError:
            return False  # whoever has it now reads what came of this
        if outcome.kind == Attempt.Outcome.POSTED:
            correction.tries, correction.troubled_since = 0, None
            correction.save(update_fields=["tries", "troubled_since"])
            return True
        if outcome.kind == Attempt.Outcome.REFUSED and outcome.reason != "version_conflict":
            _ask(correction, State.REFUSED, outcome.reason, outcome.detail)
        else:
            _later(correction, outcome)
        return False


def later(correction_id: int, claim_: uuid.UUID, outcome: Outcome) -> None:
    """It could not be got further now: a read that failed, most of the time. Raises ClaimLostError."""
    with transaction.atomic():
        correction = held(correction_id, claim_)
        if outcome.kind == Attempt.Outcome.REFUSED:
            _ask(correction, State.REFUSED, outcome.reason, outcome.detail)
        else:
            _later(correction, outcome)


def ask(
    correction_id: int,
    claim_: uuid.UUID,
    *,
    reason: str,
    conflicts: Sequence[Mapping[str, Any]] = (),
) -> None:
    """What stands there is not what was approved, nor what was known: a person decides. Raises ClaimLostError."""
    with transaction.atomic():
        _ask(held(correction_id, claim_), State.UNDECIDED, reason, "", conflicts)


def done(correction_id: int, claim_: uuid.UUID, *, left: Sequence[Mapping[str, Any]]) -> Correction:
    """All that we can do is done; `left` is what a person has to do. Runs in the caller's transaction."""
    correction = held(correction_id, claim_)
    _move(correction, State.DONE)
    _record(correction, "correction.made", made=_made(correction), left=list(left))
    return correction


def again(correction_id: int, *, by: "User", overwrite: bool = False) -> Correction:
    """A person had a look: try it again, and write over what stands there when they say so."""
    with transaction.atomic():
        correction = _by_person(correction_id)
        if overwrite:
            correction.overwrite = [*correction.overwrite, *correction.conflicts]
        written = correction.conflicts if overwrite else []
        _move(correction, State.QUEUED)
        correction.tries, correction.troubled_since, correction.conflicts = 0, None, []
        correction.save(update_fields=["tries", "troubled_since", "conflicts", "overwrite"])
        _record(correction, "correction.again", by=by, overwritten=written)
        queue.defer("correct", priority=PRIORITY, correction_id=correction.pk)
        return correction


def leave(correction_id: int, *, by: "User", reason: str, left: Sequence[Mapping[str, Any]]) -> Correction:
    """A person does the rest in Conta Azul. Runs in the caller's transaction."""
    correction = _by_person(correction_id)
    _move(correction, State.LEFT, detail=reason)
    _record(correction, "correction.left", by=by, comment=reason, made=_made(correction), left=list(left))
    return correction


def expire_claims() -> int:
    """A worker died, or hangs: what it was changing is read before anything is sent again."""
    expired = Correction.objects.filter(state=State.SENDING, claim_until__lt=timezone.now())
    count = 0
    for pk in list(expired.values_list("pk", flat=True)[:1000]):
        with transaction.atomic():
            correction = expired.select_for_update(skip_locked=True, of=("self",)).filter(pk=pk).first()
            if correction is None:
                continue
            count += 1
            lost = Outcome(Attempt.Outcome.UNKNOWN, reason="worker_lost")
            open_ = list(correction.attempts.filter(posting=correction.posting_id, finished_at=None))
            for attempt in open_:
                actions.finish_attempt(attempt, lost)
            _move(correction, State.UNKNOWN if open_ else State.QUEUED, reason="worker_lost")
            queue.defer("correct", priority=PRIORITY, correction_id=pk)
    return count


def held(correction_id: int, claim_: uuid.UUID) -> Correction:
    """The correction, locked, if the claim is still this worker's; else raises ClaimLostError."""
    correction = (
        Correction.objects.select_for_update(of=("self",))
        .select_related("posting__connection", "posting__entry__company")
        .filter(pk=correction_id, state=State.SENDING, claim=claim_, claim_until__gt=timezone.now())
        .first()
    )
    if correction is None:
        raise ClaimLostError
    return correction


def _by_person(correction_id: int) -> Correction:
    correction = (
        Correction.objects.select_for_update(of=("self",))
        .select_related("posting__connection", "posting__entry__company")
        .get(pk=correction_id)
    )
    if correction.state in (State.SENDING, State.UNKNOWN):
        raise BusyError
    return correction


def _later(correction: Correction, outcome: Outcome) -> None:
    now = timezone.now()
    correction.tries += 1
    correction.troubled_since = correction.troubled_since or now
    unclear = outcome.kind == Attempt.Outcome.UNKNOWN or outcome.reason == "version_conflict"
    if unclear and now - correction.troubled_since >= timedelta(seconds=settings.POSTING["look_for_s"]):
        _ask(correction, State.UNDECIDED, "no_clear_answer", outcome.detail)
        return
    if unclear:
        wait = next_look_s(
            correction.tries - 1,
            first_s=settings.POSTING["first_look_s"],
            spacing_s=settings.POSTING["look_spacing_s"],
        )
    else:
        wait = backoff_s(correction.tries - 1, base_s=settings.POSTING["retry_s"])
    if outcome.retry_after_s is not None:
        wait = outcome.retry_after_s
    if outcome.kind == Attempt.Outcome.CONNECTION:
        wait = 0.0  # the connection's state holds it back
    state = State.UNKNOWN if outcome.kind == Attempt.Outcome.UNKNOWN else State.QUEUED
    _move(correction, state, reason=outcome.reason, detail=outcome.detail, wait_s=wait)
    correction.save(update_fields=["tries", "troubled_since"])
    queue.defer("correct", at=correction.next_try_at, priority=PRIORITY, correction_id=correction.pk)


def _ask(
    correction: Correction,
    state: State,
    reason: str,
    detail: str,
    conflicts: Sequence[Mapping[str, Any]] = (),
) -> None:
    _move(correction, state, reason=reason, detail=detail)
    correction.conflicts = list(conflicts)
    correction.save(update_fields=["conflicts"])
    _record(correction, "correction.asked", reason=reason, detail=detail, changes=list(conflicts))
    queue.defer("tell_correction", correction_id=correction.pk)


def _move(
    correction: Correction, state: State, *, reason: str = "", detail: str = "", wait_s: float = 0.0
) -> None:
    if state not in CORRECTION_TRANSITIONS[State(correction.state)]:
        raise MoveNotAllowedError(State(correction.state), state)
    now = timezone.now()
    correction.state, correction.reason, correction.detail = state, reason, detail
    correction.claim, correction.claim_until = None, None
    correction.next_try_at = now + timedelta(seconds=wait_s) if state in UNDER_WAY else None
    correction.ended_at = now if state in (State.DONE, State.LEFT) else None
    correction.save(
        update_fields=["state", "reason", "detail", "claim", "claim_until", "next_try_at", "ended_at"]
    )


def _made(correction: Correction) -> int:
    """How many changes Conta Azul took."""
    return correction.attempts.filter(posting=correction.posting_id, outcome=Attempt.Outcome.POSTED).count()


def _deadline() -> Any:
    return timezone.now() + timedelta(seconds=settings.POSTING["claim_deadline_s"])


def _record(correction: Correction, event: str, *, by: "User | None" = None, **data: Any) -> None:
    posting = correction.posting
    told = {name: value for name, value in data.items() if value}
    record(
        event,
        posting.entry,
        by=by,
        company=posting.entry.company,
        channel="web" if by else "",
        data={"reference": posting.reference, **told},
    )
