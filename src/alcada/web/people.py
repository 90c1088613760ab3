"""Signing in, people, companies, the own profile."""

from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from alcada.people.models import User

YEAR = 365 * 24 * 3600


def next_address(request: HttpRequest, otherwise: str = "/") -> str:
    """Where the person wanted to go, if it is a page of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours else otherwise


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    answer = redirect(next_address(request))
    if chosen in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=chosen)
        cookie: dict[str, Any] = {
            "max_age": YEAR,
            "samesite": "Lax",
            "secure": settings.HTTPS,
            "httponly": True,
        }
        answer.set_cookie(settings.LANGUAGE_COOKIE_NAME, chosen, **cookie)
    return answer


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("sign-in")
