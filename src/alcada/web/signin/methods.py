"""The profile's page about signing in: password, passkeys, second step, provider, and where one is signed in."""

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from alcada.history.actions import record
from alcada.people.models import User
from alcada.web import session
from alcada.web.guards import person
from alcada.web.signin import browsers, passkeys
from alcada.web.signin.address import passkeys_work_at
from alcada.web.signin.recently import lately_required

Type = Authenticator.Type


@never_cache
@require_safe
def signing_in(request: HttpRequest) -> HttpResponse:
    return show(request, password_form_for(person(request)))


def password_form_for(user: User, data: Any = None) -> forms.Form:
    """Who has one proves it; who has none proved who they are by signing in lately."""
    kind = session.PasswordForm if user.has_usable_password() else session.WelcomeForm
    return kind(data, user=user)


def show(request: HttpRequest, password_form: forms.Form) -> HttpResponse:
    user = person(request)
    totp = Authenticator.objects.filter(user=user, type=Type.TOTP).first()
    codes = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    context = {
        "password_form": password_form,
        "has_password": user.has_usable_password(),
        "passkeys": passkeys.mine(user),
        "passkeys_work": passkeys_work_at(request),
        "totp": totp,
        "codes_left": len(codes.wrap().get_unused_codes()) if totp and codes else 0,
        "provider": settings.OIDC,
        "linked": linked(user),
        "sessions": browsers.of(request),
    }
    status = 422 if password_form.errors else 200
    return render(request, "signin/signing_in.html", context, status=status)


def linked(user: User) -> list[SocialAccount]:
    """The accounts at the provider that is configured now."""
    if settings.OIDC is None:
        return []
    return list(SocialAccount.objects.filter(user=user, provider=settings.OIDC.key).order_by("pk"))


def others(user: User, *, but: Any) -> bool:
    """Would the person have a way in without this one?"""
    left = [each for each in (*passkeys.mine(user), *linked(user)) if each != but]
    return bool(left) or user.has_usable_password()


@require_POST
def password(request: HttpRequest) -> HttpResponse:
    if not person(request).has_usable_password():
        return _first_password(request)
    return _save_password(request)


@lately_required
def _first_password(request: HttpRequest) -> HttpResponse:
    return _save_password(request)


def _save_password(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = password_form_for(user, request.POST)
    if not form.is_valid():
        return show(request, form)
    with transaction.atomic():
        user.set_password(form.cleaned_data["password"])
        user.save(update_fields=["password"])
        record("person.password_set", user, by=user, data={"name": user.name})
    before = request.session.session_key
    update_session_auth_hash(request, user)  # other browsers of this person are signed out
    browsers.forget_others(request, before)
    messages.success(request, _("Your password was changed."))
    return redirect("profile-signing-in")
