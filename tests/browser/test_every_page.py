"""Every page in both languages, at a desk and on a phone: accessible, nothing cut off, nothing scrolling sideways.

The pages are those of integration/pages/test_every_route.py, of one company in which there is one of each thing.
"""

from typing import Any

import pytest
from cast import make_person
from django.urls import reverse
from integration.pages.test_every_route import INSTALLATION_ROUTES, LISTS, ROUTES, SIGNED_IN_ROUTES, furnished
from integration.pages.world import build
from playwright.sync_api import Page

from alcada.people.models import Role, User
from browser.helpers import cramped, sideways, sign_in, violations

pytestmark = pytest.mark.browser

# Answers that are no page: fragments, files, redirects to one of the others.
NO_PAGES = {
    "entry-live", "entry-document", "entry-edit", "entry-correct", "connection-progress", "notices-read",
    "bulk-template", "doctor-report", "import-template", "deal-import-template", "entries-totals",
    "deal-receivable", "confirm-it-is-you",
}  # fmt: skip


@pytest.fixture
def world(company: Any, ana: User, bruno: User, clara: User, settings: Any, tmp_path: Any) -> Any:
    beatriz = make_person("Beatriz Rocha", company, Role.APPROVER)
    return furnished(build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara), settings, tmp_path)


def _addresses(world: Any) -> dict[str, str]:
    of = {name: route.of(world) for name, route in ROUTES.items() if route.of and not route.post}
    of |= {name: [] for name in {*LISTS, *INSTALLATION_ROUTES, *SIGNED_IN_ROUTES}}
    return {name: reverse(name, args=arguments) for name, arguments in of.items() if name not in NO_PAGES}


@pytest.mark.parametrize(("window", "language"), [("page", "en"), ("phone", "pt-br")])
def test_every_page_is_good(
    request: pytest.FixtureRequest, live: str, world: Any, window: str, language: str
) -> None:
    everything = make_person(
        "Zoé Prado", world.company, *Role.values, is_administrator=True, language=language
    )
    browser: Page = request.getfixturevalue(window)
    sign_in(browser, everything, live)
    wrong: dict[str, Any] = {}
    addresses = _addresses(world)
    assert len(addresses) > 40
    for name, address in sorted(addresses.items()):
        answer = browser.goto(address)
        assert answer is not None
        found = [*violations(browser), *cramped(browser)]
        if answer.status != 200:
            found.append(f"answered {answer.status}")
        if sideways(browser):
            found.append("scrolls sideways")
        if found:
            wrong[name] = found
    browser.goto("about:blank")  # a page that asks anew by itself would hold the database's connection
    assert wrong == {}
