"""The OpenAPI document, completed with what holds for every operation, and the page that is made from it."""

import re
from collections.abc import Iterator
from copy import deepcopy
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import NinjaAPI

from alcada.api.idempotency import HEADER, LONGEST
from alcada.api.problems import CODES, MEDIA_TYPE
from alcada.api.scopes import Bearer
from alcada.tokens.rules import SCOPES

_METHODS: Final = ("get", "post", "put", "patch", "delete")
# Whatever the operation: what the door answers.
_ALWAYS: Final = (400, 401, 403, 404, 413, 422, 429, 500)
_OF_WRITES: Final = (409,)
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}


def document(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    return JsonResponse(schema(api))


def page(request: HttpRequest, api: NinjaAPI) -> HttpResponse:
    """Readable without a script: every operation with its fields, scope and answers."""
    described = schema(api)
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, method, operation in _operations(described):
        shown = _shown(described, address, method, operation)
        groups.setdefault(operation["tags"][0], []).append(shown)
    context = {
        "groups": [{"name": name, "operations": found} for name, found in groups.items()],
        "scopes": SCOPES.items(),
        "problems": [(code, status, title) for code, (status, title) in CODES.items()],
        "base": settings.ALCADA_URL + "/api/v1",
        "limit": settings.API_CALLS_PER_MINUTE,
    }
    return render(request, "api/docs.html", context)


def schema(api: NinjaAPI) -> dict[str, Any]:
    """In the language in use: the summaries are translated."""
    found: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="api/v1/"))
    found["info"]["description"] = _(
        "Payables and receivables through approval into Conta Azul, once. Amounts are texts with a point and two "
        "decimals, dates are 2026-12-31, moments have their offset."
    )
    found["servers"] = [{"url": settings.ALCADA_URL}]
    components = found["components"]
    components["schemas"]["Problem"] = deepcopy(_PROBLEM)
    components["securitySchemes"] = {"Bearer": {"type": "http", "scheme": "bearer"}}
    scopes = _scopes(api)
    for address, method, operation in _operations(found):
        operation["summary"] = _(operation["summary"])
        scope = scopes[address, method]
        operation["security"] = [{"Bearer": [scope]}]
        needs = _("Needs the scope %(scope)s.") % {"scope": f"`{scope}`"}
        operation["description"] = (
            f"{operation['description']}\n\n{needs}" if operation.get("description") else needs
        )
        _add_answers(address, method, operation)
        if method == "post":
            operation.setdefault("parameters", []).append(dict(_KEY))
    _translate(found["paths"])
    _translate(components["schemas"])
    return found


def _translate(told: Any) -> None:
    """What is said of fields, in place. Of what was said in this language already there is no translation."""
    for one in told.values() if isinstance(told, dict) else told:
        if isinstance(one, dict | list):
            _translate(one)
    if isinstance(told, dict) and isinstance(text := told.get("description"), str) and text:
        told["description"] = _(text)


def _add_answers(address: str, method: str, operation: dict[str, Any]) -> None:
    answers = {str(status): answer for status, answer in operation["responses"].items()}
    operation["responses"] = answers
    if address.endswith("/documents/{document}") and method == "get":
        answers["200"] = {"description": "OK", "content": {"*/*": _FILE}}
    statuses = _ALWAYS if method == "get" else _ALWAYS + _OF_WRITES
    if method == "put" and "mappings" in address:
        statuses = (*statuses, 503)
    for status in statuses:
        titles = [str(title) for known, title in CODES.values() if known == status]
        answer: dict[str, Any] = {
            "description": "; ".join(titles),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        if status in (429, 503):
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
        answers.setdefault(str(status), answer)


def _operations(found: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for address, item in found["paths"].items():
        for method in _METHODS:
            if method in item:
                yield address, method, item[method]


def _scopes(api: NinjaAPI) -> dict[tuple[str, str], str]:
    """Each operation's scope. One that states none is refused, and so is describing it: KeyError."""
    stated: dict[tuple[str, str], str] = {}
    for bound in api._get_bound_routers():
        for path, view in bound.path_operations.items():
            address = re.sub(r"/+", "/", f"/api/v1/{bound.prefix}/{path}").rstrip("/")
            for operation in view.operations:
                scope = next((one.scope for one in operation.auth_callbacks if isinstance(one, Bearer)), "")
                if scope:
                    stated |= {(address, method.lower()): scope for method in operation.methods}
    return stated


def _shown(described: dict[str, Any], address: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    body = next(iter(operation.get("requestBody", {}).get("content", {}).items()), None)
    answer: dict[str, Any] = next(
        (one for status, one in operation["responses"].items() if status.startswith("2")), {}
    )
    content = next(iter(answer.get("content", {}).items()), None)
    return {
        "anchor": operation["operationId"].removeprefix("alcada_api_"),
        "method": method.upper(),
        "address": address.removeprefix("/api/v1"),
        "summary": operation["summary"],
        "scope": operation["security"][0]["Bearer"][0],
        "parameters": [
            {"name": one["name"], "type": _type(one["schema"]), "required": one.get("required", False)}
            | {"text": one.get("description", "")}
            for one in operation.get("parameters", [])
        ],
        "body_type": body[0] if body else "",
        "body": _fields(described, body[1]["schema"]) if body else [],
        "answer": _fields(described, content[1]["schema"]) if content else [],
    }


def _fields(described: dict[str, Any], schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of an object, one row each; nested ones under their path."""
    return list(_rows(described, schema, "", ()))


def _rows(
    described: dict[str, Any], schema: dict[str, Any], path: str, seen: tuple[str, ...]
) -> Iterator[Any]:
    name = _reference(schema)
    if name in seen:
        return
    target = described["components"]["schemas"][name] if name else schema
    for member, told in target.get("properties", {}).items():
        where = f"{path}{member}"
        yield {
            "name": where,
            "type": _type(told),
            "required": member in target.get("required", []),
            "text": told.get("description", ""),
        }
        if _reference(told):
            mark = "[]." if _is_list(told) else "."
            yield from _rows(described, told, f"{where}{mark}", (*seen, name))


def _reference(schema: dict[str, Any]) -> str:
    """The component that it is, or is a list of, or may be; empty: none."""
    for one in (schema, schema.get("items", {}), *schema.get("anyOf", []), *schema.get("allOf", [])):
        if found := one.get("$ref") or one.get("items", {}).get("$ref"):
            return str(found).rpartition("/")[2]
    return ""


def _is_list(schema: dict[str, Any]) -> bool:
    return any(one.get("type") == "array" for one in (schema, *schema.get("anyOf", [])))


def _type(schema: dict[str, Any]) -> str:
    """ "text", "number or null", "one of a, b": as short as it can be said."""
    if "enum" in schema:
        return " | ".join(str(one) or "“”" for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if several := schema.get("anyOf"):
        return " | ".join(dict.fromkeys(_type(one) for one in several))
    if schema.get("type") == "array":
        return f"[{_type(schema.get('items', {}))}]"
    if "$ref" in schema:
        return "object"
    shown = str(schema.get("format") or schema.get("type") or "any")
    return {"string": "text"}.get(shown, shown)


_KEY: Final = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "schema": {"type": "string", "maxLength": LONGEST},
    "description": noop("The same request with the same key acts once, for 24 hours."),
}
_PROBLEM: Final = {
    "title": "Problem",
    "type": "object",
    "description": "RFC 9457. `code` is stable; the sentences are in the language that was asked for.",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "enum": [*CODES]},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
            "description": noop("Sentences by field, such as instalments.0.due_date."),
        },
    },
}
