"""Vendors and customers of a whole file: found or created as `save_party` does each, in a few statements for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from alcada.directory import documents
from alcada.directory.models import Party
from alcada.history.actions import line, record_all
from alcada.people.models import Company, User


@dataclass(frozen=True)
class Named:
    """Whom a line means. Checked: the document is right or empty, the name is one (or empty beside a document)."""

    name: str
    document: str = ""
    email: str = ""


class SeveralError(Exception):
    """More than one has this name, and no document says which."""


class Known:
    """The company's parties that some names or documents may mean. Matches as `actions._match` does."""

    def __init__(self, company: Company, named: Sequence[Named], *, lock: bool = False) -> None:
        self.company = company
        parties = Party.objects.filter(company=company).select_related("default_category")
        parties = parties.select_for_update(of=("self",)).order_by("pk") if lock else parties
        numbers = {one.document for one in named if one.document}
        names = {documents.normalise_name(one.name) for one in named if one.name} - {""}
        self._by_document = (
            {one.document: one for one in parties.filter(document__in=numbers)} if numbers else {}
        )
        self._by_name: dict[str, list[Party]] = {}
        for party in parties.filter(normalised_name__in=names) if names else []:
            self._by_name.setdefault(party.normalised_name, []).append(self._one(party))

    def _one(self, party: Party) -> Party:
        """The same object for one party, however it is found."""
        return self._by_document.get(party.document, party) if party.document else party

    def find(self, named: Named) -> Party | None:
        """Raises SeveralError."""
        if named.document and (found := self._by_document.get(named.document)):
            return found
        same = self._by_name.get(documents.normalise_name(named.name), []) if named.name else []
        candidates = [one for one in same if not one.document] if named.document else same
        if len(candidates) > 1 and not named.document:
            raise SeveralError
        return candidates[0] if len(candidates) == 1 else None

    def add(self, party: Party) -> None:
        if party.document:
            self._by_document[party.document] = party
        same = self._by_name.setdefault(party.normalised_name, [])
        if party not in same:
            same.append(party)


def save_parties(company: Company, wanted: Sequence[tuple[Named, str]], *, by: User) -> list[Party]:
    """The party of each, with the side that its entry needs ("vendor" or "customer"). Raises SeveralError."""
    with transaction.atomic():
        # One at a time per company: two who bring the same new vendor make one.
        Company.objects.select_for_update().get(pk=company.pk)
        known = Known(company, [named for named, _side in wanted], lock=True)
        found: list[Party] = []
        before: dict[int, dict[str, Any]] = {}
        new: list[Party] = []
        for named, side in wanted:
            party = known.find(named)
            if party is None:
                party = Party(
                    company=company,
                    name=named.name,
                    normalised_name=documents.normalise_name(named.name),
                )
                new.append(party)
            elif party.pk and party.pk not in before:
                before[party.pk] = _facts(party)
            party.document = party.document or named.document
            party.email = party.email or named.email
            party.is_vendor = party.is_vendor or side == "vendor"
            party.is_customer = party.is_customer or side == "customer"
            known.add(party)
            found.append(party)
        Party.objects.bulk_create(new)
        changed = [
            one
            for one in {id(p): p for p in found}.values()
            if one.pk in before and before[one.pk] != _facts(one)
        ]
        Party.objects.bulk_update(changed, ["document", "email", "is_vendor", "is_customer"])
        record_all(
            [
                line(
                    "party.created",
                    one,
                    by=by,
                    company=company,
                    data={"name": one.name, "changed": _set(one)},
                )
                for one in new
            ]
            + [
                line(
                    "party.changed",
                    one,
                    by=by,
                    company=company,
                    data={
                        "name": one.name,
                        "changed": sorted(n for n, v in _facts(one).items() if before[one.pk][n] != v),
                    },
                )
                for one in changed
            ]
        )
        return found


def _facts(party: Party) -> dict[str, Any]:
    return {
        "document": party.document,
        "email": party.email,
        "is_vendor": party.is_vendor,
        "is_customer": party.is_customer,
    }


def _set(party: Party) -> list[str]:
    return sorted(["name", *(name for name, value in _facts(party).items() if value)])
