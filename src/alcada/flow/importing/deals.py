"""Rows that are deals: what each would become, and making it, as if it were entered. They land open, in a stage."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from alcada.directory.many import Named, save_parties
from alcada.flow.importing.parties import Whom, find_all
from alcada.flow.importing.verdicts import Outcome, Verdict, wants
from alcada.sales import actions, pipelines
from alcada.sales.models import Deal
from alcada.sales.sheets.lines import Reading, content, read, told_by
from alcada.sales.sheets.world import World
from alcada.sheets.lines import Row
from alcada.sheets.models import Import, Line, Made

MOST: Final = 5  # deals that look the same, shown


@dataclass
class Candidate:
    """A deal that a reading would become."""

    reading: Reading
    whom: Whom
    twins: list[tuple[int, int]] = field(default_factory=list)  # number and key of deals
    made_before: list[tuple[int, int]] = field(default_factory=list)  # likewise
    like: int = 0  # a line before it


class DealRows:
    """Of one import (kinds.Rows)."""

    def __init__(self, source: Import) -> None:
        self.source, self.company, self.by = source, source.company, source.by
        self.world = World(self.company, self.by)
        self.seen: dict[tuple[Any, ...], int] = {}  # what lines before say, and which

    # --- Checking ------------------------------------------------------------------------------------------------

    def check(self, groups: Sequence[Sequence[Row]]) -> list[Verdict]:
        return [verdict for verdict, _candidate in self._judge(groups, None)]

    def _judge(
        self, groups: Sequence[Sequence[Row]], likes: dict[int, int] | None
    ) -> list[tuple[Verdict, Candidate | None]]:
        """`likes`: lines like one before them, where that is known already."""
        today = timezone.localdate()
        readings = [read(rows, self.world, today, self.source.options) for rows in groups]
        candidates = [
            Candidate(reading, whom) if whom else None
            for reading, whom in zip(readings, find_all(self.company, readings), strict=True)
        ]
        here = [one for one in candidates if one is not None]
        self._find_made_before(here)
        self._find_twins(here)
        for one in here:
            one.like = likes.get(one.reading.number, 0) if likes is not None else self._like(one)
        return [(self._verdict(reading, one), one) for reading, one in zip(readings, candidates, strict=True)]

    def _find_made_before(self, candidates: Sequence[Candidate]) -> None:
        """What an import made of the same lines, whatever became of it since."""
        marks: dict[str, list[tuple[int, int]]] = {}
        before = Made.objects.filter(
            company=self.company,
            mark__in=[one.reading.mark() for one in candidates],
            deal__isnull=False,
        ).exclude(line__source=self.source)
        for mark, number, key in before.order_by("-pk").values_list("mark", "deal__number", "deal"):
            marks.setdefault(mark, []).append((number, key))
        for one in candidates:
            one.made_before = marks.get(one.reading.mark(), [])[:MOST]

    def _find_twins(self, candidates: Sequence[Candidate]) -> None:
        """Deals of the same customer, title and value that are here: lost ones are none, they may well come again."""
        asked = [one for one in candidates if not one.whom.new]
        found: dict[tuple[int, tuple[str, Decimal | None]], list[tuple[int, int]]] = {}
        alike = Deal.objects.filter(
            ~Q(state=Deal.State.LOST),
            company=self.company,
            customer__in={one.whom.party.pk for one in asked},
            value__in={one.reading.amount for one in asked},
        ).exclude(imported__line__source=self.source)
        told = alike.order_by("-number").values_list("customer", "title", "value", "number", "pk")
        for customer, title, value, number, key in told:
            found.setdefault((customer, (told_by(title), value)), []).append((number, key))
        for one in asked:
            same = found.get((one.whom.party.pk, one.reading.likeness()), [])
            one.twins = [deal for deal in same if deal not in one.made_before][:MOST]

    def _like(self, one: Candidate) -> int:
        """The line before it in this file that says the same: one a month of the same is told by its day."""
        key = (one.whom.key, one.reading.likeness(), one.reading.expected)
        return 0 if (line := self.seen.setdefault(key, one.reading.number)) == one.reading.number else line

    def _verdict(self, reading: Reading, one: Candidate | None) -> Verdict:
        # What is wrong with a line is not covered up by what it would have been without it.
        wrong = {problem.column for problem in reading.problems}
        stage = "" if wrong & {"stage", "pipeline"} else (reading.stage or self.world.first_stage).name
        owner = "" if "owner" in wrong else str(reading.owner or self.by)
        facts: dict[str, Any] = {
            "kind": "deal",
            "title": reading.title[:200],
            "party": one.whom.party.name if one else reading.name[:200],
            "document": one.whom.party.document if one else reading.document,
            "amount": str(reading.amount) if reading.amount is not None else "",
            "terms": reading.texts["terms"][:80],
            "stage": stage,
            "owner": owner,
            "due": str(reading.expected or ""),
            "lines": len(reading.rows),
        }
        if reading.zeros_lost:
            facts["zeros"] = True
        if one is None:
            return Verdict(reading.rows, Outcome.BAD, reading.problems, facts=facts)
        facts |= {"new": one.whom.key} if one.whom.new else {}
        facts |= {"like": one.like} if one.like else {}
        notes: list[dict[str, Any]] = [
            {"code": code, "number": number, "deal": key}
            for code, deals in (("twin_deal", one.twins), ("imported_deal", one.made_before))
            for number, key in deals
        ]
        notes += [{"code": "like", "line": one.like}] if one.like else []
        return Verdict(reading.rows, Outcome.TWIN if notes else Outcome.GOOD, (), notes, facts)

    # --- Making --------------------------------------------------------------------------------------------------

    def make(
        self, groups: Sequence[Sequence[Row]], lines: dict[int, Line], choice: dict[str, Any]
    ) -> list[Verdict]:
        if self.world.to_come:
            pipelines.ensure(self.company, by=self.by)
        # Batches may be minutes apart: a stage that is gone by now is a problem of the lines that name it.
        self.world = World(self.company, self.by)
        likes = {number: int(line.facts.get("like", 0)) for number, line in lines.items()}
        judged = self._judge(groups, likes)
        wanted = [one for verdict, one in judged if one is not None and wants(verdict.outcome, choice)]
        if wanted:
            self._make(wanted, lines)
        return [verdict for verdict, _candidate in judged]

    def _make(self, candidates: Sequence[Candidate], lines: dict[int, Line]) -> None:
        named = [(one.whom.party, one.reading) for one in candidates]
        customers = save_parties(
            self.company,
            [(Named(party.name, party.document, reading.email), "customer") for party, reading in named],
            by=self.by,
        )
        deals = actions.create_all(
            self.company,
            [
                content(one.reading, customer, self.world)
                for one, customer in zip(candidates, customers, strict=True)
            ],
            by=self.by,
            origins=[
                {
                    "source": "sheet",
                    "import": self.source.pk,
                    "file": self.source.file_name,
                    "line": one.reading.number,
                }
                for one in candidates
            ],
        )
        Made.objects.bulk_create(
            Made(
                company=self.company,
                line=lines[one.reading.number],
                deal=deal,
                mark=one.reading.mark(),
            )
            for one, deal in zip(candidates, deals, strict=True)
        )
