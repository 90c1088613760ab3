"""The list of entries: searched, filtered, page after page by key."""

from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_safe

from alcada.directory.models import EntryKind
from alcada.flow.queries import STATUSES, Status, with_status
from alcada.intake import drafts
from alcada.intake.models import Entry
from alcada.intake.queries import search, visible_entries, with_list_facts
from alcada.intake.rules import key, read_day
from alcada.people.models import Company, User
from alcada.people.queries import companies_of, companies_where
from alcada.web.guards import person
from alcada.web.intake_forms import amount_of

PAGE: Final = 50
FILTERS: Final = ("q", "kind", "state", "company", "from", "until")


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Newest first. The next page begins below the last key shown: no count, no offset, however many there
    are.
    """
    user = person(request)
    companies = list(companies_of(user))
    if not companies:
        raise PermissionDenied
    wanted = {name: request.GET.get(name, "").strip() for name in FILTERS}
    before = key(request.GET.get("before", ""))
    found = _filtered(user, wanted)
    if before:
        found = found.filter(pk__lt=before)
    page = list(with_list_facts(found).order_by("-pk")[: PAGE + 1])
    shown = page[:PAGE]
    context = {
        "rows": [_row(entry) for entry in shown],
        "wanted": wanted,
        "filtered": any(wanted.values()),
        "first_page": not before,
        "older": _address(wanted, shown[-1].pk) if len(page) > PAGE else "",
        "newest": _address(wanted, 0),
        "companies": companies,
        "kinds": EntryKind.choices,
        "states": [(code, label) for code, (label, _colour) in STATUSES.items()],
        "may_create": companies_where(user, "entry.create").exists(),
    }
    return render(request, "intake/list.html", context)


def _filtered(user: User, wanted: dict[str, str]) -> QuerySet[Entry]:
    found = with_status(visible_entries(user))
    found = search(
        found, text=wanted["q"], due_from=read_day(wanted["from"]), due_until=read_day(wanted["until"])
    )
    if wanted["kind"] in EntryKind.values:
        found = found.filter(kind=wanted["kind"])
    if wanted["company"]:
        found = found.filter(company=Company.objects.filter(pk=key(wanted["company"])).first())
    if wanted["state"] in STATUSES:
        return found.filter(Q(status=wanted["state"]))
    # What was thrown away shows only to who asks for it.
    return found.filter(discarded_at=None)


def _row(entry: Entry) -> dict[str, Any]:
    """What a line shows: the frozen content, or what is typed so far."""
    code = getattr(entry, "status", None) or "draft"
    shown = (
        _frozen(entry) if entry.current and entry.draft is None else _typed(drafts.shaped(entry.draft or {}))
    )
    # An NF-e's description begins with its number: once is enough.
    number = str(shown["document_number"])
    told = number if number not in str(shown["description"]) else ""
    files = getattr(entry, "files", None) or 0
    status = Status(code if code in STATUSES else "draft")
    return {**shown, "document_number": told, "entry": entry, "files": files, "status": status}


def _frozen(entry: Entry) -> dict[str, Any]:
    revision = entry.current
    assert revision is not None
    return {
        "party": revision.party_name,
        "description": revision.description,
        "document_number": revision.document_number,
        "amount": revision.amount,
        "due": getattr(entry, "first_due", None),
        "parts": getattr(entry, "parts", None) or 0,
    }


def _typed(draft: drafts.Draft) -> dict[str, Any]:
    days = [day for part in draft["instalments"] if (day := read_day(part["due_date"]))]
    return {
        "party": draft["party_name"],
        "description": draft["description"],
        "document_number": draft["document_number"],
        "amount": amount_of(draft["amount"]),
        "typed_amount": draft["amount"],
        "due": min(days, default=None),
        "parts": len(draft["instalments"]),
    }


def _address(wanted: dict[str, str], before: int) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in wanted.items() if value})
    if before:
        query["before"] = str(before)
    return "?" + query.urlencode()
