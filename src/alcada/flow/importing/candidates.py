"""An entry that lines of a file would become, and what is said of it."""

from dataclasses import dataclass, field
from typing import Any, Final

from alcada.directory.models import Party
from alcada.flow.importing.parties import Whom
from alcada.flow.importing.verdicts import Outcome, Verdict
from alcada.intake import duplicates
from alcada.intake.drafts import Draft
from alcada.intake.rules import Content, Problems, Question
from alcada.intake.sheets import own
from alcada.intake.sheets.lines import Reading
from alcada.sheets.lines import Problem

# What a draft may lack, as one of the company's own fields that is required: a person adds it before it is submitted.
_MAY_LACK: Final = frozenset({"category", "bank_account"})
_COLUMNS_OF: Final = {
    "party_name": "party",
    "party_document": "document",
    "party_email": "email",
    "competence_date": "competence",
    "instalments": "due",
    "splits": "amount",
}


@dataclass
class Candidate:
    """An entry that a reading would become."""

    reading: Reading
    draft: Draft
    whom: Whom
    content: Content | None = None
    problems: list[Problem] = field(default_factory=list)
    asked: list[Question] = field(default_factory=list)
    refused: dict[str, Any] = field(default_factory=dict)
    twins: list[duplicates.Probable] = field(default_factory=list)
    made_before: list[int] = field(default_factory=list)  # numbers of entries
    like: int = 0  # a line before it

    @property
    def party(self) -> Party:
        return self.whom.party

    @property
    def new(self) -> bool:
        return self.whom.new

    @property
    def key(self) -> str:
        return self.whom.key


def problems_of(reading: Reading, exc: Problems) -> list[Problem]:
    found = []
    for path, sentences in exc.fields.items():
        column = path.split(".")[-1] if path.startswith("splits.") else path.split(".")[0]
        if column == "custom":
            column = f"own-{path.removeprefix('custom.')}"
        column = _COLUMNS_OF.get(column, column)
        found += [Problem(reading.number, column, sentence) for sentence in sentences]
    return found


def _may_lack(problem: Problem) -> bool:
    """What stands in an own field was read with its line: what is wrong now is that nothing does."""
    return problem.column in _MAY_LACK or own.is_own(problem.column)


def verdict_of(reading: Reading, one: Candidate | None) -> Verdict:
    facts: dict[str, Any] = {
        "kind": reading.kind,
        "party": one.party.name if one else reading.name[:200],
        "document": one.party.document if one else reading.document,
        "description": (one.draft["description"] if one else reading.texts.get("description", ""))[:200],
        "document_number": reading.texts.get("document_number", "")[:60],
        "amount": str(reading.total) if reading.total is not None else "",
        "due": str(reading.first_due or ""),
        "lines": len(reading.rows),
    }
    if reading.zeros_lost:
        facts["zeros"] = True
    if one is None:
        return Verdict(reading.rows, Outcome.BAD, reading.problems, facts=facts)
    facts |= {"new": one.key} if one.new else {}
    facts |= {"like": one.like} if one.like else {}
    hard = [problem for problem in one.problems if not _may_lack(problem)]
    notes: list[dict[str, Any]] = [{"code": question.code, "text": question.text} for question in one.asked]
    notes += [
        {"code": "twin", "number": twin.entry.number, "entry": twin.entry.pk, "reasons": list(twin.reasons)}
        for twin in one.twins
    ]
    notes += [{"code": "imported", "number": number} for number in one.made_before]
    notes += [{"code": "like", "line": one.like}] if one.like else []
    notes += [{"code": "refused", "why": one.refused}] if one.refused else []
    if hard:
        outcome = Outcome.BAD
    elif one.twins or one.made_before or one.like:
        outcome = Outcome.TWIN
    elif one.problems or one.refused:
        outcome = Outcome.HELD
    else:
        outcome = Outcome.ASKED if one.asked else Outcome.GOOD
    return Verdict(reading.rows, outcome, one.problems, notes, facts)
