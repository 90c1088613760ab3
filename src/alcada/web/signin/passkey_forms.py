"""What a browser's passkey answers, checked by django-allauth and python-fido2."""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from alcada.people.models import User

NOT_TAKEN = _("The passkey was not taken. Try again, or sign in another way.")


class _CredentialForm(forms.Form):
    """`credential`: JSON, as the browser made it. python-fido2 is loaded when one arrives: it weighs 6 MB."""

    credential = forms.JSONField(
        widget=forms.HiddenInput, error_messages={"invalid": NOT_TAKEN, "required": NOT_TAKEN}
    )

    def __init__(self, *args: Any, user: User | None = None, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


class SignInForm(_CredentialForm):
    """A passkey in the place of a password: it names the person, and says that it checked who holds it."""

    passwordless = True

    def clean_credential(self) -> Authenticator:
        from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm

        kind = LoginWebAuthnForm if self.passwordless else AuthenticateWebAuthnForm
        data = {"credential": self.data.get("credential")}
        form = kind(data) if self.passwordless else kind(data, user=self.user)
        try:
            good = form.is_valid()
        except (
            AttributeError,
            KeyError,
            TypeError,
            ValueError,
        ) as error:  # JSON of another shape than a browser's
            raise forms.ValidationError(NOT_TAKEN) from error
        if not good:
            if has_error(form, "too_many_login_attempts"):
                raise forms.ValidationError(form.errors["credential"].as_data())
            raise forms.ValidationError(NOT_TAKEN)
        return form.cleaned_data["credential"]


class SecondStepForm(SignInForm):
    passwordless = False

    def save(self, *, reauthenticated: bool = False) -> None:
        from allauth.mfa.base.internal.flows import post_authentication

        post_authentication(context.request, self.cleaned_data["credential"], reauthenticated=reauthenticated)


class NewForm(_CredentialForm):
    """A passkey just made. It has to check who holds it, since it opens the account by itself."""

    def clean_credential(self) -> dict[str, Any]:
        from allauth.mfa.webauthn.internal import auth

        made: dict[str, Any] = self.cleaned_data["credential"]
        try:
            auth.parse_registration_response(made)
            binding = auth.complete_registration(made)
        except (forms.ValidationError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise forms.ValidationError(NOT_TAKEN) from error
        if not binding.is_user_verified():
            raise forms.ValidationError(NOT_TAKEN)
        return made

    @cached_property
    def error(self) -> str:
        return " ".join(str(each) for each in self.errors.get("credential", []))


def has_error(form: forms.BaseForm, code: str) -> bool:
    return any(form.has_error(name, code) for name in form.errors)
