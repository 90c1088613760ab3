"""What tests of the sandbox stand on: a signed-in company and entries for it. No client: plain HTTP."""

from typing import Any

from conta_azul_sandbox.testing import RunningSandbox

PAYABLES = "/v1/financeiro/contas-a-pagar"
RECEIVABLES = "/v1/financeiro/contas-a-receber"
EVENTS = "/v1/financeiro/eventos-financeiros"
JULY = "data_vencimento_de=2027-07-01&data_vencimento_ate=2027-07-31"
UNKNOWN = "35473eec-4e74-11ee-b500-9f61de8a8b8b"


class Office:
    def __init__(self, sandbox: RunningSandbox, companies: list[dict[str, Any]]) -> None:
        self.sandbox = sandbox
        self.companies = companies
        self.company = companies[0]
        self.id: str = self.company["id"]
        self.token: str = sandbox.tokens(self.id)["access_token"]
        self.account: str = self.company["bank_accounts"][0]["id"]
        self.receba_facil: str = self.company["bank_accounts"][3]["id"]
        self.cost_centre: str = self.company["cost_centres"][0]["id"]
        self.person: str = self.company["people"][0]["id"]

    def category(self, name: str = "Aluguel") -> str:
        return next(str(each["id"]) for each in self.company["categories"] if each["nome"] == name)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        return self.sandbox.api(method, path, self.token, body)

    def get(self, path: str) -> Any:
        status, answer = self.call("GET", path)
        assert status == 200, answer
        return answer

    def payable(self, **changes: Any) -> dict[str, Any]:
        """The body of a payable of 1,500.50; `changes` replace top-level fields."""
        body: dict[str, Any] = {
            "descricao": "NF 1001 - ACME",
            "data_competencia": "2027-06-01",
            "valor": 1500.50,
            "conta_financeira": self.account,
            "id_fornecedor": self.person,
            "observacao": "aprovado",
            "referencia_externa": "ALC-7F3K2Q",
            "rateio": [
                {
                    "id_categoria": self.category(),
                    "valor": 1500.50,
                    "rateio_centro_custo": [{"id_centro_custo": self.cost_centre, "valor": 1500.50}],
                }
            ],
            "condicao_pagamento": {"parcelas": [self.instalment()]},
        }
        return body | changes

    def instalment(self, value: float = 1500.50, due: str = "2027-07-10", **changes: Any) -> dict[str, Any]:
        amounts = {
            "valor_bruto": value,
            "valor_liquido": value,
            "desconto": 0,
            "juros": 0,
            "multa": 0,
            "taxa": 0,
        }
        body = {
            "descricao": "Parcela ALC-7F3K2Q",
            "data_vencimento": due,
            "nota": "primeira",
            "conta_financeira": self.account,
            "metodo_pagamento": "BOLETO_BANCARIO",
            "detalhe_valor": amounts,
        }
        return body | changes

    def receivable(self, **changes: Any) -> dict[str, Any]:
        body = self.payable(**changes)
        body["id_cliente"] = body.pop("id_fornecedor")
        body["rateio"] = [{"id_categoria": self.category("Venda de mercadorias"), "valor": body["valor"]}]
        return body

    def older(self, **changes: Any) -> dict[str, Any]:
        """The body of the older creation."""
        body = self.payable()
        body["contato"] = body.pop("id_fornecedor")
        del body["referencia_externa"]
        return body | changes

    def create(self, **changes: Any) -> Any:
        status, answer = self.call("POST", PAYABLES, self.payable(**changes))
        assert status == 201, answer
        return answer

    def refused(self, body: dict[str, Any], path: str = PAYABLES) -> str:
        """The message of the 400, and nothing was created."""
        before = self.sandbox.payables(self.id)
        status, answer = self.call("POST", path, body)
        assert status == 400, answer
        assert self.sandbox.payables(self.id) == before
        return str(answer["message"])


def only_instalment(event: dict[str, Any]) -> str:
    [instalment] = event["condicao_pagamento"]["parcelas"]
    return str(instalment["id"])
