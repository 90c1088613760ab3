"""What a file's rows may be. A kind has `columns`, `check` and `make`; deals will be another."""

from collections.abc import Sequence
from typing import Final

from alcada.flow.importing.entries import EntryRows
from alcada.intake.sheets import own
from alcada.people.models import Company
from alcada.sheets.columns import Column

KINDS: Final[dict[str, type[EntryRows]]] = {"entries": EntryRows}


def columns_of(company: Company, what: str) -> Sequence[Column]:
    """The columns that a company's file of this kind may have."""
    return own.columns_of(company) if what == "entries" else KINDS[what].columns
