"""What is on its way shows where it will stand: busy, bars, no motion for who wants none; and nothing stays busy."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from integration.pages.world import World, build
from playwright.sync_api import Page, Route, expect

from alcada.connections.models import Connection
from alcada.flow import actions as flow
from alcada.intake import actions
from alcada.people.models import Company, User
from browser.helpers import sideways, sign_in, violations

pytestmark = pytest.mark.browser
NFE = Path(__file__).parents[2] / "src/alcada/config/samples/nfe-papelaria.xml"
# A bar's place, and whether it moves; null: there is none.
BAR = """([where, pseudo]) => {
  const style = getComputedStyle(document.querySelector(where), pseudo || undefined);
  if (pseudo && style.content === "none") return null;
  return {height: style.height, moves: style.animationName};
}"""


@pytest.fixture
def world(transactional_db: None, company: Company, ana: User, bruno: User, clara: User) -> World:
    beatriz = User.objects.create_user(email="b@exemplo.com.br", name="Beatriz Rocha", password="x")
    company.memberships.create(user=beatriz, role="approver")
    made = build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)
    made.submitted(description="Tinta")
    made.submitted(description="Quadro de luz")
    return made


@pytest.fixture
def window(browser: Any, live: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    """As `page`, where an error in the console is what the test asks for. `param`: with a script?"""
    scripted = getattr(request, "param", True)
    context = browser.new_context(java_script_enabled=scripted, base_url=live, locale="pt-BR")
    yield context.new_page()
    context.close()


@pytest.fixture
def hold(page: Page) -> Callable[[str], Callable[[], None]]:
    """`go_on = hold("**/totals*")`: these requests wait until the test lets them go on."""

    def held(address: str) -> Callable[[], None]:
        waiting: list[Route] = []
        going: list[bool] = []  # what is asked for after that goes on at once
        page.route(address, lambda route: route.continue_() if going else waiting.append(route))

        def go_on() -> None:
            for _each in range(250):
                if waiting:
                    break
                page.wait_for_timeout(20)
            going.append(True)
            for route in waiting:
                route.continue_()

        return go_on

    return held


def test_the_totals_have_their_place_before_they_are_there(
    page: Page, live: str, world: World, hold: Any
) -> None:
    sign_in(page, world.bruno, live)
    go_on = hold("**/entries/totals*")
    page.goto("/entries")
    totals = page.locator("#totals")
    expect(totals).to_have_attribute("aria-busy", "true")
    expect(totals.locator(".skeleton")).to_be_visible()
    expect(totals.get_by_role("link")).to_be_hidden()
    assert violations(page) == []
    before = page.locator(".list-head").bounding_box()
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(BAR, ["#totals .skeleton span", ""])["moves"] == "breathe"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(BAR, ["#totals .skeleton span", ""])["moves"] == "none"
    go_on()
    expect(totals).to_contain_text("2 lançamentos")
    assert totals.get_attribute("aria-busy") is None
    assert page.locator(".list-head").bounding_box() == before  # nothing jumped


def test_what_fails_leaves_a_way_on(window: Page, live: str, world: World) -> None:
    sign_in(window, world.bruno, live)
    window.route("**/entries/totals*", lambda route: route.fulfill(status=500, body=""))
    window.goto("/entries")
    expect(window.locator("#totals .skeleton")).to_be_hidden()
    window.unroute("**/entries/totals*")
    window.locator("#totals").get_by_role("link", name="Somar").click()
    expect(window.locator("#totals")).to_contain_text("2 lançamentos")


def test_rows_that_are_replaced_turn_into_bars(page: Page, live: str, world: World, hold: Any) -> None:
    sign_in(page, world.bruno, live)
    page.goto("/entries")
    expect(page.locator("#totals")).to_contain_text("2 lançamentos")
    go_on = hold("**/entries?*q=tinta*")
    before = page.locator(".entries-table").bounding_box()
    page.get_by_role("searchbox", name="Buscar").fill("tinta")
    page.keyboard.press("Enter")
    listing = page.locator("#listing")
    expect(listing).to_have_attribute("aria-busy", "true")
    row = page.locator(".entries-table tbody a.row-link").first
    expect(row).to_be_hidden()
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(BAR, [".entries-table tbody td", "::after"]) == {
        "height": "14px",
        "moves": "skeleton-in, breathe",
    }
    assert page.locator(".entries-table").bounding_box() == before
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(BAR, [".entries-table tbody td", "::after"])["moves"] == "skeleton-in"
    go_on()
    expect(page.locator(".entries-table tbody tr")).to_have_count(1)
    expect(row).to_be_visible()
    assert listing.get_attribute("aria-busy") is None
    assert page.evaluate(BAR, [".entries-table tbody td", "::after"]) is None


def test_a_file_s_text_comes_into_its_bars(page: Page, live: str, world: World, hold: Any) -> None:
    entry = world.typed()
    file = SimpleUploadedFile("nota.xml", NFE.read_bytes(), content_type="text/xml")
    actions.add_document(entry, by=world.ana, upload=file)
    flow.submit(entry, by=world.ana)
    sign_in(page, world.bruno, live)
    go_on = hold("**/documents/*/text")
    page.goto(f"/entries/{entry.pk}")
    bars = page.locator(".preview .skeleton")
    expect(bars).to_be_visible()
    expect(page.locator(".preview [data-loads]")).to_have_attribute("aria-busy", "true")
    assert violations(page) == []
    go_on()
    expect(bars).to_have_count(0)
    expect(page.locator(".preview [aria-busy]")).to_have_count(0)


def test_a_search_for_somebody_shows_that_it_looks(page: Page, live: str, world: World, hold: Any) -> None:
    sign_in(page, world.ana, live)
    page.goto("/entries/new/payable")
    go_on = hold("**/parties")
    page.locator("#id-party_name").press_sequentially("papel")
    results = page.locator("#party-results")
    expect(results).to_have_attribute("aria-busy", "true")
    assert page.evaluate(BAR, ["#party-results", "::before"])["height"] == "14px"
    go_on()
    expect(results).to_contain_text("Papelaria Central")
    assert results.get_attribute("aria-busy") is None


def test_an_account_s_first_fetch_has_bars_for_its_numbers(page: Page, live: str, world: World) -> None:
    sign_in(page, world.clara, live)
    Connection.objects.filter(pk=world.connection.pk).update(directory_synced_at=None)
    page.goto(f"/connections/{world.connection.pk}")
    part = page.locator("#directory-part")
    expect(part).to_have_attribute("aria-busy", "true")
    assert page.evaluate(BAR, ["#directory-part dd", "::after"]) == {"height": "14px", "moves": "none"}
    assert sideways(page) == 0


@pytest.mark.parametrize("window", [False], indirect=True)
def test_without_a_script_nothing_waits_for_one(window: Page, live: str, world: World) -> None:
    sign_in(window, world.bruno, live)
    window.goto("/entries")
    expect(window.locator(".skeleton")).to_be_hidden()
    window.locator("#totals").get_by_role("link", name="Somar").click()
    expect(window.locator("#totals")).to_contain_text("2 lançamentos")
