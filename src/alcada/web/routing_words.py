"""Routing in words: why an entry goes where it goes, what a rule says, what was changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import conditions
from alcada.connections import routing
from alcada.connections.models import RoutingRule
from alcada.directory import condition_words
from alcada.directory.models import Category, CostCentre, Party
from alcada.flow.models import Trigger
from alcada.history.models import Record
from alcada.history.queries import of
from alcada.intake.rules import key
from alcada.people.models import Company

EVENTS: Final[dict[str, tuple[str | Promise, str]]] = {
    "routing.rule_added": (lazy("Rule %(number)s, “%(rule)s”, added"), "plus"),
    "routing.rule_changed": (lazy("Rule %(number)s, “%(rule)s”, changed"), "edit"),
    "routing.rule_moved": (lazy("Rule “%(rule)s” moved from place %(from)s to %(to)s"), "selector"),
    "routing.rule_removed": (lazy("Rule %(number)s, “%(rule)s”, removed"), "trash"),
    "routing.default_changed": (lazy("Default changed"), "target"),
}


def reason(told: Mapping[str, Any]) -> str:
    """Why this account: `Routed.told`, as a run and history keep it."""
    if told.get("by") == "rule":
        return _("by rule %(number)s, “%(rule)s”") % {"number": told.get("number"), "rule": told.get("rule")}
    return {
        "default": _("the company's default: no rule applies"),
        "only": _("the company's only account"),
    }.get(str(told.get("by")), "")


class Names:
    """What the keys in conditions are called, read at once for all of a company's rules."""

    def __init__(self, company: Company, rows: Iterable[Mapping[str, Any]]) -> None:
        wanted: dict[str, set[int]] = {"party": set(), "category": set(), "cost_centre": set()}
        for row in rows:
            if row["field"] in wanted:
                wanted[row["field"]].add(key(str(row["value"])))
        models = {"party": Party, "category": Category, "cost_centre": CostCentre}
        self._names = {
            (name, str(found.pk)): str(found)
            for name, keys in wanted.items()
            if keys
            for found in models[name].objects.filter(company=company, pk__in=keys)  # type: ignore[attr-defined]
        }

    def __call__(self, field: str, value: str) -> str:
        if field == "flow" and value in Trigger.values:
            return str(Trigger(value).label)
        return self._names.get((field, value)) or condition_words.plain(field, value)


@dataclass(frozen=True)
class Shown:
    """A rule of the list."""

    rule: RoutingRule
    sentence: str


def shown(company: Company, rules: list[RoutingRule]) -> list[Shown]:
    names = Names(company, (row for rule in rules for row in rule.conditions["rows"]))
    return [Shown(rule, condition_words.sentence(rule.conditions, names)) for rule in rules]


@dataclass(frozen=True)
class Passed:
    """A rule that did not apply, and why."""

    rule: routing.Rule
    why: list[str]


def passed_over(company: Company, choice: routing.Choice, facts: routing.Facts) -> list[Passed]:
    """Each row that kept a rule from applying, beside what the entry has."""
    rows = [row for each in choice.passed for row in each.failed]
    names = Names(company, [*rows, *_as_rows(facts)])
    return [Passed(each.rule, [_why(row, facts, names) for row in each.failed]) for each in choice.passed]


def _as_rows(facts: routing.Facts) -> list[dict[str, str]]:
    """What the entry has, as rows: to have it named."""
    found = []
    for name, kind in routing.FIELDS.items():
        value = getattr(facts, name)
        found += [{"field": name, "value": str(v)} for v in (value if kind == "texts" else [value])]
    return found


def _why(row: Mapping[str, Any], facts: routing.Facts, names: condition_words.Named) -> str:
    name = str(row["field"])
    value = getattr(facts, name)
    values = value if isinstance(value, tuple) else (value,)
    has = ", ".join(names(name, str(each)) for each in values if str(each)) or _("nothing")
    return _("It asks for: %(condition)s. This entry has: %(value)s.") % {
        "condition": condition_words.sentence({"rows": [row]}, names),
        "value": has,
    }


@dataclass(frozen=True)
class Line:
    text: str
    icon: str
    who: str
    at: datetime
    comment: str


def changes(company: Company, limit: int = 12) -> list[Line]:
    """What was changed in the company's routing, the latest first."""
    found = of(company).filter(event__in=EVENTS).order_by("-sequence")[:limit]
    return [_line(company, record) for record in found]


def _line(company: Company, record: Record) -> Line:
    words, icon = EVENTS[record.event]
    data = record.data
    parts = []
    if record.event != "routing.rule_moved":
        if before := data.get("before"):
            parts.append(_("Before: %(what)s") % {"what": _told(company, before)})
        parts.append(_told(company, data))
    return Line(str(words) % data, icon, record.actor_name, record.at, " → ".join(parts))


def _told(company: Company, data: Mapping[str, Any]) -> str:
    """Conditions and target as they were then; what they name is called as it is called now."""
    to = str(data.get("account") or "")
    if data.get("refusal"):
        to = _("refused: %(sentence)s") % {"sentence": data["refusal"]}
    found = data.get("conditions")
    if not found:
        return to or _("nothing chosen")
    names = Names(company, found.get("rows", []))
    return _("If %(condition)s") % {"condition": condition_words.sentence(found, names)} + f" → {to}"


def holding(rule: routing.Rule, facts: routing.Facts) -> list[Mapping[str, Any]]:
    """The rows of a rule that hold: why it did apply."""
    shaped = conditions.for_cel(vars(facts), routing.FIELDS)
    held = conditions.rows_holding(rule.conditions, routing.FIELDS, shaped)
    return [row for row, holds in zip(rule.conditions["rows"], held, strict=True) if holds]
