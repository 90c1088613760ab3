"""What is read out of answers, and what is relied on."""

import datetime as dt
from decimal import Decimal
from typing import Any

import httpx
import pytest
from client_cast import BANK, CATEGORY, CENTRE, EVENT, SUPPLIER, an_entry, answering, said

from conta_azul import MayHaveArrived, PersonKind, Profile, Refused, Unreadable
from conta_azul.calls import (
    accounts,
    categories,
    company,
    cost_centres,
    entries,
    instalments,
    people,
    settlements,
)
from conta_azul.calls.people import NewPerson

FROM, TO = dt.date(2026, 11, 1), dt.date(2026, 12, 31)
CREATED: dict[str, Any] = {
    "id": EVENT,
    "versao": 0,
    "referencia_externa": "ALC-7F3K2Q",
    "campo_novo": {"a": 1},
    "condicao_pagamento": {"quantidade_parcelas": 1, "parcelas": [{"id": CENTRE, "versao": 0, "indice": 1}]},
}


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_created_entry_is_known_by_its_id(status: int) -> None:
    with answering(said(CREATED, status)) as client:
        created = client.send(entries.create_payable(an_entry()))
    assert (created.id, created.version, created.reference) == (EVENT, 0, "ALC-7F3K2Q")
    assert [each.id for each in created.instalments] == [CENTRE]
    assert created.raw["campo_novo"] == {"a": 1}


@pytest.mark.parametrize(
    "odd",
    [
        {"id": EVENT},
        {"id": 123456},
        {"id": EVENT, "versao": "um", "condicao_pagamento": []},
        {"id": EVENT, "condicao_pagamento": {"parcelas": ["?", None]}},
        {"id": EVENT, "parcelas": [{"id": 7}], "referencia_externa": 5},
        {"id": EVENT, "condicao_pagamento": {"parcelas": [{"id": CENTRE}]}, "protocolo": "x"},
        {"id": EVENT, "protocolo": None},
    ],
)
def test_a_good_201_does_not_turn_into_a_doubt(odd: dict[str, Any]) -> None:
    with answering(said(odd, 201)) as client:
        assert client.send(entries.create_receivable(an_entry())).id == str(odd["id"])


def test_a_bad_byte_in_a_text_does_not_hide_the_id() -> None:
    content = b'\xef\xbb\xbf{"id": "%s", "descricao": "Alugu\xe9l", "valor": NaN}' % EVENT.encode()
    with answering(httpx.Response(201, content=content)) as client:
        assert client.send(entries.create_payable(an_entry())).id == EVENT


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"  ",
        b"null",
        b"[]",
        b'"ok"',
        b"{}",
        b'{"id": null}',
        b'{"id": ""}',
        b'{"id": true}',
        b'{"id": "a',
        b"<html>",
        b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_success_without_a_usable_id_may_have_arrived(status: int, content: bytes) -> None:
    with (
        answering(httpx.Response(status, content=content)) as client,
        pytest.raises(MayHaveArrived, match="look before sending it again") as caught,
    ):
        client.send(entries.create_payable(an_entry()))
    assert not isinstance(caught.value, Refused)
    assert caught.value.status == status
    assert caught.value.body == content.decode()


@pytest.mark.parametrize("status", [200, 202])
def test_the_old_protocol_is_recognised_by_its_shape(status: int) -> None:
    old = {"protocolo": EVENT, "status": "PENDING", "data_criacao": "2024-10-22T14:30:00Z"}
    with answering(said(old, status)) as client, pytest.raises(Unreadable, match="protocol") as caught:
        client.send(entries.create_payable(an_entry()))
    assert isinstance(caught.value, MayHaveArrived)


def test_a_refusal_in_a_success_is_no_refusal() -> None:
    with answering(said({"code": 400, "message": "não"}, 200)) as client, pytest.raises(MayHaveArrived):
        client.send(entries.create_payable(an_entry()))


@pytest.mark.parametrize(
    "call",
    [
        people.create(NewPerson("Ana", PersonKind.INDIVIDUAL, (Profile.CUSTOMER,))),
        cost_centres.create("Loja"),
    ],
    ids=["person", "cost centre"],
)
def test_other_creates_rely_on_the_id_alone(call: Any) -> None:
    with answering(said({"id": EVENT, "nome": 5, "ativo": "?"})) as client:
        assert client.send(call).id == EVENT
    with answering(said({"nome": "Ana"}, 201)) as client, pytest.raises(MayHaveArrived, match="'id'"):
        client.send(call)


def test_the_connected_company() -> None:
    answer = {
        "data_fundacao": "2012-01-01",
        "documento": "05206246000138",
        "id_empresa": "123456",
        "email": "a@b.c",
    }
    with answering(said(answer)) as client:
        found = client.send(company.connected())
    assert (found.id, found.document, found.founded) == ("123456", "05206246000138", dt.date(2012, 1, 1))
    assert "05206246000138" not in repr(found)
    with answering(said({"razao_social": "X"})) as client, pytest.raises(Unreadable, match="id_empresa"):
        client.send(company.connected())


def test_people_have_profiles_as_words_or_as_objects() -> None:
    words = {"id": SUPPLIER, "nome": "Ana", "documento": "12345678900", "perfis": ["Cliente"]}
    objects = words | {"perfis": [{"id": "1", "tipo_perfil": "Fornecedor"}, {}, None]}
    with answering(said({"totalItems": 1, "items": [words]})) as client:
        (found,) = client.walk(people.search(text="Ana"))
    with answering(said(objects)) as client:
        got = client.send(people.get(SUPPLIER))
    assert (found.profiles, got.profiles) == (("Cliente",), ("Fornecedor",))
    assert "12345678900" not in repr(found)


def test_a_profile_is_added_without_a_body_in_the_answer() -> None:
    with answering(httpx.Response(204)) as client:
        client.send(people.add_profile(SUPPLIER, ["Cliente"], Profile.SUPPLIER))


def test_registers() -> None:
    centre = {"id": CENTRE, "codigo": None, "nome": "Loja", "ativo": True}
    with answering(said({"itens_totais": 1, "items": [centre], "totais": {}})) as client:
        assert next(client.walk(cost_centres.list())).name == "Loja"
    category = {"id": CATEGORY, "nome": "Aluguel", "tipo": "DESPESA", "categoria_pai": None}
    with answering(said({"itens": [category]})) as client:
        assert next(client.walk(categories.list())).parent_id is None
    account = {"id": BANK, "nome": "Itaú", "tipo": "CONTA_CORRENTE", "agencia": "0001", "numero": "12345-6"}
    with answering(said({"itens": [account]})) as client:
        found = next(client.walk(accounts.list()))
    assert found.kind == "CONTA_CORRENTE"
    assert "12345" not in repr(found)


LISTED = {
    "id": CENTRE,
    "versao": 1,
    "status": "PENDENTE",
    "data_vencimento": "2026-12-10",
    "valor_liquido_total": 1500,
    "evento_financeiro": {
        "id": EVENT,
        "descricao": "Aluguel",
        "observacao": "hash",
        "referencia_externa": "ALC-7F3K2Q",
        "valor": 1500.0,
        "id_fornecedor": SUPPLIER,
        "numero_parcelas": 1,
    },
}


def test_the_newer_list_gives_back_our_reference() -> None:
    with answering(said({"itens": [LISTED]})) as client:
        (found,) = client.walk(entries.list_payables(FROM, TO))
    assert (found.event.id, found.event.reference, found.event.note) == (EVENT, "ALC-7F3K2Q", "hash")
    assert (found.event.party_id, found.event.amount) == (SUPPLIER, Decimal(1500))


def test_a_listed_instalment_without_its_entry_is_an_error_and_not_an_absence() -> None:
    answer = said({"itens": [LISTED, {**LISTED, "evento_financeiro": None}]})
    with answering(answer) as client, pytest.raises(Unreadable, match="evento_financeiro"):
        list(client.walk(entries.list_payables(FROM, TO)))


@pytest.mark.parametrize("centres", ["centros_custo", "centros_de_custo"])
def test_the_older_search(centres: str) -> None:
    row = {
        "id": CENTRE,
        "descricao": "Aluguel",
        "data_vencimento": "2026-12-10",
        "status": "OVERDUE",
        "status_traduzido": "ATRASADO",
        "total": 1500.5,
        "data_alteracao": "2025-10-22T08:37:05",
        "fornecedor": {"id": SUPPLIER, "nome": "Padaria"},
        centres: [{"id": CENTRE, "nome": "Loja"}],
    }
    with answering(said({"itens_totais": 1, "itens": [row], "totais": {"ativo": {"valor": 1}}})) as client:
        (found,) = client.walk(entries.search_payables(FROM, TO))
    assert found.party is not None
    assert found.party.id == SUPPLIER
    assert found.cost_centres[0].name == "Loja"
    assert found.changed_at is not None
    assert found.changed_at.utcoffset() == dt.timedelta(hours=-3)


def test_an_instalment_with_its_event_and_settlements() -> None:
    answer = {
        "id": CENTRE,
        "versao": 2,
        "status": "QUITADO",
        "conta_financeira": {"id": BANK, "numero": "1"},
        "valor_composicao": {"valor_bruto": 10, "valor_liquido": 9.5},
        "baixas": [{"id": EVENT, "data_pagamento": "2026-12-10", "conta_financeira": BANK}],
        "evento": {
            "id": EVENT,
            "tipo": "DESPESA",
            "referencia": {"origem": "VENDA"},
            "rateio": [
                {
                    "id_categoria": CATEGORY,
                    "valor": 10,
                    "rateio_centro_custo": [{"id_centro_custo": CENTRE, "valor": 10}],
                }
            ],
        },
    }
    with answering(said([answer])) as client:
        (found,) = client.send(instalments.of_event(EVENT))
    assert found.event is not None
    assert (found.event.id, found.event.origin) == (EVENT, "VENDA")
    assert found.event.splits[0].cost_centres == ((CENTRE, Decimal(10)),)
    assert (found.bank_account_id, found.settlements[0].bank_account_id) == (BANK, BANK)
    assert found.composition is not None
    assert found.composition.net == Decimal("9.5")
    with (
        answering(said({**answer, "data_vencimento": "soon"})) as client,
        pytest.raises(Unreadable, match="vencimento"),
    ):
        client.send(instalments.get(CENTRE))


def test_a_patch_answers_with_the_new_version() -> None:
    with answering(said({"versao": 4, "descricao": "1/1"})) as client:
        assert client.send(instalments.patch(CENTRE, 3, description="1/1")).version == 4


def test_settlements_of_an_instalment() -> None:
    with answering(said([])) as client:
        assert client.send(settlements.of_instalment(CENTRE)) == ()
    with answering(said({"itens": []})) as client, pytest.raises(Unreadable, match="not a list"):
        client.send(settlements.of_instalment(CENTRE))
