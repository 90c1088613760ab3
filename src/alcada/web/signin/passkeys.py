"""Passkeys: signing in with one, and those on the profile. The browser's part is static/passkeys.js."""

from typing import Any

from allauth.account.stages import LoginStageController
from allauth.core.internal import ratelimit
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from alcada.history.actions import record
from alcada.people.models import User
from alcada.web.forms_base import Form
from alcada.web.guards import person
from alcada.web.signin import devices
from alcada.web.signin.address import next_address
from alcada.web.signin.entering import go_on
from alcada.web.signin.passkey_forms import NewForm, SignInForm
from alcada.web.signin.recently import lately_required
from alcada.web.signin.second_step import SecondStep

MOST = 20  # of one person


def json_of(options: Any) -> JsonResponse:
    """What python-fido2 asks of the browser; its values are mappings of its own kinds."""
    return JsonResponse({"publicKey": _plain(options["publicKey"])})


def _plain(value: Any) -> Any:
    if hasattr(value, "items"):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


# --- Signing in ----------------------------------------------------------------------------------------------


@never_cache
@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """What a browser is to sign: for anybody's passkey, or in a second step for the person's."""
    from allauth.mfa.webauthn.internal import auth

    if not ratelimit.consume(request, app="allauth.mfa", action="webauthn_login"):
        return HttpResponse(status=429)
    stage = LoginStageController.enter(request, SecondStep.key)
    return json_of(auth.begin_authentication(stage.login.user if stage else None))


@never_cache
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    if not ratelimit.consume(request, app="allauth.mfa", action="webauthn_login"):
        messages.error(request, _("Too many wrong tries. Wait ten minutes, then try again."))
        return redirect("sign-in")
    form = SignInForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("The passkey was not taken. Try again, or sign in another way."))
        return redirect("sign-in")
    return enter_with(request, form.cleaned_data["credential"], next_address(request))


def enter_with(request: HttpRequest, authenticator: Authenticator, leads_to: str) -> HttpResponse:
    from allauth.mfa.base.internal.flows import post_authentication

    post_authentication(request, authenticator, passwordless=True)
    return go_on(request, authenticator.user, leads_to)


# --- On the profile ------------------------------------------------------------------------------------------


class NameForm(Form):
    name = forms.CharField(label=lazy("Name"), max_length=60)


def mine(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).order_by("pk"))


@never_cache
@require_POST
@lately_required
def new_options(request: HttpRequest) -> HttpResponse:
    return registration(person(request))


@never_cache
@require_POST
def confirm_options(request: HttpRequest) -> HttpResponse:
    """To say with one of one's passkeys that it is still oneself."""
    from allauth.mfa.webauthn.internal import auth

    return json_of(auth.begin_authentication(person(request)))


def registration(user: User) -> HttpResponse:
    """What a browser needs to make a passkey that it keeps, and that names the person."""
    from allauth.mfa.webauthn.internal import auth

    return json_of(auth.begin_registration(user, passwordless=True))


def keep(user: User, credential: dict[str, Any], name: str) -> Authenticator:
    """Within the caller's transaction."""
    from allauth.mfa.webauthn.internal.auth import WebAuthn

    made: Authenticator = WebAuthn.add(user, name, credential).instance
    record("person.passkey_added", user, by=user, data={"name": user.name, "passkey": name})
    return made


@require_POST
@lately_required
def add(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = NewForm(request.POST)
    if len(mine(user)) >= MOST:
        messages.error(request, _("There are twenty already: remove one that you do not use."))
    elif form.is_valid():
        with transaction.atomic():
            keep(user, form.cleaned_data["credential"], devices.name_of(request))
        messages.success(request, _("The passkey is added: you can sign in with it."))
    else:
        messages.error(request, form.error)
    return redirect("profile-signing-in")


@require_POST
@lately_required
def rename(request: HttpRequest, pk: int) -> HttpResponse:
    user, passkey = person(request), _mine_or_404(request, pk)
    form = NameForm(request.POST)
    if form.is_valid():
        before, passkey.data["name"] = passkey.data.get("name", ""), form.cleaned_data["name"]
        with transaction.atomic():
            passkey.save(update_fields=["data"])
            data = {"name": user.name, "passkey": passkey.data["name"], "before": before}
            record("person.passkey_renamed", user, by=user, data=data)
        messages.success(request, _("Saved."))
    else:
        messages.error(request, _("A name has 1 to 60 characters."))
    return redirect("profile-signing-in")


@require_POST
@lately_required
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    user, passkey = person(request), _mine_or_404(request, pk)
    from alcada.web.signin import methods

    if not methods.others(user, but=passkey):
        messages.error(request, _("This is your only way in: choose a password before you remove it."))
        return redirect("profile-signing-in")
    with transaction.atomic():
        data = {"name": user.name, "passkey": passkey.data.get("name", "")}
        passkey.delete()
        record("person.passkey_removed", user, by=user, data=data)
    messages.success(
        request, _("The passkey is removed. Delete it on the device too, or it will be offered there.")
    )
    return redirect("profile-signing-in")


def _mine_or_404(request: HttpRequest, pk: int) -> Authenticator:
    found = Authenticator.objects.filter(
        pk=pk, user=person(request), type=Authenticator.Type.WEBAUTHN
    ).first()
    if found is None:
        raise Http404
    return found
