"""Routing rules of a bulk set-up: their conditions by name, and their places among the rules that people made."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from alcada.connections import routing_actions
from alcada.connections.models import Connection, Prepared, Routing, RoutingRule
from alcada.connections.names import CATEGORY_OF, Names, Register
from alcada.connections.routing_actions import Target
from alcada.history.actions import record
from alcada.people.models import Company, User

DEFAULT_KEY = ""  # of a Prepared that is the company's default; a rule's is its name


def conditions(content: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """The rule's conditions as `alcada.conditions` reads them. Raises names.NotFoundError."""
    rows: list[dict[str, str]] = []
    kind = content.get("kind", "")
    if kind:
        rows.append({"field": "kind", "is": "=", "value": kind})
    if category := content.get("category"):
        register: Register = "category"
        for name, of in CATEGORY_OF.items():
            if of == kind:
                register = name  # type: ignore[assignment]
        rows.append({"field": "category", "is": "=", "value": str(names.find(register, category).pk)})
    if centre := content.get("cost_centre"):
        rows.append({"field": "cost_centre", "is": "=", "value": str(names.find("cost_centre", centre).pk)})
    if vendor := content.get("vendor"):
        rows.append({"field": "document", "is": "=", "value": vendor})
    if over := content.get("over"):
        rows.append({"field": "amount", "is": ">", "value": over})
    if up_to := content.get("up_to"):
        rows.append({"field": "amount", "is": "<=", "value": up_to})
    return {"match": "all", "rows": rows}


def resolved(item: Prepared, names: Names) -> Callable[[], None]:
    """What makes the rule, or lets the one of its name say this. Raises NotFoundError before anything is written."""
    target = Target(item.connection, item.content.get("refusal", ""))
    if item.key == DEFAULT_KEY:
        company, by = item.company, item.created_by
        return lambda: routing_actions.set_default(company, target, version=_version(company), by=by)
    rows = conditions(item.content, names)
    return lambda: _write(item, rows, target)


def _write(item: Prepared, rows: Mapping[str, Any], target: Target) -> None:
    """Raises RoutingError, RulesChangedError."""
    company, by = item.company, item.created_by
    rule = RoutingRule.objects.select_related("company").filter(company=company, name=item.key).first()
    if rule is None:
        routing_actions.add_rule(
            company, name=item.key, conditions=rows, target=target, version=_version(company), by=by
        )
        return
    routing_actions.change_rule(
        rule, name=item.key, conditions=rows, target=target, version=_version(company), by=by
    )


def put_in_order(company: Company, by: User) -> None:
    """Let the rules that came from a file stand in its order, in the places that they have; people's keep theirs."""
    done = Prepared.objects.filter(company=company, kind=Prepared.Kind.RULE, done_at__isnull=False)
    wanted = {item.key: int(item.content["order"]) for item in done if item.key != DEFAULT_KEY}
    with transaction.atomic():
        table = Routing.objects.select_for_update().filter(company=company).first()
        if table is None:
            return
        rules = list(RoutingRule.objects.filter(company=company).order_by("order"))
        after = in_order(rules, wanted)
        moved = [
            (rule, rule.order, place) for place, rule in enumerate(after, start=1) if rule.order != place
        ]
        for rule, before, place in moved:
            rule.order = place
            rule.save(update_fields=["order"])
            table.version += 1
            data = {"rule": rule.name, "from": before, "to": place, "rules": table.version}
            record("routing.rule_moved", company, by=by, company=company, data=data)
        if moved:
            table.save(update_fields=["version"])


def in_order(rules: Sequence[RoutingRule], wanted: Mapping[str, int]) -> list[RoutingRule]:
    """The rules with those named in `wanted` sorted by its numbers, among the places that they hold together."""
    sorted_ones = iter(
        sorted((rule for rule in rules if rule.name in wanted), key=lambda rule: wanted[rule.name])
    )
    return [next(sorted_ones) if rule.name in wanted else rule for rule in rules]


def _version(company: Company) -> int:
    return Routing.objects.filter(company=company).values_list("version", flat=True).first() or 0


def stands(
    rule: RoutingRule | None, rows: Mapping[str, Any], target: Connection | None, refusal: str
) -> bool:
    """Does the rule say just this already?"""
    return (
        rule is not None
        and rule.conditions == rows
        and rule.connection_id == (target.pk if target else None)
        and rule.refusal == refusal
    )
