"""The list of postings in a real browser: good at both widths, many chosen by keyboard, one press for all."""

import re

import pytest
from integration.pages.world import World, build
from playwright.sync_api import Page, expect

from alcada.connections.models import Connection
from alcada.people.models import Company, User
from alcada.posting.models import Posting, State
from browser.helpers import assert_good, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db: None, company: Company, ana: User, bruno: User, clara: User) -> World:
    beatriz = User.objects.create_user(email="b@exemplo.com.br", name="Beatriz Rocha", password="x")
    company.memberships.create(user=beatriz, role="approver")
    made = build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)
    for entry in (made.refused, made.refused, made.undecided, made.unknown, made.posted):
        entry()
    second = made.posting(made.posted())
    Posting.objects.filter(pk=second.pk).update(reason="second_event", detail="evt-2")
    made.approved()
    return made


def test_the_pages_are_good_at_both_widths(page: Page, phone: Page, live: str, world: World) -> None:
    Connection.objects.update(state=Connection.State.AUTHORISE)
    refused = Posting.objects.filter(state=State.REFUSED).first()
    assert refused
    for window in (page, phone):
        sign_in(window, world.clara, live)
        for path in (
            "/postings",
            "/postings?state=person",
            "/postings?q=nada",
            f"/postings/{refused.pk}/adopt",
        ):
            window.goto(path)
            expect(window.locator("h1")).to_be_visible()
            assert_good(window)
        window.goto("/postings")
        window.get_by_label("Todos desta página").check()
        window.get_by_role("button", name="Enviar de novo").click()
        expect(window.get_by_role("heading", name="Enviar de novo")).to_be_visible()
        assert_good(window)


def test_many_are_chosen_and_cancelled_by_keyboard(page: Page, live: str, world: World) -> None:
    sign_in(page, world.clara, live)
    page.goto("/postings?state=refused")
    whole = page.get_by_label("Todos desta página")
    whole.focus()
    page.keyboard.press("Space")
    boxes = page.locator("input[name=posting]")
    expect(boxes).to_have_count(2)
    for box in boxes.all():
        expect(box).to_be_checked()
    boxes.first.focus()
    page.keyboard.press("Space")
    expect(page.get_by_text(re.compile("^1 escolhido"))).to_be_visible()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Cancelar", exact=True).focus()
    page.keyboard.press("Enter")
    why = page.get_by_label("Por quê")
    expect(why).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Por quê")).to_have_attribute("aria-invalid", "true")
    assert_good(page)
    page.get_by_label("Por quê").fill("Pagos em dinheiro")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Feito: 2 envios.")).to_be_visible()
    assert_good(page)
    assert Posting.objects.filter(state=State.CANCELLED, detail="Pagos em dinheiro").count() == 2
