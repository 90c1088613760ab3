"""An account that stopped: told once per incident, to the company's administrators; settled when it works again."""

from django.db import transaction
from django.utils import timezone

from alcada import links
from alcada.connections.models import Incident
from alcada.connections.rules import code_of
from alcada.notify.actions import settle
from alcada.notify.actions import tell as tell_people
from alcada.people.models import Role
from alcada.people.queries import holders
from alcada.posting.models import State


def key(incident: Incident) -> str:
    return f"incident:{incident.pk}"


def tell(incident_id: int) -> None:
    """Tell it, or settle what was told when it is over. Safe to call again."""
    with transaction.atomic():
        incident = Incident.objects.select_for_update().get(pk=incident_id)
        if incident.ended_at:
            settle(key(incident))
            return
        if incident.told_at:
            return
        connection = incident.connection
        tell_people(
            holders(connection.company, Role.ADMINISTRATOR),
            template="account_stopped",
            key=key(incident),
            company=connection.company,
            link=links.connection(connection.pk),
            data={
                "account": connection.name,
                "company": connection.company.name,
                "kind": incident.kind,
                "why": code_of(connection.last_error),
                "waiting": str(connection.postings.filter(state=State.QUEUED).count()),
            },
        )
        incident.told_at = timezone.now()
        incident.save(update_fields=["told_at"])
