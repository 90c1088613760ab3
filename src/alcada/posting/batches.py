"""Many postings of one account in few statements: claim, attempt and slot together; many outcomes together.

The steps are those of `actions`, for whoever needs nothing made first (vendor and cost centres known, category and bank
account there), which is nearly every posting. All others go one by one through `send.send`.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.db import connection, transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from alcada.connections import rate
from alcada.directory.models import EntryKind
from alcada.history.actions import Line, record_all
from alcada.posting import actions, cost_centres, lines, parties, request
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.parties import PROFILE
from alcada.posting.prepare import Job
from alcada.posting.request import Ids
from alcada.posting.rules import Outcome
from alcada.posting.turns import Missing, hold_back
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


@dataclass(frozen=True)
class Arrival:
    """How the create of a departed posting ended."""

    posting_id: int
    attempt_id: int
    claim: uuid.UUID
    outcome: Outcome


def take(connection_id: int, most: int) -> Group:
    """Claim up to `most` postings of the account, as many as it has free moments for within the horizon.

    Commits, before any bytes leave, an attempt for each that is ready. Raises RuntimeError inside a transaction.
    """
    with transaction.atomic(durable=True):
        bucket, now = rate.load(connection_id)
        limits, until = rate.limits(), now + rate.HORIZON_S
        _, free = rate.give(bucket, limits, now=now, most=most, until=until)
        if not free:
            _, (first,) = rate.give(bucket, limits, now=now, most=1, until=float("inf"))
            return (
                Group(wait_s=first - now - rate.HORIZON_S / 2)
                if actions.anything_due(connection_id)
                else Group(all_due=True)
            )
        claim, postings = actions.claim(connection_id, len(free))
        jobs = [_job(posting, claim) for posting in postings]
        ready, unprepared = _sort(connection_id, jobs)
        bucket, moments = rate.give(bucket, limits, now=now, most=len(ready), until=float("inf"))
        rate.store(connection_id, bucket)
        departures = _attempts({posting.pk: posting for posting in postings}, ready)
    waits = [moment - now for moment in moments]
    return Group(
        [Departure(job, pk, call, wait) for (job, call, pk), wait in zip(departures, waits, strict=True)],
        unprepared,
        all_due=len(postings) < len(free),
    )


def finish(arrivals: Sequence[Arrival]) -> list[int]:
    """Record the outcomes, move the postings; the ids of those posted now. Runs in the caller's transaction.

    The usual case, created under a claim that still holds, takes a few statements for all; any other goes by itself
    through `actions.finish_create`.
    """
    ids = sorted({arrival.posting_id for arrival in arrivals})
    locked = Posting.objects.select_for_update(of=("self",)).select_related("connection")
    postings = {posting.pk: posting for posting in locked.filter(pk__in=ids).order_by("pk").defer("content")}
    usual = [arrival for arrival in arrivals if _is_usual(arrival, postings[arrival.posting_id])]
    _finish_usual(usual, postings)
    posted = [arrival.posting_id for arrival in usual]
    for arrival in arrivals:
        if arrival not in usual:
            attempt = Attempt.objects.select_related("posting").get(pk=arrival.attempt_id)
            actions.finish_create(attempt, arrival.claim, arrival.outcome)
    return posted


def _job(posting: Posting, claim: uuid.UUID) -> Job:
    return Job(posting.pk, claim, posting.connection_id, posting.kind, posting.reference, posting.content)


# --- Taking ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Known:
    """What the account calls ours, as far as remembered: by field and key; parties by key and profile."""

    ids: Mapping[tuple[str, int], str] = field(default_factory=dict)
    parties: Mapping[tuple[int, str], str] = field(default_factory=dict)

    def of(self, job: Job) -> Ids | None:
        """All ids that the posting needs, or None: something has to be looked up, made, or is gone."""
        content, profile = job.content, PROFILE[EntryKind(job.kind)].value
        categories = {split["category"]["id"] for split in content["splits"]}
        centres = {split["cost_centre"]["id"] for split in content["splits"] if split["cost_centre"]}
        try:
            return Ids(
                party=self.parties[content["party"]["id"], profile],
                bank_account=self.ids["bank_account", content["bank_account"]["id"]],
                categories={key: self.ids["category", key] for key in categories},
                cost_centres={key: self.ids["cost_centre", key] for key in centres},
            )
        except KeyError:
            return None

    def missing(self, job: Job) -> set[Missing]:
        """Vendor, customer and cost centres whose ids aren't known; none where the posting can't go in any case."""
        content, profile = job.content, PROFILE[EntryKind(job.kind)].value
        party = content["party"]
        fixed = {("category", split["category"]["id"]) for split in content["splits"]}
        fixed.add(("bank_account", content["bank_account"]["id"]))
        if not fixed <= self.ids.keys():
            return set()  # the API can't make these: it is refused before anything is looked for
        centres = [split["cost_centre"] for split in content["splits"] if split["cost_centre"]]
        lacks = {
            Missing(Attempt.Kind.COST_CENTRE.value, cost_centres.key(centre), centre["id"])
            for centre in centres
            if ("cost_centre", centre["id"]) not in self.ids
        }
        if (party["id"], profile) not in self.parties:
            lacks.add(Missing(Attempt.Kind.PERSON.value, parties.key(party), party["id"]))
        return lacks


def _sort(
    connection_id: int, jobs: Sequence[Job]
) -> tuple[list[tuple[Job, Call[entries.CreatedEntry]]], list[Job]]:
    """Those ready to leave, each with its call, and those for which something has to be done first.

    Of those that lack the same thing one goes first; the others go back into the queue.
    """
    known = _known(connection_id, jobs)
    ready: list[tuple[Job, Call[entries.CreatedEntry]]] = []
    unprepared: list[Job] = []
    for job in jobs:
        ids = known.of(job)
        try:
            call = request.create_call(job.kind, job.content, job.reference, ids) if ids else None
        except ValueError:  # by itself it is refused with a reason; the others go on
            call = None
        if call is None:
            unprepared.append(job)
        else:
            ready.append((job, call))
    held = hold_back(connection_id, {job.posting_id: known.missing(job) for job in unprepared})
    return ready, [job for job in unprepared if job.posting_id not in held]


def _known(connection_id: int, jobs: Sequence[Job]) -> _Known:
    wanted: dict[str, set[int]] = {
        name: set() for name in ("category", "cost_centre", "bank_account", "party")
    }
    for job in jobs:
        wanted["party"].add(job.content["party"]["id"])
        wanted["bank_account"].add(job.content["bank_account"]["id"])
        for split in job.content["splits"]:
            wanted["category"].add(split["category"]["id"])
            if split["cost_centre"]:
                wanted["cost_centre"].add(split["cost_centre"]["id"])
    ids: dict[tuple[str, int], str] = {}
    parties: dict[tuple[int, str], str] = {}
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNTERPARTS,
            {"connection": connection_id, **{name: list(keys) for name, keys in wanted.items()}},
        )
        for field_, key, profile, remote_id in cursor.fetchall():
            if field_ == "party":
                parties[key, profile] = remote_id
            else:
                ids[field_, key] = remote_id
    return _Known(ids, parties)


def _attempts(
    postings: Mapping[int, Posting], ready: Sequence[tuple[Job, Call[entries.CreatedEntry]]]
) -> list[tuple[Job, Call[entries.CreatedEntry], int]]:
    if not ready:
        return []
    now = timezone.now()
    attempts = Attempt.objects.bulk_create(
        Attempt(
            connection_id=job.connection_id,
            posting_id=job.posting_id,
            kind=Attempt.Kind.ENTRY,
            request=dict(call.body or {}),
            started_at=now,
        )
        for job, call in ready
    )
    Posting.objects.filter(pk__in=[job.posting_id for job, _ in ready]).update(
        sent_at=now, looks=0, watched_s=0.0, watched_at=now, may_stand_since=Coalesce("may_stand_since", now)
    )
    record_all(
        [
            lines.attempted(postings[job.posting_id], attempt)
            for (job, _), attempt in zip(ready, attempts, strict=True)
        ]
    )
    return [(job, call, attempt.pk) for (job, call), attempt in zip(ready, attempts, strict=True)]


# --- Finishing ------------------------------------------------------------------------------------------------


def _is_usual(arrival: Arrival, posting: Posting) -> bool:
    ours = posting.state == State.SENDING and posting.claim == arrival.claim
    return ours and arrival.outcome.kind == Attempt.Outcome.POSTED


def _finish_usual(arrivals: Sequence[Arrival], postings: Mapping[int, Posting]) -> None:
    if not arrivals:
        return
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            _FINISH_ATTEMPTS,
            [
                [arrival.attempt_id for arrival in arrivals],
                [arrival.outcome.body[: actions.KEPT_OF_AN_ANSWER] for arrival in arrivals],
                [arrival.outcome.remote_id for arrival in arrivals],
                now,
            ],
        )
        cursor.execute(
            _MARK_POSTED,
            [
                [arrival.posting_id for arrival in arrivals],
                [arrival.outcome.remote_id for arrival in arrivals],
                ["\n".join(arrival.outcome.remote_instalment_ids) for arrival in arrivals],
                now,
            ],
        )
    written: list[Line] = []
    for arrival in arrivals:
        posting, outcome = postings[arrival.posting_id], arrival.outcome
        written.append(lines.ended(posting, arrival.attempt_id, Attempt.Kind.ENTRY, outcome))
        written.append(
            lines.posted(posting, "posting.posted", outcome.remote_id, list(outcome.remote_instalment_ids))
        )
    record_all(written)


_COUNTERPARTS: Final = """
    SELECT 'category', category_id, '', remote_id FROM directory_counterpart
    WHERE connection_id = %(connection)s AND active AND category_id = ANY(%(category)s::bigint[])
    UNION ALL
    SELECT 'cost_centre', cost_centre_id, '', remote_id FROM directory_counterpart
    WHERE connection_id = %(connection)s AND active AND cost_centre_id = ANY(%(cost_centre)s::bigint[])
    UNION ALL
    SELECT 'bank_account', bank_account_id, '', remote_id FROM directory_counterpart
    WHERE connection_id = %(connection)s AND active AND bank_account_id = ANY(%(bank_account)s::bigint[])
    UNION ALL
    SELECT 'party', party_id, profile, remote_id FROM directory_counterpart
    WHERE connection_id = %(connection)s AND active AND party_id = ANY(%(party)s::bigint[])
"""
_FINISH_ATTEMPTS: Final = """
    UPDATE posting_attempt attempt
    SET finished_at = done.at, outcome = 'posted', status = 201, response = done.body, remote_id = done.remote_id
    FROM (SELECT unnest(%s::bigint[]) id, unnest(%s::text[]) body, unnest(%s::text[]) remote_id,
                 %s::timestamptz at) done
    WHERE attempt.id = done.id
"""
_MARK_POSTED: Final = """
    UPDATE posting_posting posting
    SET state = 'posted', reason = '', detail = '', remote_event_id = done.event,
        remote_instalment_ids = to_jsonb(string_to_array(done.instalments, E'\\n')),
        posted_at = done.at, next_try_at = NULL, claim = NULL, claim_until = NULL
    FROM (SELECT unnest(%s::bigint[]) id, unnest(%s::text[]) event, unnest(%s::text[]) instalments,
                 %s::timestamptz at) done
    WHERE posting.id = done.id
"""
