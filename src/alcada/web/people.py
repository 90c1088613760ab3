"""People and companies: who may do what, where."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from alcada.history.actions import record
from alcada.notify import people_mail
from alcada.people import actions, queries
from alcada.people.models import Company, Membership, Role, User
from alcada.web import guards
from alcada.web.forms_base import Choices, Form
from alcada.web.guards import administrator_required, company_or_404, person
from alcada.web.signin import resetting

PER_PAGE = 50

ROLE_HINTS = {
    Role.REQUESTER: _("Requester: enters payables and receivables and follows their own"),
    Role.APPROVER: _("Approver: decides what the flows ask, and sees every entry"),
    Role.FINANCE: _("Finance: mends postings, keeps directory and mapping, and sees every entry"),
    Role.ADMINISTRATOR: _("Administrator: people, connections and flows, and all that finance may"),
    Role.AUDITOR: _("Auditor: sees every entry and its history, and changes nothing"),
}


def roles_field() -> forms.TypedMultipleChoiceField:
    return forms.TypedMultipleChoiceField(
        label=_("Roles"),
        choices=[(role.value, hint) for role, hint in ROLE_HINTS.items()],
        coerce=Role,
        widget=Choices,
        required=False,
    )


class RolesForm(Form):
    roles = roles_field()


class ManagerForm(Form):
    manager: Any = forms.ModelChoiceField(
        User.objects.none(), label=_("Answers to"), required=False, empty_label=_("Nobody")
    )

    def __init__(self, *args: Any, shown: User, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["manager"].queryset = queries.people_of(company).exclude(pk=shown.pk)  # type: ignore[attr-defined]
        self.initial = {"manager": queries.manager_of(shown, company)}


# --- People --------------------------------------------------------------------------------------------------


def _administered(user: User) -> QuerySet[Company]:
    return queries.companies_where(user, "people.manage")


def _people_seen_by(user: User) -> QuerySet[User]:
    """Those with a role in a company that the person administers; all, for the installation's administrators."""
    people = User.objects.filter(is_service=False)  # a company's services are on its page of tokens
    if user.is_administrator:
        return people
    return people.filter(memberships__company__in=_administered(user).values("pk")).distinct()


def _manager(request: HttpRequest) -> User:
    """Who is signed in, if they manage anybody."""
    user = person(request)
    if not user.is_administrator:
        guards.companies_in_view(request, "people.manage")
    return user


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    user = _manager(request)
    administered = _administered(user)
    shown = _people_seen_by(user)
    if chosen := administered.filter(pk=_number(request.GET.get("company"))).first():
        shown = shown.filter(memberships__company=chosen).distinct()
    wanted = request.GET.get("q", "").strip()
    if wanted:
        shown = shown.filter(Q(name__icontains=wanted) | Q(email__icontains=wanted))
    mine = Membership.objects.filter(company__in=administered).select_related("company")
    shown = shown.prefetch_related(
        Prefetch("memberships", mine.order_by("company__name", "id"), to_attr="mine")
    )
    page = Paginator(shown.order_by("-is_active", "name", "id"), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "wanted": wanted,
        "may_add": administered.exists(),
        "invited": queries.open_invitations_seen_by(user).count(),
    }
    return render(request, "people/people.html", context)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0  # no row has 0


@dataclass(frozen=True)
class Row:
    """A company, and what the person may do there."""

    company: Company
    form: RolesForm
    manager: ManagerForm


@require_safe
def person_page(request: HttpRequest, pk: int) -> HttpResponse:
    user = _manager(request)
    shown = _person_or_404(user, pk)
    return _show_person(request, user, shown)


def _person_or_404(user: User, pk: int) -> User:
    found = _people_seen_by(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _show_person(
    request: HttpRequest, user: User, shown: User, wrong: dict[int, RolesForm] | None = None
) -> HttpResponse:
    companies = _administered(user).filter(memberships__user=shown).distinct()
    rows = [
        Row(
            c,
            (wrong or {}).get(c.pk) or _roles_form(shown, c),
            ManagerForm(shown=shown, company=c, auto_id=f"id_{c.pk}_%s"),
        )
        for c in companies
    ]
    context = {
        "shown": shown,
        "rows": rows,
        "others": _administered(user).exclude(memberships__user=shown).exists(),
        "elsewhere": queries.companies_of(shown).exclude(pk__in=_administered(user).values("pk")).count(),
        "may_make_link": shown.is_active and queries.may_make_link(user, shown),
        "may_end": user.is_administrator and user != shown,
        "may_reset": shown.is_active and user != shown and resetting.may_reset(user, shown),
        "link": _link_just_made(request, shown),
        "mail": settings.EMAIL_CONFIGURED,
    }
    return render(request, "people/person.html", context, status=422 if wrong else 200)


def _roles_form(shown: User, company: Company) -> RolesForm:
    held = queries.roles_of(shown, company)
    return RolesForm(initial={"roles": held}, auto_id=f"id_{company.pk}_%s")


@require_POST
def person_roles(request: HttpRequest, pk: int, company_id: int) -> HttpResponse:
    """Give exactly these roles; none of them takes the person out of the company."""
    company = company_or_404(request, company_id, "people.manage")
    user = person(request)
    shown = _person_or_404(user, pk)
    form = RolesForm(request.POST, auto_id=f"id_{company.pk}_%s")
    if form.is_valid():
        try:
            actions.give_roles(shown, company, form.cleaned_data["roles"], by=user, record=record)
        except actions.LastAdministratorError:
            form.add_error("roles", _("The company needs an administrator: make somebody else one before."))
        else:
            messages.success(request, gettext("Roles saved."))
            left = not _people_seen_by(user).filter(pk=shown.pk).exists()
            return redirect("people") if left else redirect("person", shown.pk)
    return _show_person(request, user, shown, {company.pk: form})


@require_POST
def person_manager(request: HttpRequest, pk: int, company_id: int) -> HttpResponse:
    company = company_or_404(request, company_id, "people.manage")
    user = person(request)
    shown = _person_or_404(user, pk)
    form = ManagerForm(request.POST, shown=shown, company=company)
    if not form.is_valid():
        raise Http404
    try:
        actions.set_manager(shown, company, form.cleaned_data["manager"], by=user, record=record)
    except actions.NotOfCompanyError as exc:
        raise Http404 from exc
    messages.success(request, gettext("Saved."))
    return redirect("person", shown.pk)


@require_POST
def person_link(request: HttpRequest, pk: int) -> HttpResponse:
    user = _manager(request)
    shown = _person_or_404(user, pk)
    if not (shown.is_active and queries.may_make_link(user, shown)):
        raise Http404
    _hand_out_link(request, shown, user)
    return redirect("person", shown.pk)


@require_POST
def person_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """For somebody who lost everything: no way in is left but the link that is made."""
    user = _manager(request)
    shown = _person_or_404(user, pk)
    if shown == user or not (shown.is_active and resetting.may_reset(user, shown)):
        raise Http404
    resetting.reset(shown, by=user)
    _hand_out_link(request, shown, user)
    return redirect("person", shown.pk)


def _hand_out_link(request: HttpRequest, shown: User, by: User) -> None:
    """Shown on the next page, once; by e-mail too where that is set up."""
    token = actions.make_link(shown, by=by, record=record)
    link = settings.ALCADA_URL + reverse("welcome", args=[token])
    request.session["welcome"] = {"person": shown.pk, "link": link}
    if settings.EMAIL_CONFIGURED:
        _mail_link(request, shown, by, link)


def _mail_link(request: HttpRequest, shown: User, by: User, link: str) -> None:
    try:
        people_mail.send_welcome(shown, by=by, link=link)
    except OSError:  # the mail server's; the link is on the screen
        messages.warning(
            request, gettext("The e-mail could not be sent. Give the link to the person yourself.")
        )


def _link_just_made(request: HttpRequest, shown: User) -> str:
    made = request.session.pop("welcome", None)
    return str(made["link"]) if made and made["person"] == shown.pk else ""


@require_POST
@administrator_required
def person_deactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    shown = _person_or_404(user, pk)
    if shown == user:
        raise Http404
    try:
        actions.deactivate(shown, by=user, record=record)
    except actions.LastAdministratorError as error:
        text = gettext("Nobody else administers %(what)s: make somebody else an administrator before.")
        messages.error(request, text % {"what": str(error) or gettext("the installation")})
    else:
        messages.success(request, gettext("%(name)s no longer has access.") % {"name": shown.name})
    return redirect("person", shown.pk)


@require_POST
@administrator_required
def person_reactivate(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    shown = _person_or_404(user, pk)
    actions.reactivate(shown, by=user, record=record)
    messages.success(request, gettext("%(name)s has access again.") % {"name": shown.name})
    return redirect("person", shown.pk)
