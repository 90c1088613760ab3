"""The main job in a browser, with a real worker: connect, enter, approve as another person, posted, in the books."""

import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from django.urls import reverse
from playwright.sync_api import expect
from running import alcada, environment, until
from stories import books

from alcada.connections import actions as connections
from alcada.intake.models import Entry
from alcada.people.models import Company, User
from alcada.posting.models import Posting, State

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def worker(live: str, sandbox: Any, settings: Any) -> Iterator[None]:
    settings.ALCADA_URL = live
    process: subprocess.Popen[bytes] = alcada("worker", environment=environment(sandbox, URL=live))
    yield
    process.terminate()
    process.wait()


def as_person(page: "Page", person: User, live: str) -> None:
    page.context.clear_cookies()
    sign_in(page, person, live)


def test_an_approved_bill_posts_itself(
    page: "Page", live: str, worker: None, company: Company, ana: User, bruno: User, clara: User, sandbox: Any
) -> None:
    sandbox.reset(companies=[{"name": company.name, "document": company.document}])
    callback = f"{live}/connections/callback"
    sandbox.application("our-app", "our-secret", [callback], demo=True)
    connections.register_application(
        by=clara, client_id="our-app", client_secret="our-secret", redirect_uri=callback
    )

    # Clara connects the company: one click, one consent.
    as_person(page, clara, live)
    page.goto(f"/connections/new?company={company.pk}")
    page.locator("main form button.btn-primary").click()
    page.get_by_label("E-mail").fill("contador@sandbox.example")
    page.get_by_label("Senha").fill("sandbox")
    page.get_by_role("button", name="Entrar").click()
    page.get_by_label(company.name).check()
    page.get_by_role("button", name="Autorizar").click()
    page.wait_for_url("**/connections/*")
    expect(page.locator("[data-count=categories]")).not_to_have_text("0", timeout=20_000)

    # Ana enters a bill of a vendor that nobody knows yet.
    as_person(page, ana, live)
    page.goto(reverse("entry-new", args=["payable"]))
    page.locator("[name=party_name]").press_sequentially("Gráfica Alfa Ltda")
    page.get_by_role("button", name="Gráfica Alfa Ltda").click()
    page.locator("[name=party_document]").fill("19.131.243/0001-97")
    page.locator("[name=description]").fill("Cardápios")
    page.locator("[name=amount]").fill("1.234,56")
    page.locator("[name=splits-0-category]").select_option(index=1)
    page.locator("[name=instalments-0-due_date]").fill("31/12/2026")
    page.get_by_role("button", name="Enviar para aprovação").click()
    page.wait_for_url("**/entries/*")
    entry = Entry.objects.get()
    page.goto(reverse("entry", args=[entry.pk]))
    expect(page.locator("main")).to_contain_text("Em aprovação")

    # Bruno decides on the page that his inbox leads to.
    as_person(page, bruno, live)
    page.goto(reverse("inbox"))
    page.get_by_role("link", name="Cardápios").click()
    expect(page.locator("main")).to_contain_text("R$\xa01.234,56")
    expect(page.locator("main")).to_contain_text("31/12/2026")
    page.get_by_role("button", name="Aprovar").click()
    until(lambda: Posting.objects.filter(state=State.POSTED).exists(), "posted", 20)

    # Ana sees it posted, with who approved it and where it stands; the page says so by itself.
    as_person(page, ana, live)
    page.goto(reverse("entry", args=[entry.pk]))
    posting = Posting.objects.get()
    expect(page.locator("main")).to_contain_text(posting.reference)
    expect(page.locator("main")).to_contain_text(posting.remote_event_id)
    expect(page.locator("main")).to_contain_text("Bruno Lima")
    assert_good(page)

    # And it stands in the books, once and whole.
    there = books(sandbox, company.document)
    (standing,) = there["payables"]
    assert standing["referencia_externa"] == posting.reference
    assert standing["valor"] == 1234.56
    assert [part["data_vencimento"] for part in standing["parcelas"]] == ["2026-12-31"]
    (vendor,) = [p for p in there["people"] if p["id"] == standing["id_fornecedor"]]
    assert (vendor["nome"], vendor["documento"]) == ("Gráfica Alfa Ltda", "19131243000197")
    page.goto(sandbox.url)
    page.get_by_role("link", name=company.name).first.click()
    expect(page.locator("body")).to_contain_text(posting.reference)
    expect(page.locator("body")).to_contain_text("1.234,56")
