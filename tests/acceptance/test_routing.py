"""Clara makes a rule, moves it and tries it out, in a real browser at a desk and on a phone, by keyboard."""

from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from integration.routing.office import Office, furnish
from playwright.sync_api import expect

from alcada.connections.models import RoutingRule
from alcada.connections.routing_actions import Target
from alcada.directory.actions import save_party

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def office(live: str, company: Any, ana: Any, bruno: Any, clara: Any) -> Office:
    found = furnish(company, ana, bruno, clara)
    save_party(company, name="Imobiliária Ipê Ltda", document="60701190000104", is_vendor=True)
    found.rule("Recebíveis", found.matriz, ("kind", "=", "receivable"))
    found.default(Target(found.matriz))
    return found


@pytest.mark.parametrize("where", ["page", "phone"])
def test_a_rule_is_made_moved_and_tried_out(
    where: str, office: Office, live: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    sign_in(page, office.clara, live)
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live}])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{office.address}/rules/new")
    assert_good(page)
    page.get_by_label("Name", exact=True).fill("Imóveis")
    # Choosing what is looked at brings the field that it needs, and leads to how it is compared.
    page.locator("[name=rows-0-field]").select_option("party")
    expect(page.locator("[name=rows-0-is]")).to_be_focused()
    page.locator("[name=rows-0-value]").press_sequentially("imobil")
    suggested = page.locator("#parties-0 option")
    expect(suggested).to_have_attribute("value", "Imobiliária Ipê Ltda · 60.701.190/0001-04")
    page.locator("[name=rows-0-value]").fill(str(suggested.get_attribute("value")))
    assert not [address for address in asked if "imobil" in address]  # addresses are logged by proxies
    page.get_by_role("button", name="Another condition").click()
    expect(page.locator("[name=rows-1-field]")).to_be_focused()
    expect(page.locator("[name=rows-0-value]")).to_have_value("Imobiliária Ipê Ltda · 60.701.190/0001-04")
    page.locator("[name=rows-1-value]").fill("500,00")
    refusal = page.get_by_label("What whoever submits it reads")
    expect(refusal).to_be_hidden()
    page.get_by_label("Then it goes to").select_option("refuse")
    expect(refusal).to_be_visible()
    page.get_by_label("Then it goes to").select_option(label="Loja")
    page.get_by_role("button", name="Save").click()

    rules = page.locator("#rules-list > li")
    expect(rules).to_have_count(2)
    assert_good(page)
    page.get_by_role("button", name="Move Imóveis up").press("Enter")
    expect(rules.first).to_contain_text("Imóveis")
    # It is first now: the way up is closed, and the focus stays with the rule.
    expect(page.get_by_role("button", name="Move Imóveis down")).to_be_focused()
    assert list(RoutingRule.objects.values_list("name", flat=True)) == ["Imóveis", "Recebíveis"]

    # The move made a new version: the forms beside it go on from there.
    page.get_by_label("Where they go").select_option(label="Loja")
    page.locator("#default-form").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved for Padaria Aurora Ltda.")).to_be_visible()

    tried = page.locator("#try")
    tried.get_by_label("Value").fill("500,01")
    tried.get_by_label("Vendor or customer").fill("60.701.190/0001-04")
    tried.get_by_role("button", name="Try it").click()
    expect(tried.get_by_role("status")).to_contain_text("Loja")
    expect(tried.get_by_role("status")).to_contain_text("by rule 1, “Imóveis”")
    assert_good(page)
    tried.get_by_label("Value").fill("500,00")
    tried.get_by_role("button", name="Try it").click()
    expect(tried.get_by_role("status")).to_contain_text("the company's default")
    expect(tried).to_contain_text("It asks for: value above R$\xa0500.00. This entry has: R$\xa0500.00.")
