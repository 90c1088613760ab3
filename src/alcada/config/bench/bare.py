"""What is compared with: the same create calls from a bare asynchronous loop, nothing kept, nothing checked."""

import asyncio
import contextlib
import json
import statistics
import time
import urllib.parse
import urllib.request
from datetime import UTC, datetime
from typing import Any, Final

import httpx

IN_FLIGHT: Final = 32
POOLS: Final = 4  # httpx is at its best with few connections in one client


class Bare:
    """Creates payables in one company of the sandbox, with a token of its own."""

    def __init__(
        self, api_url: str, auth_url: str, application: dict[str, Any], company: dict[str, Any]
    ) -> None:
        self._url = f"{api_url}/v1/financeiro/contas-a-pagar"
        token = _token(auth_url, application, company["code"])
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        category = next(
            row for row in company["categories"] if row["tipo"] == "DESPESA" and row.get("categoria_pai")
        )
        self._body = json.dumps(_payable(company, category["id"])).encode()

    def per_second(self, calls: int) -> float:
        """Creates a second, many in flight."""
        began = time.monotonic()
        asyncio.run(self._many(calls))
        return calls / (time.monotonic() - began)

    def median_s(self, calls: int = 20) -> float:
        """The time of one create, one after the other: the API's own time."""
        times = []
        with httpx.Client() as http:
            for _ in range(calls):
                began = time.monotonic()
                with contextlib.suppress(
                    httpx.HTTPError
                ):  # a proxy that cuts: it keeps nothing and checks nothing
                    http.post(self._url, content=self._body, headers=self._headers).raise_for_status()
                    times.append(time.monotonic() - began)
        return statistics.median(times) if times else 0.0

    async def _many(self, calls: int) -> None:
        numbers = iter(range(calls))
        limits = httpx.Limits(max_connections=IN_FLIGHT // POOLS)

        async def loop(http: httpx.AsyncClient) -> None:
            for _ in numbers:
                with contextlib.suppress(httpx.HTTPError):
                    answer = await http.post(self._url, content=self._body, headers=self._headers)
                    answer.raise_for_status()

        clients = [httpx.AsyncClient(limits=limits, timeout=60) for _ in range(POOLS)]
        await asyncio.gather(*(loop(clients[number % POOLS]) for number in range(IN_FLIGHT)))
        for http in clients:
            await http.aclose()


def _payable(company: dict[str, Any], category: str) -> dict[str, Any]:
    account = company["bank_accounts"][0]["id"]
    amounts = {
        "valor_bruto": 100.0,
        "valor_liquido": 100.0,
        "desconto": 0.0,
        "juros": 0.0,
        "multa": 0.0,
        "taxa": 0.0,
    }
    today = datetime.now(UTC).date().isoformat()
    return {
        "descricao": "Bare loop [ALC-000000]",
        "data_competencia": today,
        "valor": 100.0,
        "conta_financeira": account,
        "id_fornecedor": company["people"][0]["id"],
        "rateio": [{"id_categoria": category, "valor": 100.0}],
        "condicao_pagamento": {
            "parcelas": [
                {
                    "descricao": "Bare loop 1/1 [ALC-000000]",
                    "data_vencimento": today,
                    "conta_financeira": account,
                    "metodo_pagamento": "BOLETO_BANCARIO",
                    "detalhe_valor": amounts,
                }
            ]
        },
        "observacao": "A note as long as one that carries who approved and when.\n" * 4,
        "referencia_externa": "ALC-000000",
    }


def _token(auth_url: str, application: dict[str, Any], code: str) -> str:
    body = urllib.parse.urlencode(
        {"grant_type": "authorization_code", "code": code, "redirect_uri": application["redirect_uris"][0]}
    ).encode()
    request = urllib.request.Request(f"{auth_url}/oauth2/token", data=body, method="POST")  # noqa: S310  (http)
    basic = httpx.BasicAuth(application["client_id"], application["client_secret"])
    request.add_header("Authorization", basic._auth_header)
    request.add_header("Content-Type", "application/x-www-form-urlencoded")
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  (as above)
        return str(json.loads(answer.read())["access_token"])
