"""Correcting instalments and settling them (docs/conta-azul-api.md §3.5, §3.7)."""

from typing import Any

import pytest
from integration.sandbox.office import EVENTS, UNKNOWN, Office, only_instalment

PATHS = ["/v1/financeiro/parcelas", f"{EVENTS}/parcelas"]


def settlement(office: Office, value: float = 500.25, **changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = {
        "data_pagamento": "2027-07-09",
        "conta_financeira": office.account,
        "composicao_valor": {"valor_bruto": value, "multa": 0, "juros": 0, "desconto": 0, "taxa": 0},
        "metodo_pagamento": "PIX_PAGAMENTO_INSTANTANEO",
        "observacao": "pago",
        "nsu": "1",
    }
    return body | changes


def balance(office: Office) -> float:
    return float(office.get(f"/v1/conta-financeira/{office.account}/saldo-atual")["saldo_atual"])


@pytest.mark.parametrize("path", PATHS)
def test_a_correction_needs_the_current_version(office: Office, path: str) -> None:
    instalment = only_instalment(office.create())
    for body in ({"nota": "x"}, {"nota": "x", "versao": 7}):
        status, answer = office.call("PATCH", f"{path}/{instalment}", body)
        assert (status, answer["message"]) == (409, "Versão informada para o recurso é inválida")
    status, changed = office.call("PATCH", f"{path}/{instalment}", {"versao": 1, "vencimento": "2027-07-20"})
    assert (status, changed["versao"], changed["vencimento"]) == (200, 2, "2027-07-20")
    assert office.get(f"{path}/{instalment}")["data_vencimento"] == "2027-07-20"


def test_a_correction_reaches_the_search_and_the_change_feed(office: Office) -> None:
    instalment = only_instalment(office.create())
    amounts = {"valor_bruto": 1600, "desconto": 100}
    office.call(
        "PATCH",
        f"{PATHS[0]}/{instalment}",
        {"versao": 1, "vencimento": "2027-09-01", "composicao_valor": amounts},
    )
    window = "data_vencimento_de=2027-09-01&data_vencimento_ate=2027-09-01&pagina=1&tamanho_pagina=10"
    [row] = office.get(f"{EVENTS}/contas-a-pagar/buscar?{window}")["itens"]
    assert row["total"] == 1500


def test_a_correction_checks_what_it_names(office: Office) -> None:
    instalment = only_instalment(office.create())
    for change in (
        {"id_conta_financeira": UNKNOWN},
        {"vencimento": "10/07/2027"},
        {"metodo_pagamento": "FIADO"},
    ):
        assert office.call("PATCH", f"{PATHS[0]}/{instalment}", {"versao": 1, **change})[0] == 400


def test_settling_in_parts_and_undoing(office: Office) -> None:
    instalment, before = only_instalment(office.create()), balance(office)
    path = f"{EVENTS}/parcelas/{instalment}"
    first = office.call("POST", f"{path}/baixa", settlement(office))[1]
    assert office.get(path)["status"] == "RECEBIDO_PARCIAL"
    office.call("POST", f"{path}/baixa", settlement(office, 1000.25))
    assert office.get(path)["status"] == "QUITADO"
    assert office.get(path)["versao"] == 3
    assert balance(office) == round(before - 1500.50, 2)
    assert len(office.get(f"{path}/baixa")) == 2

    one = f"{EVENTS}/parcelas/baixa/{first['id']}"
    assert office.get(one)["conta_financeira"]["id"] == office.account
    assert office.call("PATCH", one, {"observacao": "outra"})[0] == 409
    assert office.call("PATCH", one, {"observacao": "outra", "versao": 1})[1]["versao"] == 2
    assert office.call("DELETE", one) == (200, None)
    assert office.call("GET", one) == (404, None)
    assert office.get(path)["nao_pago"] == 500.25


def test_a_settlement_that_lacks_a_field_is_answered_with_another_servers_page(office: Office) -> None:
    path = f"{EVENTS}/parcelas/{only_instalment(office.create())}/baixa"
    body = settlement(office)
    del body["data_pagamento"]
    status, answer = office.call("POST", path, body)
    assert status == 400
    assert answer["message"].startswith("Unexpected character ('<'")
    assert "Internal Server Error" in answer["message"]


def test_more_than_is_open_cannot_be_paid(office: Office) -> None:
    path = f"{EVENTS}/parcelas/{only_instalment(office.create())}/baixa"
    assert office.call("POST", path, settlement(office, 1500.51))[0] == 400


def test_a_loss(office: Office) -> None:
    instalment = only_instalment(office.create())
    loss = {"data": "2027-08-01", "valor": 1500.50}
    office.call("PATCH", f"{PATHS[0]}/{instalment}", {"versao": 1, "perda": loss})
    assert office.get(f"{PATHS[0]}/{instalment}")["status"] == "PERDIDO"
