"""What django-allauth asks of us: who asks, a sign-in's steps, how secrets are kept, whom a provider lets in."""

import base64
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections import crypto
from alcada.people.models import User
from alcada.web.signin import arriving
from alcada.web.signin.address import client_address
from alcada.web.signin.recently import signed_in_lately

_TOO_MANY: Final = lazy("Too many wrong tries. Wait ten minutes, then try again.")
_WRONG_CODE: Final = lazy("This code is not right, or was used before. Use the one that is shown now.")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": _TOO_MANY,
        "rate_limited": _TOO_MANY,
        "incorrect_code": _WRONG_CODE,
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request)

    def get_login_stages(self) -> list[str]:
        return ["alcada.web.signin.second_step.SecondStep"]

    def is_reauthentication_required(self, *, app: str) -> bool:
        return not signed_in_lately(self.request)

    def get_reauthentication_methods(self, user: object) -> list[dict[str, str]]:
        return [{"id": "reauthenticate", "url": reverse("confirm-it-is-you")}]

    def respond_user_inactive(self, request: HttpRequest, user: User) -> HttpResponse:
        messages.error(
            request, _("This access was ended. An administrator of the installation can give it back.")
        )
        return redirect("sign-in")


class MfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    error_messages = DefaultMFAAdapter.error_messages | {"incorrect_code": _WRONG_CODE}

    def encrypt(self, text: str) -> str:
        return base64.b64encode(crypto.encrypt(text)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return crypto.decrypt(base64.b64decode(encrypted_text))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        return {**super().get_public_key_credential_rp_entity(), "name": "Alçada"}


class SocialAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[Any]:
        """Those of the settings: a row in a table makes nobody a provider."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> None:
        """Never here: `arriving` does it, without wiping passwords that an invitation has proved."""
        return

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        try:
            if arriving.links_only(sociallogin):
                arriving.link_own(request, sociallogin)
                messages.success(request, _("The account is linked: you can sign in with it."))
                raise ImmediateHttpResponse(redirect("profile-signing-in"))
            arriving.let_in(request, sociallogin)
        except arriving.RefusedError as refused:
            messages.error(request, str(refused))
            raise ImmediateHttpResponse(redirect(refused.leads_to)) from refused

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Any = None,
        extra_context: Any = None,
    ) -> None:
        text = _("%(provider)s did not sign you in. Try again, or sign in another way.")
        messages.error(request, text % {"provider": provider.name})
        leads_to = "profile-signing-in" if request.user.is_authenticated else "sign-in"
        raise ImmediateHttpResponse(redirect(leads_to))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        return "/profile/signing-in"
