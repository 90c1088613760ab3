"""The product's way out: one HTTP client per process or event loop, and calls without a connection."""

import asyncio
import threading
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import httpx
from conta_azul.calls import people
from django.conf import settings

from alcada.connections import crypto
from alcada.connections.models import Application, Connection
from alcada.connections.queries import application_for
from conta_azul import AsyncClient, Client, oauth

# Connecting fails fast: then nothing was sent. Reading waits: giving up early makes a doubt of a slow answer.
TIMEOUT = httpx.Timeout(connect=5.0, read=30.0, write=15.0, pool=60.0)
LIMITS = httpx.Limits(max_connections=64, max_keepalive_connections=32, keepalive_expiry=20.0)

_lock = threading.Lock()
_http: httpx.Client | None = None
_async_http: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


@dataclass(frozen=True, repr=False)
class Credentials:
    """The application's, in the clear: kept no longer than a call."""

    client_id: str
    client_secret: str
    redirect_uri: str

    @classmethod
    def of(cls, application: Application) -> "Credentials":
        secret = crypto.decrypt(application.client_secret)
        return cls(application.client_id, secret, application.redirect_uri)


@dataclass(frozen=True, repr=False)
class Pair:
    """What a grant gave. Seconds."""

    access_token: str
    refresh_token: str
    expires_in: float


@dataclass(frozen=True)
class Account:
    """The company behind a token."""

    id: str
    document: str
    name: str


class NoApplicationError(LookupError):
    """No application is registered in this installation."""


def credentials(connection: Connection) -> Credentials:
    """The connection's own application's, else the installation's. Raises NoApplicationError."""
    application = application_for(connection)
    if application is None:
        raise NoApplicationError
    return Credentials.of(application)


def http() -> httpx.Client:
    """The process's client, shared by its threads."""
    global _http
    with _lock:
        if _http is None or _http.is_closed:
            _http = httpx.Client(timeout=TIMEOUT, limits=LIMITS)
        return _http


def async_http() -> httpx.AsyncClient:
    """The running loop's client: connections of one loop can't be used by another."""
    loop = asyncio.get_running_loop()
    with _lock:
        client = _async_http.get(loop)
        if client is None or client.is_closed:
            client = _async_http[loop] = httpx.AsyncClient(timeout=TIMEOUT, limits=LIMITS)
        return client


def client(token: str) -> Client:
    return Client(token, base_url=settings.CONTA_AZUL_API_URL, http=http())


def async_client(token: str) -> AsyncClient:
    return AsyncClient(token, base_url=settings.CONTA_AZUL_API_URL, http=async_http())


def authorize_url(application: Application, state: str) -> str:
    """The consent page's address."""
    return oauth.authorize_url(
        settings.CONTA_AZUL_AUTH_URL,
        client_id=application.client_id,
        redirect_uri=application.redirect_uri,
        state=state,
    )


def exchange(application: Credentials, code: str) -> Pair:
    """The pair for a consent's code. Raises conta_azul.errors."""
    return _pair(_oauth(application).exchange(code, redirect_uri=application.redirect_uri))


def refresh(application: Credentials, refresh_token: str) -> Pair:
    """The next pair for the stored one, which is spent by it. Raises conta_azul.errors."""
    return _pair(_oauth(application).refresh(refresh_token))


def account(token: str) -> Account:
    """The company that the token speaks for. Raises conta_azul.errors."""
    company = client(token).send(people.connected_company())
    return Account(id=company.id or "", document=company.document or "", name=company.name or "")
