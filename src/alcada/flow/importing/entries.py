"""Rows that are payables and receivables: what each would become, and making it, as if it were typed and submitted."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any, Final

from django.db import transaction

from alcada.directory.many import Named, save_parties
from alcada.directory.models import EntryKind
from alcada.flow import actions as flow
from alcada.flow.checking import place
from alcada.flow.importing.candidates import Candidate, problems_of, verdict_of
from alcada.flow.importing.parties import Whom, find_all
from alcada.flow.importing.verdicts import Verdict, wants
from alcada.flow.rules import SubmissionRefusedError
from alcada.flow.ways import Planner
from alcada.intake import actions, drafts, duplicates
from alcada.intake.drafts import Draft
from alcada.intake.models import Entry
from alcada.intake.rules import IntakeError, Problems, questions
from alcada.intake.sheets.drafting import draft_of
from alcada.intake.sheets.lines import Reading, read
from alcada.intake.sheets.world import World
from alcada.intake.shelf import Shelf
from alcada.sheets.lines import Row
from alcada.sheets.models import Import, Line, Made

# Columns whose same text makes one entry of several lines, and what must be the same beside it: two vendors may well
# use one number.
GROUPS: Final[Mapping[str, Sequence[str]]] = {"group": (), "document_number": ("party", "document", "kind")}


class EntryRows:
    """Of one import (kinds.Rows)."""

    def __init__(self, source: Import) -> None:
        self.source, self.company, self.by = source, source.company, source.by
        self.world = World(source.company)
        self.planner = Planner(source.company)
        self.seen: dict[str, int] = {}  # what lines before say, and which

    # --- Checking ------------------------------------------------------------------------------------------------

    def check(self, groups: Sequence[Sequence[Row]], *, likes: dict[int, int] | None = None) -> list[Verdict]:
        """Of each group what it would make. `likes`: lines like one before them, where that is known already."""
        return [verdict for verdict, _candidate in self._judge(groups, likes)]

    def _judge(
        self, groups: Sequence[Sequence[Row]], likes: dict[int, int] | None
    ) -> list[tuple[Verdict, Candidate | None]]:
        readings = [read(rows, self.world, self.source.options) for rows in groups]
        candidates = [
            self._candidate(reading, whom)
            for reading, whom in zip(readings, find_all(self.company, readings), strict=True)
        ]
        here = [one for one in candidates if one is not None]
        self._read(here)
        self._find_twins(here)
        for candidate in here:
            self._find_like(candidate, likes)
        return [
            (verdict_of(reading, candidate), candidate)
            for reading, candidate in zip(readings, candidates, strict=True)
        ]

    def _candidate(self, reading: Reading, whom: Whom | None) -> Candidate | None:
        """None where its lines can't be read, or nobody knows whom they mean."""
        if whom is None:
            return None
        draft = draft_of(reading, None if whom.new else whom.party, self.world)
        return Candidate(reading, draft, whom)

    def _read(self, candidates: Sequence[Candidate]) -> None:
        """What each is by the same checks that a typed one passes, up to whom it would ask."""
        shelf = Shelf(self.company, [one.draft for one in candidates])
        today = drafts.today()
        for one in candidates:
            party = copy(one.party)
            party.is_vendor = party.is_customer = True  # it is given the side that it lacks
            shelf.parties[party.pk] = party
        for one in candidates:
            named = {"party": str(one.party.pk), "party_name": one.party.name, "new_party": ""}
            entry = Entry(
                company=self.company,
                kind=one.reading.kind,
                created_by=self.by,
                draft=one.draft | named | {"party_document": "", "party_email": ""},
            )
            try:
                one.content = drafts.check(entry, shelf)
                one.asked = questions(one.content, today)
                placed = place(entry, one.content, shelf)
                self.planner.plan(entry, placed.content, self.by)
            except Problems as exc:
                one.problems = problems_of(one.reading, exc)
            except SubmissionRefusedError as exc:
                one.refused = {"code": exc.code, "context": exc.context}

    def _find_twins(self, candidates: Sequence[Candidate]) -> None:
        """Entries that are here already: submitted ones that look alike, and what an import made of the same lines."""
        of_ours = Entry.objects.filter(imported__line__source=self.source)
        asked = [one for one in candidates if one.content is not None and not one.new]
        contents = [one.content for one in asked if one.content is not None]
        found = duplicates.probable_of_many(self.company, contents, excluding=of_ours)
        for one, twins in zip(asked, found, strict=True):
            one.twins = twins
        marks: dict[str, list[int]] = {}
        before = Made.objects.filter(
            company=self.company,
            mark__in=[one.reading.mark() for one in candidates],
            entry__discarded_at=None,
        ).exclude(line__source=self.source)
        for mark, number in before.order_by("-pk").values_list("mark", "entry__number"):
            marks.setdefault(mark, []).append(number)
        for one in candidates:
            one.made_before = marks.get(one.reading.mark(), [])[: duplicates.MOST]

    def _find_like(self, one: Candidate, likes: dict[int, int] | None) -> None:
        """The line before it in this file that looks the same, by what `duplicates.probable` goes by."""
        if likes is not None:
            one.like = likes.get(one.reading.number, 0)
            return
        number = duplicates.number_of(one.reading.texts["document_number"])
        keys = [f"{one.reading.kind}|{one.key}|n|{number}"] if number else []
        keys += [
            f"{one.reading.kind}|{one.key}|a|{one.reading.total}|{due}" for due, *_rest in one.reading.parts
        ]
        one.like = next((line for key in keys if (line := self.seen.get(key))), 0)
        for key in keys:
            self.seen.setdefault(key, one.reading.number)

    # --- Making --------------------------------------------------------------------------------------------------

    def make(
        self, groups: Sequence[Sequence[Row]], lines: dict[int, Line], choice: dict[str, Any]
    ) -> list[Verdict]:
        """Make those that still may be, in the caller's transaction. Returns what each is now."""
        likes = {number: int(line.facts.get("like", 0)) for number, line in lines.items()}
        judged = self._judge(groups, likes)
        wanted = [
            (verdict, candidate)
            for verdict, candidate in judged
            if candidate is not None and wants(verdict.outcome, choice)
        ]
        if wanted:
            self._make([candidate for _verdict, candidate in wanted], lines, choice)
        return [verdict for verdict, _candidate in judged]

    def _make(self, candidates: Sequence[Candidate], lines: dict[int, Line], choice: dict[str, Any]) -> None:
        parties = save_parties(
            self.company,
            [
                (
                    Named(one.party.name, one.party.document, one.reading.email),
                    "vendor" if one.reading.kind == EntryKind.PAYABLE else "customer",
                )
                for one in candidates
            ],
            by=self.by,
        )
        typed: list[tuple[str, Draft]] = []
        for one, party in zip(candidates, parties, strict=True):
            named = {"party": str(party.pk), "party_name": party.name, "new_party": ""}
            confirmed = _confirmed(one, choice)
            draft = one.draft | named | {"party_document": "", "party_email": "", "confirmed": confirmed}
            typed.append((one.reading.kind, draft))
        entries = actions.start_all(
            self.company,
            typed,
            by=self.by,
            source="sheet",
            origins=[
                {"import": self.source.pk, "file": self.source.file_name, "line": one.reading.number}
                for one in candidates
            ],
        )
        submitted: dict[int, dict[str, Any]] = {}
        if choice.get("submit"):
            ready = [
                entry
                for one, entry in zip(candidates, entries, strict=True)
                if _may_be_submitted(one, choice)
            ]
            submitted = self._submit(ready)
        Made.objects.bulk_create(
            Made(
                company=self.company,
                line=lines[one.reading.number],
                entry=entry,
                mark=one.reading.mark(),
                submitted=submitted.get(entry.pk) == {},
                reason=submitted.get(entry.pk, {}),
            )
            for one, entry in zip(candidates, entries, strict=True)
        )

    def _submit(self, entries: Sequence[Entry]) -> dict[int, dict[str, Any]]:
        """Through the flow, all at once; where one of them can't be, one by one. Of each why not, by its key."""
        if not entries:
            return {}
        try:
            with transaction.atomic():
                flow.submit_all(entries, by=self.by)
        except (Problems, SubmissionRefusedError, IntakeError):
            return {entry.pk: self._submit_one(entry) for entry in entries}
        return {entry.pk: {} for entry in entries}

    def _submit_one(self, entry: Entry) -> dict[str, Any]:
        entry.refresh_from_db()
        try:
            with transaction.atomic():
                flow.submit(entry, by=self.by)
        except SubmissionRefusedError as exc:
            return {"code": exc.code, "context": exc.context}
        except (Problems, IntakeError):
            return {"code": "incomplete", "context": {}}
        return {}


def _may_be_submitted(one: Candidate, choice: dict[str, Any]) -> bool:
    """As a typed one: nothing missing, and every question answered by a person."""
    return not one.problems and not one.refused and (not one.asked or bool(choice.get("asked")))


def _confirmed(one: Candidate, choice: dict[str, Any]) -> list[str]:
    """What the person said to be right, as the form's ticks say it; kept in the entry's history."""
    said = [question.key for question in one.asked] if choice.get("asked") else []
    if one.twins and choice.get("twins"):
        said.append(duplicates.confirmation(one.twins))
    return said
