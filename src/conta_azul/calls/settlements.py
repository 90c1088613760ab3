"""Settlements of an instalment (`baixas`)."""

import datetime as dt
from dataclasses import dataclass, field

from conta_azul.amounts import ReadComposition, read_composition
from conta_azul.answer import Answer, Fields, Raw, rows
from conta_azul.call import Call


@dataclass(frozen=True)
class Settlement:
    """One payment of an instalment, whole or in part."""

    id: str
    version: int | None
    paid_on: dt.date | None
    composition: ReadComposition | None
    bank_account_id: str | None
    payment_method: str | None
    note: str | None
    instalment_id: str | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/docs/acquittance-apis-openapi (listarBaixas), read 2026-11-24
def of_instalment(instalment_id: str) -> Call[tuple[Settlement, ...]]:
    """Every settlement of an instalment; the list is not paged."""
    template = "/v1/financeiro/eventos-financeiros/parcelas/{parcela_id}/baixa"
    return Call("GET", template, _read_all, ids=(("parcela_id", instalment_id),))


def _read_all(answer: Answer) -> tuple[Settlement, ...]:
    return tuple(map(read_settlement, rows(answer.json(), "the list")))


def read_settlement(fields: Fields) -> Settlement:
    return Settlement(
        id=fields.id(),
        version=fields.maybe_int("versao"),
        paid_on=fields.maybe_date("data_pagamento"),
        composition=read_composition(fields.inner("valor_composicao")),
        bank_account_id=account_id(fields),
        payment_method=fields.maybe_text("metodo_pagamento"),
        note=fields.maybe_text("observacao"),
        instalment_id=fields.maybe_id("id_parcela"),
        raw=fields.raw,
    )


def account_id(fields: Fields) -> str | None:
    """The bank account: an id in the description, an object in some answers (observed), both in others."""
    if isinstance(fields.raw.get("conta_financeira"), dict):
        inner = fields.inner("conta_financeira")
        return fields.maybe_id("id_conta_financeira") or (inner.maybe_id("id") if inner else None)
    return fields.maybe_id("id_conta_financeira") or fields.maybe_id("conta_financeira")
