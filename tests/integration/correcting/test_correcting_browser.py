"""Correcting in a real browser: good at both widths, by keyboard, and the open page follows by itself."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from browser.helpers import assert_good, sign_in
from django.db import connection
from integration.correcting.desk import TWICE, Desk
from playwright.sync_api import Page, expect
from stories import approve

from alcada.intake.models import Entry, Revision
from alcada.posting.models import Correction, CorrectionState

pytestmark = pytest.mark.browser
LATER = [{"due_date": "20/12/2026", "amount": "1.000,00"}, TWICE[1]]


def posted(desk: Desk, **changes: Any) -> Entry:
    """In a thread of its own: Playwright's event loop runs in this one."""

    def post() -> Entry:
        try:
            return desk.posted(**changes)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(post).result()


def test_from_the_form_to_the_books_by_keyboard(page: Page, live: str, desk: Desk) -> None:
    entry = posted(desk)
    sign_in(page, desk.ana, live)
    page.goto(f"/entries/{entry.pk}")
    page.get_by_role("button", name="Corrigir").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=re.compile("^Corrigir o lançamento"))).to_be_visible()
    assert_good(page)
    page.locator("#id-instalments-0-due_date").fill("20/12/2026")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", name="O que esta correção muda")).to_be_visible()
    expect(page.locator("#what-changes")).to_contain_text("20/12/2026")
    assert_good(page)
    page.get_by_role("button", name="Enviar para aprovação").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#correction")).to_contain_text("Em aprovação")
    revision = Revision.objects.get(entry=entry, kind=Revision.Kind.CORRECTION)
    approve(revision, by=desk.bruno)
    assert desk.make(Correction.objects.get()).state == CorrectionState.DONE
    page.reload()
    expect(page.locator("#books")).to_contain_text("20/12/2026")
    assert desk.parts("data_vencimento") == [("2026-12-20",)]


def test_the_pages_are_good_at_both_widths(page: Page, phone: Page, live: str, desk: Desk) -> None:
    """In approval; stopped by an edit there; with things left to do."""
    asked = posted(desk, instalments=TWICE)
    revision = desk.submitted(asked, instalments=LATER)
    stopped = posted(desk, instalments=TWICE, description="Toner", document_number="NF 2")
    correction = desk.approved(stopped, instalments=LATER)
    first = next(event for event in desk.books if "Toner" in event["descricao"])
    part = first["condicao_pagamento"]["parcelas"][0]["id"]
    desk.act("edit", instalment=part, changes={"data_vencimento": "2026-12-15"})
    assert desk.make(correction).state == CorrectionState.UNDECIDED
    left = posted(desk, description="Caixas", document_number="NF 3")
    desk.made(left, amount="1.600,00", competence_date="30/11/2026")
    step = revision.rounds.get().steps.get(state="open").pk
    pages: list[tuple[Any, str, str]] = [
        (desk.bruno, f"/decisions/{step}", "O que esta correção muda"),
        (desk.bruno, "/inbox", "Correção"),
        (desk.clara, f"/entries/{asked.pk}", "Em aprovação"),
        (desk.clara, f"/entries/{stopped.pk}", "Gravar a correção por cima"),
        (desk.clara, f"/entries/{left.pk}", "A fazer no Conta Azul"),
        (desk.clara, "/differences", "Correção parada"),
        (desk.clara, "/differences?state=to_do", "Feito lá"),
        (desk.clara, "/notices", "Uma correção deixou algo a fazer"),
    ]
    for window in (page, phone):
        for who, path, words in pages:
            sign_in(window, who, live)
            window.goto(path)
            expect(window.locator("main")).to_contain_text(words)
            assert_good(window)
    page.goto(f"/entries/{stopped.pk}")
    page.get_by_text("Alguém faz isso no Conta Azul").click()
    page.get_by_role("button", name="Listar como a fazer lá").click()
    expect(page.get_by_label("Por quê")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Por quê").fill("O fornecedor confirmou o dia 15")
    page.keyboard.press("Enter")
    expect(page.locator("#books")).to_contain_text("A fazer no Conta Azul")
    page.get_by_role("button", name="Feito lá").first.click()
    expect(page.locator("#books")).not_to_contain_text("A fazer no Conta Azul")
