"""The pages: who sees them, what is refused beside the file, the template, the report."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from integration.importing.shop import Shop, day, line, outcomes, xlsx
from openpyxl import load_workbook

from alcada.flow.importing import work
from alcada.intake.models import Entry
from alcada.people.models import Membership
from alcada.sheets.models import Import

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS = "/entries/imports"


def upload(data: bytes, name: str = "contas.xlsx", **more: Any) -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, data), **more}


def sent(client: Client, data: bytes, **more: Any) -> Import:
    answer = client.post(ADDRESS, upload(data, **more))
    assert answer.status_code == 302, answer.content.decode()
    return Import.objects.latest("pk")


def matched(client: Client, data: bytes, **options: Any) -> Import:
    source = sent(client, data)
    fields = {f"column-{index}": name for index, name in enumerate(source.columns)}
    answer = client.post(f"{ADDRESS}/{source.pk}/columns", {**fields, "kind": "payable", **options})
    assert answer.status_code == 302, answer.content.decode()
    source.refresh_from_db()
    return source


def text(client: Client, address: str) -> str:
    """What the page says, without its marks."""
    bare = re.sub(r"<[^>]+>", " ", client.get(address).content.decode())
    return " ".join(bare.split())


def test_the_way_from_file_to_report(shop: Shop, as_ana: Client) -> None:
    data = xlsx(
        line(party="Novo & Filhos", document=""), line(amount="1.234"), line(category="Alugel", due=day(3))
    )
    source = sent(as_ana, data)
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "contas.xlsx · 3 lines · for Padaria Aurora Ltda" in page
    assert "Papelaria Estrela Ltda" in page  # what stands in the column
    source = matched(as_ana, data)
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "With a problem 2" in page
    assert "Not possible while a line has a problem." in page
    assert "“1.234” may be a thousand, or one and a part." in page
    assert "Is it “Ocupação › Aluguel”?" in page
    narrowed = text(as_ana, f"{ADDRESS}/{source.pk}?outcome=bad")
    assert "Novo & Filhos" not in narrowed.split("Narrow", 1)[-1].split("Vendor or customer")[-1]
    assert not Entry.objects.exists()
    assert as_ana.get(f"{ADDRESS}/{source.pk}/make").status_code == 405  # a GET changes nothing
    assert as_ana.post(f"{ADDRESS}/{source.pk}/make", {"which": "good", "as": "submitted"}).status_code == 302
    assert Entry.objects.get().current is not None
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "Entries made 1" in page
    assert "#1 · Novo &amp; Filhos" in page
    report = as_ana.get(f"{ADDRESS}/{source.pk}/report.csv").content.decode("utf-8-sig").splitlines()
    assert report[1].startswith("2;Submitted;1;Payable;Novo & Filhos;")
    assert report[2].startswith("3;With a problem;;")
    assert "may be a thousand" in report[2]
    problems = as_ana.get(f"{ADDRESS}/{source.pk}/report.csv?only=problems").content.decode("utf-8-sig")
    assert [row.split(";")[0] for row in problems.splitlines()[1:]] == ["3", "4"]
    entry = text(as_ana, f"/entries/{Entry.objects.get().pk}")
    assert "Entry made by import of contas.xlsx, line 2" in entry
    assert "contas.xlsx" in text(as_ana, ADDRESS)  # among one's files


def test_columns_that_are_missing_or_doubled_are_told_and_nothing_chosen_is_lost(
    shop: Shop, as_ana: Client
) -> None:
    headers = ["Quem", "Quanto", "Quando", "Categoria"]
    source = sent(as_ana, xlsx(["Papelaria Estrela Ltda", 10, day(), "Aluguel"], header=headers))
    address = f"{ADDRESS}/{source.pk}/columns"
    wrong = as_ana.post(
        address, {"column-0": "party", "column-1": "amount", "column-2": "amount", "decimal": ","}
    )
    assert wrong.status_code == 422
    page = wrong.content.decode()
    assert "Say which column is: Due date." in page
    assert "Another column is this already." in page
    assert page.count('value="amount" selected') == 2
    assert '<option value="," selected>' in page
    right = {"column-0": "party", "column-1": "amount", "column-2": "due", "column-3": "category"}
    assert as_ana.post(address, right).status_code == 302
    source.refresh_from_db()
    assert (source.state, outcomes(source)) == ("preview", ["held"])  # no account said, none usual
    assert "Which column is which?" in text(as_ana, address)  # it can be looked at again


REFUSED = [
    (b"", "contas.csv", "The file is empty."),
    (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        "contas.xls",
        "save it as “Excel workbook (.xlsx)”",
    ),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "contas.csv", "neither a workbook (.xlsx) nor a CSV"),
    (b'Fornecedor;Valor\r\n"sem fim;1', "contas.csv", "Line 2 can&#x27;t be read"),
    (b"PK\x03\x04nada", "contas.xlsx", "broken or cut short"),
    (b"Fornecedor;Valor\r\n", "contas.csv", "no line under it"),
]


@pytest.mark.parametrize(("data", "name", "sentence"), REFUSED)
def test_a_file_that_cant_be_read_is_refused_beside_its_field(
    shop: Shop, as_ana: Client, data: bytes, name: str, sentence: str
) -> None:
    answer = as_ana.post(ADDRESS, upload(data, name))
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert 'aria-describedby="file-error"' in answer.content.decode()
    assert not Import.objects.exists()


def test_no_file_and_no_company_are_asked_for(shop: Shop, as_ana: Client, other_company: Any) -> None:
    assert "Choose a file." in as_ana.post(ADDRESS, {}).content.decode()
    Membership.objects.create(user=shop.ana, company=other_company, role="requester")
    answer = as_ana.post(ADDRESS, upload(xlsx(line())))
    assert answer.status_code == 422
    assert "Choose the company" in answer.content.decode()
    source = sent(as_ana, xlsx(line()), company=other_company.pk)
    assert source.company == other_company


class _Unread(io.RawIOBase):
    """A request's body of 200 MB that nobody may touch."""

    def readable(self) -> bool:
        return True

    def readinto(self, _buffer: Any) -> int:
        raise AssertionError("the body was read")


def test_two_hundred_megabytes_are_refused_before_a_byte_is_read(
    shop: Shop, as_ana: Client, settings: Any
) -> None:
    settings.IMPORTS = settings.IMPORTS | {"max_mb": 20}
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = as_ana.cookies
    answer = strict.generic(
        "POST",
        ADDRESS,
        content_type="multipart/form-data; boundary=x",
        CONTENT_LENGTH=str(200 * 1024 * 1024),
        **{"wsgi.input": _Unread()},
    )
    assert answer.status_code == 413
    assert "The file is larger than 20 MB: split it." in answer.content.decode()
    settings.IMPORTS = settings.IMPORTS | {"max_mb": 1}
    answer = as_ana.post(ADDRESS, upload(b"x" * (1024 * 1024 + 10)))
    assert "The file is larger than 1 MB" in answer.content.decode()
    assert not Import.objects.exists()


def test_a_post_without_its_token_is_refused_all_the_same(shop: Shop, ana: Any) -> None:
    """The page looks at a request's length before its token: it must not forget the token."""
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    assert strict.post(ADDRESS, upload(xlsx(line()))).status_code == 403
    assert not Import.objects.exists()


def test_an_import_is_its_senders_alone(shop: Shop, as_ana: Client, carla: Any) -> None:
    source = matched(as_ana, xlsx(line(), line(amount="x")))
    paths = ["", "/columns", "/progress", "/report.csv"]
    for stranger in (shop.clara, shop.bruno, carla):
        client = Client()
        client.force_login(stranger)
        assert [client.get(f"{ADDRESS}/{source.pk}{path}").status_code for path in paths] == [404] * 4
        for path in ("/make", "/zeros", "/columns"):
            assert client.post(f"{ADDRESS}/{source.pk}{path}", {"which": "good"}).status_code == 404
        assert source.file_name not in client.get(ADDRESS).content.decode()
    assert client.get(f"{ADDRESS}?company={shop.company.pk}").status_code == 404
    assert client.post(ADDRESS, upload(xlsx(line()), company=shop.company.pk)).status_code == 404
    Membership.objects.filter(user=shop.ana).update(role="auditor")  # reads only
    assert [as_ana.get(f"{ADDRESS}/{source.pk}{path}").status_code for path in paths] == [404] * 4
    assert as_ana.get(ADDRESS).status_code == 403
    assert as_ana.get(f"{ADDRESS}/template.csv").status_code == 403
    assert not Entry.objects.exists()


@pytest.mark.parametrize("language", ["pt-br", "en"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_the_template_as_it_is_is_good(shop: Shop, as_ana: Client, ending: str, language: str) -> None:
    as_ana.cookies["django_language"] = language
    answer = as_ana.get(f"{ADDRESS}/template.{ending}")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    source = matched(as_ana, answer.content, group_by="group")
    assert outcomes(source) == ["good", "good", "part", "good"], list(
        source.lines.values_list("problems", flat=True)
    )
    assert all(source.columns)
    if ending == "xlsx":
        book = load_workbook(io.BytesIO(answer.content))
        explained = [str(row[0].value) for row in book.worksheets[1].iter_rows()]
        assert {"Vendas", "Itaú PJ", "Ocupação › Aluguel"} <= set(explained)


def test_nothing_in_the_report_is_a_formula(shop: Shop, as_ana: Client) -> None:
    evil = '=HYPERLINK("http://evil.example","x")'
    source = matched(
        as_ana,
        xlsx(line(party="'" + evil, document="", description="+1"), line(party="@SUM(A1)", document="")),
    )
    body = as_ana.get(f"{ADDRESS}/{source.pk}/report.csv").content.decode("utf-8-sig")
    cells = [cell.strip('"') for row in body.splitlines()[1:] for cell in row.split(";")]
    assert cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_the_zeros_button_and_the_tick_for_the_same_file(shop: Shop, as_ana: Client) -> None:
    data = xlsx(line(party="Receita", document=394460005887))
    source = matched(as_ana, data)
    page = text(as_ana, f"{ADDRESS}/{source.pk}")
    assert "In one line the spreadsheet took leading zeros" in page
    as_ana.post(f"{ADDRESS}/{source.pk}/zeros")
    source.refresh_from_db()
    assert outcomes(source) == ["good"]
    as_ana.post(f"{ADDRESS}/{source.pk}/make", {"which": "all"})
    assert Entry.objects.count() == 1
    second = sent(as_ana, data)  # its columns are known by now
    as_ana.post(f"{ADDRESS}/{second.pk}/zeros")
    page = text(as_ana, f"{ADDRESS}/{second.pk}")
    assert "This very file was imported on" in page
    assert "by Ana Souza" in page
    assert "Imported before: it is entry #1." in page
    refused = as_ana.post(f"{ADDRESS}/{second.pk}/make", {"which": "good", "twins": "on"})
    assert refused.status_code == 422
    assert "Tick this if you really mean it: nothing was imported." in refused.content.decode()
    as_ana.post(f"{ADDRESS}/{second.pk}/make", {"which": "good", "twins": "on", "again": "on"})
    assert Entry.objects.count() == 2


def test_a_large_file_is_read_by_a_worker_and_the_page_follows(
    shop: Shop, as_ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "READ_AT_ONCE", 10)
    source = sent(as_ana, xlsx(line()))
    address = f"{ADDRESS}/{source.pk}"
    assert source.state == "reading"
    assert "Being read" in text(as_ana, address)
    assert as_ana.post(f"{address}/make", {"which": "good"}).status_code == 302
    fragment = as_ana.get(f"{address}/progress")
    assert "hx-get" in fragment.content.decode()
    assert "HX-Refresh" not in fragment.headers
    work.go_on(source.pk)
    assert as_ana.get(f"{address}/progress").headers["HX-Refresh"] == "true"
    assert "Which column is which?" in text(as_ana, address)
    broken = sent(as_ana, b"Fornecedor;Valor\r\n" + b'"sem fim;1\r\n' * 3)
    work.go_on(broken.pk)
    assert "Line 2 can&#x27;t be read" in text(as_ana, f"{ADDRESS}/{broken.pk}")


def test_another_sheet_is_read_when_asked_for(shop: Shop, as_ana: Client) -> None:
    def fill(sheet: Any) -> None:
        other = sheet.parent.create_sheet("Janeiro")
        for row in sheet.iter_rows(values_only=True):
            other.append(row)
        other["C2"] = "De Janeiro"

    source = sent(as_ana, xlsx(line(), fill=fill))
    address = f"{ADDRESS}/{source.pk}/columns"
    assert "Read “Janeiro” instead" in text(as_ana, address)
    as_ana.post(address, {"sheet": "Janeiro"})
    work.go_on(source.pk)
    assert "De Janeiro" in text(as_ana, address)


def test_pages_of_many_lines_are_turned_by_number(shop: Shop, as_ana: Client) -> None:
    source = matched(as_ana, xlsx(*(line(amount=n + 1, number=f"N {n}", due=day(n)) for n in range(1, 121))))
    page = as_ana.get(f"{ADDRESS}/{source.pk}").content.decode()
    assert page.count("<tr>") == 51
    assert f"{ADDRESS}/{source.pk}?after=51#lines" in page
    last = as_ana.get(f"{ADDRESS}/{source.pk}?after=101").content.decode()
    assert last.count("<tr>") == 21
