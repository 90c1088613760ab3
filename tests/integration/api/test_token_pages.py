"""The pages of tokens: made and shown once, renewed, revoked; one's own, and a company's services."""

import re
import time
from typing import Any

from cast import PASSWORD
from django.test import Client
from integration.api.calling import Caller

from alcada.people.models import Membership, User
from alcada.tokens.models import Token

SHOWN = re.compile(r"alcada_[0-9a-z]{8}_[0-9A-Za-z_-]{43}")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    client.cookies["django_language"] = "en"
    return client


def test_a_person_makes_one_and_sees_it_once(world: Any) -> None:
    ana = signed_in(world.ana)
    page = ana.post("/profile/tokens", {"name": "Planilha", "days": 90, "scopes": ["entries:read"]})
    (text,) = set(SHOWN.findall(page.content.decode()))
    assert "no-store" in page.headers["Cache-Control"]
    assert Caller(text).get("/entries").status_code == 200
    again = ana.get("/profile/tokens").content.decode()
    assert not SHOWN.search(again)
    assert Token.objects.get().prefix in again
    assert "Planilha" in again
    renewed = ana.post(f"/tokens/{Token.objects.get().pk}/renew").content.decode()
    (second,) = set(SHOWN.findall(renewed))
    assert second != text
    first = Token.objects.order_by("pk")[0]
    assert ana.post(f"/tokens/{first.pk}/revoke").status_code == 302
    assert Caller(text).get("/entries").status_code == 401
    assert Caller(second).get("/entries").status_code == 200


def test_who_signed_in_long_ago_proves_first_that_it_is_them(world: Any) -> None:
    """A token outlives the session: whoever sits down at an open browser makes none. What was typed stays."""
    ana = signed_in(world.ana)
    session = ana.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 700}]
    session.save()
    typed = {"name": "Planilha & Cia", "days": 365, "scopes": ["entries:read", "history:read"]}
    asked = ana.post("/profile/tokens", typed)
    assert not Token.objects.exists()
    back = ana.post(asked.headers["Location"], {"how": "password", "password": PASSWORD})
    page = ana.get(back.headers["Location"]).content.decode()
    assert 'value="Planilha &amp; Cia"' in page
    assert page.count(" checked") == 2
    ana.post("/profile/tokens", typed)
    token = Token.objects.get()
    session = ana.session
    session["account_authentication_methods"] = []
    session.save()
    assert "confirm" in ana.post(f"/tokens/{token.pk}/renew").headers["Location"]
    assert Token.objects.count() == 1


def test_what_is_missing_is_said_beside_the_field(world: Any) -> None:
    page = signed_in(world.ana).post("/profile/tokens", {"name": "", "days": 7, "scopes": []})
    assert page.status_code == 422
    assert "Choose at least one." in page.content.decode()
    assert not Token.objects.exists()


def test_a_service_is_made_by_who_administers_the_company(world: Any, carla: User) -> None:
    address = f"/companies/{world.company.pk}/tokens"
    body = {"name": "ERP", "days": 365, "scopes": ["entries:read"], "roles": ["auditor"]}
    assert signed_in(world.bruno).get(address).status_code == 403
    assert signed_in(world.bruno).post(address, body).status_code == 403
    assert signed_in(carla).post(address, body).status_code == 404
    clara = signed_in(world.clara)
    refused = clara.post(address, body | {"scopes": ["decisions:write"]})
    assert refused.status_code == 422
    refused = clara.post(address, body | {"roles": ["approver"]})
    assert refused.status_code == 422
    assert not Token.objects.exists()
    page = clara.post(address, body).content.decode()
    (text,) = set(SHOWN.findall(page))
    assert Caller(text).get("/entries").status_code == 200
    held = Membership.objects.filter(user__is_service=True).values_list("company", "role")
    assert list(held) == [(world.company.pk, "auditor")]
    assert "Auditor" in clara.get(address).content.decode()
    assert address in clara.get(f"/companies/{world.company.pk}").content.decode()


def test_nobody_revokes_or_renews_anothers(world: Any, carla: User, call: Any) -> None:
    call(world.ana)
    pk = Token.objects.get().pk
    for person in (world.bruno, world.clara, carla):
        for verb in ("renew", "revoke"):
            assert signed_in(person).post(f"/tokens/{pk}/{verb}").status_code == 404
    assert Token.objects.get().revoked_at is None
    assert signed_in(world.ana).get(f"/tokens/{pk}/revoke").status_code == 405
