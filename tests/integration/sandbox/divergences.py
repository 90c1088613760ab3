"""Where the sandbox leaves the descriptions, because the real service was seen to, and where to read about it.

Each row cites docs/conta-azul-api.md. A divergence without a row fails the tests, and so does a row without one.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

EVENTS = "/v1/financeiro/eventos-financeiros"


@dataclass(frozen=True)
class Row:
    operation: str
    where: str
    kind: str
    section: str
    why: str

    def covers(self, operation: str, where: str, kind: str) -> bool:
        return kind == self.kind and fnmatchcase(operation, self.operation) and fnmatchcase(where, self.where)


ANSWERS = (
    Row("*", "*", "null", "§2.3", "a field without a value is null; hardly any is marked nullable"),
    Row(f"POST {EVENTS}/contas-a-pagar", "", "status 200", "§3.3", "documented 202, observed 200"),
    Row(f"POST {EVENTS}/contas-a-receber", "", "status 200", "§3.3", "documented 202, observed 200"),
    Row(
        f"POST {EVENTS}/contas-a-*", "", "other body", "§0", "since 2026-10-18 the created entry, no protocol"
    ),
    Row(f"GET {EVENTS}/contas-a-pagar/buscar", "totais.*", "type", "§3.4", "sums were observed, not counts"),
    Row(
        f"GET {EVENTS}/contas-a-receber/buscar", "totais.*", "type", "§3.4", "sums were observed, not counts"
    ),
    Row("GET *", "*data_alteracao", "format", "§2.4", "São Paulo local time without a zone"),
    Row("GET *", "*atualizado_em", "format", "§2.4", "São Paulo local time without a zone"),
    Row(
        f"GET {EVENTS}/parcelas/baixa/{{baixa_id}}",
        "conta_financeira",
        "type",
        "§3.7",
        "an object, not a uuid",
    ),
    Row("PATCH */parcelas/{id}", "", "status 409", "§2.1", "missing or stale versao; 409 is listed nowhere"),
    Row("PATCH */parcelas/baixa/{baixa_id}", "", "status 409", "§2.1", "missing or stale versao"),
    Row("GET */parcelas/{id}", "", "status 404", "§2.1", "known route, unknown id: listed on some only"),
    Row(
        "GET */{id_evento}/parcelas", "", "status 404", "§2.1", "known route, unknown id: listed on some only"
    ),
    Row(
        "GET /v1/categorias", "", "status 403", "§1.4", "the plan gate answers on every path; listed nowhere"
    ),
)

# kind "needed": described as optional; "spared": described as required.
REQUESTS = (
    Row(f"POST {EVENTS}/contas-a-*", "observacao", "spared", "§3.3", "accepted without"),
    Row(f"POST {EVENTS}/contas-a-*", "contato", "spared", "§3.3", "accepted without"),
    Row(f"POST {EVENTS}/contas-a-*", "conta_financeira", "spared", "§3.3", "accepted without"),
    Row(f"POST {EVENTS}/contas-a-*", "*parcelas.[].nota", "spared", "§3.3", "accepted without"),
    Row(f"POST {EVENTS}/contas-a-*", "*parcelas.[].conta_financeira", "spared", "§3.3", "accepted without"),
    Row(f"POST {EVENTS}/contas-a-*", "rateio", "needed", "§3.3", "at least one category"),
    Row(
        f"POST {EVENTS}/contas-a-*", "*detalhe_valor.valor_liquido", "needed", "§3.3", "required in practice"
    ),
    Row("POST /v1/pessoas", "perfis", "needed", "§4.1", "needed in practice"),
    Row(
        "POST /v1/financeiro/contas-a-*",
        "*rateio_centro_custo.[].*",
        "needed",
        "§3.1",
        "half a share is none",
    ),
    Row(f"POST {EVENTS}/contas-a-*", "*rateio_centro_custo.[].*", "needed", "§3.1", "half a share is none"),
    Row("GET /v1/categorias", "permite_apenas_filhos", "spared", "§4.2", "calls without it work"),
    Row(
        "GET /v1/financeiro/parcelas",
        "id_evento",
        "undescribed",
        "§3.2",
        "assumed: the parameter was not seen",
    ),
)

# Documented fields that are null or empty in every answer, since what they tell of is not simulated.
ALWAYS_EMPTY = {
    "anexos",
    "fatura",
    "id_boleto_bancario_autorizado",
    "id_recibo_digital",
    "id_reconciliacao",
    "id_recorrencia",
    "id_referencia",
    "id_solicitacao_cobranca",
    "id_ultima_solicitacao_pagamento",
    "id_ultimo_solicitacao_cobranca",
    "indice_recorrencia",
    "recorrencia",
    "renegociacao",
    "solicitacoes_cobrancas",
}
