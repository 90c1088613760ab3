"""From the intent to the outcome. Each function locks, checks, writes and records in one transaction; none calls out.

Beside it: `looking` (what a look led to), `mending` (what a person does), `moves` (the steps that all share).
"""

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from alcada import queue
from alcada.connections.models import Connection
from alcada.history.actions import Chains, line, record, record_all
from alcada.posting import lines, moves, questions, telling
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import (
    Outcome,
    backoff_s,
    new_reference,
)

if TYPE_CHECKING:
    from django.db.models import Model


KEPT_OF_AN_ANSWER: Final = 20_000  # characters


class ClaimLostError(Exception):
    """The claim ran out, or another has it: this worker must not send."""


def intend(
    *,
    entry: "Model",
    revision: "Model",
    round_: "Model",
    connection_: Connection,
    kind: str,
    content: Mapping[str, Any],
    chains: Chains | None = None,
) -> Posting:
    """Save the intent to post, in the transaction of the last decision, together with its job.

    `chains` are those of history that the decision locked.
    The database refuses it unless the round is approved and is this revision's (migration 0002).
    """
    posting = _create(
        entry=entry,
        revision=revision,
        round=round_,
        connection=connection_,
        kind=kind,
        content=dict(content),
    )
    data = {
        "reference": posting.reference,
        "account": connection_.remote_name,
        "connection": connection_.pk,
    }
    intended = line("posting.intended", posting.entry, company=connection_.company, data=data)
    record_all([intended], held=chains)
    queue.wake(connection_.pk)
    return posting


def _create(**fields: Any) -> Posting:
    for attempt in range(5):  # a reference drawn twice: one in some hundred million
        try:
            with transaction.atomic():
                return Posting.objects.create(reference=new_reference(), **fields)
        except IntegrityError as exc:
            if "reference" not in str(exc) or attempt == 4:
                raise
    raise AssertionError("unreachable")


def claim(connection_id: int, limit: int) -> tuple[uuid.UUID, list[Posting]]:
    """Take up to `limit` queued postings whose time has come: what a person waits for, then the oldest.

    Returns the claim and the postings. A connection that isn't connected gives none: its postings wait.
    """
    token = uuid.uuid4()
    claimed = Posting.objects.raw(
        _CLAIM,
        {
            "claim": token,
            "deadline": settings.POSTING["claim_deadline_s"],
            "connection": connection_id,
            "limit": limit,
        },
    )
    return token, sorted(claimed, key=lambda posting: posting.pk)


def anything_due(connection_id: int) -> bool:
    """Is a posting waiting whose time has come, on an account in use?"""
    due = Posting.objects.filter(
        connection_id=connection_id,
        connection__state=Connection.State.CONNECTED,
        state=State.QUEUED,
        next_try_at__lte=Now(),
    )
    return due.exists()


# Picked once: in a subquery of IN a plan may run it again and again, and claim more than was asked for.
_CLAIM = """
    WITH picked AS MATERIALIZED (
        SELECT p.id FROM posting_posting p JOIN connections_connection c ON c.id = p.connection_id
        WHERE p.connection_id = %(connection)s AND p.state = 'queued' AND p.next_try_at <= now()
          AND c.state = 'connected'
        ORDER BY p.urgent DESC, p.next_try_at, p.id LIMIT %(limit)s FOR UPDATE OF p SKIP LOCKED
    )
    UPDATE posting_posting posting SET state = 'sending', claim = %(claim)s,
           claim_until = now() + make_interval(secs => %(deadline)s)
    FROM picked WHERE posting.id = picked.id
    RETURNING posting.*
"""


def call_limit_s() -> float:
    """The longest a create may take, whatever the time-outs of its parts add up to: half of the claim."""
    return float(settings.POSTING["claim_deadline_s"]) / 2


def start_attempt(
    posting_id: int, claim_: uuid.UUID, *, kind: Attempt.Kind, request: Mapping[str, Any], key: str = ""
) -> Attempt:
    """Commit, before any bytes leave, that they are about to. Raises ClaimLostError when this worker must not send."""
    with transaction.atomic():
        # A call must end before the claim does, or another could take the posting while it is on the wire.
        posting = _held(posting_id, claim_, for_s=call_limit_s())
        now = timezone.now()
        attempt = Attempt.objects.create(
            connection_id=posting.connection_id,
            posting=posting,
            kind=kind,
            key=key,
            request=dict(request),
            started_at=now,
        )
        if kind == Attempt.Kind.ENTRY:
            posting.sent_at, posting.looks = now, 0
            posting.watched_s, posting.watched_at = 0.0, now
            posting.may_stand_since = posting.may_stand_since or now
            posting.save(update_fields=["sent_at", "looks", "watched_s", "watched_at", "may_stand_since"])
        record_all([lines.attempted(posting, attempt)])
        return attempt


def finish_attempt(attempt: Attempt, outcome: Outcome) -> None:
    """Write an attempt's outcome, once. Runs in the caller's transaction, or in one of its own.

    An answer with an id counts also after the attempt was given up: what it made stands there.
    """
    open_ = Q(finished_at=None)
    if outcome.kind == Attempt.Outcome.POSTED:
        open_ |= ~Q(outcome=Attempt.Outcome.POSTED)
    with transaction.atomic():
        changed = Attempt.objects.filter(open_, pk=attempt.pk).update(
            finished_at=timezone.now(),
            outcome=outcome.kind,
            status=outcome.status,
            detail=outcome.detail,
            response=outcome.body[:KEPT_OF_AN_ANSWER],
            remote_id=outcome.remote_id,
        )
        if not changed:
            return
        record_all([lines.ended(attempt.posting, attempt.pk, attempt.kind, outcome)])


def finish_create(attempt: Attempt, claim_: uuid.UUID, outcome: Outcome) -> Posting:
    """Record the outcome of the create call and move the posting by it.

    An answer with the id is believed whenever it comes, even after the claim ran out and the posting was being looked
    for: the entry is there. Any other outcome counts only while the claim is still this worker's.
    """
    with transaction.atomic():
        posting = Posting.objects.select_for_update().get(pk=attempt.posting_id)
        finish_attempt(attempt, outcome)
        if outcome.kind == Attempt.Outcome.POSTED:
            moves.believe(posting, outcome.remote_id, list(outcome.remote_instalment_ids), "posting.posted")
        elif posting.state == State.SENDING and posting.claim == claim_:
            _move_after_failure(posting, outcome)
        return posting


def _move_after_failure(posting: Posting, outcome: Outcome) -> None:
    if outcome.kind == Attempt.Outcome.REFUSED:
        moves.move(posting, State.REFUSED, reason=outcome.reason, detail=outcome.detail)
        if outcome.asks is not None:  # nothing was sent: our own question, not their refusal
            questions.ask(posting, outcome.asks)
            return
        record(
            "posting.refused",
            posting.entry,
            company=posting.connection.company,
            data={"detail": outcome.detail},
        )
        telling.stopped(posting)
        if outcome.reason == "refused":
            questions.doubt(posting)
    elif outcome.kind == Attempt.Outcome.UNKNOWN:
        _to_unknown(posting, reason=outcome.reason, detail=outcome.detail)
    else:
        _requeue(posting, outcome)


def give_back(posting_id: int, claim_: uuid.UUID, outcome: Outcome) -> Posting:
    """Nothing of the entry was sent: back to the queue, or to a person when the preparation was refused."""
    with transaction.atomic():
        posting = _held(posting_id, claim_)
        if outcome.kind == Attempt.Outcome.REFUSED:
            _move_after_failure(posting, outcome)
        else:
            _requeue(posting, outcome)
        return posting


def _requeue(posting: Posting, outcome: Outcome) -> None:
    failures = posting.attempts.exclude(outcome__in=["posted", ""]).count()
    wait = backoff_s(failures, base_s=settings.POSTING["retry_s"])
    if outcome.retry_after_s is not None:
        wait = outcome.retry_after_s
    if outcome.kind == Attempt.Outcome.CONNECTION and posting.connection.state != Connection.State.CONNECTED:
        wait = 0.0  # that state holds it back; it goes at once when it is mended
    moves.move(posting, State.QUEUED, reason=outcome.reason, detail=outcome.detail, wait_s=wait)
    queue.wake(posting.connection_id)


def _to_unknown(posting: Posting, *, reason: str, detail: str) -> None:
    wait = settings.POSTING["first_look_s"]
    moves.move(posting, State.UNKNOWN, reason=reason, detail=detail, wait_s=wait)
    record("posting.unknown", posting.entry, company=posting.connection.company, data={"detail": detail})


def expire_claims() -> int:
    """A worker died, or hangs: what it had claimed may have arrived, so it is looked for; never sent again blindly.

    Where no create was started under the claim nothing can have arrived, and the posting goes back to the queue.
    """
    expired = Posting.objects.filter(state=State.SENDING, claim_until__lt=Now())
    count = 0
    for pk in list(expired.values_list("pk", flat=True)[:1000]):
        with transaction.atomic():
            posting = expired.select_for_update(skip_locked=True).filter(pk=pk).first()
            if posting is None:
                continue
            count += 1
            open_create = posting.attempts.filter(kind=Attempt.Kind.ENTRY, finished_at=None).last()
            lost = Outcome(Attempt.Outcome.UNKNOWN, reason="worker_lost")
            for attempt in posting.attempts.filter(finished_at=None):
                finish_attempt(attempt, lost)
            if open_create:
                _to_unknown(posting, reason="worker_lost", detail="")
            else:
                moves.move(posting, State.QUEUED, reason="worker_lost")
                queue.wake(posting.connection_id)
    return count


def _held(posting_id: int, claim_: uuid.UUID, *, for_s: float = 0.0) -> Posting:
    """The posting, locked, if the claim is this worker's for so many seconds more; else raises ClaimLostError.

    By the database's clock, as it was given: this machine's may differ, or jump.
    """
    until = Now() + timedelta(seconds=for_s)
    posting = (
        Posting.objects.select_for_update(of=("self",))
        .filter(pk=posting_id, state=State.SENDING, claim=claim_, claim_until__gt=until)
        .first()
    )
    if posting is None:
        raise ClaimLostError
    return posting
