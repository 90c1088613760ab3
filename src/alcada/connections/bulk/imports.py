"""A file from its upload to its report. Looked at first; made at once where it is short, else by a worker.

Everything that a file makes is one transaction. Its progress is told beside that, on a connection of its own: what a
transaction writes nobody sees before its end.
"""

from collections.abc import Callable
from datetime import timedelta
from threading import Event, Thread
from typing import Any, Final

from django.db import IntegrityError, connection, transaction
from django.db.models import Q
from django.utils import timezone

from alcada import queue
from alcada.connections.bulk import apply, lines, plan, sheet
from alcada.connections.bulk.plan import Plan
from alcada.connections.models import BulkImport
from alcada.people.actions import PersonInactiveError
from alcada.people.models import User

State = BulkImport.State
AT_ONCE: Final = 100  # lines that are made while the person waits: less than a second
LOST_AFTER: Final = timedelta(minutes=5)  # one that a dead worker left may be begun again
PROGRESS_EVERY_S: Final = 0.3
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
    except (IntegrityError, PersonInactiveError):
        # Somebody made one of its companies, or ended an access, at the same moment: the plan is made anew.
        _run(import_id)


def _run(import_id: int) -> None:
    claimed = BulkImport.objects.filter(pk=import_id, state=State.RUNNING)
    row = BulkImport.objects.select_related("by").get(pk=import_id)
    with transaction.atomic():
        _one_at_a_time()
        if not claimed.exists():
            return
        with _Progress(import_id) as progress:
            made = _make(bytes(row.content), row, progress)
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


class _Progress:
    """How far it is, written by a thread of its own, since nobody sees what the transaction has written so far."""

    def __init__(self, import_id: int) -> None:
        self.import_id = import_id
        self._latest = self._written = (0, 0)
        self._over = Event()
        self._thread = Thread(target=self._write, name="progress")

    def __call__(self, done: int, of: int) -> None:
        self._latest = (done, of)

    def __enter__(self) -> "_Progress":
        self._thread.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        try:
            over = False
            while not over:
                over = self._over.wait(PROGRESS_EVERY_S)
                if self._latest != self._written:
                    self._written = done, of = self._latest
                    BulkImport.objects.filter(pk=self.import_id).update(progress=done, total=of)
        finally:
            connection.close()  # this thread's own


class _Read:
    def __init__(self, found: Plan, unread: list[str]) -> None:
        self.plan, self.unread = found, unread


def _plan(data: bytes, by: User) -> _Read:
    read = sheet.read(data)
    return _Read(plan.make([lines.read(row) for row in read.rows], by), read.unread)


def _one_at_a_time() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('alcada.bulk'))")
