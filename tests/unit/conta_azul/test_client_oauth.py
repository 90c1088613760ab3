"""Authorising, exchanging, refreshing; and reading what a person pastes."""

import base64
import contextlib
import datetime as dt
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import httpx
import pytest
from client_cast import said
from hypothesis import given
from hypothesis import strategies as st

from conta_azul import (
    ContaAzulError,
    InvalidGrant,
    MayHaveArrived,
    NotARedirect,
    NotSent,
    OAuthError,
    TooManyRequests,
    Unreadable,
    oauth,
)

APPLICATION = oauth.Application("an id", "a:secret", "https://alcada.example/conectar/?a=1")
GOOD = {"access_token": "access-1", "refresh_token": "refresh-1", "expires_in": 3600, "token_type": "Bearer"}


def refreshed(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> oauth.Tokens:
    with httpx.Client(transport=httpx.MockTransport(handler(answer, seen))) as http:
        return oauth.refresh(APPLICATION, "refresh-0", http=http)


def handler(
    answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None
) -> Callable[..., Any]:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        # A fresh one each time: an answer that was read is of no more use to the other kind of client.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return handle


def test_the_address_to_authorise_at() -> None:
    address = oauth.authorize_url(APPLICATION, "st&te")
    assert address.startswith("https://auth.contaazul.com/oauth2/authorize?response_type=code&")
    assert "scope=openid+profile+aws.cognito.signin.user.admin" in address
    assert dict(parse_qsl(urlsplit(address).query)) == {
        "response_type": "code",
        "client_id": "an id",
        "redirect_uri": "https://alcada.example/conectar/?a=1",
        "state": "st&te",
        "scope": "openid profile aws.cognito.signin.user.admin",
    }
    other = oauth.Addresses(authorize="http://127.0.0.1:9/login?x=1", token="http://127.0.0.1:9/token")
    assert oauth.authorize_url(APPLICATION, "s", addresses=other).startswith(
        "http://127.0.0.1:9/login?x=1&response"
    )


def test_a_refresh_sends_basic_and_a_form() -> None:
    seen: list[httpx.Request] = []
    before = dt.datetime.now(dt.UTC)
    tokens = refreshed(said(GOOD), seen)
    assert (tokens.access_token, tokens.refresh_token) == ("access-1", "refresh-1")
    assert dt.timedelta(seconds=3600) <= tokens.expires_at - before < dt.timedelta(seconds=3605)
    assert tokens.expires_at.utcoffset() == dt.timedelta(0)
    (request,) = seen
    assert str(request.url) == "https://auth.contaazul.com/oauth2/token"
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert request.headers["authorization"] == "Basic " + base64.b64encode(b"an id:a:secret").decode()
    assert parse_qs(request.content.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh-0"],
    }


async def test_a_code_is_exchanged_with_the_same_redirect_address() -> None:
    seen: list[httpx.Request] = []
    transport = httpx.MockTransport(handler(said(GOOD), seen))
    with httpx.Client(transport=transport) as http:
        oauth.exchange_code(APPLICATION, "c+de", http=http)
    async with httpx.AsyncClient(transport=transport) as awaited:
        await oauth.exchange_code_async(APPLICATION, "c+de", http=awaited)
        await oauth.refresh_async(APPLICATION, "refresh-0", http=awaited)
    for request in seen[:2]:
        assert parse_qs(request.content.decode()) == {
            "grant_type": ["authorization_code"],
            "code": ["c+de"],
            "redirect_uri": ["https://alcada.example/conectar/?a=1"],
        }


@pytest.mark.parametrize("status", [400, 401])
def test_invalid_grant_with_either_status(status: int) -> None:
    answer = said({"error": "invalid_grant", "error_description": "Already used"}, status)
    with pytest.raises(InvalidGrant, match="invalid_grant: Already used") as caught:
        refreshed(answer)
    assert caught.value.code == "invalid_grant"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (said({"error": "invalid_client"}, 401), OAuthError),
        (said({"error": "invalid_scope"}, 400), OAuthError),
        (httpx.Response(400, text="<html>"), OAuthError),
        (httpx.Response(429, headers={"retry-after": "3"}), TooManyRequests),
        (httpx.Response(500), MayHaveArrived),
        (said({"error": "invalid_grant"}, 500), MayHaveArrived),
        (httpx.Response(408), MayHaveArrived),
        (httpx.Response(302, headers={"location": "/x"}), MayHaveArrived),
        (httpx.Response(200), Unreadable),
        (said({"access_token": "a"}), None),
        (said({"refresh_token": "r"}), Unreadable),
        (httpx.ReadTimeout("timed out"), MayHaveArrived),
        (httpx.RemoteProtocolError("cut"), MayHaveArrived),
        (httpx.ConnectError("refused"), NotSent),
    ],
)
def test_other_ends_of_a_refresh(
    answer: httpx.Response | Exception, kind: type[ContaAzulError] | None
) -> None:
    if kind is None:
        assert refreshed(answer).refresh_token == "refresh-0"  # none came: the one that was sent stays
        return
    with pytest.raises(ContaAzulError) as caught:
        refreshed(answer)
    assert type(caught.value) is kind
    assert "refresh-0" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_an_exchange_without_a_refresh_token_is_no_success() -> None:
    with (
        httpx.Client(transport=httpx.MockTransport(handler(said({"access_token": "a"})))) as http,
        pytest.raises(Unreadable, match="refresh_token"),
    ):
        oauth.exchange_code(APPLICATION, "code", http=http)


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [("60", 60), (60.5, 60), (None, 3600), ("x", 3600), (0, 3600), (-1, 3600), (1e300, 3600)],
)
def test_a_pair_is_not_lost_over_an_odd_lifetime(expires_in: Any, seconds: int) -> None:
    before = dt.datetime.now(dt.UTC)
    tokens = refreshed(said({**GOOD, "expires_in": expires_in}))
    assert 0 <= (tokens.expires_at - before).total_seconds() - seconds < 5


CODE = "5f3c1a2b-0d4e-4f6a-8b7c-9d0e1f2a3b4c"
FINAL = f"https://www.contaazul.com/?code={CODE}&state=st-1"


@pytest.mark.parametrize(
    "pasted",
    [
        FINAL,
        f"  {FINAL}\n",
        f"<{FINAL}>",
        f'"{FINAL}"',
        FINAL.replace("&", "&amp;"),
        FINAL.replace("code=", "code=\n  "),
        FINAL.replace("&state", "\r\n&state"),
        FINAL.replace("?", "#"),
        f"www.contaazul.com/?code={CODE}&state=st-1",
        f"?code={CODE}&state=st-1",
        f"code={CODE}&state=st-1",
        f"state=st-1&code={CODE}",
        f"{FINAL}&code={CODE}",
        f"https://alcada.example/conectar/?a=1&code={CODE}&state=st-1#_",
    ],
)
def test_a_pasted_address(pasted: str) -> None:
    assert oauth.read_redirect(pasted) == oauth.Redirect(CODE, "st-1")


@pytest.mark.parametrize("pasted", [CODE, f" {CODE}\n", f"'{CODE}'", "abc.DEF_123~/+=="])
def test_a_pasted_code(pasted: str) -> None:
    assert oauth.read_redirect(pasted) == oauth.Redirect(pasted.strip(" \n'"), None)


def test_an_address_without_a_state() -> None:
    assert oauth.read_redirect(f"https://a.test/?code={CODE}") == oauth.Redirect(CODE, None)


@pytest.mark.parametrize(
    ("pasted", "reason"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("https://www.contaazul.com/", "no_code"),
        ("https://www.contaazul.com/?code=&state=x", "no_code"),
        ("https://www.contaazul.com/?state=x", "no_code"),
        (f"{FINAL}&code=another", "several_codes"),
        ("https://auth.contaazul.com/oauth2/authorize?response_type=code&client_id=x", "authorize_address"),
        ("https://auth.contaazul.com/error?error=redirect_mismatch", "denied"),
        ("https://a.test/?error=access_denied&error_description=N%C3%A3o&state=x", "denied"),
        ("https://a.test/?code=a%20b", "not_a_code"),
        ("https://[bad/?code=abcdef", "not_a_code"),
        ("I pressed the button", "not_a_code"),
        ("abc", "not_a_code"),
        ("x" * 3000, "not_a_code"),
        ("www.contaazul.com", "not_a_code"),
        ("código-do-ana", "not_a_code"),
    ],
)
def test_what_holds_no_code_says_why_and_is_not_quoted(pasted: str, reason: str) -> None:
    with pytest.raises(NotARedirect) as caught:
        oauth.read_redirect(pasted)
    assert caught.value.reason == reason
    assert caught.value.sentence
    assert not pasted.strip() or pasted not in str(caught.value)


def test_a_denial_keeps_its_name() -> None:
    with pytest.raises(NotARedirect, match=r"access_denied\. Não") as caught:
        oauth.read_redirect("https://a.test/?error=access_denied&error_description=N%C3%A3o")
    assert caught.value.code == "access_denied"


VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)


@given(code=VISIBLE, state=VISIBLE)
def test_whatever_a_browser_ends_at_is_read_back(code: str, state: str) -> None:
    address = f"https://www.contaazul.com/?{urlencode({'code': code, 'state': state})}"
    assert oauth.read_redirect(address) == oauth.Redirect(code, state)


@given(st.text(max_size=200))
def test_no_text_breaks_the_reader(text: str) -> None:
    with contextlib.suppress(NotARedirect):
        code = oauth.read_redirect(text).code
        assert code.isascii()
        assert " " not in code
