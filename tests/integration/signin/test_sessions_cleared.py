"""Each night sessions that are over go, with what was noted of where they were."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from procrastinate.contrib.django import app

from alcada.jobs import tasks
from alcada.people.models import User

pytestmark = pytest.mark.django_db


def signed_in(user: User, *, days_ago: int = 0) -> Client:
    client = Client()
    client.force_login(user)
    assert client.get("/").status_code == 200
    key, ago = client.session.session_key, timezone.now() - timedelta(days=days_ago)
    assert UserSession.objects.filter(session_key=key).update(last_seen_at=ago) == 1
    Session.objects.filter(session_key=key).update(expire_date=ago + timedelta(days=14))
    return client


def test_what_is_over_goes_and_who_is_signed_in_stays(ana: User, bruno: User) -> None:
    gone, here, away = signed_in(ana, days_ago=15), signed_in(ana), signed_in(bruno, days_ago=13)
    tasks.clear_sessions(timestamp=0)
    assert not Session.objects.filter(session_key=gone.cookies["alcada"].value).exists()
    left = {here.cookies["alcada"].value, away.cookies["alcada"].value}
    assert set(Session.objects.values_list("session_key", flat=True)) == left
    assert set(UserSession.objects.values_list("session_key", flat=True)) == left
    assert here.get("/").status_code == away.get("/").status_code == 200
    assert gone.get("/").status_code == 302  # to the sign-in
    tasks.clear_sessions(timestamp=0)  # safe to run twice
    assert UserSession.objects.count() == 2


def test_one_that_is_only_being_noted_stays(ana: User) -> None:
    client = signed_in(ana)
    Session.objects.all().delete()
    tasks.clear_sessions(timestamp=0)
    assert UserSession.objects.filter(session_key=client.cookies["alcada"].value).exists()


def test_the_timetable_has_it() -> None:
    nights: list[Any] = [
        one
        for one in app.periodic_registry.periodic_tasks.values()
        if one.task.name.endswith(".clear_sessions")
    ]
    assert [one.cron for one in nights] == ["17 6,15 * * *"]
