"""Nothing is answered without a token; scopes narrow, roles decide; another company's is not there."""

import re
from typing import Any

import pytest
from cast import make_person
from django.test import Client
from integration.api.calling import Caller, described, operations

from alcada.connections.models import Routing, RoutingRule
from alcada.people.models import User
from alcada.sales.models import Stage
from alcada.tokens.rules import SCOPES


def filled(address: str, value: str = "1") -> str:
    return re.sub(r"\{(\w+)\}", lambda one: "category" if one[1] == "kind" else value, address).removeprefix(
        "/api/v1"
    )


def test_every_operation_without_a_token_is_401(db: None) -> None:
    asked = [(method, filled(address)) for method, address, _operation in operations()]
    assert len(asked) > 40
    refused = {(method, path): Caller("").send(method, path).status_code for method, path in asked}
    assert set(refused.values()) == {401}


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/entries", "/api/v1/docs/x", "/api//v1/entries"]
)
def test_nothing_else_under_the_address_answers_without_one(db: None, ana: User, path: str) -> None:
    assert Client().get(path).status_code in ((401,) if path != "/api" else (302,))


def test_an_address_that_is_none_is_a_problem_too(call: Any, ana: User) -> None:
    answer = call(ana).get("/nothing")
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    answer = call(ana).send("PUT", "/entries")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, POST")


def test_each_operation_asks_for_its_scope(call: Any, clara: User) -> None:
    only = {scope: call(clara, scope) for scope in SCOPES}
    all_but = {scope: call(clara, *(one for one in SCOPES if one != scope)) for scope in SCOPES}
    for method, address, operation in operations():
        (scope,) = operation["security"][0]["Bearer"]
        answer = all_but[scope].send(method, filled(address))
        assert (answer.status_code, answer.json()["scope"]) == (403, scope), (method, address)
        answer = only[scope].send(method, filled(address))
        assert answer.status_code != 401
        assert answer.json().get("code") != "missing_scope", (method, address)


def bodies(world: Any) -> dict[str, Any]:
    """What makes each writing operation get as far as asking whose it is."""
    rule = {
        "version": 1,
        "name": "R",
        "rows": [{"field": "amount", "is": ">", "value": "1.00"}],
        "refusal": "não",
    }
    return {
        "POST /entries": {"company": world.company.pk, "kind": "payable"},
        "PATCH /entries/{pk}": {"version": "x"},
        "POST /postings/{pk}/cancel": {"reason": "não"},
        "POST /inbox/{step}/decision": {"verdict": "approve", "revision_hash": "0" * 64},
        "POST /deals": {
            "company": world.company.pk,
            "title": "Festa",
            "customer": world.vendor.pk,
            "value": "100.00",
        },
        "PATCH /deals/{pk}": {"version": 1},
        "POST /deals/{pk}/move": {
            "stage": Stage.objects.order_by("-pk").values_list("pk", flat=True).first() or 1
        },
        "POST /deals/{pk}/lose": {"reason": "Preço"},
        "POST /parties": {"company": world.company.pk, "name": "Alfa", "is_vendor": True},
        "POST /cost-centres": {"company": world.company.pk, "name": "Alfa"},
        "POST /companies/{pk}/fields": {"name": "Projeto", "type": "text"},
        "POST /companies/{company}/routing/rules": rule,
        "PUT /companies/{company}/routing/rules/{rule}": rule,
        "POST /companies/{company}/routing/rules/{rule}/move": {"version": 1, "direction": "up"},
        "PUT /companies/{company}/routing/default": {"version": 1},
        "POST /accounts/{account}/mappings/{kind}/{thing}/confirm": {"seen": "x"},
        "PUT /accounts/{account}/mappings/{kind}/{thing}": {"remote_id": "x", "seen": "x"},
    }


# Of all companies in which one has a role; what else may be asked of it is tested where it is.
NOT_ONE_THING = {
    "GET /deals",
    "GET /pipelines",
    "GET /entries",
    "GET /inbox",
    "GET /postings",
    "GET /parties",
    "GET /categories",
} | {
    "GET /cost-centres",
    "GET /bank-accounts",
    "GET /companies",
    "GET /accounts",
    "POST /companies",
}


@pytest.fixture
def things(world: Any) -> dict[str, dict[str, int]]:
    """Something that is there, for each kind of address."""
    refused = world.refused()
    routing = Routing.objects.create(company=world.company, version=1)
    rule = RoutingRule.objects.create(
        company=routing.company,
        order=1,
        name="R",
        conditions={"match": "all", "rows": [{"field": "amount", "is": ">", "value": "1000000"}]},
        refusal="não",
    )
    step = world.step(world.submitted())
    own = {"company": world.company.pk, "rule": rule.pk, "account": world.connection.pk, "step": step.pk}
    return {
        "entries": {"pk": refused.pk, "document": 1},
        "deals": {"pk": world.deal().pk},
        "postings": {"pk": world.posting(refused).pk},
        "inbox": own,
        "parties": {"pk": world.vendor.pk},
        "companies": own | {"pk": world.company.pk},
        "accounts": own | {"thing": world.category.pk},
    }


def at(address: str, things: dict[str, dict[str, int]]) -> str:
    room = address.split("/")[3]
    values = things.get(room, {})
    return re.sub(
        r"\{(\w+)\}", lambda one: "category" if one[1] == "kind" else str(values[one[1]]), address
    ).removeprefix("/api/v1")


def test_another_companys_things_are_not_there(
    call: Any, world: Any, carla: User, things: dict[str, dict[str, int]]
) -> None:
    """Carla has every role elsewhere, and a token with every scope."""
    caller, given, asked = call(carla), bodies(world), 0
    for method, address, _operation in operations():
        name = f"{method.upper()} {address.removeprefix('/api/v1')}"
        if name in NOT_ONE_THING:
            continue
        path = at(address, things)
        if method == "delete":
            path += "?version=1" if "rules" in path else "?seen=x" if "mappings" in path else ""
        answer = caller.send(method.upper(), path, given.get(name) or ({} if method == "post" else None))
        if "documents" in name and method == "post":
            assert answer.status_code in (404, 422)  # it brings no file
            continue
        assert answer.status_code == 404, (name, answer.status_code, answer.content)
        asked += 1
    assert asked > 25


def test_another_companys_things_are_in_no_list(call: Any, world: Any, carla: User) -> None:
    world.refused()
    world.deal()
    caller = call(carla)
    for path in (
        "/entries",
        "/deals",
        "/pipelines",
        "/inbox",
        "/postings",
        "/parties",
        "/categories",
        "/cost-centres",
        "/bank-accounts",
        "/accounts",
    ):
        assert caller.read(path)["items"] == [], path
        narrowed = caller.get(f"{path}?company={world.company.pk}")
        assert narrowed.status_code == 404 or narrowed.json()["items"] == [], path
    assert [one["id"] for one in caller.read("/companies")["items"]] == [carla.memberships.first().company_id]


# What each role gets, with a token that has every scope.
ROLES = ("requester", "approver", "finance", "administrator", "auditor")
TABLE: dict[str, tuple[int, int, int, int, int]] = {
    "GET /entries/{pk}": (404, 200, 200, 200, 200),
    "GET /entries/{pk}/history": (404, 200, 200, 200, 200),
    "POST /entries": (201, 201, 201, 201, 403),
    "POST /entries/{pk}/withdraw": (404, 403, 200, 200, 403),
    "GET /postings/{pk}": (404, 200, 200, 200, 200),
    "POST /postings/{pk}/again": (404, 403, 200, 200, 403),
    "POST /postings/{pk}/cancel": (404, 403, 200, 200, 403),
    "GET /deals/{pk}": (404, 200, 200, 200, 200),
    "POST /deals": (201, 201, 201, 201, 403),
    "PATCH /deals/{pk}": (404, 403, 200, 200, 403),
    "POST /deals/{pk}/move": (404, 403, 200, 200, 403),
    "POST /deals/{pk}/win": (404, 403, 200, 200, 403),
    "POST /deals/{pk}/lose": (404, 403, 200, 200, 403),
    "POST /deals/{pk}/reopen": (404, 403, 200, 200, 403),
    "GET /parties/{pk}": (200, 200, 200, 200, 200),
    "POST /parties": (403, 403, 201, 201, 403),
    "POST /cost-centres": (403, 403, 201, 201, 403),
    "GET /companies/{pk}": (200, 200, 200, 200, 200),
    "POST /companies": (403, 403, 403, 403, 403),
    "GET /companies/{pk}/fields": (200, 200, 200, 200, 200),
    "POST /companies/{pk}/fields": (403, 403, 403, 201, 403),
    "GET /companies/{company}/routing": (403, 403, 403, 200, 403),
    "PUT /companies/{company}/routing/default": (403, 403, 403, 200, 403),
    "GET /accounts/{account}/mappings/{kind}": (403, 403, 200, 200, 403),
    "POST /accounts/{account}/mappings/{kind}/confirm-sure": (403, 403, 200, 200, 403),
}


@pytest.mark.parametrize("operation", TABLE)
def test_a_token_may_what_its_persons_role_may(
    call: Any, world: Any, things: dict[str, dict[str, int]], operation: str
) -> None:
    from django.db import transaction

    method, address = operation.split(" ")
    path, body = at(f"/api/v1{address}", things), bodies(world).get(operation)
    if operation == "POST /companies":
        body = {"name": "Nova", "document": "19131243000197"}
    found = []
    for number, role in enumerate(ROLES):
        somebody = make_person(f"Pessoa{number} {role}", world.company, role)
        with transaction.atomic():
            found.append(
                call(somebody).send(method, path, body or ({} if method == "POST" else None)).status_code
            )
            transaction.set_rollback(True)  # the next role finds the same
    assert tuple(found) == TABLE[operation]


def test_an_administrator_of_the_installation_sees_companies_and_nothing_of_theirs(
    call: Any, world: Any, installer: User
) -> None:
    world.submitted()
    caller = call(installer)
    assert [one["my_roles"] for one in caller.read("/companies")["items"]] == [[]]
    assert caller.read("/entries")["items"] == []
    assert caller.get(f"/companies/{world.company.pk}/routing").status_code == 404
    made = caller.post("/companies", {"name": "Nova Ltda", "document": "19.131.243/0001-97"})
    assert (made.status_code, made.json()["my_roles"]) == (201, ["administrator"])
    again = caller.post("/companies", {"name": "Nova Ltda", "document": "19131243000197"})
    assert "document" in again.json()["errors"]


def test_problems_come_in_both_languages(call: Any, world: Any) -> None:
    entry = world.submitted()
    said = {}
    for language in ("en", "pt-BR", "en-US,pt;q=0.5", "de"):
        problem = call(world.bruno).post(f"/entries/{entry.pk}/withdraw", Accept_Language=language)
        said[language] = (problem.headers["Content-Language"], problem.json()["title"])
    assert said["en"] == said["en-US,pt;q=0.5"] == ("en", "Your roles don't allow this")
    assert said["pt-BR"] == said["de"] == ("pt-br", "Seus papéis não permitem isto")
    User.objects.filter(pk=world.bruno.pk).update(language="en")
    assert call(world.bruno).get("/entries/999999").json()["title"] == "There is no such thing"


def test_wrong_fields_are_told_beside_the_fields(call: Any, world: Any) -> None:
    body = {
        "company": world.company.pk,
        "kind": "loan",
        "amount": 12.5,
        "competence_date": "31/12/2026",
        "splits": [{"category": "x", "amount": "1,00"}],
        "vendor": 3,
    }
    answer = call(world.ana).post("/entries", body, Accept_Language="en")
    assert answer.status_code == 422
    assert answer.json()["errors"] == {
        "kind": ["One of: 'payable' or 'receivable'."],
        "amount": ["This must be a text, between quotes."],
        "competence_date": ["Write the date as 2026-12-31."],
        "splits.0.category": ["This must be a whole number."],
        "splits.0.amount": ["This has not the form that is described."],
        "vendor": ["There is no field of this name."],
    }


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"[]", 422),
        (b'{"amount": NaN}', 400),
        (b'{"description": "a\\u0000b"}', 422),
        (b'{"description": "\\ud800"}', 422),
        (b"[" * 100_000, 400),
        (b"\xff\xfe", 400),
        (b'{"company": ' + b"9" * 5000 + b"}", 400),
        (b'{"company": 99999999999999999999, "kind": "payable"}', 422),
    ],
)
def test_bad_bodies_are_refused_with_a_sentence(call: Any, ana: User, body: bytes, status: int) -> None:
    answer = call(ana).send("POST", "/entries", body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def test_what_breaks_here_is_no_stack_trace(call: Any, ana: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alcada.api.entry_list.find", lambda *given: 1 / 0)
    answer = call(ana).get("/entries")
    assert answer.status_code == 500
    assert "ZeroDivision" not in answer.content.decode()
    assert answer.json()["code"] == "failed"


def test_a_body_larger_than_any_file_is_not_read(call: Any, ana: User) -> None:
    answer = call(ana).send("POST", "/entries", b"x" * 11_000_000)
    assert answer.status_code == 413


def test_nothing_is_kept_by_a_cache(call: Any, ana: User) -> None:
    answer = call(ana).get("/entries")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Authorization" in answer.headers["Vary"]
    assert described()["openapi"].startswith("3.1")
