"""Cost centres, categories and bank accounts: lists to search, and each one's own page, for every role."""

from decimal import Decimal
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from alcada.directory import actions, documents
from alcada.directory.actions import DirectoryError
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, EntryKind
from alcada.flow import budgets
from alcada.intake import drafts
from alcada.people.models import Company, User
from alcada.people.queries import companies_where, may
from alcada.web import intake_list, paging
from alcada.web.directory_forms import CostCentreForm, add_error
from alcada.web.directory_frame import CHANGE, PAGE, SEE, around, called, choose_company, chosen_company, uses
from alcada.web.guards import companies_in_view, person, require

M = TypeVar("M", CostCentre, Category, BankAccount)


@require_safe
def cost_centres(request: HttpRequest) -> HttpResponse:
    companies, text = companies_in_view(request, SEE), _text(request)
    found = CostCentre.objects.filter(company__in=companies)
    if text:
        named = Q(normalised_name__contains=documents.normalise_name(text)) | Q(code__istartswith=text)
        found = found.filter(named)
    rows = _mapped(found, "cost_centre").select_related("company", "owner")
    context = {
        **around(request, "cost_centres"),
        "page": paging.page(request, rows, ["normalised_name"], PAGE),
        "text": text,
        "several": companies.count() > 1,
    }
    return render(request, "directory/cost_centres.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cost_centre_new(request: HttpRequest) -> HttpResponse:
    company = chosen_company(request)
    if company is None:
        return choose_company(request, "cost_centres", companies_where(person(request), CHANGE))
    return _cost_centre_page(request, company, None)


@require_http_methods(["GET", "HEAD", "POST"])
def cost_centre(request: HttpRequest, pk: int) -> HttpResponse:
    found = CostCentre.objects.select_related("company", "owner").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), CHANGE if request.method == "POST" else SEE, found.company)
    return _cost_centre_page(request, found.company, found)


def _cost_centre_page(request: HttpRequest, company: Company, centre: CostCentre | None) -> HttpResponse:
    told = ("name", "code", "active", "owner", "monthly_budget")
    initial = {name: getattr(centre, name) for name in told} if centre else None
    form = CostCentreForm(request.POST or None, initial=initial, company=company)
    if request.method == "POST" and form.is_valid():
        try:
            actions.save_cost_centre(company, centre=centre, by=person(request), **form.cleaned_data)
        except DirectoryError as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return (
                redirect("directory-cost-centre", centre.pk) if centre else redirect("directory-cost-centres")
            )
    user = person(request)
    context = {
        **around(request, "cost_centres"),
        "form": form,
        "company": company,
        "centre": centre,
        "changeable": centre is None or may(user, CHANGE, company),
        **(
            {
                "called": called(user, "cost_centre", centre),
                **uses(user, "cost_centre", centre),
                **_budget(user, centre),
            }
            if centre
            else {}
        ),
        "mapped": centre is not None and centre.counterparts.filter(active=True).exists(),
    }
    return render(request, "directory/cost_centre.html", context, status=422 if form.errors else 200)


def _budget(user: User, centre: CostCentre) -> dict[str, Any]:
    """What of this month's budget is taken, for who sees all of the company's entries: it is the sum of all."""
    if centre.monthly_budget is None or not may(user, "entry.see_all", centre.company):
        return {}
    today = drafts.today()
    taken = budgets.approved(centre, today)
    wanted = {"company": str(centre.company_id), "centre": str(centre.pk), "month": f"{today:%m/%Y}"}
    return {
        "budget": {
            "month": today,
            "taken": taken,
            "left": centre.monthly_budget - taken,
            "over": max(taken - centre.monthly_budget, Decimal(0)),
            "percent": int(taken * 100 / centre.monthly_budget),
            "entries": reverse("entries") + intake_list.address({**wanted, "kind": "payable"}, saved="none"),
        }
    }


@require_safe
def categories(request: HttpRequest) -> HttpResponse:
    companies, text = companies_in_view(request, SEE), _text(request)
    kind = request.GET.get("kind", "")
    found = Category.objects.filter(company__in=companies)
    if kind in EntryKind.values:
        found = found.filter(kind=kind)
    if text:
        found = found.filter(Q(name__icontains=text) | Q(parent_name__icontains=text))
    rows = _mapped(found, "category").select_related("company")
    context = {
        **around(request, "categories"),
        "page": paging.page(request, rows, ["parent_name", "name"], PAGE),
        "text": text,
        "kind": kind if kind in EntryKind.values else "",
        "kinds": EntryKind.choices,
        "several": companies.count() > 1,
    }
    return render(request, "directory/categories.html", context)


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    companies, text = companies_in_view(request, SEE), _text(request)
    found = BankAccount.objects.filter(company__in=companies)
    if text:
        found = found.filter(name__icontains=text)
    rows = _mapped(found, "bank_account").select_related("company")
    context = {
        **around(request, "accounts"),
        "page": paging.page(request, rows, ["name"], PAGE),
        "text": text,
        "several": companies.count() > 1,
    }
    return render(request, "directory/accounts.html", context)


@require_safe
def category(request: HttpRequest, pk: int) -> HttpResponse:
    found = Category.objects.select_related("company").filter(pk=pk).first()
    return _thing_page(request, "category", found, "categories")


@require_safe
def account(request: HttpRequest, pk: int) -> HttpResponse:
    found = BankAccount.objects.select_related("company").filter(pk=pk).first()
    return _thing_page(request, "bank_account", found, "accounts")


def _thing_page(
    request: HttpRequest, kind: str, found: Category | BankAccount | None, tab: str
) -> HttpResponse:
    """What comes from Conta Azul and is changed there: what it is, what it is called where, which entries use it."""
    if found is None:
        raise Http404
    user = person(request)
    require(user, SEE, found.company)
    context = {
        **around(request, tab),
        "kind": kind,
        "thing": found,
        "company": found.company,
        "called": called(user, kind, found),
        **uses(user, kind, found),
    }
    return render(request, "directory/thing.html", context)


def _mapped(found: QuerySet[M], field: str) -> QuerySet[M]:
    there = Counterpart.objects.filter(**{field: OuterRef("pk")}, active=True)
    return found.annotate(mapped=Exists(there))


def _text(request: HttpRequest) -> str:
    return request.GET.get("q", "").replace("\x00", "").strip()[:100]
