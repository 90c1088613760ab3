"""Whom lines mean: found in the directory, or standing in for themselves until they are added."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from alcada.directory import documents
from alcada.directory.many import Known, Named, SeveralError
from alcada.directory.models import Party
from alcada.directory.sheets import Said
from alcada.people.models import Company
from alcada.sheets.lines import Problem

# Keys that no party has: those that are not in the directory yet stand in for themselves while lines are checked.
_STAND_IN: Final = 9 * 10**16


@dataclass(frozen=True)
class Whom:
    party: Party  # ours, or a stand-in
    new: bool

    @property
    def key(self) -> str:
        """Who it is, also before the directory knows them."""
        if not self.new:
            return f"#{self.party.pk}"
        return self.party.document or documents.normalise_name(self.party.name)


def find_all(company: Company, readings: Sequence[Said]) -> list[Whom | None]:
    """Of each whom it means. None where its lines can't be read, or nobody knows whom they mean: it says so then."""
    named = [Named(one.name, one.document, one.email) for one in readings]
    known = Known(company, named)
    return [
        _find(company, index, reading, who, known)
        for index, (reading, who) in enumerate(zip(readings, named, strict=True))
    ]


def _find(company: Company, index: int, reading: Said, named: Named, known: Known) -> Whom | None:
    try:
        party = known.find(named) if named.name or named.document else None
    except SeveralError:
        sentence = _("Several here have this name. Give the CPF/CNPJ.")
        reading.problems.append(Problem(reading.number, "party", sentence))
        party = None
    reading.party = party
    if party is None and named.document and not named.name and not reading.problems:
        sentence = _("Nobody here has this CPF/CNPJ. Give the name too, and they are added.")
        reading.problems.append(Problem(reading.number, "party", sentence))
    if reading.problems:
        return None
    if party is not None:
        return Whom(party, new=False)
    stand_in = Party(
        pk=_STAND_IN + index,
        company=company,
        name=named.name,
        normalised_name=documents.normalise_name(named.name),
        document=named.document,
        email=named.email,
    )
    return Whom(stand_in, new=True)
