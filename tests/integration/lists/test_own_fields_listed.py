"""A company's own fields beyond the form: in the list and its search, in exports, on paper."""

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

import openpyxl
import pytest
from cast import make_person
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from integration.pages.world import World

from alcada.flow import exporting
from alcada.intake import actions, custom
from alcada.intake.models import CustomField, Export
from alcada.people.models import Company, Membership, User
from alcada.web import intake_list

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]
TYPE = CustomField.Type


@pytest.fixture
def own(world: World, clara: User) -> dict[str, CustomField]:
    def make(name: str, type_: str = "text", **more: Any) -> CustomField:
        return custom.save(world.company, name=name, type_=type_, by=clara, **more)

    return {
        "text": make("Projeto", in_list=True),
        "number": make("Horas", TYPE.NUMBER),
        "money": make("Multa", TYPE.MONEY, in_list=True),
        "date": make("Prazo", TYPE.DATE),
        "choice": make("Loja", TYPE.CHOICE, choices=["Centro", "Praia"], in_list=True),
    }


def typed(own: dict[str, CustomField], **values: str) -> dict[str, str]:
    return {str(own[name].pk): value for name, value in values.items()}


def rows(client: Client, **asked: str) -> dict[int, Any]:
    answer = client.get("/entries", {"saved": "none", **asked})
    assert answer.status_code == 200
    return {row["entry"].number: row["own"] for row in answer.context["rows"]}


def test_the_row_shows_those_that_the_list_has(
    world: World, as_: Sign, own: dict[str, CustomField], clara: User
) -> None:
    world.submitted(custom=typed(own, text="Obra nova", number="12", money="1.000,50", choice="Praia"))
    world.typed(custom=typed(own, text="Reforma", money="mil"))
    world.submitted()
    client = as_(world.bruno)
    assert rows(client) == {
        3: [],
        2: [("Projeto", "Reforma"), ("Multa", "mil")],
        1: [("Projeto", "Obra nova"), ("Multa", "R$\xa01,000.50"), ("Loja", "Praia")],
    }
    page = client.get("/entries", {"saved": "none"}).content.decode()
    table = page.partition("<table")[2].partition("</table>")[0]
    assert "Obra nova" in table
    assert "Horas" not in table
    custom.save(world.company, name="Obra", type_="text", in_list=True, field=own["text"], by=clara)
    custom.retire(own["choice"], by=clara)
    assert rows(client)[1] == [("Obra", "Obra nova"), ("Multa", "R$\xa01,000.50")]


def test_what_the_rows_show_costs_one_statement_however_many(
    world: World, own: dict[str, CustomField]
) -> None:
    keys = [world.submitted(custom=typed(own, text="Obra")).pk for _each in range(2)]
    with CaptureQueriesContext(connection) as two:
        intake_list.shown(keys)
    keys += [world.submitted(custom=typed(own, text="Obra", choice="Praia")).pk for _each in range(4)]
    with CaptureQueriesContext(connection) as six:
        intake_list.shown(keys)
    assert len(two) == len(six)


def test_the_search_finds_texts_and_choices_as_they_are_typed_and_frozen(
    world: World, as_: Sign, own: dict[str, CustomField]
) -> None:
    world.submitted(custom=typed(own, text="Fundação Ágil", number="777", choice="Praia"))
    world.typed(custom=typed(own, text="Fundição"))
    client = as_(world.bruno)
    assert set(rows(client, q="fundacao")) == {1}
    assert set(rows(client, q="agil praia")) == {1}
    assert set(rows(client, q="fund")) == {1, 2}
    assert set(rows(client, q="777")) == set()
    assert set(rows(client, q="papelaria agil")) == {1}  # beside the words that were there already


def test_another_companys_field_in_a_draft_finds_nothing(
    world: World, as_: Sign, other_company: Company, carla: User
) -> None:
    theirs = custom.save(other_company, name="Segredo", type_="text", in_list=True, by=carla)
    world.typed(custom={str(theirs.pk): "sigiloso", "x": "y", "999999999999999999999": "z"})
    client = as_(world.bruno)
    assert rows(client, q="sigiloso") == {}
    assert rows(client) == {1: []}


def export(client: Client, format: str, **filters: str) -> bytes:
    assert client.post("/entries/exports/new", {"format": format, **filters}).status_code == 302
    made = Export.objects.latest("pk")
    exporting.run(made.pk)
    return b"".join(client.get(f"/entries/exports/{made.pk}/download").streaming_content)


def test_an_export_has_a_typed_column_for_each(
    world: World, as_: Sign, own: dict[str, CustomField], clara: User
) -> None:
    custom.save(world.company, name="=Nada", type_="text", kind="receivable", by=clara)
    world.submitted(
        custom=typed(own, text="=1+1", number="-0,125", money="12.345,60", date="31/12/2026", choice="Praia")
    )
    world.typed(custom=typed(own, number="1.000,5", date="amanhã"))
    client = as_(world.bruno)
    book = openpyxl.load_workbook(io.BytesIO(export(client, "xlsx")))
    heads, second, first = list(book.active.iter_rows(values_only=True))
    assert heads[-6:] == ("Projeto", "Horas", "Multa", "Prazo", "Loja", "'=Nada")
    assert first[-6:-3] == ("'=1+1", -0.125, 12345.6)
    assert (first[-3].date(), *first[-2:]) == (date(2026, 12, 31), "Praia", None)
    assert second[-6:] == (None, 1000.5, None, "amanhã", None, None)
    cells = list(book.active.iter_rows())[2]
    assert [cell.number_format for cell in cells[-6:-2]] == ["General", "General", "#,##0.00", "dd/mm/yyyy"]
    client.cookies["django_language"] = "pt-br"
    told = csv.DictReader(
        io.StringIO(export(client, "csv", kind="payable").decode("utf-8-sig")), delimiter=";"
    )
    lines = list(told)
    assert "'=Nada" not in lines[0]  # of receivables only
    assert [lines[1][name] for name in own_names(own)] == [
        "'=1+1",
        "-0,125",
        "12.345,60",
        "31/12/2026",
        "Praia",
    ]
    assert lines[0]["Horas"] == "1000,5"


def own_names(own: dict[str, CustomField]) -> list[str]:
    return [field.name for field in own.values()]


def test_a_retired_one_is_exported_where_an_entry_of_it_has_something_in_it(
    world: World, as_: Sign, own: dict[str, CustomField], clara: User
) -> None:
    world.submitted(custom=typed(own, text="Obra nova"), description="com")
    world.submitted(description="sem")
    for field in own.values():
        custom.retire(field, by=clara)
    client = as_(world.bruno)
    heads = export(client, "csv").decode("utf-8-sig").splitlines()[0].split(",")
    assert "Projeto" in heads
    assert "Loja" not in heads
    assert "Projeto" not in export(client, "csv", q="sem").decode("utf-8-sig").splitlines()[0]


def test_the_same_name_in_two_companies_is_one_column(
    world: World, as_: Sign, own: dict[str, CustomField], other_company: Company, carla: User
) -> None:
    theirs = custom.save(other_company, name="PROJETO", type_="text", by=carla)
    secret = custom.save(other_company, name="Segredo", type_="text", by=carla)
    world.submitted(custom=typed(own, text="Obra nova"))
    actions.start(
        other_company, "payable", by=carla, draft={"custom": {str(theirs.pk): "Deles", str(secret.pk): "s"}}
    )
    heads = export(as_(world.bruno), "csv").decode("utf-8-sig").splitlines()[0]
    assert "Segredo" not in heads
    bureau = make_person("Bia", world.company, "auditor")
    Membership.objects.create(user=bureau, company=other_company, role="auditor")
    found = list(csv.DictReader(io.StringIO(export(as_(bureau), "csv").decode("utf-8-sig"))))
    (name,) = [head for head in found[0] if head.lower() == "projeto"]
    assert {row[name] for row in found} == {"Obra nova", "Deles"}
    assert {row["Segredo"] for row in found} == {"", "s"}
    one = export(as_(bureau), "csv", company=str(world.company.pk)).decode("utf-8-sig").splitlines()[0]
    assert "Segredo" not in one


def test_paper_has_them_with_every_revision(world: World, as_: Sign, own: dict[str, CustomField]) -> None:
    entry = world.submitted(custom=typed(own, text="Obra nova", money="1.000,50", date="31/12/2026"))
    page = as_(world.bruno).get(f"/entries/{entry.pk}/print").content.decode()
    for told in ("Projeto", "Obra nova", "Multa", "R$\xa01,000.50", "Prazo", "31/12/2026"):
        assert told in page
