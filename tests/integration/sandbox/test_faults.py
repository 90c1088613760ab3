"""Faults on order: each kind, seen from the caller's side and from the books' side."""

import time
from typing import Any

import httpx
import pytest
from integration.sandbox.office import JULY, PAYABLES, Office


def post(office: Office, timeout: float = 30) -> httpx.Response:
    headers = {"Authorization": f"Bearer {office.token}"}
    return httpx.post(
        f"{office.sandbox.url}{PAYABLES}", json=office.payable(), headers=headers, timeout=timeout
    )


def strike(office: Office, kind: str, **more: Any) -> None:
    office.sandbox.faults(
        {"method": "POST", "path": "/v1/financeiro/contas-a-*", "kind": kind, "count": 1, **more}
    )


def created(office: Office) -> int:
    return len(office.sandbox.payables(office.id))


@pytest.mark.parametrize(("kind", "count"), [("drop_before", 0), ("drop_after", 1)])
def test_the_connection_is_cut(office: Office, kind: str, count: int) -> None:
    strike(office, kind)
    with pytest.raises(httpx.TransportError):
        post(office)
    assert created(office) == count
    [last] = office.sandbox.calls(path=PAYABLES)
    assert (last["fault"], last["status"]) == (kind, None)
    assert post(office).status_code == 201


@pytest.mark.parametrize(("kind", "count"), [("error_before", 0), ("error_after", 1)])
def test_an_error_status(office: Office, kind: str, count: int) -> None:
    strike(office, kind, status=503)
    assert post(office).status_code == 503
    assert created(office) == count


def test_an_error_with_a_body_of_ones_own(office: Office) -> None:
    strike(office, "error_before", status=502, body="<html>Bad Gateway</html>")
    answer = post(office)
    assert answer.text == "<html>Bad Gateway</html>"
    assert answer.headers["content-type"].startswith("text/html")


def test_a_body_that_stops_half_way(office: Office) -> None:
    strike(office, "cut_body")
    with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
        post(office)
    assert created(office) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_slow_answer_is_applied_all_the_same(office: Office, when: str) -> None:
    strike(office, "slow", seconds=0.4, when=when)
    with pytest.raises(httpx.ReadTimeout):
        post(office, timeout=0.1)
    assert created(office) == (1 if when == "after" else 0)
    time.sleep(0.6)
    assert created(office) == 1


@pytest.mark.parametrize("retry_after", [None, 7, "soon"])
def test_too_many_with_and_without_a_hint(office: Office, retry_after: object) -> None:
    strike(office, "too_many", retry_after=retry_after)
    answer = post(office)
    assert answer.status_code == 429
    assert answer.headers.get("retry-after") == (None if retry_after is None else str(retry_after))
    assert created(office) == 0


def test_one_write_shows_late(office: Office) -> None:
    strike(office, "search_lag", seconds=120)
    post(office)
    post(office)
    assert created(office) == 2
    assert len(office.get(f"{PAYABLES}?{JULY}")["itens"]) == 1
    office.sandbox.clock(121)
    assert len(office.get(f"{PAYABLES}?{JULY}")["itens"]) == 2


def test_a_refresh_whose_answer_is_lost(office: Office) -> None:
    tokens = office.sandbox.tokens(office.id)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    office.sandbox.faults({"kind": "lost_refresh", "count": 1})
    # A call and a code exchange are not what the rule is about.
    office.get("/v1/pessoas")
    office.sandbox.tokens(office.id)
    with pytest.raises(ConnectionError):
        office.sandbox.token_request(form)
    assert office.sandbox.token_request(form)[1]["error"] == "invalid_grant"


def test_tokens_are_revoked(office: Office) -> None:
    tokens = office.sandbox.tokens(office.id)
    strike(office, "revoke_tokens")
    assert post(office).status_code == 401
    assert office.call("GET", "/v1/pessoas")[0] == 401
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert office.sandbox.token_request(form)[1]["error"] == "invalid_grant"
    assert created(office) == 0
    other = office.companies[1]["id"]
    assert office.sandbox.tokens(other)


def test_the_plan_gate(office: Office) -> None:
    strike(office, "plan_blocked", status_conta="BLOQUEADA")
    answer = post(office)
    assert (answer.status_code, answer.json()["status_conta"]) == (403, "BLOQUEADA")


def test_a_seed_makes_the_same_bad_day_again(office: Office) -> None:
    def day() -> list[int]:
        rule = {"kind": "error_before", "path": "/v1/pessoas", "probability": 0.5, "seed": 11}
        office.sandbox.faults(rule)
        return [office.call("GET", "/v1/pessoas")[0] for _ in range(20)]

    first = day()
    assert {200, 500} == set(first)
    assert day() == first


def test_rules_pick_method_path_and_company_and_may_wait(office: Office) -> None:
    rule = {"kind": "error_before", "method": "GET", "path": "/v1/pessoas*", "company": office.id}
    office.sandbox.faults({**rule, "count": 1, "skip": 1})
    other = office.sandbox.tokens(office.companies[1]["id"])["access_token"]
    assert office.sandbox.api("GET", "/v1/pessoas", other)[0] == 200
    assert [office.call("GET", "/v1/pessoas")[0] for _ in range(3)] == [200, 500, 200]
    [shown] = office.sandbox.current_faults()
    assert shown["struck"] == 1
    assert office.sandbox.faults() == []


@pytest.mark.parametrize(
    "rule", [{"kind": "nonsense"}, {"kind": "slow", "probabilty": 1}, {"kind": "slow", "probability": 2}]
)
def test_a_rule_that_makes_no_sense_is_refused(office: Office, rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="Rule 0"):
        office.sandbox.faults(rule)
