"""From the button to a working connection; and every way in which a consent must not lead to one."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.utils import timezone
from integration.connections.office import Office

from alcada.connections import authorisation, gateway, remote
from alcada.connections.authorisation import AuthorisationError
from alcada.connections.models import AuthorisationRequest, Connection
from alcada.history.queries import of
from alcada.people.models import User
from conta_azul.calls import company as theirs

State = Connection.State


def refusal(attempt: Any) -> AuthorisationError:
    with pytest.raises(AuthorisationError) as caught:
        attempt()
    return caught.value


def test_a_consent_connects_the_company_and_calls_work(office: Office) -> None:
    connection = office.connect(office.first)
    assert connection.state == State.CONNECTED
    assert (connection.remote_id, connection.remote_name) == (office.first.id, office.first.name)
    assert gateway.send(connection.pk, theirs.connected()).legal_name == office.first.name
    events = [record.event for record in of(connection)]
    assert events == ["connection.created", "connection.authorised"]


def test_the_pasted_address_connects_as_well(office: Office) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    text = f"  https://www.contaazul.com/?code={code}&state={state}\n"
    assert (
        authorisation.finish_pasted(by=office.ana, connection=connection, text=text).state == State.CONNECTED
    )


def test_the_code_alone_belongs_to_the_consent_begun_last(office: Office) -> None:
    connection = office.new(office.first)
    office.begin(connection)
    code = office.code(office.first)
    assert (
        authorisation.finish_pasted(by=office.ana, connection=connection, text=code).state == State.CONNECTED
    )


def test_a_code_that_was_not_whole_costs_nothing(office: Office) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    error = refusal(
        lambda: authorisation.finish_pasted(by=office.ana, connection=connection, text=code[:-4] + "oops")
    )
    assert error.code == "code_refused"
    address = f"https://www.contaazul.com/?code={code}&state={state}"
    done = authorisation.finish_pasted(by=office.ana, connection=connection, text=address)
    assert done.state == State.CONNECTED


def test_an_account_that_tells_no_document_is_not_connected(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = remote.Account
    monkeypatch.setattr(remote, "account", lambda token: account(id="77", document="", name="Sem Documento"))
    connection = office.new(office.first)
    state = office.begin(connection)
    error = refusal(lambda: authorisation.finish(by=office.ana, state=state, code=office.code(office.first)))
    assert error.code == "account_unnamed"
    connection.refresh_from_db()
    assert (connection.state, connection.refresh_token) == (State.NEW, None)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("bom dia, segue o código", "not_an_address"),
        ("https://www.contaazul.com/", "not_an_address"),
        ("https://www.contaazul.com/?error=access_denied", "denied"),
        ("https://auth.example/oauth2/authorize?response_type=code&client_id=x", "authorize_address"),
    ],
)
def test_what_is_no_final_address_is_refused_and_costs_nothing(office: Office, text: str, code: str) -> None:
    connection = office.new(office.first)
    state = office.begin(connection)
    error = refusal(lambda: authorisation.finish_pasted(by=office.ana, connection=connection, text=text))
    assert error.code == code
    done = authorisation.finish(by=office.ana, state=state, code=office.code(office.first))
    assert done.state == State.CONNECTED


def test_another_company_is_refused_with_both_names_and_nothing_is_kept(office: Office) -> None:
    connection = office.new(office.first)
    state = office.begin(connection)
    error = refusal(lambda: authorisation.finish(by=office.ana, state=state, code=office.code(office.second)))
    assert (error.code, error.got, error.expected) == ("wrong_company", office.second.name, office.first.name)
    connection.refresh_from_db()
    assert connection.state == State.WRONG_COMPANY
    assert connection.access_token is connection.refresh_token is None
    assert (connection.remote_id, connection.authorised_at) == ("", None)


def test_a_reauthorisation_as_another_company_keeps_what_was_pinned(office: Office) -> None:
    connection = office.connect(office.first)
    before = bytes(connection.refresh_token or b"")
    state = office.begin(connection)
    error = refusal(lambda: authorisation.finish(by=office.ana, state=state, code=office.code(office.second)))
    assert (error.code, error.expected) == ("wrong_company", office.first.name)
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED  # its own authorisation was not touched: postings go on
    assert (connection.remote_id, bytes(connection.refresh_token or b"")) == (office.first.id, before)
    state = office.begin(connection)
    done = authorisation.finish(by=office.ana, state=state, code=office.code(office.first))
    assert done.state == State.CONNECTED


def test_a_state_is_good_once(office: Office) -> None:
    connection = office.new(office.first)
    state = office.begin(connection)
    authorisation.finish(by=office.ana, state=state, code=office.code(office.first))
    again = refusal(lambda: authorisation.finish(by=office.ana, state=state, code=office.code(office.first)))
    assert again.code == "state_used"


def test_somebody_elses_state_is_refused_and_stays_good_for_its_owner(office: Office, stranger: User) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    assert refusal(lambda: authorisation.finish(by=stranger, state=state, code=code)).code == "state_foreign"
    assert authorisation.finish(by=office.ana, state=state, code=code).state == State.CONNECTED


def test_an_unknown_state_is_refused(office: Office) -> None:
    error = refusal(lambda: authorisation.finish(by=office.ana, state="made-up", code="x"))
    assert error.code == "state_unknown"


def test_a_state_is_good_for_ten_minutes(office: Office) -> None:
    connection = office.new(office.first)
    state = office.begin(connection)
    AuthorisationRequest.objects.update(created_at=timezone.now() - timedelta(minutes=11))
    error = refusal(lambda: authorisation.finish(by=office.ana, state=state, code=office.code(office.first)))
    assert error.code == "state_expired"


def test_another_connections_address_is_refused_on_this_ones_page(office: Office) -> None:
    first, second = office.new(office.first), office.new(office.second)
    state, code = office.begin(second), office.code(office.second)
    text = f"https://www.contaazul.com/?code={code}&state={state}"
    error = refusal(lambda: authorisation.finish_pasted(by=office.ana, connection=first, text=text))
    assert error.code == "state_other"


def test_a_code_pasted_after_three_minutes_is_refused(office: Office) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    office.sandbox.clock(advance_seconds=181)
    assert refusal(lambda: authorisation.finish(by=office.ana, state=state, code=code)).code == "code_refused"


def test_a_plan_without_the_api_is_said_and_nothing_is_kept(office: Office) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    office.sandbox.act(office.first.id, "block_plan")
    assert refusal(lambda: authorisation.finish(by=office.ana, state=state, code=code)).code == "plan_refused"
    connection.refresh_from_db()
    assert connection.access_token is None


def test_tokens_are_encrypted_at_rest_and_never_logged(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, logger="httpx"), caplog.at_level(logging.DEBUG, logger="httpcore"):
        connection = office.connect(office.first)
        token = authorisation.crypto.decrypt(connection.access_token or b"")
        refresh = authorisation.crypto.decrypt(connection.refresh_token or b"")
        gateway.send(connection.pk, theirs.connected())
    with database.cursor() as cursor:
        cursor.execute("SELECT access_token, refresh_token FROM connections_connection")
        stored = b"".join(bytes(cell) for cell in cursor.fetchone())
        cursor.execute("SELECT client_secret FROM connections_application")
        stored += bytes(cursor.fetchone()[0])
    for secret in (token, refresh, "our-secret"):
        assert secret.encode() not in stored
        assert secret not in caplog.text
        assert secret not in repr(connection)
