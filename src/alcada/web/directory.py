"""Vendors and customers: the list, and each one's own page with its names in Conta Azul and its entries."""

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from alcada.directory import actions
from alcada.directory.actions import DirectoryError
from alcada.directory.models import Counterpart, Party
from alcada.directory.queries import parties_of
from alcada.people.models import Company
from alcada.people.queries import companies_where, may
from alcada.web import paging
from alcada.web.directory_forms import PartyForm, add_error
from alcada.web.directory_frame import CHANGE, PAGE, SEE, around, called, choose_company, chosen_company, uses
from alcada.web.guards import companies_in_view, person, require


@require_safe
def parties(request: HttpRequest) -> HttpResponse:
    companies = companies_in_view(request, SEE)
    side, text = request.GET.get("side", ""), request.GET.get("q", "").strip()[:100]
    side = side if side in ("vendor", "customer") else ""
    found = parties_of(companies, side, text)
    known = Counterpart.objects.filter(party=OuterRef("pk"), active=True)
    rows = found.annotate(known=Exists(known)).select_related("company")
    page = paging.page(request, rows, ["normalised_name"], PAGE)
    context = {
        **around(request, "parties"),
        "page": page,
        "side": side,
        "text": text,
        "several": companies.count() > 1,
    }
    template = "directory/_parties.html" if _is_fragment(request) else "directory/parties.html"
    return render(request, template, context)


@require_http_methods(["GET", "HEAD", "POST"])
def party_new(request: HttpRequest) -> HttpResponse:
    company = chosen_company(request)
    if company is None:
        return choose_company(request, "parties", companies_where(person(request), CHANGE))
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
    context = {**around(request, "parties"), "form": form, "company": company}
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
            return redirect("directory-party", found.pk)
    context = {
        **around(request, "parties"),
        "form": form,
        "company": found.company,
        "party": found,
        "changeable": changeable,
        "called": called(person(request), "party", found),
        **uses(person(request), "party", found),
    }
    return render(request, "directory/party.html", context, status=422 if form.errors else 200)


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


def _is_fragment(request: HttpRequest) -> bool:
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-Boosted")
