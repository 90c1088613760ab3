"""From an invitation to the books, as somebody new lives it: a letter, a passkey, a bill, a phone, posted."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from browser.test_passkeys import virtual_key
from django.core.cache import cache
from django.urls import reverse
from playwright.sync_api import expect
from postbox import listening, send_queued
from running import alcada, environment, until
from stories import books, connect

from alcada.intake.models import Entry
from alcada.people.models import Company, User
from alcada.posting.models import Posting, State

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@contextmanager
def working(live: str, sandbox: Any) -> Iterator[None]:
    process: subprocess.Popen[bytes] = alcada("worker", environment=environment(sandbox, URL=live))
    yield
    process.terminate()
    process.wait()


def test_invited_in_with_a_passkey_approves_on_a_phone_and_it_is_posted(
    page: "Page",
    phone: "Page",
    live: str,
    settings: Any,
    company: Company,
    ana: User,
    clara: User,
    sandbox: Any,
) -> None:
    cache.clear()
    settings.ALCADA_URL = live
    connect(company, sandbox, by=clara)

    # Clara invites Davi; his letter arrives.
    with listening(settings) as letters:
        sign_in(page, clara, live)
        page.goto("/people/new")
        page.get_by_label("Nome").fill("Davi Souza")
        page.get_by_label("E-mail").fill("davi@exemplo.com.br")
        page.get_by_label("Aprovador:").check()
        page.get_by_role("button", name="Convidar").click()
        expect(page.get_by_role("heading", name="Davi Souza")).to_be_visible()
        send_queued()
        link = letters.link("invitation")
    settings.EMAIL_CONFIGURED = False

    # On his phone he accepts with a passkey, and comes back with it.
    virtual_key(phone)
    phone.goto(link)
    phone.get_by_role("button", name="Aceitar com uma passkey").click()
    phone.wait_for_url(f"{live}/")
    phone.context.clear_cookies()
    phone.goto("/sign-in?next=/inbox")
    phone.get_by_role("button", name="Entrar com uma passkey").click()
    phone.wait_for_url(f"{live}/inbox")

    # Ana enters a bill.
    page.context.clear_cookies()
    sign_in(page, ana, live)
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

    # Davi approves it on 390 pixels.
    with working(live, sandbox):
        phone.goto("/inbox")
        assert_good(phone)
        phone.get_by_role("link", name="Cardápios").click()
        expect(phone.locator("main")).to_contain_text("R$\xa01.234,56")
        assert_good(phone)
        phone.get_by_role("button", name="Aprovar").click()
        until(lambda: Posting.objects.filter(state=State.POSTED).exists(), "posted", 30)
    phone.goto(reverse("entry", args=[entry.pk]))
    expect(phone.locator("main")).to_contain_text("Davi Souza")
    (standing,) = books(sandbox, company.document)["payables"]
    assert standing["referencia_externa"] == Posting.objects.get().reference
    assert standing["valor"] == 1234.56
