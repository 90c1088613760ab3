"""Connecting a company, walked through a real browser: by the callback, and by pasting the final address."""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from browser.helpers import assert_good, sign_in
from playwright.sync_api import expect

from alcada.connections import actions, directory_sync, remote, standing
from alcada.connections.models import Connection
from alcada.people.models import Company, Membership, User

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from conta_azul_sandbox.testing import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ELSEWHERE = "https://www.contaazul.com"
State = Connection.State


@pytest.fixture
def clara(transactional_db: None, sandbox: "RunningSandbox", live: str, settings: Any) -> User:
    """She administers both companies and the installation. The sandbox has their two accounts."""
    settings.ALCADA_URL = live
    standing.forget()
    remote.forget()
    sandbox.reset(companies=2)
    clara = User.objects.create_user(
        email="clara@exemplo.com.br", name="Clara Mendes", password="x", is_administrator=True
    )
    for books in sandbox.state()["companies"]:
        company = Company.objects.create(name=books["name"], document=books["document"])
        Membership.objects.create(user=clara, company=company, role="administrator")
    return clara


def first_company() -> Company:
    return Company.objects.order_by("id")[0]


def register(clara: User, address: str) -> None:
    actions.register_application(
        by=clara, client_id="our-app", client_secret="our-secret", redirect_uri=address
    )


def consent(page: "Page", company: str) -> None:
    """What a person does at Conta Azul: sign in, choose the company, agree."""
    page.get_by_label("E-mail").fill("contador@sandbox.example")
    page.get_by_label("Senha").fill("sandbox")
    page.get_by_role("button", name="Entrar").click()
    page.get_by_label(company).check()
    page.get_by_role("button", name="Autorizar").click()


def test_one_click_and_one_consent_connect_a_company(
    page: "Page", live: str, sandbox: "RunningSandbox", clara: User
) -> None:
    sandbox.application("our-app", "our-secret", [f"{live}/connections/callback"], demo=True)
    register(clara, f"{live}/connections/callback")
    sign_in(page, clara, live)
    company = first_company()
    page.goto(f"{live}/connections")
    page.locator(f"a[href='/connections/new?company={company.pk}']").click()
    page.locator("main form button.btn-primary").click()
    consent(page, company.name)
    page.wait_for_url("**/connections/*")
    connection = Connection.objects.get()
    assert urlsplit(page.url).path == f"/connections/{connection.pk}"
    assert connection.state == State.CONNECTED
    assert connection.remote_name == company.name
    expect(page.locator("[data-count=categories]")).to_have_text("0")
    # The page follows the fetch, which a worker does, without a reload.
    directory_sync.fetch(connection.pk)
    expect(page.locator("[data-count=categories]")).not_to_have_text("0")
    assert_good(page)


def test_pasting_the_final_address_connects_a_company(
    page: "Page", live: str, sandbox: "RunningSandbox", clara: User
) -> None:
    sandbox.application("our-app", "our-secret", [ELSEWHERE])
    register(clara, ELSEWHERE)
    page.context.route(f"{ELSEWHERE}/**", lambda route: route.fulfill(body="A page of somebody else"))
    sign_in(page, clara, live)
    company = first_company()
    page.goto(f"{live}/connections/new?company={company.pk}")
    page.locator("main form button.btn-primary").click()
    with page.context.expect_page() as opened:
        page.locator("a[target=_blank].btn-primary").click()
    consent(opened.value, company.name)
    opened.value.wait_for_url(f"{ELSEWHERE}/**")
    page.locator("textarea").fill("não é um endereço")
    page.locator("form:has(textarea) button").click()
    expect(page.locator("textarea")).to_have_value("não é um endereço")  # what was typed stays
    expect(page.locator("textarea")).to_have_attribute("aria-invalid", "true")
    page.locator("textarea").fill(opened.value.url)
    page.locator("form:has(textarea) button").click()
    page.wait_for_url("**/connections/*")
    assert Connection.objects.get().state == State.CONNECTED


def test_consenting_as_another_company_names_both_and_connects_nothing(
    page: "Page", live: str, sandbox: "RunningSandbox", clara: User
) -> None:
    sandbox.application("our-app", "our-secret", [f"{live}/connections/callback"], demo=True)
    register(clara, f"{live}/connections/callback")
    sign_in(page, clara, live)
    right, wrong = Company.objects.order_by("id")
    page.goto(f"{live}/connections/new?company={right.pk}")
    page.locator("main form button.btn-primary").click()
    consent(page, wrong.name)
    note = page.get_by_role("alert")
    expect(note).to_contain_text(wrong.name)
    expect(note).to_contain_text(right.name)
    assert Connection.objects.get().state == State.WRONG_COMPANY
    # The way on is beside it.
    page.locator("main form button.btn-primary").click()
    consent(page, right.name)
    page.wait_for_url("**/connections/*")
    assert Connection.objects.get().state == State.CONNECTED


def test_refusing_the_consent_says_so(
    page: "Page", live: str, sandbox: "RunningSandbox", clara: User
) -> None:
    sandbox.application("our-app", "our-secret", [f"{live}/connections/callback"], demo=True)
    register(clara, f"{live}/connections/callback")
    sign_in(page, clara, live)
    page.goto(f"{live}/connections/new?company={first_company().pk}")
    page.locator("main form button.btn-primary").click()
    page.get_by_label("E-mail").fill("contador@sandbox.example")
    page.get_by_label("Senha").fill("sandbox")
    page.get_by_role("button", name="Entrar").click()
    page.get_by_role("button", name="Recusar").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert Connection.objects.get().state == State.NEW


def test_registering_the_application_keeps_its_secret_to_itself(page: "Page", live: str, clara: User) -> None:
    sign_in(page, clara, live)
    page.goto(f"{live}/connections/application")
    page.locator("[name=client_id]").fill("our-app")
    page.locator("main form button.btn-primary").click()
    expect(page.locator("[name=client_secret]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("[name=client_id]")).to_have_value("our-app")  # what was typed stays
    page.locator("[name=client_secret]").fill("our-secret")
    page.locator("main form button.btn-primary").click()
    page.wait_for_url("**/connections")
    page.goto(f"{live}/connections/application")
    assert "our-secret" not in page.content()
    assert_good(page)
