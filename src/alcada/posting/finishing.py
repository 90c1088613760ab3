"""Writing many outcomes down together."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection
from django.utils import timezone

from alcada.history.actions import Line, record_all
from alcada.posting import actions, lines
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Outcome

# What is asked of a posting here, and what its lines in history tell.
_READ: Final = (
    "state",
    "claim",
    "entry_id",
    "reference",
    "connection__company_id",
    "connection__remote_name",
)


@dataclass(frozen=True)
class Arrival:
    """How the create of a departed posting ended."""

    posting_id: int
    attempt_id: int
    claim: uuid.UUID
    outcome: Outcome


def finish(arrivals: Sequence[Arrival]) -> list[int]:
    """Record the outcomes, move the postings; the ids of those posted now. Runs in the caller's transaction.

    The usual case, created under a claim that still holds, takes a few statements for all; any other goes by itself
    through `actions.finish_create`.
    """
    ids = sorted({arrival.posting_id for arrival in arrivals})
    locked = Posting.objects.select_for_update(of=("self",)).select_related("connection").only(*_READ)
    postings = {posting.pk: posting for posting in locked.filter(pk__in=ids).order_by("pk")}
    usual = [arrival for arrival in arrivals if _is_usual(arrival, postings[arrival.posting_id])]
    _finish_usual(usual, postings)
    posted = [arrival.posting_id for arrival in usual]
    for arrival in arrivals:
        if arrival not in usual:
            attempt = Attempt.objects.select_related("posting").get(pk=arrival.attempt_id)
            actions.finish_create(attempt, arrival.claim, arrival.outcome)
    return posted


def _is_usual(arrival: Arrival, posting: Posting) -> bool:
    ours = posting.state == State.SENDING and posting.claim == arrival.claim
    return ours and arrival.outcome.kind == Attempt.Outcome.POSTED


def _finish_usual(arrivals: Sequence[Arrival], postings: Mapping[int, Posting]) -> None:
    if not arrivals:
        return
    now = timezone.now()
    done = [
        {
            "attempt": arrival.attempt_id,
            "posting": arrival.posting_id,
            "event": arrival.outcome.remote_id,
            "instalments": list(arrival.outcome.remote_instalment_ids),
            "body": arrival.outcome.body[: actions.KEPT_OF_AN_ANSWER],
        }
        for arrival in arrivals
    ]
    with connection.cursor() as cursor:
        cursor.execute(_FINISH_ATTEMPTS, [now, json.dumps(done)])
        cursor.execute(_MARK_POSTED, [now, json.dumps(done)])
    written: list[Line] = []
    for arrival in arrivals:
        posting, outcome = postings[arrival.posting_id], arrival.outcome
        written.append(lines.ended(posting, arrival.attempt_id, Attempt.Kind.ENTRY, outcome))
        written.append(
            lines.posted(posting, "posting.posted", outcome.remote_id, list(outcome.remote_instalment_ids))
        )
    record_all(written)


_FINISH_ATTEMPTS: Final = """
    UPDATE posting_attempt attempt
    SET finished_at = %s, outcome = 'posted', status = 201, response = done.body, remote_id = done.event
    FROM json_to_recordset(%s::json) AS done(attempt bigint, body text, event text)
    WHERE attempt.id = done.attempt
"""
_MARK_POSTED: Final = """
    UPDATE posting_posting posting
    SET state = 'posted', reason = '', detail = '', remote_event_id = done.event,
        remote_instalment_ids = done.instalments, posted_at = %s, next_try_at = NULL, claim = NULL, claim_until = NULL
    FROM json_to_recordset(%s::json) AS done(posting bigint, event text, instalments jsonb)
    WHERE posting.id = done.posting
"""
