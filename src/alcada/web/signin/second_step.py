"""The second step of a sign-in, for who turned it on: a code of their app, a recovery code, or a passkey."""

from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.stages import LoginStage
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from alcada.web.forms_base import RENDERER
from alcada.web.signin import passkey_forms
from alcada.web.signin.address import passkeys_work_at

Type = Authenticator.Type


class SecondStep(LoginStage):  # type: ignore[misc]
    """Asked of who uses an authenticator app. A passkey alone is another way in, and asks for nothing more.

    As django-allauth's own stage, which loads python-fido2 into every web process for its last question.
    """

    key = "mfa_authenticate"
    urlname = "mfa_authenticate"

    def handle(self) -> tuple[HttpResponse | None, bool]:
        user = self.login.user
        if user is None or not is_mfa_enabled(user, [Type.TOTP]) or self._came_with_passkey():
            return None, True
        return redirect(self.urlname), True

    def _came_with_passkey(self) -> bool:
        records = get_authentication_records(self.request, self.login.user)
        return any(each.get("type") == "webauthn" and each.get("passwordless") for each in records)


def code_field() -> forms.CharField:
    return forms.CharField(
        label=_("Code"),
        max_length=40,
        widget=forms.TextInput({"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}),
        help_text=_("Six digits from the authenticator app, or one of your recovery codes."),
    )


class CodeForm(AuthenticateForm):  # type: ignore[misc]
    default_renderer = RENDERER
    code = code_field()


@login_stage_required(stage=SecondStep.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    stage = request._login_stage  # type: ignore[attr-defined]
    user = stage.login.user
    posted = request.POST if request.method == "POST" else None
    by_passkey = posted is not None and "credential" in posted
    form = CodeForm(None if by_passkey else posted, user=user)
    passkey = passkey_forms.SecondStepForm(posted if by_passkey else None, user=user)
    used: Any = passkey if by_passkey else form
    status = 200
    if posted is not None:
        if used.is_valid():
            used.save()
            answer: HttpResponse = stage.exit()
            return answer
        status = 429 if passkey_forms.has_error(used, "too_many_login_attempts") else 422
    has_passkey = is_mfa_enabled(user, [Type.WEBAUTHN]) and passkeys_work_at(request)
    context = {"form": form, "has_passkey": has_passkey, "passkey": passkey}
    return render(request, "signin/second_step.html", context, status=status)
