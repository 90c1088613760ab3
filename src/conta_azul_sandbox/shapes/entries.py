"""Entries, instalments and settlements."""

from typing import Any

from conta_azul_sandbox.clock import local_text, utc_text
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.model import KIND_WORD, PAYABLE, Amounts, CategoryShare, Event, Instalment, Settlement
from conta_azul_sandbox.money import amount_of
from conta_azul_sandbox.shapes import registers
from conta_azul_sandbox.shapes.status import SEARCH, instalment_status


def amounts(item: Amounts) -> dict[str, float]:
    return {
        "multa": amount_of(item.fine),
        "juros": amount_of(item.interest),
        "valor_bruto": amount_of(item.gross),
        "desconto": amount_of(item.discount),
        "taxa": amount_of(item.fee),
        "valor_liquido": amount_of(item.net),
    }


def settlement_amounts(item: Amounts) -> dict[str, float]:
    """A settlement's own routes know no net value (conta-azul-acquittance-openapi.yml)."""
    shown = amounts(item)
    del shown["valor_liquido"]
    return shown


def reference(event: Event) -> dict[str, Any]:
    return {"id": event.id, "origem": "LANCAMENTO_FINANCEIRO", "revisao": "1"}


def loss(instalment: Instalment) -> dict[str, Any] | None:
    if instalment.loss is None:
        return None
    return {"data": instalment.loss.date, "valor": amount_of(instalment.loss.cents)}


def created(event: Event, today: str) -> dict[str, Any]:
    """The 201 of a creation (§3.1)."""
    payable = event.kind == PAYABLE
    return {
        "id": event.id,
        "versao": event.version,
        "tipo": KIND_WORD[event.kind],
        "agendado": False,
        "valor": amount_of(event.cents),
        "data_competencia": event.competence,
        "descricao": event.description,
        "observacao": event.note,
        "referencia_externa": event.external_reference,
        "id_cliente": None if payable else event.party,
        "id_fornecedor": event.party if payable else None,
        "id_recorrencia": None,
        "indice_recorrencia": None,
        "rateio": [_created_share(share) for share in event.shares],
        "condicao_pagamento": {
            "quantidade_parcelas": len(event.instalments),
            "parcelas": [_created_instalment(event, each, today) for each in event.instalments],
        },
        "referencia": {**reference(event), "revisao": 1},
    }


def _created_share(share: CategoryShare) -> dict[str, Any]:
    centres = [
        {"id_centro_custo": each.cost_centre, "valor": amount_of(each.cents)} for each in share.cost_centres
    ]
    return {"id_categoria": share.category, "valor": amount_of(share.cents), "rateio_centros_custo": centres}


def _created_instalment(event: Event, item: Instalment, today: str) -> dict[str, Any]:
    return {
        "id": item.id,
        "versao": item.version,
        "indice": item.index,
        "agendado": item.scheduled,
        "conciliado": False,
        "status": instalment_status(item, today),
        "data_vencimento": item.due,
        "data_pagamento_esperado": item.expected_on,
        "descricao": item.description,
        "nota": item.note,
        "nsu": item.nsu,
        "metodo_pagamento": item.method,
        "composicao_valor": amounts(item.amounts),
        "valor_liquido": amount_of(item.amounts.net),
        "pago": amount_of(item.paid),
        "pendente": amount_of(item.open),
        "conta_financeira": {"id": item.account},
        "evento": {
            "id": event.id,
            "agendado": False,
            "data_competencia": event.competence,
            "tipo": KIND_WORD[event.kind],
            "referencia": {**reference(event), "revisao": 1},
        },
    }


def listed(event: Event, item: Instalment, company: Company, today: str) -> dict[str, Any]:
    """A row of the newer lists: the only read that gives `referencia_externa` back (§3.2)."""
    payable = event.kind == PAYABLE
    return {
        "id": item.id,
        "versao": item.version,
        "indice": item.index,
        "baixa_agendada": item.scheduled,
        "conciliado": False,
        "possui_cobranca": False,
        "status": instalment_status(item, today),
        "data_vencimento": item.due,
        "data_prevista_pagamento": item.expected_on,
        "descricao": item.description,
        "forma_pagamento": item.method,
        "id_conta_financeira": item.account,
        "nao_pago": amount_of(item.open),
        "pago": amount_of(item.paid),
        "valor_liquido_total": amount_of(item.amounts.net),
        "composicao_valor": amounts(item.amounts),
        "baixas": [settlement_inside(event, item, each, company) for each in item.settlements],
        "perda": loss(item),
        "evento_financeiro": {
            "id": event.id,
            "versao": event.version,
            "agendado": False,
            "data_competencia": event.competence,
            "descricao": event.description,
            "id_cliente": None if payable else event.party,
            "id_fornecedor": event.party if payable else None,
            "indice_recorrencia": None,
            "numero_parcelas": len(event.instalments),
            "observacao": event.note,
            "tipo": KIND_WORD[event.kind],
            "valor": amount_of(event.cents),
            "referencia_externa": event.external_reference,
            "rateio_categorias": [_created_share(share) for share in event.shares],
            "referencia": {**reference(event), "revisao": 1},
            "recorrencia": None,
        },
    }


def found(event: Event, item: Instalment, company: Company, today: str) -> dict[str, Any]:
    """A row of the older search: keyed by the instalment, with no id of the entry (§3.4)."""
    code, word = SEARCH[instalment_status(item, today)]
    person = company.people.get(event.party or "")
    party = {"id": person.id, "nome": person.name} if person else None
    shown = {
        "id": item.id,
        "descricao": item.description,
        "data_vencimento": item.due,
        "status": code,
        "status_traduzido": word,
        "total": amount_of(item.amounts.net),
        "nao_pago": amount_of(item.open),
        "pago": amount_of(item.paid),
        "data_criacao": utc_text(event.created_at),
        "data_alteracao": local_text(item.updated_at),
        "data_competencia": event.competence,
        "categorias": [{"id": each.category, "nome": _category_name(company, each)} for each in event.shares],
        "centros_custo": _named_centres(event, company),
    }
    if event.kind == PAYABLE:
        return shown | {"fornecedor": party}
    return shown | {"cliente": party, "renegociacao": None}


def instalment(event: Event, item: Instalment, company: Company, today: str) -> dict[str, Any]:
    """The full read of an instalment: no note, party or external reference of its entry (§3.5)."""
    return {
        "evento": {
            "data_competencia": event.competence,
            "id": event.id,
            "condicao_pagamento": {"quantidade_parcelas": len(event.instalments), "montante_fixo": False},
            "referencia": reference(event),
            "agendado": False,
            "tipo": KIND_WORD[event.kind],
            # Not documented whether this is the external reference; assumed not (§5).
            "codigo_referencia": str(event.legacy_id),
            "rateio": [_read_share(share, company) for share in event.shares],
        },
        "id": item.id,
        "versao": item.version,
        "referencia": None,
        "indice": item.index,
        "conciliado": False,
        "status": instalment_status(item, today),
        "valor_pago": amount_of(item.paid),
        "perda": loss(item),
        "nao_pago": amount_of(item.open),
        "data_vencimento": item.due,
        "data_pagamento_previsto": item.expected_on,
        "descricao": item.description,
        "nota": item.note,
        "conta_financeira": registers.account(company.accounts[item.account]),
        "id_conta_financeira": item.account,
        "valor_composicao": amounts(item.amounts),
        "metodo_pagamento": item.method,
        "nsu": item.nsu,
        "baixa_agendada": item.scheduled,
        "baixas": [settlement_inside(event, item, each, company) for each in item.settlements],
        "anexos": [],
        "solicitacoes_cobrancas": [],
        "id_ultima_solicitacao_pagamento": None,
        "id_boleto_bancario_autorizado": None,
        "fatura": None,
        "data_alteracao": local_text(item.updated_at),
        "valor_total_liquido": amount_of(item.amounts.net),
        "id_ultimo_solicitacao_cobranca": None,
        "renegociacao": None,
    }


def _read_share(share: CategoryShare, company: Company) -> dict[str, Any]:
    return {
        "id_categoria": share.category,
        "nome_categoria": _category_name(company, share),
        "valor": amount_of(share.cents),
        "valor_bruto": amount_of(share.cents),
        "rateio_centro_custo": [
            {
                "id_centro_custo": each.cost_centre,
                "nome_centro_custo": company.cost_centres[each.cost_centre].name,
                "valor": amount_of(each.cents),
            }
            for each in share.cost_centres
        ],
    }


def updated_instalment(item: Instalment, company: Company) -> dict[str, Any]:
    """What a PATCH answers: the names of the write, with the new version (§3.5)."""
    return {
        "nota": item.note,
        "descricao": item.description,
        "vencimento": item.due,
        "composicao_valor": amounts(item.amounts),
        "versao": item.version,
        "data_pagamento_esperado": item.expected_on,
        "metodo_pagamento": item.method,
        "perda": loss(item),
        "nsu": item.nsu,
        "pagamento_agendado": item.scheduled,
        "conta_financeira": registers.account_of_instalment(company.accounts[item.account]),
    }


def settlement_written(item: Settlement) -> dict[str, Any]:
    return {
        "id": item.id,
        "versao": item.version,
        "data_pagamento": item.paid_on,
        "composicao_valor": settlement_amounts(item.amounts),
        "conta_financeira": item.account,
        "metodo_pagamento": item.method,
        "observacao": item.note,
        "nsu": item.nsu,
    }


def settlement_read(
    event: Event, instalment: Instalment, item: Settlement, company: Company
) -> dict[str, Any]:
    """`conta_financeira` is an object when one is read, against the description (§3.7)."""
    return {
        "id": item.id,
        "versao": item.version,
        "data_pagamento": item.paid_on,
        "valor_composicao": settlement_amounts(item.amounts),
        "conta_financeira": registers.account(company.accounts[item.account]),
        "id_reconciliacao": None,
        "id_parcela": instalment.id,
        "id_solicitacao_cobranca": None,
        "observacao": item.note,
        "metodo_pagamento": item.method,
        "origem": "LANCAMENTO_FINANCEIRO",
        "id_recibo_digital": None,
        "tipo_evento_financeiro": KIND_WORD[event.kind],
        "nsu": item.nsu,
        "id_referencia": None,
        "atualizado_em": local_text(item.updated_at),
        "anexos": [],
    }


def settlement_listed(event: Event, parent: Instalment, item: Settlement, company: Company) -> dict[str, Any]:
    """In the list of an instalment's settlements it is the id, as described: nobody has said otherwise."""
    return {**settlement_read(event, parent, item, company), "conta_financeira": item.account}


def settlement_inside(event: Event, parent: Instalment, item: Settlement, company: Company) -> dict[str, Any]:
    return {
        **settlement_read(event, parent, item, company),
        "valor_composicao": amounts(item.amounts),
    }


def _category_name(company: Company, share: CategoryShare) -> str:
    return company.categories[share.category].name


def _named_centres(event: Event, company: Company) -> list[dict[str, str]]:
    ids = dict.fromkeys(each.cost_centre for share in event.shares for each in share.cost_centres)
    return [{"id": centre, "nome": company.cost_centres[centre].name} for centre in ids]
