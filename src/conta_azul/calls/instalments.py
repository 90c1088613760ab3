"""Instalments of an entry (`parcelas`)."""

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from conta_azul import checks, limits
from conta_azul.amounts import Composition, ReadComposition, read_composition
from conta_azul.answer import Answer, Fields, Raw, rows
from conta_azul.call import Call
from conta_azul.calls.settlements import Settlement, account_id, read_settlement
from conta_azul.enums import PaymentMethod

_OF_EVENT = "/v1/financeiro/eventos-financeiros/{id_evento}/parcelas"
_INSTALMENT = "/v1/financeiro/eventos-financeiros/parcelas/{id}"


@dataclass(frozen=True)
class Split:
    """Part of an entry by category; `cost_centres` are pairs of id and amount."""

    category_id: str | None
    amount: Decimal | None
    cost_centres: tuple[tuple[str | None, Decimal | None], ...]


@dataclass(frozen=True)
class Event:
    """The entry that an instalment belongs to; this read gives no note, party or reference of it."""

    id: str
    kind: str | None
    competence_date: dt.date | None
    reference_code: str | None
    origin: str | None
    instalment_count: int | None
    splits: tuple[Split, ...]
    raw: Raw = field(repr=False)


@dataclass(frozen=True)
class Instalment:
    """An instalment as read.

    `status` is one of PENDENTE, QUITADO, CANCELADO, RENEGOCIADO, RECEBIDO_PARCIAL, ATRASADO, PERDIDO.
    """

    id: str
    version: int | None
    index: int | None
    status: str | None
    description: str | None
    note: str | None
    due_date: dt.date | None
    expected_payment_date: dt.date | None
    bank_account_id: str | None
    payment_method: str | None
    composition: ReadComposition | None
    net_amount: Decimal | None
    paid: Decimal | None
    unpaid: Decimal | None
    changed_at: dt.datetime | None
    event: Event | None
    settlements: tuple[Settlement, ...]
    raw: Raw = field(repr=False)


@dataclass(frozen=True)
class PatchedInstalment:
    """What a change answered: the version that the instalment has now."""

    version: int | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/docs/financial-apis-openapi (getInstallmentsByEventId), read 2026-11-24
def of_event(event_id: str) -> Call[tuple[Instalment, ...]]:
    """Every instalment of an entry; the list is not paged."""
    return Call("GET", _OF_EVENT, _read_all, ids=(("id_evento", event_id),))


# developers.contaazul.com/docs/financial-apis-openapi (getInstallmentById), read 2026-11-24
def get(instalment_id: str) -> Call[Instalment]:
    """One instalment."""
    return Call("GET", _INSTALMENT, lambda answer: _read(answer.fields()), ids=(("id", instalment_id),))


# developers.contaazul.com/docs/financial-apis-openapi (updateInstallment), read 2026-11-24
def patch(
    instalment_id: str,
    version: int,
    *,
    description: str | None = None,
    note: str | None = None,
    due_date: dt.date | None = None,
    expected_payment_date: dt.date | None = None,
    composition: Composition | None = None,
    payment_method: PaymentMethod | None = None,
    bank_account_id: str | None = None,
) -> Call[PatchedInstalment]:
    """Change what is given of an instalment, and leave the rest.

    `version` is the one last read; another or none is answered with `Conflict`. It does not settle the
    instalment.
    """
    changes = {
        "descricao": _maybe_text(description, limits.INSTALMENT_DESCRIPTION),
        "nota": None if note is None else checks.not_too_long(note, "note", limits.INSTALMENT_NOTE),
        "vencimento": _maybe_date(due_date, "due_date"),
        "data_pagamento_esperado": _maybe_date(expected_payment_date, "expected_payment_date"),
        "composicao_valor": composition.to_wire() if composition else None,
        "metodo_pagamento": PaymentMethod(payment_method).value if payment_method else None,
        "id_conta_financeira": checks.an_id(bank_account_id, "bank_account_id") if bank_account_id else None,
    }
    wanted: dict[str, Any] = {name: value for name, value in changes.items() if value is not None}
    if not wanted:
        raise ValueError("Nothing to change")
    body = {"versao": version, **wanted}
    return Call("PATCH", _INSTALMENT, _read_patched, ids=(("id", instalment_id),), body=body)


def _maybe_text(value: str | None, longest: int) -> str | None:
    return None if value is None else checks.a_text(value, "description", longest)


def _maybe_date(value: dt.date | None, what: str) -> dt.date | None:
    return None if value is None else checks.a_date(value, what)


def _read_patched(answer: Answer) -> PatchedInstalment:
    fields = answer.fields(lenient=True)
    return PatchedInstalment(version=fields.maybe_int("versao"), raw=fields.raw)


def _read_all(answer: Answer) -> tuple[Instalment, ...]:
    return tuple(map(_read, rows(answer.json(), "the list")))


def _read(fields: Fields) -> Instalment:
    event = fields.inner("evento")
    return Instalment(
        id=fields.id(),
        version=fields.maybe_int("versao"),
        index=fields.maybe_int("indice"),
        status=fields.maybe_text("status"),
        description=fields.maybe_text("descricao"),
        note=fields.maybe_text("nota"),
        due_date=fields.maybe_date("data_vencimento"),
        expected_payment_date=fields.maybe_date("data_pagamento_previsto"),
        bank_account_id=account_id(fields),
        payment_method=fields.maybe_text("metodo_pagamento"),
        composition=read_composition(fields.inner("valor_composicao")),
        net_amount=fields.maybe_amount("valor_total_liquido"),
        paid=fields.maybe_amount("valor_pago"),
        unpaid=fields.maybe_amount("nao_pago"),
        changed_at=fields.maybe_moment("data_alteracao"),
        event=_read_event(event) if event else None,
        settlements=tuple(map(read_settlement, fields.rows("baixas"))),
        raw=fields.raw,
    )


def _read_event(fields: Fields) -> Event:
    reference, terms = fields.inner("referencia"), fields.inner("condicao_pagamento")
    return Event(
        id=fields.id(),
        kind=fields.maybe_text("tipo"),
        competence_date=fields.maybe_date("data_competencia"),
        reference_code=fields.maybe_id("codigo_referencia"),
        origin=reference.maybe_text("origem") if reference else None,
        instalment_count=terms.maybe_int("quantidade_parcelas") if terms else None,
        splits=tuple(map(_read_split, fields.rows("rateio"))),
        raw=fields.raw,
    )


def _read_split(fields: Fields) -> Split:
    centres = fields.rows("rateio_centro_custo") or fields.rows("rateio_centros_custo")
    return Split(
        category_id=fields.maybe_id("id_categoria"),
        amount=fields.maybe_amount("valor"),
        cost_centres=tuple(
            (each.maybe_id("id_centro_custo"), each.maybe_amount("valor")) for each in centres
        ),
    )
