"""Calls in their turn, and what their answers say of the connection."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from integration.connections.office import Office

from alcada.connections import gateway, leases, queries, rate
from alcada.connections.models import Connection
from alcada.history.queries import of
from conta_azul import Call, MayHaveArrived, PlanNotAllowed, Refused, TooManyRequests
from conta_azul.calls import accounts, categories, cost_centres
from conta_azul.calls import company as theirs

State = Connection.State


def test_slots_of_many_threads_never_put_eleven_calls_into_one_second(office: Office) -> None:
    connection = office.connect(office.first)

    def reserve(_number: int) -> list[tuple[float, float]]:
        try:
            return [bounds() for _turn in range(10)]
        finally:
            connections.close_all()

    def bounds() -> tuple[float, float]:
        """The reserved moment, as near as a clock outside the database can tell: not before, not after."""
        before = time.monotonic()
        wait = rate.reserve(connection.pk)
        return before + wait, time.monotonic() + wait

    with ThreadPoolExecutor(12) as pool:
        found = [pair for batch in pool.map(reserve, range(12)) for pair in batch]
    earliest, latest = sorted(pair[0] for pair in found), sorted(pair[1] for pair in found)
    assert len(found) == 120
    assert all(eleventh - first > 1 for first, eleventh in zip(earliest, latest[10:], strict=False))
    assert earliest[-1] - latest[0] < 120 / 9.5  # and no slower than need be


def test_the_strict_limit_of_the_account_is_never_hit(office: Office) -> None:
    connection = office.connect(office.first)
    office.sandbox.settings(rate_limit=True)

    def call(_number: int) -> None:
        try:
            gateway.send(connection.pk, theirs.connected())
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, range(30)))
    assert not [each for each in office.sandbox.calls() if each["status"] == 429]


def test_a_429_slows_the_whole_account_down(office: Office) -> None:
    connection = office.connect(office.first)
    office.sandbox.faults({"kind": "too_many", "count": 1, "path": "/v1/*", "retry_after": "3"})
    with pytest.raises(TooManyRequests):
        gateway.send(connection.pk, theirs.connected())
    assert 2.5 < rate.reserve(connection.pk) <= 3.2


def test_no_call_leaves_inside_a_transaction(office: Office) -> None:
    connection = office.connect(office.first)
    before = len(office.sandbox.calls())
    with transaction.atomic(), pytest.raises(RuntimeError):
        gateway.send(connection.pk, theirs.connected())
    assert len(office.sandbox.calls()) == before


def test_a_plan_that_refuses_stops_the_connection_until_a_call_works(office: Office) -> None:
    connection = office.connect(office.first)
    office.sandbox.act(office.first.id, "block_plan")
    for _turn in range(2):
        with pytest.raises(PlanNotAllowed):
            gateway.send(connection.pk, theirs.connected())
    connection.refresh_from_db()
    assert connection.state == State.PLAN_REFUSED
    assert queries.health(connection).todo == "mend_plan"
    office.sandbox.act(office.first.id, "unblock_plan")
    gateway.send(connection.pk, theirs.connected())
    connection.refresh_from_db()
    assert (connection.state, connection.last_error) == (State.CONNECTED, "")
    events = [record.event for record in of(connection)][2:]
    assert events == ["connection.plan_refused", "connection.plan_allowed"]


def test_a_refused_call_says_nothing_of_the_connection(office: Office) -> None:
    connection = office.connect(office.first)
    with pytest.raises(Refused):
        gateway.send(connection.pk, Call("GET", "/v1/nowhere", lambda answer: answer))
    connection.refresh_from_db()
    assert (connection.state, connection.last_error) == (State.CONNECTED, "")


def test_good_calls_are_noted_but_not_each(office: Office) -> None:
    connection = office.connect(office.first)
    Connection.objects.filter(pk=connection.pk).update(last_good_call_at=None)
    gateway.send(connection.pk, theirs.connected())
    connection.refresh_from_db()
    noted = connection.last_good_call_at
    assert noted
    gateway.send(connection.pk, theirs.connected())
    connection.refresh_from_db()
    assert connection.last_good_call_at == noted


def test_lists_are_walked_to_their_end(office: Office) -> None:
    connection = office.connect(office.first)
    everything = list(gateway.walk(connection.pk, categories.list(page_size=10)))
    there = office.sandbox.books(office.first.id)["categories"]
    assert {each.id for each in everything} == {each["id"] for each in there}
    assert len(everything) == len(there) > 10


def test_a_page_that_does_not_come_whole_is_asked_for_in_shorter_ones(office: Office) -> None:
    """Where connections are cut after so many bytes, the long answer never comes; the short ones do."""
    connection = office.connect(office.first)
    for number in range(120):
        gateway.send(connection.pk, cost_centres.create(name=f"Loja {number:03}"))
    there = sorted(each["id"] for each in office.sandbox.books(office.first.id)["cost_centres"])
    lists = {"method": "GET", "path": "/v1/centro-de-custo", "kind": "cut_body", "count": 1}
    for whole in (0, 1):  # the first page, or the one after it
        office.sandbox.faults(lists | {"skip": whole})
        pages = cost_centres.list(page_size=100)
        assert sorted(each.id for each in gateway.walk(connection.pk, pages)) == there
    office.sandbox.faults(lists | {"count": 2})
    with pytest.raises(MayHaveArrived):
        list(gateway.walk(connection.pk, cost_centres.list(page_size=100)))


def test_asynchronous_calls_do_the_same(office: Office) -> None:
    connection = office.connect(office.first)

    async def both() -> tuple[Any, Any]:
        try:
            return await asyncio.gather(
                gateway.asend(connection.pk, theirs.connected()),
                gateway.awalk(connection.pk, accounts.list(page_size=10)),
            )
        finally:
            await gateway.remote.close()

    company, found = asyncio.run(both())
    assert company.legal_name == office.first.name
    assert len(found) == len(office.sandbox.books(office.first.id)["bank_accounts"])


def test_a_lease_is_one_holders_until_it_runs_out(office: Office) -> None:
    connection = office.new(office.first)
    mine = leases.take(connection.pk, "person", "acme", 60)
    assert mine is not None
    assert leases.take(connection.pk, "person", "acme", 60) is None
    assert leases.take(connection.pk, "person", "other", 60) is not None
    assert leases.give_back(connection.pk, "person", "acme", mine)
    late = leases.take(connection.pk, "person", "acme", -1)
    assert leases.ran_out(connection.pk, "person", "acme")
    assert leases.take(connection.pk, "person", "acme", 60, take_over=False) is None
    assert leases.take(connection.pk, "person", "acme", 60) is not None
    assert late is not None
    assert not leases.give_back(connection.pk, "person", "acme", late)
