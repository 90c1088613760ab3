"""Ana enters a bill in a real browser, at a desk and on a phone: two categories, three instalments, submitted."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from playwright.sync_api import expect
from stories import connect

from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import Category
from alcada.intake.models import Entry

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def furnished(live: str, company: Any, ana: Any, bruno: Any, clara: Any, sandbox: Any) -> Any:
    """The company connected to its account, two vendors in its directory."""
    connect(company, sandbox, by=clara)
    save_cost_centre(company, code="OPS", name="Operações")
    save_party(company, name="Papelaria Estrela Ltda", document="19131243000197", is_vendor=True)
    save_party(company, name="Estrela Limpeza Ltda", is_vendor=True)
    return company


def open_as(person: Any, page: "Page", live: str, address: str) -> None:
    sign_in(page, person, live)
    # English is what the tests read; the pages' own words are translated elsewhere.
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": live}])
    page.goto(address)


@pytest.mark.parametrize("where", ["page", "phone"])
def test_a_payable_with_two_splits_and_three_instalments(
    where: str, furnished: Any, ana: Any, live: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    one, other = Category.objects.filter(company=furnished, kind="payable", active=True)[:2]
    open_as(ana, page, live, "/entries/new/payable")
    assert_good(page)

    page.get_by_role("combobox", name="Name, CPF or CNPJ").press_sequentially("papelaria est")
    page.get_by_role("button", name="Papelaria Estrela Ltda").click()
    expect(page.get_by_label("Description")).to_be_focused()
    page.keyboard.type("Papel e toner")
    page.locator("[name=amount]").fill("1.000,00")
    expect(page.locator("[data-total]")).to_have_text("R$\xa01,000.00")

    page.get_by_role("button", name="Split over another category").click()
    expect(page.locator("[name=splits-1-category]")).to_be_focused()
    page.locator("[name=splits-0-category]").select_option(str(one.pk))
    page.locator("[name=splits-0-amount]").fill("600")
    expect(page.locator("[data-sum=splits]")).to_have_text("R$\xa0400.00 left")
    page.locator("[name=splits-1-category]").select_option(str(other.pk))
    page.locator("[name=splits-1-cost_centre]").select_option(label="OPS · Operações")
    page.get_by_role("group", name="Split 2").get_by_role("button", name="Rest here").click()
    expect(page.locator("[name=splits-1-amount]")).to_have_value("400,00")
    expect(page.locator("[data-sum=splits]")).to_have_text("Adds up")

    page.get_by_text("Equal instalments…").click()
    page.get_by_label("How many").fill("3")
    page.locator("[name=first]").press_sequentially("31122026")
    expect(page.locator("[name=first]")).to_have_value("31/12/2026")
    page.get_by_role("button", name="Fill in").click()
    expect(page.locator("[name=instalments-2-due_date]")).to_have_value("28/02/2027")
    expect(page.locator("[data-sum=instalments]")).to_have_text("Adds up")
    expect(page.get_by_label("Description")).to_have_value("Papel e toner")

    assert_good(page)
    # Far enough from today for no question, whenever the tests run.
    page.locator("[name=competence_date]").fill("01/12/2026")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/entries/*")
    _confirm_dates(page)

    entry = Entry.objects.get()
    revision = entry.current
    assert revision
    assert [split.amount for split in revision.splits.all()] == [Decimal("600.00"), Decimal("400.00")]
    assert [f"{part.due_date:%d/%m/%Y} {part.amount}" for part in revision.instalments.all()] == [
        "31/12/2026 333.34",
        "31/01/2027 333.33",
        "28/02/2027 333.33",
    ]
    page.wait_for_url(f"**/entries/{entry.pk}")


def _confirm_dates(page: "Page") -> None:
    """In a later year these dates are odd; the form asks, and a person says yes."""
    for box in page.locator("[name=confirmed]").all():
        box.check()
    if page.locator("#submit-entry").count():
        page.locator("#submit-entry").click()
        page.wait_for_url("**/entries/[0-9]*")


def test_what_is_typed_while_an_answer_is_on_its_way_stays(
    furnished: Any, ana: Any, live: str, page: "Page"
) -> None:

    def slowly(route: Any) -> None:
        answer = route.fetch()
        page.locator("[name=description]").fill("Digitado entretanto")
        route.fulfill(response=answer)

    open_as(ana, page, live, "/entries/new/payable")
    page.locator("[name=notes]").fill("Antes")
    page.route("**/entries/new/payable", slowly)
    page.get_by_role("button", name="Add an instalment").click()
    expect(page.locator("[name=instalments-1-amount]")).to_be_visible()
    expect(page.locator("[name=description]")).to_have_value("Digitado entretanto")
    expect(page.locator("[name=notes]")).to_have_value("Antes")


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    furnished: Any, ana: Any, live: str, phone: "Page"
) -> None:
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(request.url))
    open_as(ana, phone, live, "/entries/new/payable")
    phone.get_by_role("combobox", name="Name, CPF or CNPJ").press_sequentially("Gráfica Zebra")
    phone.get_by_role("button", name="New vendor: Gráfica Zebra").click()
    phone.locator("[name=party_document]").press_sequentially("11.222.333/0001-80")
    expect(phone.locator("#document-check")).to_contain_text("mistyped digit")
    # What proxies write into their logs names nobody.
    assert not [address for address in asked if "party_document" in address or "party_name" in address]
    phone.locator("[name=amount]").fill("1.234")
    phone.get_by_role("button", name="Submit").click()
    phone.wait_for_url("**/edit?check=1")
    expect(phone.get_by_role("alert")).to_contain_text("The draft is saved.")
    expect(phone.locator("[name=party_document]")).to_have_value("11.222.333/0001-80")
    expect(phone.locator("[name=amount]")).to_have_value("1.234")
    expect(phone.locator("[name=amount]")).to_have_attribute("aria-invalid", "true")
    assert_good(phone)
    phone.goto("/entries")
    expect(phone.get_by_role("link", name="Gráfica Zebra")).to_be_visible()
    assert_good(phone)


@pytest.mark.parametrize("where", ["page", "phone"])
def test_the_company_is_changed_and_what_was_typed_stays(
    where: str, furnished: Any, other_company: Any, ana: Any, live: str, request: pytest.FixtureRequest
) -> None:
    page: Page = request.getfixturevalue(where)
    other_company.memberships.create(user=ana, role="requester")
    open_as(ana, page, live, "/entries/new/payable")
    page.get_by_role("link", name=furnished.name).click()
    page.locator("[name=description]").fill("Papel e toner")
    page.locator("[name=amount]").fill("1.000,00")
    page.locator("[name=documents]").set_input_files(
        [{"name": "boleto.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4\n%%EOF"}]
    )
    page.get_by_label("Company").select_option(label=other_company.name)
    expect(page.get_by_text(f"Now for {other_company.name}")).to_be_visible()
    expect(page.get_by_text("not connected to a Conta Azul account yet")).to_be_visible()
    expect(page.locator("[name=description]")).to_have_value("Papel e toner")
    expect(page).to_have_url(f"{live}/entries/new/payable?company={other_company.pk}")
    expect(page.locator("#company-switcher button span")).to_have_text(other_company.name)
    assert_good(page)
    page.get_by_role("button", name="Save draft").last.click()
    page.wait_for_url("**/edit")
    entry = Entry.objects.get()
    assert entry.company == other_company
    assert entry.draft
    assert entry.draft["amount"] == "1.000,00"
    assert [document.name for document in entry.documents.all()] == ["boleto.pdf"]
