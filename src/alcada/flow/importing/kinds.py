"""What a file's rows may be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from alcada.flow.importing.deals import DealRows
from alcada.flow.importing.entries import GROUPS, EntryRows
from alcada.flow.importing.verdicts import Verdict
from alcada.intake.sheets import own
from alcada.people.models import Company
from alcada.sales.sheets.columns import COLUMNS as DEAL_COLUMNS
from alcada.sheets.columns import Column
from alcada.sheets.lines import Row
from alcada.sheets.models import Import, Line


class Rows(Protocol):
    """The rows of one import, judged and made, group after group; a group's lines make one thing."""

    def check(self, groups: Sequence[Sequence[Row]]) -> list[Verdict]:
        """Of each group what it would make."""
        ...

    def make(
        self, groups: Sequence[Sequence[Row]], lines: dict[int, Line], choice: dict[str, Any]
    ) -> list[Verdict]:
        """Make those that still may be, in the caller's transaction. Returns what each is now.

        `lines`: the groups' first ones, by their number, as they were checked.
        """
        ...


@dataclass(frozen=True)
class Kind:
    """What holds of every import of a kind."""

    ability: str  # whoever may make one by hand may import them
    columns_of: Callable[[Company], Sequence[Column]]
    rows: Callable[[Import], Rows]
    # Columns whose same text makes one thing of several lines, with those that must be the same beside it.
    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)


KINDS: Final[Mapping[str, Kind]] = {
    "entries": Kind("entry.create", own.columns_of, EntryRows, GROUPS),
    "deals": Kind("deal.create", lambda _company: DEAL_COLUMNS, DealRows),
}


def kind_of(source: Import) -> Kind:
    return KINDS[source.what]


def columns_of(company: Company, what: str) -> Sequence[Column]:
    """The columns that a company's file of this kind may have."""
    return KINDS[what].columns_of(company)
