"""Sessions that are over: who was signed in, where from, goes when nobody can use it any more."""

from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.utils import timezone

GRACE: Final = timedelta(days=1)  # a note of where somebody is signed in, without a session that it is of


def clear() -> None:
    """Delete what has expired, and what was noted of it: address and browser are kept no longer than the session."""
    SessionStore.clear_expired()
    noted = UserSession.objects.filter(last_seen_at__lt=timezone.now() - GRACE)
    noted.exclude(session_key__in=Session.objects.values("session_key")).delete()
