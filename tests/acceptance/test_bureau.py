"""A bureau sets up three companies from a CSV; their owners, who are no users, connect them; what it named is done."""

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from browser.helpers import assert_good, sign_in
from playwright.sync_api import expect

from alcada.connections import actions, directory_sync, remote, standing
from alcada.connections.models import Connection, ConsentLink, Prepared, RoutingRule
from alcada.directory.models import Category, Defaults
from alcada.history.queries import of
from alcada.people.models import Company, User

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from conta_azul_sandbox.testing import RunningSandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ELSEWHERE = "https://www.contaazul.com"
OWNERS = ("Marta Reis", "Nilo Sá", "Olga Pinto")


@pytest.fixture
def bureau(transactional_db: None, sandbox: "RunningSandbox", live: str, settings: Any) -> User:
    """Inês administers the installation; the sandbox has three companies that are not here yet."""
    settings.ALCADA_URL = live
    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    standing.forget()
    remote.forget()
    sandbox.reset(companies=3)
    return User.objects.create_user(
        email="ines@exemplo.com.br", name="Inês Prado", password="x", is_administrator=True
    )


def register(by: User, sandbox: "RunningSandbox", address: str) -> None:
    sandbox.application("our-app", "our-secret", [address], demo=True)
    actions.register_application(by=by, client_id="our-app", client_secret="our-secret", redirect_uri=address)


def written(sandbox: "RunningSandbox", to: Path) -> Path:
    """Three accounts with their owners, a rule, a default and a mapping each; and one line with a wrong CNPJ."""
    columns = [
        "o que",
        "cnpj",
        "empresa",
        "conta",
        "responsável",
        "categoria habitual a pagar",
        "ordem",
        "regra",
    ]
    columns += ["categoria", "cadastro", "nome aqui", "nome no conta azul"]
    rows = []
    for books, owner in zip(sandbox.state()["companies"], OWNERS, strict=True):
        number, name = books["document"], books["name"]
        rows += [
            ["conta", number, name, "Matriz", owner, "Internet"],
            ["regra", number, "", "Matriz", "", "", "10", "Aluguéis", "Aluguel"],
            ["regra", number, "", "Matriz", "", "", "padrão"],
            [
                "de-para",
                number,
                "",
                "Matriz",
                "",
                "",
                "",
                "",
                "",
                "categoria a pagar",
                "Honorários",
                "Contabilidade",
            ],
        ]
    rows.append(["conta", "11.222.333/0001-82", "Número Errado Ltda", "Matriz"])
    with to.open("w", encoding="latin-1", newline="") as file:
        csv.writer(file, delimiter=";").writerows([columns, *rows])
    return to


def consent(page: "Page", company: str) -> None:
    """What the owner does at Conta Azul: sign in, choose the company, agree."""
    page.get_by_label("E-mail").fill("contador@sandbox.example")
    page.get_by_label("Senha").fill("sandbox")
    page.get_by_role("button", name="Entrar").click()
    page.get_by_label(company).check()
    page.get_by_role("button", name="Autorizar").click()


def links_of(page: "Page", live: str) -> dict[str, str]:
    """The table that the bureau downloads: each company's link."""
    page.goto(f"{live}/connections/links")
    assert_good(page)
    page.get_by_role("button", name="Criar links (CSV)").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Criar e baixar").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["Responsável"] for row in rows if row["Responsável"]] != []
    return {row["Empresa"]: row["Link"] for row in rows}


def stranger(browser: "Browser", live: str) -> "Page":
    """The owner's own browser: nobody is signed in, on a phone."""
    context = browser.new_context(
        locale="pt-BR", viewport={"width": 390, "height": 844}, base_url=live, reduced_motion="reduce"
    )
    context.set_default_timeout(10_000)
    return context.new_page()


def set_up(page: "Page", live: str, sandbox: "RunningSandbox", bureau: User, folder: Path) -> None:
    sign_in(page, bureau, live)
    page.goto(f"{live}/companies/bulk")
    assert_good(page)
    page.locator("input[type=file]").set_input_files(written(sandbox, folder / "contas.csv"))
    page.get_by_role("button", name="Conferir").click()
    page.wait_for_url("**/companies/bulk/*")
    assert_good(page)
    expect(page.locator("tbody tr", has_text="Número Errado")).to_contain_text("dígitos verificadores")
    assert not Company.objects.exists()
    page.get_by_role("button", name="Cadastrar só as linhas certas").click()
    page.get_by_role("button", name="Cadastrar", exact=True).click()
    expect(page.get_by_role("link", name="Links de consentimento")).to_be_visible()
    assert Connection.objects.count() == 3
    assert not RoutingRule.objects.exists()  # no category is known yet


@pytest.fixture
def strangers(browser: "Browser", live: str) -> Any:
    opened: list[Page] = []

    def one() -> "Page":
        opened.append(stranger(browser, live))
        return opened[-1]

    yield one
    for each in opened:
        each.context.close()


def check_done(connection: Connection, owner: str) -> None:
    """The account is connected by its owner, and what the file named is so."""
    connection.refresh_from_db()
    assert (connection.state, connection.authorised_by, connection.authorised_name) == (
        "connected",
        None,
        owner,
    )
    assert of(connection).get(event="connection.authorised").channel == "consent link"
    directory_sync.fetch(connection.pk)  # a worker's job
    company = connection.company
    rent = Category.objects.get(company=company, name="Aluguel")
    rule = RoutingRule.objects.get(company=company)
    assert rule.conditions["rows"] == [{"field": "category", "is": "=", "value": str(rent.pk)}]
    assert Defaults.objects.get(company=company, kind="payable").category == Category.objects.get(
        company=company, name="Internet"
    )
    fees = Category.objects.get(company=company, name="Honorários")
    assert connection.counterparts.get(category=fees, active=True).remote_name == "Contabilidade"
    assert not Prepared.objects.filter(company=company, done_at=None).exists()


def test_three_companies_from_a_file_to_their_connected_accounts(
    page: "Page", live: str, sandbox: "RunningSandbox", bureau: User, strangers: Any, tmp_path: Path
) -> None:
    register(bureau, sandbox, f"{live}/connections/callback")
    set_up(page, live, sandbox, bureau, tmp_path)
    links = links_of(page, live)
    assert len(links) == 3
    for connection in Connection.objects.select_related("company").order_by("pk"):
        owner = strangers()
        owner.goto(links[connection.company.name])
        assert_good(owner)
        expect(owner.locator("main")).to_contain_text("Inês Prado")
        # Shown in a browser, it counts as opened: the page says so by itself.
        owner.wait_for_load_state("networkidle")
        assert ConsentLink.objects.get(connection=connection).opened_at is not None
        owner.get_by_role("button", name="Seguir para o Conta Azul").click()
        consent(owner, connection.company.name)
        expect(owner.get_by_role("heading", name="A conta está conectada")).to_be_visible()
        assert_good(owner)
        assert settings_of(owner) == set()
        check_done(connection, connection.owner_name)
        owner.goto(links[connection.company.name])
        expect(owner.locator("main")).to_contain_text("já foi usado")
    page.goto(f"{live}/connections")
    expect(page.locator("tbody .pill", has_text="Conectada")).to_have_count(3)


def settings_of(page: "Page") -> set[str]:
    """Cookies beyond those of forms and language: nobody was signed in."""
    return {str(cookie.get("name")) for cookie in page.context.cookies()} - {"csrftoken", "django_language"}


def test_an_owner_consents_by_pasting_and_the_wrong_company_is_refused(
    page: "Page", live: str, sandbox: "RunningSandbox", bureau: User, strangers: Any, tmp_path: Path
) -> None:
    register(bureau, sandbox, ELSEWHERE)
    set_up(page, live, sandbox, bureau, tmp_path)
    links = links_of(page, live)
    connection, other = Connection.objects.select_related("company").order_by("pk")[:2]
    owner = strangers()
    owner.context.route(f"{ELSEWHERE}/**", lambda route: route.fulfill(body="A page of somebody else"))
    owner.goto(links[connection.company.name])
    for company in (other.company, connection.company):
        owner.locator("form[action$='/begin'] button").click()
        with owner.context.expect_page() as opened:
            owner.locator("a[target=_blank].btn-primary").click()
        consent(opened.value, company.name)
        opened.value.wait_for_url(f"{ELSEWHERE}/**")
        owner.locator("textarea").fill(opened.value.url)
        assert_good(owner)
        owner.locator("form:has(textarea) button").click()
        if company == other.company:
            expect(owner.locator("textarea")).to_have_attribute("aria-invalid", "true")
            expect(owner.locator("main")).to_contain_text(f"Você autorizou {other.company.name}")
            assert Connection.objects.get(pk=other.pk).state == "new"
    expect(owner.get_by_role("heading", name="A conta está conectada")).to_be_visible()
    check_done(connection, "Marta Reis")
