"""Each company's flows, read-only: one sentence and a picture, both drawn from the definition."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_safe

from alcada.directory import condition_words
from alcada.flow import shipped
from alcada.flow.models import Flow, FlowVersion, Trigger
from alcada.people.models import Company, Role
from alcada.web.guards import companies_in_view

_TRIGGERS: Final[dict[str, str | Promise]] = {
    "payable.submitted": lazy("When a payable is submitted"),
    "receivable.submitted": lazy("When a receivable is submitted"),
    "deal.won": lazy("When a deal is won"),
}
_ASKS: Final[dict[str, str | Promise]] = {
    Role.REQUESTER: lazy("asks a Requester"),
    Role.APPROVER: lazy("asks an Approver"),
    Role.FINANCE: lazy("asks Finance"),
    Role.ADMINISTRATOR: lazy("asks an Administrator"),
}


@dataclass(frozen=True)
class Drawn:
    """One step of the picture; a condition has its two branches."""

    type: str
    name: str
    words: str
    yes: "list[Drawn]" = field(default_factory=list)
    no: "list[Drawn]" = field(default_factory=list)


@dataclass(frozen=True)
class Shown:
    trigger: str
    version: FlowVersion | None  # None: the shipped flow, published when the first entry needs it
    sentence: str
    steps: list[Drawn]


@require_safe
def flows(request: HttpRequest) -> HttpResponse:
    companies = list(companies_in_view(request, "flow.see"))
    found = Flow.objects.filter(company__in=companies).select_related("current__published_by")
    by_company = {(flow.company_id, flow.trigger): flow.current for flow in found}
    groups = [(company, _of_company(company, by_company)) for company in companies]
    return render(request, "flows/list.html", {"groups": groups})


def _of_company(company: Company, current: Mapping[tuple[int, str], FlowVersion | None]) -> list[Shown]:
    shown = []
    for trigger in Trigger:
        version = current.get((company.pk, trigger.value))
        definition = version.definition if version else shipped.definition(trigger)
        steps = draw(definition.get("sequence", []))
        start = str(_TRIGGERS.get(trigger.value, trigger.label))
        shown.append(Shown(str(trigger.label), version, sentence(start, steps), steps))
    return shown


def sentence(start: str, steps: Sequence[Drawn]) -> str:
    """When a payable is submitted → asks an Approver → if Value above R$ 10.000,00: asks … → …"""
    return " → ".join([start, *_told(steps)])


def _told(steps: Sequence[Drawn]) -> list[str]:
    parts = []
    for step in steps:
        if step.type != "if":
            parts.append(step.words)
            continue
        yes, no = _(", then ").join(_told(step.yes)), _(", then ").join(_told(step.no))
        if yes:
            told = _("if %(condition)s: %(steps)s") % {"condition": step.words, "steps": yes}
            parts.append(told + (_("; otherwise: %(steps)s") % {"steps": no} if no else ""))
        elif no:
            parts.append(_("unless %(condition)s: %(steps)s") % {"condition": step.words, "steps": no})
    return parts


def draw(sequence: Sequence[Mapping[str, Any]]) -> list[Drawn]:
    return [_drawn(step) for step in sequence]


def _drawn(step: Mapping[str, Any]) -> Drawn:
    properties, name = step.get("properties", {}), str(step.get("name", ""))
    if step.get("componentType") == "switch":
        branches = step.get("branches", {})
        return Drawn(
            "if",
            name,
            condition_words.sentence(properties),
            draw(branches.get("true", [])),
            draw(branches.get("false", [])),
        )
    kind = str(step.get("type"))
    return Drawn(kind, name, _task(kind, properties, name))


def _task(kind: str, properties: Mapping[str, Any], name: str) -> str:
    if kind == "approval":
        role = str(properties.get("role", ""))
        return str(_ASKS.get(role) or name)
    if kind == "post":
        return _("posts to Conta Azul")
    if kind == "notify" and properties.get("to") == "requester":
        return _("tells whoever entered it")
    return name
