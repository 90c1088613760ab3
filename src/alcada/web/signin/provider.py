"""Signing in with the provider of `ALCADA_OIDC_…`, by OpenID Connect. `arriving` says whom it lets in."""

from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from alcada.history.actions import record
from alcada.people import invitations
from alcada.web.guards import person
from alcada.web.signin import arriving, methods
from alcada.web.signin.address import next_address
from alcada.web.signin.recently import lately_required


def _view(key: str) -> Any:
    """django-allauth's part, loaded when the first person comes by it: 5 MB that most installations never need."""
    if settings.OIDC is None or key != settings.OIDC.key:
        raise Http404
    from allauth.socialaccount.providers import registry
    from allauth.socialaccount.providers.openid_connect import views
    from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider

    registry.register(OpenIDConnectProvider)
    return views


def _key() -> str:
    return settings.OIDC.key if settings.OIDC else ""


@never_cache
@require_POST
def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    """To the provider's page. A person who is signed in links their account there."""
    _view(provider_id)
    request.session.pop(arriving.INVITATION, None)
    if request.user.is_authenticated:
        return _link(request)
    invitation = invitations.find(request.POST.get("invitation", ""))
    if invitation is not None:
        request.session[arriving.INVITATION] = invitation.email
    return _leave(request, "login", next_address(request))


@lately_required
def _link(request: HttpRequest) -> HttpResponse:
    return _leave(request, "connect", "/profile/signing-in")


def _leave(request: HttpRequest, process: str, leads_to: str) -> HttpResponse:
    from allauth.socialaccount.adapter import get_adapter
    from requests import RequestException

    provider = get_adapter().get_provider(request, _key())
    try:
        answer = provider.redirect(request, process=process, next_url=leads_to)
    except (RequestException, ValueError, KeyError):  # its configuration can't be read now
        text = _("%(provider)s can't be reached now. Try again in a moment, or sign in another way.")
        messages.error(request, text % {"provider": provider.name})
        return redirect("profile-signing-in" if process == "connect" else "sign-in")
    # A page of ours in between: the content policy lets no form lead elsewhere, not even by a redirect.
    return render(request, "signin/leaving.html", {"provider": provider.name, "address": answer.url})


@never_cache
@require_safe
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Where the provider sends the browser back to. What makes it more than a GET is the state that `begin` kept."""
    views = _view(provider_id)
    try:
        answer: HttpResponse = views.callback(request, provider_id)
    except (ValueError, KeyError):  # an answer without what the protocol promises
        text = _("%(provider)s did not sign you in. Try again, or sign in another way.")
        messages.error(request, text % {"provider": settings.OIDC.name if settings.OIDC else ""})
        return redirect("sign-in")
    return answer


@require_POST
@lately_required
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    account = SocialAccount.objects.filter(pk=pk, user=user).first()
    if account is None:
        raise Http404
    if not methods.others(user, but=account):
        messages.error(request, _("This is your only way in: choose a password before you remove it."))
        return redirect("profile-signing-in")
    with transaction.atomic():
        account.delete()
        name = settings.OIDC.name if settings.OIDC else ""
        record("person.provider_unlinked", user, by=user, data={"name": user.name, "provider": name})
    messages.success(request, _("The account is unlinked."))
    return redirect("profile-signing-in")
