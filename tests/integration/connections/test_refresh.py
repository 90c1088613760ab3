"""One refresh among any number of workers; and what happens when its answer, or its worker, is lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from integration.connections.office import Office

from alcada.connections import access, actions, authorisation, crypto, gateway, leases, queries
from alcada.connections.models import Connection, Lease
from alcada.history.queries import of
from conta_azul.calls import company as theirs

State = Connection.State


def let_expire(connection: Connection) -> None:
    """The stored access token has less than two minutes left."""
    Connection.objects.filter(pk=connection.pk).update(
        access_expires_at=timezone.now() + timedelta(seconds=100)
    )


def at_once(workers: int, work: Callable[[], Any]) -> list[Any]:
    """What each worker returned or raised; all begin together, each with its own database connection."""
    start = threading.Barrier(workers)

    def run(_number: int) -> Any:
        try:
            start.wait()
            return work()
        except Exception as exc:
            return exc
        finally:
            connections.close_all()

    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(run, range(workers)))


def test_a_token_with_time_left_is_not_refreshed(office: Office) -> None:
    connection = office.connect(office.first)
    before = office.refreshes()
    access.access_token(connection.pk)
    assert office.refreshes() == before


def test_twenty_workers_refresh_once_and_all_get_the_new_token(office: Office) -> None:
    connection = office.connect(office.first)
    old = access.access_token(connection.pk)
    let_expire(connection)
    before = office.refreshes()
    tokens = at_once(20, lambda: access.access_token(connection.pk))
    assert office.refreshes() - before == 1
    assert len(set(tokens)) == 1
    assert tokens[0] != old
    connection.refresh_from_db()
    assert crypto.decrypt(connection.access_token or b"") == tokens[0]
    assert not Lease.objects.exists()


def test_without_the_lease_twenty_workers_break_the_connection(office: Office) -> None:
    """Why there is a lease: the same twenty, each refreshing for itself, spend one refresh token twenty times."""
    connection = office.connect(office.first)
    connection.refresh_from_db()
    spent = crypto.decrypt(connection.refresh_token or b"")
    application = access.remote.credentials(connection)
    results = at_once(20, lambda: access.remote.refresh(application, spent))
    assert sum(isinstance(result, access.errors.InvalidGrant) for result in results) == 19


def test_a_token_that_got_a_401_is_replaced_and_the_call_repeated(office: Office) -> None:
    connection = office.connect(office.first)
    old = access.access_token(connection.pk)
    office.sandbox.clock(advance_seconds=3601)  # expired there; our clock does not know
    assert gateway.send(connection.pk, theirs.connected()).legal_name == office.first.name
    assert access.access_token(connection.pk) != old
    statuses = [call["status"] for call in office.sandbox.calls(path="/v1/pessoas/conta-conectada")]
    assert statuses[-2:] == [401, 200]


def test_a_lost_answer_to_a_refresh_asks_a_person(office: Office) -> None:
    connection = office.connect(office.first)
    let_expire(connection)
    office.sandbox.faults({"kind": "lost_refresh", "count": 1})
    with pytest.raises(access.NeedsAuthorisationError):
        access.access_token(connection.pk)
    connection.refresh_from_db()
    assert connection.state == State.AUTHORISE
    assert connection.access_token is connection.refresh_token is None
    assert of(connection).last().event == "connection.needs_authorisation"  # type: ignore[union-attr]
    health = queries.health(connection)
    assert health.todo == "authorise"
    assert "pode ter sido" in health.last_error or "may be spent" in health.last_error
    # Nobody tries again with a pair that may be spent.
    before = office.refreshes()
    with pytest.raises(access.NeedsAuthorisationError):
        access.access_token(connection.pk)
    assert office.refreshes() == before
    # A person mends it.
    state = office.begin(connection)
    authorisation.finish(by=office.ana, state=state, code=office.code(office.first))
    assert access.access_token(connection.pk)


def test_a_revoked_authorisation_asks_a_person(office: Office) -> None:
    connection = office.connect(office.first)
    office.sandbox.act(office.first.id, "disconnect")
    with pytest.raises(access.NeedsAuthorisationError):
        gateway.send(connection.pk, theirs.connected())
    connection.refresh_from_db()
    assert connection.state == State.AUTHORISE


def test_a_token_address_that_is_away_changes_nothing(office: Office, settings: Any) -> None:
    connection = office.connect(office.first)
    let_expire(connection)
    working = settings.CONTA_AZUL_TOKEN_URL
    settings.CONTA_AZUL_TOKEN_URL = "http://127.0.0.1:9/oauth2/token"
    with pytest.raises(access.TemporaryAccessError):
        access.access_token(connection.pk)
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED
    settings.CONTA_AZUL_TOKEN_URL = working
    assert access.access_token(connection.pk)


def test_a_secret_that_is_refused_is_said_and_costs_no_pair(office: Office) -> None:
    connection = office.connect(office.first)
    let_expire(connection)
    office.sandbox.application("our-app", "changed", ["https://alcada.example/connections/callback"])
    with pytest.raises(access.TemporaryAccessError):
        access.access_token(connection.pk)
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED
    assert connection.last_error.startswith("application_refused")
    actions.register_application(
        by=office.ana,
        client_id="our-app",
        client_secret="changed",
        redirect_uri="https://alcada.example/connections/callback",
    )
    assert access.access_token(connection.pk)


def test_a_worker_that_died_in_a_refresh_leaves_a_connection_to_authorise(office: Office) -> None:
    connection = office.connect(office.first)
    let_expire(connection)
    leases.take(connection.pk, "refresh", "", -1)  # its time is over, and nobody gave it back
    before = office.refreshes()
    results = at_once(5, lambda: access.access_token(connection.pk))
    assert all(isinstance(result, access.NeedsAuthorisationError) for result in results)
    assert office.refreshes() == before
    connection.refresh_from_db()
    assert connection.state == State.AUTHORISE
    assert [record.event for record in of(connection)].count("connection.needs_authorisation") == 1


def test_a_pair_that_arrives_late_after_all_mends_the_connection(office: Office) -> None:
    connection = office.connect(office.first)
    connection.refresh_from_db()
    spent = bytes(connection.refresh_token or b"")
    pair = access.remote.refresh(access.remote.credentials(connection), crypto.decrypt(spent))
    leases.take(connection.pk, "refresh", "", -1)
    let_expire(connection)
    with pytest.raises(access.NeedsAuthorisationError):
        access.access_token(connection.pk)
    access.store_refreshed(connection.pk, pair, spent=spent)
    assert access.access_token(connection.pk) == pair.access_token


def test_a_late_pair_never_replaces_a_newer_authorisation(office: Office) -> None:
    connection = office.connect(office.first)
    connection.refresh_from_db()
    spent = bytes(connection.refresh_token or b"")
    pair = access.remote.refresh(access.remote.credentials(connection), crypto.decrypt(spent))
    state = office.begin(connection)
    authorisation.finish(by=office.ana, state=state, code=office.code(office.first))
    newer = access.access_token(connection.pk)
    access.store_refreshed(connection.pk, pair, spent=spent)
    assert access.access_token(connection.pk) == newer


def test_nothing_passes_while_paused_and_all_goes_on_after(office: Office) -> None:
    connection = office.connect(office.first)
    actions.pause(by=office.ana, connection=connection)
    with pytest.raises(access.PausedError):
        gateway.send(connection.pk, theirs.connected())
    actions.resume(by=office.ana, connection=connection)
    assert gateway.send(connection.pk, theirs.connected())
