"""A list of entries for a program: found as the page's list finds them, and what each line says."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import QuerySet

from alcada.api import contents
from alcada.api.entry_shapes import EntryFilters
from alcada.flow import listing
from alcada.flow.queries import STATUSES, Status, with_status
from alcada.intake.models import Entry
from alcada.intake.queries import with_list_facts
from alcada.intake.rules import read_day
from alcada.people.models import User
from alcada.people.scopes import scope_of

# What the page's address calls the same.
_NAMES: Final = {
    "status": "state",
    "due_from": "from",
    "due_until": "until",
    "cost_centre": "centre",
    "bank_account": "bank",
    "created_by": "by",
}


def find(user: User, asked: EntryFilters) -> QuerySet[Entry]:
    """Those that the person may see and the program asks for, in no order; only their keys are read."""
    given = {_NAMES.get(name, name): value for name, value in asked.dict(exclude_none=True).items()}
    return listing.find(scope_of(user), listing.wanted_of(given)).only("pk")


def lines(keys: Sequence[int]) -> list[dict[str, Any]]:
    """The entries' lines, in this order."""
    found = {entry.pk: entry for entry in with_list_facts(with_status(Entry.objects.filter(pk__in=keys)))}
    return [_line(found[pk]) for pk in keys if pk in found]


def _line(entry: Any) -> dict[str, Any]:
    code = entry.status if entry.status in STATUSES else "draft"
    typed = entry.draft is not None or entry.current is None
    if typed:
        draft = contents.of_draft(entry.draft or {})
        days = [day for part in draft["instalments"] if (day := read_day(part["due_date"]))]
        said = {name: draft[name] for name in ("description", "document_number", "amount", "currency")}
        said |= {"party_name": draft["party"]["name"], "due_date": min(days, default=None)}
        said |= {"instalments": len(draft["instalments"])}
    else:
        revision = entry.current
        said = {name: getattr(revision, name) for name in ("description", "document_number", "currency")}
        said |= {"party_name": revision.party_name, "amount": f"{revision.amount:.2f}"}
        said |= {"due_date": entry.first_due, "instalments": entry.parts or 0}
    return {
        "id": entry.pk,
        "number": entry.number,
        "company": entry.company,
        "kind": entry.kind,
        "status": code,
        "status_label": Status(code).label,
        "documents": entry.files or 0,
        "created_by": entry.created_by,
        "created_at": entry.created_at,
        **said,
    }
