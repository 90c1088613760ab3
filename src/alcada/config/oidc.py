"""The provider that people may sign in with: Google, Microsoft, Keycloak or any other that speaks OpenID Connect."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

GOOGLE: Final = "https://accounts.google.com"


@dataclass(frozen=True)
class Provider:
    """`key` is in the callback's address and names the provider's accounts in the database: another issuer's `sub`
    is another person."""

    key: str
    name: str
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


def read(environment: Mapping[str, str]) -> Provider | None:
    """The provider of `ALCADA_OIDC_…`; None where none is named. SystemExit with a sentence for half of one."""
    client_id = environment.get("ALCADA_OIDC_CLIENT_ID", "").strip()
    secret = environment.get("ALCADA_OIDC_CLIENT_SECRET", "").strip()
    issuer = environment.get("ALCADA_OIDC_ISSUER", "").strip().rstrip("/") or GOOGLE
    if not client_id and not secret:
        return None
    if not client_id or not secret:
        raise SystemExit(
            "ALCADA_OIDC_CLIENT_ID and ALCADA_OIDC_CLIENT_SECRET are set together, or neither is"
        )
    parts = urlsplit(issuer)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SystemExit("ALCADA_OIDC_ISSUER can't be read: https://accounts.google.com, say")
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise SystemExit(
            "ALCADA_OIDC_ISSUER must begin with https://: who signs in is decided by what it says"
        )
    google = issuer == GOOGLE
    key = "google" if google else re.sub(r"[^a-z0-9]+", "-", issuer.partition("://")[2].lower()).strip("-")
    name = environment.get("ALCADA_OIDC_NAME", "").strip() or ("Google" if google else parts.hostname)
    return Provider(key[:100], name[:40], issuer, client_id, secret)


def apps(provider: Provider | None) -> Sequence[Mapping[str, Any]]:
    """As django-allauth wants it told."""
    if provider is None:
        return []
    return [
        {
            "provider_id": provider.key,
            "name": provider.name,
            "client_id": provider.client_id,
            "secret": provider.client_secret,
            "settings": {"server_url": provider.issuer},
        }
    ]
