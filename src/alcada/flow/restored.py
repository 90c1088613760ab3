"""After a backup was restored: the database has forgotten what happened since, and Conta Azul has not."""

from django.db import transaction
from django.db.models.functions import Now

from alcada.approval.models import Round
from alcada.connections.models import Connection
from alcada.flow import twins
from alcada.history.actions import line, record_all
from alcada.ledger.models import TwinSearch
from alcada.posting import looking, seeking


def keep_quiet() -> int:
    """Pause every account that would send: this is a copy, and the one that it is of may be at work. How many."""
    at_work = [Connection.State.CONNECTED, Connection.State.PLAN_REFUSED]
    with transaction.atomic():
        found = list(
            Connection.objects.select_for_update(no_key=True, of=("self",))
            .filter(state__in=at_work)
            .select_related("company")
        )
        Connection.objects.filter(pk__in=[one.pk for one in found]).update(state=Connection.State.PAUSED)
        why = {"why": "restored_elsewhere"}
        record_all([line("connection.paused", one, company=one.company, data=why) for one in found])
    return len(found)


def doubt() -> int:
    """Look for every posting before anything is sent; search again for twins of what waits for approval.

    What was approved after the backup waits for approval once more: its first posting shows to whoever decides as a
    likely twin. Vendors, customers and cost centres made since then aren't known either: none is created for a while,
    so that those there show. Returns how many postings are looked for. Safe to call again.
    """
    waiting = TwinSearch.objects.filter(revision__rounds__state=Round.State.OPEN)
    waiting.update(state=TwinSearch.State.PENDING, found=[])
    twins.search_later(waiting.values_list("revision_id", "connection_id", "revision__entry__kind"))
    Connection.objects.update(restored_at=Now())
    seeking.watch_anew()
    return looking.doubt_all()
