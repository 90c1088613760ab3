"""Who changes with what they sign in has proved within ten minutes that it is them."""

import time
from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from alcada.people.models import User
from alcada.web.guards import person

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in_lately(request: HttpRequest) -> bool:
    """By whatever means: the sign-in itself counts."""
    if not isinstance(request.user, User):
        return False
    records = get_authentication_records(request, request.user)
    return bool(records) and time.time() - records[-1]["at"] < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def confirm_first(back: str) -> HttpResponse:
    """To the page that asks, and from there to the address `back`."""
    return redirect(f"{reverse('confirm-it-is-you')}?{urlencode({'next': back})}")


def lately_required(view: View[P]) -> View[P]:
    """The page asks first; what was pressed is pressed again afterwards, on the page that it stands on."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        person(request)
        if signed_in_lately(request):
            return view(request, *args, **kwargs)
        back = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("profile-signing-in")
        return confirm_first(back)

    update_wrapper(guarded, view)
    return guarded
