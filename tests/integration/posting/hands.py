"""What a person does at Conta Azul by hand, and what stands there."""

import re
from typing import Any

from stories import Account, books

from alcada.posting.models import Attempt, Posting, State

AMOUNT = re.compile(r"\d+\.\d\d")


def fresh(posting: Posting, state: State | None = None) -> Posting:
    found = Posting.objects.select_related("connection", "entry").get(pk=posting.pk)
    assert state is None or found.state == state, found.state
    return found


def there(account: Account, sandbox: Any) -> list[Any]:
    return list(books(sandbox, account.connection.company.document)["payables"])


def sent(posting: Posting) -> dict[str, Any]:
    """The body of its create, amounts as the wire has them."""

    def wire(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: wire(one) for name, one in value.items()}
        if isinstance(value, list):
            return [wire(one) for one in value]
        return float(value) if isinstance(value, str) and AMOUNT.fullmatch(value) else value

    body: dict[str, Any] = wire(posting.attempts.filter(kind=Attempt.Kind.ENTRY)[0].request)
    return body


def typed(account: Account, sandbox: Any, posting: Posting, kind: str = "payable", **changes: Any) -> str:
    """The same entry in somebody's own words, put into the account by hand. Its id."""
    body = sent(posting)
    body |= {"descricao": "Papel para a impressora", "observacao": None, "referencia_externa": None}
    for part in body["condicao_pagamento"]["parcelas"]:
        part |= {"descricao": "Papel para a impressora", "nota": None}
    if amount := changes.pop("amount", None):
        body["valor"] = body["rateio"][0]["valor"] = amount
        body["rateio"][0]["rateio_centro_custo"][0]["valor"] = amount
        body["condicao_pagamento"]["parcelas"][0]["detalhe_valor"] = {
            "valor_bruto": amount,
            "valor_liquido": amount,
        }
    return str(sandbox.act(account.remote["id"], "add", kind=kind, entry=body | changes)["id"])
