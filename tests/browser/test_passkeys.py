"""From the invitation's letter to signing in with a passkey on a phone: a real letter, a virtual key."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from cast import PASSWORD
from django.core.cache import cache
from playwright.sync_api import expect
from postbox import Postbox, listening, send_queued

from alcada.history import queries as history
from alcada.people.models import Company, User
from browser.helpers import assert_good, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def letters(settings: Any, live: str) -> Iterator[Postbox]:
    settings.ALCADA_URL = live
    with listening(settings) as box:
        yield box


@pytest.fixture(autouse=True)
def _fresh_counts(transactional_db: None) -> None:
    cache.clear()


def virtual_key(page: "Page") -> Any:
    """A device that keeps passkeys and says yes to every question. Returns how to speak to it."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    made = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, made["authenticatorId"]


def sign_out(page: "Page", live: str) -> None:
    page.context.clear_cookies()
    page.goto("/sign-in")


def test_invited_by_mail_in_with_a_passkey_on_a_phone(
    phone: "Page", live: str, clara: User, company: Company, letters: Postbox
) -> None:
    sign_in(phone, clara, live)
    phone.goto("/people/new")
    assert_good(phone)
    phone.get_by_label("Nome").fill("Davi Novo")
    phone.get_by_label("E-mail").fill("davi@exemplo.com.br")
    phone.get_by_label("Aprovador:").check()
    phone.get_by_role("button", name="Convidar").click()
    expect(phone.get_by_role("heading", name="Davi Novo")).to_be_visible()
    assert_good(phone)
    send_queued()
    phone.context.clear_cookies()
    virtual_key(phone)

    phone.goto(letters.link("invitation"))
    assert_good(phone)
    phone.get_by_label("Seu nome").fill("Davi Souza")
    phone.get_by_role("button", name="Aceitar com uma passkey").click()
    phone.wait_for_url(f"{live}/")
    davi = User.objects.get(email="davi@exemplo.com.br")
    assert (davi.name, davi.has_usable_password()) == ("Davi Souza", False)
    assert [one.event for one in history.of(davi)] == ["person.joined", "person.passkey_added"]

    phone.get_by_role("button", name="Menu").click()
    phone.locator("button.who").click()
    phone.get_by_role("button", name="Sair").click()
    expect(phone.get_by_role("heading", name="Entrar")).to_be_visible()
    assert_good(phone)
    phone.goto("/sign-in?next=/profile/signing-in")
    phone.get_by_role("button", name="Entrar com uma passkey").click()
    phone.wait_for_url(f"{live}/profile/signing-in")
    expect(phone.get_by_text("Este navegador", exact=True)).to_be_visible()
    assert_good(phone)


def test_a_passkey_is_added_renamed_and_removed_on_the_profile(page: "Page", live: str, ana: User) -> None:
    session, authenticator = virtual_key(page)
    page.goto("/sign-in?next=/profile/signing-in")
    page.get_by_label("E-mail").fill(ana.email)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    page.get_by_role("button", name="Adicionar uma passkey").click()
    expect(page.get_by_text("A passkey foi adicionada")).to_be_visible()
    assert_good(page)
    (kept,) = session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert kept["isResidentCredential"]
    # The same device once more is told that it has one.
    page.get_by_role("button", name="Adicionar uma passkey").click()
    expect(page.get_by_text("Este aparelho já tem uma passkey sua.")).to_be_visible()

    page.get_by_text("Renomear").click()
    page.get_by_label("Nome", exact=True).fill("Notebook da Ana")
    page.get_by_role("button", name="Salvar").click()
    expect(page.locator(".own-what", has_text="Notebook da Ana")).to_be_visible()

    sign_out(page, live)
    page.get_by_role("button", name="Entrar com uma passkey").click()
    page.wait_for_url(f"{live}/")

    page.goto("/profile/signing-in")
    page.get_by_role("button", name=re.compile("^Remover")).click()
    page.get_by_role("dialog").get_by_role("button", name="Remover").click()
    expect(page.get_by_text("A passkey foi removida")).to_be_visible()
    sign_out(page, live)
    page.get_by_role("button", name="Entrar com uma passkey").click()  # the device still offers it
    expect(page.get_by_text("A passkey não foi aceita")).to_be_visible()
    told = [one.event for one in history.of(ana)]
    assert told == ["person.passkey_added", "person.passkey_renamed", "person.passkey_removed"]


def test_a_passkey_of_somebody_whose_access_ended_opens_nothing(page: "Page", live: str, ana: User) -> None:
    virtual_key(page)
    page.goto("/sign-in?next=/profile/signing-in")
    page.get_by_label("E-mail").fill(ana.email)
    page.get_by_label("Senha").fill(PASSWORD)
    page.get_by_role("button", name="Entrar", exact=True).click()
    page.get_by_role("button", name="Adicionar uma passkey").click()
    expect(page.get_by_text("A passkey foi adicionada")).to_be_visible()
    User.objects.filter(pk=ana.pk).update(is_active=False)
    sign_out(page, live)
    page.get_by_role("button", name="Entrar com uma passkey").click()
    expect(page.get_by_text("Este acesso foi encerrado")).to_be_visible()


def test_a_device_without_a_passkey_says_so_in_place(page: "Page", live: str, ana: User) -> None:
    session, authenticator = virtual_key(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    page.goto("/sign-in")
    page.get_by_role("button", name="Entrar com uma passkey").click()
    expect(page.get_by_text("A passkey não foi usada.")).to_be_visible(timeout=20_000)
    expect(page.get_by_role("button", name="Entrar com uma passkey")).to_be_enabled()
    assert_good(page)


def test_the_second_step_on_a_phone(phone: "Page", live: str, ana: User) -> None:
    from integration.signin.test_ways_in import code_of

    def give_password() -> None:
        phone.goto("/sign-in?next=/profile/two-steps")
        phone.get_by_label("E-mail").fill(ana.email)
        phone.get_by_label("Senha").fill(PASSWORD)
        phone.get_by_role("button", name="Entrar", exact=True).click()

    give_password()
    secret = phone.locator("#secret").input_value().replace(" ", "")
    assert_good(phone)
    phone.get_by_label("Código").fill(code_of(secret))
    phone.get_by_role("button", name="Ativar").click()
    codes = phone.locator("#codes li").all_inner_texts()
    assert len(codes) == 10
    assert_good(phone)
    sign_out(phone, live)
    give_password()
    expect(phone.get_by_role("heading", name="Mais uma etapa")).to_be_visible()
    assert_good(phone)
    phone.get_by_label("Código").fill(codes[0].strip())
    phone.get_by_role("button", name="Continuar").click()
    phone.wait_for_url(f"{live}/profile/signing-in")  # it is on already
    expect(phone.get_by_text("restam 9 códigos de recuperação")).to_be_visible()
    assert_good(phone)
