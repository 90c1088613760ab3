"""Finding entries: the newer lists (§3.2), the older search (§3.4) and the change feed (§3.5)."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.clock import local_date
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.enums import SEARCH_STATUSES
from conta_azul_sandbox.errors import InvalidError
from conta_azul_sandbox.model import PAYABLE, RECEIVABLE
from conta_azul_sandbox.money import amount_of
from conta_azul_sandbox.query import Query, slice_page
from conta_azul_sandbox.search import Row
from conta_azul_sandbox.shapes import entries
from conta_azul_sandbox.shapes.status import SEARCH, instalment_status

Test = Callable[[Row], bool]
LIST_QUERY = frozenset({"pagina", "tamanho_pagina", "data_vencimento_de", "data_vencimento_ate"})
WINDOW_QUERY = frozenset({"pagina", "tamanho_pagina", "data_inicio", "data_fim"})
SEARCH_QUERY = LIST_QUERY | {
    "campo_ordenado_ascendente",
    "campo_ordenado_descendente",
    "descricao",
    "data_competencia_de",
    "data_competencia_ate",
    "data_pagamento_de",
    "data_pagamento_ate",
    "data_alteracao_de",
    "data_alteracao_ate",
    "valor_de",
    "valor_ate",
    "status",
    "ids_contas_financeiras",
    "ids_categorias",
    "ids_centros_de_custo",
}
# There is no filter by supplier (§3.4).
SEARCH_RECEIVABLES_QUERY = SEARCH_QUERY | {"ids_clientes"}


def list_payables(call: Call) -> Reply:
    return _list(call, PAYABLE)


def list_receivables(call: Call) -> Reply:
    return _list(call, RECEIVABLE)


def _list(call: Call, kind: str) -> Reply:
    query = Query(call)
    page, size = query.page()
    rows = islice(_window(call, query, kind), (page - 1) * size, page * size)
    today = local_date(call.now)
    shown = [entries.listed(row.event, row.instalment, call.company, today) for row in rows]
    if not call.settings.reference_in_lists:
        for item in shown:
            del item["evento_financeiro"]["referencia_externa"]
    # Assumed: no total. The envelope's names were not seen (reconstructed-finance-sync-openapi.yml).
    return Reply(200, {"itens": shown})


def search_payables(call: Call) -> Reply:
    return _search(call, PAYABLE)


def search_receivables(call: Call) -> Reply:
    return _search(call, RECEIVABLE)


def _search(call: Call, kind: str) -> Reply:
    query = Query(call)
    page = query.page(required=True)
    today = local_date(call.now)
    tests = list(_tests(query, kind, today, whole=call.settings.description_match == "whole"))
    rows = [row for row in _window(call, query, kind) if all(test(row) for test in tests)]
    if kind == PAYABLE:
        query.choice("campo_ordenado_ascendente", ("ID", "CODIGO", "NOME", "ATIVO"))
        query.choice("campo_ordenado_descendente", ("ID", "CODIGO", "NOME", "ATIVO"))
    shown = [entries.found(row.event, row.instalment, call.company, today) for row in slice_page(rows, page)]
    return Reply(200, {"itens_totais": len(rows), "itens": shown, "totais": _totals(rows)})


def _window(call: Call, query: Query, kind: str) -> Iterator[Row]:
    first, last = (
        query.date("data_vencimento_de", required=True),
        query.date("data_vencimento_ate", required=True),
    )
    assert first is not None
    assert last is not None
    if first > last:
        raise InvalidError("A data de início não pode ser posterior à data de fim.")
    return call.company.search.rows(kind, first, last, call.now)


def _tests(query: Query, kind: str, today: str, *, whole: bool) -> Iterator[Test]:
    """Only the filters that are there cost anything."""
    if text := query.text("descricao"):
        wanted = text.lower()
        # Whatever the case, assumed as well; the match mode is not documented (§3.4).
        if whole:
            yield lambda row: wanted == (row.instalment.description or "").lower()
        else:
            yield lambda row: wanted in row.text
    yield from _range_tests(query)
    if statuses := set(query.choices("status", SEARCH_STATUSES)):
        yield lambda row: SEARCH[instalment_status(row.instalment, today)][1] in statuses
    if accounts := set(query.uuids("ids_contas_financeiras")):
        yield lambda row: row.instalment.account in accounts
    if categories := set(query.uuids("ids_categorias")):
        yield lambda row: any(share.category in categories for share in row.event.shares)
    if centres := set(query.uuids("ids_centros_de_custo")):
        yield lambda row: any(
            each.cost_centre in centres for share in row.event.shares for each in share.cost_centres
        )
    if kind == RECEIVABLE and (clients := set(query.uuids("ids_clientes"))):
        yield lambda row: row.event.party in clients


def _range_tests(query: Query) -> Iterator[Test]:
    value = query.cents("valor_de"), query.cents("valor_ate")
    yield from _between(*value, lambda row: row.instalment.amounts.net)
    changed = query.moment("data_alteracao_de"), query.moment("data_alteracao_ate")
    yield from _between(*changed, lambda row: row.instalment.updated_at)
    competence = query.date("data_competencia_de"), query.date("data_competencia_ate")
    yield from _between(*competence, lambda row: row.event.competence)
    first, last = query.date("data_pagamento_de"), query.date("data_pagamento_ate")
    if first or last:
        yield lambda row: any(_inside(first, last, each.paid_on) for each in row.instalment.settlements)


def _between(least: Any, most: Any, value: Callable[[Row], Any]) -> Iterator[Test]:
    if least is not None:
        yield lambda row: bool(least <= value(row))
    if most is not None:
        yield lambda row: bool(value(row) <= most)


def _inside(first: str | None, last: str | None, day: str) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)


def _totals(rows: list[Row]) -> dict[str, float]:
    """Assumed: sums under the described names. Sums were observed, their names not recorded (§3.4)."""
    still_open = sum(max(0, row.instalment.open) for row in rows)
    everything = sum(row.instalment.amounts.net for row in rows)
    return {
        "ativo": amount_of(still_open),
        "inativo": amount_of(everything - still_open),
        "todos": amount_of(everything),
    }


def changes(call: Call) -> Reply:
    query = Query(call)
    page = query.page()
    start, end = query.window()
    ids = call.company.search.changed(start, end, call.now)
    shown = [{"id": event_id} for event_id in slice_page(ids, page)]
    return Reply(200, {"itens_totais": len(ids), "itens": shown})


def opening_balances(call: Call) -> Reply:
    query = Query(call)
    page = query.page()
    start, end = query.window()
    first, last = local_date(start), local_date(end)
    rows = [row for row in _opening_balances(call.company) if first <= row["data_competencia"] <= last]
    return Reply(200, {"itens_totais": len(rows), "itens": slice_page(rows, page)})


def _opening_balances(company: Company) -> list[dict[str, Any]]:
    return [
        {
            "tipo": "DESPESA" if account.opening_cents < 0 else "RECEITA",
            "id_conta_financeira": account.id,
            "data_competencia": account.opening_date,
            "saldo_inicial": amount_of(account.opening_cents),
        }
        for account in company.accounts.values()
    ]
