"""Changing a company's routing. Who may do it is asked by the page. Each change is in the company's history.

Every change names the version of the table that the person looked at: one made on rules that have changed since is
refused, since a rule means what it means by its place among the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from alcada.conditions import ConditionError
from alcada.connections import routing
from alcada.connections.models import Connection, Routing, RoutingRule
from alcada.history.actions import record
from alcada.people.models import Company, User

LONGEST_REFUSAL = 300


class RoutingError(ValueError):
    """What was given can't be kept. `field` says which argument; the text is for the person."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field, self.message = field, message


class RulesChangedError(Exception):
    """Somebody changed the company's routing since this person looked at it."""


@dataclass(frozen=True)
class Target:
    """An account of the company, or a sentence that whoever submits reads."""

    connection: Connection | None = None
    refusal: str = ""

    @property
    def told(self) -> dict[str, Any]:
        return {"account": self.connection.name if self.connection else "", "refusal": self.refusal}


def add_rule(
    company: Company, *, name: str, conditions: Mapping[str, Any], target: Target, version: int, by: User
) -> RoutingRule:
    """Put a rule behind the others. Raises RoutingError (name, conditions, target), RulesChangedError."""
    with transaction.atomic():
        table = _table(company, version)
        last = RoutingRule.objects.filter(company=company).count()
        if last >= routing.MOST_RULES:
            raise RoutingError("", _("A company has at most %(most)s rules.") % {"most": routing.MOST_RULES})
        rule = RoutingRule(company=company, order=last + 1)
        _fill(rule, name, conditions, target)
        rule.save()
        _changed(table, "routing.rule_added", by, _told(rule, target))
        return rule


def change_rule(
    rule: RoutingRule, *, name: str, conditions: Mapping[str, Any], target: Target, version: int, by: User
) -> None:
    """Give a rule other conditions or another target; it keeps its place. Raises as `add_rule`."""
    with transaction.atomic():
        table = _table(rule.company, version)
        locked = _rule(rule)
        before = _told(locked, Target(locked.connection, locked.refusal))
        _fill(locked, name, conditions, target)
        after = _told(locked, target)
        if before != after:
            locked.save()
            _changed(table, "routing.rule_changed", by, {**after, "before": before})


def move_rule(rule: RoutingRule, *, up: bool, version: int, by: User) -> bool:
    """Let a rule change places with its neighbour; False where there is none. Raises RulesChangedError."""
    with transaction.atomic():
        table = _table(rule.company, version)
        locked = _rule(rule)
        place = locked.order - 1 if up else locked.order + 1
        neighbour = RoutingRule.objects.filter(company_id=locked.company_id, order=place).first()
        if neighbour is None:
            return False
        old, locked.order, neighbour.order = locked.order, place, locked.order
        locked.save(update_fields=["order"])
        neighbour.save(update_fields=["order"])
        _changed(table, "routing.rule_moved", by, {"rule": locked.name, "from": old, "to": place})
        return True


def remove_rule(rule: RoutingRule, *, version: int, by: User) -> None:
    """Take a rule away; those behind it move up. History keeps what it said. Raises RulesChangedError."""
    with transaction.atomic():
        table = _table(rule.company, version)
        locked = _rule(rule)
        told = _told(locked, Target(locked.connection, locked.refusal))
        company_id = locked.company_id
        locked.delete()
        rest = RoutingRule.objects.filter(company_id=company_id).order_by("order")
        for place, behind in enumerate(rest, start=1):
            if behind.order != place:
                behind.order = place
                behind.save(update_fields=["order"])
        _changed(table, "routing.rule_removed", by, told)


def set_default(company: Company, target: Target, *, version: int, by: User) -> None:
    """Say where entries go that no rule takes; an empty target takes the choice back.

    Raises RoutingError (target), RulesChangedError.
    """
    with transaction.atomic():
        table = _table(company, version)
        _check_target(company, target, may_be_empty=True)
        before = Target(table.default_connection, table.default_refusal)
        if before.told == target.told and before.connection == target.connection:
            return
        table.default_connection, table.default_refusal = target.connection, target.refusal.strip()
        table.save(update_fields=["default_connection", "default_refusal"])
        _changed(table, "routing.default_changed", by, {**target.told, "before": before.told})


def _table(company: Company, version: int) -> Routing:
    """The company's table, locked, if it is still the one that the person looked at."""
    Routing.objects.bulk_create([Routing(company=company)], ignore_conflicts=True)
    table = Routing.objects.select_for_update(of=("self",)).select_related("company").get(company=company)
    if table.version != version:
        raise RulesChangedError
    return table


def _rule(rule: RoutingRule) -> RoutingRule:
    """The rule as it stands, under its table's lock."""
    found = RoutingRule.objects.select_related("connection").filter(pk=rule.pk).first()
    if found is None:
        raise RulesChangedError
    return found


def _fill(rule: RoutingRule, name: str, rows: Mapping[str, Any], target: Target) -> None:
    rule.name = " ".join(name.split())
    if not rule.name:
        raise RoutingError("name", _("Give the rule a name: history and approvers see it."))
    if len(rule.name) > 80:
        raise RoutingError("name", _("A name has 80 characters at most."))
    others = RoutingRule.objects.filter(company_id=rule.company_id, name=rule.name).exclude(pk=rule.pk)
    if others.exists():
        raise RoutingError("name", _("There is a rule with this name already."))
    try:
        routing.check(rows)
    except ConditionError as exc:
        raise RoutingError("conditions", _("These conditions can't be read.")) from exc
    _check_target(rule.company, target)
    rule.conditions = {"match": rows.get("match", "all"), "rows": [dict(row) for row in rows["rows"]]}
    rule.connection, rule.refusal = target.connection, target.refusal.strip()


def _check_target(company: Company, target: Target, *, may_be_empty: bool = False) -> None:
    refusal = target.refusal.strip()
    if target.connection is not None and target.connection.company_id != company.pk:
        raise RoutingError("target", _("Choose an account of this company."))
    if target.connection is not None and refusal:
        raise RoutingError("target", _("Choose an account or a refusal, not both."))
    if target.connection is None and not refusal and not may_be_empty:
        raise RoutingError("target", _("Choose an account, or write why such entries are refused."))
    if len(refusal) > LONGEST_REFUSAL:
        raise RoutingError("target", _("At most %(most)s characters.") % {"most": LONGEST_REFUSAL})


def _told(rule: RoutingRule, target: Target) -> dict[str, Any]:
    return {"rule": rule.name, "number": rule.order, "conditions": rule.conditions, **target.told}


def _changed(table: Routing, event: str, by: User, data: Mapping[str, Any]) -> None:
    table.version += 1
    table.save(update_fields=["version"])
    record(event, table.company, by=by, company=table.company, data={**data, "rules": table.version})
