"""Filters of the list of entries by a company's own fields: `own_12=Praia`, `own_13_from=100`, `own_13_until=200`.

A field is asked for by its key, so a saved filter goes on when the field is renamed, and when it is taken off the form:
what was in it stays on its entries. A field that isn't of one's companies is on no entry that one sees.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Exists, OuterRef, QuerySet

from alcada.flow import list_pages
from alcada.intake import custom, own_marks, searching
from alcada.intake.models import CustomField, Entry, OwnNumber

TYPE = CustomField.Type
RANGED: Final = (TYPE.NUMBER, TYPE.MONEY, TYPE.DATE)
_NAME: Final = re.compile(r"own_([1-9][0-9]{0,17})(_from|_until)?")
MOST: Final = 2 * custom.MOST  # of one address


@dataclass(frozen=True)
class OwnFilter:
    """What is asked for of one field: a choice, words of a text, or from and until; as typed."""

    field: CustomField
    text: str = ""
    since: str = ""
    until: str = ""

    @property
    def name(self) -> str:
        """As it stands in an address; of a range with _from and _until."""
        return f"own_{self.field.pk}"

    @property
    def ranged(self) -> bool:
        return self.field.type in RANGED

    @property
    def wrong(self) -> dict[str, str]:
        """What can't be read, by its side: it is left out."""
        found = {}
        for side, text in (("from", self.since), ("until", self.until)):
            try:
                if text and self.ranged:
                    custom.figure(self.field, text)
            except custom.ValueRefusedError as exc:
                found[side] = str(exc)
        return found

    def narrowed(self, found: QuerySet[Entry]) -> QuerySet[Entry]:
        found = found.filter(company=self.field.company_id)
        if self.ranged:
            return self._between(found)
        if not self.text:
            return found
        if self.field.type == TYPE.CHOICE:
            return found.filter(list_words=searching.Having(own_marks.choice(self.field.pk, self.text)))
        return list_pages.with_words(found, own_marks.words(self.field.pk, self.text))

    def _between(self, found: QuerySet[Entry]) -> QuerySet[Entry]:
        limits = {
            side: custom.figure(self.field, text)
            for side, text in (("from", self.since), ("until", self.until))
            if text and side not in self.wrong
        }
        if not limits:
            return found
        if len(limits) == 2 and limits["from"] > limits["until"]:
            limits = {"from": limits["until"], "until": limits["from"]}
        asked = {"from": "value__gte", "until": "value__lte"}
        numbers = OwnNumber.objects.filter(
            field=self.field, **{asked[side]: limit for side, limit in limits.items()}
        )
        few = list(numbers.values_list("entry", flat=True)[: list_pages.RARE + 1])
        if len(few) <= list_pages.RARE:
            return found.filter(pk__in=few)
        return found.filter(Exists(numbers.filter(entry=OuterRef("pk"))))


def names_in(given: Iterable[str]) -> list[str]:
    """Those of an address, or of what was saved, that ask for own fields."""
    return [name for name in given if _NAME.fullmatch(str(name))][:MOST]


def asked(wanted: Mapping[str, Any], companies: Collection[int]) -> list[OwnFilter] | None:
    """What is asked for of the companies' fields, in their order. None: of a field that none of them has."""
    typed: dict[int, dict[str, str]] = {}
    for name in names_in(wanted):
        if wanted[name] and (parts := _NAME.fullmatch(name)):
            what = {None: "text", "_from": "since", "_until": "until"}[parts[2]]
            typed.setdefault(int(parts[1]), {})[what] = str(wanted[name])
    if not typed:
        return []
    fields = CustomField.objects.filter(pk__in=typed, company__in=companies)
    found = [OwnFilter(field, **typed[field.pk]) for field in fields]
    return found if len(found) == len(typed) else None


def narrowed(
    found: QuerySet[Entry], wanted: Mapping[str, Any], companies: Collection[int]
) -> QuerySet[Entry]:
    """The entries that have in the companies' own fields what is asked for."""
    own = asked(wanted, companies)
    if own is None:
        return found.none()
    for one in own:
        found = one.narrowed(found)
    return found
