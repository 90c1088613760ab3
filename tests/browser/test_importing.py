"""2,000 payables from a workbook with 15 bad lines, through a real browser and a real worker."""

import re
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone
from integration.importing.shop import Shop, furnish, line, xlsx
from playwright.sync_api import Page, expect
from running import alcada, environment

from alcada.intake.models import Entry, Revision
from alcada.sales.models import Deal
from alcada.sheets.models import Import, Made
from browser.helpers import assert_good, sign_in

pytestmark = pytest.mark.browser

BAD: list[dict[str, Any]] = [
    {"amount": "1.234"},
    {"amount": ""},
    {"amount": "=A1"},
    {"amount": -1},
    {"amount": "dez"},
    {"due": "31/02/2027"},
    {"due": ""},
    {"document": "19.131.243/0001-98"},
    {"document": 394460005887},
    {"party": "N" * 500, "document": ""},
    {"party": "", "document": ""},
    {"category": "Alugel"},
    {"account": "Bradesco"},
    {"method": "fiado"},
    {"total": "1,00"},
]
ALL = 2000


@pytest.fixture
def shop(transactional_db: None, company: Any, ana: Any, bruno: Any, clara: Any) -> Shop:
    return furnish(company, ana, bruno, clara)


@pytest.fixture
def worker(transactional_db: None, sandbox: Any) -> Iterator["subprocess.Popen[bytes]"]:
    running = alcada("worker", environment=environment(sandbox))
    yield running
    running.terminate()
    running.wait()


def workbook(path: Path) -> tuple[Path, list[int]]:
    """The file, and the numbers of its bad lines: one after every 130 good ones."""
    today = timezone.localdate()
    lines, bad = [], []
    for index in range(ALL):
        cells: dict[str, Any] = {
            "party": f"Fornecedor {index % 60} Ltda",
            "document": "",
            "amount": 10 + index / 100,
            "number": f"NF {10_000 + index}",
            "due": today + timedelta(days=10 + index % 200),
        }
        if index % 130 == 129:
            cells |= BAD[len(bad)]
            bad.append(index + 2)
        lines.append(line(**cells))
    assert len(bad) == len(BAD)
    path.write_bytes(xlsx(*lines))
    return path, bad


def test_two_thousand_payables_with_fifteen_bad_lines(
    page: Page, live: str, shop: Shop, worker: Any, tmp_path: Path
) -> None:
    file, bad = workbook(tmp_path / "contas de dezembro.xlsx")
    sign_in(page, shop.ana, live)
    page.goto("/entries")
    page.get_by_role("link", name="Importar planilha").click()
    assert_good(page)
    page.get_by_label("Planilha").set_input_files(file)
    page.get_by_role("button", name="Conferir").click()
    expect(page.get_by_role("heading", name="Qual coluna é qual?")).to_be_visible(timeout=60_000)
    assert_good(page)
    expect(page.get_by_label("O que é “Vencimento”")).to_have_value("due")
    page.get_by_role("button", name="Conferir as linhas").click()
    expect(page.get_by_text("Nada foi feito ainda.")).to_be_visible(timeout=60_000)
    tab = page.get_by_role("link", name=re.compile("^Com problema"))
    expect(tab).to_have_text(re.compile("15$"))
    assert_good(page)
    assert not Entry.objects.exists()
    tab.click()
    expect(page.locator(".import-lines tbody tr")).to_have_count(15)
    numbers = page.locator(".import-lines tbody td[data-label=Linha]").all_inner_texts()
    assert [int(number.replace(".", "")) for number in numbers] == bad
    expect(page.get_by_text("É “Ocupação › Aluguel”?")).to_be_visible()
    assert_good(page)
    expect(page.get_by_label("Todas ou nenhuma")).to_be_disabled()
    expect(page.get_by_label(re.compile("^Só as linhas certas"))).to_be_checked()
    page.get_by_label("Enviados para aprovação na hora").check()
    page.get_by_role("button", name="Importar", exact=True).click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    expect(page.get_by_text("Lançamentos criados")).to_be_visible(timeout=180_000)
    assert_good(page)
    assert Entry.objects.count() == ALL - 15
    assert Made.objects.filter(submitted=True).count() == ALL - 15
    good = [index for index in range(ALL) if index + 2 not in bad]
    total = Revision.objects.aggregate(total=Sum("amount"))["total"]
    assert f"{total:.2f}" == f"{sum(1000 + index for index in good) / 100:.2f}"
    with page.expect_download() as caught:
        page.get_by_role("link", name="Só os problemas").click()
    report = Path(caught.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert [int(row.split(";")[0]) for row in report[1:]] == bad
    assert Import.objects.get().state == "done"


def test_the_pages_are_good_on_a_phone_and_by_keyboard(
    phone: Page, live: str, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "contas.xlsx"
    old = timezone.localdate() - timedelta(days=3)
    file.write_bytes(
        xlsx(
            line(
                party="Fornecedor com um nome bem comprido e sem fim à vista Comércio de Papéis Ltda",
                document="",
            ),
            line(amount="1.234"),
            line(due=old, competence=old),
            line(category=""),
            line(),
            line(),
        )
    )
    sign_in(phone, shop.ana, live)
    phone.goto("/entries/imports")
    assert_good(phone)
    phone.get_by_label("Planilha").set_input_files(file)
    phone.get_by_role("button", name="Conferir").press("Enter")
    expect(phone.get_by_role("heading", name="Qual coluna é qual?")).to_be_visible()
    assert_good(phone)
    phone.get_by_role("button", name="Conferir as linhas").press("Enter")
    expect(phone.get_by_text("Nada foi feito ainda.")).to_be_visible()
    assert_good(phone)
    phone.get_by_label(re.compile("^Conferi a linha")).press("Space")
    phone.get_by_role("button", name="Importar", exact=True).press("Enter")
    expect(phone.get_by_text("Lançamentos criados")).to_be_visible()
    assert_good(phone)
    phone.goto("/entries/imports")
    assert_good(phone)


def test_deals_from_a_csv_on_a_phone(phone: Page, live: str, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "negócios de dezembro.csv"
    rows = [
        "Negócio;Cliente;Valor;Condições de pagamento;Etapa",
        "Coffee break mensal para a equipe inteira do escritório central;Hotel São João;1.234,56;30/60/90;Negociação",
        "Bolo;Marina Costa;980,00;quando der;",
        "Festa;Marina Costa;1.234;;Ganho",
        "Coffee break mensal para a equipe inteira do escritório central;Hotel São João;1.234,56;10x;",
    ]
    file.write_bytes("\r\n".join(rows).encode("latin-1"))
    sign_in(phone, shop.ana, live)
    phone.goto("/sales")
    phone.get_by_role("link", name="Importar", exact=True).click()
    assert_good(phone)
    phone.get_by_label("Planilha").set_input_files(file)
    phone.get_by_role("button", name="Conferir").click()
    expect(phone.get_by_role("heading", name="Qual coluna é qual?")).to_be_visible()
    assert_good(phone)
    phone.get_by_role("button", name="Conferir as linhas").click()
    expect(phone.get_by_text("Nada foi feito ainda.")).to_be_visible()
    expect(phone.get_by_role("link", name=re.compile("^Com problema"))).to_have_text(re.compile("2$"))
    assert_good(phone)
    phone.get_by_label(re.compile("é outro negócio")).check()
    phone.get_by_role("button", name="Importar", exact=True).click()
    expect(phone.get_by_text("Negócios criados")).to_be_visible()
    assert_good(phone)
    assert Deal.objects.count() == 2
    phone.get_by_role("link", name="Ver os negócios").click()
    expect(phone.get_by_text("Coffee break mensal").first).to_be_visible()
    assert_good(phone)
