"""An import's report: every line of the file, and what became of it."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from alcada import money
from alcada.days import read_day
from alcada.intake.sheets.own import labels_of
from alcada.sheets.models import Import, Line, Made
from alcada.web import imports_words as words
from alcada.web.imports_kinds import Pages, pages_of

State, Outcome = Import.State, Line.Outcome


def report(source: Import, *, problems_only: bool) -> tuple[list[str], Iterator[list[object]]]:
    """A row for each line of the file, in its order."""
    pages = pages_of(source)
    facts = [str(label) for label, _fact in pages.report]
    header = [_("Line"), _("What became of it"), str(pages.number), *facts, _("Problems")]
    return header, _report(source, pages, problems_only=problems_only)


def _report(source: Import, pages: Pages, *, problems_only: bool) -> Iterator[list[object]]:
    over = source.state in (State.DONE, State.REFUSED)
    labels = words.labels(pages, labels_of(source.company))
    found = source.lines.order_by("number")
    if problems_only:
        found = found.filter(made=None).exclude(outcome=Outcome.PART)
    numbers = Made.objects.filter(line__source=source).annotate(
        number=Coalesce("entry__number", "deal__number")
    )
    made = dict(numbers.values_list("line__number", "number").iterator(5000))
    for line in found.select_related("made").iterator(2000):
        mine: Made | None = getattr(line, "made", None)
        label = words.became(line, mine, over=over)[0]
        if line.outcome == Outcome.PART:
            label = _("With line %(line)s") % {"line": line.head}
        told = [
            f"{labels.get(one['column'], '')}: {one['text']}"
            if one["line"] == line.number
            else _("Line %(line)s, %(column)s: %(text)s") % {**one, "column": labels.get(one["column"], "")}
            for one in line.problems
        ]
        told += [words.note(one) for one in line.notes] + (
            [words.refused(mine.reason)] if mine and mine.reason else []
        )
        cells = [_cell(fact, line.facts) for _label, fact in pages.report]
        yield [line.number, label, made.get(line.head, ""), *cells, " ".join(told)]


def _cell(fact: str, facts: Mapping[str, Any]) -> str:
    text = str(facts.get(fact, ""))
    if fact == "kind":
        return words.kind(text)
    if fact == "amount":
        return _figure(text)
    if fact == "due":
        return f"{due:%d/%m/%Y}" if (due := read_day(text)) else ""
    return text


def _figure(amount: str) -> str:
    return money.format_brl(Decimal(amount)).replace("R$", "").replace("\u00a0", "") if amount else ""
