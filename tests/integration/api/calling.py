"""A caller of the API, and what the OpenAPI document says of the answers that it gets."""

import json
import re
from functools import cache
from typing import Any

from django.test import Client
from jsonschema import Draft202012Validator

from alcada.people.models import User
from alcada.tokens import actions


def make_token(user: User, *scopes: str, days: int = 30) -> str:
    return actions.make_personal(user, name="teste", scopes=scopes, days=days).text


@cache
def described() -> dict[str, Any]:
    answer = Client().get("/api/v1/openapi.json", headers={"Accept-Language": "en"})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, address and what is said of it."""
    return [
        (method, address, operation)
        for address, item in described()["paths"].items()
        for method, operation in item.items()
    ]


def operation_of(method: str, address: str) -> dict[str, Any] | None:
    """The most literal one that fits: /parties/{pk} before /{pk}/…"""
    path = address.partition("?")[0]
    for template, item in sorted(described()["paths"].items(), key=lambda one: one[0].count("{")):
        if method.lower() in item and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
            operation: dict[str, Any] = item[method.lower()]
            return operation
    return None


def check(method: str, address: str, status: int, content_type: str, body: bytes) -> None:
    """Is this answer one of those that are described?"""
    if status in (404, 405) and operation_of(method, address) is None:
        return
    operation = operation_of(method, address)
    assert operation is not None, (method, address)
    assert str(status) in operation["responses"], (method, address, status, body[:500])
    content = operation["responses"][str(status)].get("content", {})
    media = content_type.partition(";")[0]
    if not content:
        assert body == b""
        return
    assert media in content or "*/*" in content, (method, address, status, media)
    schema = content.get(media, {}).get("schema")
    if schema and "json" in media:
        whole = {**schema, "components": described()["components"]}
        errors = [error.message for error in Draft202012Validator(whole).iter_errors(json.loads(body))]
        assert errors == [], (method, address, status, errors)


class Caller:
    def __init__(self, token: str, **headers: str) -> None:
        self.token = token
        self.headers = ({"Authorization": f"Bearer {token}"} if token else {}) | headers
        self.client = Client(enforce_csrf_checks=True)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """The answer; `path` without /api/v1."""
        address = f"/api/v1{path}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content: dict[str, Any] = {}
        if body is not None:
            content = {
                "data": body if isinstance(body, bytes) else json.dumps(body),
                "content_type": "application/json",
            }
        answer = self.client.generic(method, address, headers=self.headers | named, **content)
        read = b"".join(answer.streaming_content) if answer.streaming else answer.content
        answer.read = read
        check(method, address, answer.status_code, answer.headers.get("Content-Type", ""), read)
        return answer

    def get(self, path: str, **headers: str) -> Any:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.send("POST", path, body, **headers)

    def patch(self, path: str, body: Any) -> Any:
        return self.send("PATCH", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.send("PUT", path, body)

    def delete(self, path: str) -> Any:
        return self.send("DELETE", path)

    def read(self, path: str) -> Any:
        """What is there, which has to be there."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.content
        return answer.json()
