"""The second step with an authenticator app, and its recovery codes: turned on, looked at, made anew, turned off."""

import base64
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import TOTP, clear_totp_secret
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.history.actions import record
from alcada.people.models import User
from alcada.web.forms_base import RENDERER
from alcada.web.guards import person
from alcada.web.signin.passkey_forms import has_error
from alcada.web.signin.recently import lately_required

Type = Authenticator.Type


class TurnOnForm(ActivateTOTPForm):  # type: ignore[misc]
    default_renderer = RENDERER
    code = forms.CharField(
        label=lazy("Code"),
        max_length=20,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric"}),
        help_text=lazy("Six digits, which the app shows now."),
    )


def _has(user: User, kind: str) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=kind).exists())


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@lately_required
def turn_on(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if _has(user, Type.TOTP):
        return redirect("profile-signing-in")
    form = TurnOnForm(request.POST if request.method == "POST" else None, user=user)
    status = 200
    if request.method == "POST":
        if form.is_valid():
            _turn_on(user, form.secret)
            clear_totp_secret(request)
            messages.success(request, _("From now on a password asks for a code too."))
            return redirect("recovery-codes")
        status = 429 if has_error(form, "rate_limited") else 422
    adapter = get_adapter()
    address = adapter.build_totp_url(user, form.secret)
    picture = base64.b64encode(adapter.build_totp_svg(address).encode()).decode()
    context = {
        "form": form,
        "picture": f"data:image/svg+xml;base64,{picture}",
        "secret": _in_fours(form.secret),
    }
    return render(request, "signin/two_steps_on.html", context, status=status)


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def _turn_on(user: User, secret: str) -> None:
    with transaction.atomic():
        TOTP.activate(user, secret)
        RecoveryCodes.activate(user)
        record("person.two_steps_on", user, by=user, data={"name": user.name})


@require_POST
@lately_required
def turn_off(request: HttpRequest) -> HttpResponse:
    user = person(request)
    with transaction.atomic():
        gone = Authenticator.objects.filter(user=user, type__in=[Type.TOTP, Type.RECOVERY_CODES])
        if gone.delete()[0]:
            record("person.two_steps_off", user, by=user, data={"name": user.name})
    messages.success(request, _("The second step is turned off."))
    return redirect("profile-signing-in")


@never_cache
@require_safe
@lately_required
def recovery_codes(request: HttpRequest) -> HttpResponse:
    user = person(request)
    kept: Any = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    if kept is None or not _has(user, Type.TOTP):
        return redirect("profile-signing-in")
    return render(request, "signin/recovery_codes.html", {"codes": kept.wrap().get_unused_codes()})


@require_POST
@lately_required
def new_recovery_codes(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not _has(user, Type.TOTP):
        return redirect("profile-signing-in")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
        RecoveryCodes.activate(user)
        record("person.recovery_codes_made", user, by=user, data={"name": user.name})
    messages.success(request, _("These are new. The ones before are worth nothing now."))
    return redirect("recovery-codes")
