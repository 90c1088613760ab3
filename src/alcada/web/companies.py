"""Companies: the list with what waits in each, one company's settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from alcada.approval.models import Round
from alcada.connections.models import Connection
from alcada.history.actions import record
from alcada.people import actions, queries
from alcada.people.models import Company, Membership, Role, User
from alcada.posting.models import STUCK, Posting
from alcada.web.forms_base import DocumentField, Form
from alcada.web.guards import administrator_required, company_or_404, person

PER_PAGE: Final = 50
MANAGE: Final = "company.manage"


class CompanyForm(Form):
    name = forms.CharField(
        label=_("Name"), max_length=200, widget=forms.TextInput({"autocomplete": "organization"})
    )
    document = DocumentField(
        label=_("CNPJ"), help_text=_("The CNPJ of its account at Conta Azul. A sole trader may have a CPF.")
    )

    def clean_document(self) -> str:
        document: str = self.cleaned_data["document"]
        if Company.objects.filter(document=document).exists():
            raise forms.ValidationError(_("A company with this CNPJ is here already."))
        return document


class CompanyNameForm(Form):
    name = forms.CharField(label=_("Name"), max_length=200)


@dataclass(frozen=True)
class Row:
    """One company, and how it stands; None: not the person's to know."""

    company: Company
    people: int
    in_approval: int | None
    stuck: int | None
    account: tuple[str, str]  # tone and words
    manages: bool


@require_safe
def companies(request: HttpRequest) -> HttpResponse:
    """What a bureau opens in the morning: all in one list. An administrator of the installation sees every company."""
    user = person(request)
    seen = queries.companies_where(user, "entry.see_all")
    shown = Company.objects.all() if user.is_administrator else seen
    if not user.is_administrator and not seen.exists():
        raise PermissionDenied(gettext("None of your roles allows this."))
    wanted = request.GET.get("q", "").strip()
    if wanted:
        shown = shown.filter(Q(name__icontains=wanted) | Q(document__startswith=_alphanumeric(wanted) or "-"))
    page = Paginator(shown.order_by("name", "id"), PER_PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "rows": _rows(user, list(page.object_list), seen), "wanted": wanted}
    return render(request, "people/companies.html", context)


def _rows(user: User, shown: list[Company], seen: QuerySet[Company]) -> list[Row]:
    """Counted for one page, each figure in one statement."""
    ids = [one.pk for one in shown]
    may_see = set(seen.filter(pk__in=ids).values_list("pk", flat=True))
    manages = set(queries.companies_where(user, MANAGE).filter(pk__in=ids).values_list("pk", flat=True))
    members = Membership.objects.filter(company__in=ids, user__is_active=True, user__is_service=False)
    people = dict(
        members.order_by()
        .values("company")
        .annotate(n=Count("user", distinct=True))
        .values_list("company", "n")
    )
    rounds = Round.objects.filter(company__in=ids, state=Round.State.OPEN).order_by()
    asked = dict(rounds.values("company").annotate(n=Count("pk")).values_list("company", "n"))
    stuck_there = Posting.objects.filter(STUCK, entry__company__in=ids).order_by()
    stuck = dict(
        stuck_there.values("entry__company").annotate(n=Count("pk")).values_list("entry__company", "n")
    )
    accounts: dict[int, list[str]] = {}
    for pk, state in Connection.objects.filter(company__in=ids).values_list("company", "state"):
        accounts.setdefault(pk, []).append(state)
    return [
        Row(
            one,
            people.get(one.pk, 0),
            asked.get(one.pk, 0) if one.pk in may_see else None,
            stuck.get(one.pk, 0) if one.pk in may_see else None,
            _account(accounts.get(one.pk, [])),
            one.pk in manages or user.is_administrator,
        )
        for one in shown
    ]


def _account(states: list[str]) -> tuple[str, str]:
    """The worst of a company's accounts says how they stand."""
    if not states or set(states) == {Connection.State.NEW}:
        return "grey", gettext("not connected")
    for state in states:
        if state not in (Connection.State.CONNECTED, Connection.State.NEW):
            return "yellow", str(Connection.State(state).label)
    return "green", gettext("connected")


def _alphanumeric(text: Iterable[str]) -> str:
    return "".join(c for c in text if c.isalnum()).upper()


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def company_new(request: HttpRequest) -> HttpResponse:
    form = CompanyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        made = actions.create_company(**form.cleaned_data, by=person(request), record=record)
        messages.success(
            request, gettext("%(name)s is here now, and you administer it.") % {"name": made.name}
        )
        return redirect("/" if Company.objects.count() == 1 else "companies")
    context = {"form": form, "first": not Company.objects.exists()}
    return render(request, "people/company_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def company(request: HttpRequest, pk: int) -> HttpResponse:
    """Its name. An administrator of the installation may correct it too: they made it."""
    user = person(request)
    if user.is_administrator:
        found = Company.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
    else:
        found = company_or_404(request, pk, "people.manage")
    form = CompanyNameForm(request.POST or None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        actions.rename_company(found, form.cleaned_data["name"], by=user, record=record)
        messages.success(request, gettext("Saved."))
        return redirect("company", found.pk)
    context = {
        "company": found,
        "form": form,
        "administrators": queries.holders(found, Role.ADMINISTRATOR),
        "settings": _settings(found) if queries.may(user, "company.manage", found) else [],
    }
    return render(request, "people/company.html", context, status=422 if form.errors else 200)


@dataclass(frozen=True)
class Setting:
    """A page on which something of the company is set."""

    url: str
    icon: str
    label: str
    text: str


def _settings(company: Company) -> list[Setting]:
    narrowed = f"?company={company.pk}"
    return [
        Setting(
            reverse("people") + narrowed,
            "users",
            gettext("People"),
            gettext("Who may do what, and who answers to whom"),
        ),
        Setting(
            reverse("connections") + narrowed,
            "plug",
            gettext("Connections"),
            gettext("Its accounts at Conta Azul, routing and mapping"),
        ),
        Setting(
            reverse("company-fields", args=[company.pk]),
            "file-invoice",
            gettext("Own fields"),
            gettext("What entries carry besides what Conta Azul has"),
        ),
        Setting(
            reverse("directory-cost-centres") + narrowed,
            "address-book",
            gettext("Cost centres"),
            gettext("Names, owners, monthly budgets"),
        ),
        Setting(
            reverse("tokens-services", args=[company.pk]),
            "key",
            gettext("Service tokens"),
            gettext("Tokens with which programs call the API"),
        ),
        Setting(
            reverse("flows") + narrowed,
            "git-branch",
            gettext("Flows"),
            gettext("Who is asked about what"),
        ),
    ]
