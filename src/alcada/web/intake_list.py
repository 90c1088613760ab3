"""The list of entries: searched, filtered, sorted, page after page by key; what it adds up to; filters under a name."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind, Party
from alcada.flow import list_pages, listing
from alcada.flow.queries import STATUSES, Status, with_status
from alcada.intake import custom, drafts, saved
from alcada.intake.models import CustomField, Entry, SavedFilter
from alcada.intake.queries import with_list_facts
from alcada.intake.rules import key, read_day
from alcada.people.models import Company, User
from alcada.people.scopes import Scope, scope_of
from alcada.web import frozen, intake_own_filters
from alcada.web.guards import person
from alcada.web.intake_forms import amount_of

PAGE: Final = 50
CHOICES: Final = 500  # of one filter's list; a company has fewer of anything but vendors
# The filters that are of one company: with several in view they have nothing to offer.
OF_COMPANY: Final = ("category", "centre", "account", "bank", "party", "by")
MORE: Final = (*OF_COMPANY, "month")


@require_safe
def entries(request: HttpRequest) -> HttpResponse:
    """Newest first, unless asked otherwise. Each page begins beside a key: no offset, however many there are."""
    user = person(request)
    scope = scope_of(user)
    if not scope.roles:
        raise PermissionDenied
    if not request.GET and (usual := saved.default_of(user)):
        return redirect(reverse("entries") + address(usual.filters, saved=str(usual.pk)))
    wanted, sort = asked(request.GET)
    found = listing.find(scope, wanted)
    page = list_pages.page(
        found, sort, after=request.GET.get("after", ""), before=request.GET.get("before", ""), size=PAGE
    )
    company = _company(wanted, scope)
    context = {
        **_page(page, wanted, sort),
        **_filters(scope, wanted, company),
        **_saved(request, scope, wanted, sort, company),
        "first_page": not page.newer,
        "several": len({*scope.everything, *scope.own}) > 1 and not wanted["company"],
        "may_create": scope.may("entry.create"),
        "totals": list_pages.totals(found) if request.GET.get("totals") else None,
        "totals_url": reverse("entries-totals") + address(wanted),
        "totals_here": address(wanted, sort=sort, totals="1"),
    }
    return render(request, "intake/list.html", context)


@require_safe
def totals(request: HttpRequest) -> HttpResponse:
    """How many there are and what they add up to: asked for by the page once it is there."""
    wanted, _sort = asked(request.GET)
    found = listing.find(scope_of(person(request)), wanted)
    return render(request, "intake/_totals.html", {"totals": list_pages.totals(found)})


def asked(given: Mapping[str, Any]) -> tuple[dict[str, str], str]:
    """The filters and the order of an address."""
    sort = str(given.get("sort", ""))
    return listing.wanted_of(given), sort if sort in list_pages.SORTS else ""


def _page(page: list_pages.Page, wanted: dict[str, str], sort: str) -> dict[str, Any]:
    return {
        "rows": shown(page.keys),
        "wanted": wanted,
        "sort": sort,
        "filtered": any(value for name, value in wanted.items() if name != "company"),
        "newer": address(wanted, sort=sort, before=page.newer) if page.newer else "",
        "older": address(wanted, sort=sort, after=page.older) if page.older else "",
        "first": address(wanted, sort=sort),
        "orders": _orders(wanted, sort),
        "sorts": _sorts(),
    }


def shown(keys: Sequence[int]) -> list[dict[str, Any]]:
    """The entries' lines, with all that these show."""
    found = {entry.pk: entry for entry in with_list_facts(with_status(Entry.objects.filter(pk__in=keys)))}
    own = custom.in_lists(entry.company_id for entry in found.values()) if found else []
    return [_row(found[pk]) | {"own": _own(found[pk], own)} for pk in keys if pk in found]


def _own(entry: Entry, fields: Sequence[CustomField]) -> list[tuple[str, str]]:
    """The company's own fields that its list shows, each with its name."""
    return [
        (one.field.name, frozen.of_type(one.field.type, one.value) if one.readable else one.value)
        for one in custom.held(entry, fields)
    ]


def _orders(wanted: dict[str, str], sort: str) -> dict[str, dict[str, str]]:
    """The heads of the table that sort: pressed again they turn the order round."""
    heads = {
        "number": ("", "old"),
        "name": ("name", "-name"),
        "due": ("due", "-due"),
        "value": ("-value", "value"),
    }
    return {
        head: {
            "url": address(wanted, sort=second if sort == first else first),
            "now": ("descending" if sort in ("", "-name", "-due", "-value") else "ascending")
            if sort in (first, second)
            else "",
        }
        for head, (first, second) in heads.items()
    }


def _sorts() -> list[tuple[str, str]]:
    return [
        ("", _("Newest first")),
        ("old", _("Oldest first")),
        ("due", _("Due first")),
        ("-due", _("Due last")),
        ("-value", _("Largest first")),
        ("value", _("Smallest first")),
        ("name", _("Name, A to Z")),
        ("-name", _("Name, Z to A")),
    ]


def _company(wanted: dict[str, str], scope: Scope) -> Company | None:
    """The one company that the list is about: chosen, or the only one."""
    mine = {*scope.everything, *scope.own}
    pk = key(wanted["company"]) if wanted["company"] else next(iter(mine)) if len(mine) == 1 else 0
    return Company.objects.filter(pk=pk).first() if pk in mine else None


def _filters(scope: Scope, wanted: dict[str, str], company: Company | None) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "kinds": EntryKind.choices,
        "states": [(code, label) for code, (label, _colour) in STATUSES.items()],
        "own": (own := intake_own_filters.own(scope, wanted, company, address)),
        "more_open": any(wanted[name] for name in MORE) or own.any,
        "company": company,
        "month_wrong": bool(wanted["month"]) and listing.month_of(wanted["month"]) is None,
        "days_wrong": [name for name in ("from", "until") if wanted[name] and read_day(wanted[name]) is None],
    }
    if company is None:
        return chosen
    accounts = list(company.connections.accounts())
    lists: dict[str, list[Any]] = {
        "category": list(Category.objects.filter(company=company)[:CHOICES]),
        "centre": list(CostCentre.objects.filter(company=company)[:CHOICES]),
        "bank": list(BankAccount.objects.filter(company=company)[:CHOICES]),
        "account": accounts if len(accounts) > 1 else [],
        "by": _people(company) if scope.may("entry.see_all", company.pk) else [],
    }
    labels = {
        "category": _("Category"),
        "centre": _("Cost centre"),
        "bank": _("Bank account"),
        "account": _("Account at Conta Azul"),
        "by": _("Entered by"),
    }
    chosen["choices"] = [
        (name, labels[name], [(str(one.pk), str(one)) for one in rows], wanted[name])
        for name, rows in lists.items()
        if rows
    ]
    if wanted["party"] and (party := Party.objects.filter(company=company, pk=key(wanted["party"])).first()):
        chosen["party"] = party
        chosen["without_party"] = address({**wanted, "party": ""})
    return chosen


def _people(company: Company) -> list[User]:
    return list(User.objects.filter(memberships__company=company).distinct().order_by("name", "pk")[:CHOICES])


def _saved(
    request: HttpRequest, scope: Scope, wanted: dict[str, str], sort: str, company: Company | None
) -> dict[str, Any]:
    user, rows = scope.user, []
    here = {name: value for name, value in {**wanted, "sort": sort}.items() if value}
    current: SavedFilter | None = None
    for each in saved.visible(user):
        active = request.GET.get("saved") == str(each.pk)
        current = each if active else current
        rows.append((each, address(each.filters, saved=str(each.pk)), active))
    return {
        "saved_filters": rows,
        "saved": current,
        "saved_changed": current is not None and current.filters != here,
        "saved_is_mine": current is not None and saved.changeable(user, current),
        "may_save": bool(here),
        "share_with": company if company and scope.may("filter.share", company.pk) else None,
        "everything": address({"company": wanted["company"]}, saved="none"),
        # A name that was refused comes back, with the reason beside it.
        "saving": request.GET.get("saving", "")[:200],
        "saving_wrong": _wrong(request.GET.get("wrong", "")),
    }


def _wrong(code: str) -> str:
    sentences = {
        "name": _("Write a name of 1 to 60 characters."),
        "taken": _("You have a filter of this name, or another one is your first view: choose again."),
        "too_many": _("You have saved as many filters as fit. Remove one first."),
    }
    return sentences.get(code, "")


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
        "currency": revision.currency,
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
        "currency": "BRL",
        "typed_amount": draft["amount"],
        "due": min(days, default=None),
        "parts": len(draft["instalments"]),
    }


def address(wanted: Mapping[str, Any], **more: str) -> str:
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in {**wanted, **more}.items() if value})
    return "?" + (query.urlencode() or "saved=none")
