"""Entries as Conta Azul answers them: just created, in the newer lists, and in the older searches."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from conta_azul.answer import Answer, Fields, Raw, Unusable


@dataclass(frozen=True)
class CreatedInstalment:
    """An instalment of an entry that was just created."""

    id: str | None
    version: int | None
    raw: Raw = field(repr=False)


@dataclass(frozen=True)
class CreatedEntry:
    """An entry that was just created. Only the id is sure to be there."""

    id: str
    version: int | None
    reference: str | None
    instalments: tuple[CreatedInstalment, ...]
    raw: Raw = field(repr=False)


@dataclass(frozen=True)
class Named:
    """An id and what it is called."""

    id: str | None
    name: str | None


@dataclass(frozen=True)
class ListedEvent:
    """The entry of a listed instalment: the only read that gives back our reference and note."""

    id: str
    description: str | None
    note: str | None
    reference: str | None
    amount: Decimal | None
    competence_date: dt.date | None
    party_id: str | None
    instalment_count: int | None
    raw: Raw = field(repr=False)


@dataclass(frozen=True)
class ListedInstalment:
    """An instalment of the newer lists, with its entry."""

    id: str
    version: int | None
    index: int | None
    status: str | None
    description: str | None
    due_date: dt.date | None
    net_amount: Decimal | None
    paid: Decimal | None
    unpaid: Decimal | None
    bank_account_id: str | None
    payment_method: str | None
    event: ListedEvent
    raw: Raw = field(repr=False)


@dataclass(frozen=True)
class FoundInstalment:
    """An instalment of the older searches. `id` is the instalment's; the entry's is not in it (observed).

    `status` is a raw English code such as OVERDUE; `search_status` is the word that `SearchStatus` has.
    """

    id: str
    description: str | None
    due_date: dt.date | None
    competence_date: dt.date | None
    status: str | None
    search_status: str | None
    total: Decimal | None
    paid: Decimal | None
    unpaid: Decimal | None
    created_at: dt.datetime | None
    changed_at: dt.datetime | None
    party: Named | None
    categories: tuple[Named, ...]
    cost_centres: tuple[Named, ...]
    raw: Raw = field(repr=False)


def read_created(answer: Answer) -> CreatedEntry:
    """Goes by the shape, not by the status: the older create answered 200 with a protocol and no entry."""
    fields = answer.fields(lenient=True)
    instalments = _created_rows(fields)
    if fields.has("protocolo") and not instalments:
        raise Unusable("it gave a protocol of the discontinued asynchronous create instead of the entry")
    return CreatedEntry(
        id=fields.id(),
        version=fields.maybe_int("versao"),
        reference=fields.maybe_text("referencia_externa"),
        instalments=tuple(
            CreatedInstalment(row.maybe_id("id"), row.maybe_int("versao"), row.raw) for row in instalments
        ),
        raw=fields.raw,
    )


def _created_rows(fields: Fields) -> tuple[Fields, ...]:
    terms = fields.inner("condicao_pagamento")
    return (terms.rows("parcelas") if terms else ()) or fields.rows("parcelas")


def read_listed(fields: Fields) -> ListedInstalment:
    event = fields.inner("evento_financeiro")
    if event is None:
        # Without it, "our reference is nowhere" would be a false conclusion.
        raise Unusable("an instalment in the list has no 'evento_financeiro'")
    return ListedInstalment(
        id=fields.id(),
        version=fields.maybe_int("versao"),
        index=fields.maybe_int("indice"),
        status=fields.maybe_text("status"),
        description=fields.maybe_text("descricao"),
        due_date=fields.maybe_date("data_vencimento"),
        net_amount=fields.maybe_amount("valor_liquido_total"),
        paid=fields.maybe_amount("pago"),
        unpaid=fields.maybe_amount("nao_pago"),
        bank_account_id=fields.maybe_id("id_conta_financeira"),
        payment_method=fields.maybe_text("forma_pagamento"),
        event=_read_listed_event(event),
        raw=fields.raw,
    )


def _read_listed_event(fields: Fields) -> ListedEvent:
    return ListedEvent(
        id=fields.id(),
        description=fields.maybe_text("descricao"),
        note=fields.maybe_text("observacao"),
        reference=fields.maybe_text("referencia_externa"),
        amount=fields.maybe_amount("valor"),
        competence_date=fields.maybe_date("data_competencia"),
        party_id=fields.maybe_id("id_fornecedor") or fields.maybe_id("id_cliente"),
        instalment_count=fields.maybe_int("numero_parcelas"),
        raw=fields.raw,
    )


def read_found(fields: Fields) -> FoundInstalment:
    party = fields.inner("fornecedor") or fields.inner("cliente")
    return FoundInstalment(
        id=fields.id(),
        description=fields.maybe_text("descricao"),
        due_date=fields.maybe_date("data_vencimento"),
        competence_date=fields.maybe_date("data_competencia"),
        status=fields.maybe_text("status"),
        search_status=fields.maybe_text("status_traduzido"),
        total=fields.maybe_amount("total"),
        paid=fields.maybe_amount("pago"),
        unpaid=fields.maybe_amount("nao_pago"),
        created_at=fields.maybe_moment("data_criacao"),
        changed_at=fields.maybe_moment("data_alteracao"),
        party=_read_named(party) if party else None,
        categories=tuple(map(_read_named, fields.rows("categorias"))),
        # The description says centros_custo; one third party writes centros_de_custo.
        cost_centres=tuple(map(_read_named, fields.rows("centros_custo") or fields.rows("centros_de_custo"))),
        raw=fields.raw,
    )


def _read_named(fields: Fields) -> Named:
    return Named(fields.maybe_id("id"), fields.maybe_text("nome"))
