"""Spreadsheets of deals: what lines become, what can be wrong with one, what is here already."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from cast import make_person
from django.db import IntegrityError, transaction
from django.utils import timezone
from integration.importing.shop import Shop, notes, outcomes, problems, xlsx

from alcada.directory.actions import save_party
from alcada.directory.models import Party
from alcada.flow import selling
from alcada.flow.importing import making, work
from alcada.history.queries import breaks, of
from alcada.intake.models import Entry
from alcada.people.models import Membership, User
from alcada.sales import pipelines
from alcada.sales.actions import Content, create
from alcada.sales.models import Deal, Pipeline
from alcada.sales.queries import stages_of
from alcada.sheets.models import Import, Line, Made

pytestmark = pytest.mark.django_db(transaction=True)

HEADER = [
    *(
        "Negócio",
        "Cliente",
        "CNPJ",
        "Valor",
        "Condições de pagamento",
        "Previsão de fechamento",
        "Funil",
        "Etapa",
    ),
    *("Responsável", "Categoria", "Conta", "Observações"),
]
NAMES = [
    *("title", "party", "document", "amount", "terms", "expected", "pipeline", "stage"),
    *("owner", "category", "account", "notes"),
]
DONE = {"submitted": 0, "bad": 0, "left": 0}


def deal(**cells: Any) -> list[Any]:
    """A good line, changed."""
    usual = {"title": "Coffee break", "party": "Hotel Azul", "amount": 8400, "terms": "30/60/90"}
    given = usual | cells
    assert not set(given) - set(NAMES)
    return [given.get(name, "") for name in NAMES]


def sheet(*lines: list[Any]) -> bytes:
    return xlsx(*lines, header=HEADER)


def look(
    shop: Shop, data: bytes, *, by: User | None = None, name: str = "negócios.xlsx", **options: Any
) -> Import:
    """Sent, and its columns as they were guessed."""
    source = work.upload(shop.company, data, name=name, by=by or shop.ana, language="en", what="deals")
    work.go_on(source.pk)
    source.refresh_from_db()
    if source.state == Import.State.MATCHING:
        assert source.columns == [*NAMES[:10], "bank_account", "notes"]
        work.match(source, source.columns, options)
    return shop.again(source)


def typed(shop: Shop, **changes: Any) -> Deal:
    """One that was entered by hand."""
    customer = save_party(shop.company, name="Hotel Azul", is_customer=True)
    fields: dict[str, Any] = {"title": "Coffee break", "customer": customer, "value": Decimal(8400)}
    return create(
        shop.company, Content(**fields | {"owner": shop.ana} | changes), by=changes.get("owner", shop.ana)
    )


# --- What lines become -------------------------------------------------------------------------------------------


def test_looking_at_a_file_makes_nothing(shop: Shop) -> None:
    source = look(shop, sheet(deal(), deal(title="Bolo", party="Marina Costa", amount="1.234,56")))
    assert (source.state, outcomes(source)) == ("preview", ["good", "good"])
    assert Decimal(source.summary["sums"]["deal.good"]) == Decimal("9634.56")
    assert source.summary["new_customers"] == 2
    assert source.summary["new_vendors"] == 0
    assert not Deal.objects.exists()
    assert not Pipeline.objects.exists()  # the first deal makes it
    assert Party.objects.count() == 1


def test_a_csv_as_excel_writes_it_in_brazil(shop: Shop) -> None:
    text = "\r\n".join(
        [
            "Negócio;Cliente;CPF/CNPJ;Valor;Condição de pagamento;Previsão;Etapa;Responsável;Observação",
            "Café da manhã;Hotel São João;19.131.243/0001-97;1.234,56;entrada + 3;31/12/2026;Negociação;;Pediu nota",
            'Bolo de "três" andares;Marina Gonçalves;529.982.247-25;980,00;à vista;;proposta enviada;Ana Souza;',
            "",
        ]
    )
    data = text.encode("latin-1")
    source = work.upload(shop.company, data, name="negocios.csv", by=shop.ana, language="pt-br", what="deals")
    assert source.columns == [
        "title",
        "party",
        "document",
        "amount",
        "terms",
        "expected",
        "stage",
        "owner",
        "notes",
    ]
    work.match(source, source.columns, {})
    source = shop.start(shop.again(source), which="all")
    assert source.summary["done"] == DONE | {"made": 2}
    first, second = Deal.objects.order_by("number")
    assert (first.number, first.title, first.value) == (1, "Café da manhã", Decimal("1234.56"))
    assert (first.terms, first.expected_on, first.notes) == ("entrada + 3", date(2026, 12, 31), "Pediu nota")
    assert (first.state, first.stage.name, first.owner) == ("open", "Negociação", shop.ana)
    assert first.entry is None
    # The vendor of the shop has this number: they are a customer now too, by the name that they have.
    assert (first.customer, first.customer.is_customer) == (shop.vendor, True)
    assert (second.stage.name, second.customer.name) == ("Proposta enviada", "Marina Gonçalves")
    assert second.customer.document == "52998224725"
    record = of(first)[0]
    assert (record.event, record.actor_name) == ("deal.created", "Ana Souza")
    assert record.data == record.data | {
        "source": "sheet",
        "import": source.pk,
        "file": "negocios.csv",
        "line": 2,
    }
    assert not Entry.objects.exists()
    assert not list(breaks())
    assert bytes(Import.objects.get().content) == b""  # it had names in it


def test_a_workbook_with_its_own_dates_and_numbers(shop: Shop) -> None:
    lines = [
        deal(amount=1250.5, terms=30, expected=date(2027, 1, 15), category="vendas", account="itau pj"),
        deal(title="Bolo", amount="R$ 900", terms=""),
    ]
    source = shop.start(look(shop, sheet(*lines)), which="all")
    assert source.summary["done"] == DONE | {"made": 2}
    first, second = Deal.objects.order_by("number")
    assert (first.value, first.terms, first.expected_on) == (Decimal("1250.50"), "30", date(2027, 1, 15))
    assert (first.category, first.bank_account) == (shop.sales, shop.bank)
    assert (second.value, second.terms, second.expected_on) == (Decimal(900), "", None)
    assert first.stage == second.stage == stages_of(Pipeline.objects.get())[0]
    assert first.customer == second.customer  # new to the directory, and one


def test_what_is_left_out_is_as_the_customers_deals_usually_are(shop: Shop) -> None:
    customer = save_party(shop.company, name="Hotel Azul", is_customer=True)
    Party.objects.filter(pk=customer.pk).update(
        default_category=shop.sales, default_cost_centre=shop.centre, default_bank_account=shop.bank
    )
    shop.start(look(shop, sheet(deal())))
    made = Deal.objects.get()
    assert (made.category, made.cost_centre, made.bank_account) == (shop.sales, shop.centre, shop.bank)


def test_an_imported_deal_is_won_like_any_other(shop: Shop) -> None:
    shop.start(look(shop, sheet(deal(category="Vendas", account="Itaú PJ"))))
    won = selling.win(Deal.objects.get().pk, by=shop.ana).deal
    assert won.entry is not None
    assert won.entry.current is not None
    assert won.entry.current.instalments.count() == 3


def test_many_batches_are_numbered_without_gaps(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "TOGETHER", 10)
    source = shop.start(look(shop, sheet(*(deal(title=f"Festa {n}") for n in range(35)))))
    assert source.summary["done"] == DONE | {"made": 35}
    assert list(Deal.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 36))
    assert Party.objects.filter(name="Hotel Azul").count() == 1
    assert Pipeline.objects.count() == 1


# --- What can be wrong -------------------------------------------------------------------------------------------

WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({"title": ""}, "title", "Say in a few words what is sold."),
    ({"title": "x" * 201}, "title", "At most 200 characters"),
    ({"party": ""}, "party", "Say who it is"),
    ({"party": "", "document": "11.222.333/0001-81"}, "party", "Give the name too"),
    ({"document": "11.222.333/0001-82"}, "document", "check digits"),
    ({"document": 394460005887}, "document", "Leading zeros were lost"),
    ({"amount": ""}, "amount", "Fill in the value."),
    ({"amount": 0}, "amount", "more than zero"),
    ({"amount": "-10"}, "amount", "more than zero"),
    ({"amount": "1.234"}, "amount", "may be a thousand"),
    ({"amount": "mil"}, "amount", "no amount in reais"),
    ({"terms": "quando der"}, "terms", "These terms can't be read."),
    ({"terms": "10"}, "terms", "10x or 10 days"),
    ({"terms": "60/30"}, "terms", "30 days can't follow 60"),
    ({"terms": "30/60/90", "amount": "0,02"}, "terms", "fewer cents than instalments"),
    ({"terms": date(2026, 12, 10)}, "terms", "made a date of these terms"),
    ({"expected": "31/02/2027"}, "expected", "This is no date."),
    ({"stage": "Assinatura"}, "stage", "There is no “Assinatura” here."),
    ({"stage": "Negociaçao final"}, "stage", "Is it “Negociação”?"),
    ({"stage": "Ganho"}, "stage", "An import makes open deals only."),
    ({"pipeline": "Atacado"}, "pipeline", "There is no “Atacado” here."),
    ({"owner": "Clara Mendes"}, "owner", "Deals that you import are yours"),
    ({"category": "Aluguel"}, "category", "There is no “Aluguel” here."),  # a payable's
    ({"account": "Bradesco"}, "bank_account", "There is no “Bradesco” here."),
    ({"notes": "x" * 1001}, "notes", "At most 1000 characters"),
]


@pytest.mark.parametrize(("cells", "column", "sentence"), WRONG)
def test_a_bad_line_says_what_is_wrong_beside_its_column_and_is_left_out(
    shop: Shop, cells: dict[str, Any], column: str, sentence: str
) -> None:
    source = look(shop, sheet(deal(**cells), deal(title="Bolo")))
    assert outcomes(source) == ["bad", "good"]
    ((line, where, told),) = problems(source)
    assert (line, where) == (2, column)
    assert sentence in told
    source = shop.start(source)
    assert source.summary["done"] == DONE | {"made": 1, "bad": 1}
    assert [one.title for one in Deal.objects.all()] == ["Bolo"]


def test_all_that_is_wrong_with_a_line_is_told_at_once(shop: Shop) -> None:
    source = look(shop, sheet(deal(title="", amount="x", terms="?", expected="?", stage="?", owner="?")))
    assert {column for _line, column, _text in problems(source)} == {
        *("title", "amount", "terms", "expected", "stage", "owner")
    }


def test_how_amounts_are_written_may_be_said(shop: Shop) -> None:
    assert outcomes(look(shop, sheet(deal(amount="1.234")), decimal=",")) == ["good"]


def test_a_stage_that_two_pipelines_have_needs_the_pipeline(shop: Shop) -> None:
    first = pipelines.ensure(shop.company, by=shop.clara)
    second = pipelines.add(shop.company, "Atacado", by=shop.clara)
    pipelines.add_stage(second, "Assinatura", by=shop.clara)
    source = look(
        shop,
        sheet(
            deal(title="A", stage="Negociação"),
            deal(title="B", stage="Negociação", pipeline="atacado"),
            deal(title="C", stage="Atacado › Negociação"),
            deal(title="D", stage="Assinatura"),
            deal(title="E", pipeline="Atacado"),
            deal(title="F", stage="Assinatura", pipeline=first.name),
            deal(title="G"),
        ),
    )
    assert outcomes(source) == ["bad", "good", "good", "good", "good", "bad", "good"]
    assert "Several pipelines have a stage “Negociação”" in problems(source)[0][2]
    shop.start(source)
    placed = {one.title: (one.stage.pipeline, one.stage.name) for one in Deal.objects.all()}
    assert placed == {
        "B": (second, "Negociação"),
        "C": (second, "Negociação"),
        "D": (second, "Assinatura"),
        "E": (second, stages_of(second)[0].name),
        "G": (first, stages_of(first)[0].name),
    }


def test_who_changes_all_deals_chooses_their_owners(shop: Shop) -> None:
    make_person("Augusto Pena", shop.company, "auditor")
    lines = [
        deal(title="A", owner="bruno"),
        deal(title="B", owner="Ana Souza"),
        deal(title="C", owner=shop.bruno.email.upper()),
        deal(title="D", owner="Augusto Pena"),  # reads only
        deal(title="E"),
    ]
    source = look(shop, sheet(*lines), by=shop.clara)
    assert outcomes(source) == ["bad", "good", "good", "bad", "good"]
    assert {text.split("”")[1] for _line, _column, text in problems(source)} == {
        " can't own deals here. Write the name or e-mail of somebody who can."
    }
    shop.start(source)
    assert {one.title: one.owner for one in Deal.objects.all()} == {
        "B": shop.ana,
        "C": shop.bruno,
        "E": shop.clara,
    }


def test_two_of_one_name_are_told_apart_by_their_e_mail(shop: Shop) -> None:
    other = make_person("Outra Souza", shop.company, "requester")
    User.objects.filter(pk=other.pk).update(name="Ana Souza")
    lines = [deal(title="A", owner="Ana Souza"), deal(title="B", owner=other.email)]
    source = look(shop, sheet(*lines), by=shop.clara)
    assert outcomes(source) == ["bad", "good"]
    assert "write the e-mail" in problems(source)[0][2]


# --- All or none, again, at once ---------------------------------------------------------------------------------


def test_all_or_none_is_not_possible_with_a_bad_line(shop: Shop) -> None:
    source = look(shop, sheet(deal(), deal(title="")))
    with pytest.raises(work.NotNowError):
        shop.start(source, which="all")
    assert not Deal.objects.exists()


@pytest.mark.parametrize("which", ["all", "good"])
def test_a_stage_that_goes_meanwhile(shop: Shop, which: str) -> None:
    last = stages_of(pipelines.ensure(shop.company, by=shop.clara)).last()
    assert last is not None
    source = look(shop, sheet(deal(), deal(title="Bolo", party="Novo", stage=last.name)))
    assert outcomes(source) == ["good", "good"]
    pipelines.remove_stage(last, by=shop.clara)
    source = shop.start(source, which=which)
    assert outcomes(source) == ["good", "bad"]
    assert [(line, column) for line, column, _text in problems(source)] == [(3, "stage")]
    if which == "all":
        assert source.state == "refused"
        assert not Deal.objects.exists()
        assert not Party.objects.filter(name__in=["Novo", "Hotel Azul"]).exists()
        assert [one.event for one in of(source)] == ["import.begun", "import.refused"]
    else:
        assert source.summary["done"] == DONE | {"made": 1, "bad": 1}


def test_the_same_file_twice_is_recognised_and_goes_on_only_when_meant(shop: Shop) -> None:
    data = sheet(deal(), deal(title="Bolo"))
    shop.start(look(shop, data))
    second = look(shop, data, by=shop.clara)
    assert outcomes(second) == ["twin", "twin"]
    found = work.same_file(second)
    assert found
    assert found.by == shop.ana
    with pytest.raises(work.SeenBeforeError):
        shop.start(second, twins=True)
    assert Deal.objects.count() == 2
    shop.start(second, twins=True, again=True)
    assert Deal.objects.count() == 4


def test_the_same_deal_in_another_file_is_recognised_whatever_became_of_it(shop: Shop) -> None:
    shop.start(look(shop, sheet(deal(), deal(title="Bolo"))))
    first, second = Deal.objects.order_by("number")
    selling.lose(first.pk, "Preço", by=shop.ana)
    Deal.objects.filter(pk=second.pk).update(value=1)  # somebody changed it since
    source = look(
        shop, sheet(deal(title="COFFEE BREAK", terms="10x"), deal(title="Bolo"), deal(title="Festa"))
    )
    assert outcomes(source) == ["twin", "twin", "good"]
    assert notes(source, 2) == notes(source, 3) == ["imported_deal"]
    source = shop.start(source)
    assert source.summary["done"] == DONE | {"made": 1, "left": 2}
    assert Deal.objects.count() == 3


def test_a_deal_that_was_entered_by_hand_is_recognised(shop: Shop) -> None:
    typed(shop)
    lost = typed(shop, title="Perdido")
    selling.lose(lost.pk, "Preço", by=shop.ana)
    lines = [
        deal(title="coffee break", expected="31/12/2026"),
        deal(amount=8401),
        deal(party="Hotel Verde"),
        deal(title="Perdido"),  # what was lost may come again
    ]
    source = look(shop, sheet(*lines))
    assert outcomes(source) == ["twin", "good", "good", "good"]
    assert notes(source, 2) == ["twin_deal"]
    source = shop.start(source, twins=True)  # it is another one
    assert source.summary["done"] == DONE | {"made": 4}


def test_a_line_that_says_what_one_above_it_says_is_told(shop: Shop) -> None:
    day = timezone.localdate() + timedelta(days=30)
    lines = [deal(), deal(terms="10x"), deal(expected=day), deal(expected=day + timedelta(days=30))]
    source = look(shop, sheet(*lines))
    assert outcomes(source) == ["good", "twin", "good", "good"]  # one a month is told by its day
    assert notes(source, 3) == ["like"]
    source = shop.start(source)
    assert source.summary["done"] == DONE | {"made": 3, "left": 1}


def test_one_file_as_entries_and_as_deals_is_not_the_same_import(shop: Shop) -> None:
    data = sheet(deal())
    shop.start(look(shop, data))
    source = work.upload(shop.company, data, name="x.xlsx", by=shop.ana, language="en")
    assert work.same_file(source) is None


def test_pressed_twice_it_is_made_once(shop: Shop) -> None:
    source = shop.start(look(shop, sheet(deal())))
    with pytest.raises(work.NotNowError):
        work.start(source, {"which": "good"}, again=True)
    work.go_on(source.pk)
    assert Deal.objects.count() == 1


def test_a_role_that_was_taken_meanwhile_makes_nothing(shop: Shop) -> None:
    source = look(shop, sheet(deal()))
    Membership.objects.filter(user=shop.ana).update(role="auditor")
    source = Import.objects.get(pk=source.pk)
    with pytest.raises(work.NotYoursError):
        shop.start(source)
    Import.objects.update(state="making", choice={"which": "good"})
    work.go_on(source.pk)
    source.refresh_from_db()
    assert (source.state, source.problem) == ("refused", {"code": "not_allowed"})
    with pytest.raises(work.NotYoursError):
        look(shop, sheet(deal()))
    assert not Deal.objects.exists()


def test_the_database_has_one_thing_for_one_line(shop: Shop) -> None:
    shop.start(look(shop, sheet(deal(), deal(title="Bolo"))))
    first = Deal.objects.order_by("number")[0]
    entry = Entry.objects.create(
        company=shop.company, kind="payable", number=99, created_by=shop.ana, draft={}
    )
    line = Line.objects.create(source=Import.objects.get(), number=99, head=99)
    third = typed(shop, title="Outro")
    for things in ({}, {"entry": entry, "deal": third}, {"deal": first}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Made.objects.create(company=shop.company, line=line, mark="x", **things)
    Made.objects.create(company=shop.company, line=line, mark="x", deal=third)
