"""Making an approved correction: read the entry there, change what may be changed, read again, write down what is left.

Nothing is sent that wasn't read before, under the version that was read. So the whole may begin anew at any point: what
stands there already is not sent again. No transaction is open while the network is waited for.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import transaction

from alcada.connections import gateway
from alcada.flow import corrected
from alcada.flow import correcting_rules as rules
from alcada.flow.correcting_rules import Patch, Plan, Standing
from alcada.flow.following import expected, expected_ids, follow_new, their_ids
from alcada.flow.returned_notices import tell_owners
from alcada.ledger import corrected as ledger
from alcada.ledger import differing, states
from alcada.ledger.comparing import Compared, Expected
from alcada.ledger.models import Difference, EntryState
from alcada.ledger.seen import of_read
from alcada.posting import corrections, outcomes
from alcada.posting.actions import ClaimLostError
from alcada.posting.models import Attempt, Correction
from alcada.posting.rules import Outcome
from conta_azul import Call, errors
from conta_azul.amounts import Composition
from conta_azul.calls import instalments
from conta_azul.calls.instalments import Instalment
from conta_azul.enums import PaymentMethod

log = logging.getLogger(__name__)

Kind = Difference.Kind
NOTES: Final = ("document_number", "notes")


def correct(correction_id: int) -> None:
    """Make the correction, if its time has come and nobody else does. Safe to call again at any time."""
    taken = corrections.claim(correction_id)
    if taken is None:
        return
    correction, claim = taken
    try:
        _correct(correction, claim)
    except ClaimLostError:
        return  # it ran out: whoever has it now reads first what came of this
    except Exception as exc:  # its claim would run out: better said now
        log.exception("correction %s could not be made", correction_id)
        corrections.later(
            correction_id, claim, Outcome(Attempt.Outcome.NOT_SENT, "internal_error", type(exc).__name__)
        )


def _correct(correction: Correction, claim: uuid.UUID) -> None:
    follow_new(correction.connection_id)
    state = EntryState.objects.get(posting=correction.posting_id)
    with transaction.atomic():
        corrections.held(correction.pk, claim)
        ledger.expect(state.pk, pending(correction))
    parts = _read(correction, claim)
    if parts is None:
        return
    with transaction.atomic():
        tell_owners(states.take_whole(state.pk, [of_read(part) for part in parts]))
    plan = _plan(correction, state.pk, parts)
    if plan.conflicts:
        told = [conflict.as_data() for conflict in plan.conflicts]
        corrections.ask(correction.pk, claim, reason="edited_there", conflicts=told)
        return
    for patch in plan.patches:
        if not _send(correction, claim, patch):
            return
    if plan.patches:
        parts = _read(correction, claim)
        if parts is None:
            return
    _finish(correction, claim, state.pk, parts)


def pending(correction: Correction) -> dict[str, Any]:
    """What will be expected of the entry when it is made. What it doesn't change keeps the ids it was sent with."""
    was = EntryState.objects.values_list("expected", flat=True).get(posting=correction.posting_id)
    ids = their_ids(correction.connection_id, correction.posting.kind) | expected_ids(was, correction.before)
    return expected(correction.posting, ids, correction.content)


def also_left(correction: Correction) -> list[Compared]:
    """What no read tells of, and a person has to do: the entry's own notes."""
    rows = [row for row in correction.changes if row["field"] in NOTES]
    if not rows:
        return []
    now, was = (" · ".join(str(row[name]) for row in rows if row[name]) for name in ("new", "old"))
    return [Compared(0, Kind.NOTES, False, now, was)]


def _read(correction: Correction, claim: uuid.UUID) -> tuple[Instalment, ...] | None:
    """The entry as it stands; None: it could not be read, which is written down."""
    event_id = correction.posting.remote_event_id
    try:
        parts = gateway.send(correction.connection_id, instalments.of_event(event_id))
    except errors.NotFound:
        parts = ()
    except Exception as exc:
        corrections.later(correction.pk, claim, _of_read(exc))
        return None
    if not parts:
        corrections.ask(correction.pk, claim, reason="gone_there")
        return None
    return parts


def _of_read(exc: Exception) -> Outcome:
    """A read changes nothing: whatever happened to it, it is made again later, or needs the connection mended."""
    outcome = outcomes.of(exc)
    if outcome.kind == Attempt.Outcome.CONNECTION:
        return outcome
    return Outcome(
        Attempt.Outcome.NOT_SENT,
        "not_reached",
        outcome.detail,
        outcome.status,
        retry_after_s=outcome.retry_after_s,
    )


def _plan(correction: Correction, state_id: int, parts: Sequence[Instalment]) -> Plan:
    state = EntryState.objects.get(pk=state_id)
    numbers = {one.remote_id: one.number for one in state.instalments.all() if one.remote_id}
    accepted = Difference.objects.filter(
        posting=correction.posting_id, settled_at=None, accepted_at__isnull=False, number__gt=0
    )
    known = {(f"instalments.{one.number - 1}.{one.kind}", one.key) for one in accepted}
    known |= {(row["field"], str(row["old"])) for row in correction.overwrite}
    taken = correction.attempts.filter(
        posting=correction.posting_id, outcome=Attempt.Outcome.POSTED
    ).values_list("key", flat=True)
    return rules.plan(
        Expected.read(state.expected),
        Expected.read(pending(correction)),
        {numbers[part.id]: _standing(part) for part in parts if part.id in numbers},
        known=known,
        taken=set(taken),
    )


def _standing(part: Instalment) -> Standing:
    seen = of_read(part)
    return Standing(
        remote_id=part.id,
        version=part.version,
        status=seen.status,
        due_date=seen.due_date,
        amount=seen.amount,
        bank_account=seen.account,
        method=seen.method or "",
        description=seen.description,
    )


def _send(correction: Correction, claim: uuid.UUID, patch: Patch) -> bool:
    """Change one instalment. True: go on with the next."""
    call = _call(patch)
    attempt = corrections.start_attempt(
        correction.pk, claim, instalment_id=patch.remote_id, request=dict(call.body or {})
    )
    try:
        gateway.send(correction.connection_id, call)
        outcome = Outcome(Attempt.Outcome.POSTED, status=200, remote_id=patch.remote_id)
    except Exception as exc:  # every failure has an outcome; what nobody thought of is "unknown"
        outcome = _of_write(exc)
    return corrections.finish_attempt(attempt, claim, outcome)


def _of_write(exc: Exception) -> Outcome:
    outcome = outcomes.of(exc)
    if isinstance(exc, errors.Conflict):
        reason = "version_conflict"
    elif isinstance(exc, errors.NotFound):
        reason = "gone_there"
    else:
        return outcome
    return Outcome(Attempt.Outcome.REFUSED, reason, outcome.detail, outcome.status, outcome.body)


def _call(patch: Patch) -> Call[instalments.PatchedInstalment]:
    wanted: Mapping[str, Any] = patch.wanted
    amount: Decimal | None = wanted.get("amount")
    method: str | None = wanted.get("payment_method")
    return instalments.patch(
        patch.remote_id,
        patch.version,
        due_date=wanted.get("due_date"),
        composition=Composition(gross=amount) if amount is not None else None,
        payment_method=PaymentMethod(method) if method else None,
        bank_account_id=wanted.get("bank_account_name"),
        description=wanted.get("description"),
    )


def _finish(correction: Correction, claim: uuid.UUID, state_id: int, parts: Sequence[Instalment]) -> None:
    """What was approved now is what is expected; what of it doesn't stand there is a person's to do."""
    seen = [of_read(part) for part in parts]
    with transaction.atomic():
        corrections.held(correction.pk, claim)
        outcome = ledger.take_over(state_id, seen, correction_id=correction.pk, also=also_left(correction))
        left = [one for one in outcome.found if one.correction_id is not None]
        made = corrections.done(correction.pk, claim, left=[_to_do(one) for one in left])
        tell_owners(outcome)
        corrected.follow(made, left=len(left))


def _to_do(one: Difference) -> dict[str, str]:
    """As history tells changes: from what stands there to what was approved."""
    return {**differing.change(one), "old": one.theirs, "new": one.approved}
