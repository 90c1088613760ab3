"""A payment and an edit in Conta Azul show on the entry's open page by themselves: a real browser, a real worker."""

import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from django.urls import reverse
from playwright.sync_api import expect
from running import alcada, environment, until
from stories import approved, connect

from alcada.flow import returning
from alcada.ledger.models import InstalmentState
from alcada.people.models import Company, User
from alcada.posting.models import Posting, State

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture
def worker(live: str, sandbox: Any, settings: Any) -> Iterator[None]:
    """Polls every two seconds here; by default it is every 110 (docs/returning.md)."""
    settings.ALCADA_URL = live
    process: subprocess.Popen[bytes] = alcada(
        "worker", environment=environment(sandbox, URL=live, RETURNING_EVERY="2")
    )
    yield
    process.terminate()
    process.wait()


def assert_good_at_both(page: "Page") -> None:
    for width, height in ((390, 844), (1280, 800)):
        page.set_viewport_size({"width": width, "height": height})
        assert_good(page)


def test_what_happens_there_shows_here_without_a_reload(
    page: "Page",
    live: str,
    worker: None,
    company: Company,
    ana: User,
    bruno: User,
    clara: User,
    sandbox: Any,
) -> None:
    account = connect(company, sandbox, by=clara)
    parts = [{"due_date": "10/12/2026", "amount": "1.000,00"}, {"due_date": "10/01/2027", "amount": "500,00"}]
    posting = approved(company, ana=ana, bruno=bruno, instalments=parts)
    until(lambda: Posting.objects.get(pk=posting.pk).state == State.POSTED, "posted")
    returning.queue_polls()  # the timetable does it each minute
    until(lambda: InstalmentState.objects.exclude(seen_at=None).count() == 2, "followed")

    sign_in(page, clara, live)
    page.goto(reverse("entry", args=[posting.entry_id]))
    page.evaluate("window.stays = 1")
    there = page.locator("#books li")
    expect(there).to_have_count(2)
    expect(there.first).to_contain_text("Em aberto")
    assert_good_at_both(page)

    first, second = InstalmentState.objects.order_by("number")
    sandbox.act(account.remote["id"], "pay", instalment=first.remote_id, date="2026-12-05")
    expect(there.first).to_contain_text("Paga", timeout=40_000)
    expect(there.first).to_contain_text("em 05/12/2026")
    sandbox.act(account.remote["id"], "edit", instalment=second.remote_id, changes={"valor": 650})
    expect(page.locator("#books ins")).to_contain_text("650,00", timeout=40_000)
    expect(page.locator("#books del")).to_contain_text("500,00")
    expect(page.locator("#timeline")).to_contain_text("Alterado no Conta Azul depois de aprovado")
    assert page.evaluate("window.stays") == 1
    assert_good_at_both(page)

    # Clara was told, once; the difference is in the list, where she lets it stand.
    page.locator("#books").get_by_role("link", name="Abrir nas divergências").click()
    page.wait_for_url("**/differences**")
    assert_good_at_both(page)
    page.locator("summary", has_text="Deixar assim").click()
    page.get_by_label("Por que pode ficar assim").fill("Reajuste combinado")
    page.get_by_role("button", name="Aceitar").click()
    expect(page.locator("main")).to_contain_text("Nada", timeout=10_000)
    page.get_by_role("link", name="Aceitas").click()
    expect(page.locator("main")).to_contain_text("Reajuste combinado")
    assert_good_at_both(page)
    page.goto(reverse("notices"))
    expect(page.get_by_text("Alterado no Conta Azul depois de aprovado")).to_have_count(1)
