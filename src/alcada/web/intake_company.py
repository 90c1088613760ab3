"""For which company an entry is: asked where there are several, and changed without losing what was typed."""

from collections import Counter

from django.http import Http404

from alcada.directory import documents
from alcada.directory.queries import find_party
from alcada.intake import drafts
from alcada.intake.custom import fields_of
from alcada.intake.drafts import Draft
from alcada.intake.rules import key
from alcada.people.models import Company, User
from alcada.people.queries import companies_where


def companies(user: User) -> list[Company]:
    """Where the person may enter anything, by name."""
    return list(companies_where(user, "entry.create").order_by("name", "pk"))


def options(allowed: list[Company]) -> list[tuple[str, str]]:
    """(key, label) for a select: the name, and the CNPJ where head office and branch share it."""
    names = Counter(company.name for company in allowed)
    return [
        (str(one.pk), f"{one.name} · {documents.format(one.document)}" if names[one.name] > 1 else one.name)
        for one in allowed
    ]


def chosen(allowed: list[Company], pk: str | None) -> Company | None:
    """The one asked for (Http404 when it is none of these), else the only one. None: the person has to say.

    Never the first of several: a bill in the wrong company's books is a mistake that nobody sees on the page.
    """
    if not pk:
        return allowed[0] if len(allowed) == 1 else None
    found = next((company for company in allowed if company.pk == key(pk)), None)
    if found is None:
        raise Http404
    return found


def _own_fields(typed: dict[str, str], *, old: Company, new: Company) -> dict[str, str]:
    """What was typed into a field of the same name there."""
    by_name = {one.normalised_name: typed.get(str(one.pk), "") for one in fields_of(old)}
    return {str(one.pk): text for one in fields_of(new) if (text := by_name.get(one.normalised_name, ""))}


def move(draft: Draft, *, old: Company, new: Company, kind: str) -> Draft:
    """The draft for another company: what belongs to the old one's directory goes, what was typed stays.

    A vendor or customer whom the new company knows by the same number or name is chosen; else the name is searched.
    """
    moved, fresh = drafts.shaped(draft), drafts.empty(new, kind, today=drafts.today())
    moved |= {"bank_account": fresh["bank_account"], "confirmed": []}
    moved["custom"] = _own_fields(moved["custom"], old=old, new=new)
    for position, split in enumerate(moved["splits"]):
        own = fresh["splits"][0] if position == 0 else {"category": "", "cost_centre": ""}
        split |= {"category": own["category"], "cost_centre": own["cost_centre"]}
    party = drafts.party_of(old, draft)
    if party is not None:
        moved |= {"party": "", "party_name": party.name}
        there = find_party(new, document=party.document) or find_party(new, name=party.name)
        if there is not None:
            drafts.choose_party(moved, there, kind)
    return moved
