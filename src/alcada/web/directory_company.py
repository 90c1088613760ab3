"""A company's usual choices, and the way to what its things are called in each Conta Azul account."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from alcada.connections.models import Connection
from alcada.directory import actions
from alcada.directory.actions import DirectoryError
from alcada.directory.models import EntryKind
from alcada.directory.queries import defaults_for
from alcada.people.models import Company
from alcada.people.queries import may
from alcada.web import paging
from alcada.web.directory_forms import UsualForm, add_error
from alcada.web.directory_frame import CHANGE, MAP, PAGE, SEE, around, choose_company, only
from alcada.web.guards import companies_in_view, person, require


@require_safe
def mapping(request: HttpRequest) -> HttpResponse:
    """The accounts whose mapping the person looks after: who has no page of connections gets there from here."""
    companies = companies_in_view(request, MAP)
    text = request.GET.get("q", "").strip()[:100]
    found = Connection.objects.accounts().filter(company__in=companies).select_related("company")
    if text:
        found = found.filter(company__name__icontains=text)
    page = paging.page(request, found, ["name"], PAGE)
    context = {**around(request, "mapping"), "page": page, "text": text}
    return render(request, "directory/mapping.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def defaults(request: HttpRequest) -> HttpResponse:
    """A company's usual choices, one small form per kind of entry; a POST says which kind."""
    company = only(companies_in_view(request, SEE))
    if company is None:
        return choose_company(request, "defaults", companies_in_view(request, SEE))
    if request.method == "POST":
        require(person(request), CHANGE, company)
    forms_of: dict[EntryKind, UsualForm] = {}
    for kind in EntryKind:
        sent = request.method == "POST" and request.POST.get("kind") == kind.value
        forms_of[kind] = form = _defaults_form(company, kind, request.POST if sent else None)
        if sent and form.is_valid() and _save_defaults(request, company, kind, form):
            return redirect(request.get_full_path())
    context = {
        **around(request, "defaults"),
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
