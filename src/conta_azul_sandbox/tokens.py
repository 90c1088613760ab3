"""Codes and tokens (docs/conta-azul-api.md §1.2): single-use codes, rotating refresh tokens."""

import base64
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from conta_azul_sandbox.settings import Settings


@dataclass(slots=True)
class Application:
    client_id: str
    client_secret: str
    redirect_uris: list[str]
    demo: bool = False  # the only kind that may have an http:// address

    def check(self) -> None:
        """ValueError when an address would be refused at registration (docs/conta-azul-api.md §6)."""
        for address in self.redirect_uris:
            if not address.startswith("https://") and not (self.demo and address.startswith("http://")):
                raise ValueError(f"Redirect address must be https with a domain: {address}")


@dataclass(slots=True)
class Grant:
    """Whom a code or a token speaks for."""

    company: str
    client_id: str
    email: str
    expires_at: float
    redirect_uri: str = ""
    portal: bool = False


class GrantRefusedError(Exception):
    """invalid_grant: invalid, already used, expired, or not this application's or address's."""


@dataclass(slots=True)
class Tokens:
    codes: dict[str, Grant] = field(default_factory=dict)
    access: dict[str, Grant] = field(default_factory=dict)
    refresh: dict[str, Grant] = field(default_factory=dict)

    def new_code(self, grant: Grant) -> str:
        code = secrets.token_urlsafe(24)
        self.codes[code] = grant
        return code

    def exchange(
        self, code: str, client_id: str, redirect_uri: str, now: float, settings: Settings
    ) -> dict[str, Any]:
        grant = self.codes.get(code)
        if grant is None or grant.client_id != client_id or grant.redirect_uri != redirect_uri:
            raise GrantRefusedError
        del self.codes[code]
        if grant.expires_at <= now:
            raise GrantRefusedError
        return self._issue(grant, now, settings)

    def rotate(self, refresh_token: str, client_id: str, now: float, settings: Settings) -> dict[str, Any]:
        """A new pair. The old refresh token is spent; its access token lives on till it expires (assumed)."""
        grant = self.refresh.get(refresh_token)
        if grant is None or grant.client_id != client_id:
            raise GrantRefusedError
        del self.refresh[refresh_token]
        return self._issue(grant, now, settings)

    def revoke(self, company_id: str) -> None:
        for table in (self.codes, self.access, self.refresh):
            for token in [token for token, grant in table.items() if grant.company == company_id]:
                del table[token]

    def _issue(self, grant: Grant, now: float, settings: Settings) -> dict[str, Any]:
        access, refresh = _jwt(grant, now, now + settings.token_seconds), secrets.token_urlsafe(48)
        self._forget_expired(now)
        self.access[access] = _like(grant, now + settings.token_seconds)
        self.refresh[refresh] = _like(grant, now + 5 * 365 * 86400)
        return {
            "access_token": access,
            "expires_in": int(settings.token_seconds),
            "refresh_token": refresh,
            "token_type": "Bearer",
            "id_token": _jwt(grant, now, now + settings.token_seconds),
        }

    def _forget_expired(self, now: float) -> None:
        if len(self.access) > 10_000:
            self.access = {token: grant for token, grant in self.access.items() if grant.expires_at > now}


def _like(grant: Grant, expires_at: float) -> Grant:
    return Grant(grant.company, grant.client_id, grant.email, expires_at, portal=grant.portal)


# Nobody checks the signature: the sandbox looks tokens up. It is there to look like one.
_SIGNING_KEY = secrets.token_bytes(32)


def _jwt(grant: Grant, now: float, expires_at: float) -> str:
    head = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "iss": "https://api-v2.contaazul.com",
        "sub": grant.company,
        "email": grant.email,
        "client_id": grant.client_id,
        # Less than was asked for, as seen on the real service (§1.1).
        "scope": "openid profile email",
        "iat": int(now),
        "exp": int(expires_at),
        "jti": secrets.token_hex(8),
    }
    signed = f"{_segment(head)}.{_segment(claims)}"
    signature = hmac.digest(_SIGNING_KEY, signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


def _segment(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
