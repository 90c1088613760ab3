"""Signing in with OpenID Connect, against a provider over real HTTP: whom it lets in, and whom not."""

import re
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount
from cast import PASSWORD
from django.test import Client
from integration.signin.issuer import Issuer

from alcada.config import oidc
from alcada.history import queries as history
from alcada.history.actions import record
from alcada.people import invitations, queries
from alcada.people.models import Company, Invitation, Role, User

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def key(issuer: Issuer) -> str:
    return issuer.url.partition("://")[2].replace(".", "-").replace(":", "-")


def go(browser: Client, issuer: Issuer, **form: str) -> Any:
    """As a browser goes: to the provider, and back to our callback. Returns our answer."""
    leaving = browser.post(f"/sign-in/with/{key(issuer)}", form)
    found = re.search(r'<a class="btn[^"]*" href="([^"]+)"', leaving.content.decode())
    assert found, leaving.content.decode()
    there = httpx.get(found[1].replace("&amp;", "&"))
    back = urlsplit(there.headers["Location"])
    return browser.get(f"{back.path}?{back.query}")


def claims(email: str, *, verified: Any = True, sub: str = "1", **more: Any) -> dict[str, Any]:
    return {"sub": sub, "email": email, "email_verified": verified, "name": "Ana da Casa", **more}


def test_who_is_here_with_the_verified_address_comes_in(ana: User, issuer: Issuer) -> None:
    issuer.person = claims("Ana@exemplo.com.br")
    browser = Client()
    assert "Entrar com Casa" in text_of(browser.get("/sign-in"))
    assert go(browser, issuer, next="/profile").headers["Location"] == "/profile"
    assert "Ana Souza" in text_of(browser.get("/profile"))
    ana.refresh_from_db()
    assert ana.check_password(PASSWORD)  # the other way in stays
    assert ana.name == "Ana Souza"
    assert [one.event for one in history.of(ana)] == ["person.provider_linked"]
    kept = SocialAccount.objects.get()
    assert (kept.user, kept.uid, kept.extra_data) == (ana, "1", {"email": ana.email})
    # And once linked, by who they are there: whatever becomes of the address.
    issuer.person = claims("outra@exemplo.com.br")
    assert go(Client(), issuer).headers["Location"] == "/"


@pytest.mark.parametrize("verified", [False, None, "false", 0])
def test_an_unverified_address_links_nobody(ana: User, issuer: Issuer, verified: Any) -> None:
    issuer.person = claims(ana.email, verified=verified)
    browser = Client()
    answer = go(browser, issuer)
    assert answer.headers["Location"] == "/sign-in"
    assert "Casa não verificou o endereço ana@exemplo.com.br" in text_of(browser.get("/sign-in"))
    assert browser.get("/profile").status_code == 302
    assert not SocialAccount.objects.exists()


def test_a_provider_that_says_nothing_of_verifying_links_nobody(ana: User, issuer: Issuer) -> None:
    issuer.person = {"sub": "1", "email": ana.email}
    assert go(Client(), issuer).headers["Location"] == "/sign-in"
    issuer.person = {"sub": "1"}
    assert go(Client(), issuer).headers["Location"] == "/sign-in"
    assert not SocialAccount.objects.exists()


def test_an_unverified_address_accepts_no_invitation(clara: User, company: Company, issuer: Issuer) -> None:
    invited(clara, company)
    issuer.person = claims("davi@exemplo.com.br", verified=False)
    go(Client(), issuer)
    assert not User.objects.filter(email="davi@exemplo.com.br").exists()


def invited(clara: User, company: Company) -> str:
    asked = invitations.invite(
        email="davi@exemplo.com.br",
        name="Davi Novo",
        company=company,
        roles=[Role.APPROVER],
        by=clara,
        record=record,
        by_mail=False,
    )
    assert isinstance(asked, Invitation)
    return invitations.make_link(asked, by=clara, record=record)


def test_an_invitation_is_accepted_with_it(clara: User, company: Company, issuer: Issuer) -> None:
    token = invited(clara, company)
    browser = Client()
    assert "Aceitar com Casa" in text_of(browser.get(f"/invitation/{token}"))
    issuer.person = claims("davi@exemplo.com.br", name="Davi da Casa")
    assert go(browser, issuer, invitation=token).headers["Location"] == "/"
    davi = User.objects.get(email="davi@exemplo.com.br")
    assert (davi.name, davi.has_usable_password()) == ("Davi da Casa", False)
    assert queries.roles_of(davi, company) == [Role.APPROVER]
    assert "Davi da Casa" in text_of(browser.get("/"))
    assert Client().get(f"/invitation/{token}").status_code == 410
    assert go(Client(), issuer).headers["Location"] == "/"


def test_another_account_than_the_invited_one_is_told_so(
    clara: User, company: Company, issuer: Issuer
) -> None:
    token = invited(clara, company)
    browser = Client()
    issuer.person = claims("davi.privado@exemplo.com.br")
    go(browser, issuer, invitation=token)
    said = text_of(browser.get("/sign-in"))
    assert "davi@exemplo.com.br" in said
    assert "davi.privado@exemplo.com.br" in said
    assert User.objects.count() == 1


def test_nobody_else_comes_in(ana: User, issuer: Issuer) -> None:
    issuer.person = claims("estranho@exemplo.com.br")
    browser = Client()
    go(browser, issuer)
    assert "Ninguém aqui tem o endereço estranho@exemplo.com.br" in text_of(browser.get("/sign-in"))
    assert User.objects.count() == 1


def test_access_that_was_ended_stays_ended(ana: User, issuer: Issuer) -> None:
    issuer.person = claims(ana.email)
    go(Client(), issuer)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    browser = Client()
    assert go(browser, issuer).headers["Location"] == "/sign-in"
    assert browser.get("/profile").status_code == 302


def test_linking_on_the_profile_and_unlinking(ana: User, bruno: User, issuer: Issuer) -> None:
    issuer.person = claims("ana.particular@exemplo.com.br", verified=False, sub="7")
    browser = Client()
    browser.post("/sign-in", {"email": ana.email, "password": PASSWORD})
    assert go(browser, issuer).headers["Location"] == "/profile/signing-in"
    assert "ana.particular@exemplo.com.br" in text_of(browser.get("/profile/signing-in"))
    other = Client()
    other.post("/sign-in", {"email": bruno.email, "password": PASSWORD})
    go(other, issuer)
    assert "está vinculada a outra pessoa" in text_of(other.get("/profile/signing-in"))
    account = SocialAccount.objects.get()
    assert account.user == ana
    assert other.post(f"/profile/linked/{account.pk}/remove").status_code == 404
    browser.post(f"/profile/linked/{account.pk}/remove")
    assert not SocialAccount.objects.exists()


def test_the_only_way_in_is_not_removed(clara: User, company: Company, issuer: Issuer) -> None:
    issuer.person = claims("davi@exemplo.com.br")
    invited(clara, company)
    browser = Client()
    go(browser, issuer)
    account = SocialAccount.objects.get()
    browser.post(f"/profile/linked/{account.pk}/remove")
    assert SocialAccount.objects.exists()
    assert "sua única forma de entrar" in text_of(browser.get("/profile/signing-in"))
    browser.post("/profile/password", {"password": "pão de queijo quente"})
    browser.post(f"/profile/linked/{account.pk}/remove")
    assert not SocialAccount.objects.exists()


def test_an_answer_that_nobody_asked_for_is_refused(ana: User, issuer: Issuer) -> None:
    issuer.person = claims(ana.email)
    for state in ("", "made-up"):
        answer = Client().get(f"/sign-in/with/{key(issuer)}/callback?code=x&state={state}")
        assert answer.headers["Location"] == "/sign-in"
    assert not issuer.asked


def test_who_says_no_there_is_back_with_a_sentence(ana: User, issuer: Issuer) -> None:
    browser = Client()
    assert go(browser, issuer).headers["Location"] == "/sign-in"
    assert "Casa não confirmou sua entrada" in text_of(browser.get("/sign-in"))


def test_a_provider_that_is_away_is_told_so(ana: User, issuer: Issuer, settings: Any) -> None:
    closed = dict(oidc.apps(settings.OIDC)[0], settings={"server_url": "http://127.0.0.1:9"})
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [closed]}}
    browser = Client()
    answer = browser.post(f"/sign-in/with/{key(issuer)}")
    assert answer.headers["Location"] == "/sign-in"
    assert "não responde agora" in text_of(browser.get("/sign-in"))


def test_without_a_provider_there_is_no_such_page(client: Client, ana: User) -> None:
    assert client.post("/sign-in/with/google").status_code == 404
    assert client.get("/sign-in/with/google/callback").status_code == 404
    assert client.get("/sign-in/with/google").status_code == 405


def test_the_environment_is_read_or_refused_with_a_sentence() -> None:
    both = {"ALCADA_OIDC_CLIENT_ID": "id", "ALCADA_OIDC_CLIENT_SECRET": "s"}
    google = oidc.read(both)
    assert google
    assert (google.key, google.name, google.issuer) == ("google", "Google", "https://accounts.google.com")
    assert "s" not in repr(google).partition("(")[2].replace("issuer", "").split("client_id")[1]
    other = oidc.read(both | {"ALCADA_OIDC_ISSUER": "https://entrar.exemplo.com.br/realms/casa/"})
    assert other
    assert (other.key, other.name) == ("entrar-exemplo-com-br-realms-casa", "entrar.exemplo.com.br")
    assert oidc.read({}) is None
    for wrong in (
        {"ALCADA_OIDC_CLIENT_ID": "id"},
        both | {"ALCADA_OIDC_ISSUER": "nada"},
        both | {"ALCADA_OIDC_ISSUER": "http://entrar.exemplo.com.br"},
    ):
        with pytest.raises(SystemExit, match="ALCADA_OIDC"):
            oidc.read(wrong)
