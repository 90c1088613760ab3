"""A deal won by dragging its card, with a real worker: its receivable in the books, once and whole."""

import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect
from running import alcada, environment, until
from stories import Account, books, connect, post

from alcada.directory.actions import save_party
from alcada.directory.models import BankAccount, Category
from alcada.flow import selling
from alcada.intake.models import Entry
from alcada.people.models import Company, User
from alcada.posting.models import Posting, State
from alcada.sales import pipelines
from alcada.sales.actions import Content, create
from alcada.sales.models import Deal
from alcada.sales.queries import stages_of
from alcada.sales.rules import NotOpenableError

if TYPE_CHECKING:
    from playwright.sync_api import Page


@pytest.fixture
def account(transactional_db: None, settings: Any, sandbox: Any, company: Company, clara: User) -> Account:
    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    return connect(company, sandbox, by=clara)


def deal_of(company: Company, owner: User, **changes: Any) -> Deal:
    category = Category.objects.filter(company=company, kind="receivable", active=True).first()
    bank = BankAccount.objects.filter(company=company, active=True).first()
    customer = save_party(company, name="Festa & Cia Ltda", document="19131243000197", is_customer=True)
    fields = {
        "title": "Buffet de casamento",
        "customer": customer,
        "value": Decimal("1000.00"),
        "terms": "30/60/90",
        "owner": owner,
        "category": category,
        "bank_account": bank,
        **changes,
    }
    return create(company, Content(**fields), by=owner)


def whole(standing: dict[str, Any]) -> tuple[float, list[tuple[str, float]]]:
    parts = [
        (part["data_vencimento"], part["valor_composicao"]["valor_bruto"]) for part in standing["parcelas"]
    ]
    return standing["valor"], parts


def in_three(day: date) -> list[tuple[str, float]]:
    shares = zip((30, 60, 90), (333.34, 333.33, 333.33), strict=True)
    return [((day + timedelta(days=days)).isoformat(), amount) for days, amount in shares]


def test_won_undone_changed_and_won_again_it_stands_once(
    account: Account, sandbox: Any, company: Company, ana: User, clara: User
) -> None:
    deal = deal_of(company, ana)
    selling.win(deal.pk, by=ana)
    selling.reopen(deal.pk, by=ana)
    post(account)
    assert books(sandbox, company.document)["receivables"] == []  # what was taken back is not sent
    Deal.objects.update(value=Decimal("600.00"), terms="entrada + 1")
    selling.win(deal.pk, by=ana)
    selling.win(deal.pk, by=clara)
    post(account)
    post(account)
    there = books(sandbox, company.document)
    (standing,) = there["receivables"]
    today = timezone.localdate()
    assert standing["valor"] == 600
    assert len(standing["parcelas"]) == 2
    assert standing["parcelas"][0]["data_vencimento"] == today.isoformat()
    # The customer was made there, once, as a customer.
    (person,) = [one for one in there["people"] if one["documento"] == "19131243000197"]
    assert person["id"] == standing["id_cliente"]
    with pytest.raises(NotOpenableError):
        selling.reopen(deal.pk, by=clara)
    assert Entry.objects.count() == 1


@pytest.fixture
def worker(account: Account, live: str, sandbox: Any) -> Iterator[None]:
    process: subprocess.Popen[bytes] = alcada("worker", environment=environment(sandbox, URL=live))
    yield
    process.terminate()
    process.wait()


@pytest.mark.browser
def test_a_deal_is_won_by_dragging_its_card(
    page: "Page", live: str, worker: None, company: Company, ana: User, sandbox: Any
) -> None:
    sign_in(page, ana, live)
    # A deal from its form, with a customer that nobody knows yet; its instalments show while the terms are typed.
    page.goto(reverse("sales"))
    page.get_by_role("link", name="Novo negócio").click()
    page.locator("[name=party_name]").press_sequentially("Hotel Beira-Mar")
    page.get_by_role("button", name="Hotel Beira-Mar").click()
    page.locator("[name=party_document]").fill("11.444.777/0001-61")
    page.locator("[name=title]").fill("Café da manhã de dezembro")
    page.locator("[name=amount]").fill("1.000,00")
    page.locator("[name=terms]").press_sequentially("30/60/90")
    preview = page.locator("#terms-preview")
    expect(preview).to_contain_text("333,34")
    today = timezone.localdate()
    expect(preview).to_contain_text(f"{today + timedelta(days=90):%d/%m/%Y}")
    page.locator("[name=category]").select_option(index=1)
    page.locator("[name=bank_account]").select_option(index=1)
    assert_good(page)
    page.get_by_role("button", name="Salvar", exact=True).click()
    page.wait_for_url("**/sales/*")
    expect(page.locator("main")).to_contain_text("Hotel Beira-Mar")
    assert_good(page)

    # Its card, dragged one stage on, and then to what is won.
    page.goto(reverse("sales"))
    card = page.locator(".deal-card")
    columns = page.locator(".board-column")
    card.drag_to(columns.nth(1))
    expect(columns.nth(1)).to_contain_text("Café da manhã de dezembro")
    expect(page.locator(".deal-title")).to_be_focused()
    card.drag_to(page.locator("[data-drop-to=won]"))
    expect(page.locator("[data-drop-to=won]")).to_contain_text("Café da manhã de dezembro")
    expect(page.locator("[data-drop-to=won]")).to_contain_text("R$\xa01.000,00")
    assert_good(page)
    until(lambda: Posting.objects.filter(state=State.POSTED).exists(), "posted", 20)

    page.goto(reverse("deal", args=[Deal.objects.get().pk]))
    expect(page.locator("#receivable")).to_contain_text("No Conta Azul")
    expect(page.locator("main")).to_contain_text("o negócio continua ganho")
    assert_good(page)
    there = books(sandbox, company.document)
    (standing,) = there["receivables"]
    assert whole(standing) == (1000.0, in_three(today))
    assert standing["referencia_externa"] == Posting.objects.get().reference
    (customer,) = [one for one in there["people"] if one["id"] == standing["id_cliente"]]
    assert (customer["nome"], customer["documento"]) == ("Hotel Beira-Mar", "11444777000161")
    assert customer["perfis"] == ["Cliente"]


def _open_move(page: "Page") -> None:
    """From the card, which has the focus when the board is new, to the dialog, whose first button has it then."""
    expect(page.locator(".deal-title")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#move-dialog button:enabled").first).to_be_visible()
    expect(page.locator("#move-dialog :focus")).to_be_visible()


@pytest.mark.browser
def test_a_deal_is_moved_won_and_reopened_by_keyboard_alone(
    page: "Page", live: str, account: Account, company: Company, ana: User
) -> None:
    deal = deal_of(company, ana)
    sign_in(page, ana, live)
    page.goto(reverse("sales"))
    page.locator(".deal-title").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Move"
    expect(page.locator("#move-dialog")).to_be_visible()
    assert_good(page)
    expect(page.get_by_role("button", name="Qualificado")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".board-column").nth(1)).to_contain_text(deal.title)
    expect(page.locator(".deal-title")).to_be_focused()

    _open_move(page)
    for _ in range(3):  # the first contact, the proposal, the negotiation
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Ganho")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-drop-to=won]")).to_contain_text(deal.title)
    expect(page.locator(".deal-title")).to_be_focused()
    assert Posting.objects.get().state == State.QUEUED

    # Back to a stage: its receivable is taken back.
    _open_move(page)
    page.keyboard.press("Enter")
    expect(page.locator(".board-column").nth(0)).to_contain_text(deal.title)
    assert Posting.objects.get().state == State.CANCELLED

    # Lost asks for the reason first.
    _open_move(page)
    page.locator("#move-reason").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#move-reason-error")).to_be_visible()
    expect(page.locator("#move-reason")).to_be_focused()
    page.keyboard.type("Adiado")
    page.keyboard.press("Enter")
    expect(page.locator("[data-drop-to=lost]")).to_contain_text("Adiado")
    deal.refresh_from_db()
    assert (deal.state, deal.lost_reason) == ("lost", "Adiado")


@pytest.mark.browser
def test_a_phone_shows_the_board_and_moves_a_card(
    phone: "Page", live: str, account: Account, company: Company, ana: User, clara: User
) -> None:
    deal = deal_of(company, ana)
    pipelines.add_stage(deal.stage.pipeline, "Uma etapa com um nome bastante comprido mesmo", by=clara)
    sign_in(phone, ana, live)
    phone.goto(reverse("sales"))
    assert_good(phone)
    phone.get_by_role("link", name="Mover").click()
    assert_good(phone)
    stage = stages_of(deal.stage.pipeline)[1]
    phone.get_by_role("button", name=stage.name).click()
    until(lambda: Deal.objects.get().stage == stage, "moved", 10)
    for name in ("deal", "deal-edit"):
        phone.goto(reverse(name, args=[deal.pk]))
        assert_good(phone)
    for name in ("deals", "deal-new"):
        phone.goto(reverse(name))
        assert_good(phone)
    sign_in(phone, clara, live)
    phone.goto(reverse("sales-stages"))
    assert_good(phone)


@pytest.mark.browser
def test_what_can_not_be_won_leads_to_the_field_that_says_why(
    page: "Page", live: str, account: Account, company: Company, ana: User
) -> None:
    deal_of(company, ana, category=None)
    sign_in(page, ana, live)
    page.goto(reverse("sales"))
    page.locator(".deal-card").drag_to(page.locator("[data-drop-to=won]"))
    page.wait_for_url("**/edit?check=1")
    expect(page.locator("[name=category]")).to_be_focused()
    assert_good(page)
    page.locator("[name=category]").select_option(index=1)
    page.get_by_role("button", name="Salvar e marcar como ganho").click()
    page.wait_for_url(lambda address: "edit" not in address)
    assert Deal.objects.get().state == "won"
