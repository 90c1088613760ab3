"""After a backup was restored: the database has forgotten what happened since, and Conta Azul has not."""

from alcada import queue
from alcada.approval.models import Round
from alcada.ledger.models import TwinSearch
from alcada.posting import looking


def doubt() -> int:
    """Look for every posting before anything is sent; search again for twins of what waits for approval.

    What was approved after the backup waits for approval once more: its first posting shows to whoever decides as a
    likely twin. Returns how many postings are looked for. Safe to call again.
    """
    waiting = TwinSearch.objects.filter(revision__rounds__state=Round.State.OPEN)
    for revision_id in waiting.values_list("revision_id", flat=True):
        TwinSearch.objects.filter(revision_id=revision_id).update(state=TwinSearch.State.PENDING, found=[])
        queue.defer("search_twins", revision_id=revision_id)
    return looking.doubt_all()
