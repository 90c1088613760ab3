"""Every route that the sandbox serves, with the query parameters that it knows."""

from collections.abc import Callable
from dataclasses import dataclass

from conta_azul_sandbox.api import (
    creation,
    instalments,
    lists,
    older_creation,
    people,
    registers,
    settlements,
)
from conta_azul_sandbox.call import Call, Reply

Handler = Callable[[Call], Reply]
NO_QUERY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    pattern: str
    handler: Handler
    query: frozenset[str] = NO_QUERY


EVENTS = "/v1/financeiro/eventos-financeiros"
ROUTES = (
    Route("GET", "/v1/pessoas/conta-conectada", people.connected_company),
    Route("GET", "/v1/pessoas", people.list_people, people.LIST_QUERY),
    Route("POST", "/v1/pessoas", people.create),
    Route("POST", "/v1/pessoas/ativar", people.activate),
    Route("POST", "/v1/pessoas/inativar", people.deactivate),
    Route("POST", "/v1/pessoas/excluir", people.delete),
    Route("GET", "/v1/pessoas/legado/{id}", people.read_legacy),
    Route("GET", "/v1/pessoas/{id}", people.read),
    Route("PUT", "/v1/pessoas/{id}", people.replace),
    Route("PATCH", "/v1/pessoas/{id}", people.update),
    Route("GET", "/v1/centro-de-custo", registers.cost_centres, registers.COST_CENTRES_QUERY),
    Route("POST", "/v1/centro-de-custo", registers.create_cost_centre),
    Route("GET", "/v1/categorias", registers.categories, registers.CATEGORIES_QUERY),
    Route(
        "GET", "/v1/categorias/configuracao-padrao", registers.default_categories, registers.DEFAULTS_QUERY
    ),
    Route("GET", "/v1/financeiro/categorias-dre", registers.dre_categories),
    Route("GET", "/v1/conta-financeira", registers.accounts, registers.ACCOUNTS_QUERY),
    Route("GET", "/v1/conta-financeira/{id_conta_financeira}/saldo-atual", registers.balance),
    Route("GET", "/v1/financeiro/transferencias", registers.transfers, registers.TRANSFERS_QUERY),
    Route("POST", "/v1/financeiro/contas-a-pagar", creation.create_payable),
    Route("POST", "/v1/financeiro/contas-a-receber", creation.create_receivable),
    Route("GET", "/v1/financeiro/contas-a-pagar", lists.list_payables, lists.LIST_QUERY),
    Route("GET", "/v1/financeiro/contas-a-receber", lists.list_receivables, lists.LIST_QUERY),
    Route("GET", "/v1/financeiro/parcelas", instalments.of_event_by_query, instalments.OF_EVENT_QUERY),
    Route("GET", "/v1/financeiro/parcelas/{id}", instalments.read),
    Route("PATCH", "/v1/financeiro/parcelas/{id}", instalments.update),
    Route("POST", f"{EVENTS}/contas-a-pagar", older_creation.create_payable),
    Route("POST", f"{EVENTS}/contas-a-receber", older_creation.create_receivable),
    Route("GET", "/v1/protocolo/{id}", older_creation.read_protocol),
    Route("GET", f"{EVENTS}/contas-a-pagar/buscar", lists.search_payables, lists.SEARCH_QUERY),
    Route(
        "GET", f"{EVENTS}/contas-a-receber/buscar", lists.search_receivables, lists.SEARCH_RECEIVABLES_QUERY
    ),
    Route("GET", f"{EVENTS}/alteracoes", lists.changes, lists.WINDOW_QUERY),
    Route("GET", f"{EVENTS}/saldo-inicial", lists.opening_balances, lists.WINDOW_QUERY),
    Route("GET", f"{EVENTS}/{{id_evento}}/parcelas", instalments.of_event),
    Route("GET", f"{EVENTS}/parcelas/{{id}}", instalments.read),
    Route("PATCH", f"{EVENTS}/parcelas/{{id}}", instalments.update),
    Route("POST", f"{EVENTS}/parcelas/{{parcela_id}}/baixa", settlements.create),
    Route("GET", f"{EVENTS}/parcelas/{{parcela_id}}/baixa", settlements.of_instalment),
    Route("GET", f"{EVENTS}/parcelas/baixa/{{baixa_id}}", settlements.read),
    Route("PATCH", f"{EVENTS}/parcelas/baixa/{{baixa_id}}", settlements.update),
    Route("DELETE", f"{EVENTS}/parcelas/baixa/{{baixa_id}}", settlements.delete),
)


class Router:
    """Fixed paths by look-up; patterns only among those with as many segments."""

    def __init__(self, routes: tuple[Route, ...] = ROUTES) -> None:
        self._fixed: dict[tuple[str, str], Route] = {}
        self._patterns: dict[tuple[str, int], list[tuple[list[str], Route]]] = {}
        for route in routes:
            if "{" not in route.pattern:
                self._fixed[route.method, route.pattern] = route
            else:
                segments = route.pattern.split("/")
                self._patterns.setdefault((route.method, len(segments)), []).append((segments, route))

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        fixed = self._fixed.get((method, path))
        if fixed:
            return fixed, {}
        given = path.split("/")
        for segments, route in self._patterns.get((method, len(given)), ()):
            params = _match(segments, given)
            if params is not None:
                return route, params
        return None


def _match(segments: list[str], given: list[str]) -> dict[str, str] | None:
    params: dict[str, str] = {}
    for wanted, value in zip(segments, given, strict=True):
        if wanted.startswith("{"):
            params[wanted[1:-1]] = value
        elif wanted != value:
            return None
    return params
