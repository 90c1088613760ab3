"""A company's own fields in its spreadsheets: columns by name, each line's values read, a required one asked for."""

import io
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils.translation import override
from integration.importing.shop import HEADER, Shop, line, outcomes, problems, xlsx
from openpyxl import load_workbook

from alcada.flow.importing import work
from alcada.intake import custom
from alcada.intake.models import CustomField, Entry
from alcada.intake.sheets import template
from alcada.people.models import Company, User
from alcada.sheets.models import Import

pytestmark = pytest.mark.django_db(transaction=True)
TYPE = CustomField.Type
NAMES = ["Projeto", "Horas", "Multa", "Prazo", "Loja"]


@pytest.fixture
def own(shop: Shop) -> dict[str, CustomField]:
    def make(name: str, type_: str = "text", **more: Any) -> CustomField:
        return custom.save(shop.company, name=name, type_=type_, by=shop.clara, **more)

    return {
        "Projeto": make("Projeto"),
        "Horas": make("Horas", TYPE.NUMBER),
        "Multa": make("Multa", TYPE.MONEY),
        "Prazo": make("Prazo", TYPE.DATE),
        "Loja": make("Loja", TYPE.CHOICE, choices=["Centro", "São João"]),
    }


def columns(source: Import) -> list[str]:
    return source.columns[len(HEADER) :]


def keys(own: dict[str, CustomField]) -> list[str]:
    return [f"own-{field.pk}" for field in own.values()]


def test_they_are_guessed_read_and_frozen(shop: Shop, own: dict[str, CustomField]) -> None:
    data = xlsx(
        [*line(), "Obra nova", 1234.5, 1000, date(2026, 12, 31), "sao joao"],
        [*line(description="Dois", amount=7), "Reforma", "12,5", "1.000,50", "31/12/26", "Centro"],
        header=[*HEADER, *NAMES],
    )
    source = shop.look(data)
    assert columns(source) == keys(own)  # "Projeto" is also what some call a cost centre
    assert problems(source) == []
    shop.start(source, submit=True)
    first, second = Entry.objects.order_by("number")
    assert first.current is not None
    assert [one["value"] for one in first.current.custom] == [
        "Obra nova",
        "1234.5",
        "1000.00",
        "2026-12-31",
        "São João",
    ]
    assert second.current is not None
    assert [one["value"] for one in second.current.custom][1:4] == ["12.5", "1000.50", "2026-12-31"]


def test_what_does_not_fit_is_a_problem_of_its_line_and_column(
    shop: Shop, own: dict[str, CustomField], as_ana: Client
) -> None:
    data = xlsx(
        [*line(), "x" * 501, "doze", "1.234", "31/02/2026", "Serra"],
        [*line(description="Dois"), "", "1.234", "mil", "", ""],
        header=[*HEADER, *NAMES],
    )
    with override("en"):
        source = shop.look(data)
    assert outcomes(source) == ["bad", "bad"]
    projeto, horas, multa, prazo, loja = keys(own)
    assert [(one[0], one[1]) for one in problems(source)] == [
        (2, projeto), (2, horas), (2, multa), (2, prazo), (2, loja), (3, horas), (3, multa),
    ]  # fmt: skip
    page = as_ana.get(f"/entries/imports/{source.pk}").content.decode()
    for told in ("Projeto", "This is no number. Write it like 1234,5.", "Choose one of the list.", "no date"):
        assert told in page
    report = as_ana.get(f"/entries/imports/{source.pk}/report.csv").content.decode("utf-8-sig")
    assert "Loja: Choose one of the list." in report


def test_a_required_one_that_is_missing_keeps_the_line_a_draft(
    shop: Shop, own: dict[str, CustomField]
) -> None:
    custom.save(
        shop.company, name="Projeto", type_="text", required=True, field=own["Projeto"], by=shop.clara
    )
    with override("en"):
        source = shop.look(xlsx(line()))
    assert outcomes(source) == ["held"]
    assert problems(source) == [(2, keys(own)[0], "Fill in “Projeto”.")]
    shop.start(source, submit=True)
    entry = Entry.objects.get()
    assert entry.current is None
    assert entry.draft is not None


def test_one_of_the_other_kind_is_left_empty(shop: Shop) -> None:
    field = custom.save(shop.company, name="Safra", type_="text", kind="receivable", by=shop.clara)
    with override("en"):
        source = shop.look(xlsx([*line(), "2026"], header=[*HEADER, "Safra"]))
    assert problems(source) == [(2, f"own-{field.pk}", "Only receivables have this field: leave it empty.")]


def test_a_name_that_a_column_of_ours_has_takes_nothing_from_it(shop: Shop) -> None:
    value = custom.save(shop.company, name="Valor", type_="money", by=shop.clara)
    source = shop.look(xlsx([*line(), "5,00"], header=[*HEADER, "Valor (campo próprio)"]))
    assert source.columns[HEADER.index("Valor")] == "amount"
    assert columns(source) == [f"own-{value.pk}"]


def test_what_is_remembered_stays_right(shop: Shop, own: dict[str, CustomField]) -> None:
    header = [*HEADER, "Projeto"]

    def sent(text: str) -> Import:
        return work.upload(
            shop.company,
            xlsx([*line(description=text), text], header=header),
            name="a.xlsx",
            by=shop.ana,
            language="en",
        )

    assert not shop.look(xlsx([*line(), "x"], header=header)).remembered
    custom.save(shop.company, name="Obra", type_="text", field=own["Projeto"], by=shop.clara)
    renamed = sent("renamed")
    assert (renamed.remembered, columns(renamed)) == (True, [keys(own)[0]])
    custom.retire(own["Projeto"], by=shop.clara)
    gone = sent("gone")
    assert (gone.remembered, columns(gone)) == (True, [""])
    again = custom.save(shop.company, name="Projeto", type_="choice", choices=["gone"], by=shop.clara)
    came = sent("came")
    assert (came.remembered, came.state, columns(came)) == (False, "matching", [f"own-{again.pk}"])
    came.columns[-1] = ""
    work.match(came, came.columns, {})  # somebody says: not read
    left = sent("left")
    assert (left.remembered, columns(left)) == (True, [""])


def test_the_template_has_them_explains_them_and_comes_in_again(
    shop: Shop, own: dict[str, CustomField], as_ana: Client
) -> None:
    custom.save(shop.company, name="Loja", type_="choice", choices=["Centro", "São João"], required=True,
                field=own["Loja"], by=shop.clara)  # fmt: skip
    custom.save(shop.company, name="=Safra", type_="text", kind="receivable", by=shop.clara)
    answer = as_ana.get("/entries/imports/template.xlsx", {"company": shop.company.pk})
    book = load_workbook(io.BytesIO(answer.content))
    sheet, explained = book.worksheets
    assert [cell.value for cell in sheet[1]][-6:] == [*NAMES, "'=Safra"]
    assert not any(cell.data_type == "f" for row in sheet for cell in row)
    told = {row[0]: row[1:] for row in explained.iter_rows(values_only=True, max_col=3)}
    assert told["Loja"] == ("to submit", "One of: Centro, São João.")
    source = shop.look(answer.content)
    assert [one for one in problems(source) if one[1].startswith("own-")] == []
    assert all(name in source.columns for name in keys(own))


def test_another_companys_are_not_offered(
    shop: Shop, as_ana: Client, other_company: Company, carla: User
) -> None:
    theirs = custom.save(other_company, name="Segredo", type_="text", by=carla)
    source = work.upload(
        shop.company,
        xlsx([*line(), "x"], header=[*HEADER, "Segredo"]),
        name="a.xlsx",
        by=shop.ana,
        language="en",
    )
    assert columns(source) == [""]
    fields = {f"column-{index}": name for index, name in enumerate(source.columns)}
    fields[f"column-{len(HEADER)}"] = f"own-{theirs.pk}"
    as_ana.post(f"/entries/imports/{source.pk}/columns", {**fields, "kind": "payable"})
    source.refresh_from_db()
    assert columns(source) == [""]
    assert "Segredo" not in str(template.template(shop.company, date(2026, 1, 1)).header)
