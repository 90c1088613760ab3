"""A file from its upload to its report. Looked at first; made at once where it is short, else by a worker.

Everything that a file makes is one transaction. Its progress is told beside that, on a connection of its own: what a
transaction writes nobody sees before its end.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from alcada import queue
from alcada.connections.bulk import apply, lines, plan, sheet
from alcada.connections.bulk.plan import Plan
from alcada.connections.models import BulkImport
from alcada.people.models import User

State = BulkImport.State
AT_ONCE: Final = 100  # lines that are made while the person waits: less than a second
LOST_AFTER: Final = timedelta(minutes=5)  # one that a dead worker left may be begun again
KEPT: Final = timedelta(days=1)  # a file that was looked at and not made; its text has names and addresses


class NotNowError(Exception):
    """The import is being made, or was."""


def look_at(data: bytes, *, name: str, by: User) -> BulkImport:
    """Keep the file with what it would make. Raises sheet.SheetError."""
    found = _plan(data, by)
    old = BulkImport.objects.filter(state=State.PREVIEW, created_at__lt=timezone.now() - KEPT)
    old.delete()
    return BulkImport.objects.create(
        by=by,
        file_name=name[:200],
        content=data,
        report=[verdict.told() for verdict in found.plan.verdicts],
        notes={"unread": found.unread},
        total=len(found.plan.verdicts),
    )


def start(row: BulkImport, *, only_good: bool) -> None:
    """Have it made. Raises NotNowError when somebody did that already."""
    lost = Q(state__in=[State.QUEUED, State.RUNNING], started_at__lt=timezone.now() - LOST_AFTER)
    with transaction.atomic():
        waiting = BulkImport.objects.filter(Q(state=State.PREVIEW) | lost, pk=row.pk)
        if not waiting.update(state=State.QUEUED, only_good=only_good, started_at=timezone.now(), progress=0):
            raise NotNowError
        if len(row.report) > AT_ONCE:
            queue.defer("bulk_import", priority=5, import_id=row.pk)
    if len(row.report) <= AT_ONCE:
        run(row.pk)


def run(import_id: int) -> None:
    """Make it, once: whatever was made or refused meanwhile is left."""
    claimed = BulkImport.objects.filter(pk=import_id, state__in=[State.QUEUED, State.RUNNING])
    if not claimed.update(state=State.RUNNING):
        return
    try:
        _run(import_id)
    except IntegrityError:  # somebody made one of its companies at the same moment: the plan is made anew
        _run(import_id)


def _run(import_id: int) -> None:
    claimed = BulkImport.objects.filter(pk=import_id, state=State.RUNNING)
    row = BulkImport.objects.select_related("by").get(pk=import_id)
    with ThreadPoolExecutor(max_workers=1) as beside:

        def told(done: int, of: int) -> None:
            beside.submit(_note_progress, import_id, done, of)

        with transaction.atomic():
            _one_at_a_time()
            if not claimed.exists():
                return
            made = _make(bytes(row.content), row, told)
            beside.shutdown(wait=True)
            claimed.update(**made, content=b"", finished_at=timezone.now())


def _make(data: bytes, row: BulkImport, told: Callable[[int, int], None]) -> dict[str, Any]:
    found = _plan(data, row.by).plan  # anew: what was looked at may have changed since
    report = [verdict.told() for verdict in found.verdicts]
    if found.refused and not row.only_good:
        return {"state": State.REFUSED, "report": report}
    of = apply.steps(found)
    told(0, of)
    apply.apply(found, row.by, lambda done: told(done, of))
    return {"state": State.DONE, "report": report, "progress": of, "total": of}


class _Read:
    def __init__(self, found: Plan, unread: list[str]) -> None:
        self.plan, self.unread = found, unread


def _plan(data: bytes, by: User) -> _Read:
    read = sheet.read(data)
    return _Read(plan.make([lines.read(row) for row in read.rows], by), read.unread)


def _note_progress(import_id: int, done: int, of: int) -> None:
    try:
        BulkImport.objects.filter(pk=import_id).update(progress=done, total=of)
    finally:
        connection.close()  # this thread's own


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('alcada.bulk'))")
