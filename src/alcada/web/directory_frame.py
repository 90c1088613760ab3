"""What the directory's pages share: tabs, the company that a page is about, and a thing's names and uses."""

from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from alcada.connections.models import Connection
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Party
from alcada.flow import list_pages, listing
from alcada.people.models import Company, User
from alcada.people.queries import companies_where, may
from alcada.people.scopes import scope_of
from alcada.web import intake_list
from alcada.web.guards import company_or_404, person

SEE: Final = "directory.see"
CHANGE: Final = "directory.change"
MAP: Final = "mapping.manage"
PAGE: Final = 50
USES: Final = 10

Thing = Party | Category | BankAccount | CostCentre
# kind in addresses and in the mapping -> the list's filter
FILTER_OF: Final = {"party": "party", "category": "category", "bank_account": "bank", "cost_centre": "centre"}


def around(request: HttpRequest, tab: str) -> dict[str, Any]:
    """The tabs, and whether the person may change anything."""
    user, chosen = person(request), request.GET.get("company", "")
    suffix = f"?company={chosen}" if chosen.isdecimal() else ""
    names = [
        ("parties", _("Vendors and customers"), "directory"),
        ("cost_centres", _("Cost centres"), "directory-cost-centres"),
        ("categories", _("Categories"), "directory-categories"),
        ("accounts", _("Bank accounts"), "directory-accounts"),
        ("defaults", _("Defaults"), "directory-defaults"),
    ]
    if companies_where(user, MAP).exists():
        names.append(("mapping", _("Names in Conta Azul"), "directory-mapping"))
    return {
        "tabs": [
            {"label": label, "url": reverse(name) + suffix, "active": code == tab}
            for code, label, name in names
        ],
        "suffix": suffix,
        "may_change": companies_where(user, CHANGE).exists(),
    }


def chosen_company(request: HttpRequest) -> Company | None:
    """Where something new goes: `?company=`, else the only company that the person may change."""
    chosen = request.GET.get("company", "")
    if chosen.isdecimal() and len(chosen) < 19:
        return company_or_404(request, int(chosen), CHANGE)
    allowed = list(companies_where(person(request), CHANGE)[:2])
    if not allowed:
        raise PermissionDenied(_("None of your roles allows this."))
    return allowed[0] if len(allowed) == 1 else None


def only(companies: QuerySet[Company]) -> Company | None:
    """The company that the page is about: chosen, or the only one there is."""
    found = list(companies.order_by("name")[:2])
    return found[0] if len(found) == 1 else None


def choose_company(request: HttpRequest, tab: str, companies: QuerySet[Company]) -> HttpResponse:
    context = {**around(request, tab), "companies": companies.order_by("name")}
    return render(request, "directory/choose.html", context)


@dataclass(frozen=True)
class Called:
    """What a thing is called in one account; `name` is empty where it isn't known there."""

    connection: Connection
    name: str
    parent: str
    trouble: str
    mapping: str  # where it is changed, for whoever may


def called(user: User, kind: str, thing: Thing) -> list[Called]:
    """The company's accounts, each with the thing's name there."""
    rows: dict[int, Counterpart] = {}
    for row in Counterpart.objects.filter(**{kind: thing}, removed_at=None).order_by("active", "pk"):
        rows[row.connection_id] = row  # one in use goes before one in trouble
    manages = may(user, MAP, thing.company)
    found = []
    for connection in thing.company.connections.accounts():
        there = rows.get(connection.pk)
        found.append(
            Called(
                connection,
                name=(there.remote_name or str(thing)) if there else "",
                parent=there.remote_parent if there else "",
                trouble=str(there.get_trouble_display()) if there and there.trouble else "",
                mapping=reverse("mapping-choose", args=[connection.pk, kind, thing.pk]) if manages else "",
            )
        )
    return found


def uses(user: User, kind: str, thing: Thing) -> dict[str, Any]:
    """The latest entries that use the thing, of those that the person may see, and the way to all of them."""
    wanted = listing.wanted_of({"company": thing.company_id, FILTER_OF[kind]: thing.pk})
    page = list_pages.page(listing.find(scope_of(user), wanted), "", size=USES)
    address = reverse("entries") + intake_list.address(wanted, saved="none")
    return {"rows": intake_list.shown(page.keys), "all_uses": address, "more_uses": bool(page.older)}
