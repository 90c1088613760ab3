"""Baixas: registering, correcting and undoing payments (docs/conta-azul-api.md §3.7)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conta_azul_sandbox.api.creation import read_amounts
from conta_azul_sandbox.api.instalments import check_uuid, check_version, find
from conta_azul_sandbox.api.references import check_account
from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.enums import SETTLEMENT_METHODS
from conta_azul_sandbox.errors import InvalidError, NotThereError
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.model import Event, Instalment, Settlement
from conta_azul_sandbox.shapes import entries

Settlements = tuple[Settlement, ...]


def create(call: Call) -> Reply:
    event, instalment = find(call, call.params["parcela_id"])
    # A missing field is a 400 that wraps an HTML page (§2.1).
    fields = Fields(call.json(), strict=call.strict, shape="html")
    settlement = Settlement(
        id=call.world.ids.new(),
        version=1,
        paid_on=fields.date("data_pagamento"),
        account=fields.uuid("conta_financeira"),
        amounts=read_amounts(fields.inner("composicao_valor"), with_net=False),
        method=fields.maybe_choice("metodo_pagamento", SETTLEMENT_METHODS),
        note=fields.maybe_text("observacao"),
        nsu=fields.maybe_text("nsu"),
        updated_at=call.now,
    )
    fields.done()
    check_account(call.company, settlement.account, event.kind)
    settle(call, event, instalment, settlement)
    return Reply(200, entries.settlement_written(settlement))


def settle(call: Call, event: Event, instalment: Instalment, settlement: Settlement) -> None:
    # Assumed: paying more than is open is refused; not documented (§3.7).
    if settlement.amounts.gross > instalment.open:
        raise InvalidError("O valor da baixa não pode exceder o valor em aberto da parcela.")
    _change(call, event, instalment, lambda settlements: (*settlements, settlement))


def of_instalment(call: Call) -> Reply:
    event, instalment = find(call, call.params["parcela_id"])
    shown = [
        entries.settlement_listed(event, instalment, each, call.company) for each in instalment.settlements
    ]
    return Reply(200, shown)


def read(call: Call) -> Reply:
    event, instalment, settlement = _find(call)
    return Reply(200, entries.settlement_read(event, instalment, settlement, call.company))


def update(call: Call) -> Reply:
    event, instalment, settlement = _find(call)
    fields = Fields(call.json(), strict=call.strict)
    check_version(fields, settlement.version)
    changes: dict[str, Any] = {
        "paid_on": fields.maybe_date("data_pagamento"),
        "account": fields.maybe_uuid("conta_financeira"),
        "method": fields.maybe_choice("metodo_pagamento", SETTLEMENT_METHODS),
        "note": fields.maybe_text("observacao"),
        "nsu": fields.maybe_text("nsu"),
    }
    if composition := fields.maybe_inner("composicao_valor"):
        changes["amounts"] = read_amounts(composition, with_net=False)
    fields.done()
    changes = {name: value for name, value in changes.items() if value is not None}
    if "account" in changes:
        check_account(call.company, changes["account"], event.kind)
    changed = replace(settlement, **changes, version=settlement.version + 1, updated_at=call.now)
    if changed.amounts.gross > instalment.open + settlement.amounts.gross:
        raise InvalidError("O valor da baixa não pode exceder o valor em aberto da parcela.")
    _change(
        call,
        event,
        instalment,
        lambda all_: tuple(changed if each.id == changed.id else each for each in all_),
    )
    return Reply(200, entries.settlement_written(changed))


def delete(call: Call) -> Reply:
    """200 with an empty body."""
    event, instalment, settlement = _find(call)
    _change(call, event, instalment, lambda all_: tuple(each for each in all_ if each.id != settlement.id))
    return Reply(200, empty=True)


def _find(call: Call) -> tuple[Event, Instalment, Settlement]:
    """An unknown or deleted one is a 404 with an empty body (§2.1)."""
    settlement_id = call.params["baixa_id"]
    check_uuid(settlement_id)
    found = call.company.find_settlement(settlement_id.lower())
    if found is None:
        raise NotThereError(shape="empty")
    return found


def _change(
    call: Call, event: Event, instalment: Instalment, change: Callable[[Settlements], Settlements]
) -> None:
    call.company.change_instalment(
        event,
        instalment.id,
        lambda before: replace(before, settlements=change(before.settlements)),
        call.now,
        call.lag,
    )
