"""The pages to import deals: the way from file to report, who sees them, the template."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from integration.importing.shop import Shop, outcomes, xlsx
from openpyxl import load_workbook

from alcada.intake.models import Entry
from alcada.people.models import Membership
from alcada.sales.models import Deal
from alcada.sheets.models import Import

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "/sales/imports"
HEADER = ["Negócio", "Cliente", "Valor", "Condições de pagamento", "Etapa"]


def line(
    title: str = "Coffee break", amount: Any = 8400, terms: str = "30/60/90", stage: str = ""
) -> list[Any]:
    return [title, "Hotel Azul & Filhos", amount, terms, stage]


def sent(client: Client, data: bytes, name: str = "negócios.xlsx", **more: Any) -> Import:
    answer = client.post(ADDRESS, {"file": SimpleUploadedFile(name, data), **more})
    assert answer.status_code == 302, answer.content.decode()
    source = Import.objects.latest("pk")
    assert answer.headers["Location"] == f"{ADDRESS}/{source.pk}"
    return source


def matched(client: Client, data: bytes, **options: Any) -> Import:
    source = sent(client, data)
    fields = {f"column-{index}": name for index, name in enumerate(source.columns)}
    answer = client.post(f"{ADDRESS}/{source.pk}/columns", {**fields, **options})
    assert answer.status_code == 302, answer.content.decode()
    source.refresh_from_db()
    return source


def text(client: Client, address: str) -> str:
    """What the page says, without its marks."""
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_the_way_from_file_to_report(shop: Shop, as_ana: Client) -> None:
    for page in ("sales", "deals"):
        assert f'href="{ADDRESS}' in as_ana.get(reverse(page)).content.decode()
    data = xlsx(line(), line("Bolo", terms="quando der"), line("Festa", stage="Ganho"), header=HEADER)
    source = sent(as_ana, data)
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "negócios.xlsx · 3 lines · for Padaria Aurora Ltda" in page
    assert "Payables" not in page  # what lines are is asked of entries only
    source = matched(as_ana, data)
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "1 deal R$ 8,400.00" in page.replace("\xa0", " ")
    assert "With a problem 2" in page
    assert "New customers 1" in page
    assert "Submitted for approval" not in page
    assert "Coffee break new Hotel Azul &amp; Filhos 30/60/90 · Primeiro contato · Ana Souza" in page
    assert "Payment terms: These terms can't be read." in page.replace("&#x27;", "'")
    assert (
        "Festa Hotel Azul &amp; Filhos 30/60/90 · Ana Souza Stage: An import makes open deals only." in page
    )
    assert not Deal.objects.exists()
    assert as_ana.get(f"{ADDRESS}/{source.pk}/make").status_code == 405  # a GET changes nothing
    assert as_ana.post(f"{ADDRESS}/{source.pk}/make", {"which": "good", "as": "submitted"}).status_code == 302
    made = Deal.objects.get()
    assert (made.state, made.owner, made.entry) == ("open", shop.ana, None)
    assert not Entry.objects.exists()
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "Deals made 1" in page
    assert "#1 · Coffee break" in page
    assert f'href="/sales/{made.pk}"' in as_ana.get(f"{ADDRESS}/{source.pk}").content.decode()
    report = as_ana.get(f"{ADDRESS}/{source.pk}/report.csv").content.decode("utf-8-sig").splitlines()
    assert report[0].startswith("Line;What became of it;Deal;What is sold;Customer;")
    assert report[1].startswith("2;Deal made;1;Coffee break;Hotel Azul & Filhos;")
    assert report[2].startswith("3;With a problem;;Bolo;")
    assert "These terms can't be read." in report[2]
    problems = as_ana.get(f"{ADDRESS}/{source.pk}/report.csv?only=problems").content.decode("utf-8-sig")
    assert [row.split(";")[0] for row in problems.splitlines()[1:]] == ["3", "4"]
    assert "Deal entered by import of negócios.xlsx, line 2" in text(as_ana, f"/sales/{made.pk}")
    assert "negócios.xlsx" in text(as_ana, ADDRESS)  # among one's files
    assert "negócios.xlsx" not in text(as_ana, "/entries/imports")


def test_what_is_here_already_is_shown_with_a_way_to_it(shop: Shop, as_ana: Client) -> None:
    data = xlsx(line(), header=HEADER)
    first = matched(as_ana, data)
    as_ana.post(f"{ADDRESS}/{first.pk}/make", {"which": "all"})
    second = sent(as_ana, data)  # its columns are known by now
    page = text(as_ana, f"{ADDRESS}/{second.pk}")
    assert "This very file was imported on" in page
    assert "Imported before: it is deal #1. Open it" in page
    assert "is another deal: import it too." in page
    refused = as_ana.post(f"{ADDRESS}/{second.pk}/make", {"which": "good", "twins": "on"})
    assert refused.status_code == 422
    assert "Tick this if you really mean it: nothing was imported." in refused.content.decode()
    as_ana.post(f"{ADDRESS}/{second.pk}/make", {"which": "good", "twins": "on", "again": "on"})
    assert Deal.objects.count() == 2


def test_a_deal_that_one_may_not_see_is_named_without_a_way_to_it(shop: Shop, as_ana: Client) -> None:
    bruno = Client()
    bruno.force_login(shop.bruno)
    theirs = matched(bruno, xlsx(line(), header=HEADER))
    bruno.post(f"{ADDRESS}/{theirs.pk}/make", {"which": "all"})
    source = matched(as_ana, xlsx(line(terms="10x"), header=HEADER))
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "Imported before: it is deal #1." in page
    assert "Open it" not in page


def test_columns_without_which_nothing_can_be_read_are_told(shop: Shop, as_ana: Client) -> None:
    source = sent(as_ana, xlsx(["Coffee break", 10], header=["O quê", "Quanto"]))
    address = f"{ADDRESS}/{source.pk}/columns"
    wrong = as_ana.post(address, {"column-0": "title"})
    assert wrong.status_code == 422
    assert "Say which column is: Value, Customer." in wrong.content.decode()


def test_an_import_is_its_senders_alone_and_of_its_kind(shop: Shop, as_ana: Client, carla: Any) -> None:
    source = matched(as_ana, xlsx(line(), line("Bolo", amount="x"), header=HEADER))
    paths = ["", "/columns", "/progress", "/report.csv"]
    # A file of deals is none of entries, for whoever sent it too.
    assert [as_ana.get(f"/entries/imports/{source.pk}{path}").status_code for path in paths] == [404] * 4
    for stranger in (shop.clara, shop.bruno, carla):
        client = Client()
        client.force_login(stranger)
        assert [client.get(f"{ADDRESS}/{source.pk}{path}").status_code for path in paths] == [404] * 4
        for path in ("/make", "/zeros", "/columns"):
            assert client.post(f"{ADDRESS}/{source.pk}{path}", {"which": "good"}).status_code == 404
    assert client.get(f"{ADDRESS}?company={shop.company.pk}").status_code == 404  # Carla's is another company
    upload = {"file": SimpleUploadedFile("x.xlsx", xlsx(line(), header=HEADER)), "company": shop.company.pk}
    assert client.post(ADDRESS, upload).status_code == 404
    Membership.objects.filter(user=shop.ana).update(role="auditor")  # reads only
    assert [as_ana.get(f"{ADDRESS}/{source.pk}{path}").status_code for path in paths] == [404] * 4
    assert as_ana.get(ADDRESS).status_code == 403
    assert as_ana.get(f"{ADDRESS}/template.csv").status_code == 403
    assert ADDRESS not in as_ana.get(reverse("sales")).content.decode()
    assert not Deal.objects.exists()


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_template_as_it_is_is_good(shop: Shop, as_ana: Client, ending: str, language: str) -> None:
    as_ana.cookies["django_language"] = language
    answer = as_ana.get(f"{ADDRESS}/template.{ending}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    source = matched(as_ana, answer.content)
    assert outcomes(source) == ["good"] * 3, list(source.lines.values_list("problems", flat=True))
    assert all(source.columns)
    if ending == "xlsx":
        book = load_workbook(io.BytesIO(answer.content))
        explained = [str(row[0].value) for row in book.worksheets[1].iter_rows()]
        assert {"Vendas", "Itaú PJ", "Negociação", "Ana Souza"} <= set(explained)
        assert "Aluguel" not in explained
    assert as_ana.get(f"{ADDRESS}/template.ods").status_code == 404


def test_nothing_in_the_report_is_a_formula(shop: Shop, as_ana: Client) -> None:
    evil = '\'=HYPERLINK("http://evil.example","x")'
    source = matched(as_ana, xlsx(line(evil), line("@SUM(A1)", terms="+1"), header=HEADER))
    body = as_ana.get(f"{ADDRESS}/{source.pk}/report.csv").content.decode("utf-8-sig")
    cells = [cell.strip('"') for row in body.splitlines()[1:] for cell in row.split(";")]
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
