"""The end of every way in: django-allauth's steps, then the session."""

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse

from alcada.people.models import User


def enter(request: HttpRequest, user: User, leads_to: str) -> HttpResponse:
    """Who proved with a password, or a link for one, that they are this person."""
    if request.user.is_authenticated:  # somebody else's browser until now
        logout(request)
    record_authentication(request, user, method="password")
    return go_on(request, user, leads_to)


def go_on(request: HttpRequest, user: User, leads_to: str) -> HttpResponse:
    """Through the second step, where there is one."""
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=leads_to))
    return answer
