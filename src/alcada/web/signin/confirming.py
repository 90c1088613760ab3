"""Who wants to change how they sign in says once more that it is them."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.models import Authenticator
from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alcada.people import actions
from alcada.people.models import User
from alcada.web.forms_base import RENDERER, Form
from alcada.web.guards import person
from alcada.web.session import PasswordInput
from alcada.web.signin import passkeys
from alcada.web.signin.address import client_address, next_address, passkeys_work_at
from alcada.web.signin.passkey_forms import SecondStepForm, has_error
from alcada.web.signin.second_step import code_field


class ConfirmPasswordForm(Form):
    password = forms.CharField(label=_("Password"), strip=False, widget=PasswordInput("current-password"))

    def __init__(self, *args: Any, user: User, address: str, **kwargs: Any) -> None:
        self.user, self.address = user, address
        super().__init__(*args, **kwargs)

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        try:
            found = actions.sign_in(email=self.user.email, password=password, address=self.address)
        except actions.LockedOutError:
            raise forms.ValidationError(
                _("Too many wrong tries. Wait ten minutes, then try again."), code="too_many_login_attempts"
            ) from None
        if found != self.user:
            raise forms.ValidationError(_("This is not your current password."))
        return password


class ConfirmCodeForm(ReauthenticateForm):  # type: ignore[misc]
    default_renderer = RENDERER
    code = code_field()


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    user, back = person(request), next_address(request, "/profile/signing-in")
    how = request.POST.get("how", "")
    forms_: dict[str, Any] = _forms(request, user, how)
    used = forms_.get(how)
    status = 200
    if request.method == "POST" and used is not None:
        if used.is_valid():
            if how == "password":
                record_authentication(request, user, method="password", reauthenticated=True)
            else:
                used.save(reauthenticated=True) if how == "passkey" else used.save()
            return redirect(back)
        status = 429 if has_error(used, "too_many_login_attempts") else 422
    return render(request, "signin/confirm.html", {"forms": forms_, "next": back}, status=status)


def _forms(request: HttpRequest, user: User, how: str) -> dict[str, Any]:
    """One for each thing that the person has; none: they have to sign in again."""

    def data(name: str) -> Any:
        return request.POST if request.method == "POST" and how == name else None

    offered: dict[str, Any] = {}
    if user.has_usable_password():
        offered["password"] = ConfirmPasswordForm(
            data("password"), user=user, address=client_address(request)
        )
    elif Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists():
        offered["code"] = ConfirmCodeForm(data("code"), user=user)
    if passkeys.mine(user) and passkeys_work_at(request):
        offered["passkey"] = SecondStepForm(data("passkey"), user=user)
    return offered
