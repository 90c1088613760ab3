"""Cost centres, categories, bank accounts, transfers (docs/conta-azul-api.md §4.2)."""

from collections.abc import Sequence
from typing import Any

from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.enums import ACCOUNT_TYPES, OPERATIONS
from conta_azul_sandbox.errors import InvalidError, NotThereError
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.ids import is_uuid
from conta_azul_sandbox.model import Category, CostCentre
from conta_azul_sandbox.money import amount_of
from conta_azul_sandbox.query import Query, slice_page
from conta_azul_sandbox.shapes import registers as shapes

PAGE = frozenset({"pagina", "tamanho_pagina"})
ORDER = frozenset({"campo_ordenado_ascendente", "campo_ordenado_descendente"})
COST_CENTRES_QUERY = PAGE | ORDER | {"busca", "filtro_rapido"}
CATEGORIES_QUERY = PAGE | ORDER | {"busca", "tipo", "apenas_filhos", "nome", "permite_apenas_filhos"}
ACCOUNTS_QUERY = PAGE | {"tipos", "nome", "apenas_ativo", "esconde_conta_digital", "mostrar_caixinha"}
TRANSFERS_QUERY = PAGE | {"ids_conta_financeira", "data_inicio", "data_fim"}
DEFAULTS_QUERY = frozenset({"sugestao_padrao"})


def cost_centres(call: Call) -> Reply:
    query = Query(call)
    page = query.page(required=True)
    wanted = (query.text("busca") or "").lower()
    listed = [each for each in call.company.cost_centres.values() if each.listed_from <= call.now]
    found = [each for each in listed if _matches(wanted, each.name, each.code)]
    which = query.choice("filtro_rapido", ("ATIVO", "INATIVO", "TODOS")) or "TODOS"
    kept = [each for each in found if which == "TODOS" or each.active == (which == "ATIVO")]
    kept = _ordered(
        query, kept, {"nome": lambda each: each.name.lower(), "codigo": lambda each: each.code or ""}
    )
    # `items` as described; one observer writes `itens` (§2.3).
    items = [shapes.cost_centre(each) for each in slice_page(kept, page)]
    return Reply(200, {"itens_totais": len(kept), "items": items, "totais": _totals(found)})


def create_cost_centre(call: Call) -> Reply:
    """200; a second one of the same name is taken too: nothing is said against it (§4.2)."""
    fields = Fields(call.json(), strict=call.strict)
    name, code = fields.text("nome"), fields.maybe_text("codigo")
    centre = CostCentre(call.world.ids.new(), name, code, listed_from=call.now + call.lag)
    fields.done()
    call.company.cost_centres[centre.id] = centre
    return Reply(200, shapes.cost_centre(centre))


def categories(call: Call) -> Reply:
    query = Query(call)
    page = query.page(required=True)
    # Described as required; calls without it work (§4.2).
    query.flag("permite_apenas_filhos")
    wanted, name = (query.text("busca") or "").lower(), (query.text("nome") or "").lower()
    kind, leaves = query.choice("tipo", ("RECEITA", "DESPESA")), query.flag("apenas_filhos")
    found = [each for each in call.company.categories.values() if each.active]
    kept = [
        each
        for each in found
        if kind in (None, each.kind)
        and (not leaves or call.company.is_leaf(each.id))
        and wanted in each.name.lower()
        and name in each.name.lower()
    ]
    kept = _ordered(
        query, kept, {"NOME": lambda each: each.name.lower(), "TIPO": lambda each: each.kind}, strict=True
    )
    items = [shapes.category(each) for each in slice_page(kept, page)]
    return Reply(200, {"itens_totais": len(kept), "itens": items, "totais": _totals(kept)})


def default_categories(call: Call) -> Reply:
    """A bare array. Assumed: nothing is configured; the suggestion is a category of the company."""
    suggest = Query(call).flag("sugestao_padrao", default=True)
    first = next(iter(call.company.categories.values()), None)
    return Reply(200, [_default_category(operation, first if suggest else None) for operation in OPERATIONS])


def _default_category(operation: str, suggestion: Category | None) -> dict[str, Any]:
    name = operation.replace("_", " ").capitalize()
    shown = {"id": suggestion.id, "nome": name} if suggestion else None
    return {
        "tipo_operacao": operation,
        "id_categoria": None,
        "nome_categoria": None,
        "sugestao_padrao": shown,
    }


def dre_categories(call: Call) -> Reply:
    """Assumed: income and costs, and the company's own groups below. The real tree is a chart of its own."""
    branches = (("01", "Receita Operacional Bruta", "RECEITA"), ("02", "Despesas Operacionais", "DESPESA"))
    return Reply(200, {"itens": [_dre_branch(call.company, *branch) for branch in branches]})


def _dre_branch(company: Company, code: str, text: str, kind: str) -> dict[str, Any]:
    top = [each for each in company.categories.values() if each.kind == kind and each.parent is None]
    groups = [each for each in top if not company.is_leaf(each.id)]
    below = [
        _dre_item(f"{code}.{number:02d}", number, group.name, [], _children(company, group.id))
        for number, group in enumerate(groups, start=1)
    ]
    return _dre_item(code, int(code), text, below, [each for each in top if company.is_leaf(each.id)])


def _children(company: Company, parent: str) -> list[Category]:
    return [each for each in company.categories.values() if each.parent == parent]


def _dre_item(
    code: str, position: int, text: str, below: list[dict[str, Any]], categories: list[Category]
) -> dict[str, Any]:
    return {
        "id": f"{code.replace('.', ''):0>8}-0000-1000-8000-000000000000",
        "descricao": text,
        "codigo": code,
        "posicao": position,
        "indica_totalizador": bool(below),
        "representa_soma_custo_medio": False,
        "subitens": below,
        "categorias_financeiras": [
            {"id": each.id, "codigo": f"{code}.{number}", "nome": each.name, "ativo": each.active}
            for number, each in enumerate(categories, start=1)
        ],
    }


def accounts(call: Call) -> Reply:
    query = Query(call)
    page = query.page()
    types, name = query.choices("tipos", ACCOUNT_TYPES), (query.text("nome") or "").lower()
    only_active = query.flag("apenas_ativo")
    # Assumed: without the flag the petty cash is shown too; nothing here is a digital account.
    query.flag("esconde_conta_digital")
    petty_cash = query.flag("mostrar_caixinha", default=True)
    found = list(call.company.accounts.values())
    kept = [
        each
        for each in found
        if (not types or each.type in types)
        and name in each.name.lower()
        and (each.active or not only_active)
        and (petty_cash or each.type != "CAIXINHA")
    ]
    items = [shapes.account(each) for each in slice_page(kept, page)]
    return Reply(200, {"itens_totais": len(kept), "itens": items, "totais": _totals(kept)})


def balance(call: Call) -> Reply:
    """Errors of the {"code", "message"} shape (§2.1)."""
    account_id = call.params["id_conta_financeira"]
    if not is_uuid(account_id):
        message = (
            f"O valor '{account_id}' fornecido no parâmetro 'id_conta_financeira' não é um identificador"
        )
        raise InvalidError(f"{message} (uuid) válido.", shape="code")
    if account_id.lower() not in call.company.accounts:
        raise NotThereError(shape="code")
    return Reply(200, {"saldo_atual": amount_of(call.company.balance(account_id.lower()))})


def transfers(call: Call) -> Reply:
    query = Query(call, shape="code")
    page = query.page()
    start, end = query.date("data_inicio"), query.date("data_fim")
    if start and end and start > end:
        raise InvalidError("A data de início não pode ser posterior à data de fim.", shape="code")
    ids = set(query.uuids("ids_conta_financeira"))
    kept = [
        each
        for each in call.company.transfers
        if (not start or each.date >= start)
        and (not end or each.date <= end)
        and (not ids or ids & {each.origin, each.destination})
    ]
    items = [shapes.transfer(each, call.company) for each in slice_page(kept, page)]
    return Reply(200, {"itens_totais": len(kept), "itens": items})


def _matches(wanted: str, name: str, code: str | None) -> bool:
    return not wanted or wanted in name.lower() or wanted in (code or "").lower()


def _ordered(query: Query, items: list[Any], keys: dict[str, Any], *, strict: bool = False) -> list[Any]:
    """Ascending wins over descending. A field that is not known is refused where it is an enum (§2.2)."""
    for name, backwards in (("campo_ordenado_ascendente", False), ("campo_ordenado_descendente", True)):
        field = query.choice(name, keys) if strict else query.text(name)
        if field:
            return sorted(items, key=keys[field], reverse=backwards) if field in keys else items
    return items


def _totals(items: Sequence[Any]) -> dict[str, int]:
    active = sum(1 for each in items if each.active)
    return {"ativo": active, "inativo": len(items) - active, "todos": len(items)}
