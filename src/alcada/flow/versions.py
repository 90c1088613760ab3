"""A company's flows and their published versions."""

from typing import Any

from django.db import transaction

from alcada.flow import rules, shipped
from alcada.flow.models import Flow, FlowVersion, Trigger
from alcada.history.actions import record
from alcada.people.models import Company, User


def current_version(company: Company, trigger: Trigger) -> FlowVersion:
    """The version that a new run takes; the shipped flow is published the first time a company needs it."""
    flow = Flow.objects.select_related("current").filter(company=company, trigger=trigger).first()
    if flow and flow.current:
        return flow.current
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        flow, _ = Flow.objects.get_or_create(
            company=company, trigger=trigger, defaults={"name": str(trigger.label)}
        )
        return flow.current or publish(flow, shipped.definition(trigger), by=None)


def publish(flow: Flow, definition: dict[str, Any], *, by: User | None) -> FlowVersion:
    """Make a definition the current version. What runs keeps its own. Raises rules.DefinitionError."""
    rules.check_definition(definition)
    with transaction.atomic():
        flow = Flow.objects.select_for_update().get(pk=flow.pk)
        number = flow.versions.count() + 1
        version = FlowVersion.objects.create(flow=flow, number=number, definition=definition, published_by=by)
        flow.current = version
        flow.save(update_fields=["current"])
        record(
            "flow.published",
            flow,
            by=by,
            company=flow.company,
            data={"version": number, "definition": definition},
        )
        return version
