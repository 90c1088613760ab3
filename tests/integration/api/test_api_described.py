"""The OpenAPI document is one, says what is answered, and nothing that is sent breaks anything."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from integration.api.calling import Caller, described, make_token, operations
from jsonschema import Draft202012Validator

from alcada.tokens.rules import SCOPES


def test_the_document_is_open_and_whole(db: None) -> None:
    found = described()
    assert found["openapi"].startswith("3.1")
    assert {"title", "version", "description"} <= found["info"].keys()
    names = [operation["operationId"] for _method, _address, operation in operations()]
    assert len(names) == len(set(names)) > 50
    assert len(names) <= 60  # as many as are sent junk below
    for name, schema in found["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        assert re.fullmatch(r"[A-Za-z0-9._-]+", name)
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(found)):
        assert reference.removeprefix("#/components/schemas/") in found["components"]["schemas"], reference


def test_each_operation_says_all_that_matters(db: None) -> None:
    for method, address, operation in operations():
        where = (method, address)
        placed = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert placed == set(re.findall(r"\{(\w+)\}", address)), where
        assert all(one["required"] for one in operation["parameters"] if one["in"] == "path"), where
        assert operation["summary"], where
        (scope,) = operation["security"][0]["Bearer"]
        assert scope in SCOPES, where
        assert {"400", "401", "403", "404", "422", "429", "500"} <= operation["responses"].keys(), where
        assert any(status.startswith("2") for status in operation["responses"]), where
        keyed = any(one["name"] == "Idempotency-Key" for one in operation["parameters"])
        assert keyed == (method == "post"), where
        if method == "get":
            assert scope.endswith(":read"), where
        else:
            assert not scope.endswith(":read"), where


def test_the_page_describes_every_operation_in_both_languages(db: None) -> None:
    client = Client()
    for language, words in (
        ("en", "Send a draft for approval"),
        ("pt-br", "Enviar um rascunho para aprovação"),
    ):
        client.cookies["django_language"] = language
        page = client.get("/api/v1/docs")
        text = page.content.decode()
        assert page.status_code == 200
        assert words in text
        for _method, address, _operation in operations():
            assert address.removeprefix("/api/v1") in text
        assert "<script>" not in text
        assert "http://" not in re.sub(r"http://localhost:\d+|http://www.w3.org/\S*", "", text)
    assert "Content-Security-Policy" in page.headers


# --- Whatever is sent -----------------------------------------------------------------------------------------

JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def valued(schema: dict[str, Any], known: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that the schema describes, now and then one that it doesn't."""
    if reference := schema.get("$ref"):
        return valued(known[reference.rpartition("/")[2]], known)
    if several := schema.get("anyOf"):
        return st.one_of([valued(one, known) for one in several])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]]) | st.text(max_size=5)
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        members = {name: valued(told, known) for name, told in schema.get("properties", {}).items()}
        return st.fixed_dictionaries(
            {name: one for name, one in members.items() if name in required},
            optional={name: one for name, one in members.items() if name not in required},
        )
    if kind == "array":
        return st.lists(valued(schema.get("items", {}), known), max_size=3)
    if kind == "integer":
        return st.sampled_from([0, 1, 2, 3, 2**31, 2**63 - 1, 2**63, -1]) | st.integers()
    if kind == "boolean":
        return st.booleans()
    if kind == "string" and schema.get("format") == "date":
        return st.dates().map(str) | st.text(max_size=10)
    if kind == "string" and "pattern" in schema:
        return st.decimals(0, 10**9, places=2).map(str) | st.text(max_size=10)
    if kind == "string":
        return st.text(max_size=min(schema.get("maxLength", 30), 300) + 1)
    return st.none() if kind == "null" else JUNK


@pytest.mark.parametrize("number", range(60))
def test_nothing_that_is_sent_breaks_anything(
    db: None, world: Any, monkeypatch: pytest.MonkeyPatch, settings: Any, number: int
) -> None:
    """Each operation, by somebody who may nearly everything: a documented answer, never a 500."""
    from alcada.people.models import Membership, Role

    if number >= len(operations()):
        pytest.skip("there are fewer operations")
    settings.API_CALLS_PER_MINUTE = 10**6
    world.refused()
    world.submitted()
    Membership.objects.create(user=world.clara, company=world.company, role=Role.APPROVER)
    _fuzz(number, Caller(make_token(world.clara, *SCOPES)), world)


def _fuzz(number: int, caller: Caller, world: Any) -> None:
    method, address, operation = operations()[number]
    known = described()["components"]["schemas"]
    deal = world.deal() if "/deals" in address else None
    there = {"company": world.company.pk, "account": world.connection.pk, "thing": world.category.pk}

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(st.data())
    def send(data: Any) -> None:
        path, query = address.removeprefix("/api/v1"), []
        for one in operation.get("parameters", []):
            wanted = valued(one["schema"], known)
            if one["in"] == "path":
                real = deal.pk if deal else there.get(one["name"], world.clara.pk)
                value = data.draw(st.just(real) | wanted)
                path = path.replace(f"{{{one['name']}}}", quote(str(value), safe="") or "x")
            elif one["in"] == "query" and data.draw(st.booleans()):
                query.append(f"{one['name']}={quote(str(data.draw(wanted)))}")
        content = operation.get("requestBody", {}).get("content", {})
        body = None
        if "application/json" in content:
            schema = content["application/json"]["schema"]
            body = data.draw(valued(schema, known) | JUNK)
            if isinstance(body, dict) and "company" in body and data.draw(st.booleans()):
                body["company"] = world.company.pk
        asked = path + ("?" + "&".join(query) if query else "")
        answer = caller.send(method.upper(), asked, body)  # which holds it against the document
        assert answer.status_code < 500, (method, asked, body, answer.content)

    send()
