"""Reading a flow's definition: what lies ahead for one revision. Pure.

The definition has the shape that the visual editor draws (sequential-workflow-designer): a `sequence` of steps, each
with `id`, `componentType`, `type`, `name`, `properties`, and for a switch its `branches`.

    {"properties": {"trigger": "payable.submitted"},
     "sequence": [
        {"id": "…", "componentType": "task",   "type": "approval", "name": "…", "properties": {"role": "approver"}},
        {"id": "…", "componentType": "switch", "type": "if", "name": "",
         "properties": {"match": "all", "rows": [{"field": "amount", "is": ">", "value": "10000.00"}]},
         "branches": {"true": […], "false": […]}},
        {"id": "…", "componentType": "task", "type": "post", "name": "…", "properties": {}},
        {"id": "…", "componentType": "task", "type": "notify", "name": "…", "properties": {"to": "requester"}}]}

How rows are read and decided: alcada/conditions.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from alcada import conditions
from alcada.approval.rules import can_be_answered
from alcada.connections.queries import Routed
from alcada.people.models import Role

FIELDS: Final[conditions.Fields] = {
    "amount": "money",
    "kind": "text",
    "party": "text",
    "document": "text",
    "instalments": "number",
}
TASKS: Final = frozenset({"approval", "post", "notify"})
ASKED: Final = frozenset(Role) - {Role.AUDITOR}  # who reads only is asked nothing


class SubmissionRefusedError(Exception):
    """The flow can't take this entry: `code` is stable (docs/flows.md), the page has the sentence."""

    def __init__(self, code: str, **context: str) -> None:
        super().__init__(code)
        self.code, self.context = code, context


class DefinitionError(ValueError):
    """The definition can't be published: which step, and what is wrong with it."""


@dataclass(frozen=True)
class Facts:
    """What conditions may look at, of one frozen revision."""

    kind: str
    amount: Decimal
    party: str
    document: str
    instalments: int

    def for_cel(self) -> dict[str, Any]:
        return conditions.for_cel(vars(self), FIELDS)


def routed_nowhere(routed: Routed, company: str) -> SubmissionRefusedError | None:
    """Why the entry can't be submitted as it was routed; None when it goes to an account."""
    choice, named = routed.choice, {"company": company, "account": routed.account}
    if choice.problem:
        codes = {"no_account": "no_account", "no_match": "no_route", "not_connected": "route_not_connected"}
        return SubmissionRefusedError(codes[choice.problem], **named)
    if not choice.refusal:
        return None
    if choice.rule is None:
        return SubmissionRefusedError("route_refused_by_default", sentence=choice.refusal, **named)
    rule = {"number": str(choice.rule.order), "rule": choice.rule.name}
    return SubmissionRefusedError("route_refused", sentence=choice.refusal, **rule, **named)


PeopleOf = Callable[[Mapping[str, Any]], Sequence[int]]


def expression(properties: Mapping[str, Any]) -> str:
    """The CEL text of an `if`'s rows. Raises DefinitionError for a row it can't read."""
    try:
        return conditions.expression(properties, FIELDS)
    except conditions.ConditionError as exc:
        raise DefinitionError(str(exc)) from exc


def _check_task(step: Mapping[str, Any]) -> None:
    properties = step.get("properties", {})
    if step["type"] == "approval" and properties.get("role") not in ASKED:
        raise DefinitionError(f"{step['name']}: unknown role {properties.get('role')}")
    if step["type"] == "notify" and properties.get("to") != "requester":
        raise DefinitionError(f"{step['name']}: unknown whom to tell: {properties.get('to')}")


def holds(properties: Mapping[str, Any], facts: Facts) -> bool:
    return conditions.holds(properties, FIELDS, facts.for_cel())


def plan(definition: Mapping[str, Any], facts: Facts, people_of: PeopleOf) -> list[dict[str, Any]]:
    """The steps that lie ahead, conditions decided, each approval with the people it asks.

    Raises SubmissionRefusedError: `nobody_to_ask` (an approval that nobody may answer), `too_few_people` (two steps
    would need the same person), `nobody_asked` (it would post without any approval and doesn't say why that is right).
    """
    path = list(_walk(definition["sequence"], facts, people_of, _reason("")))
    approvals = [step for step in path if step["type"] == "approval"]
    for step in approvals:
        if not step["people"]:
            raise SubmissionRefusedError("nobody_to_ask", step=step["name"])
    if not can_be_answered([step["people"] for step in approvals]):
        raise SubmissionRefusedError("too_few_people", step=approvals[-1]["name"])
    if any(step["type"] == "post" and not step.get("without_approval") for step in path) and not approvals:
        raise SubmissionRefusedError("nobody_asked")
    return path


def _reason(name: str, condition: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Why a step is asked: the condition's own name; one without a name is told by its rows, when that is shown."""
    return {"why": name, "because": {} if name else dict(condition or {})}


def _walk(
    sequence: Sequence[Mapping[str, Any]], facts: Facts, people_of: PeopleOf, why: Mapping[str, Any]
) -> Any:
    for step in sequence:
        if step["componentType"] == "switch":
            true = holds(step["properties"], facts)
            reason = _reason(step.get("name", ""), step["properties"]) if true else why
            yield from _walk(step["branches"]["true" if true else "false"], facts, people_of, reason)
        elif step["type"] == "approval":
            yield {
                "type": "approval",
                "key": step["id"],
                "name": step["name"],
                **why,
                "role": step["properties"]["role"],
                "people": list(people_of(step["properties"])),
            }
        else:
            yield {"type": step["type"], "key": step["id"], "name": step["name"], **step["properties"]}


def check_definition(definition: Mapping[str, Any]) -> None:
    """Refuse what can't run: unknown steps, unreadable conditions, nothing to do. Raises DefinitionError."""
    if not definition.get("sequence"):
        raise DefinitionError("there is nothing to do: a flow needs at least one step")
    seen: set[str] = set()
    posts = _check_sequence(definition["sequence"], seen, posted=False)
    if posts > 1:
        raise DefinitionError("an entry is posted once: there is more than one 'post' on a way through")


def _check_sequence(sequence: Any, seen: set[str], *, posted: bool) -> int:
    """Returns how many postings the longest way through has; `posted`: one came before."""
    if not isinstance(sequence, list):
        raise DefinitionError("a sequence of steps is missing")
    posts = 0
    for step in sequence:
        named = step.get("name") or step.get("componentType") == "switch"
        if step.get("id") in seen or not step.get("id") or not named:
            raise DefinitionError(f"every step has its own id and a name: {step.get('id')}")
        seen.add(step["id"])
        if (posted or posts) and step.get("type") == "approval":
            raise DefinitionError(f"an approval after posting comes too late: {step['name']}")
        if step.get("componentType") == "switch":
            expression(step.get("properties", {}))
            branches = step.get("branches", {})
            posts += max(
                _check_sequence(branches.get(name), seen, posted=posted or posts > 0)
                for name in ("true", "false")
            )
        elif step.get("type") not in TASKS:
            raise DefinitionError(f"unknown kind of step: {step.get('type')}")
        else:
            _check_task(step)
            posts += step["type"] == "post"
    return posts
