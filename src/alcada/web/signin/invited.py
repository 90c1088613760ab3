"""The page of an invitation's link: who asks whom into what, and how the person wants to sign in from now on."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from alcada.history.actions import record
from alcada.people import invitations
from alcada.people.actions import PeopleError
from alcada.people.models import Invitation, Role, User
from alcada.web.forms_base import Form
from alcada.web.session import NewPasswordMixin
from alcada.web.signin import devices, passkeys
from alcada.web.signin.address import passkeys_work_at
from alcada.web.signin.entering import enter
from alcada.web.signin.passkey_forms import NewForm

_PERSON = "invited_person_id"  # in the session: the id that the passkey being made carries


class NameForm(Form):
    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"})
    )


class ComeForm(NewPasswordMixin, NameForm):
    field_order = ["name", "password"]

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        self.email = email
        super().__init__(*args, **kwargs)

    def owner(self) -> User:
        return User(name=self.cleaned_data.get("name", ""), email=self.email)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Looking at it uses nothing up. The POST says with what: a password, or a passkey that the browser made."""
    found = invitations.find(token)
    if found is None:
        return _over(request)
    if (
        request.method != "POST" or request.user.is_authenticated
    ):  # another person's browser: they sign out first
        return _show(request, found, token)
    if "credential" in request.POST:
        return _with_passkey(request, found, token)
    form = ComeForm(request.POST, email=found.email)
    if not form.is_valid():
        return _show(request, found, token, form=form)
    try:
        user = invitations.accept(
            found, **form.cleaned_data, how="password", language=_language(request), record=record
        )
    except PeopleError:
        return _over(request)
    return enter(request, user, "/")


@never_cache
@require_POST
def passkey_options(request: HttpRequest, token: str) -> HttpResponse:
    """For a passkey of the person who is about to be made: their id is drawn now, since the passkey carries it."""
    found = invitations.find(token)
    if found is None or request.user.is_authenticated:
        return HttpResponse(status=410)
    here = User.objects.filter(email=found.email).first()
    person_id = here.pk if here else invitations.next_person_id()
    request.session[_PERSON] = [found.pk, person_id]
    return passkeys.registration(User(pk=person_id, email=found.email, name=request.POST.get("name", "")))


def _with_passkey(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    name, made = NameForm(request.POST), NewForm(request.POST)
    invitation_id, person_id = request.session.pop(_PERSON, [0, 0])
    if not name.is_valid() or invitation_id != found.pk:
        form = ComeForm(request.POST, email=found.email)
        return _show(request, found, token, form=form, only_name=True)
    if not made.is_valid():
        form = ComeForm(initial={"name": name.cleaned_data["name"]}, email=found.email)
        return _show(request, found, token, form=form, trouble=made.error)
    kept: list[Any] = []
    try:
        invitations.accept(
            found,
            name=name.cleaned_data["name"],
            how="passkey",
            language=_language(request),
            person_id=person_id,
            record=record,
            then=lambda user: kept.append(
                passkeys.keep(user, made.cleaned_data["credential"], devices.name_of(request))
            ),
        )
    except PeopleError:
        return _over(request)
    return passkeys.enter_with(request, kept[0], "/")


def _language(request: HttpRequest) -> str:
    return str(getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE))


def _over(request: HttpRequest) -> HttpResponse:
    return render(request, "signin/invitation_over.html", status=410)


def _show(
    request: HttpRequest,
    found: Invitation,
    token: str,
    *,
    form: ComeForm | None = None,
    trouble: str = "",
    only_name: bool = False,
) -> HttpResponse:
    form = form or ComeForm(initial={"name": found.name}, email=found.email)
    if only_name:
        form.errors.pop("password", None)
    asked = found.roles.select_related("company")
    by_company: dict[str, list[str]] = {}
    for one in sorted(asked, key=lambda each: (each.company.name, list(Role).index(Role(each.role)))):
        by_company.setdefault(one.company.name, []).append(str(Role(one.role).label))
    context = {
        "invitation": found,
        "token": token,
        "form": form,
        "companies": by_company,
        "passkeys_work": passkeys_work_at(request),
        "provider": settings.OIDC,
        "trouble": trouble,
    }
    return render(request, "signin/invitation.html", context, status=422 if form.errors or trouble else 200)
