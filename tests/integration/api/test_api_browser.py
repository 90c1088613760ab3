"""The API's pages in a browser: accessible, whole on a phone, a token made and copied, in both languages."""

from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import cramped, sideways, sign_in, violations
from playwright.sync_api import expect

from alcada.people.models import Role, User
from alcada.tokens import actions

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_pages_are_good(page: "Page", live: str, world: Any) -> None:
    company, clara = world.company, world.clara
    actions.make_service(
        company,
        name="ERP",
        roles=[Role.FINANCE],
        scopes=["entries:read", "entries:write"],
        days=365,
        by=clara,
    )
    actions.make_personal(clara, name="Planilha", scopes=["entries:read", "history:read"], days=90)
    sign_in(page, clara, live)
    for language in ("pt-br", "en"):
        User.objects.update(language=language)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            for address in ("/profile/tokens", f"/companies/{company.pk}/tokens", "/api/v1/docs"):
                page.goto(address)
                if address == "/api/v1/docs":
                    page.locator("#entries_create_entry summary").click()
                where = (address, language, width)
                assert (violations(page), sideways(page), cramped(page)) == ([], 0, []), where


def test_a_token_is_made_and_shown_once(phone: "Page", live: str, world: Any) -> None:
    sign_in(phone, world.ana, live)
    phone.goto("/profile/tokens")
    phone.get_by_label("Para que serve").fill("Planilha")
    phone.get_by_label("Ver lançamentos").check()
    phone.get_by_role("button", name="Criar o token").click()
    shown = phone.locator("#token")
    expect(shown).to_be_visible()
    assert shown.input_value().startswith("alcada_")
    phone.goto("/profile/tokens")
    expect(phone.locator("#token")).to_have_count(0)
    expect(phone.locator("main")).to_contain_text("Planilha")
