"""Invitations as administrators see them: asked, sent, sent again, taken back, accepted."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada import links
from alcada.history.actions import record
from alcada.people import actions, invitations, queries
from alcada.people.models import Company, Invitation, InvitationRole, Role, User
from alcada.people.rules import INVITATION_OPEN, invitation_state
from alcada.web import guards
from alcada.web.forms_base import Form
from alcada.web.guards import company_or_404, person
from alcada.web.people import RolesForm, roles_field

MANAGE: Final = "people.manage"
PER_PAGE: Final = 50
STATES: Final = {
    "waiting": ("blue", _("The e-mail is about to leave")),
    "sent": ("blue", _("Sent by e-mail")),
    "link": ("blue", _("A link was handed out")),
    "accepted": ("green", _("Accepted")),
    "expired": ("yellow", _("Ran out")),
    "taken_back": ("grey", _("Taken back")),
}
SHOWN: Final = {"open": _("Open"), "accepted": _("Accepted"), "taken_back": _("Taken back"), "all": _("All")}


class InviteForm(Form):
    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput({"autocomplete": "off"}))
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "off"})
    )
    company = forms.ModelChoiceField(Company.objects.none(), label=_("Company"), empty_label=None)
    roles = roles_field()

    def __init__(self, *args: Any, companies: QuerySet[Company], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["company"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = companies
        self.fields["roles"].required = True


@require_http_methods(["GET", "HEAD", "POST"])
def person_new(request: HttpRequest) -> HttpResponse:
    """Roles at once for who is here; an invitation for who is not."""
    user = person(request)
    narrowed = guards.companies_in_view(request, MANAGE)
    known = queries.open_invitations_seen_by(user).filter(pk=_number(request.GET.get("invitation"))).first()
    initial: dict[str, Any] = {"company": narrowed.first()}
    if known:
        initial |= {"name": known.name, "email": known.email}
    form = InviteForm(request.POST or None, companies=_mine(user), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            asked = invitations.invite(
                **form.cleaned_data, by=user, record=record, by_mail=settings.EMAIL_CONFIGURED
            )
        except actions.PersonInactiveError:
            form.add_error(
                "email",
                _("This person's access was ended. An administrator of the installation can give it back."),
            )
        else:
            return _asked(request, user, asked)
    context = {"form": form, "mail": settings.EMAIL_CONFIGURED}
    return render(request, "people/person_new.html", context, status=422 if form.errors else 200)


def _asked(request: HttpRequest, user: User, asked: User | Invitation) -> HttpResponse:
    if isinstance(asked, User):
        text = gettext("%(name)s was here already and now has these roles too.")
        messages.success(request, text % {"name": asked.name})
        return redirect("person", asked.pk)
    if settings.EMAIL_CONFIGURED:
        _say_on_its_way(request, asked)
    elif queries.may_hold_link(user, asked):
        _hand_out(request, asked, user)
    return redirect("invitation-page", asked.pk)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 19 else 0  # no row has 0


def _mine(user: User) -> QuerySet[Company]:
    return queries.companies_where(user, MANAGE)


def _manager(request: HttpRequest) -> User:
    user = person(request)
    if not user.is_administrator:
        guards.companies_in_view(request, MANAGE)
    return user


# --- All of them ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """`roles`: of the companies that the person looking administers."""

    invitation: Invitation
    state: str
    tone: str
    words: Any
    roles: list[tuple[Company, list[str]]]

    @property
    def is_open(self) -> bool:
        return self.state in INVITATION_OPEN


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    user = _manager(request)
    shown = request.GET.get("show", "open")
    shown = shown if shown in SHOWN else "open"
    found = _shown(queries.invitations_seen_by(user), shown)
    if chosen := _mine(user).filter(pk=_number(request.GET.get("company"))).first():
        found = found.filter(roles__company=chosen).distinct()
    wanted = request.GET.get("q", "").strip()[:100]
    if wanted:
        found = found.filter(Q(name__icontains=wanted) | Q(email__icontains=wanted))
    page = Paginator(_with_roles(found, user).order_by("-created_at", "-id"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "page": page,
        "rows": [_row(each) for each in page],
        "wanted": wanted,
        "shown": shown,
        "choices": SHOWN,
        "may_add": _mine(user).exists(),
    }
    return render(request, "people/invitations.html", context)


def _shown(found: QuerySet[Invitation], shown: str) -> QuerySet[Invitation]:
    if shown == "open":
        return found.filter(accepted_at=None, taken_back_at=None)
    if shown == "accepted":
        return found.exclude(accepted_at=None)
    return found.exclude(taken_back_at=None) if shown == "taken_back" else found


def _with_roles(found: QuerySet[Invitation], user: User) -> QuerySet[Invitation]:
    asked = InvitationRole.objects.select_related("company")
    if not user.is_administrator:
        asked = asked.filter(company__in=_mine(user))
    return found.select_related("invited_by").prefetch_related(Prefetch("roles", asked, to_attr="asked"))


def _row(invitation: Invitation) -> Row:
    state = invitation_state(invitation, timezone.now())
    tone, words = STATES[state]
    by_company: dict[int, tuple[Company, list[str]]] = {}
    asked: list[InvitationRole] = invitation.asked  # type: ignore[attr-defined]
    for one in sorted(asked, key=lambda each: list(Role).index(Role(each.role))):
        by_company.setdefault(one.company_id, (one.company, []))[1].append(str(Role(one.role).label))
    rows = sorted(by_company.values(), key=lambda each: (each[0].name, each[0].pk))
    return Row(invitation, state, tone, words, rows)


# --- One -----------------------------------------------------------------------------------------------------


def _found_or_404(request: HttpRequest, pk: int) -> tuple[User, Invitation]:
    user = _manager(request)
    found = _with_roles(queries.invitations_seen_by(user), user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return user, found


@never_cache
@require_safe
def one(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = _found_or_404(request, pk)
    return _show(request, user, found)


def _show(
    request: HttpRequest, user: User, found: Invitation, wrong: dict[int, RolesForm] | None = None
) -> HttpResponse:
    row = _row(found)
    mine = {company.pk for company in _mine(user).filter(pk__in=[each.pk for each, _roles in row.roles])}
    asked: list[Any] = found.asked  # type: ignore[attr-defined]
    made = request.session.pop("invitation", None) if request.method != "HEAD" else None
    context = {
        "row": row,
        "invitation": found,
        "forms": [
            (company, (wrong or {}).get(company.pk) or _roles_form(company, asked))
            for company, _roles in row.roles
            if company.pk in mine and row.is_open
        ],
        "seen": [each for each in row.roles if each[0].pk not in mine or not row.is_open],
        "elsewhere": 0 if user.is_administrator else _elsewhere(user, found),
        "may_hold": row.is_open and queries.may_hold_link(user, found),
        "may_change": row.is_open and (bool(mine) or user.is_administrator),
        "others": row.is_open and _mine(user).exclude(pk__in=mine).exists(),
        "link": made["link"] if made and made["invitation"] == found.pk else "",
        "mail": settings.EMAIL_CONFIGURED,
    }
    return render(request, "people/invitation.html", context, status=422 if wrong else 200)


def _elsewhere(user: User, found: Invitation) -> int:
    return found.roles.exclude(company__in=_mine(user)).values("company").distinct().count()


def _roles_form(company: Company, asked: list[Any]) -> RolesForm:
    held = [one.role for one in asked if one.company_id == company.pk]
    return RolesForm(initial={"roles": held}, auto_id=f"id_{company.pk}_%s")


@require_POST
def roles(request: HttpRequest, pk: int, company_id: int) -> HttpResponse:
    """Exactly these roles; none takes the company out of the invitation."""
    company = company_or_404(request, company_id, MANAGE)
    user, found = _found_or_404(request, pk)
    form = RolesForm(request.POST, auto_id=f"id_{company.pk}_%s")
    if not form.is_valid():
        return _show(request, user, found, {company.pk: form})
    try:
        invitations.set_roles(found, company, form.cleaned_data["roles"], by=user, record=record)
    except invitations.InvitationOverError:
        return _too_late(request, found)
    messages.success(request, gettext("Roles saved."))
    return _back(user, found)


@require_POST
def send(request: HttpRequest, pk: int) -> HttpResponse:
    """Once more. The address gets it, so it doesn't matter who administers the other companies."""
    user, found = _found_or_404(request, pk)
    if not settings.EMAIL_CONFIGURED:
        raise Http404
    try:
        invitations.send(found, by=user, record=record)
    except invitations.InvitationOverError:
        return _too_late(request, found)
    _say_on_its_way(request, found)
    return redirect("invitation-page", found.pk)


@require_POST
def link(request: HttpRequest, pk: int) -> HttpResponse:
    user, found = _found_or_404(request, pk)
    if not queries.may_hold_link(user, found):
        raise Http404
    try:
        _hand_out(request, found, user)
    except invitations.InvitationOverError:
        return _too_late(request, found)
    return redirect("invitation-page", found.pk)


@require_POST
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """What it gives in the companies that the person administers; all, by an administrator of the installation."""
    user, found = _found_or_404(request, pk)
    asked = Company.objects.filter(pk__in=found.roles.values("company"))
    mine = asked if user.is_administrator else asked.filter(pk__in=_mine(user))
    try:
        ended = invitations.take_back(found, mine, by=user, record=record)
    except invitations.InvitationOverError:
        return _too_late(request, found)
    if ended:
        messages.success(request, gettext("The invitation is taken back: its link opens nothing any more."))
    else:
        messages.success(request, gettext("Your companies are taken out of the invitation."))
    return redirect("invitations")


def _back(user: User, found: Invitation) -> HttpResponse:
    still = queries.invitations_seen_by(user).filter(pk=found.pk).exists()
    return redirect("invitation-page", found.pk) if still else redirect("invitations")


def _too_late(request: HttpRequest, found: Invitation) -> HttpResponse:
    messages.warning(request, gettext("The invitation was accepted or taken back meanwhile."))
    return redirect("invitation-page", found.pk)


def _hand_out(request: HttpRequest, found: Invitation, by: User) -> None:
    """Shown on the next page, once."""
    token = invitations.make_link(found, by=by, record=record)
    request.session["invitation"] = {
        "invitation": found.pk,
        "link": settings.ALCADA_URL + links.invitation(token),
    }


def _say_on_its_way(request: HttpRequest, found: Invitation) -> None:
    messages.success(request, gettext("The invitation is on its way to %(email)s.") % {"email": found.email})
