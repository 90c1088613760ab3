"""The list of entries in a real browser: both widths, by keyboard, exported; a form that outlives its session."""

import re

import pytest
from integration.pages.world import World, build
from playwright.sync_api import Page, Route, expect

from alcada.flow import exporting
from alcada.intake import custom
from alcada.intake.models import CustomField, Export, SavedFilter
from alcada.people.models import Company, User
from browser.helpers import assert_good, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def world(transactional_db: None, company: Company, ana: User, bruno: User, clara: User) -> World:
    beatriz = User.objects.create_user(email="b@exemplo.com.br", name="Beatriz Rocha", password="x")
    company.memberships.create(user=beatriz, role="approver")
    made = build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)
    made.posted(description="Papel A4")
    made.refused(description="Tinta", amount="5.000,00")
    made.submitted(description="Quadro de luz", amount="150,00")
    made.typed(description="Cadeira", party="", party_name="Móveis São José")
    return made


def test_the_pages_are_good_at_both_widths(page: Page, phone: Page, live: str, world: World) -> None:
    entry = world.submitted()
    SavedFilter.objects.create(owner=world.clara, name="Recusados", filters={"state": "posting.refused"})
    export = exporting.ask(world.clara, {}, sort="", format="csv", language="pt-br")
    done = exporting.ask(world.clara, {}, sort="", format="xlsx", language="pt-br")
    exporting.run(done.pk)
    own = {
        type_: custom.save(
            world.company, name=f"Campo {type_}", type_=type_, choices=["Um", "Dois"], by=world.clara
        ).pk
        for type_ in CustomField.Type
    }
    gone = custom.save(world.company, name="Antigo", type_="text", by=world.clara)
    custom.retire(gone, by=world.clara)
    by_own = (
        f"own_{own['choice']}=Um&own_{own['money']}_from=mil&own_{own['date']}_until=1/2/27&own_{gone.pk}=x"
    )
    for window in (page, phone):
        sign_in(window, world.clara, live)
        for path in (
            "/entries",
            "/entries?q=nada",
            f"/entries?company={world.company.pk}&category={world.category.pk}&month=11/2026",
            "/entries?month=x&from=y&saving=x&wrong=name",
            f"/entries?{by_own}",
            "/entries/exports",
            f"/entries/exports/{export.pk}",
            f"/entries/exports/{done.pk}",
            f"/entries/{entry.pk}",
            f"/entries/{entry.pk}/print",
            "/directory",
            f"/directory/parties/{world.vendor.pk}",
            "/directory/cost-centres",
            f"/directory/cost-centres/{world.centre.pk}",
            "/directory/categories",
            f"/directory/categories/{world.category.pk}",
            "/directory/accounts",
            f"/directory/accounts/{world.account.pk}",
            "/directory/mapping",
        ):
            window.goto(path)
            expect(window.locator("h1")).to_be_visible()
            assert_good(window)


def test_the_list_is_worked_by_keyboard(page: Page, live: str, world: World) -> None:
    sign_in(page, world.bruno, live)
    page.goto("/entries")
    expect(page.locator("#totals")).to_contain_text("4 lançamentos")
    expect(page.locator("[data-shortcuts-hint]")).to_be_visible()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Móveis São José")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Móveis São José")).to_be_focused()
    page.keyboard.press("/")
    search = page.get_by_role("searchbox", name="Buscar")
    expect(search).to_be_focused()
    page.keyboard.type("tinta")
    page.keyboard.press("Enter")
    expect(page.locator(".entries-table tbody tr")).to_have_count(1)
    assert "q=tinta" in page.url
    expect(page.locator("#totals")).to_contain_text("1 lançamento")
    page.locator("h1").click()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("5.000,00")


def test_single_keys_can_be_turned_off(page: Page, live: str, world: World) -> None:
    sign_in(page, world.bruno, live)
    page.goto("/entries")
    page.get_by_role("button", name="Desligar estas teclas").click()
    page.reload()
    page.locator("body").press("/")
    expect(page.get_by_role("searchbox", name="Buscar")).not_to_be_focused()
    page.get_by_role("button", name="Atalhos de teclado").click()
    page.locator("body").press("/")
    expect(page.get_by_role("searchbox", name="Buscar")).to_be_focused()


def test_a_filter_is_saved_and_the_list_exported_on_a_phone(phone: Page, live: str, world: World) -> None:
    sign_in(phone, world.clara, live)
    phone.goto("/entries")
    phone.get_by_label("Situação").select_option("posting.refused")
    expect(phone.locator(".entries-table tbody tr")).to_have_count(1)
    phone.get_by_text("Salvar este filtro").click()
    phone.get_by_label("Nome", exact=True).fill("Recusados")
    assert_good(phone)
    phone.get_by_role("button", name="Salvar").click()
    expect(phone.get_by_role("link", name="Recusados")).to_have_attribute("aria-current", "page")
    phone.get_by_text("Exportar").click()
    phone.get_by_role("button", name="Texto (CSV)").click()
    expect(phone.get_by_role("progressbar")).to_be_visible()
    exporting.run(Export.objects.get().pk)
    with phone.expect_download() as coming:
        phone.get_by_role("link", name="Baixar").click()
    path = coming.value.path()
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "5.000,00" in lines[1]


def test_what_was_typed_outlives_the_session(page: Page, live: str, world: World) -> None:
    sign_in(page, world.ana, live)
    page.goto("/entries/new/payable")
    page.get_by_label("Descrição").fill("Digitado com muita calma")
    page.get_by_label("Valor", exact=True).first.fill("321,00")
    page.context.clear_cookies(name="alcada")
    page.get_by_role("button", name="Salvar rascunho").last.click()
    page.wait_for_url(re.compile("/sign-in"))
    from cast import PASSWORD

    page.get_by_label("E-mail").fill(world.ana.email)
    page.get_by_label("Senha", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Descrição")).to_have_value("Digitado com muita calma")
    expect(page.get_by_text("Sua sessão tinha terminado")).to_be_visible()
    assert_good(page)
    page.get_by_role("button", name="Salvar rascunho").last.click()
    expect(page.get_by_text("Rascunho salvo")).to_be_visible()


def test_own_fields_narrow_the_list_while_it_stands(page: Page, live: str, world: World) -> None:
    shop = custom.save(
        world.company, name="Loja", type_="choice", choices=["Centro", "Praia"], by=world.clara
    )
    fine = custom.save(world.company, name="Multa", type_="money", by=world.clara)
    world.submitted(custom={str(shop.pk): "Praia", str(fine.pk): "1.000,00"})
    world.submitted(custom={str(shop.pk): "Centro", str(fine.pk): "10,00"})
    sign_in(page, world.clara, live)
    page.goto("/entries")
    page.get_by_text("Mais filtros").click()
    rows = page.locator(".entries-table tbody tr")
    page.get_by_label("Multa, de").fill("9,99")
    page.keyboard.press("Enter")
    expect(rows).to_have_count(2)
    page.get_by_label("Loja").select_option("Praia")
    expect(rows).to_have_count(1)
    page.get_by_label("Multa, até").fill("mil")
    page.keyboard.press("Enter")
    expect(page.locator("#own-wrong")).to_contain_text("Multa: ")
    expect(rows).to_have_count(1)
    page.get_by_text("Salvar este filtro").click()
    page.get_by_label("Nome", exact=True).fill("Praia")
    page.get_by_role("button", name="Salvar").click()
    expect(rows).to_have_count(1)
    expect(page.get_by_label("Loja")).to_have_value("Praia")
    expect(page.get_by_label("Multa, de")).to_have_value("9,99")


def test_enter_asks_for_the_list_once(page: Page, live: str, world: World) -> None:
    sign_in(page, world.clara, live)
    page.goto("/entries")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/entries?" in request.url else None)
    page.get_by_role("searchbox", name="Busca").fill("quadro")
    page.keyboard.press("Enter")
    expect(page.locator(".entries-table tbody tr")).to_have_count(1)
    page.get_by_label("Tipo").select_option("payable")
    page.wait_for_url(re.compile("kind=payable"))
    assert [("q=quadro" in url, "kind=payable" in url) for url in asked] == [(True, False), (True, True)]


def test_a_name_being_typed_outlives_the_list_loaded_anew(page: Page, live: str, world: World) -> None:
    sign_in(page, world.clara, live)
    page.goto("/entries?state=posting.refused")
    held: list[Route] = []
    page.route(re.compile(r"/entries\?.*q=tinta"), lambda route: held.append(route))
    page.get_by_role("searchbox", name="Busca").fill("tinta")
    page.get_by_text("Salvar este filtro").click()  # leaving the search changes it: the list is asked for
    name = page.get_by_label("Nome", exact=True)
    name.fill("Tintas recusadas")
    first = page.get_by_label("Começar por ele quando eu abrir Lançamentos")
    first.check()
    with page.expect_response(re.compile("q=tinta")):
        held[0].continue_()
    page.wait_for_url(re.compile("q=tinta"))
    expect(name).to_have_value("Tintas recusadas")
    expect(first).to_be_focused()
    name.press("Enter")
    expect(page.get_by_role("link", name="Tintas recusadas")).to_have_attribute("aria-current", "page")
    kept = SavedFilter.objects.get(name="Tintas recusadas")
    assert kept.filters == {"q": "tinta", "state": "posting.refused"}
    assert kept.is_default
