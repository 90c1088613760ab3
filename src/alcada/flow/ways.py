"""Where a submission will go and whom it will ask, worked out before anything is saved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from alcada.connections.models import Connection
from alcada.connections.queries import Routed
from alcada.flow import rules
from alcada.flow.checking import check
from alcada.flow.models import FlowVersion, Trigger
from alcada.flow.versions import current_version
from alcada.intake import drafts
from alcada.intake.models import Entry
from alcada.intake.rules import Content, NotYoursError, Problems
from alcada.people.models import Company, Role, User
from alcada.people.queries import holders, may

Path = list[dict[str, Any]]


@dataclass(frozen=True)
class Way:
    """Of one entry: what is submitted, to which account it goes, the steps ahead with the people they ask."""

    entry: Entry
    content: Content
    routed: Routed
    connection: Connection
    version: FlowVersion
    path: Path

    @property
    def due_date(self) -> date:
        """Of the first instalment."""
        return min(part.due_date for part in self.content.instalments)


class Planner:
    """The flows of one company and who has which role there, each read once."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._versions: dict[Trigger, FlowVersion] = {}
        self._holders: dict[str, list[int]] = {}

    def plan(
        self, entry: Entry, content: Content, by: User, trigger: Trigger | None = None
    ) -> tuple[FlowVersion, Path]:
        """The way that the company's flow gives an entry of this content. Raises rules.SubmissionRefusedError."""
        trigger = trigger or Trigger.of(entry.kind)
        if trigger not in self._versions:
            self._versions[trigger] = current_version(self._company, trigger)
        version = self._versions[trigger]
        facts = rules.Facts(
            kind=entry.kind,
            amount=content.amount,
            party=content.party_name,
            document=content.party_document,
            instalments=len(content.instalments),
        )
        theirs = {by.pk, entry.created_by_id}
        return version, rules.plan(version.definition, facts, lambda who: self._people(who, but=theirs))

    def _people(self, who: Mapping[str, Any], *, but: set[int]) -> list[int]:
        """Whom a step asks, never who entered or submitted it."""
        role = who["role"]
        if role not in self._holders:
            self._holders[role] = [person.pk for person in holders(self._company, Role(role))]
        return [person for person in self._holders[role] if person not in but]


def find_ways(entries: Sequence[Entry], by: User, trigger: Trigger | None = None) -> list[Way]:
    """Of entries of one company, without effect. `trigger`: what set them off, where that is not their submission.

    Raises intake.rules.Problems (beside the fields), NotYoursError, or rules.SubmissionRefusedError: of the first
    that can't be submitted.
    """
    company = entries[0].company
    if any(entry.company_id != company.pk for entry in entries):
        raise ValueError("entries of several companies are submitted one company after the other")
    if not may(by, "entry.create", company):
        raise NotYoursError
    shelf, planner = drafts.shelf_for(company, entries), Planner(company)
    ways = []
    for entry in entries:
        try:
            checked = check(entry, shelf, trigger)
        except Problems as exc:
            if shelf.table.accounts:
                raise
            raise rules.SubmissionRefusedError("no_account") from exc  # nothing typed would help
        version, path = planner.plan(entry, checked.content, by, trigger)
        ways.append(Way(entry, checked.content, checked.routed, checked.connection, version, path))
    return ways
