"""Every call's path, parameters and body, against the published descriptions."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from client_cast import BANK, CATEGORY, CENTRE, EVENT, SUPPLIER, an_entry
from openapi_descriptions import check_body, check_params, strict

from conta_azul import (
    AccountKind,
    Activity,
    Call,
    Composition,
    EntryKind,
    Pages,
    PaymentMethod,
    PersonKind,
    Profile,
    SearchStatus,
    Timeouts,
    wire,
)
from conta_azul.calls import (
    accounts,
    categories,
    changes,
    company,
    cost_centres,
    entries,
    instalments,
    people,
    settlements,
)
from conta_azul.calls.entries import CategorySplit, NewInstalment
from conta_azul.calls.people import NewPerson

FROM, TO = dt.date(2026, 11, 1), dt.date(2026, 12, 31)
MOMENT = dt.datetime(2026, 11, 24, 15, 0, tzinfo=dt.UTC)
EVERY_FILTER: dict[str, Any] = {
    "value_from": Decimal("10.50"),
    "value_to": Decimal("9999"),
    "description": "ALC-7F3K2Q",
    "competence_from": FROM,
    "competence_to": TO,
    "changed_from": MOMENT,
    "changed_to": MOMENT,
    "statuses": list(SearchStatus),
    "bank_account_ids": [BANK, EVENT],
    "category_ids": [CATEGORY],
    "cost_centre_ids": [CENTRE],
}
FULL_ENTRY = an_entry(
    "100.00",
    splits=(
        CategorySplit(CATEGORY, Decimal("60.00"), ((CENTRE, Decimal("33.34")), (BANK, Decimal("26.66")))),
        CategorySplit(EVENT, Decimal("40.00")),
    ),
    instalments=(
        NewInstalment("1/2", FROM, Decimal("50.01"), payment_method=PaymentMethod.BOLETO, note="nota"),
        NewInstalment("2/2", TO, Decimal("49.99"), bank_account_id=EVENT, discount=Decimal("1.99")),
    ),
    note="Aprovado por Ana",
    reference="ALC-7F3K2Q",
)
FULL_PERSON = NewPerson(
    "Padaria São João",
    PersonKind.COMPANY,
    (Profile.SUPPLIER, Profile.CUSTOMER),
    document="12.345.678/0001-90",
    trade_name="Padaria",
    email="a@example.com",
    phone="11 5555-0000",
    code="P1",
    note="x",
)
CALLS: list[Call[Any] | Pages[Any]] = [
    company.connected(),
    people.search(),
    people.search(
        document="12.345.678/0001-90",
        text="Padaria",
        name="Padaria",
        profile=Profile.SUPPLIER,
        ids=[SUPPLIER, EVENT],
        changed_from=MOMENT,
        changed_to=MOMENT,
    ),
    people.get(SUPPLIER),
    people.create(FULL_PERSON),
    people.create(NewPerson("Ana", PersonKind.INDIVIDUAL, (Profile.CUSTOMER,), document="123.456.789-00")),
    people.create(NewPerson("Acme Inc", PersonKind.FOREIGN, (Profile.CUSTOMER,))),
    people.add_profile(SUPPLIER, ["cliente"], Profile.SUPPLIER),
    cost_centres.list(),
    *(cost_centres.list(text="010", activity=each) for each in Activity),
    cost_centres.create("Loja"),
    cost_centres.create("Loja", "L1"),
    categories.list(),
    *(categories.list(kind=each, leaves_only=True, text="a", name="b") for each in EntryKind),
    accounts.list(),
    accounts.list(active_only=True, kinds=list(AccountKind), name="Conta", show_petty_cash=False),
    entries.create_payable(an_entry()),
    entries.create_payable(FULL_ENTRY),
    entries.create_receivable(FULL_ENTRY),
    entries.list_payables(FROM, TO),
    entries.list_receivables(FROM, TO),
    entries.search_payables(FROM, TO),
    entries.search_payables(FROM, TO, **EVERY_FILTER),
    entries.search_receivables(FROM, TO, customer_ids=[SUPPLIER, EVENT], **EVERY_FILTER),
    instalments.of_event(EVENT),
    instalments.get(EVENT),
    *(instalments.patch(EVENT, 3, payment_method=each) for each in PaymentMethod),
    instalments.patch(
        EVENT,
        0,
        description="1/1",
        note="",
        due_date=TO,
        expected_payment_date=TO,
        composition=Composition(Decimal("10.00"), discount=Decimal("0.50")),
        bank_account_id=BANK,
    ),
    settlements.of_instalment(EVENT),
    changes.list(MOMENT, MOMENT + dt.timedelta(days=365)),
]


def as_sent(call: Call[Any] | Pages[Any]) -> tuple[Call[Any], httpx.Request]:
    one = call.page(2) if isinstance(call, Pages) else call
    return one, wire.request(one, base_url="https://api.test", token="t", timeouts=Timeouts())


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.template)
def test_no_call_sends_what_the_descriptions_do_not_know(call: Call[Any] | Pages[Any]) -> None:
    one, request = as_sent(call)
    check_params(
        one.method,
        one.template,
        parse_qsl(request.url.query.decode(), strict_parsing=bool(request.url.query)),
    )
    check_body(one.method, one.template, json.loads(request.content) if request.content else None)
    assert one.writes == (one.method != "GET")
    assert one.writes == bool(request.content)


def test_the_enums_are_the_descriptions() -> None:
    from openapi_descriptions import described

    financial = described("conta-azul-financial-openapi.yml")
    patch = strict({"$ref": "#/components/schemas/ParcelaAtualizacaoRequest"}, financial)
    assert patch["properties"]["metodo_pagamento"]["enum"] == [each.value for each in PaymentMethod]
    account = strict({"$ref": "#/components/schemas/ContaFinanceira"}, financial)
    assert account["properties"]["tipo"]["enum"] == [each.value for each in AccountKind]


def test_a_payable_travels_whole() -> None:
    _, request = as_sent(entries.create_payable(FULL_ENTRY))
    assert request.method == "POST"
    assert str(request.url) == "https://api.test/v1/financeiro/contas-a-pagar"
    assert request.headers["authorization"] == "Bearer t"
    assert request.headers["content-type"] == "application/json"
    body = json.loads(request.content, parse_float=str, parse_int=str)
    assert body == {
        "descricao": "Aluguel ALC-7F3K2Q",
        "data_competencia": "2026-11-01",
        "valor": "100.00",
        "conta_financeira": BANK,
        "id_fornecedor": SUPPLIER,
        "observacao": "Aprovado por Ana",
        "referencia_externa": "ALC-7F3K2Q",
        "rateio": [
            {
                "id_categoria": CATEGORY,
                "valor": "60.00",
                "rateio_centro_custo": [
                    {"id_centro_custo": CENTRE, "valor": "33.34"},
                    {"id_centro_custo": BANK, "valor": "26.66"},
                ],
            },
            {"id_categoria": EVENT, "valor": "40.00"},
        ],
        "condicao_pagamento": {
            "parcelas": [
                {
                    "descricao": "1/2",
                    "data_vencimento": "2026-11-01",
                    "conta_financeira": BANK,
                    "nota": "nota",
                    "metodo_pagamento": "BOLETO_BANCARIO",
                    "detalhe_valor": {
                        "valor_bruto": "50.01",
                        "valor_liquido": "50.01",
                        "desconto": "0.00",
                        "juros": "0.00",
                        "multa": "0.00",
                        "taxa": "0.00",
                    },
                },
                {
                    "descricao": "2/2",
                    "data_vencimento": "2026-12-31",
                    "conta_financeira": EVENT,
                    "detalhe_valor": {
                        "valor_bruto": "49.99",
                        "valor_liquido": "48.00",
                        "desconto": "1.99",
                        "juros": "0.00",
                        "multa": "0.00",
                        "taxa": "0.00",
                    },
                },
            ]
        },
    }


def test_a_receivable_names_a_customer() -> None:
    body = json.loads(as_sent(entries.create_receivable(an_entry()))[1].content)
    assert body["id_cliente"] == SUPPLIER
    assert "id_fornecedor" not in body


def test_list_filters_are_repeated_and_paging_leads() -> None:
    _, request = as_sent(
        entries.search_payables(FROM, TO, statuses=[SearchStatus.OPEN, SearchStatus.OVERDUE], page_size=50)
    )
    assert parse_qsl(request.url.query.decode()) == [
        ("pagina", "2"),
        ("tamanho_pagina", "50"),
        ("data_vencimento_de", "2026-11-01"),
        ("data_vencimento_ate", "2026-12-31"),
        ("status", "EM_ABERTO"),
        ("status", "ATRASADO"),
    ]


def test_moments_leave_as_sao_paulo_time_without_a_zone() -> None:
    start = dt.datetime(2026, 11, 24, 15, 0, 0, 999, tzinfo=dt.UTC)
    _, request = as_sent(changes.list(start, start))
    sent = dict(parse_qsl(request.url.query.decode()))
    assert sent["data_inicio"] == "2026-11-24T12:00:00"
    assert sent["data_fim"] == "2026-11-24T12:00:01"  # up, so that the window never shrinks


@pytest.mark.parametrize("odd", ["", "../pessoas", "a/b", "a b", ".", "é", "{id}"])
def test_an_id_that_could_lead_the_path_elsewhere_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="id"):
        instalments.get(odd)


@pytest.mark.parametrize(
    "make",
    [
        lambda: an_entry("0.00"),
        lambda: an_entry(amount=Decimal("1400.00")),
        lambda: an_entry(splits=()),
        lambda: an_entry(instalments=()),
        lambda: an_entry(instalments=(NewInstalment("1", TO, Decimal("1499.99")),)),
        lambda: CategorySplit(CATEGORY, Decimal("10.00"), ((CENTRE, Decimal("9.99")),)),
        lambda: CategorySplit(CATEGORY, Decimal("10.001")),
        lambda: CategorySplit(CATEGORY, 10.0),  # type: ignore[arg-type]
        lambda: CategorySplit(CATEGORY, Decimal("NaN")),
        lambda: CategorySplit(CATEGORY, Decimal("1E+999999")),
        lambda: CategorySplit(CATEGORY, Decimal("1E-999999")),
        lambda: NewInstalment("1", TO, Decimal("-1.00")),
        lambda: NewInstalment("1", TO, Decimal("1.00"), discount=Decimal("1.01")),
        lambda: NewInstalment("1", MOMENT, Decimal("1.00")),
        lambda: NewInstalment(" ", TO, Decimal("1.00")),
        lambda: an_entry(description="x" * 201),
        lambda: an_entry(reference="x" * 101),
        lambda: an_entry(note="x" * 2001),
        lambda: an_entry(party_id=""),
        lambda: NewPerson("Ana", PersonKind.INDIVIDUAL, ()),
        lambda: NewPerson("Ana", PersonKind.FOREIGN, (Profile.CUSTOMER,), document="1"),
        lambda: people.add_profile(SUPPLIER, ["Sócio"], Profile.SUPPLIER),
        lambda: instalments.patch(EVENT, 1),
        lambda: changes.list(MOMENT, MOMENT - dt.timedelta(seconds=1)),
        lambda: changes.list(MOMENT, MOMENT + dt.timedelta(days=365, seconds=1)),
        lambda: changes.list(MOMENT.replace(tzinfo=None), MOMENT),
        lambda: entries.list_payables(TO, FROM),
        lambda: entries.search_payables(FROM, TO, value_from=Decimal("1.005")),
        lambda: categories.list(page_size=30),
        lambda: categories.list().page(0),
        lambda: cost_centres.create(""),
    ],
)
def test_what_cannot_be_right_is_refused_before_anything_is_sent(make: Any) -> None:
    with pytest.raises(ValueError, match=r".+"):
        make()


def test_profiles_are_kept_and_given_once() -> None:
    body = people.add_profile(SUPPLIER, ["Fornecedor", "CLIENTE"], Profile.SUPPLIER).body
    assert body == {"perfis": [{"tipo_perfil": "Fornecedor"}, {"tipo_perfil": "Cliente"}]}
