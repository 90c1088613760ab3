"""Where a person is signed in: each browser with its address and when it was last seen; ending one signs it out."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.sessions.models import Session
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alcada.people.models import User
from alcada.web.guards import person
from alcada.web.signin import devices
from alcada.web.signin.address import client_address

SEEN_EVERY: Final = timedelta(minutes=5)
_REMEMBERED: Final = 10_000

# Until when this process need not write of a session again that it is seen. Another process may write as well.
_not_before: dict[str, float] = {}


@dataclass(frozen=True)
class Browser:
    pk: int
    words: str
    phone: bool
    row: UserSession
    here: bool


def of(request: HttpRequest) -> list[Browser]:
    """The person's living sessions, this one first."""
    rows = UserSession.objects.filter(user=person(request)).order_by("-last_seen_at", "-pk")
    living = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    shown = [
        Browser(
            row.pk,
            devices.in_words(row.user_agent),
            devices.is_phone(row.user_agent),
            row,
            row.session_key == request.session.session_key,
        )
        for row in rows.filter(session_key__in=living)[:100]
    ]
    return sorted(shown, key=lambda each: not each.here)


def note_seen(request: HttpRequest) -> None:
    """Once in five minutes. A session that nobody noted yet, from before an update say, is noted now."""
    key = request.session.session_key
    if not key or not isinstance(request.user, User):
        return
    now = time.monotonic()
    if _not_before.get(key, 0) > now:
        return
    if len(_not_before) > _REMEMBERED:
        _not_before.clear()
    _not_before[key] = now + SEEN_EVERY.total_seconds()
    found = UserSession.objects.filter(session_key=key, user=request.user)
    if not found.update(last_seen_at=timezone.now(), ip=client_address(request)):
        _note(request, key)


def _note(request: HttpRequest, key: str) -> None:
    agent = request.headers.get("User-Agent", "")[: UserSession._meta.get_field("user_agent").max_length]
    row = UserSession(user=request.user, session_key=key, ip=client_address(request), user_agent=agent)
    UserSession.objects.bulk_create([row], ignore_conflicts=True)


def forget_others(request: HttpRequest, before: str | None) -> None:
    """After a new password: this browser goes on under another key, the others are out."""
    user = person(request)
    UserSession.objects.filter(user=user, session_key=before).update(session_key=request.session.session_key)
    end_all(user, but=request.session.session_key)


def end_all(user: User, *, but: str | None = None) -> int:
    """Sign the person out everywhere, save in one browser."""
    rows = UserSession.objects.filter(user=user)
    keys = [key for key in rows.values_list("session_key", flat=True) if key != but]
    Session.objects.filter(session_key__in=keys).delete()
    rows.filter(session_key__in=keys).delete()
    return len(keys)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    row = UserSession.objects.filter(pk=pk, user=person(request)).first()
    if row is None:
        raise Http404
    if row.session_key == request.session.session_key:
        row.delete()
        logout(request)
        return redirect("sign-in")
    row.end()
    messages.success(request, _("That browser is signed out."))
    return redirect("profile-signing-in")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    end_all(person(request), but=request.session.session_key)
    messages.success(request, _("Every other browser is signed out."))
    return redirect("profile-signing-in")
