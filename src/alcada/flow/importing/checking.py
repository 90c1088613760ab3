"""What each line would make, batch after batch."""

from collections.abc import Iterator
from typing import Any, Final

from django.db import transaction
from django.db.models import F

from alcada.flow.importing.kinds import kind_of
from alcada.flow.importing.summing import tally, told
from alcada.flow.importing.verdicts import keep, keep_heads
from alcada.sheets import values
from alcada.sheets.columns import folded
from alcada.sheets.lines import Row
from alcada.sheets.models import Import, Line
from alcada.sheets.turns import beat, end

State = Import.State
TOGETHER: Final = 500


def check(source: Import) -> None:
    """Judge all of its lines, and what they come to."""
    rows = kind_of(source).rows(source)
    _find_heads(source)
    summary: dict[str, Any] = {}
    done = 0
    for groups in batches(source, TOGETHER, source.lines.all()):
        verdicts = rows.check(groups)
        tally(verdicts, summary)
        done += sum(len(group) for group in groups)
        with transaction.atomic():
            keep(source.pk, verdicts)
            beat(source, progress=done)
    end(source, state=State.PREVIEW, summary=told(summary))


def _find_heads(source: Import) -> None:
    """Which lines belong together, by the column that says so."""
    name = str(source.options.get("group_by") or "")
    groups = kind_of(source).groups
    source.lines.exclude(head=F("number")).update(head=F("number"))
    if name not in groups or name not in source.columns:
        return
    places = [source.columns.index(one) for one in (name, *groups[name]) if one in source.columns]
    heads: dict[tuple[str, ...], int] = {}
    changed: list[tuple[int, int]] = []
    for number, cells in source.lines.order_by("number").values_list("number", "cells").iterator(2000):
        key = tuple(_folded(cells[place]) if place < len(cells) else "" for place in places)
        if key[0] and (head := heads.setdefault(key, number)) != number:
            changed.append((number, head))
    for first in range(0, len(changed), 5000):
        keep_heads(source.pk, changed[first : first + 5000])


def _folded(cell: Any) -> str:
    try:
        return folded(values.text(cell))
    except values.CellError:
        return ""


def batches(source: Import, together: int, lines: Any) -> Iterator[list[list[Row]]]:
    """Batch after batch of the lines that make one thing, in the order of their first ones, which `lines` narrows."""
    last = 0
    while True:
        heads = list(
            lines.filter(number=F("head"), number__gt=last)
            .order_by("number")
            .values_list("number", flat=True)[:together]
        )
        if not heads:
            return
        last = heads[-1]
        found: dict[int, list[Row]] = {head: [] for head in heads}
        for line in source.lines.filter(head__in=heads).order_by("number"):
            found[line.head].append(row_of(source, line))
        yield list(found.values())


def row_of(source: Import, line: Line) -> Row:
    return Row(
        line.number, {name: cell for name, cell in zip(source.columns, line.cells, strict=False) if name}
    )
