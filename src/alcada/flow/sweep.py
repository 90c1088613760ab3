"""What the timetable finds: postings whose worker died, whose job got lost, and runs that stopped half-way.

The queue is a convenience; the truth is in the rooms' own tables. Whatever should be going on and is not goes on.
"""

from datetime import timedelta

from django.utils import timezone

from alcada import queue
from alcada.connections import incidents
from alcada.connections.models import Connection, Incident
from alcada.flow import actions as flow
from alcada.flow import twins
from alcada.flow.models import Run
from alcada.ledger.models import TwinSearch
from alcada.notify import mail
from alcada.posting import corrections, questions
from alcada.posting.models import Bulk, State
from alcada.sheets import turns

SOON = timedelta(
    seconds=20
)  # a correction whose job should have begun by now: its account was out of use, say
LATE = timedelta(seconds=90)  # a job that should have run this long ago is taken for lost


def sweep() -> None:
    now = timezone.now()
    flow.ask_anew()
    incidents.watch()
    untold = Incident.objects.filter(told_at=None, ended_at=None, began_at__lt=now - LATE)
    for pk in untold.values_list("pk", flat=True):
        queue.defer("tell_incident", incident_id=pk)
    half_way = Bulk.objects.filter(finished_at=None, created_at__lt=now - LATE)
    for pk in half_way.values_list("pk", flat=True):
        queue.defer("bulk", bulk_id=pk)
    for pk in turns.left_behind():
        queue.defer("import_sheet", priority=5, import_id=pk)
    questions.settle_known()
    corrections.expire_claims()
    for pk in corrections.due().filter(next_try_at__lt=now - SOON).values_list("pk", flat=True)[:1000]:
        queue.defer("correct", priority=corrections.PRIORITY, correction_id=pk)
    stopped = Run.objects.filter(state=Run.State.POSTING, revision__postings__state=State.POSTED)
    for pk in stopped.values_list("revision__postings", flat=True)[:1000]:
        queue.defer("follow", posting_id=pk)
    waiting = TwinSearch.objects.filter(state=TwinSearch.State.PENDING, created_at__lt=now - LATE)
    named = ("revision_id", "connection_id", "revision__entry__kind")
    twins.search_later(list(waiting.values_list(*named)[:1000]), priority=0)
    if mail.waits():
        queue.defer("send_mails")


def queue_directory_syncs() -> None:
    states = [Connection.State.CONNECTED, Connection.State.PLAN_REFUSED]  # a good call mends a refused plan
    for pk in Connection.objects.filter(state__in=states).values_list("pk", flat=True):
        queue.defer("sync_directory", priority=-5, connection_id=pk)
