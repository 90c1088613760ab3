"""Tokens, documents and secrets show nowhere; many accounts share one httpx client without touching each other."""

import logging
import traceback

import httpx
import pytest
from client_cast import EVENT, TOKEN, an_entry, answering, said

from conta_azul import AsyncClient, Client, ContaAzulError, oauth
from conta_azul.calls import entries, people
from conta_azul.calls.people import NewPerson
from conta_azul.enums import PersonKind, Profile

CNPJ = "12.345.678/0001-90"


def listen_closely(caplog: pytest.LogCaptureFixture) -> None:
    """To everything, whatever levels somebody's logging configuration has set."""
    for name in ("", "conta_azul", "httpx", "httpcore"):
        caplog.set_level(logging.DEBUG, logger=name)


def test_a_client_does_not_show_its_token() -> None:
    with answering(said({})) as client:
        assert repr(client) == "Client('https://api-v2.contaazul.com')"
    assert TOKEN not in repr(AsyncClient(TOKEN))


@pytest.mark.parametrize("token", ["", "a b", "a\nX-Evil: 1", "é"])
def test_what_is_no_token_is_refused_without_being_quoted(token: str) -> None:
    with pytest.raises(ValueError, match="not an access token"):
        Client(token)


def test_neither_log_nor_error_holds_a_token_or_a_document(caplog: pytest.LogCaptureFixture) -> None:
    listen_closely(caplog)
    echo = f"Token {TOKEN} e documento {CNPJ} recusados"
    with answering(said({"message": echo}, 400)) as client, pytest.raises(ContaAzulError) as caught:
        client.send(people.search(document=CNPJ).page(1))
    shown = caplog.text + "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert TOKEN not in shown
    assert "12.345.678" not in shown
    assert "0001-90" not in shown
    assert "0001%2F" not in caplog.text
    assert "GET /v1/pessoas: 400 in" in caplog.text
    assert "HTTP Request: GET https://api-v2.contaazul.com/v1/pessoas " in caplog.text


async def test_nor_when_awaited(caplog: pytest.LogCaptureFixture) -> None:
    listen_closely(caplog)
    transport = httpx.MockTransport(lambda request: said({"items": []}))
    async with AsyncClient(TOKEN, transport=transport) as client:
        await client.send(people.search(document=CNPJ).page(1))
    assert "12.345.678" not in caplog.text
    assert "documentos" not in caplog.text


def test_other_users_of_httpx_keep_their_log(caplog: pytest.LogCaptureFixture) -> None:
    listen_closely(caplog)
    with httpx.Client(transport=httpx.MockTransport(lambda request: said({}))) as http:
        http.get("https://other.test/?a=1")
    assert "https://other.test/?a=1" in caplog.text


def test_calls_and_people_do_not_show_documents() -> None:
    person = NewPerson("Padaria", PersonKind.COMPANY, (Profile.SUPPLIER,), document=CNPJ)
    assert CNPJ not in repr(person)
    assert CNPJ not in repr(people.create(person))
    assert CNPJ not in repr(people.search(document=CNPJ))


def test_tokens_and_secrets_are_not_in_any_repr() -> None:
    application = oauth.Application("client", "top-secret", "https://a.test/")
    transport = httpx.MockTransport(
        lambda request: said({"access_token": TOKEN, "refresh_token": "refresh-1", "expires_in": 3600})
    )
    with httpx.Client(transport=transport) as http:
        tokens = oauth.refresh(application, "refresh-0", http=http)
    shown = repr(tokens) + repr(application) + repr(oauth.Redirect("the-code", "the-state"))
    for secret in (TOKEN, "refresh-1", "refresh-0", "top-secret", "the-code", "the-state"):
        assert secret not in shown


def test_one_shared_http_client_mixes_nothing_of_its_accounts() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return said({"id": EVENT}, 201, **{"set-cookie": "session=of-the-first; Path=/"})

    shared = httpx.Client(
        transport=httpx.MockTransport(answer),
        auth=("user", "pass"),
        headers={"X-Own": "1"},
        follow_redirects=True,
    )
    with shared as http:
        for token in ("first", "second"):
            with Client(token, http=http) as client:
                client.send(entries.create_payable(an_entry()))
        assert not http.is_closed
    assert [each.headers["authorization"] for each in seen] == ["Bearer first", "Bearer second"]
    for request in seen:
        assert "cookie" not in request.headers
        assert "x-own" not in request.headers
        assert request.extensions["timeout"] == {"connect": 10.0, "read": 60.0, "write": 30.0, "pool": 30.0}


def test_http_or_transport() -> None:
    transport = httpx.MockTransport(lambda request: said({}))
    with httpx.Client() as http, pytest.raises(ValueError, match="not both"):
        Client(TOKEN, http=http, transport=transport)
