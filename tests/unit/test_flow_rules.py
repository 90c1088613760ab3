"""Conditions and the way through a flow, on the shipped definition and on wrong ones."""

from decimal import Decimal

import pytest
from django.utils.translation import override

from alcada.approval.rules import can_be_answered
from alcada.flow import rules, shipped
from alcada.flow.models import Trigger

BRUNO, CLARA = 2, 3
PEOPLE = {"approver": [BRUNO], "administrator": [CLARA]}


def facts(amount: str) -> rules.Facts:
    return rules.Facts(kind="payable", amount=Decimal(amount), party="Aurora", document="", instalments=1)


def asked(amount: str, people: dict[str, list[int]] = PEOPLE) -> list[list[int]]:
    path = rules.plan(
        shipped.definition(Trigger.PAYABLE_SUBMITTED), facts(amount), lambda who: people[who["role"]]
    )
    return [step["people"] for step in path if step["type"] == "approval"]


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("0.01", [[BRUNO]]),
        ("10000.00", [[BRUNO]]),
        ("10000.01", [[BRUNO], [CLARA]]),
        ("900000000.00", [[BRUNO], [CLARA]]),
    ],
)
def test_the_shipped_flow_asks_an_administrator_above_ten_thousand(
    amount: str, expected: list[list[int]]
) -> None:
    assert asked(amount) == expected


def test_nobody_to_ask_is_refused() -> None:
    with pytest.raises(rules.SubmissionRefusedError) as refusal:
        asked("10.00", {"approver": [], "administrator": [CLARA]})
    assert refusal.value.code == "nobody_to_ask"


def test_two_steps_need_two_people() -> None:
    with pytest.raises(rules.SubmissionRefusedError) as refusal:
        asked("20000.00", {"approver": [CLARA], "administrator": [CLARA]})
    assert refusal.value.code == "too_few_people"


def test_a_flow_that_asks_nobody_and_does_not_say_why_is_refused() -> None:
    definition = {
        "sequence": [{"id": "p", "componentType": "task", "type": "post", "name": "Post", "properties": {}}]
    }
    with pytest.raises(rules.SubmissionRefusedError) as refusal:
        rules.plan(definition, facts("10.00"), lambda who: [BRUNO])
    assert refusal.value.code == "nobody_asked"


def test_a_flow_may_say_why_nobody_need_be_asked() -> None:
    step = {
        "id": "p",
        "componentType": "task",
        "type": "post",
        "name": "Post",
        "properties": {"without_approval": "rent, fixed by contract"},
    }
    path = rules.plan({"sequence": [step]}, facts("10.00"), lambda who: [BRUNO])
    assert [s["type"] for s in path] == ["post"]


def test_text_in_a_condition_stays_text() -> None:
    """A vendor called like an expression must not become one."""
    hostile = 'x" || true || party == "'
    properties = {"match": "all", "rows": [{"field": "party", "is": "=", "value": hostile}]}
    assert not rules.holds(properties, facts("10.00"))


@pytest.mark.parametrize(
    "row",
    [
        {"field": "password", "is": "=", "value": "1"},
        {"field": "amount", "is": "like", "value": "1"},
        {"field": "amount", "is": ">"},
        {"field": "amount", "is": ">", "value": "ten"},
        {"field": "amount", "is": ">", "value": "NaN"},
        {"field": "instalments", "is": ">", "value": "1.9"},
    ],
)
def test_a_row_that_cannot_be_read_is_refused(row: dict[str, str]) -> None:
    with pytest.raises(rules.DefinitionError):
        rules.expression({"match": "all", "rows": [row]})


def test_why_a_step_is_asked_is_the_condition_s_name_or_the_condition() -> None:
    definition = shipped.definition(Trigger.PAYABLE_SUBMITTED)
    condition = definition["sequence"][1]

    def reasons(amount: str) -> list[tuple[str, object]]:
        path = rules.plan(definition, facts(amount), lambda who: PEOPLE[who["role"]])
        return [(step["why"], step["because"]) for step in path if step["type"] == "approval"]

    assert reasons("10.00") == [("", {})]
    assert reasons("20000.00") == [("", {}), ("", condition["properties"])]
    with override("en"):
        assert shipped.reason(*reasons("20000.00")[1]) == "Value above R$\xa010,000.00"
    condition["name"] = "Compra grande"
    assert reasons("20000.00") == [("", {}), ("Compra grande", {})]
    assert shipped.reason("Compra grande", {}) == "Compra grande"


@pytest.mark.parametrize("written", ["Valor acima de R$ 10.000,00", "Value above R$ 10.000,00"])
def test_what_the_shipped_condition_was_called_is_still_told(written: str) -> None:
    for language, told in (
        ("en", "Value above R$\xa010,000.00"),
        ("pt-br", "Valor acima de R$\xa010.000,00"),
    ):
        with override(language):
            assert shipped.shown(written) == shipped.reason(written, {}) == told


def test_only_a_condition_may_be_without_a_name() -> None:
    with pytest.raises(rules.DefinitionError):
        rules.check_definition({"sequence": [_task("a", "post") | {"name": ""}]})


def test_the_shipped_definitions_may_be_published() -> None:
    for trigger in Trigger:
        rules.check_definition(shipped.definition(trigger))


def _task(key: str, kind: str) -> dict[str, object]:
    return {"id": key, "componentType": "task", "type": kind, "name": key, "properties": {}}


@pytest.mark.parametrize(
    "sequence",
    [
        [_task("a", "post"), _task("b", "post")],
        [_task("a", "post"), _task("b", "approval")],
        [_task("a", "approval"), _task("a", "post")],
        [_task("a", "run_code")],
        [],
        [_task("a", "approval")],  # of nobody's role
        [_task("a", "notify")],  # to nobody
        "post",
    ],
)
def test_a_definition_that_cannot_run_is_refused(sequence: object) -> None:
    with pytest.raises(rules.DefinitionError):
        rules.check_definition({"sequence": sequence})


@pytest.mark.parametrize(
    ("steps", "possible"),
    [
        ([], True),
        ([[1]], True),
        ([[]], False),
        ([[1], [1]], False),
        ([[1, 2], [1]], True),
        ([[1], [1, 2], [2, 3]], True),
        ([[1, 2], [1, 2], [1, 2]], False),
    ],
)
def test_each_step_needs_a_person_of_its_own(steps: list[list[int]], possible: bool) -> None:
    assert can_be_answered(steps) is possible
