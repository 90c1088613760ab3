"""What lines become, and everything that can be wrong with one: told in its line and column, and nothing is made."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from integration.importing.shop import HEADER, Shop, day, line, notes, outcomes, problems, xlsx

from alcada.directory.actions import save_party
from alcada.directory.models import Party
from alcada.flow.importing import work
from alcada.history.queries import breaks, of
from alcada.intake.models import Entry
from alcada.sheets.errors import SheetError
from alcada.sheets.models import Import, Made

pytestmark = pytest.mark.django_db(transaction=True)


def test_looking_at_a_file_makes_nothing(shop: Shop) -> None:
    source = shop.look(xlsx(line(), line(party="Novo Fornecedor", document="", amount="1.234,56")))
    assert (source.state, outcomes(source)) == ("preview", ["good", "good"])
    assert not Entry.objects.exists()
    assert Party.objects.count() == 1
    assert source.summary["new_vendors"] == 1
    assert Decimal(source.summary["sums"]["payable.good"]) == Decimal("1335.06")


def test_lines_become_drafts_with_their_vendors(shop: Shop) -> None:
    source = shop.look(
        xlsx(
            line(number="NF 7", centre="adm", method="Pix"),
            line(
                kind="a receber",
                party="Marina Costa 🌻",
                document="529.982.247-25",
                category="Vendas",
                amount="8400",
            ),
            line(party="Marina Costa 🌻", document="52998224725", category="ocupacao > ALUGUEL", due=day(60)),
        )
    )
    assert source.summary["new_vendors"] == source.summary["new_customers"] == 1
    source = shop.start(source)
    assert source.state == "done"
    assert source.summary["done"] == {"made": 3, "submitted": 0, "bad": 0, "left": 0}
    first, second, third = Entry.objects.order_by("number")
    assert first.draft == first.draft | {
        "party": str(shop.vendor.pk),
        "party_name": "Papelaria Estrela Ltda",
        "document_number": "NF 7",
        "amount": "100,50",
        "payment_method": "pix",
        "bank_account": str(shop.bank.pk),
        "splits": [{"category": str(shop.rent.pk), "cost_centre": str(shop.centre.pk), "amount": ""}],
        "instalments": [{"due_date": f"{day():%d/%m/%Y}", "amount": ""}],
    }
    marina = Party.objects.get(document="52998224725")
    assert (marina.name, marina.is_vendor, marina.is_customer) == ("Marina Costa 🌻", True, True)
    assert (second.kind, second.draft["party"], third.draft["party"]) == (
        "receivable",
        str(marina.pk),
        str(marina.pk),
    )
    record = of(first)[0]
    assert (record.event, record.actor_name) == ("entry.created", "Ana Souza")
    assert record.data == record.data | {
        "source": "sheet",
        "import": source.pk,
        "file": "contas.xlsx",
        "line": 2,
    }
    assert [one.event for one in of(source)] == ["import.begun", "import.done"]
    assert not list(breaks())
    assert bytes(Import.objects.get().content) == b""  # it had names in it
    assert list(source.lines.values_list("cells", flat=True)) == [[], [], []]


def test_what_is_left_out_is_as_the_vendors_entries_usually_are(shop: Shop) -> None:
    Party.objects.update(
        default_category=shop.cleaning, default_cost_centre=shop.centre, default_bank_account=shop.bank
    )
    source = shop.look(xlsx(line(category="", account="", competence="", description="", number="NF 9")))
    assert outcomes(source) == ["good"]
    shop.start(source)
    draft = Entry.objects.get().draft
    assert draft == draft | {
        "description": "Papelaria Estrela Ltda · NF 9",
        "competence_date": f"{day():%d/%m/%Y}",
        "bank_account": str(shop.bank.pk),
        "splits": [{"category": str(shop.cleaning.pk), "cost_centre": str(shop.centre.pk), "amount": ""}],
    }


def test_what_nobody_said_and_nothing_is_usual_for_stays_to_be_filled_in(shop: Shop) -> None:
    source = shop.look(xlsx(line(category="", account="")))
    assert outcomes(source) == ["held"]
    assert {column for _line, column, _text in problems(source)} == {"category", "bank_account"}
    shop.start(source, submit=True)
    assert Entry.objects.get().draft is not None
    assert Made.objects.get().submitted is False


def test_lines_of_one_entry_are_its_instalments_and_splits(shop: Shop) -> None:
    source = shop.look(
        xlsx(
            line(group="A", amount=100, total=300, due=day(30)),
            line(),
            line(group="a", party="", document="", description="", amount=150, due=day(60), category=""),
            line(group="A", amount=50, due=day(60), category="Limpeza"),
        )
    )
    assert outcomes(source) == ["good", "good", "part", "part"]
    shop.start(source)
    grouped = Entry.objects.order_by("number").first()
    assert grouped
    assert grouped.draft["amount"] == "300,00"
    assert [(part["due_date"], part["amount"]) for part in grouped.draft["instalments"]] == [
        (f"{day(30):%d/%m/%Y}", "100,00"),
        (f"{day(60):%d/%m/%Y}", "200,00"),
    ]
    assert [(part["category"], part["amount"]) for part in grouped.draft["splits"]] == [
        (str(shop.rent.pk), "250,00"),
        (str(shop.cleaning.pk), "50,00"),
    ]
    assert Entry.objects.count() == 2


def test_lines_may_be_grouped_by_document_number_and_vendor(shop: Shop) -> None:
    save_party(shop.company, name="Outra", document="11222333000181", is_vendor=True)
    data = xlsx(
        line(number="NF 1", amount=10),
        line(number="NF 1", amount=20, due=day(60)),
        line(number="NF 1", amount=40, party="Outra", document="11222333000181"),
    )
    source = shop.look(data, group_by="document_number")
    assert outcomes(source) == ["good", "part", "good"]
    shop.start(source)
    assert sorted(entry.draft["amount"] for entry in Entry.objects.all()) == ["30,00", "40,00"]


def test_totals_that_dont_match_are_a_problem_of_that_entry(shop: Shop) -> None:
    source = shop.look(
        xlsx(
            line(group="A", amount=100, total=250),
            line(group="A", amount=100, due=day(60)),
            line(group="B", amount=100, total="100,00"),
            line(amount=10, total="11,00"),
        )
    )
    assert outcomes(source) == ["bad", "part", "good", "bad"]
    told = problems(source)
    assert [(number, column) for number, column, _text in told] == [(2, "total"), (5, "total")]
    assert "R$\u00a0200.00" in told[0][2]
    assert "R$\u00a050.00 apart" in told[0][2]


def test_lines_of_one_entry_that_say_two_things(shop: Shop) -> None:
    source = shop.look(xlsx(line(group="A"), line(group="A", party="Outra", document="")))
    assert [(number, column) for number, column, _text in problems(source)] == [(3, "party")]


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"amount": ""}, "amount", "Fill in the value."),
    ({"amount": "1.234"}, "amount", "may be a thousand, or one and a part"),
    ({"amount": -5}, "amount", "more than zero"),
    ({"amount": 0}, "amount", "more than zero"),
    ({"amount": 1.239}, "amount", "two decimals"),
    ({"amount": "=1+1"}, "amount", "formula"),
    ({"amount": "dez"}, "amount", "no amount"),
    ({"due": ""}, "due", "Fill in the date."),
    ({"due": "31/02/2027"}, "due", "no date"),
    ({"competence": "ontem"}, "competence", "no date"),
    ({"document": "19.131.243/0001-98"}, "document", "check digits"),
    ({"document": "1,9131E+13"}, "document", "shortened this number"),
    ({"document": "123"}, "document", "count again"),
    ({"document": 394460005887}, "document", "00.394.460/0058-87"),
    ({"party": "", "document": ""}, "party", "Say who it is"),
    ({"party": "", "document": "11222333000181"}, "party", "Give the name too"),
    ({"party": "N" * 500, "document": ""}, "party", "At most 200 characters; these are 500."),
    ({"party": "🌻🌻", "document": ""}, "party", "letters or digits"),
    ({"description": "d" * 201}, "description", "At most 200"),
    ({"category": "Alugel"}, "category", "Is it “Ocupação › Aluguel”?"),
    ({"category": "Vendas"}, "category", "There is no “Vendas” here"),  # of the other kind
    ({"centre": "Nada disso"}, "cost_centre", "There is no “Nada disso” here."),
    ({"account": "Bradesco"}, "bank_account", "There is no “Bradesco” here."),
    ({"method": "fiado"}, "payment_method", "Write Boleto"),
    ({"kind": "talvez"}, "kind", "payable"),
]


def test_every_problem_is_told_in_its_line_and_column(shop: Shop) -> None:
    source = shop.look(xlsx(*(line(**cells) for cells, _column, _text in WRONG), line()))
    assert outcomes(source) == ["bad"] * len(WRONG) + ["good"]
    told = problems(source)
    for number, (cells, column, text) in enumerate(WRONG, start=2):
        mine = [one for one in told if one[0] == number]
        assert [one for one in mine if one[1] == column and text in one[2]], (cells, mine)
        assert len(mine) == 1, mine
    assert source.summary["zeros"] == 1


def test_two_vendors_of_one_name_are_not_guessed_between(shop: Shop) -> None:
    for document in ("11222333000181", "12ABC34501DE35"):
        Party.objects.create(
            company=shop.company, name="Gêmeos", normalised_name="gemeos", document=document, is_vendor=True
        )
    source = shop.look(
        xlsx(line(party="Gêmeos", document=""), line(party="Gêmeos", document="12.ABC.345/01DE-35"))
    )
    assert outcomes(source) == ["bad", "good"]
    assert problems(source) == [(2, "party", "Several here have this name. Give the CPF/CNPJ.")]


def test_zeros_are_put_back_when_a_person_says_so(shop: Shop) -> None:
    source = shop.look(xlsx(line(party="Receita", document=394460005887), line()))
    assert outcomes(source) == ["bad", "good"]
    work.match(source, source.columns, {"zeros": True})
    source.refresh_from_db()
    assert outcomes(source) == ["good", "good"]
    shop.start(source)
    assert Party.objects.filter(document="00394460005887", name="Receita").exists()


def test_how_a_file_writes_cents_may_be_said(shop: Shop) -> None:
    data = xlsx(line(amount="1.234"))
    assert outcomes(shop.look(data)) == ["bad"]
    source = shop.look(xlsx(line(amount="1.234"), line(amount="9,5", due=day(9))))
    work.match(source, source.columns, {"decimal": ","})
    assert outcomes(source) == ["good", "good"]
    assert [one.facts["amount"] for one in source.lines.order_by("number")] == ["1234.00", "9.50"]


def test_merged_cells_a_formula_without_value_an_error_and_a_nul(shop: Shop) -> None:
    def fill(sheet: Any) -> None:
        sheet.merge_cells("C2:C3")
        sheet["G4"] = "=SUM(1,2)"
        sheet["K5"] = "#REF!"
        sheet["K5"].data_type = "e"

    source = shop.look(xlsx(line(), line(), line(), line(), line(due=day(1)), fill=fill))
    assert outcomes(source)[1:4] == ["bad", "bad", "bad"]
    told = [(number, column) for number, column, _text in problems(source)]
    assert told == [(3, "party"), (4, "amount"), (5, "category")]


def test_a_line_like_one_before_it_or_like_an_entry_is_told(shop: Shop) -> None:
    first = shop.start(shop.look(xlsx(line(number="NF 77", amount=10, due=day(10)))), submit=True)
    assert first.summary["done"]["submitted"] == 1
    source = shop.look(
        xlsx(
            line(number="nota 00077", amount=99, due=day(11)),  # the number of what is here
            line(number="", amount=10, due=day(10), description="Outra"),  # its value and due date
            line(number="NF 1", amount=5, due=day(12)),
            line(number="NF 01", amount=6, due=day(13)),  # the number of the line above
            line(number="NF 2", amount=6, due=day(13)),  # its value and due date
            line(number="NF 3", amount=7, due=day(14)),
        )
    )
    assert outcomes(source) == ["twin", "twin", "good", "twin", "twin", "good"]
    assert [notes(source, number) for number in (2, 3, 5, 6)] == [["twin"], ["twin"], ["like"], ["like"]]
    shop.start(source)
    assert Entry.objects.count() == 3


def test_probable_duplicates_are_made_when_a_person_says_so(shop: Shop) -> None:
    shop.start(shop.look(xlsx(line(number="NF 77", amount=10, due=day(10)))), submit=True)
    source = shop.look(xlsx(line(number="NF 77", amount=11, due=day(12)), line(number="NF 78", due=day(40))))
    source = shop.start(source, twins=True, submit=True)
    assert source.summary["done"] == {"made": 2, "submitted": 2, "bad": 0, "left": 0}
    second = Entry.objects.get(number=2)
    (submitted,) = [one for one in of(second) if one.event == "entry.submitted"]
    assert submitted.data["confirmed"] == ["duplicate:1"]  # as the form's tick is kept


def test_drafts_of_an_earlier_import_are_recognised_in_a_corrected_file(shop: Shop) -> None:
    bad = [line(amount="x", description=f"Conta {n}", due=day(n + 20)) for n in range(2)]
    good = [line(amount=n + 1, description=f"Boa {n}", due=day(n + 1)) for n in range(3)]
    shop.start(shop.look(xlsx(*good, *bad)))
    assert Entry.objects.count() == 3
    corrected = [line(amount=50 + n, description=f"Conta {n}", due=day(n + 20)) for n in range(2)]
    source = shop.look(xlsx(*good, *corrected))
    assert outcomes(source) == ["twin"] * 3 + ["good"] * 2
    assert notes(source, 2) == ["imported"]
    shop.start(source)
    assert Entry.objects.count() == 5
    Entry.objects.filter(number=1).update(discarded_at=timezone.now())
    assert outcomes(shop.look(xlsx(*good, line(due=day(99)))))[:2] == [
        "good",
        "twin",
    ]  # what was thrown away is no bill


def test_columns_are_remembered_for_the_company_and_its_headers(
    shop: Shop, carla: Any, other_company: Any
) -> None:
    headers = ["Quem", "Quanto", "Quando", "Categoria"]
    data = xlsx(["Papelaria Estrela Ltda", 10, day(), "Aluguel"], header=headers)
    source = work.upload(shop.company, data, name="a.xlsx", by=shop.ana, language="en")
    assert (source.state, source.columns) == ("matching", ["", "", "", "category"])
    assert {column.name for column in work.lacking(source)} == {"amount", "due", "party"}
    work.match(source, ["party", "amount", "due", "category"], {"decimal": ","})
    again = work.upload(shop.company, data + b"", name="b.xlsx", by=shop.clara, language="en")
    assert (again.state, again.remembered, again.options) == ("preview", True, {"decimal": ","})
    assert again.columns == ["party", "amount", "due", "category"]
    elsewhere = work.upload(other_company, data, name="c.xlsx", by=carla, language="en")
    assert (elsewhere.state, elsewhere.remembered) == ("matching", False)


def test_headers_that_are_there_twice_are_told_apart_by_their_place(shop: Shop) -> None:
    headers = ["Fornecedor", "Valor", "Valor", "Vencimento", "Categoria", "Conta"]
    data = xlsx(["Papelaria Estrela Ltda", 999, 10, day(), "Aluguel", "Itaú PJ"], header=headers)
    source = work.upload(shop.company, data, name="a.xlsx", by=shop.ana, language="en")
    assert source.columns == ["party", "amount", "", "due", "category", "bank_account"]
    work.match(source, ["party", "", "amount", "due", "category", "bank_account"], {})
    assert source.lines.get().facts["amount"] == "10.00"


def test_a_large_file_is_refused_by_the_setting(shop: Shop, settings: Any) -> None:
    settings.IMPORTS = settings.IMPORTS | {"max_lines": 3}
    with pytest.raises(SheetError) as refused:
        shop.look(xlsx(*[line()] * 4))
    assert (refused.value.code, refused.value.figures) == ("too_many_lines", {"most": 3})
    assert not Import.objects.exists()


def test_a_csv_of_excel_in_brazil(shop: Shop) -> None:
    lines = [
        "Fornecedor;Valor;Vencimento;Descrição;Categoria;Conta",
        f"Papelaria Estrela Ltda;1.234,56;{day():%d/%m/%y};Manutenção;Aluguel;Itaú PJ",
    ]
    source = shop.look("\r\n".join(lines).encode("latin-1"), name="contas.csv")
    assert (outcomes(source), source.lines.get().facts["amount"]) == (["good"], "1234.56")
    assert source.lines.get().facts["description"] == "Manutenção"


def test_more_lines_cost_no_more_statements(shop: Shop) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counted = []
    for count in (5, 60):
        lines = [
            line(
                amount=count + n / 100,
                due=day(n + count),
                number=f"N {count}{n:03}",
                party=f"Novo {count} {n}",
                document="",
            )
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as looked:
            source = shop.look(xlsx(*lines))
        with CaptureQueriesContext(connection) as made:
            shop.start(source, submit=True)
        counted.append((len(looked), len(made)))
    assert Made.objects.filter(submitted=True).count() == 65
    assert counted[1][0] <= counted[0][0] + 2
    assert counted[1][1] <= counted[0][1] + 2


def test_the_header_of_the_test_is_read_whole(shop: Shop) -> None:
    source = work.upload(shop.company, xlsx(line()), name="a.xlsx", by=shop.ana, language="en")
    assert "" not in source.columns
    assert len(source.columns) == len(HEADER)
