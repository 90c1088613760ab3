"""Strict and faithful, and the shapes of refusals (docs/conta-azul-api.md §1.4, §2.1, §2.2, §2.5)."""

import httpx
import pytest
from integration.sandbox.office import EVENTS, JULY, PAYABLES, UNKNOWN, Office, only_instalment


def test_strict_names_the_field_that_it_does_not_know(office: Office) -> None:
    assert "referencia_extena" in office.refused(office.payable(referencia_extena="x"))
    inner = office.payable(condicao_pagamento={"parcelas": [office.instalment(vencimento="2027-07-10")]})
    assert "condicao_pagamento.parcelas[0].vencimento" in office.refused(inner)
    status, answer = office.call("GET", f"{PAYABLES}?{JULY}&descricao=x")
    assert status == 400
    assert "descricao" in answer["message"]


def test_faithful_discards_in_silence(office: Office) -> None:
    office.sandbox.settings(mode="faithful")
    created = office.create(referencia_extena="x")
    found = office.get(f"{PAYABLES}?{JULY}&descricao=nothing-like-it")
    assert len(found["itens"]) == 1
    path = f"/v1/financeiro/parcelas/{only_instalment(created)}"
    # Nothing changed, yet the version rises.
    assert office.call("PATCH", path, {"versao": 1, "data_vencimento": "2027-08-08"})[1]["versao"] == 2
    assert office.get(path)["data_vencimento"] == "2027-07-10"


def test_an_enum_is_checked_in_both_modes(office: Office) -> None:
    office.sandbox.settings(mode="faithful")
    search = f"{EVENTS}/contas-a-pagar/buscar?pagina=1&tamanho_pagina=10&{JULY}"
    assert office.call("GET", f"{search}&status=PAGO")[0] == 400
    assert office.call("GET", f"{search}&campo_ordenado_ascendente=VALOR")[0] == 400


def test_one_missing_field_at_a_time_in_springs_shape(office: Office) -> None:
    status, answer = office.call("POST", PAYABLES, {})
    assert status == 400
    assert set(answer) == {"timestamp", "status", "error", "message", "path"}
    assert answer["message"] == "descricao: campo obrigatório não informado."


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/invented"),
        ("GET", f"{EVENTS}/{UNKNOWN}"),
        ("DELETE", f"{EVENTS}/{UNKNOWN}"),
        ("DELETE", f"{PAYABLES}/{UNKNOWN}"),
        ("PATCH", f"{EVENTS}/{UNKNOWN}"),
        ("PUT", f"/v1/centro-de-custo/{UNKNOWN}"),
        ("POST", "/v1/categorias"),
        ("POST", "/v1/conta-financeira"),
        ("GET", f"/v1/protocolo/{UNKNOWN}"),
        ("GET", "/v1/me"),
    ],
)
def test_an_unknown_route(office: Office, method: str, path: str) -> None:
    status, answer = office.call(method, path)
    assert (status, answer["message"]) == (404, "Not Found")


@pytest.mark.parametrize(
    "path",
    [
        f"{EVENTS}/{UNKNOWN}/parcelas",
        f"{EVENTS}/parcelas/{UNKNOWN}",
        f"{EVENTS}/parcelas/{UNKNOWN}/baixa",
        f"/v1/financeiro/parcelas/{UNKNOWN}",
        f"/v1/pessoas/{UNKNOWN}",
    ],
)
def test_a_known_route_with_an_unknown_id(office: Office, path: str) -> None:
    status, answer = office.call("GET", path)
    assert (status, answer["message"]) == (404, "O recurso solicitado não foi encontrado")


def test_404s_without_a_document(office: Office) -> None:
    assert office.call("GET", f"{EVENTS}/parcelas/baixa/{UNKNOWN}") == (404, None)
    headers = {"Authorization": f"Bearer {office.token}"}
    answer = httpx.get(f"{office.sandbox.url}/v1/captura/nada", headers=headers)
    assert answer.status_code == 404
    assert answer.text == "404 page not found"
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_malformed_id_is_a_400(office: Office) -> None:
    assert office.call("GET", "/v1/financeiro/parcelas/123")[0] == 400
    assert office.call("GET", f"{EVENTS}/abc/parcelas")[0] == 400


def test_text_that_is_half_a_character_is_refused(office: Office) -> None:
    assert "caracteres" in office.refused(office.payable(descricao="\ud800"))


@pytest.mark.parametrize("page", ["0", "-1", "x", "%C2%B2", "99999999999999999999"])
def test_a_page_is_a_number_from_one(office: Office, page: str) -> None:
    assert office.call("GET", f"{PAYABLES}?{JULY}&pagina={page}")[0] == 400


def test_what_is_not_simulated_says_so(office: Office) -> None:
    status, answer = office.call("POST", "/v1/venda", {})
    assert status == 501
    assert "Not simulated" in answer["error"]


def test_no_token_and_a_wrong_one(office: Office) -> None:
    assert office.sandbox.api("GET", "/v1/pessoas", "nonsense")[0] == 401
    assert httpx.get(f"{office.sandbox.url}/v1/pessoas").status_code == 401


def test_the_plan_gate_answers_before_routing(office: Office) -> None:
    office.sandbox.act(office.id, "block_plan", status="BLOQUEADA")
    for path in ("/v1/pessoas", "/v1/invented"):
        status, answer = office.call("GET", path)
        assert (status, answer["status_conta"]) == (403, "BLOQUEADA")
    office.sandbox.act(office.id, "unblock_plan")
    office.get("/v1/pessoas")


def statuses(office: Office, count: int) -> list[int]:
    return [office.call("GET", "/v1/pessoas/conta-conectada")[0] for _ in range(count)]


def test_ten_calls_a_second_for_each_company(office: Office) -> None:
    other = office.sandbox.tokens(office.companies[1]["id"])["access_token"]
    office.sandbox.settings(rate_limit=True, rate_per_second=10)
    assert statuses(office, 11) == [200] * 10 + [429]
    assert office.sandbox.api("GET", "/v1/pessoas/conta-conectada", other)[0] == 200
    office.sandbox.clock(1.1)
    assert statuses(office, 1) == [200]


def test_the_windows_slide(office: Office) -> None:
    office.sandbox.settings(rate_limit=True, rate_per_second=1000, rate_per_minute=20)
    assert statuses(office, 10) == [200] * 10
    office.sandbox.clock(40)
    assert statuses(office, 11) == [200] * 10 + [429]
    office.sandbox.clock(21)  # only the first ten have left the minute
    assert statuses(office, 11) == [200] * 10 + [429]


def test_429_with_and_without_the_header(office: Office) -> None:
    office.sandbox.settings(rate_limit=True, rate_per_second=0)
    headers = {"Authorization": f"Bearer {office.token}"}
    assert httpx.get(f"{office.sandbox.url}/v1/pessoas", headers=headers).headers["retry-after"] == "1"
    office.sandbox.settings(retry_after_header=False)
    assert "retry-after" not in httpx.get(f"{office.sandbox.url}/v1/pessoas", headers=headers).headers
