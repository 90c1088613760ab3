"""A list of entries as a file: asked for, made by a worker page by page, given only to who asked, and then deleted."""

import csv
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation

from alcada import queue
from alcada.directory import documents
from alcada.flow import cells, export_lines, list_pages, listing
from alcada.history.actions import line, record_all
from alcada.intake.models import Export
from alcada.intake.rules import key
from alcada.people.models import Company, User
from alcada.people.scopes import Scope, scope_of

State = Export.State
KEPT: Final = timedelta(days=3)
DEAD_AFTER: Final = timedelta(minutes=2)  # without a beat of the worker that is at it
AT_ONCE: Final = 1_000
SHEET: Final = 1_000_000  # lines; a workbook's sheet holds 1,048,576
MOST: Final = 3  # of one person, under way


class TooManyError(Exception):
    """The person has as many exports under way as they may."""


def ask(by: User, filters: Mapping[str, Any], *, sort: str, format: str, language: str) -> Export:
    """Have the list written to a file. Raises TooManyError."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=by.pk)  # counted by one at a time
        if Export.objects.filter(by=by, state__in=[State.QUEUED, State.RUNNING]).count() >= MOST:
            raise TooManyError
        wanted = {name: value for name, value in listing.wanted_of(filters).items() if value}
        export = Export.objects.create(
            by=by, filters=wanted | {"sort": sort}, format=Export.Format(format), language=language
        )
        queue.defer("export_entries", priority=5, export_id=export.pk)
        return export


def run(export_id: int) -> None:
    """Make the file, once: one that a worker is at, or that is made, is left."""
    now = timezone.now()
    free = Q(state=State.QUEUED) | Q(state=State.RUNNING, beat_at__lt=now - DEAD_AFTER)
    claimed = Export.objects.filter(free, pk=export_id)
    name = secrets.token_hex(24)  # each try its own: one that died writes into nobody else's
    left = list(claimed.exclude(file=""))
    if not claimed.update(state=State.RUNNING, beat_at=now, done=0, file=name):
        return
    for died in left:
        path_of(died).unlink(missing_ok=True)
    export = Export.objects.select_related("by").get(pk=export_id)
    mine = Export.objects.filter(pk=export_id, state=State.RUNNING, file=name)
    try:
        _write(export, mine)
    except BaseException:
        path_of(export).unlink(missing_ok=True)
        mine.update(
            state=State.QUEUED, file=""
        )  # the queue tries again, and at last the timetable gives it up
        raise
    if not Export.objects.filter(pk=export_id, file=name).exists():  # taken over, or taken back meanwhile
        path_of(export).unlink(missing_ok=True)


def _write(export: Export, mine: Any) -> None:
    scope = scope_of(export.by)
    found = listing.find(scope, export.filters) if export.by.is_active else None
    with list_pages.planned_anew():
        mine.update(total=found.count() if found is not None else 0)
        own = _own(scope, export, found)
    columns = [*export_lines.COLUMNS, *own.columns]
    seen_in: Counter[int] = Counter()
    done = 0
    with translation.override(export.language), _writer(export, columns) as write:
        for batch in _batches(found, str(export.filters.get("sort", ""))) if found is not None else ():
            for shown in export_lines.of(batch, own):
                write([column.value(shown) for column in columns])
                seen_in[shown.entry.company_id] += 1
            done += len(batch)
            if not mine.update(done=done, beat_at=timezone.now()):
                return  # taken over by another, or taken back
    size = path_of(export).stat().st_size
    with transaction.atomic():
        finished = mine.update(
            state=State.DONE,
            finished_at=timezone.now(),
            done=done,
            total=done,
            size=size,
            companies_all=[pk for pk in seen_in if pk in scope.everything],
            companies_own=[pk for pk in seen_in if pk not in scope.everything],
        )
        if finished:
            _record(export, seen_in)


def _own(scope: Scope, export: Export, found: Any) -> export_lines.Own:
    if found is None:
        return export_lines.Own()
    if company := str(export.filters.get("company", "")):
        scope = scope.narrowed(key(company))
    return export_lines.own_of(
        [*scope.everything, *scope.own], found, kind=str(export.filters.get("kind", ""))
    )


def _batches(found: Any, sort: str) -> Iterator[list[int]]:
    """Keys in the list's order, so many at a time; no transaction stays open from one to the next."""
    after = ""
    while True:
        page = list_pages.page(found, sort, after=after, size=AT_ONCE)
        if page.keys:
            yield page.keys
        after = page.older
        if not after:
            return


def _record(export: Export, seen_in: Counter[int]) -> None:
    """In each company's own history: who took how many of its entries, and what was asked for."""
    told = {name: documents.redact(str(value)) for name, value in export.filters.items() if value}
    data = {"export": export.pk, "format": export.format, "filters": told}
    companies = Company.objects.in_bulk(sorted(seen_in))
    record_all(
        [
            line("entries.exported", one, by=export.by, company=one, data={**data, "entries": seen_in[pk]})
            for pk, one in companies.items()
        ]
    )


@contextmanager
def _writer(
    export: Export, columns: Sequence[export_lines.Column]
) -> Iterator[Callable[[list[export_lines.Cell]], None]]:
    path = path_of(export)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # A company names its own fields: a heading may be a formula too.
    headings = [cells.plain(column.heading) for column in columns]
    if export.format == Export.Format.CSV:
        comma = not export.language.startswith("en")
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(opened, "w", encoding="utf-8-sig", newline="") as out:
            writer = csv.writer(out, delimiter=";" if comma else ",", lineterminator="\r\n")
            writer.writerow(headings)
            yield lambda row: writer.writerow([cells.written(cell, comma=comma) for cell in row])
        return
    book = _Book(headings, [column.width for column in columns])
    yield book.add
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    book.save(path)


class _Book:
    """A workbook written line by line: what is written leaves memory. A sheet that is full is followed by another."""

    def __init__(self, headings: list[str], widths: list[int]) -> None:
        from openpyxl import Workbook  # loaded with the first export: every process would hold it

        self._book = Workbook(write_only=True)
        self._headings, self._widths = headings, widths
        self._lines = SHEET

    def add(self, row: list[export_lines.Cell]) -> None:
        if self._lines >= SHEET:
            self._begin()
        self._sheet.append([self._cell(cell) for cell in row])
        self._lines += 1

    def save(self, path: Path) -> None:
        if not self._book.worksheets:
            self._begin()
        self._book.save(path)

    def _begin(self) -> None:
        from openpyxl.utils import get_column_letter

        self._sheet = self._book.create_sheet()
        for position, width in enumerate(self._widths, start=1):
            self._sheet.column_dimensions[get_column_letter(position)].width = width
        self._sheet.freeze_panes = "A2"
        self._sheet.append(self._headings)
        self._lines = 0

    def _cell(self, cell: export_lines.Cell) -> Any:
        if isinstance(cell, str):
            return cells.printable(cell)
        if isinstance(cell, cells.Number):
            return self._formatted(cell, "General")
        if isinstance(cell, Decimal):
            return self._formatted(cell, "#,##0.00")
        if isinstance(cell, datetime):
            return self._formatted(export_lines.local(cell), "dd/mm/yyyy hh:mm")
        return self._formatted(cell, "dd/mm/yyyy") if isinstance(cell, date) else cell

    def _formatted(self, value: Decimal | date, shape: str) -> Any:
        from openpyxl.cell import WriteOnlyCell

        made = WriteOnlyCell(self._sheet, cast("datetime", value))  # it takes a Decimal and a date as well
        made.number_format = shape
        return made


def path_of(export: Export) -> Path:
    return Path(settings.MEDIA_ROOT) / "exports" / export.file


def still_theirs(export: Export) -> bool:
    """May who asked see now all that the file holds? Roles are taken away too, and a file does not notice."""
    scope = scope_of(export.by)
    everything, own = set(scope.everything), set(scope.everything) | set(scope.own)
    return set(export.companies_all) <= everything and set(export.companies_own) <= own


def sweep() -> None:
    """What a dead worker left is begun again, for an hour; a file whose days are over goes."""
    now = timezone.now()
    waiting = Export.objects.filter(state__in=[State.QUEUED, State.RUNNING], beat_at__lt=now - DEAD_AFTER)
    waiting.filter(created_at__lt=now - timedelta(hours=1), state=State.QUEUED).update(
        state=State.FAILED, finished_at=now
    )
    for pk in waiting.exclude(state=State.FAILED).values_list("pk", flat=True)[:100]:
        queue.defer("export_entries", export_id=pk)
    for export in Export.objects.filter(state=State.DONE, finished_at__lt=now - KEPT)[:100]:
        path_of(export).unlink(missing_ok=True)
        Export.objects.filter(pk=export.pk, state=State.DONE).update(state=State.GONE, file="")
