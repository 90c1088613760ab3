"""One claimed posting: prepare, attempt, create, outcome. No transaction is open while the network is waited for."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alcada.background import in_database, until_written
from alcada.connections import gateway
from alcada.connections.access import AccessError
from alcada.posting import actions, outcomes, request
from alcada.posting.actions import ClaimLostError
from alcada.posting.cost_centres import cost_centre_ids
from alcada.posting.models import Attempt
from alcada.posting.parties import party_id
from alcada.posting.prepare import Job, NotPreparedError, mapped, refused
from alcada.posting.request import Ids
from alcada.posting.rules import Asks, Outcome
from conta_azul import Call
from conta_azul.calls import entries

log = logging.getLogger(__name__)


async def send(job: Job) -> Outcome | None:
    """Take one claimed posting to its outcome. Whatever happens is an outcome, or is left to the claim's end (None)."""
    try:
        ids = await _prepare(job)
        call = request.create_call(job.kind, job.content, job.reference, ids)
        # Its moment comes before its attempt: while it waits for it nothing may have arrived.
        ready = await gateway.aready(job.connection_id)
    except ValueError as exc:
        return await _give_back(job, Outcome(Attempt.Outcome.REFUSED, "cannot_be_sent", str(exc)))
    except NotPreparedError as exc:
        return await _give_back(job, exc.outcome)
    except ClaimLostError:
        return None
    except AccessError as exc:
        return await _give_back(job, outcomes.of(exc))
    except Exception as exc:  # nothing of the entry was sent: later, with a reason that can be seen
        log.exception("posting %s could not be prepared", job.posting_id)
        failed = Outcome(Attempt.Outcome.NOT_SENT, "internal_error", type(exc).__name__)
        return await _give_back(job, failed)
    # Its claim would be over: somebody else's 429, with a long Retry-After.
    if ready.wait_s > actions.call_limit_s():
        busy = Outcome(Attempt.Outcome.NOT_SENT, "too_many_requests", retry_after_s=ready.wait_s)
        return await _give_back(job, busy)
    await asyncio.sleep(ready.wait_s)
    try:
        attempt = await in_database(
            actions.start_attempt, job.posting_id, job.claim, kind=Attempt.Kind.ENTRY, request=call.body or {}
        )
    except ClaimLostError:
        return None
    outcome = await create(job.connection_id, call, replace(ready, wait_s=0.0))
    await until_written(actions.finish_create, attempt, job.claim, outcome)
    return outcome


async def create(connection_id: int, call: Call[entries.CreatedEntry], ready: gateway.Ready) -> Outcome:
    """The create call, and how it ended. Never raises."""
    try:
        async with asyncio.timeout(actions.call_limit_s()):
            created = await gateway.asend(connection_id, call, ready)
    except Exception as exc:  # every failure has an outcome; what nobody thought of is "unknown"
        return outcomes.of(exc)
    return Outcome(
        Attempt.Outcome.POSTED,
        status=201,
        body=json.dumps(created.raw, default=str, ensure_ascii=False),
        remote_id=created.id,
        remote_instalment_ids=tuple(part.id for part in created.instalments if part.id),
    )


async def _prepare(job: Job) -> Ids:
    fixed = await in_database(_fixed_ids, job)
    return Ids(
        party=await party_id(job),
        bank_account=fixed["bank_account"],
        categories=fixed["categories"],
        cost_centres=await cost_centre_ids(job),
    )


def _fixed_ids(job: Job) -> dict[str, Any]:
    """Categories and the bank account: the API can't make them, so one that is gone needs a person."""
    account = mapped(job.connection_id, "bank_account", job.content["bank_account"]["id"])
    if account is None or not account.active:
        raise _gone("bank_account", job.content["bank_account"])
    categories = {}
    for split in job.content["splits"]:
        category = mapped(job.connection_id, "category", split["category"]["id"])
        if category is None or not category.active:
            raise _gone("category", split["category"])
        categories[split["category"]["id"]] = category.remote_id
    return {"bank_account": account.remote_id, "categories": categories}


def _gone(kind: str, ours: Mapping[str, Any]) -> NotPreparedError:
    return refused(f"{kind}_gone", ours["name"], Asks(kind, ours["id"], ours["name"]))


async def _give_back(job: Job, outcome: Outcome) -> Outcome | None:
    try:
        await until_written(actions.give_back, job.posting_id, job.claim, outcome)
    except ClaimLostError:
        return None
    return outcome
