"""The older creation (docs/conta-azul-api.md §3.3), in the two ways in which it may be met.

`created` (the default): since 2026-10-18 it answers the created entry, and errors as 4xx.
`protocol`: before, it answered a protocol, and references were checked only behind it.
"""

from typing import Any

from conta_azul_sandbox.api.creation import check_references, read_event
from conta_azul_sandbox.api.instalments import check_uuid
from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.clock import local_date, utc_text
from conta_azul_sandbox.errors import ApiError, InvalidError, NotThereError, UnknownRouteError
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.model import PAYABLE, RECEIVABLE, Event, Protocol
from conta_azul_sandbox.shapes import entries

# This path reports all that is missing at once, under the names of its own code (§2.1).
REQUIRED = {
    "descricao": "description",
    "data_competencia": "competenceDate",
    "valor": "value",
    "rateio": "apportionment",
    "condicao_pagamento": "paymentCondition",
}
LIST_NAME = {PAYABLE: "contas a pagar", RECEIVABLE: "contas a receber"}


def create_payable(call: Call) -> Reply:
    return _create(call, PAYABLE)


def create_receivable(call: Call) -> Reply:
    return _create(call, RECEIVABLE)


def _create(call: Call, kind: str) -> Reply:
    document = call.json()
    _check_all_there(document)
    fields = Fields(document, strict=call.strict)
    event = read_event(fields, kind, "contato", call.world.ids, call.company, call.now, older=True)
    if call.settings.old_creation == "protocol":
        return _with_protocol(call, event)
    check_references(event, call.company)
    call.company.save(event, now=call.now, lag=call.lag)
    # Assumed: 200, as the path always answered; the new status is not documented (§3.3).
    return Reply(200, entries.created(event, local_date(call.now)))


def _check_all_there(document: dict[str, Any]) -> None:
    missing = [name for field, name in REQUIRED.items() if document.get(field) in (None, "", [])]
    condition = document.get("condicao_pagamento")
    if isinstance(condition, dict) and not condition.get("parcelas"):
        missing.append("paymentCondition.installments")
    if missing:
        raise InvalidError(", ".join(f"{name}: must not be null" for name in missing))


def _with_protocol(call: Call, event: Event) -> Reply:
    protocol = Protocol(call.world.ids.new(), call.now + call.settings.protocol_seconds, None, "")
    try:
        check_references(event, call.company)
    except ApiError as refusal:
        protocol.answer = refusal.message
    else:
        call.company.save(event, now=call.now, lag=call.lag + call.settings.protocol_seconds)
        protocol.event = event.id
        protocol.answer = f"O evento financeiro foi criado no {LIST_NAME[event.kind]} da Conta Azul."
    call.company.protocols[protocol.id] = protocol
    answer = {"protocolo": protocol.id, "status": "PENDING", "data_criacao": utc_text(call.now)}
    return Reply(200, answer)


def read_protocol(call: Call) -> Reply:
    if call.settings.old_creation != "protocol":
        raise UnknownRouteError
    check_uuid(call.params["id"])
    protocol = call.company.protocols.get(call.params["id"].lower())
    if protocol is None:
        raise NotThereError
    if call.now < protocol.ready_at:
        return Reply(200, _protocol(protocol, "PENDING", None, None))
    status = "SUCCESS" if protocol.event else "ERROR"
    return Reply(200, _protocol(protocol, status, protocol.answer, protocol.event))


def _protocol(protocol: Protocol, status: str, answer: str | None, event_id: str | None) -> dict[str, Any]:
    return {"id": protocol.id, "resposta": answer, "status": status, "evento_financeiro_id": event_id}
