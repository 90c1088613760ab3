"""A fault of the connection stops its account's queue and is told once; it does not fail a thousand postings."""

import asyncio
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from stories import Account, approved, books, post

from alcada.background import in_database
from alcada.connections import actions, authorisation, gateway, incidents, standing
from alcada.connections.models import Connection, Incident
from alcada.flow import sweep
from alcada.flow.dispatcher import Dispatcher
from alcada.jobs import tasks
from alcada.notify.models import Notice
from alcada.posting.models import Attempt, Posting, State
from conta_azul import PlanNotAllowed
from conta_azul.calls import company as theirs

MANY = 40
AT_ONCE = 20  # some seconds of the account's pace
CLOSED = "http://127.0.0.1:9"


@pytest.fixture
def waiting(account: Account, settings: Any, ana: Any, bruno: Any) -> Account:
    """Everything that the postings need is there already; many wait, for their turn at the account's pace."""
    company = account.connection.company
    approved(company, ana=ana, bruno=bruno)
    post(account)
    for number in range(MANY):
        approved(company, ana=ana, bruno=bruno, document_number=f"NF {number}")
    settings.POSTING = settings.POSTING | {"calls_per_second": 10}
    return account


def told(user: Any) -> list[Notice]:
    """What the person was told of accounts, after the queue's jobs ran."""
    jobs = ProcrastinateJob.objects.filter(task_name="alcada.jobs.tasks.tell_incident")
    for pk in Incident.objects.values_list("pk", flat=True):
        if jobs.filter(args={"incident_id": pk}).exists():
            tasks.tell_incident(pk)
    return list(Notice.objects.filter(user=user, template="account_stopped").order_by("pk"))


def queued() -> int:
    return Posting.objects.filter(state=State.QUEUED).count()


def creates() -> int:
    return Attempt.objects.filter(kind=Attempt.Kind.ENTRY).count() - 1


def authorise(account: Account, sandbox: Any, by: Any) -> None:
    address = authorisation.begin(by=by, connection=account.connection)
    state = parse_qs(urlsplit(address).query)["state"][0]
    authorisation.finish(by=by, state=state, code=sandbox.codes(account.remote["id"])["code"])


def due() -> None:
    Posting.objects.filter(state=State.QUEUED).update(next_try_at=timezone.now() - timedelta(seconds=1))


def test_a_revoked_authorisation_stops_the_queue_and_is_told_once(
    waiting: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    sandbox.act(waiting.remote["id"], "disconnect")
    post(waiting)
    post(waiting)
    assert queued() == MANY
    assert creates() <= AT_ONCE  # what was taken before the first answer came; the rest was not touched
    (notice,) = told(clara)
    assert (notice.data["kind"], notice.data["waiting"]) == ("authorise", str(MANY))
    assert notice.read_at is None
    sweep.sweep()
    assert told(clara) == [notice]
    assert not told(ana)
    assert not told(bruno)
    authorise(waiting, sandbox, clara)
    post(waiting)
    assert len(books(sandbox, waiting.connection.company.document)["payables"]) == MANY + 1
    assert told(clara)[0].read_at is not None
    sandbox.act(waiting.remote["id"], "disconnect")
    approved(waiting.connection.company, ana=ana, bruno=bruno, document_number="NF neu")
    post(waiting)
    assert len(told(clara)) == 2  # the next incident is told again


def test_an_account_that_answers_nothing_clear_is_asked_by_one_at_a_time(
    waiting: Account, sandbox: Any
) -> None:
    """An hour of 503 makes a doubt of a few, not of all that waits."""
    sandbox.faults({"method": "POST", "path": "/v1/financeiro/*", "kind": "error_before", "status": 503})
    post(waiting)
    in_doubt = Posting.objects.filter(state=State.UNKNOWN).count()
    assert 5 <= in_doubt <= AT_ONCE
    post(waiting)
    assert Posting.objects.filter(state=State.UNKNOWN).count() <= in_doubt + AT_ONCE
    assert queued() >= MANY - 2 * AT_ONCE


def test_a_plan_that_refuses_is_told_once_and_again_the_next_time(
    waiting: Account, sandbox: Any, clara: Any
) -> None:
    sandbox.act(waiting.remote["id"], "block_plan")
    post(waiting)
    post(waiting)
    assert queued() == MANY
    assert creates() <= AT_ONCE
    assert [one.data["kind"] for one in told(clara)] == ["plan_refused"]
    sandbox.act(waiting.remote["id"], "unblock_plan")
    gateway.send(waiting.pk, theirs.connected())
    assert told(clara)[0].read_at is not None
    sandbox.act(waiting.remote["id"], "block_plan")
    with pytest.raises(PlanNotAllowed):
        gateway.send(waiting.pk, theirs.connected())
    assert len(told(clara)) == 2


def test_an_account_that_is_away_is_tried_with_one_posting_at_a_time(waiting: Account, settings: Any) -> None:
    settings.CONTA_AZUL_API_URL = CLOSED

    async def serve() -> tuple[int, int]:
        dispatcher = Dispatcher()
        seen = []
        with dispatcher._clerks():
            for _turn in range(2):
                await dispatcher._serve(waiting.pk)
                await dispatcher._settle()
                seen.append(await in_database(creates))
                await in_database(due)
            await dispatcher._finish()
        return seen[0], seen[1]

    first, second = asyncio.run(serve())
    assert first <= AT_ONCE
    assert second == first + 1
    assert queued() == MANY


def test_an_account_that_is_away_for_long_is_told_once_until_it_answers(
    waiting: Account, settings: Any, sandbox: Any, clara: Any
) -> None:
    there = settings.CONTA_AZUL_API_URL
    settings.CONTA_AZUL_API_URL = CLOSED
    post(waiting)
    sweep.sweep()
    assert not told(clara)  # a moment is nobody's concern
    assert Connection.objects.get(pk=waiting.pk).unreached_since is not None
    Connection.objects.update(unreached_since=timezone.now() - incidents.UNREACHED_FOR - timedelta(seconds=1))
    for _turn in range(2):
        sweep.sweep()
        assert [one.data["kind"] for one in told(clara)] == ["not_reached"]
    settings.CONTA_AZUL_API_URL = there
    due()
    post(waiting)
    assert queued() == 0
    assert Connection.objects.get(pk=waiting.pk).unreached_since is None
    sweep.sweep()
    assert told(clara)[0].read_at is not None
    assert not Incident.objects.filter(ended_at=None).exists()


def test_a_pause_is_no_incident_and_a_resume_lets_the_next_one_be_told(
    waiting: Account, sandbox: Any, clara: Any
) -> None:
    connection = waiting.connection
    actions.pause(by=clara, connection=connection)
    post(waiting)
    assert (queued(), told(clara)) == (MANY, [])
    actions.resume(by=clara, connection=connection)
    standing.forget()
    sandbox.act(waiting.remote["id"], "block_plan")
    post(waiting)
    assert len(told(clara)) == 1
    actions.pause(by=clara, connection=connection)
    actions.resume(by=clara, connection=connection)
    post(waiting)
    assert len(told(clara)) == 2
