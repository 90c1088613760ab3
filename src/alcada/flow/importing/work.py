"""What is done to an import, step by step; small files while the person waits, large ones by a worker.

Reading, checking and making are done in batches, each with its place in one transaction: a killed worker is followed by
another (sheets/turns.py). What is made all or nothing is one transaction, its progress told beside it.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import override

from alcada import queue
from alcada.flow.importing import checking, making, reading
from alcada.flow.importing.kinds import KINDS, kind_of
from alcada.flow.importing.kinds import columns_of as columns_of
from alcada.flow.importing.reading import lacking as lacking
from alcada.flow.importing.verdicts import Outcome, wants
from alcada.history.actions import record
from alcada.people.models import Company, User
from alcada.people.queries import may
from alcada.sheets import matching
from alcada.sheets.errors import SheetError
from alcada.sheets.models import Import
from alcada.sheets.reading import is_workbook
from alcada.sheets.turns import turn

State = Import.State
GOING: Final = (State.READING, State.CHECKING, State.MAKING)  # somebody works on it, or should
READ_AT_ONCE: Final = 64 * 1024  # bytes of a file that are read while the person waits: well under a second
CHECK_AT_ONCE: Final = 250  # lines
MAKE_AT_ONCE: Final = 100
PRIORITY: Final = 5
KEPT: Final = timedelta(days=7)  # a file that nobody decided about


class NotYoursError(Exception):
    """Nobody of their roles in the company makes such things."""


class NotNowError(Exception):
    """It is not at this point: somebody pressed before, or a line has a problem and all were to be imported."""


class SeenBeforeError(Exception):
    """The same file was imported before, and nobody said that it is to be once more."""


def upload(
    company: Company, data: bytes, *, name: str, by: User, language: str, what: str = "entries"
) -> Import:
    """Keep the file and read it: at once where it is small, else by a worker. Raises SheetError, NotYoursError."""
    if not may(by, KINDS[what].ability, company):
        raise NotYoursError
    if len(data) > settings.IMPORTS["max_mb"] * 1024 * 1024:
        raise SheetError("too_large", most=settings.IMPORTS["max_mb"])
    _forget_old()
    source = Import(
        company=company,
        by=by,
        what=what,
        language=language,
        file_name=name[:200],
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        content=data,
    )
    if len(data) <= READ_AT_ONCE:
        source.save()
        go_on(source.pk)
        source.refresh_from_db()
        if source.state == State.UNREADABLE:  # told beside the field: nothing to keep
            source.delete()
            raise SheetError(source.problem["code"], **source.problem["figures"])
        return source
    if is_workbook(data):
        from alcada.sheets.workbook import look_at  # loaded with the first of them

        look_at(data)
    with transaction.atomic():
        source.save()
        _queue(source)
    return source


def _forget_old() -> None:
    """Files that nobody decided about: they have names and bank details."""
    undecided = [State.MATCHING, State.PREVIEW, State.UNREADABLE, State.REFUSED]
    old = Import.objects.filter(state__in=undecided, created_at__lt=timezone.now() - KEPT).only("pk")
    for source in old[:20]:
        with transaction.atomic():
            source.lines.all()._raw_delete(source.lines.db)
            source.delete()


def go_on(import_id: int) -> None:
    """Do what is to be done next, if nobody does. Safe to call twice, and at once."""
    source = Import.objects.filter(pk=import_id).only("state", "language").first()
    if source is None or source.state not in GOING:
        return
    known = False
    with override(source.language), turn(import_id, State(source.state)) as mine:
        if mine is None:
            return
        match mine.state:
            case State.READING:
                known = reading.read(mine)
            case State.CHECKING:
                checking.check(mine)
            case State.MAKING:
                making.make(mine)
    if known:
        check(mine)


def _queue(source: Import) -> None:
    queue.defer("import_sheet", priority=PRIORITY, import_id=source.pk)


def other_sheet(source: Import, name: str) -> None:
    """Read another sheet of the workbook. Raises NotNowError."""
    with transaction.atomic():
        waiting = Import.objects.filter(pk=source.pk, state=State.MATCHING, others__contains=[name])
        if not waiting.update(state=State.READING, sheet=name, progress=0, beat_at=None):
            raise NotNowError
        _queue(source)


# --- Matching and checking ---------------------------------------------------------------------------------------


def match(source: Import, columns: Sequence[str], options: dict[str, Any]) -> None:
    """Take what a person said of the columns, remember it, and check the lines. Raises NotNowError."""
    with transaction.atomic():
        ready = Import.objects.filter(pk=source.pk, state__in=[State.MATCHING, State.PREVIEW])
        if not ready.update(columns=list(columns), options=options, state=State.MATCHING):
            raise NotNowError
        kept = {name: value for name, value in options.items() if name != "zeros"}  # that is said of one file
        offered = columns_of(source.company, source.what)
        matching.remember(source.company, source.what, source.headers, columns, kept, offered, by=source.by)
    source.refresh_from_db()
    check(source)


def check(source: Import) -> None:
    """Have the lines checked: before the choice, and whenever how they are read has changed. Raises NotNowError."""
    with transaction.atomic():
        ready = Import.objects.filter(pk=source.pk, state__in=[State.MATCHING, State.PREVIEW])
        if not ready.update(
            state=State.CHECKING, progress=0, total=F("lines_count"), beat_at=None, summary={}, problem={}
        ):
            raise NotNowError
        source.refresh_from_db()
        if source.lines_count > CHECK_AT_ONCE:
            _queue(source)
    if source.lines_count <= CHECK_AT_ONCE:
        go_on(source.pk)


def same_file(source: Import) -> Import | None:
    """The latest import of this very file in the company that made something, or is making it."""
    same = Import.objects.filter(company=source.company, what=source.what, sha256=source.sha256)
    earlier = same.exclude(pk=source.pk)
    return earlier.filter(state__in=[State.DONE, State.MAKING]).select_related("by").order_by("-pk").first()


def counted(source: Import, outcome: str) -> int:
    return int(source.summary.get("outcomes", {}).get(outcome, 0))


def start(source: Import, choice: dict[str, Any], *, again: bool = False) -> None:
    """Have it made. `choice`: which ("all" or "good"), submit, asked, twins.

    Raises NotNowError, SeenBeforeError, NotYoursError.
    """
    if not may(source.by, kind_of(source).ability, source.company):
        raise NotYoursError
    if choice["which"] == "all" and counted(source, Outcome.BAD):
        raise NotNowError
    with transaction.atomic():
        # The company's row: of the same file sent twice, the second finds the first.
        Company.objects.select_for_update().get(pk=source.company_id)
        if not again and same_file(source):
            raise SeenBeforeError
        total = sum(counted(source, outcome) for outcome in Outcome.values if wants(outcome, choice))
        ready = Import.objects.filter(pk=source.pk, state=State.PREVIEW)
        if not ready.update(state=State.MAKING, choice=choice, progress=0, total=total, beat_at=None):
            raise NotNowError
        told = {"file": source.file_name, "sha256": source.sha256, "lines": source.lines_count, **choice}
        record("import.begun", source, by=source.by, company=source.company, data=told)
        at_once = source.lines_count <= MAKE_AT_ONCE
        if not at_once:
            _queue(source)
    if at_once:
        go_on(source.pk)
    source.refresh_from_db()
