"""Bruno's morning in a real browser: open the inbox, look, approve, see the entry go on. On a desk and on a phone."""

from typing import TYPE_CHECKING

import pytest
from browser.helpers import assert_good, sign_in
from django.urls import reverse
from integration.pages.world import World, build

from alcada.approval.models import Decision
from alcada.people.models import Company, Role, User
from alcada.posting.models import Posting

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db: None, company: Company, ana: User, bruno: User, clara: User) -> World:
    beatriz = User.objects.create_user(
        email="beatriz@exemplo.com.br", name="Beatriz Rocha", password="uma outra"
    )
    company.memberships.create(user=beatriz, role=Role.APPROVER)
    return build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)


@pytest.fixture(params=["desk", "phone"])
def screen(request: pytest.FixtureRequest) -> "Page":
    page: Page = request.getfixturevalue("page" if request.param == "desk" else "phone")
    return page


def english(page: "Page", live: str) -> None:
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live}])


def test_from_the_inbox_to_the_entry(screen: "Page", live: str, world: World) -> None:
    page = screen
    entry = world.submitted(due_in=-1, description="Conta de luz")
    world.submitted(due_in=9, description="The next one")
    sign_in(page, world.bruno, live)
    english(page, live)
    page.goto(reverse("inbox"))
    assert_good(page)
    page.get_by_role("link", name="Conta de luz").click()
    page.get_by_role("button", name="Approve").wait_for()
    assert_good(page)
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("Already approved by Bruno Lima").wait_for()
    page.get_by_text("One more waits for you").wait_for()
    assert_good(page)
    page.get_by_role("link", name="See what becomes of it").click()
    page.get_by_text("It is posted in a moment.").wait_for()
    assert_good(page)
    assert Decision.objects.get().by == world.bruno
    # A worker posts it meanwhile: the page says so by itself.
    from alcada.posting.models import Attempt
    from alcada.posting.rules import Outcome

    world.sent(entry, Outcome(Attempt.Outcome.POSTED, status=201, remote_id="evt-1"))
    page.get_by_text("It is in Conta Azul. Nothing is left to do.", exact=True).wait_for()
    assert page.locator("#status").inner_text() == "Posted"
    assert "Posted" in page.locator("#live-words").inner_text()
    page.get_by_text("Entry sent to Conta Azul: created").wait_for()
    assert_good(page)


def test_the_inbox_by_keyboard(page: "Page", live: str, world: World) -> None:
    for days, name in ((1, "First"), (2, "Second"), (3, "Third")):
        world.submitted(due_in=days, description=name)
    sign_in(page, world.bruno, live)
    page.goto(reverse("inbox"))
    focused = "document.activeElement.textContent"
    for key, name in (("j", "First"), ("j", "Second"), ("j", "Third"), ("j", "Third"), ("k", "Second")):
        page.keyboard.press(key)
        assert name in page.evaluate(focused)
    page.keyboard.press("Enter")
    page.wait_for_url("**/decisions/*")
    assert "Second" in page.locator("main").inner_text()
    # In a field the letters are letters.
    page.locator("#comment").fill("")
    page.locator("#comment").press_sequentially("jk")
    assert page.locator("#comment").input_value() == "jk"


def test_rejecting_without_words_keeps_the_page(screen: "Page", live: str, world: World) -> None:
    page = screen
    step = world.step(world.submitted())
    sign_in(page, world.bruno, live)
    english(page, live)
    page.goto(reverse("decide", args=[step.pk]))
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("Say why: whoever entered it reads this.").wait_for()
    assert page.evaluate("document.activeElement.id") == "comment"
    assert_good(page)
    page.locator("#comment").fill("Não foi pedido por ninguém.")
    page.get_by_role("button", name="Reject").click()
    page.get_by_text("Already rejected by Bruno Lima").wait_for()
    assert Decision.objects.get().comment == "Não foi pedido por ninguém."
    assert not Posting.objects.exists()


def test_every_page_is_accessible_and_fits(screen: "Page", live: str, world: World, installer: User) -> None:
    page = screen
    entries = [world.posted(), world.refused(), world.undecided(), world.submitted(amount="12.500,00")]
    world.company.memberships.create(user=installer, role=Role.ADMINISTRATOR)
    sign_in(page, installer, live)
    addresses = [reverse(name) for name in ("home", "inbox", "postings", "flows", "doctor", "notices")]
    addresses += [reverse("entry", args=[entry.pk]) for entry in entries]
    for address in addresses:
        page.goto(address)
        assert_good(page)
