"""Categories, cost centres, bank accounts, people."""

from typing import Any

from conta_azul_sandbox.clock import local_text
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.model import BankAccount, Category, CostCentre, Person, Transfer
from conta_azul_sandbox.money import amount_of


def category(item: Category) -> dict[str, Any]:
    return {
        "id": item.id,
        "versao": item.version,
        "nome": item.name,
        "categoria_pai": item.parent,
        "tipo": item.kind,
        "entrada_dre": item.dre,
        "considera_custo_dre": item.dre == "CUSTO_DAS_VENDAS",
    }


def cost_centre(item: CostCentre) -> dict[str, Any]:
    return {"id": item.id, "codigo": item.code, "nome": item.name, "ativo": item.active}


def account(item: BankAccount) -> dict[str, Any]:
    return {
        "id": item.id,
        "banco": item.bank,
        "codigo_banco": item.bank_code,
        "nome": item.name,
        "ativo": item.active,
        "tipo": item.type,
        "conta_padrao": item.default,
        "possui_config_boleto_bancario": False,
        "agencia": item.agency,
        "numero": item.number,
    }


def account_of_instalment(item: BankAccount) -> dict[str, Any]:
    """The shorter form that a PATCH of an instalment answers."""
    return {
        "id": item.id,
        "versao": 1,
        "nome": item.name,
        "agencia": item.agency,
        "numero": item.number,
        "tipo": item.type,
        "banco": item.bank,
    }


def transfer(item: Transfer, company: Company) -> dict[str, Any]:
    return {
        "id": item.id,
        "descricao": item.description,
        "valor": amount_of(item.cents),
        "data": item.date,
        "origem": _transfer_side(item, company.accounts[item.origin]),
        "destino": _transfer_side(item, company.accounts[item.destination]),
    }


def _transfer_side(item: Transfer, bank_account: BankAccount) -> dict[str, Any]:
    amount = amount_of(item.cents)
    zero = {"juros": 0, "multa": 0, "desconto": 0, "taxa": 0}
    return {
        "data": item.date,
        "composicao_valor": {"valor_bruto": amount, "valor_liquido": amount, **zero},
        "conta_financeira": {
            "id": bank_account.id,
            "nome": bank_account.name,
            "instituicao_bancaria": {"codigo": bank_account.bank_code, "nome": bank_account.bank},
        },
    }


def person_row(person: Person, *, with_address: bool) -> dict[str, Any]:
    """In the list: `documento`, plain words for profiles (§4.1)."""
    addresses = person.details.get("enderecos")
    first = addresses[0] if isinstance(addresses, list) and addresses else None
    return {
        "id": person.id,
        "id_legado": person.legacy_id,
        "uuid_legado": person.legacy_uuid,
        "nome": person.name,
        "tipo_pessoa": person.kind,
        "documento": person.document,
        "email": person.details.get("email"),
        "telefone": person.details.get("telefone_comercial") or person.details.get("telefone_celular"),
        "ativo": person.active,
        "observacoes_gerais": person.details.get("observacao"),
        "perfis": list(person.profiles),
        "endereco": first if with_address else None,
        "data_criacao": local_text(person.created_at),
        "data_alteracao": local_text(person.updated_at),
    }


def person_created(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        "nome": person.name,
        "tipo_pessoa": person.kind,
        "ativo": person.active,
        "origem": "API",
        "estrangeiro": person.kind == "Estrangeira",
        "perfis": _profiles(person),
    }


PERSON_DETAILS: tuple[str, ...] = (
    "nome_empresa",
    "codigo",
    "rg",
    "data_nascimento",
    "email",
    "telefone_celular",
)
PERSON_DETAILS += ("telefone_comercial", "optante_simples_nacional", "orgao_publico", "observacao")
PERSON_LISTS = ("enderecos", "inscricoes", "outros_contatos")


def person(item: Person) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": item.id,
        "nome": item.name,
        "tipo_pessoa": item.kind,
        "documento": item.document,
        "ativo": item.active,
        "criado_em": local_text(item.created_at),
        "data_alteracao": local_text(item.updated_at),
        # Not simulated: sums over the person's entries.
        "atrasos_pagamentos": 0,
        "atrasos_recebimentos": 0,
        "pagamentos_mes_atual": 0,
        "recebimentos_mes_atual": 0,
        "contato_cobranca_faturamento": item.details.get("contato_cobranca_faturamento"),
        "perfis": _profiles(item),
        "pessoas_legado": [
            {"id": item.legacy_id, "perfil": profile, "uuid": item.legacy_uuid} for profile in item.profiles
        ],
    }
    shown |= {name: item.details.get(name) for name in PERSON_DETAILS}
    return shown | {name: item.details.get(name) or [] for name in PERSON_LISTS}


def _profiles(item: Person) -> list[dict[str, str]]:
    return [
        {"id": f"{item.legacy_id}-{position}", "tipo_perfil": each}
        for position, each in enumerate(item.profiles)
    ]
