"""Before the create: what the posting names must exist in the account. Found by id, by document, by name, or created.

Vendor, customer and cost centre are created under a lease per (connection, kind, key), so that twenty postings that
name one new vendor make one. Each create has its own attempt, committed before the bytes leave, and the same outcomes
as a posting: one that may have arrived is looked for (`seeking`), never sent again blindly. Who waits for it meanwhile
goes back into the queue (`turns`).
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from alcada.background import in_database, until_written
from alcada.connections import gateway, leases
from alcada.directory.models import Counterpart
from alcada.posting import actions, outcomes, questions, seeking, turns
from alcada.posting.models import Attempt, Sought
from alcada.posting.rules import Asks, Evidence, Outcome, Verdict
from conta_azul import Call

LEASE_WAIT_S = 20.0


class NotPreparedError(Exception):
    """Something that the posting names is not there (yet): `outcome` says whether later, or a person."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


def _no_evidence(_connection_id: int) -> Evidence:
    return Evidence(seen=0, longest_lag_s=0.0)


@dataclass(frozen=True)
class Job:
    """The posting in hand."""

    posting_id: int
    claim: uuid.UUID
    connection_id: int
    kind: str
    reference: str
    content: Mapping[str, Any]
    # What the account's own postings taught of how late it shows things (database). None: no absence is believed.
    evidence: Callable[[int], Evidence] = _no_evidence


@dataclass(frozen=True)
class Wanted:
    """Something of ours that must have a counterpart in the account."""

    kind: Attempt.Kind  # PERSON or COST_CENTRE: also its lease's
    key: str
    asks: Asks  # should a person have to say whether it is there
    known: Callable[[], str]  # database: the remembered id, or ""
    find: Callable[[], Awaitable[str]]  # network: looks in the account; remembers what it found
    create: Callable[[], tuple[Mapping[str, Any], Call[Any]]]  # what is sent, and the call
    remember: Callable[[Any], str]  # database: keeps what was created, returns its id


def refused(reason: str, detail: str = "", asks: Asks | None = None) -> NotPreparedError:
    return NotPreparedError(Outcome(Attempt.Outcome.REFUSED, reason, detail, asks=asks))


def later(reason: str, seconds: float, detail: str = "") -> NotPreparedError:
    return NotPreparedError(Outcome(Attempt.Outcome.NOT_SENT, reason, detail, retry_after_s=seconds))


async def ensure(job: Job, wanted: Wanted) -> str:
    """The account's id of what is wanted: remembered, found or created. Raises NotPreparedError."""
    if known := await in_database(wanted.known):
        return known
    holder = await _take(job, wanted)
    if holder is None:
        return await in_database(wanted.known)
    waiting = {turns.BEING_CREATED}
    try:
        if known := await in_database(wanted.known):  # another posting made it while we waited
            return known
        sought = await in_database(seeking.of, job.connection_id, wanted.kind, wanted.key)
        if sought:
            waiting.add(_reason(wanted))
        return await _find_or_create(job, wanted, sought)
    except NotPreparedError as exc:
        if (
            exc.outcome.kind != Attempt.Outcome.REFUSED
        ):  # it is not there, and no person is asked: they wait on
            waiting.clear()
        raise
    finally:
        await in_database(leases.give_back, job.connection_id, wanted.kind, wanted.key, holder)
        if waiting:
            await in_database(turns.let_go, job.connection_id, waiting)


async def _find_or_create(job: Job, wanted: Wanted, sought: Sought | None) -> str:
    """With its lease: what an earlier posting may have created is looked for until its absence may be believed."""
    if sought:
        _check_due(sought, wanted)
        await in_database(seeking.begin, sought.pk)
    if found := await reading(wanted.find()):
        if sought:
            await in_database(seeking.end, sought.pk, Sought.Ended.THERE, remote_id=found)
        return str(found)
    if sought:
        evidence = await in_database(job.evidence, job.connection_id)
        verdict = await in_database(seeking.not_found, sought.pk, evidence)
        if verdict != Verdict.SEND_AGAIN:
            await in_database(sought.refresh_from_db)
            raise _in_doubt(sought, wanted)
    elif await in_database(seeking.restored_lately, job.connection_id):
        raise later("restored_lately", settings.POSTING["look_spacing_s"])
    return await _create(job, wanted)


def _check_due(sought: Sought, wanted: Wanted) -> None:
    """One look per name, however many wait for it: in between they wait, or a person is asked."""
    if seeking.wait_s(sought):
        raise _in_doubt(sought, wanted)


def _in_doubt(sought: Sought, wanted: Wanted) -> NotPreparedError:
    if sought.asked_at is None:
        return later(_reason(wanted), seeking.wait_s(sought))
    return refused(_reason(wanted), wanted.asks.name, replace(wanted.asks, sought=sought.pk))


def _reason(wanted: Wanted) -> str:
    return f"{wanted.kind.value}_unknown"


async def reading(call: Awaitable[Any]) -> Any:
    """A read's failure is only ever "later" (or the connection): nothing was written."""
    try:
        return await call
    except NotPreparedError:
        raise
    except Exception as exc:
        outcome = outcomes.of(exc)
        if outcome.kind != Attempt.Outcome.CONNECTION:
            outcome = Outcome(
                Attempt.Outcome.NOT_SENT,
                "too_many_requests" if outcome.status == 429 else "not_reached",
                outcome.detail,
                outcome.status,
                retry_after_s=outcome.retry_after_s,
                unreached=outcome.unreached,
            )
        raise NotPreparedError(outcome) from exc


async def _take(job: Job, wanted: Wanted) -> uuid.UUID | None:
    """The lease; None when what is wanted was made while we waited for it."""
    seconds = settings.POSTING["claim_deadline_s"]
    deadline = asyncio.get_running_loop().time() + LEASE_WAIT_S
    while True:
        holder = await in_database(leases.take, job.connection_id, wanted.kind, wanted.key, seconds)
        if holder is not None:
            return uuid.UUID(str(holder))
        if await in_database(wanted.known):  # made meanwhile: the lease is only a formality
            return None
        if asyncio.get_running_loop().time() > deadline:
            raise later(turns.BEING_CREATED, turns.BEING_CREATED_S)
        await asyncio.sleep(0.2)


async def _create(job: Job, wanted: Wanted) -> str:
    sent, call = wanted.create()
    attempt = await in_database(
        actions.start_attempt, job.posting_id, job.claim, kind=wanted.kind, request=sent, key=wanted.key
    )
    try:
        answer = await gateway.asend(job.connection_id, call)
        remote_id = await until_written(wanted.remember, answer)
    except Exception as exc:
        outcome = outcomes.of(exc)
        await until_written(actions.finish_attempt, attempt, outcome)
        if outcome.kind == Attempt.Outcome.UNKNOWN:
            first_look_s = settings.POSTING["first_look_s"]
            await in_database(seeking.start, attempt, first_look_s=first_look_s)
            raise later(_reason(wanted), first_look_s) from exc
        raise NotPreparedError(outcome) from exc
    await until_written(
        actions.finish_attempt, attempt, Outcome(Attempt.Outcome.POSTED, status=200, remote_id=remote_id)
    )
    await in_database(seeking.answered, attempt.pk, remote_id)
    return remote_id


def mapped(connection_id: int, field: str, key: int, profile: str = "") -> Counterpart | None:
    """What one of ours is called in the account (database)."""
    return Counterpart.objects.filter(
        connection_id=connection_id, profile=profile, **{f"{field}_id": key}
    ).first()


def remember(
    connection_id: int, field: str, key: int, remote_id: str, name: str, match: str, profile: str = ""
) -> str:
    """Keep what one of ours is called there (database), and let those go on that waited for it; the id to use.

    What a person confirmed meanwhile stands: theirs is the id that comes back.
    """
    with transaction.atomic():
        rows = Counterpart.objects.select_for_update(of=("self",))
        named = {"connection_id": connection_id, f"{field}_id": key, "profile": profile}
        row = rows.filter(**named).first() or Counterpart(**named)
        if row.confirmed_at and row.removed_at is None and row.remote_id != remote_id:
            return row.remote_id
        same = row.pk is not None and row.remote_id == remote_id
        row.match = row.match if same else match
        row.renamed_from = row.renamed_from if same else ""
        row.remote_id, row.remote_name = remote_id, (name or row.remote_name)[:255]
        row.active, row.trouble, row.removed_at, row.seen_at = True, "", None, timezone.now()
        row.save()
        questions.settle(connection_id, field, key, profile)
        return remote_id
