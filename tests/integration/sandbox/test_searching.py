"""Finding what was written (docs/conta-azul-api.md §3.2, §3.4, §3.5)."""

import pytest
from integration.sandbox.office import EVENTS, JULY, PAYABLES, Office, only_instalment

SEARCH = f"{EVENTS}/contas-a-pagar/buscar?pagina=1&tamanho_pagina=10&{JULY}"
ALL_TIME = "data_inicio=2026-06-01T00:00:00&data_fim=2027-05-31T00:00:00"


def test_the_newer_list_gives_the_external_reference_back(office: Office) -> None:
    created = office.create()
    [row] = office.get(f"{PAYABLES}?{JULY}")["itens"]
    assert row["id"] == only_instalment(created)
    assert row["evento_financeiro"]["id"] == created["id"]
    assert row["evento_financeiro"]["referencia_externa"] == "ALC-7F3K2Q"
    august = JULY.replace("2027-07", "2027-08")
    assert office.get(f"{PAYABLES}?{august}")["itens"] == []


def test_the_older_search_is_keyed_by_instalment_and_knows_no_entry(office: Office) -> None:
    created = office.create()
    found = office.get(SEARCH)
    [row] = found["itens"]
    assert row["id"] == only_instalment(created) != created["id"]
    assert created["id"] not in str(row)
    assert (row["status"], row["status_traduzido"]) == ("PENDING", "EM_ABERTO")


@pytest.mark.parametrize(
    ("narrowing", "count"),
    [
        ("descricao=alc-7f3k", 1),
        ("descricao=acme", 1),
        ("descricao=outra", 0),
        ("valor_de=1500.50&valor_ate=1500.50", 1),
        ("valor_de=1500.51", 0),
        ("status=EM_ABERTO&status=ATRASADO", 1),
        ("status=RECEBIDO", 0),
        ("data_competencia_de=2027-06-01&data_competencia_ate=2027-06-01", 1),
        ("data_pagamento_de=2020-01-01", 0),
        ("data_alteracao_de=2099-01-01T00:00:00", 0),
        ("ids_categorias=35473eec-4e74-11ee-b500-9f61de8a8b8b", 0),
    ],
)
def test_filters_of_the_older_search(office: Office, narrowing: str, count: int) -> None:
    office.create()
    assert office.get(f"{SEARCH}&{narrowing}")["itens_totais"] == count


def test_pages_come_in_the_allowed_sizes_only(office: Office) -> None:
    for number in range(12):
        office.create(descricao=f"NF {number}")
    second = office.get(SEARCH.replace("pagina=1", "pagina=2", 1))
    assert (len(second["itens"]), second["itens_totais"]) == (2, 12)
    status, answer = office.call("GET", SEARCH.replace("tamanho_pagina=10", "tamanho_pagina=11"))
    assert status == 400
    assert "tamanho da página" in answer["message"]


def test_the_due_date_window_is_required(office: Office) -> None:
    for path in (PAYABLES, f"{EVENTS}/contas-a-pagar/buscar?pagina=1&tamanho_pagina=10"):
        assert office.call("GET", path)[0] == 400


def test_the_change_feed_names_entries_and_a_save_without_change_counts(office: Office) -> None:
    first, second = office.create(), office.create()
    feed = f"{EVENTS}/alteracoes?{ALL_TIME}"
    assert office.get(feed)["itens"] == [{"id": first["id"]}, {"id": second["id"]}]
    office.sandbox.act(office.id, "touch", event=first["id"])
    assert office.get(feed)["itens"] == [{"id": second["id"]}, {"id": first["id"]}]


@pytest.mark.parametrize(
    "window",
    [
        "data_inicio=2026-01-01T00:00:00Z&data_fim=2026-12-01T00:00:00Z",
        "data_inicio=2026-01-01T00:00:00-03:00&data_fim=2026-12-01T00:00:00-03:00",
        "data_inicio=2026-01-01&data_fim=2026-12-01",
        "data_inicio=2026-12-01T00:00:00&data_fim=2026-01-01T00:00:00",
        "data_inicio=2026-01-01T00:00:00&data_fim=2027-01-02T00:00:00",
        "data_inicio=2026-01-01T00:00:00",
    ],
)
def test_the_change_feed_takes_zone_less_moments_at_most_365_days_apart(office: Office, window: str) -> None:
    assert office.call("GET", f"{EVENTS}/alteracoes?{window.replace('+', '%2B')}")[0] == 400


def test_a_new_entry_may_show_late(office: Office) -> None:
    office.sandbox.settings(search_lag=60)
    created = office.create()
    feed = f"{EVENTS}/alteracoes?{ALL_TIME}"
    assert office.get(f"{PAYABLES}?{JULY}")["itens"] == []
    assert office.get(SEARCH)["itens"] == []
    assert office.get(feed)["itens"] == []
    # Reading by id does not go through the search.
    assert office.get(f"{EVENTS}/{created['id']}/parcelas")[0]["id"] == only_instalment(created)
    office.sandbox.clock(61)
    assert len(office.get(f"{PAYABLES}?{JULY}")["itens"]) == 1
    assert len(office.get(SEARCH)["itens"]) == 1
    assert office.get(feed)["itens"] == [{"id": created["id"]}]


def test_a_new_person_or_cost_centre_may_show_late(office: Office) -> None:
    office.sandbox.settings(search_lag=60)
    person = {"nome": "Vidraria Sol", "tipo_pessoa": "Jurídica", "perfis": [{"tipo_perfil": "Fornecedor"}]}
    (_, made), (_, centre) = (
        office.call("POST", "/v1/pessoas", person),
        office.call("POST", "/v1/centro-de-custo", {"nome": "Obra 7"}),
    )
    people = "/v1/pessoas?pagina=1&tamanho_pagina=10&busca=Vidraria"
    centres = "/v1/centro-de-custo?pagina=1&tamanho_pagina=10&busca=Obra"
    assert (office.get(people)["items"], office.get(centres)["items"]) == (None, [])
    assert office.get(f"/v1/pessoas/{made['id']}")["nome"] == "Vidraria Sol"
    office.sandbox.clock(61)
    assert [one["id"] for one in office.get(people)["items"]] == [made["id"]]
    assert [one["id"] for one in office.get(centres)["items"]] == [centre["id"]]


def test_a_change_may_show_late_and_the_old_state_meanwhile(office: Office) -> None:
    created = office.create()
    office.sandbox.settings(search_lag=60)
    office.sandbox.act(office.id, "edit", event=created["id"], changes={"data_vencimento": "2027-08-10"})
    assert office.get(f"{PAYABLES}?{JULY}")["itens"][0]["data_vencimento"] == "2027-07-10"
    office.sandbox.clock(61)
    assert office.get(f"{PAYABLES}?{JULY}")["itens"] == []


def test_an_entrys_instalments_by_uuid_legacy_id_and_the_newer_path(office: Office) -> None:
    created = office.create()
    by_uuid = office.get(f"{EVENTS}/{created['id']}/parcelas")
    legacy_id = by_uuid[0]["evento"]["codigo_referencia"]
    assert office.get(f"{EVENTS}/{legacy_id}/parcelas") == by_uuid
    assert office.get(f"/v1/financeiro/parcelas?id_evento={created['id']}") == by_uuid
    [instalment] = by_uuid
    assert office.get(f"/v1/financeiro/parcelas/{instalment['id']}") == instalment
    assert office.get(f"{EVENTS}/parcelas/{instalment['id']}") == instalment


def test_the_full_read_has_nothing_of_ours_but_the_texts_of_the_instalment(office: Office) -> None:
    created = office.create(
        descricao="sem marca", referencia_externa="ALC-ONLYREF", observacao="ALC-ONLYNOTE"
    )
    [instalment] = office.get(f"{EVENTS}/{created['id']}/parcelas")
    assert "ALC-7F3K2Q" in instalment["descricao"]
    assert "ALC-ONLY" not in str(instalment)
    assert office.person not in str(instalment)
