"""A file's lines into the database, batch after batch."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

from django.conf import settings
from django.db import transaction

from alcada.flow.importing.kinds import columns_of
from alcada.sheets import matching, reading
from alcada.sheets.columns import Column
from alcada.sheets.errors import SheetError
from alcada.sheets.models import Import, Line
from alcada.sheets.turns import beat, end

State = Import.State
TOGETHER: Final = 1000


def read(source: Import) -> bool:
    """Keep its lines. True where its columns are known: somebody matched them before."""
    columns = columns_of(source.company, source.what)
    source.lines.all()._raw_delete(source.lines.db)  # of a reading that was cut off
    try:
        sheet = _opened(source, columns)
        done = 0
        while batch := list(islice(sheet.rows, TOGETHER)):
            with transaction.atomic():
                Line.objects.bulk_create(
                    Line(source=source, number=number, head=number, cells=cells) for number, cells in batch
                )
                done += len(batch)
                beat(source, progress=done)
    except SheetError as error:
        source.lines.all()._raw_delete(source.lines.db)
        problem = {"code": error.code, "figures": error.figures}
        end(source, state=State.UNREADABLE, problem=problem, content=b"", lines_count=0)
        return False
    with transaction.atomic():
        _mark_merged(source, sheet.merged, len(sheet.headers))
        matched, options, known = matching.begin(source.company, source.what, sheet.headers, columns)
        told = {"sheet": sheet.name[:100], "others": sheet.others[:20], "headers": sheet.headers}
        found = {"columns": matched, "options": options, "remembered": known, "lines_count": done}
        end(source, state=State.MATCHING, progress=0, **told, **found)
    return known and not lacking(source)


def _mark_merged(source: Import, merged: reading.Merged, width: int) -> None:
    """All but the first cell of a merged range are empty in the file: their lines say so, and nothing is guessed."""
    wanted: dict[int, set[int]] = {}
    work = 0
    for first, last, left, right in merged:
        work += min(last - first, settings.IMPORTS["max_lines"]) + 1
        if work > 2 * settings.IMPORTS["max_lines"]:  # ranges over ranges: no program writes them
            break
        for number in range(first, min(last, first + settings.IMPORTS["max_lines"]) + 1):
            covered = {
                column for column in range(left, min(right, width) + 1) if (number, column) != (first, left)
            }
            if covered:
                wanted.setdefault(number, set()).update(covered)
    lines = list(source.lines.filter(number__in=wanted)) if wanted else []
    for line in lines:
        cells = line.cells + [""] * (width - len(line.cells))
        line.cells = [
            {"wrong": "merged"} if index + 1 in wanted[line.number] and cell == "" else cell
            for index, cell in enumerate(cells)
        ]
    Line.objects.bulk_update(lines, ["cells"], batch_size=1000)


def _opened(source: Import, columns: Sequence[Column]) -> reading.Sheet:
    return reading.read(
        bytes(source.content),
        columns,
        most_lines=settings.IMPORTS["max_lines"],
        sheet=source.sheet,
    )


def lacking(source: Import) -> list[Column]:
    """The columns without which nothing can be read, and that no header was matched to."""
    columns = columns_of(source.company, source.what)
    lack = [column for column in columns if column.needed and column.name not in source.columns]
    if not {"party", "document"} & set(source.columns):
        lack += [column for column in columns if column.name == "party"]
    return lack
