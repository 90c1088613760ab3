"""Taking many postings, of several accounts, in few statements: claim, attempt and slot together.

The steps are those of `actions`, for whoever needs nothing made first (vendor and cost centres known, category and bank
account there), which is nearly every posting. All others go one by one through `send.send`.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from alcada.connections import rate
from alcada.history.actions import record_all
from alcada.posting import actions, lines, request
from alcada.posting.known import Known, known
from alcada.posting.models import Attempt, Posting
from alcada.posting.prepare import Job
from alcada.posting.turns import hold_back
from conta_azul import Call
from conta_azul.calls import entries


@dataclass(frozen=True)
class Departure:
    """A posting ready to leave: its attempt is committed, its moment reserved."""

    job: Job
    attempt_id: int
    call: Call[entries.CreatedEntry]
    wait_s: float


@dataclass(frozen=True)
class Group:
    """What was claimed together. `wait_s` is until the next free moment, where there was none."""

    departures: Sequence[Departure] = ()
    unprepared: Sequence[Job] = ()
    wait_s: float | None = None
    all_due: bool = False  # no more was due than was claimed


def take(asked: Mapping[int, int]) -> dict[int, Group]:
    """Of each account (key → how many at most) claim postings, as many as it has free moments for within the horizon.

    Commits, before any bytes leave, an attempt for each that is ready. Raises RuntimeError inside a transaction.
    """
    groups: dict[int, Group] = {}
    with transaction.atomic(durable=True):
        claimed: list[_Claimed] = []
        for connection_id, most in sorted(asked.items()):  # locked in one order, whoever locks them
            found = _claim(connection_id, most)
            if isinstance(found, Group):
                groups[connection_id] = found
            else:
                claimed.append(found)
        postings = {posting.pk: posting for one in claimed for posting in one.postings}
        prefetch_related_objects(list(postings.values()), "connection")
        remembered = known(
            [one.connection_id for one in claimed], [job for one in claimed for job in one.jobs]
        )
        for one in claimed:
            one.sort(remembered[one.connection_id])
        made = _attempts(postings, [pair for one in claimed for pair in one.ready])
    return groups | {one.connection_id: one.group(made) for one in claimed}


@dataclass
class _Claimed:
    """What was claimed of one account, with the moments that it had free."""

    connection_id: int
    bucket: rate.Bucket
    now: float
    free: int
    postings: Sequence[Posting]
    jobs: Sequence[Job]
    ready: Sequence[tuple[Job, Call[entries.CreatedEntry]]] = ()
    unprepared: Sequence[Job] = ()
    waits: Sequence[float] = ()

    def sort(self, remembered: Known) -> None:
        """Those that are ready keep their moments; the account has the others back."""
        self.ready, self.unprepared = _sort(self.connection_id, self.jobs, remembered)
        limits = rate.limits()
        bucket, moments = rate.give(
            self.bucket, limits, now=self.now, most=len(self.ready), until=float("inf")
        )
        self.waits = [moment - self.now for moment in moments]
        if limits.per_second and moments:
            rate.store(self.connection_id, bucket)

    def group(self, attempts: Mapping[int, int]) -> Group:
        departures = [
            Departure(job, attempts[job.posting_id], call, wait)
            for (job, call), wait in zip(self.ready, self.waits, strict=True)
        ]
        return Group(departures, self.unprepared, all_due=len(self.postings) < self.free)


def _claim(connection_id: int, most: int) -> _Claimed | Group:
    limits = rate.limits()
    bucket, now = rate.load(connection_id) if limits.per_second else (rate.Bucket(), 0.0)
    _, free = rate.give(bucket, limits, now=now, most=most, until=now + rate.HORIZON_S)
    if free:
        claim, postings = actions.claim(connection_id, len(free))
        return _Claimed(
            connection_id, bucket, now, len(free), postings, [_job(posting, claim) for posting in postings]
        )
    if not actions.anything_due(connection_id):
        return Group(all_due=True)
    _, (first,) = rate.give(bucket, limits, now=now, most=1, until=float("inf"))
    return Group(wait_s=first - now - rate.HORIZON_S / 2)


def _job(posting: Posting, claim: uuid.UUID) -> Job:
    return Job(posting.pk, claim, posting.connection_id, posting.kind, posting.reference, posting.content)


def _sort(
    connection_id: int, jobs: Sequence[Job], remembered: Known
) -> tuple[list[tuple[Job, Call[entries.CreatedEntry]]], list[Job]]:
    """Those ready to leave, each with its call, and those for which something has to be done first.

    Of those that lack the same thing one goes first; the others go back into the queue.
    """
    ready: list[tuple[Job, Call[entries.CreatedEntry]]] = []
    unprepared: list[Job] = []
    for job in jobs:
        ids = remembered.of(job)
        try:
            call = request.create_call(job.kind, job.content, job.reference, ids) if ids else None
        except ValueError:  # by itself it is refused with a reason; the others go on
            call = None
        if call is None:
            unprepared.append(job)
        else:
            ready.append((job, call))
    held = hold_back(connection_id, {job.posting_id: remembered.missing(job) for job in unprepared})
    return ready, [job for job in unprepared if job.posting_id not in held]


def _attempts(
    postings: Mapping[int, Posting], ready: Sequence[tuple[Job, Call[entries.CreatedEntry]]]
) -> dict[int, int]:
    """An attempt for each that is ready: posting → attempt."""
    if not ready:
        return {}
    now = timezone.now()
    rows = [
        {"connection_id": job.connection_id, "posting_id": job.posting_id, "request": dict(call.body or {})}
        for job, call in ready
    ]
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, [now, json.dumps(rows, cls=DjangoJSONEncoder)])
        made = dict(cursor.fetchall())
    attempts = [
        Attempt(pk=made[row["posting_id"]], kind=Attempt.Kind.ENTRY, request=row["request"]) for row in rows
    ]
    record_all(
        [
            lines.attempted(postings[job.posting_id], attempt)
            for (job, _), attempt in zip(ready, attempts, strict=True)
        ]
    )
    return {job.posting_id: attempt.pk for (job, _), attempt in zip(ready, attempts, strict=True)}


# An attempt for each, and of the posting since when it may stand there; what `actions.start_attempt` does for one.
_BEGIN: Final = """
    WITH given AS (
        SELECT *, %s::timestamptz AS at
        FROM json_to_recordset(%s::json) AS one(connection_id bigint, posting_id bigint, request jsonb)
    ), sent AS (
        UPDATE posting_posting posting
        SET sent_at = given.at, looks = 0, watched_s = 0, watched_at = given.at,
            may_stand_since = coalesce(may_stand_since, given.at)
        FROM given WHERE posting.id = given.posting_id
    )
    INSERT INTO posting_attempt
        (connection_id, posting_id, kind, key, request, started_at, outcome, detail, response, remote_id)
    SELECT connection_id, posting_id, 'entry', '', request, at, '', '', '', '' FROM given
    RETURNING posting_id, id
"""
