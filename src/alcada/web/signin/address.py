"""From where somebody asks, where they wanted to go, and whether a passkey can be used there."""

from ipaddress import ip_address

from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_address(request: HttpRequest, otherwise: str = "/") -> str:
    """Where the person wanted to go, if it is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else otherwise


def client_address(request: HttpRequest) -> str:
    """Who asks. Behind the proxy that HTTPS implies it is what that proxy, the nearest one, wrote last."""
    forwarded = request.headers.get("X-Forwarded-For", "") if settings.HTTPS else ""
    claimed = forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(forms.GenericIPAddressField().clean(claimed))
    except forms.ValidationError:
        return "0.0.0.0"  # noqa: S104 (a name for "unknown", nothing is bound)


def passkeys_work_at(request: HttpRequest) -> bool:
    """Browsers keep passkeys for a name, over HTTPS; `localhost` is the one exception. A bare number is no name."""
    host = request.get_host().rpartition(":")[0] or request.get_host()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    if not request.is_secure():
        return False
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False
