"""A file makes companies, accounts, people, rules, usual values, mappings: once, whole or its good lines; by whom."""

from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from integration.connections.office import REDIRECT

from alcada.connections import (
    actions,
    authorisation,
    consent_links,
    directory_sync,
    prepared,
    remote,
    standing,
)
from alcada.connections.bulk import imports
from alcada.connections.models import BulkImport, Connection, Prepared, Routing, RoutingRule
from alcada.directory.models import Category, Defaults
from alcada.history.models import Record
from alcada.history.queries import breaks, of
from alcada.people import queries as people
from alcada.people.models import Company, Role, User

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, SECOND = "11.222.333/0001-81", "12.ABC.345/01DE-35"
HEADER = (
    "o que;cnpj;empresa;conta;responsável;e-mail do responsável;solicitantes;aprovadores;categoria habitual a pagar;"
    "conta financeira habitual;ordem;regra;tipo;categoria;valor acima de;recusa;cadastro;nome aqui;nome no conta azul"
)
NAMES = HEADER.split(";")


def row(**cells: str) -> str:
    return ";".join(cells.get(name, "") for name in NAMES)


def account(
    document: str = FIRST, company: str = "Padaria Aurora Ltda", conta: str = "Matriz", **more: str
) -> str:
    return row(**{"o que": "conta", "cnpj": document, "empresa": company, "conta": conta, **more})


def rule(ordem: str, document: str = FIRST, conta: str = "Matriz", **more: str) -> str:
    return row(**{"o que": "regra", "cnpj": document, "conta": conta, "ordem": ordem, **more})


def csv(*lines: str) -> bytes:
    return "\r\n".join([HEADER, *lines]).encode("utf-8-sig")


def make(by: User, *lines: str, only_good: bool = False) -> BulkImport:
    found = imports.look_at(csv(*lines), name="contas.csv", by=by)
    imports.start(found, only_good=only_good)
    found.refresh_from_db()
    return found


def outcomes(found: BulkImport) -> list[str]:
    return [verdict["outcome"] for verdict in found.report]


def problems(found: BulkImport) -> list[tuple[int, str, str]]:
    return [(v["line"], p["code"], p["column"]) for v in found.report for p in v["problems"]]


def everything() -> dict[str, Any]:
    """All that a file could have made."""
    return {
        model.__name__: list(model.objects.order_by("pk").values())
        for model in (Company, Connection, User, Prepared, Routing, RoutingRule, Defaults, Record)
    }


def test_looking_at_a_file_makes_nothing(installer: User) -> None:
    before = everything()
    found = imports.look_at(
        csv(account(), rule("10", **{"valor acima de": "1,00"})), name="a.csv", by=installer
    )
    assert outcomes(found) == ["made", "made"]
    assert everything() == before


def test_a_file_makes_companies_accounts_and_people(installer: User) -> None:
    found = make(
        installer,
        account(
            responsável="Marta Reis",
            **{"e-mail do responsável": "marta@exemplo.com.br"},
            solicitantes="ana@exemplo.com.br",
            aprovadores="Bruno Lima <bruno@exemplo.com.br>",
        ),
        account(conta="Loja"),
        account(SECOND, "Oficina Horizonte Ltda", ""),
    )
    assert (found.state, outcomes(found), bytes(found.content)) == ("done", ["made"] * 3, b"")
    first, second = Company.objects.order_by("pk")
    assert (first.name, second.document) == ("Padaria Aurora Ltda", "12ABC34501DE35")
    names = Connection.objects.order_by("pk").values_list(
        "company__name", "name", "owner_name", "owner_email"
    )
    assert list(names) == [
        (first.name, "Matriz", "Marta Reis", "marta@exemplo.com.br"),
        (first.name, "Loja", "", ""),
        (second.name, second.name, "", ""),
    ]
    bruno = User.objects.get(email="bruno@exemplo.com.br")
    assert (bruno.name, bruno.has_usable_password()) == ("Bruno Lima", False)
    assert people.roles_of(bruno, first) == [Role.APPROVER]
    assert people.roles_of(installer, first) == [Role.ADMINISTRATOR]
    events = [record.event for record in of(first)]
    assert events == ["company.created", "person.role_given", "person.role_given", "person.role_given"]
    assert not list(breaks())


def test_the_same_file_again_changes_nothing(installer: User) -> None:
    lines = [
        account(
            responsável="Marta",
            solicitantes="ana@exemplo.com.br",
            **{"categoria habitual a pagar": "Aluguel"},
        ),
        rule("10", regra="Altas", **{"valor acima de": "5.000,00"}),
        rule("20", regra="Aluguéis", categoria="Aluguel", tipo="a pagar"),
        rule("padrão"),
        row(
            **{
                "o que": "de-para",
                "cnpj": FIRST,
                "cadastro": "categoria a pagar",
                "nome aqui": "Aluguel",
                "nome no conta azul": "Aluguéis",
            }
        ),
    ]
    first = make(installer, *lines)
    assert outcomes(first) == ["made"] * 5
    before = everything()
    again = make(installer, *lines)
    assert outcomes(again) == ["left"] * 5
    assert everything() == before


def test_a_line_that_says_otherwise_changes_that_and_nothing_else(installer: User) -> None:
    make(installer, account(), rule("10", regra="Altas", **{"valor acima de": "5.000,00"}))
    found = make(
        installer,
        account(company="Padaria Aurora S/A", aprovadores="bruno@exemplo.com.br"),
        rule("10", regra="Altas", **{"valor acima de": "9.000,00"}),
    )
    assert outcomes(found) == ["changed", "changed"]
    assert Company.objects.get().name == "Padaria Aurora S/A"
    assert RoutingRule.objects.get().conditions["rows"] == [
        {"field": "amount", "is": ">", "value": "9000.00"}
    ]
    assert Connection.objects.count() == 1


BAD = [
    account(),
    account(SECOND, "x" * 201),
    account("11.222.333/0001-82", "Errada"),
    account(company="=1+1", conta="Loja"),
    account(conta="matriz"),
    rule("10", SECOND, **{"valor acima de": "1,00"}),
    rule("10", conta="Outra", **{"valor acima de": "1,00"}),
    rule("20", regra="Altas", **{"valor acima de": "1,00"}),
    rule("30", regra="Altas", **{"valor acima de": "2,00"}),
    rule("20", regra="Outras", **{"valor acima de": "2,00"}),
]
WRONG = [
    (3, "too_long", "company"),
    (4, "document_check_digits", "document"),
    (5, "formula", "company"),
    (6, "twice", "account"),
    (7, "company_unknown", "document"),
    (8, "account_unknown", "account"),
    (10, "twice", "name"),
    (11, "twice", "order"),
]


def test_all_or_nothing(installer: User) -> None:
    before = everything()
    found = make(installer, *BAD)
    assert (found.state, problems(found)) == ("refused", WRONG)
    assert everything() == before


def test_the_good_lines_alone(installer: User) -> None:
    found = make(installer, *BAD, only_good=True)
    assert (found.state, problems(found)) == ("done", WRONG)
    assert Company.objects.get().name == "Padaria Aurora Ltda"
    assert Connection.objects.get().name == "Matriz"
    assert RoutingRule.objects.get().name == "Altas"
    # Corrected, the rest follows and what was made is recognised.
    again = make(
        installer,
        account(),
        account(SECOND, "Oficina"),
        rule("20", regra="Altas", **{"valor acima de": "1,00"}),
    )
    assert outcomes(again) == ["left", "made", "left"]


def test_somebody_elses_company_is_not_changed(installer: User, clara: User, company: Company) -> None:
    """An administrator of the installation has no rights in a company that is somebody else's."""
    before = everything()
    found = make(
        installer,
        account(company.document, "Outro Nome", administradores=installer.email),
        rule("padrão", company.document),
        only_good=True,
    )
    assert [code for _line, code, _column in problems(found)] == ["not_administered", "not_administered"]
    assert everything() == before
    company.memberships.create(user=installer, role=Role.ADMINISTRATOR)
    assert make(installer, account(company.document, company.name)).state == "done"


def test_whose_access_was_ended_gets_no_role(installer: User) -> None:
    User.objects.create_user(email="ana@exemplo.com.br", name="Ana", is_active=False)
    found = make(installer, account(solicitantes="ana@exemplo.com.br"))
    assert problems(found) == [(2, "person_inactive", "requesters")]


@pytest.mark.parametrize("when", ["access ended", "company made"])
def test_what_changes_while_a_file_is_made_has_the_plan_made_anew(
    installer: User, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    ana = User.objects.create_user(email="ana@exemplo.com.br", name="Ana")
    planned = imports._plan

    def meanwhile(data: bytes, by: User) -> Any:
        found = planned(data, by)
        monkeypatch.setattr(imports, "_plan", planned)  # once, between the plan and what is made of it
        other = Thread(target=change)
        other.start()
        other.join()
        return found

    def change() -> None:
        """Somebody else, on a connection of their own."""
        if when == "access ended":
            User.objects.filter(pk=ana.pk).update(is_active=False)
        else:
            Company.objects.create(name="De outro", document="11222333000181")
        imports.connection.close()

    found = imports.look_at(
        csv(account(solicitantes=ana.email), account(SECOND, "Oficina")), name="a.csv", by=installer
    )
    monkeypatch.setattr(imports, "_plan", meanwhile)
    imports.start(found, only_good=True)
    found.refresh_from_db()
    code = {"access ended": "person_inactive", "company made": "not_administered"}[when]
    assert [problem[1] for problem in problems(found)] == [code]
    assert (found.state, Connection.objects.get().company.name) == ("done", "Oficina")


def test_rules_stand_in_the_files_order_among_those_that_people_made(installer: User) -> None:
    make(installer, account(), rule("30", regra="C", **{"valor acima de": "3,00"}))
    company, connection = Company.objects.get(), Connection.objects.get()
    from alcada.connections import routing_actions

    routing_actions.add_rule(
        company,
        name="De mão",
        conditions={"match": "all", "rows": [{"field": "amount", "is": ">", "value": "7.00"}]},
        target=routing_actions.Target(connection),
        version=Routing.objects.get().version,
        by=installer,
    )
    make(
        installer,
        rule("20", regra="B", **{"valor acima de": "2,00"}),
        rule("10", regra="A", **{"valor acima de": "1,00"}),
    )
    names = list(RoutingRule.objects.order_by("order").values_list("order", "name"))
    assert names == [(1, "A"), (2, "De mão"), (3, "B"), (4, "C")]
    assert outcomes(make(installer, rule("5", regra="C", **{"valor acima de": "3,00"}))) == ["changed"]
    assert list(RoutingRule.objects.order_by("order").values_list("name", flat=True)) == [
        "C",
        "De mão",
        "A",
        "B",
    ]


def test_a_rule_may_refuse_and_the_default_too(installer: User) -> None:
    make(
        installer,
        account(),
        rule("10", conta="", regra="Folha", categoria="Salários", recusa="Folha é com a Marta"),
        rule("padrão", conta="", recusa="Pergunte ao controller"),
    )
    assert Routing.objects.get().default_refusal == "Pergunte ao controller"
    assert Prepared.objects.get(key="Folha").done_at is None  # no categories are known yet


# --- With accounts -------------------------------------------------------------------------------------------


@pytest.fixture
def theirs(sandbox: Any, installer: User, settings: Any) -> Any:
    """The sandbox has an account for each of the two companies, and another one for the first."""
    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
    standing.forget()
    remote.forget()
    sandbox.reset(companies=[{"name": "Padaria Aurora Ltda", "document": "11222333000181"}])
    sandbox.application("our-app", "our-secret", [REDIRECT])
    actions.register_application(
        by=installer, client_id="our-app", client_secret="our-secret", redirect_uri=REDIRECT
    )
    return sandbox


def connect(sandbox: Any, connection: Connection, by: User) -> None:
    """As the owner does, by the link."""
    (made,) = consent_links.make([connection], by=by)
    address = authorisation.begin(by=made.link, connection=connection)
    state = parse_qs(urlsplit(address).query)["state"][0]
    (company,) = [
        each for each in sandbox.state()["companies"] if each["document"] == connection.company.document
    ]
    authorisation.finish(
        by=made.link, state=state, code=sandbox.codes(company["id"], "our-app", REDIRECT)["code"]
    )


NAMED = [
    account(**{"categoria habitual a pagar": "Internet", "conta financeira habitual": "Itaú Empresas"}),
    rule("10", regra="Aluguéis", categoria="Ocupação > Aluguel"),
    rule("20", regra="Com erro", categoria="Aluguél Antigo"),
    row(
        **{
            "o que": "de-para",
            "cnpj": FIRST,
            "cadastro": "categoria a pagar",
            "nome aqui": "Honorários",
            "nome no conta azul": "Contabilidade",
        }
    ),
]


def test_what_names_the_account_waits_for_its_first_fetch_and_is_done_then(
    theirs: Any, installer: User
) -> None:
    found = make(installer, *NAMED)
    assert found.state == "done"
    assert not RoutingRule.objects.exists()
    assert not Defaults.objects.exists()
    connection = Connection.objects.get()
    connect(theirs, connection, installer)
    directory_sync.fetch(connection.pk)
    rent = Category.objects.get(name="Aluguel")
    assert RoutingRule.objects.get().conditions["rows"] == [
        {"field": "category", "is": "=", "value": str(rent.pk)}
    ]
    defaults = Defaults.objects.get(kind="payable")
    assert (str(defaults.category), str(defaults.bank_account)) == ("Ocupação › Internet", "Itaú Empresas")
    books = Category.objects.get(name="Honorários")
    mapped = connection.counterparts.get(category=books)
    assert (mapped.remote_name, mapped.match, mapped.confirmed_by) == ("Contabilidade", "chosen", installer)
    directory_sync.fetch(connection.pk)  # and stays so
    assert connection.counterparts.get(category=books, active=True).remote_name == "Contabilidade"
    assert Category.objects.filter(name="Honorários").count() == 1
    # What can't be done says so on the connection's page, and can be given up.
    item = Prepared.objects.get(done_at=None)
    assert (item.key, item.problem) == ("Com erro", {"code": "no_category", "name": "Aluguél Antigo"})
    browser = Client()
    browser.force_login(installer)
    address = f"/connections/{connection.pk}"
    assert "Aluguél Antigo" in browser.get(address).content.decode()
    told = f'<a href="{address}">Padaria Aurora Ltda</a>'  # the list leads there
    assert told in browser.get("/connections").content.decode()
    assert browser.post(f"/connections/{connection.pk}/prepared/{item.pk}/drop").status_code == 302
    assert not Prepared.objects.filter(done_at=None).exists()
    assert prepared.undone(connection) == []
    assert told not in browser.get("/connections").content.decode()


def test_once_fetched_a_file_is_done_at_once_and_wrong_names_are_told(theirs: Any, installer: User) -> None:
    make(installer, account())
    connection = Connection.objects.get()
    connect(theirs, connection, installer)
    directory_sync.fetch(connection.pk)
    found = make(installer, *NAMED, only_good=True)
    assert problems(found) == [(4, "no_category", "category")]
    assert outcomes(found) == ["changed", "made", "refused", "changed"]
    assert RoutingRule.objects.get().name == "Aluguéis"
    before = everything()
    assert outcomes(make(installer, *NAMED, only_good=True)) == ["left", "left", "refused", "left"]
    assert everything() == before


CARD = row(
    **{
        "o que": "de-para",
        "cnpj": FIRST,
        "cadastro": "conta financeira",
        "nome aqui": "Banco do Brasil",
        "nome no conta azul": "Receba Fácil Cartão",
    }
)


def test_a_mapping_to_what_can_not_be_it_is_told_before_and_after_the_fetch(
    theirs: Any, installer: User
) -> None:
    """That account takes no payables; ours does."""
    assert outcomes(make(installer, account(), CARD)) == ["made", "made"]
    connection = Connection.objects.get()
    connect(theirs, connection, installer)
    directory_sync.fetch(connection.pk)
    item = Prepared.objects.get()
    assert (item.done_at, item.problem["code"]) == (None, "not_fitting")
    assert problems(make(installer, CARD, only_good=True)) == [(2, "not_fitting", "there")]


# --- Pages ---------------------------------------------------------------------------------------------------


@pytest.fixture
def browser(installer: User) -> Client:
    browser = Client()
    browser.force_login(installer)
    return browser


def upload(data: bytes, name: str = "contas.csv") -> dict[str, Any]:
    return {"file": SimpleUploadedFile(name, data, "text/csv")}


def test_the_pages_look_first_then_make(browser: Client) -> None:
    looked = browser.post("/companies/bulk", upload(csv(*BAD)))
    address = looked.headers["Location"]
    page = browser.get(address).content.decode()
    assert "dígitos verificadores" in page  # the sentence beside line 4
    assert not Company.objects.exists()
    assert browser.get(f"{address}/make").status_code == 405
    assert browser.post(f"{address}/make", {"which": "good"}).status_code == 302
    assert Company.objects.count() == 1
    browser.post(f"{address}/make", {"which": "good"})  # pressed twice
    assert Company.objects.count() == 1
    narrowed = browser.get(f"{address}?outcome=refused").content.decode()
    assert narrowed.count("<tr>") == len(WRONG) + 1


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"x" * (2 * 1024 * 1024 + 1), b"a;b\n1;2\n"])
def test_a_file_that_cant_be_read_is_refused_beside_its_field(browser: Client, data: bytes) -> None:
    answer = browser.post("/companies/bulk", upload(data))
    assert answer.status_code == 422
    assert 'aria-describedby="file-error"' in answer.content.decode()
    assert not BulkImport.objects.exists()


def test_the_report_holds_no_formula(browser: Client, installer: User) -> None:
    found = make(installer, account(company='=cmd|"/c calc"!A1'), account(SECOND, "@SUM(1)"), only_good=True)
    text = browser.get(f"/companies/bulk/{found.pk}/report.csv").content.decode("utf-8-sig")
    cells = [cell.strip('"') for line in text.splitlines() for cell in line.split(";")]
    assert "'=cmd|" in text
    assert not [cell for cell in cells if cell.startswith(("=", "@", "+", "-"))]


def test_the_template_goes_in_as_it_comes_out(browser: Client) -> None:
    data = browser.get("/companies/bulk/template.csv").content
    answer = browser.post("/companies/bulk", upload(data))
    assert answer.status_code == 302
    assert outcomes(BulkImport.objects.get()) == ["made"] * 4


def test_only_administrators_of_the_installation_and_each_their_own(
    browser: Client, installer: User, clara: User
) -> None:
    found = imports.look_at(csv(account()), name="a.csv", by=installer)
    other = Client()
    other.force_login(clara)
    for path in ("/companies/bulk", f"/companies/bulk/{found.pk}", "/companies/bulk/template.csv"):
        assert other.get(path).status_code == 403
    assert other.post(f"/companies/bulk/{found.pk}/make").status_code == 403
    clara.is_administrator = True
    clara.save()
    assert other.get(f"/companies/bulk/{found.pk}").status_code == 404
    assert other.post(f"/companies/bulk/{found.pk}/make").status_code == 404


def many(number: int) -> list[str]:
    return [account(_cnpj(each), f"Empresa {each:04}") for each in range(1, number + 1)]


def _cnpj(number: int) -> str:
    from stdnum.br import cnpj

    base = f"{number:08}0001"
    return base + cnpj.calc_check_digits(base)


def test_a_long_file_is_made_by_a_worker_and_its_page_follows(browser: Client, installer: User) -> None:
    found = imports.look_at(csv(*many(imports.AT_ONCE + 1)), name="longa.csv", by=installer)
    browser.post(f"/companies/bulk/{found.pk}/make", {"which": "all"})
    found.refresh_from_db()
    assert (found.state, Company.objects.count()) == ("queued", 0)
    going = browser.get(f"/companies/bulk/{found.pk}/progress")
    assert "hx-trigger" in going.content.decode()
    assert "HX-Refresh" not in going.headers
    imports.run(found.pk)
    imports.run(found.pk)  # the job a second time
    found.refresh_from_db()
    assert (found.state, Company.objects.count(), found.progress) == (
        "done",
        imports.AT_ONCE + 1,
        found.total,
    )
    assert browser.get(f"/companies/bulk/{found.pk}/progress").headers["HX-Refresh"] == "true"


def test_the_progress_of_what_is_not_yet_committed_is_seen(
    installer: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = imports.look_at(csv(*many(imports.AT_ONCE + 1)), name="longa.csv", by=installer)
    imports.start(found, only_good=False)
    seen: list[tuple[int, int]] = []
    write = imports._Progress._write

    def watched(progress: Any) -> None:
        write(
            progress
        )  # all of it; then looked at on this thread's own connection, before the other one commits
        seen.append((BulkImport.objects.get(pk=found.pk).progress, Company.objects.count()))
        imports.connection.close()

    monkeypatch.setattr(imports._Progress, "_write", watched)
    imports.run(found.pk)
    assert seen == [(imports.AT_ONCE + 1, 0)]
    assert Company.objects.count() == imports.AT_ONCE + 1


def test_a_file_that_was_not_made_is_forgotten_after_a_day(installer: User) -> None:
    from datetime import timedelta

    from django.utils import timezone

    imports.look_at(csv(account()), name="a.csv", by=installer)
    BulkImport.objects.update(created_at=timezone.now() - timedelta(days=2))
    imports.look_at(csv(account()), name="b.csv", by=installer)
    assert BulkImport.objects.get().file_name == "b.csv"
