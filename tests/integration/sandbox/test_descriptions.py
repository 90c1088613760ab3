"""The sandbox against the published descriptions, both ways."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from integration.sandbox.descriptions import (
    Finding,
    Operation,
    filled,
    findings,
    operation,
    operations,
    resolved,
)
from integration.sandbox.divergences import ALWAYS_EMPTY, ANSWERS, REQUESTS, Row
from integration.sandbox.office import EVENTS, JULY, PAYABLES, RECEIVABLES, UNKNOWN, Office, only_instalment
from integration.sandbox.test_correcting import settlement
from integration.sandbox.test_registers import supplier

from conta_azul_sandbox.coverage import BEHAVIOURS_NOT_SIMULATED, NOT_SIMULATED, NOT_SIMULATED_UNDESCRIBED
from conta_azul_sandbox.routes import ROUTES
from conta_azul_sandbox.testing import RunningSandbox

PAGE = "pagina=1&tamanho_pagina=50"
YEAR = "data_inicio=2026-01-01T00:00:00&data_fim=2026-12-31T00:00:00"
DUE = "data_vencimento_de=2020-01-01&data_vencimento_ate=2030-01-01"
SERVED = {(route.method, route.pattern) for route in ROUTES}


def served() -> list[Operation]:
    return [each for each in operations() if (each.method, each.path) in SERVED]


class Recorder:
    """Makes calls and compares each answer with its description."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.findings: set[Finding] = set()
        self.exercised: set[str] = set()
        self.filled: set[str] = set()
        self.documented: set[str] = set()

    def __call__(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = self.office.call(method, path, body)
        described = operation(method, path.partition("?")[0])
        if str(status) not in described.statuses:
            self.findings.add(Finding(described.name, "", f"status {status}"))
        if status < 300:
            self._compare(described, answer)
        return answer

    def _compare(self, described: Operation, answer: Any) -> None:
        self.exercised.add(described.name)
        schema = described.answer_schema()
        if schema is None:
            return
        if described.path.startswith(f"{EVENTS}/contas-a-") and "condicao_pagamento" in answer:
            self.findings.add(Finding(described.name, "", "other body"))
            described = operation("POST", described.path.replace("/eventos-financeiros", ""))
            schema = described.answer_schema()
            assert schema
        self.findings |= findings(described.name, schema, described.root, answer)
        self.filled |= filled(answer)
        self.documented |= set(_names(schema, described.root))


def _names(
    schema: dict[str, Any], root: dict[str, Any], inside: frozenset[str] = frozenset()
) -> Iterator[str]:
    """Names of all documented fields; a schema inside itself is not entered again."""
    reference = schema.get("$ref", "")
    if reference and reference in inside:
        return
    inside = inside | {reference}
    schema = resolved(schema, root)
    for name, inner in schema.get("properties", {}).items():
        yield name
        # What is inside something that is never there cannot be there either.
        if name not in ALWAYS_EMPTY:
            yield from _names(inner, root, inside)
    if "items" in schema:
        yield from _names(schema["items"], root, inside)


def tell_the_whole_story(office: Office, call: Recorder) -> None:
    """Every served operation once at least, with as many fields filled as can be."""
    read_registers(office, call)
    change_people(office, call)
    payable = call("POST", PAYABLES, office.payable())
    receivable = call("POST", RECEIVABLES, office.receivable())
    first, second = only_instalment(payable), only_instalment(receivable)
    correct_and_settle(office, call, first, second)
    call("GET", f"{PAYABLES}?{JULY}&{PAGE}")
    call("GET", f"{RECEIVABLES}?{JULY}")
    for kind in ("contas-a-pagar", "contas-a-receber"):
        call("GET", f"{EVENTS}/{kind}/buscar?{DUE}&{PAGE}")
    call("GET", f"{EVENTS}/{payable['id']}/parcelas")
    call("GET", f"{EVENTS}/{UNKNOWN}/parcelas")
    call("GET", f"/v1/financeiro/parcelas?id_evento={payable['id']}")
    call("GET", f"{EVENTS}/alteracoes?{YEAR}")
    call("GET", f"{EVENTS}/saldo-inicial?{YEAR}")
    create_the_older_way(office, call)
    office.sandbox.act(office.id, "block_plan")
    call("GET", f"/v1/categorias?{PAGE}")


def read_registers(office: Office, call: Recorder) -> None:
    call("GET", "/v1/pessoas/conta-conectada")
    call("GET", f"/v1/centro-de-custo?{PAGE}")
    call("POST", "/v1/centro-de-custo", {"nome": "Obra", "codigo": "9"})
    call("GET", f"/v1/categorias?{PAGE}")
    call("GET", "/v1/categorias/configuracao-padrao")
    call("GET", "/v1/financeiro/categorias-dre")
    call("GET", "/v1/conta-financeira")
    call("GET", f"/v1/conta-financeira/{office.account}/saldo-atual")
    call("GET", "/v1/financeiro/transferencias")


def change_people(office: Office, call: Recorder) -> None:
    address = {
        "logradouro": "Rua A",
        "numero": "1",
        "bairro": "Centro",
        "cidade": "Joinville",
        "estado": "SC",
    }
    address |= {"id": "1", "id_cidade": 1, "complemento": "sala 2", "cep": "89200-000", "pais": "Brasil"}
    contact = dict.fromkeys(["nome", "cargo", "email", "telefone_celular", "telefone_comercial"], "x")
    tax = {"indicador_inscricao_estadual": "ISENTO"}
    tax |= dict.fromkeys(["inscricao_estadual", "inscricao_municipal", "inscricao_suframa"], "1")
    texts = dict.fromkeys(["codigo", "rg", "telefone_celular", "telefone_comercial", "observacao"], "1")
    person = supplier(
        **texts,
        nome_fantasia="Papelaria",
        data_nascimento="1990-01-01",
        enderecos=[address],
        outros_contatos=[contact],
        inscricoes=[tax],
        contato_cobranca_faturamento={"emails": ["a@b.example"]},
        optante_simples=True,
        agencia_publica=True,
    )
    identity = call("POST", "/v1/pessoas", person)["id"]
    read = call("GET", f"/v1/pessoas/{identity}")
    call("GET", f"/v1/pessoas/legado/{read['pessoas_legado'][0]['uuid']}")
    call("PUT", f"/v1/pessoas/{identity}", person)
    call("PATCH", f"/v1/pessoas/{identity}", {"nome": "Outro"})
    call("GET", "/v1/pessoas?com_endereco=true")
    call("GET", "/v1/pessoas?busca=ninguem")
    for verb in ("inativar", "ativar", "excluir"):
        call("POST", f"/v1/pessoas/{verb}", {"uuids": [identity]})


def correct_and_settle(office: Office, call: Recorder, first: str, second: str) -> None:
    call("GET", f"{EVENTS}/parcelas/{UNKNOWN}")
    call("PATCH", f"{EVENTS}/parcelas/{first}", {"nota": "sem versão"})
    change = {"versao": 1, "data_pagamento_esperado": "2027-07-09", "nsu": "77", "pagamento_agendado": False}
    call("PATCH", f"{EVENTS}/parcelas/{first}", {**change, "perda": {"data": "2027-07-09", "valor": 0.5}})
    call("PATCH", f"/v1/financeiro/parcelas/{second}", {"versao": 1, "nota": "outra"})
    paid = call("POST", f"{EVENTS}/parcelas/{first}/baixa", settlement(office))
    call("GET", f"{EVENTS}/parcelas/{first}/baixa")
    one = f"{EVENTS}/parcelas/baixa/{paid['id']}"
    call("GET", one)
    call("PATCH", one, {"observacao": "sem versão"})
    call("PATCH", one, {"observacao": "outra", "versao": 1})
    call("GET", f"{EVENTS}/parcelas/{first}")
    call("GET", f"/v1/financeiro/parcelas/{first}")
    more = call("POST", f"{EVENTS}/parcelas/{first}/baixa", settlement(office, 1))
    call("DELETE", f"{EVENTS}/parcelas/baixa/{more['id']}")
    call("GET", f"{EVENTS}/parcelas/baixa/{more['id']}")


def create_the_older_way(office: Office, call: Recorder) -> None:
    sale = [{"id_categoria": office.category("Venda de mercadorias"), "valor": 1500.50}]
    bodies = {"contas-a-pagar": office.older(), "contas-a-receber": office.older(rateio=sale)}
    for kind, body in bodies.items():
        call("POST", f"{EVENTS}/{kind}", body)
    office.sandbox.settings(old_creation="protocol", protocol_seconds=0)
    for kind, body in bodies.items():
        receipt = call("POST", f"{EVENTS}/{kind}", body)
    call("GET", f"/v1/protocolo/{receipt['protocolo']}")
    office.sandbox.settings(old_creation="created")


@pytest.fixture(scope="module")
def story(server: RunningSandbox) -> Recorder:
    office = Office(server, server.reset(companies=2)["companies"])
    call = Recorder(office)
    tell_the_whole_story(office, call)
    return call


def test_the_comparison_sees_what_it_should() -> None:
    described = operation("POST", "/v1/centro-de-custo")
    schema = described.answer_schema()
    assert schema
    right = {"id": UNKNOWN, "codigo": None, "nome": "Obra", "ativo": True}

    def kinds(**changes: Any) -> set[tuple[str, str]]:
        answer = {name: value for name, value in {**right, **changes}.items() if value != "absent"}
        return {(each.where, each.kind) for each in findings("x", schema, described.root, answer)}

    assert kinds() == set()
    assert kinds(extra=1, nome="absent") == {("extra", "undocumented"), ("nome", "absent")}
    assert kinds(id="7", ativo="sim", nome=None) == {("id", "format"), ("ativo", "type"), ("nome", "null")}


def test_every_served_operation_was_compared(story: Recorder) -> None:
    assert {each.name for each in served()} == story.exercised


def test_answers_part_from_the_descriptions_only_where_listed(story: Recorder) -> None:
    _compare_with_rows({(each.operation, each.where, each.kind) for each in story.findings}, ANSWERS)


def test_every_documented_field_carries_a_value_somewhere_but_those_listed(story: Recorder) -> None:
    assert story.documented - story.filled == ALWAYS_EMPTY


def _compare_with_rows(found: set[tuple[str, str, str]], rows: tuple[Row, ...]) -> None:
    unlisted = [each for each in sorted(found) if not any(row.covers(*each) for row in rows)]
    assert unlisted == []
    assert [row for row in rows if not any(row.covers(*each) for each in found)] == []


def test_requests_part_from_the_descriptions_only_where_listed(office: Office) -> None:
    found = {
        *_bodies_that_differ(office),
        *_required_parameters_that_differ(office),
        *_parameters_that_differ(),
    }
    _compare_with_rows(found, REQUESTS)


def _parameters_that_differ() -> Iterator[tuple[str, str, str]]:
    """Which query parameters a route knows, against which are described."""
    for described in served():
        [route] = [
            each for each in ROUTES if (each.method, each.pattern) == (described.method, described.path)
        ]
        for name in route.query - set(described.query()):
            yield described.name, name, "undescribed"
        for name in set(described.query()) - route.query:
            yield described.name, name, "unknown"


def _required_parameters_that_differ(office: Office) -> Iterator[tuple[str, str, str]]:
    """Leave each required parameter out in turn."""
    for described in served():
        given = {name: _example(each) for name, each in described.query().items() if each.get("required")}
        for left_out in given:
            query = "&".join(f"{name}={value}" for name, value in given.items() if name != left_out)
            if office.call(described.method, f"{described.path}?{query}")[0] < 300:
                yield described.name, left_out, "spared"


def _example(parameter: dict[str, Any]) -> str:
    name = str(parameter["name"])
    if name.startswith("data_vencimento"):
        return "2027-07-10"
    return {"data_inicio": "2026-01-01T00:00:00", "data_fim": "2026-02-01T00:00:00", "pagina": "1"}.get(
        name, "true" if parameter["schema"].get("type") == "boolean" else "10"
    )


def _bodies_that_differ(office: Office) -> Iterator[tuple[str, str, str]]:
    """Leave each field of each body out in turn: refused where it is required, taken where it is not."""
    instalment = only_instalment(office.create())
    sale = [{"id_categoria": office.category("Venda de mercadorias"), "valor": 1500.50}]
    bodies = {
        PAYABLES: office.payable(),
        RECEIVABLES: office.receivable(),
        f"{EVENTS}/contas-a-pagar": office.older(),
        f"{EVENTS}/contas-a-receber": office.older(rateio=sale),
        f"{EVENTS}/parcelas/{instalment}/baixa": settlement(office, 0.01),
        "/v1/pessoas": supplier(),
        "/v1/centro-de-custo": {"nome": "Obra", "codigo": "1"},
    }
    for path, body in bodies.items():
        described = operation("POST", path)
        schema = described.body_schema()
        assert schema
        for steps, required in _fields(schema, described.root, body):
            taken = office.call("POST", path, _without(body, steps))[0] < 300
            if taken == required:
                where = ".".join("[]" if isinstance(step, int) else step for step in steps)
                yield described.name, where, "spared" if taken else "needed"


Steps = tuple[str | int, ...]


def _fields(
    schema: dict[str, Any], root: dict[str, Any], body: Any, at: Steps = ()
) -> Iterator[tuple[Steps, bool]]:
    """Each field of the body that is described, with whether it is required."""
    schema = resolved(schema, root)
    if isinstance(body, list):
        for position, each in enumerate(body):
            yield from _fields(schema["items"], root, each, (*at, position))
        return
    if not isinstance(body, dict):
        return
    for name, value in body.items():
        inner = schema.get("properties", {}).get(name)
        assert inner is not None, f"{name} is not described"
        yield (*at, name), name in schema.get("required", ())
        yield from _fields(inner, root, value, (*at, name))


def _without(body: Any, steps: Steps) -> Any:
    copied = copy.deepcopy(body)
    inside = copied
    for step in steps[:-1]:
        inside = inside[step]
    del inside[steps[-1]]
    return copied


def test_every_documented_path_is_served_or_listed_as_not_simulated() -> None:
    prefixes = [prefix for prefix, _why in NOT_SIMULATED]
    left = [each.path for each in operations() if (each.method, each.path) not in SERVED]
    covered = {path: [prefix for prefix in prefixes if _below(path, prefix)] for path in left}
    assert [path for path, by in covered.items() if not by] == []
    assert set(prefixes) == {prefix for by in covered.values() for prefix in by}


def test_nothing_is_both_served_and_not_simulated() -> None:
    for prefix, _why in (*NOT_SIMULATED, *NOT_SIMULATED_UNDESCRIBED):
        assert [path for _method, path in SERVED if _below(path, prefix)] == []


def _below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")


def test_every_served_route_is_described() -> None:
    assert {(each.method, each.path) for each in served()} == SERVED


def test_the_page_names_all_that_is_not_simulated() -> None:
    page = " ".join((Path(__file__).parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8").split())
    for prefix, why in (*NOT_SIMULATED, *NOT_SIMULATED_UNDESCRIBED):
        assert f"`{prefix}`: {why}" in page
    for behaviour in BEHAVIOURS_NOT_SIMULATED:
        assert f"- {behaviour}" in page
