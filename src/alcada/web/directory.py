"""Pages of the directory: vendors and customers, cost centres, what comes from Conta Azul, and a company's defaults."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from alcada.directory import actions
from alcada.directory.actions import DirectoryError
from alcada.directory.models import CostCentre, Counterpart, EntryKind, Party
from alcada.directory.queries import (
    defaults_for,
    parties_of,
)
from alcada.people.models import Company
from alcada.people.queries import companies_where, may
from alcada.web.directory_forms import CostCentreForm, PartyForm, UsualForm, add_error
from alcada.web.guards import companies_in_view, company_or_404, person, require

SEE: Final = "directory.see"
CHANGE: Final = "directory.change"
PAGE: Final = 50


@require_safe
def parties(request: HttpRequest) -> HttpResponse:
    companies = companies_in_view(request, SEE)
    side, text = request.GET.get("side", ""), request.GET.get("q", "").strip()[:100]
    side = side if side in ("vendor", "customer") else ""
    found = parties_of(companies, side, text)
    known = Counterpart.objects.filter(party=OuterRef("pk"), active=True)
    rows = found.annotate(known=Exists(known)).select_related("company").order_by("normalised_name", "id")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        **_around(request, "parties"),
        "page": page,
        "side": side,
        "text": text,
        "several": companies.count() > 1,
    }
    template = "directory/_parties.html" if _is_fragment(request) else "directory/parties.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
def party_new(request: HttpRequest) -> HttpResponse:
    company = _chosen_company(request)
    if company is None:
        return _choose_company(request, "parties", companies_where(person(request), CHANGE))
    form = PartyForm(request.POST or None, initial={"is_vendor": request.GET.get("side") != "customer"})
    form.offer(company, "")
    if request.method == "POST" and form.is_valid():
        try:
            _refuse_twin(company, form)
            made = actions.save_party(
                company,
                name=form.cleaned_data["name"],
                document=form.cleaned_data["document"],
                email=form.cleaned_data["email"],
                is_vendor=form.cleaned_data["is_vendor"],
                is_customer=form.cleaned_data["is_customer"],
                by=person(request),
            )
            if any(vars(form.usual()).values()):
                _change_party(request, made, form)
        except DirectoryError as error:
            add_error(form, error)
        else:
            messages.success(request, _("%(name)s is in the directory.") % {"name": made.name})
            return redirect("directory")
    context = {**_around(request, "parties"), "form": form, "company": company}
    return render(request, "directory/party.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def party(request: HttpRequest, pk: int) -> HttpResponse:
    found = Party.objects.select_related("company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), SEE, found.company)
    changeable = may(person(request), CHANGE, found.company)
    if request.method == "POST":
        require(person(request), CHANGE, found.company)
    initial = {
        "name": found.name,
        "document": found.document,
        "email": found.email,
        "is_vendor": found.is_vendor,
        "is_customer": found.is_customer,
        "category": found.default_category_id,
        "cost_centre": found.default_cost_centre_id,
        "bank_account": found.default_bank_account_id,
    }
    form = PartyForm(request.POST or None, initial=initial)
    form.offer(found.company, "")
    if request.method == "POST" and form.is_valid():
        try:
            _change_party(request, found, form)
        except DirectoryError as error:
            add_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("directory")
    if not changeable:
        for field in form.fields.values():
            field.disabled = True
    context = {
        **_around(request, "parties"),
        "form": form,
        "company": found.company,
        "party": found,
        "changeable": changeable,
        "counterparts": list(found.counterparts.filter(active=True).select_related("connection")),
    }
    return render(request, "directory/party.html", context, status=422 if form.errors else 200)


@require_safe
def cost_centres(request: HttpRequest) -> HttpResponse:
    companies = companies_in_view(request, SEE)
    mapped = Counterpart.objects.filter(cost_centre=OuterRef("pk"), active=True)
    rows = (
        CostCentre.objects.filter(company__in=companies)
        .annotate(mapped=Exists(mapped))
        .select_related("company", "owner")
        .order_by("company__name", "-active", "code", "name")
    )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {**_around(request, "cost_centres"), "page": page, "several": companies.count() > 1}
    return render(request, "directory/cost_centres.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def cost_centre_new(request: HttpRequest) -> HttpResponse:
    company = _chosen_company(request)
    if company is None:
        return _choose_company(request, "cost_centres", companies_where(person(request), CHANGE))
    return _cost_centre_page(request, company, None)


@require_http_methods(["GET", "HEAD", "POST"])
def cost_centre(request: HttpRequest, pk: int) -> HttpResponse:
    found = CostCentre.objects.select_related("company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), CHANGE, found.company)
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
            return redirect("directory-cost-centres")
    context = {
        **_around(request, "cost_centres"),
        "form": form,
        "company": company,
        "centre": centre,
        "mapped": centre is not None and centre.counterparts.filter(active=True).exists(),
    }
    return render(request, "directory/cost_centre.html", context, status=422 if form.errors else 200)


@require_safe
def from_conta_azul(request: HttpRequest) -> HttpResponse:
    companies = companies_in_view(request, SEE)
    company = _only(companies)
    if company is None:
        return _choose_company(request, "from", companies)
    context = {
        **_around(request, "from"),
        "company": company,
        "connected": company.connections.accounts().exists(),
        "kinds": [
            (kind, company.categories.filter(kind=kind).order_by("parent_name", "-active", "name"))
            for kind in EntryKind
        ],
        "accounts": company.bank_accounts.order_by("-active", "-is_default", "name"),
    }
    return render(request, "directory/from_conta_azul.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest) -> HttpResponse:
    """A company's usual choices, one small form per kind of entry; a POST says which kind."""
    company = _only(companies_in_view(request, SEE))
    if company is None:
        return _choose_company(request, "defaults", companies_in_view(request, SEE))
    if request.method == "POST":
        require(person(request), CHANGE, company)
    forms_of: dict[EntryKind, UsualForm] = {}
    for kind in EntryKind:
        sent = request.method == "POST" and request.POST.get("kind") == kind.value
        forms_of[kind] = form = _defaults_form(company, kind, request.POST if sent else None)
        if sent and form.is_valid() and _save_defaults(request, company, kind, form):
            return redirect(request.get_full_path())
    context = {
        **_around(request, "defaults"),
        "company": company,
        "forms": list(forms_of.items()),
        "changeable": may(person(request), CHANGE, company),
    }
    wrong = any(form.errors for form in forms_of.values())
    return render(request, "directory/defaults.html", context, status=422 if wrong else 200)


def _defaults_form(company: Company, kind: EntryKind, data: Any) -> UsualForm:
    stored = defaults_for(company, kind)
    initial = (
        {
            "category": stored.category_id,
            "cost_centre": stored.cost_centre_id,
            "bank_account": stored.bank_account_id,
        }
        if stored
        else None
    )
    form = UsualForm(data, initial=initial, auto_id=f"id_{kind.value}_%s")
    form.offer(company, kind.value)
    return form


def _save_defaults(request: HttpRequest, company: Company, kind: EntryKind, form: UsualForm) -> bool:
    try:
        actions.set_defaults(company, kind.value, form.usual(), by=person(request))
    except DirectoryError as error:
        add_error(form, error)
        return False
    messages.success(request, _("Saved for %(company)s.") % {"company": company.name})
    return True


def _change_party(request: HttpRequest, found: Party, form: PartyForm) -> None:
    data = form.cleaned_data
    actions.change_party(
        found,
        name=data["name"],
        document=data["document"],
        email=data["email"],
        is_vendor=data["is_vendor"],
        is_customer=data["is_customer"],
        usual=form.usual(),
        by=person(request),
    )


def _refuse_twin(company: Company, form: PartyForm) -> None:
    """A form that says "new" must not quietly change somebody who is there."""
    document = form.cleaned_data["document"]
    twin = Party.objects.filter(company=company, document=document).first() if document else None
    if twin:
        message = _("%(name)s has this CPF or CNPJ already: open it in the list.") % {"name": twin.name}
        raise DirectoryError("document", "taken", message)


def _around(request: HttpRequest, tab: str) -> dict[str, Any]:
    """The tabs, and whether the person may change anything."""
    chosen = request.GET.get("company", "")
    suffix = f"?company={chosen}" if chosen.isdecimal() else ""
    names = (
        ("parties", _("Vendors and customers"), "directory"),
        ("cost_centres", _("Cost centres"), "directory-cost-centres"),
        ("from", _("Categories and accounts"), "directory-from-conta-azul"),
        ("defaults", _("Defaults"), "directory-defaults"),
    )
    tabs = [
        {"label": label, "url": reverse(name) + suffix, "active": code == tab} for code, label, name in names
    ]
    return {
        "tabs": tabs,
        "suffix": suffix,
        "may_change": companies_where(person(request), CHANGE).exists(),
    }


def _chosen_company(request: HttpRequest) -> Company | None:
    """Where something new goes: `?company=`, else the only company that the person may change."""
    chosen = request.GET.get("company", "")
    if chosen.isdecimal() and len(chosen) < 19:
        return company_or_404(request, int(chosen), CHANGE)
    allowed = list(companies_where(person(request), CHANGE)[:2])
    if not allowed:
        raise PermissionDenied(_("None of your roles allows this."))
    return allowed[0] if len(allowed) == 1 else None


def _only(companies: QuerySet[Company]) -> Company | None:
    """The company that the page is about: chosen, or the only one there is."""
    found = list(companies.order_by("name")[:2])
    return found[0] if len(found) == 1 else None


def _choose_company(request: HttpRequest, tab: str, companies: QuerySet[Company]) -> HttpResponse:
    context = {**_around(request, tab), "companies": companies.order_by("name")}
    return render(request, "directory/choose.html", context)


def _is_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted")
