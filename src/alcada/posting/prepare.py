"""Before the create: what the posting names must exist in the account. Found by id, by document, by name, or created.

Vendor, customer and cost centre are created under a lease per (connection, kind, key), so that twenty postings that
name one new vendor make one. Each create has its own attempt, committed before the bytes leave, and the same outcomes
as a posting: one that may have arrived is looked for by the next posting that needs it, never sent again blindly.
"""

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from alcada.background import in_database, until_written
from alcada.connections import gateway, leases
from alcada.directory.models import Counterpart
from alcada.posting import actions, outcomes, questions
from alcada.posting.models import Attempt
from alcada.posting.rules import Asks, Outcome
from conta_azul import Call

LEASE_WAIT_S = 20.0


class NotPreparedError(Exception):
    """Something that the posting names is not there (yet): `outcome` says whether later, or a person."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.reason)
        self.outcome = outcome


@dataclass(frozen=True)
class Job:
    """The posting in hand."""

    posting_id: int
    claim: uuid.UUID
    connection_id: int
    kind: str
    reference: str
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Something of ours that must have a counterpart in the account."""

    lease: str  # "person", "cost_centre"
    key: str
    attempt: Attempt.Kind
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
    try:
        if known := await in_database(wanted.known):  # another posting made it while we waited
            return known
        if found := await reading(wanted.find()):
            return str(found)
        await in_database(_check_earlier_attempts, job.connection_id, wanted)
        return await _create(job, wanted)
    finally:
        await in_database(leases.give_back, job.connection_id, wanted.lease, wanted.key, holder)


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
        holder = await in_database(leases.take, job.connection_id, wanted.lease, wanted.key, seconds)
        if holder is not None:
            return uuid.UUID(str(holder))
        if await in_database(wanted.known):  # made meanwhile: the lease is only a formality
            return None
        if asyncio.get_running_loop().time() > deadline:
            raise later("being_created", 5.0)
        await asyncio.sleep(0.2)


def _check_earlier_attempts(connection_id: int, wanted: Wanted) -> None:
    """An earlier create that may have arrived, and was not found: wait for it to show, or ask a person. Never blindly.

    With the lease in our hands, an attempt without an outcome is one whose worker died.
    """
    earlier = Attempt.objects.filter(connection_id=connection_id, kind=wanted.attempt, key=wanted.key)
    last = earlier.exclude(outcome__in=[Attempt.Outcome.NOT_SENT, Attempt.Outcome.CONNECTION]).last()
    if last is None or last.outcome not in ("", Attempt.Outcome.UNKNOWN):
        return
    age = timezone.now() - last.started_at
    # A clock that was set back says nothing of how long ago it was: then a person is asked, rather than never.
    if timedelta() <= age < timedelta(seconds=settings.POSTING["absence_span_s"]):
        raise later(f"{wanted.lease}_unknown", settings.POSTING["look_spacing_s"])
    # Conta Azul can't remove a cost centre, and a second person splits a vendor's history: a person looks at the
    # account and posts again, which settles the attempt (mending.post_again).
    raise refused(f"{wanted.lease}_unknown", wanted.key)


async def _create(job: Job, wanted: Wanted) -> str:
    sent, call = wanted.create()
    attempt = await in_database(
        actions.start_attempt, job.posting_id, job.claim, kind=wanted.attempt, request=sent, key=wanted.key
    )
    try:
        answer = await gateway.asend(job.connection_id, call)
        remote_id = await until_written(wanted.remember, answer)
    except Exception as exc:
        outcome = outcomes.of(exc)
        await until_written(actions.finish_attempt, attempt, outcome)
        if outcome.kind == Attempt.Outcome.UNKNOWN:
            raise later(f"{wanted.lease}_unknown", settings.POSTING["first_look_s"]) from exc
        raise NotPreparedError(outcome) from exc
    await until_written(
        actions.finish_attempt, attempt, Outcome(Attempt.Outcome.POSTED, status=200, remote_id=remote_id)
    )
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
