"""The control API: reset, act, state, calls, settings, clock, codes; and a file that survives a restart."""

import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from integration.sandbox.office import PAYABLES, Office, only_instalment

from conta_azul_sandbox.testing import RunningSandbox


def test_a_seed_makes_the_same_companies(server: RunningSandbox) -> None:
    def made(seed: int) -> list[tuple[str, str, str]]:
        return [(each["id"], each["document"], each["name"]) for each in server.reset(3, seed)["companies"]]

    assert made(5) == made(5) != made(6)
    assert len({identity for identity, _, _ in made(5)}) == 3


def test_companies_on_order(server: RunningSandbox) -> None:
    wish = {
        "name": "Fábrica Um Ltda",
        "document": "11.222.333/0001-81",
        "id": "4711",
        "categories": [
            {"nome": "Custos", "tipo": "DESPESA"},
            {"nome": "Matéria-prima", "tipo": "DESPESA", "categoria_pai": "Custos"},
        ],
        "bank_accounts": [{"nome": "Conta", "saldo_inicial": 10.5}],
        "cost_centres": [],
        "people": [{"nome": "Ferro Velho SA", "documento": None}],
    }
    [company] = server.reset([wish])["companies"]
    assert (company["id"], company["document"], company["name"]) == (
        "4711",
        "11222333000181",
        "Fábrica Um Ltda",
    )
    assert [each["nome"] for each in company["categories"]] == ["Custos", "Matéria-prima"]
    assert company["categories"][1]["categoria_pai"] == company["categories"][0]["id"]
    assert company["cost_centres"] == []
    assert company["people"][0]["documento"] is None
    assert company["user"] == {"email": "dono@fabrica-um-ltda.example", "password": "sandbox"}
    form = {
        "grant_type": "authorization_code",
        "code": company["code"],
        "redirect_uri": company["redirect_uri"],
    }
    assert server.token_request(form)[0] == 200


def test_a_reset_forgets_everything(office: Office) -> None:
    office.create()
    office.sandbox.settings(mode="faithful")
    office.sandbox.faults({"kind": "slow"})
    office.sandbox.clock(1000)
    answer = office.sandbox.reset(2)
    assert answer["settings"]["mode"] == "strict"
    assert office.sandbox.payables(office.id) == []
    assert office.sandbox.calls() == []
    assert office.sandbox.current_faults() == []
    assert office.call("GET", "/v1/pessoas")[0] == 401


def test_the_default_application_and_others_on_order(server: RunningSandbox) -> None:
    application = {"client_id": "app", "client_secret": "s", "redirect_uris": ["https://a.example/cb"]}
    made = server.reset(1, applications=[application])
    assert [each["client_id"] for each in made["applications"]] == ["alcada-demo", "app"]
    with pytest.raises(ValueError, match="https"):
        server.reset(1, applications=[{**application, "redirect_uris": ["http://a.example/cb"]}])
    assert server.reset(
        1, applications=[{**application, "redirect_uris": ["http://a.example/cb"], "demo": True}]
    )


@pytest.mark.parametrize(
    "wish", [{"companies": 0}, {"companies": "two"}, {"compannies": 2}, {"settings": {"mod": 1}}]
)
def test_a_reset_that_makes_no_sense(server: RunningSandbox, wish: dict[str, Any]) -> None:
    server.reset(1, seed=3)
    before = server.state()
    with pytest.raises(ValueError, match="reset"):
        server.reset(**wish)
    assert server.state() == before


def test_acts_of_a_person(office: Office) -> None:
    act = office.sandbox.act
    event = office.create()["id"]
    assert (
        act(office.id, "pay_in_part", event=event, amount=0.5, date="2027-07-01")["status"]
        == "RECEBIDO_PARCIAL"
    )
    assert act(office.id, "pay", event=event)["status"] == "QUITADO"
    assert act(office.id, "undo_payment", event=event)["status"] == "PENDENTE"
    changes = {"descricao": "Outra", "valor": 10.01, "data_vencimento": "2027-09-09"}
    edited = act(office.id, "edit", event=event, changes=changes)
    assert (edited["descricao"], edited["valor"], edited["rateio"][0]["valor"]) == ("Outra", 10.01, 10.01)
    instalment = only_instalment(edited)
    edited = act(office.id, "edit", instalment=instalment, changes={"nota": "à mão"})
    assert edited["condicao_pagamento"]["parcelas"][0]["nota"] == "à mão"
    added = act(office.id, "add", kind="payable", entry=office.payable(descricao="À mão"))
    assert [each["criado_manualmente"] for each in office.sandbox.payables(office.id)] == [False, True]
    act(office.id, "delete", event=event)
    assert [each["id"] for each in office.sandbox.payables(office.id)] == [added["id"]]
    assert office.call("GET", f"/v1/financeiro/parcelas/{instalment}")[0] == 404


def test_acts_on_registers(office: Office) -> None:
    act = office.sandbox.act
    person = act(office.id, "add", kind="person", entry={"nome": "Nova", "perfis": ["Cliente"]})
    centre = act(office.id, "add", kind="cost_centre", entry={"nome": "Obra"})
    category = act(office.id, "add", kind="category", entry={"nome": "Seguros", "tipo": "DESPESA"})
    account = act(office.id, "add", kind="account", entry={"nome": "Nubank", "banco": "NUBANK"})
    for kind, made in (
        ("person", person),
        ("cost_centre", centre),
        ("category", category),
        ("account", account),
    ):
        act(office.id, "rename", **{kind: made["id"]}, name="Renomeada")
        act(office.id, "deactivate", **{kind: made["id"]})
    books = office.sandbox.books(office.id)
    shown = {each["id"]: each for name in ("people", "cost_centres", "bank_accounts") for each in books[name]}
    for made in (person, centre, account):
        assert (shown[made["id"]]["nome"], shown[made["id"]]["ativo"]) == ("Renomeada", False)
    assert category["id"] not in str(books["categories"])
    act(office.id, "delete", person=person["id"])
    assert person["id"] not in str(office.sandbox.books(office.id)["people"])


def test_a_person_takes_the_access_back(office: Office) -> None:
    office.sandbox.act(office.id, "disconnect")
    assert office.call("GET", "/v1/pessoas")[0] == 401


@pytest.mark.parametrize(
    "wish", [{"action": "dance"}, {"action": "pay", "event": "nope"}, {"action": "pay_in_part"}]
)
def test_an_act_that_makes_no_sense(office: Office, wish: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="act"):
        office.sandbox.act(office.id, **wish)


def test_calls_are_written_down(office: Office) -> None:
    office.create()
    office.call("GET", "/v1/invented?x=1")
    first, second = office.sandbox.calls(company=office.id)[-2:]
    assert (first["method"], first["path"], first["status"], first["fault"]) == ("POST", PAYABLES, 201, None)
    assert (second["path"], second["query"], second["status"]) == ("/v1/invented", "x=1", 404)
    summary = office.sandbox.call_summary()
    assert summary["total"] == len(office.sandbox.calls())


def test_settings_are_checked(office: Office) -> None:
    for wrong in ({"mode": "kind"}, {"rate_per_second": -1}, {"latency_ms": "slow"}, {"speed": 1}):
        with pytest.raises(ValueError, match="settings"):
            office.sandbox.settings(**wrong)


def test_what_is_not_a_control_says_what_is(server: RunningSandbox) -> None:
    answer = httpx.get(f"{server.url}/_sandbox/nothing")
    assert answer.status_code == 404
    assert "state" in answer.json()["known"]["GET"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_the_state_survives_a_restart(tmp_path: Path, end: str) -> None:
    file = tmp_path / "deep" / "books.json"
    with RunningSandbox(data=file) as sandbox:
        office = Office(sandbox, sandbox.reset(2)["companies"])
        created = office.create()
        office.sandbox.act(office.id, "pay_in_part", event=created["id"], amount=100)
        before = sandbox.state()
        if end == "kill":
            # Saved within a second or so, and moved into place whole.
            for _ in range(100):
                if file.exists() and created["id"] in file.read_text():
                    break
                httpx.get(f"{sandbox.url}/", timeout=5)
                time.sleep(0.05)
            sandbox.kill()
    with RunningSandbox(data=file) as sandbox:
        assert sandbox.state() == before
        office.sandbox = sandbox
        assert office.get(f"/v1/financeiro/parcelas/{only_instalment(created)}")["valor_pago"] == 100


def test_the_demos_address_may_be_another() -> None:
    address = "http://127.0.0.1:9999/connections/callback"
    with RunningSandbox("--demo-redirect", address, "--mode", "faithful", "--companies", "2") as sandbox:
        assert len(sandbox.state()["companies"]) == 2
        identity = sandbox.state()["companies"][0]["id"]
        assert sandbox.codes(identity)["redirect_uri"] == address
        assert sandbox.settings()["mode"] == "faithful"
