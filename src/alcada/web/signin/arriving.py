"""Whom a provider lets in: who is here with the address that it has verified, or was invited at that address.

Nobody else, and never by an address that the provider only repeats: whoever could write one there would be in.
"""

from typing import Any

from allauth.socialaccount.providers.base.constants import AuthProcess
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils.translation import gettext as _

from alcada.history.actions import record
from alcada.people import actions, invitations
from alcada.people.models import User
from alcada.web.guards import person
from alcada.web.signin.recently import signed_in_lately

INVITATION = "invitation_of_provider"  # in the session: the one whose link led to the provider


class RefusedError(Exception):
    """The message is the sentence for the person."""

    def __init__(self, sentence: str, leads_to: str = "sign-in") -> None:
        super().__init__(sentence)
        self.leads_to = leads_to


def let_in(request: HttpRequest, login: Any) -> None:
    """Link the provider's account to the person whom it is; RefusedError for anybody else."""
    if login.is_existing:
        return
    provider = login.provider.name
    email = _verified_email(login, provider)
    user = User.objects.filter(email=email).first()
    if user is not None:
        if not user.is_active:
            raise RefusedError(
                _("This access was ended. An administrator of the installation can give it back.")
            )
        _link(request, login, user)
        return
    invitation = invitations.of_email(email)
    if invitation is None:
        raise RefusedError(_nobody(request, email))
    try:
        user = invitations.accept(
            invitation,
            name=_name(login) or invitation.name,
            how="provider",
            language=getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE),
            record=record,
            then=lambda made: _link(request, login, made),
        )
    except actions.PeopleError:
        raise RefusedError(_("This invitation is over. Ask for a new one.")) from None


def links_only(login: Any) -> bool:
    """Did somebody who is signed in go to the provider, to link their account there?"""
    return bool(login.state.get("process") == AuthProcess.CONNECT)


def link_own(request: HttpRequest, login: Any) -> None:
    """Link it to who is signed in, whatever its address: they hold both. RefusedError where it is somebody else's."""
    if not signed_in_lately(request):
        raise RefusedError(_("It took too long. Try again."), "profile-signing-in")
    if not login.is_existing:
        _link(request, login, person(request))
    elif login.user != request.user:
        text = _("This account of %(provider)s is linked to somebody else here.")
        raise RefusedError(text % {"provider": login.provider.name}, "profile-signing-in")


def _verified_email(login: Any, provider: str) -> str:
    addresses = [each for each in login.email_addresses if each.email]
    if not addresses:
        raise RefusedError(
            _("%(provider)s told no e-mail address, and so not who you are here.") % {"provider": provider}
        )
    verified = [each.email.strip().lower() for each in addresses if each.verified]
    if not verified:
        text = _(
            "%(provider)s has not verified the address %(email)s: verify it there, or sign in another way."
        )
        raise RefusedError(text % {"provider": provider, "email": addresses[0].email})
    return str(verified[0])


def _nobody(request: HttpRequest, email: str) -> str:
    expected = request.session.get(INVITATION, "")
    if expected:
        text = _(
            "The invitation is for %(expected)s, and you came as %(email)s. Choose the other account there."
        )
        return text % {"expected": expected, "email": email}
    return _("Nobody here has the address %(email)s. Ask an administrator of your company to invite you.") % {
        "email": email
    }


def _link(request: HttpRequest, login: Any, user: User) -> None:
    login.account.extra_data = {"email": login.email_addresses[0].email}  # no picture, no locale: not needed
    with transaction.atomic():
        login.connect(request, user)
        data = {"name": user.name, "provider": login.provider.name}
        record("person.provider_linked", user, by=user, data=data)


def _name(login: Any) -> str:
    found = (login.provider.extract_common_fields(login.account.extra_data) or {}).get("name")
    return str(found or "")[:150].strip()
