"""Reading and correcting instalments (docs/conta-azul-api.md §3.2, §3.5)."""

from dataclasses import replace
from typing import Any

from conta_azul_sandbox.api.creation import read_amounts
from conta_azul_sandbox.api.references import check_account
from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.clock import local_date
from conta_azul_sandbox.enums import METHODS
from conta_azul_sandbox.errors import ConflictError, InvalidError, NotThereError
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.ids import is_legacy_id, is_uuid
from conta_azul_sandbox.model import Event, Instalment, Loss
from conta_azul_sandbox.query import Query
from conta_azul_sandbox.shapes import entries

# Assumed: how the newer list of one entry's instalments names the entry; its parameters were not seen (§3.2).
OF_EVENT_QUERY = frozenset({"id_evento"})


def of_event(call: Call) -> Reply:
    """A bare array, not paged; takes a uuid or a legacy id."""
    return _of_event(call, call.params["id_evento"])


def of_event_by_query(call: Call) -> Reply:
    return _of_event(call, Query(call).required("id_evento"))


def _of_event(call: Call, key: str) -> Reply:
    if not is_legacy_id(key) and not is_uuid(key):
        raise InvalidError(
            f"O valor '{key}' fornecido no parâmetro 'id_evento' não é um identificador (uuid) válido."
        )
    event = call.company.find_event(key.lower())
    if event is None:
        raise NotThereError
    today = local_date(call.now)
    return Reply(200, [entries.instalment(event, each, call.company, today) for each in event.instalments])


def read(call: Call) -> Reply:
    event, instalment = find(call, call.params["id"])
    return Reply(200, entries.instalment(event, instalment, call.company, local_date(call.now)))


def update(call: Call) -> Reply:
    event, instalment = find(call, call.params["id"])
    fields = Fields(call.json(), strict=call.strict)
    check_version(fields, instalment.version)
    changes = _changes(fields, instalment)
    fields.done()
    if "account" in changes:
        check_account(call.company, changes["account"], event.kind)
    changed = call.company.change_instalment(
        event, instalment.id, lambda before: replace(before, **changes), call.now, call.lag
    )
    return Reply(200, entries.updated_instalment(changed, call.company))


def find(call: Call, instalment_id: str) -> tuple[Event, Instalment]:
    check_uuid(instalment_id)
    found = call.company.find_instalment(instalment_id.lower())
    if found is None:
        raise NotThereError
    return found


def check_uuid(text: str) -> None:
    if not is_uuid(text):
        raise InvalidError(
            f"O valor '{text}' fornecido no parâmetro 'id' não é um identificador (uuid) válido."
        )


def check_version(fields: Fields, current: int) -> None:
    """Missing is 409 (§2.1). Stale is assumed to be 409 too: not confirmed."""
    if not fields.has("versao") or fields.integer("versao") != current:
        raise ConflictError


def _changes(fields: Fields, instalment: Instalment) -> dict[str, Any]:
    changes: dict[str, Any] = {
        "note": fields.maybe_text("nota"),
        "description": fields.maybe_text("descricao"),
        "due": fields.maybe_date("vencimento"),
        "expected_on": fields.maybe_date("data_pagamento_esperado"),
        "method": fields.maybe_choice("metodo_pagamento", METHODS),
        "nsu": fields.maybe_text("nsu"),
        "account": fields.maybe_uuid("id_conta_financeira"),
    }
    if composition := fields.maybe_inner("composicao_valor"):
        changes["amounts"] = read_amounts(composition)
    if loss := fields.maybe_inner("perda"):
        changes["loss"] = _read_loss(loss, instalment)
    if fields.has("pagamento_agendado"):
        changes["scheduled"] = fields.flag("pagamento_agendado")
    else:
        fields.flag("pagamento_agendado")
    return {name: value for name, value in changes.items() if value is not None}


def _read_loss(fields: Fields, instalment: Instalment) -> Loss:
    loss = Loss(fields.date("data"), fields.cents("valor"))
    fields.done()
    if not 0 < loss.cents <= instalment.open:
        raise fields.refuse("valor", "deve ser maior que zero e não pode exceder o valor em aberto.")
    return loss
