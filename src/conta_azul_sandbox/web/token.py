"""POST /oauth2/token (docs/conta-azul-api.md §1.2)."""

import base64
import binascii
import hmac
import json
from typing import Any
from urllib.parse import parse_qs, unquote

from aiohttp import web

from conta_azul_sandbox.company import Company
from conta_azul_sandbox.tokens import Application, Grant, GrantRefusedError
from conta_azul_sandbox.world import World


class RefusedError(Exception):
    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error


class TokenEndpoint:
    def __init__(self, world: World) -> None:
        self.world = world

    async def read(self, request: web.BaseRequest) -> dict[str, str]:
        raw = await request.read()
        return {name: values[0] for name, values in parse_qs(raw.decode("utf-8", "replace")).items()}

    def company(self, form: dict[str, str]) -> Company | None:
        """Whose call it is, as far as its code or token tells."""
        tokens = self.world.tokens
        grant: Grant | None = tokens.codes.get(form.get("code", "")) or tokens.refresh.get(
            form.get("refresh_token", "")
        )
        return self.world.companies.get(grant.company) if grant else None

    def answer(self, request: web.BaseRequest, form: dict[str, str]) -> web.Response:
        try:
            if request.method != "POST":
                raise RefusedError(405, "invalid_request", "POST is expected")
            if request.content_type != "application/x-www-form-urlencoded":
                raise RefusedError(400, "invalid_request", "application/x-www-form-urlencoded is expected")
            return _json(200, self._grant(self._application(request), form))
        except RefusedError as refusal:
            return _json(refusal.status, {"error": refusal.error, "error_description": str(refusal)})

    def _application(self, request: web.BaseRequest) -> Application:
        """Basic is enough, and asked for (§1.2). Assumed: invalid_client is a 401."""
        kind, _, encoded = request.headers.get("Authorization", "").partition(" ")
        try:
            client_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            kind, client_id, secret = "", "", ""
        application = self.world.applications.get(unquote(client_id))
        if kind.lower() != "basic" or application is None:
            raise RefusedError(401, "invalid_client", "Unknown client, or no Basic authorization")
        if not hmac.compare_digest(application.client_secret.encode(), unquote(secret).encode()):
            raise RefusedError(401, "invalid_client", "Wrong client secret")
        return application

    def _grant(self, application: Application, form: dict[str, str]) -> dict[str, Any]:
        tokens, settings, now = self.world.tokens, self.world.settings, self.world.clock.now()
        grant_type = form.get("grant_type")
        wanted = {"authorization_code": "code", "refresh_token": "refresh_token"}.get(grant_type or "")
        if wanted is None:
            raise RefusedError(400, "unsupported_grant_type", f"grant_type {grant_type} is not supported")
        if wanted not in form:
            raise RefusedError(400, "invalid_request", f"{wanted} is missing")
        self.world.changed = True
        try:
            if wanted == "code":
                address = form.get("redirect_uri", "")
                return tokens.exchange(form["code"], application.client_id, address, now, settings)
            return tokens.rotate(form["refresh_token"], application.client_id, now, settings)
        except GrantRefusedError as error:
            description = "invalid, already used, expired, or does not match redirect_uri/client_id"
            raise RefusedError(settings.invalid_grant_status, "invalid_grant", description) from error


def _json(status: int, document: dict[str, Any]) -> web.Response:
    return web.Response(
        status=status,
        text=json.dumps(document),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
