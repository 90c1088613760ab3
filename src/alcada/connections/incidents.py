"""A connection that stopped, as one incident: begun in the transaction of what stopped it, told once, ended once.

Who is told is decided above (flow/incidents.py). The next time it stops is another incident.
"""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models.functions import Now

from alcada import queue
from alcada.connections.models import Connection, Incident

# A network that is away for a moment is nobody's concern; a queue that stands still for longer is.
UNREACHED_FOR: Final = timedelta(minutes=5)
Kind = Incident.Kind


def begin(connection_id: int, kind: Incident.Kind) -> None:
    """It stopped. Runs in the transaction of that; nothing happens while this incident goes on already."""
    incident, new = Incident.objects.get_or_create(connection_id=connection_id, kind=kind, ended_at=None)
    if new:
        queue.defer("tell_incident", incident_id=incident.pk)


def end(connection_id: int, *kinds: Incident.Kind) -> None:
    """It works, of all kinds unless some are named. Runs in the transaction of what says so."""
    going_on = Incident.objects.filter(connection_id=connection_id, ended_at=None)
    if kinds:
        going_on = going_on.filter(kind__in=kinds)
    for incident in going_on:
        if Incident.objects.filter(pk=incident.pk, ended_at=None).update(ended_at=Now()):
            queue.defer("tell_incident", incident_id=incident.pk)


def watch() -> None:
    """Every minute: accounts that could not be reached for a while, and those that answer again."""
    away = Connection.objects.filter(
        state=Connection.State.CONNECTED, unreached_since__lt=Now() - UNREACHED_FOR
    ).exclude(incidents__in=Incident.objects.filter(kind=Kind.NOT_REACHED, ended_at=None))
    for pk in list(away.values_list("pk", flat=True)):
        with transaction.atomic():
            begin(pk, Kind.NOT_REACHED)
    back = Incident.objects.filter(
        kind=Kind.NOT_REACHED, ended_at=None, connection__unreached_since__isnull=True
    )
    for pk in list(back.values_list("connection", flat=True)):
        with transaction.atomic():
            end(pk, Kind.NOT_REACHED)
