"""The frame of the pages in a real browser: at a desk, on a phone, by keyboard."""

import re

import pytest
from cast import PASSWORD, make_person
from playwright.sync_api import Page, expect

from alcada.people.models import Company, User
from browser.helpers import assert_good, sign_in, violations

pytestmark = pytest.mark.browser


def test_signing_in_by_keyboard(page: Page, ana: User) -> None:
    page.goto("/sign-in")
    assert_good(page)
    expect(page.get_by_label("E-mail")).to_be_focused()
    page.keyboard.type(ana.email)
    page.keyboard.press("Tab")
    page.keyboard.type("errada")
    page.keyboard.press("Enter")
    expect(page.get_by_text("E-mail e senha não conferem.")).to_be_visible()
    expect(page.get_by_label("E-mail")).to_have_value(ana.email)
    assert_good(page)
    page.get_by_label("Senha").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")


@pytest.mark.parametrize(
    "path",
    [
        "/people",
        "/people/new",
        "/people/invitations",
        "/profile",
        "/profile/signing-in",
        "/profile/confirm",
        "/people/{pk}",
        "/entries",
        "/entries/new/payable",
        "/entries/nfe",
        "/postings",
        "/flows",
    ],
)
def test_pages_are_good_at_both_widths(page: Page, phone: Page, live: str, clara: User, path: str) -> None:
    for window in (page, phone):
        sign_in(window, clara, live)
        window.goto(path.format(pk=clara.pk))
        expect(window.locator("h1")).to_be_visible()
        assert_good(window)


def test_dark_mode_is_kept_and_readable(page: Page, live: str, clara: User) -> None:
    sign_in(page, clara, live)
    page.goto("/people")
    page.get_by_role("button", name=re.compile("Clara Mendes")).click()
    page.get_by_role("button", name="Modo escuro").click()
    page.goto("/profile")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert violations(page) == []


def test_the_menu_opens_and_closes_on_a_phone(phone: Page, live: str, clara: User) -> None:
    sign_in(phone, clara, live)
    phone.goto("/people")
    entries = phone.get_by_role("link", name="Lançamentos")
    expect(entries).to_be_hidden()
    opener = phone.get_by_role("button", name="Menu")
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(entries).to_be_visible()
    expect(phone.locator("#menu")).not_to_have_class(re.compile("collapsing"))
    assert_good(phone)


def test_a_wrong_form_puts_the_focus_where_it_is_wrong(page: Page, live: str, clara: User) -> None:
    sign_in(page, clara, live)
    page.goto("/people/new")
    page.get_by_label("Nome").fill("Davi")
    page.get_by_role("button", name="Convidar").click()
    email = page.get_by_label("E-mail")
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-describedby", "id_email_error")
    expect(page.get_by_label("Nome")).to_have_value("Davi")


def test_what_is_grave_asks_first(page: Page, live: str, clara: User, ana: User) -> None:
    sign_in(page, clara, live)
    page.goto(f"/people/{ana.pk}")
    press = page.get_by_role("button", name="Novo link para a senha")
    press.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    dialog.get_by_role("button", name="Cancelar").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Link", exact=True)).to_have_count(0)
    press.click()
    dialog.get_by_role("button", name="Criar o link").click()
    expect(page.get_by_label("Link", exact=True)).to_have_value(re.compile("/welcome/"))


def test_one_company_of_several_is_chosen(page: Page, live: str, clara: User, other_company: Company) -> None:
    make_person("Olga Reis", other_company, "requester")
    clara.memberships.create(company=other_company, role="administrator")
    sign_in(page, clara, live)
    page.goto("/people")
    expect(page.get_by_role("link", name="Olga Reis")).to_be_visible()
    page.get_by_role("button", name="Todas as empresas").click()
    page.get_by_role("link", name="Padaria Aurora Ltda").click()
    expect(page).to_have_url(re.compile(r"/people\?company=\d+$"))
    expect(page.get_by_role("link", name="Olga Reis")).to_have_count(0)
