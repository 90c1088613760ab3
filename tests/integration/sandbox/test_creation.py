"""Creating entries (docs/conta-azul-api.md §3.1, §3.3)."""

import pytest
from integration.sandbox.office import EVENTS, PAYABLES, RECEIVABLES, UNKNOWN, Office


def test_a_payable_is_answered_with_its_ids_and_is_in_the_books(office: Office) -> None:
    created = office.create()
    assert created["tipo"] == "DESPESA"
    assert created["id_fornecedor"] == office.person
    [entry] = office.sandbox.payables(office.id)
    assert entry["id"] == created["id"]
    assert entry["referencia_externa"] == "ALC-7F3K2Q"
    [instalment] = entry["parcelas"]
    assert instalment["id"] == created["condicao_pagamento"]["parcelas"][0]["id"]
    assert instalment["valor_composicao"]["valor_bruto"] == 1500.50
    assert office.sandbox.receivables(office.id) == []
    assert office.sandbox.payables(office.companies[1]["id"]) == []


def test_a_receivable_names_its_customer(office: Office) -> None:
    status, created = office.call("POST", RECEIVABLES, office.receivable())
    assert status == 201
    assert (created["tipo"], created["id_cliente"], created["id_fornecedor"]) == (
        "RECEITA",
        office.person,
        None,
    )


def test_nothing_is_deduplicated(office: Office) -> None:
    first, second = office.create(), office.create()
    assert first["id"] != second["id"]
    assert [each["referencia_externa"] for each in office.sandbox.payables(office.id)] == ["ALC-7F3K2Q"] * 2


def test_ids_are_not_all_of_version_4(office: Office) -> None:
    created = office.create()
    ids = [created["id"], created["condicao_pagamento"]["parcelas"][0]["id"]]
    assert {each[14] for each in ids} <= {"1", "7"}


def test_several_instalments_add_up_to_the_cent(office: Office) -> None:
    parts = [office.instalment(0.1, "2027-07-10"), office.instalment(0.2, "2027-08-10")]
    rateio = [{"id_categoria": office.category(), "valor": 0.3}]
    created = office.create(valor=0.3, rateio=rateio, condicao_pagamento={"parcelas": parts})
    assert [each["indice"] for each in created["condicao_pagamento"]["parcelas"]] == [1, 2]


def test_sums_are_checked(office: Office) -> None:
    category, centre = office.category(), office.cost_centre
    wrong_split = [{"id_categoria": category, "valor": 1500.49}]
    assert "rateio" in office.refused(office.payable(rateio=wrong_split))
    assert "parcelas" in office.refused(
        office.payable(condicao_pagamento={"parcelas": [office.instalment(1500.51)]})
    )
    centres = [{"id_centro_custo": centre, "valor": 1500.49}]
    wrong_centres = [{"id_categoria": category, "valor": 1500.50, "rateio_centro_custo": centres}]
    assert "centro" in office.refused(office.payable(rateio=wrong_centres))
    wrong_net = office.instalment()
    wrong_net["detalhe_valor"]["valor_liquido"] = 1.0
    assert "valor_liquido" in office.refused(office.payable(condicao_pagamento={"parcelas": [wrong_net]}))


@pytest.mark.parametrize("value", [0, -1, 10.001, "1500.50", True, 1e300])
def test_a_value_that_is_no_positive_money_is_refused(office: Office, value: object) -> None:
    assert "valor" in office.refused(office.payable(valor=value))


def test_what_an_entry_names_must_be_there_active_and_of_its_kind(office: Office) -> None:
    def split(category: str) -> list[dict[str, object]]:
        return [{"id_categoria": category, "valor": 1500.50}]

    assert "não existe" in office.refused(office.payable(conta_financeira=UNKNOWN))
    assert "não existe" in office.refused(office.payable(id_fornecedor=UNKNOWN))
    assert "não existe" in office.refused(office.payable(rateio=split(UNKNOWN)))
    assert "filhas" in office.refused(office.payable(rateio=split(office.category("Ocupação"))))
    assert "tipo" in office.refused(office.payable(rateio=split(office.category("Venda de mercadorias"))))
    assert "Receba Fácil" in office.refused(office.payable(conta_financeira=office.receba_facil))
    office.sandbox.act(office.id, "deactivate", person=office.person)
    assert "inativa" in office.refused(office.payable())
    office.sandbox.act(office.id, "activate", person=office.person)
    office.sandbox.act(office.id, "deactivate", account=office.account)
    assert "inativa" in office.refused(office.payable())


def test_profiles_are_enforced_only_when_told(office: Office) -> None:
    customer = next(each["id"] for each in office.company["people"] if each["perfis"] == ["Cliente"])
    office.create(id_fornecedor=customer)
    office.sandbox.settings(enforce_profiles=True)
    assert "Fornecedor" in office.refused(office.payable(id_fornecedor=customer))


def test_another_companys_ids_are_unknown_here(office: Office) -> None:
    stranger = office.companies[1]["people"][0]["id"]
    assert "não existe" in office.refused(office.payable(id_fornecedor=stranger))


def test_the_older_path_answers_the_created_entry(office: Office) -> None:
    status, created = office.call("POST", f"{EVENTS}/contas-a-pagar", office.older())
    assert status == 200
    assert created["id"] == office.sandbox.payables(office.id)[0]["id"]
    assert office.call("GET", f"/v1/protocolo/{UNKNOWN}")[1]["message"] == "Not Found"


def test_the_older_path_reports_all_that_is_missing_under_its_own_names(office: Office) -> None:
    message = office.refused({"condicao_pagamento": {}}, f"{EVENTS}/contas-a-pagar")
    assert "competenceDate" in message
    assert "paymentCondition.installments" in message


def test_the_older_path_used_to_answer_a_protocol(office: Office) -> None:
    office.sandbox.settings(old_creation="protocol", protocol_seconds=30)
    status, receipt = office.call("POST", f"{EVENTS}/contas-a-pagar", office.older())
    assert (status, receipt["status"]) == (200, "PENDING")
    path = f"/v1/protocolo/{receipt['protocolo']}"
    assert office.get(path)["status"] == "PENDING"
    office.sandbox.clock(31)
    told = office.get(path)
    assert told["status"] == "SUCCESS"
    assert told["evento_financeiro_id"] == office.sandbox.payables(office.id)[0]["id"]


def test_behind_a_protocol_references_are_checked_late(office: Office) -> None:
    office.sandbox.settings(old_creation="protocol", protocol_seconds=0)
    status, receipt = office.call("POST", f"{EVENTS}/contas-a-pagar", office.older(contato=UNKNOWN))
    assert status == 200
    told = office.get(f"/v1/protocolo/{receipt['protocolo']}")
    assert (told["status"], told["evento_financeiro_id"]) == ("ERROR", None)
    assert office.sandbox.payables(office.id) == []


def test_a_body_that_is_no_json_object(office: Office) -> None:
    assert "JSON" in office.refused([], PAYABLES)  # type: ignore[arg-type]
