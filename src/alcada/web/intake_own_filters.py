"""The filters of the list of entries by a company's own fields, as the page shows them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from alcada.flow import own_filters
from alcada.flow.own_filters import OwnFilter
from alcada.intake import custom
from alcada.people.models import Company
from alcada.people.scopes import Scope


@dataclass(frozen=True)
class Chip:
    """A filter by a field that nobody is offered here any more: it goes on, and can be taken away."""

    name: str
    why: str  # it is not offered
    told: str
    values: list[tuple[str, str]]  # as they stand in the address
    without: str


@dataclass(frozen=True)
class Own:
    offered: list[OwnFilter]  # with what is asked for now
    chips: list[Chip]
    sentences: list[str]  # what can't be read, each with the field's name

    @property
    def any(self) -> bool:
        return bool(self.chips) or any(one.text or one.since or one.until for one in self.offered)


def own(
    scope: Scope,
    wanted: Mapping[str, str],
    company: Company | None,
    address: Callable[[dict[str, str]], str],
) -> Own:
    asked = own_filters.asked(wanted, {*scope.everything, *scope.own}) or []
    by_field: dict[int, OwnFilter] = {one.field.pk: one for one in asked}
    fields = custom.fields_of(company) if company else []
    offered = [by_field.pop(field.pk, OwnFilter(field)) for field in fields]
    chips = [_chip(one, wanted, address) for one in by_field.values()]
    sentences = [
        _("%(name)s: %(sentence)s This filter is left out.") % {"name": one.field.name, "sentence": sentence}
        for one in asked
        for sentence in dict.fromkeys(one.wrong.values())
    ]
    return Own(offered, chips, sentences)


def _chip(one: OwnFilter, wanted: Mapping[str, str], address: Callable[[dict[str, str]], str]) -> Chip:
    mine = [name for name in (one.name, f"{one.name}_from", f"{one.name}_until") if wanted.get(name)]
    told = f"{one.since or '…'} – {one.until or '…'}" if one.ranged else one.text
    rest = {name: value for name, value in wanted.items() if name not in mine}
    why = _("no longer on the form") if one.field.retired_at else one.field.company.name
    return Chip(one.field.name, why, told, [(name, wanted[name]) for name in mine], address(rest))
