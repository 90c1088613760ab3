"""Accounts are taken together: each keeps its own, and one's trouble is not the others'."""

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import IntegrityError
from django.utils import timezone
from stories import approved, books, connect, register

from alcada.background import in_database
from alcada.connections import remote
from alcada.connections.models import Connection
from alcada.flow import dispatcher, taker
from alcada.flow.dispatcher import Dispatcher
from alcada.people.models import Company, Role
from alcada.posting import send, taking
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Outcome
from conta_azul import oauth

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stories import Account

    from alcada.people.models import User

OTHER = "34028316000103"


@pytest.fixture
def two(
    transactional_db: None, company: Company, sandbox: Any, ana: "User", bruno: "User", clara: "User"
) -> "list[Account]":
    """Two companies, each with its account; three approved entries in the first, two in the second."""
    other = Company.objects.create(name="Livraria Boreal Ltda", document=OTHER)
    for person, role in ((ana, Role.REQUESTER), (bruno, Role.APPROVER), (clara, Role.ADMINISTRATOR)):
        other.memberships.create(user=person, role=role)
    both = [company, other]
    answer = sandbox.reset(companies=[{"name": one.name, "document": one.document} for one in both], seed=7)
    register(answer["applications"][0], by=clara)
    accounts = [connect(one, sandbox, by=clara, reset=False) for one in both]
    for account, count in zip(accounts, (3, 2), strict=True):
        for number in range(count):
            approved(account.connection.company, ana=ana, bruno=bruno, document_number=f"NF {number}")
    return accounts


def serve(accounts: "list[Account]") -> None:
    """A worker's loop, until nothing is due on these accounts: all ask at the same time."""

    async def work() -> None:
        worker = Dispatcher()
        try:
            with worker._clerks():
                for _ in range(3):  # vendors and cost centres are made first, by whoever goes first
                    await asyncio.gather(*(worker._serve(account.pk) for account in accounts))
                    await worker._settle()
                    await in_database(
                        Posting.objects.filter(state=State.QUEUED).update, next_try_at=timezone.now()
                    )
                await worker._finish()
        finally:
            await remote.close()

    asyncio.run(work())


def standing(account: "Account", sandbox: Any) -> set[str]:
    return {
        entry["referencia_externa"]
        for entry in books(sandbox, account.connection.company.document)["payables"]
    }


def references(account: "Account", state: State) -> set[str]:
    found = Posting.objects.filter(connection_id=account.pk, state=state)
    return set(found.values_list("reference", flat=True))


def test_what_is_taken_together_goes_each_to_its_own_account(
    two: "list[Account]", sandbox: Any, ana: "User", bruno: "User", monkeypatch: pytest.MonkeyPatch
) -> None:
    serve(two)  # vendors and cost centres are known after it
    more = {
        account.pk: approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 9").pk
        for account in two
    }
    asked: list[list[int]] = []

    def counted(wanted: "Mapping[int, int]") -> Any:
        asked.append(sorted(wanted))
        return take(wanted)

    take = taking.take
    monkeypatch.setattr(taking, "take", counted)

    async def together() -> "list[taker.Taken]":
        clerk = taker.Taker()
        waiting = [asyncio.ensure_future(clerk.take(account.pk, 32)) for account in two]
        await asyncio.sleep(0)  # both have asked
        running = asyncio.create_task(clerk.run())
        taken = await asyncio.gather(*waiting)
        running.cancel()
        return taken

    taken = asyncio.run(together())
    assert asked == [sorted(account.pk for account in two)]
    for account, one in zip(two, taken, strict=True):
        (departure,) = one.group.departures
        assert (departure.job.connection_id, departure.job.posting_id) == (account.pk, more[account.pk])
        people = {person["id"] for person in books(sandbox, account.connection.company.document)["people"]}
        assert departure.call.body is not None
        assert departure.call.body["id_fornecedor"] in people


def test_one_accounts_trouble_is_not_the_others(
    two: "list[Account]", sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(asked: "Mapping[int, int]") -> Any:
        if two[0].pk in asked:
            raise IntegrityError("a row that nobody foresaw")
        return take(asked)

    take = taking.take
    monkeypatch.setattr(taking, "take", broken)
    serve(two)
    assert len(references(two[0], State.QUEUED)) == 3
    assert standing(two[0], sandbox) == set()
    assert standing(two[1], sandbox) == references(two[1], State.POSTED)
    assert len(references(two[1], State.POSTED)) == 2


def test_a_token_that_ran_out_is_refreshed_while_the_other_account_goes_on(
    two: "list[Account]", sandbox: Any
) -> None:
    Connection.objects.filter(pk=two[0].pk).update(access_expires_at=timezone.now() - timedelta(minutes=1))
    serve(two)
    assert [len(references(account, State.POSTED)) for account in two] == [3, 2]


def test_a_token_that_lives_shorter_than_we_like_is_used_all_the_same(
    two: "list[Account]", sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where this machine's clock is an hour behind the database's: refreshed once for each time, not without end."""
    refreshed: list[str] = []

    def short(*arguments: Any, **named: Any) -> oauth.Tokens:
        pair = refresh(*arguments, **named)
        refreshed.append(pair.access_token)
        return oauth.Tokens(
            pair.access_token, pair.refresh_token, timezone.now() + timedelta(seconds=60), pair.raw
        )

    refresh = remote.refresh
    monkeypatch.setattr(remote, "refresh", short)
    Connection.objects.update(access_expires_at=timezone.now() - timedelta(minutes=1))
    serve(two)
    assert [len(references(account, State.POSTED)) for account in two] == [3, 2]
    assert 2 <= len(refreshed) <= 40


def test_places_come_back_when_nothing_could_be_taken(
    two: "list[Account]", monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(asked: Any) -> Any:
        raise IntegrityError("a row that nobody foresaw")

    monkeypatch.setattr(taker, "_take", broken)

    async def work() -> int:
        worker = Dispatcher()
        with worker._clerks():
            await asyncio.gather(*(worker._serve(account.pk) for account in two))
            await worker._finish()
        return worker._room._free

    assert asyncio.run(work()) == dispatcher.IN_FLIGHT


def test_an_account_whose_calls_hang_leaves_the_others_their_places(
    two: "list[Account]", ana: "User", bruno: "User", monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of four places the first account gets two, however long its calls take."""
    serve(two)
    for account, count in zip(two, (4, 2), strict=True):
        for number in range(count):
            approved(account.connection.company, ana=ana, bruno=bruno, document_number=f"NF 9{number}")
    monkeypatch.setattr(dispatcher, "SHARE", 2)
    monkeypatch.setattr(dispatcher, "GROUP", 2)
    monkeypatch.setattr(dispatcher, "IN_FLIGHT", 4)
    ended: list[int] = []

    async def work() -> int:
        goes_on, served = asyncio.Event(), asyncio.Event()

        async def create(connection_id: int, *_: Any) -> Outcome:
            if connection_id == two[0].pk:
                await goes_on.wait()
            ended.append(connection_id)
            if len(ended) == 2:
                served.set()
            return Outcome(Attempt.Outcome.NOT_SENT, "internal_error")

        monkeypatch.setattr(send, "create", create)
        worker = Dispatcher()
        with worker._clerks():
            hangs = asyncio.create_task(worker._serve(two[0].pk))
            await asyncio.sleep(0.5)
            await asyncio.wait_for(worker._serve(two[1].pk), 5)
            await asyncio.wait_for(served.wait(), 5)
            flying = worker._flying[two[0].pk]
            worker.stop()
            goes_on.set()
            await hangs
            await worker._finish()
        return flying

    assert asyncio.run(work()) == 2
    assert ended[:2] == [two[1].pk, two[1].pk]
