"""The product's way out: one HTTP client per process or event loop, and the calls without a connection."""

import asyncio
import ssl
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final
from weakref import WeakKeyDictionary

import httpx
from django.conf import settings

from alcada.connections import crypto
from alcada.connections.models import Application, Connection
from alcada.connections.queries import application_for
from conta_azul import AsyncClient, Client, Timeouts, oauth
from conta_azul.calls import company

# Connecting fails fast: then nothing was sent. Reading waits: giving up early makes a doubt of a slow answer.
TIMEOUTS: Final = Timeouts(connect=5.0, read=30.0, write=15.0, pool=60.0)
LIMITS: Final = httpx.Limits(max_connections=128, max_keepalive_connections=32, keepalive_expiry=20.0)
POOLS: Final = 128  # httpx looks at each connection of a pool at every call: better many pools of few

_lock = threading.Lock()
_http: httpx.Client | None = None
# A pool of its own for each few accounts: httpx walks through all of a pool's connections for every call.
_async_http: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, httpx.AsyncClient]] = WeakKeyDictionary()


@dataclass(frozen=True)
class Account:
    """The company behind a token; at least one of `id` and `document` is there."""

    id: str
    document: str
    name: str


class NoApplicationError(LookupError):
    """No application is registered in this installation."""


def credentials(connection: Connection) -> oauth.Application:
    """The connection's own application, else the installation's, with its secret in the clear: for one call.

    Raises NoApplicationError, crypto.UndecryptableError.
    """
    application = application_for(connection)
    if application is None:
        raise NoApplicationError("no application is registered")
    return in_the_clear(application)


def in_the_clear(application: Application) -> oauth.Application:
    secret = crypto.decrypt(application.client_secret)
    return oauth.Application(application.client_id, secret, application.redirect_uri)


def authorize_url(application: oauth.Application, state: str) -> str:
    """The consent page's address."""
    return oauth.authorize_url(application, state, addresses=_addresses())


def exchange(application: oauth.Application, code: str) -> oauth.Tokens:
    """The pair for a consent's code. Raises conta_azul.errors."""
    return oauth.exchange_code(application, code, http=http(), addresses=_addresses(), timeout=TIMEOUTS)


def refresh(application: oauth.Application, refresh_token: str) -> oauth.Tokens:
    """The next pair for the stored one, which is spent by it. Raises conta_azul.errors."""
    return oauth.refresh(application, refresh_token, http=http(), addresses=_addresses(), timeout=TIMEOUTS)


def account(token: str) -> Account:
    """The company that the token speaks for. Raises conta_azul.errors."""
    found = client(token).send(company.connected())
    return Account(found.id or "", found.document or "", found.legal_name or found.trade_name or "")


def client(token: str) -> Client:
    return Client(token, base_url=settings.CONTA_AZUL_API_URL, http=http(), timeout=TIMEOUTS)


def async_client(connection_id: int, token: str) -> AsyncClient:
    http_ = async_http(connection_id % POOLS)
    return AsyncClient(token, base_url=settings.CONTA_AZUL_API_URL, http=http_, timeout=TIMEOUTS)


def http() -> httpx.Client:
    """The process's client, shared by its threads."""
    global _http
    with _lock:
        if _http is None or _http.is_closed:
            _http = httpx.Client(limits=LIMITS, verify=_trusted())
        return _http


def async_http(pool: int) -> httpx.AsyncClient:
    """A client of the running loop: connections of one loop can't be used by another."""
    loop = asyncio.get_running_loop()
    with _lock:
        pools = _async_http.setdefault(loop, {})
        if pool not in pools:
            pools[pool] = httpx.AsyncClient(limits=LIMITS, verify=_trusted())
        return pools[pool]


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities we trust, read once: each client would take ten milliseconds and a megabyte for its own."""
    return httpx.create_ssl_context()


def clock() -> datetime | None:
    """Conta Azul's clock, to the second, from the head of any answer (no token is sent); None when there is none."""
    try:
        answer = http().head(settings.CONTA_AZUL_API_URL, timeout=5.0)
        told = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (httpx.HTTPError, ValueError, TypeError):
        return None
    return told if told.tzinfo else told.replace(tzinfo=UTC)


async def close() -> None:
    """Close the running loop's clients, as at its end."""
    for http_ in _async_http.pop(asyncio.get_running_loop(), {}).values():
        await http_.aclose()


def _addresses() -> oauth.Addresses:
    return oauth.Addresses(settings.CONTA_AZUL_AUTH_URL, settings.CONTA_AZUL_TOKEN_URL)


def forget() -> None:
    """Close the process's client, as at its end; the next call opens another."""
    global _http
    with _lock:
        if _http is not None:
            _http.close()
        _http = None
