"""OAuth 2.0 with Conta Azul: authorise, exchange the code, refresh.

Refresh tokens rotate: each refresh answers with a new one, and the old one is spent. Store the new pair
before you use it, and never refresh one connection twice at once. When a refresh ends in `MayHaveArrived` the
old token may be spent and the new one unknown; nothing but a new authorisation is documented to help.
"""

import base64
import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Final
from urllib.parse import urlencode

import httpx

from conta_azul import outcome, sentences, wire
from conta_azul.answer import Answer, Fields, Raw, Unusable
from conta_azul.errors import ContaAzulError, InvalidGrant, OAuthError
from conta_azul.quiet import sending
from conta_azul.redirect import Redirect, read_redirect
from conta_azul.wire import DEFAULT_TIMEOUTS, Timeouts

__all__ = [
    "SCOPE",
    "Addresses",
    "Application",
    "Redirect",
    "Tokens",
    "authorize_url",
    "exchange_code",
    "exchange_code_async",
    "read_redirect",
    "refresh",
    "refresh_async",
]

SCOPE: Final = "openid profile aws.cognito.signin.user.admin"
# Documented lifetime of an access token; used only where an answer names none.
_USUAL_LIFETIME: Final = 3600
_LONGEST_LIFETIME: Final = 366 * 24 * 3600
_NAME: Final = "POST /oauth2/token"


@dataclass(frozen=True)
class Addresses:
    """Where to authorise and where tokens come from.

    The documentation names two addresses for the first: /oauth2/authorize (pages auth, quick-start) and
    /login (page requestingcode, the newer one).
    """

    authorize: str = "https://auth.contaazul.com/oauth2/authorize"
    token: str = "https://auth.contaazul.com/oauth2/token"  # noqa: S105  an address


DEFAULT_ADDRESSES: Final = Addresses()


@dataclass(frozen=True)
class Application:
    """An application of the Developer Portal. `redirect_uri` is exactly the one registered there."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class Tokens:
    """A pair of tokens. `expires_at` is the access token's end in UTC, counted from before the request."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: dt.datetime
    raw: Raw = field(repr=False)


# https://developers.contaazul.com/requestingcode and /auth, read 2026-11-24
def authorize_url(application: Application, state: str, *, addresses: Addresses = DEFAULT_ADDRESSES) -> str:
    """The address for a person's browser. They log in with a user of the ERP, not of the developer portal."""
    query = urlencode(
        {
            "response_type": "code",
            "client_id": application.client_id,
            "redirect_uri": application.redirect_uri,
            "state": state,
            "scope": SCOPE,  # urlencode joins the scopes with "+"; a literal %2B is refused (observed)
        }
    )
    return f"{addresses.authorize}{'&' if '?' in addresses.authorize else '?'}{query}"


# https://developers.contaazul.com/changecode, read 2026-11-24
def exchange_code(
    application: Application,
    code: str,
    *,
    http: httpx.Client | None = None,
    addresses: Addresses = DEFAULT_ADDRESSES,
    timeout: Timeouts = DEFAULT_TIMEOUTS,
) -> Tokens:
    """Tokens for an authorisation code, which lives three minutes and works once."""
    return _send(_Exchange(application, addresses, timeout, _code_form(application, code)), http)


async def exchange_code_async(
    application: Application,
    code: str,
    *,
    http: httpx.AsyncClient | None = None,
    addresses: Addresses = DEFAULT_ADDRESSES,
    timeout: Timeouts = DEFAULT_TIMEOUTS,  # noqa: ASYNC109  httpx's own
) -> Tokens:
    """As `exchange_code`, awaited."""
    return await _send_async(_Exchange(application, addresses, timeout, _code_form(application, code)), http)


# https://developers.contaazul.com/renewingaccesstoken, read 2026-11-24
def refresh(
    application: Application,
    refresh_token: str,
    *,
    http: httpx.Client | None = None,
    addresses: Addresses = DEFAULT_ADDRESSES,
    timeout: Timeouts = DEFAULT_TIMEOUTS,
) -> Tokens:
    """A new pair for a refresh token, which is spent by it."""
    return _send(_Exchange(application, addresses, timeout, _refresh_form(refresh_token)), http)


async def refresh_async(
    application: Application,
    refresh_token: str,
    *,
    http: httpx.AsyncClient | None = None,
    addresses: Addresses = DEFAULT_ADDRESSES,
    timeout: Timeouts = DEFAULT_TIMEOUTS,  # noqa: ASYNC109  httpx's own
) -> Tokens:
    """As `refresh`, awaited."""
    return await _send_async(_Exchange(application, addresses, timeout, _refresh_form(refresh_token)), http)


def _code_form(application: Application, code: str) -> dict[str, str]:
    return {"grant_type": "authorization_code", "code": code, "redirect_uri": application.redirect_uri}


def _refresh_form(refresh_token: str) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": refresh_token}


@dataclass(frozen=True)
class _Exchange:
    """One request to the token endpoint."""

    application: Application
    addresses: Addresses
    timeout: Timeouts
    form: dict[str, str] = field(repr=False)

    def request(self) -> httpx.Request:
        # Basic alone is enough (observed); newer pages send no secret in the body.
        credentials = f"{self.application.client_id}:{self.application.client_secret}".encode()
        headers = {
            "Accept": "application/json",
            "Authorization": f"Basic {base64.b64encode(credentials).decode()}",
            "User-Agent": wire.USER_AGENT,
        }
        extensions = {"timeout": asdict(self.timeout)}
        try:
            return httpx.Request(
                "POST", self.addresses.token, headers=headers, data=self.form, extensions=extensions
            )
        except httpx.InvalidURL as exc:
            raise _failed(exc) from exc

    def read(self, answer: Answer, began: dt.datetime) -> Tokens:
        if not outcome.is_success(answer):
            raise _refusal(answer)
        try:
            return _read_tokens(answer.fields(lenient=True), self.form.get("refresh_token"), began)
        except Unusable as exc:
            raise outcome.unreadable(exc, answer, _NAME, writes=True) from exc


def _send(exchange: _Exchange, http: httpx.Client | None) -> Tokens:
    if http is None:
        with httpx.Client() as own:
            return _send(exchange, own)
    request, began = exchange.request(), dt.datetime.now(dt.UTC)
    try:
        with sending(_NAME) as under_way:
            response = http.send(request, auth=None, follow_redirects=False)
            under_way.status = response.status_code
    except outcome.FAILURES as exc:
        raise _failed(exc) from exc
    return exchange.read(wire.answer(response), began)


async def _send_async(exchange: _Exchange, http: httpx.AsyncClient | None) -> Tokens:
    if http is None:
        async with httpx.AsyncClient() as own:
            return await _send_async(exchange, own)
    request, began = exchange.request(), dt.datetime.now(dt.UTC)
    try:
        with sending(_NAME) as under_way:
            response = await http.send(request, auth=None, follow_redirects=False)
            under_way.status = response.status_code
    except outcome.FAILURES as exc:
        raise _failed(exc) from exc
    return exchange.read(wire.answer(response), began)


def _failed(exc: Exception) -> ContaAzulError:
    return outcome.of_failure(exc, _NAME, writes=True)


def _refusal(answer: Answer) -> ContaAzulError:
    """invalid_grant comes with 400 or 401; which is not documented, so the code decides."""
    error = outcome.of_answer(answer, _NAME, writes=True)
    code = _error_code(answer)
    if (
        not 400 <= answer.status <= 499
        or answer.status == 429
        or not (code or answer.status in (400, 401, 403))
    ):
        return error
    kind = InvalidGrant if code == "invalid_grant" else OAuthError
    said = ": ".join(filter(None, (code, _described(answer, code))))
    refusal = kind(
        f"{sentences.NONE_GIVEN}{said or sentences.NO_REASON}",
        call=_NAME,
        status=answer.status,
        body=answer.text,
    )
    refusal.code = code
    return refusal


def _error_code(answer: Answer) -> str:
    try:
        code = answer.fields(lenient=True).maybe_text("error") or ""
    except Unusable:
        return ""
    return sentences.quotable(code)


def _described(answer: Answer, code: str) -> str:
    said = sentences.from_body(answer.text)
    return "" if said == code else said


def _read_tokens(fields: Fields, spent: str | None, began: dt.datetime) -> Tokens:
    """Lenient about all but the tokens: a pair that came must not be lost over a detail.

    Documented: every refresh brings a new refresh token. Where none comes, the one that was sent stays (RFC
    6749, 6).
    """
    refresh_token = fields.maybe_text("refresh_token") or spent
    if not refresh_token:
        raise Unusable("the answer has no 'refresh_token'")
    access_token = fields.maybe_text("access_token")
    if not access_token:
        raise Unusable("the answer has no 'access_token'")
    return Tokens(access_token, refresh_token, began + _lifetime(fields), fields.raw)


def _lifetime(fields: Fields) -> dt.timedelta:
    amount = fields.maybe_amount("expires_in")
    if amount is None or not 0 < amount <= _LONGEST_LIFETIME:
        return dt.timedelta(seconds=_USUAL_LIFETIME)
    return dt.timedelta(seconds=int(amount))
