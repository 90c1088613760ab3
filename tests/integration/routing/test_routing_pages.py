"""The routing's pages: who may open them, that a GET changes nothing, that nothing typed is lost."""

from html import unescape
from typing import Any

import pytest
from integration.routing.office import Office
from integration.routing.offices import rule_fields

from alcada.connections.models import RoutingRule
from alcada.connections.routing_actions import Target
from alcada.directory.actions import save_party
from alcada.directory.models import Category
from alcada.history.models import Record
from alcada.people.models import Company, User

BILLS = ("kind", "=", "payable")


def text(answer: Any) -> str:
    return unescape(answer.content.decode())


@pytest.fixture(autouse=True)
def _english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


def test_somebody_of_another_company_finds_nothing(office: Office, carla: User) -> None:
    rule = office.rule("Da loja", office.loja, BILLS)
    browser, one = office.browser(carla), f"{office.address}/rules/{rule.pk}"
    for path in (office.address, f"{office.address}/rules/new", one):
        assert browser.get(path).status_code == 404
    for path in (
        one,
        f"{one}/move",
        f"{one}/remove",
        f"{office.address}/default",
        f"{office.address}/rules/new",
        f"{office.address}/parties",
    ):
        assert browser.post(path, {"version": "1", "party": "a"}).status_code == 404
    assert office.company.name not in text(browser.get("/connections/routing", follow=True))
    assert office.names() == ["Da loja"]


def test_other_roles_of_the_company_are_told_so(office: Office) -> None:
    rule = office.rule("Da loja", office.loja, BILLS)
    for who in (office.ana, office.bruno):
        browser = office.browser(who)
        assert browser.get(office.address).status_code == 403
        assert browser.post(f"{office.address}/rules/{rule.pk}/remove", {"version": "1"}).status_code == 403
        assert browser.post(f"{office.address}/default", {"to": "refuse", "refusal": "x"}).status_code == 403


def test_a_rule_of_one_company_is_not_found_under_another(office: Office, other_company: Company) -> None:
    rule = office.rule("Da loja", office.loja, BILLS)
    other_company.memberships.create(user=office.clara, role="administrator")
    browser, elsewhere = office.browser(), f"/connections/routing/{other_company.pk}/rules/{rule.pk}"
    assert browser.get(elsewhere).status_code == 404
    assert browser.post(f"{elsewhere}/remove", {"version": str(office.version())}).status_code == 404
    fields = rule_fields("Para fora", str(office.loja.pk), BILLS, version="0")
    answer = browser.post(f"/connections/routing/{other_company.pk}/rules/new", fields)
    assert answer.status_code == 422
    assert not RoutingRule.objects.filter(company=other_company).exists()


def test_a_get_changes_nothing(office: Office) -> None:
    rule = office.rule("Da loja", office.loja, BILLS)
    browser, before = office.browser(), Record.objects.count()
    for verb in (f"rules/{rule.pk}/move", f"rules/{rule.pk}/remove", "default"):
        assert browser.get(f"{office.address}/{verb}").status_code == 405
    asked = {"kind": "payable", "amount": "10,00", "instalments": "1"}
    assert browser.get(office.address, asked).status_code == 200
    assert (office.names(), Record.objects.count()) == (["Da loja"], before)


def test_a_rule_is_made_read_as_a_sentence_and_changed(office: Office) -> None:
    browser = office.browser()
    party = save_party(office.company, name="Imobiliária Ipê Ltda", document="60701190000104", is_vendor=True)
    rows = [
        ("party", "=", "60.701.190/0001-04"),
        ("amount", ">", "1.234,50"),
        ("category", "!=", str(office.rent.pk)),
    ]
    fields = rule_fields("Imóveis", str(office.loja.pk), *rows, match="any", version="0")
    assert browser.post(f"{office.address}/rules/new", fields).status_code == 302
    rule = RoutingRule.objects.get()
    assert rule.conditions == {
        "match": "any",
        "rows": [
            {"field": "party", "is": "=", "value": str(party.pk)},
            {"field": "amount", "is": ">", "value": "1234.50"},
            {"field": "category", "is": "!=", "value": str(office.rent.pk)},
        ],
    }
    page = text(browser.get(office.address)).replace("\xa0", " ")
    assert (
        "If vendor or customer is Imobiliária Ipê Ltda or value above R$ 1,234.50 or category of no split is Aluguel"
        in page
    )
    form = text(browser.get(f"{office.address}/rules/{rule.pk}"))
    assert 'value="Imobiliária Ipê Ltda · 60.701.190/0001-04"' in form
    assert 'value="1.234,50"' in form
    fields = rule_fields("Imóveis", "refuse", BILLS, refusal="Fale com a Marta.", version="1")
    assert browser.post(f"{office.address}/rules/{rule.pk}", fields).status_code == 302
    rule.refresh_from_db()
    assert (rule.connection, rule.refusal, len(rule.conditions["rows"])) == (None, "Fale com a Marta.", 1)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (("amount", ">", "1.000"), "a thousand, or one and a part"),
        (("amount", ">", ""), "Fill in the value"),
        (("document", "=", "60701190000105"), "check digits"),
        (("party", "=", "Nobody at all"), "Pick one of the suggestions"),
        (("instalments", ">", "two"), "whole number"),
        (("kind", "=", "gift"), "Choose one of the list"),
        (("category", "=", "999999"), "Choose one of the list"),
        (("category", ">", "{rent}"), "Choose how it is compared"),
    ],
)
def test_what_is_wrong_stands_beside_its_row_and_nothing_is_lost(
    office: Office, row: tuple[str, str, str], sentence: str
) -> None:
    row = (row[0], row[1], row[2].format(rent=office.rent.pk))
    fields = rule_fields("Minha regra", "", BILLS, row, version="0")
    answer = office.browser().post(f"{office.address}/rules/new", fields)
    page = text(answer)
    assert answer.status_code == 422
    assert sentence in page
    assert "Choose the account." in page
    assert 'value="Minha regra"' in page
    form = answer.context["form"]
    assert form.rows[1].value.errors
    assert (form.rows[1].field.value, form.rows[1].value.value) == (row[0], row[2])
    assert not form.rows[0].value.errors
    assert not RoutingRule.objects.exists()


def test_who_saves_on_rules_that_changed_is_told_and_keeps_what_was_typed(office: Office) -> None:
    office.rule("De outra pessoa", office.matriz, ("amount", ">", "5.00"))
    fields = rule_fields("Minha regra", str(office.loja.pk), BILLS, version="0")
    browser = office.browser()
    answer = browser.post(f"{office.address}/rules/new", fields)
    assert answer.status_code == 422
    assert "Somebody changed this company's routing meanwhile" in text(answer)
    assert 'value="Minha regra"' in text(answer)
    again = fields | {"version": str(answer.context["version"])}
    assert browser.post(f"{office.address}/rules/new", again).status_code == 302
    assert office.names() == ["De outra pessoa", "Minha regra"]
    stale = browser.post(f"{office.address}/default", {"to": str(office.loja.pk), "version": "0"})
    assert stale.status_code == 422
    assert stale.context["default_form"]["to"].value() == str(office.loja.pk)


def test_small_buttons_change_the_form_only(office: Office) -> None:
    browser, fields = office.browser(), rule_fields("R", "", BILLS, ("amount", ">", "1,00"), version="0")
    more = browser.post(f"{office.address}/rules/new", fields | {"do": "add"})
    assert [row.field.value for row in more.context["form"].rows] == ["kind", "amount", "amount"]
    fewer = browser.post(f"{office.address}/rules/new", fields | {"do": "remove-0"})
    assert [row.value.value for row in fewer.context["form"].rows] == ["1,00"]
    other = browser.post(
        f"{office.address}/rules/new", fields | {"rows-1-field": "category", "do": "fields-1"}
    )
    row = other.context["form"].rows[1]
    assert (row.kind, row.value.value) == ("choice", "")
    assert [sign for sign, _label in row.comparisons] == ["=", "!="]
    assert not RoutingRule.objects.exists()


def test_rules_are_moved_and_removed_by_buttons(office: Office) -> None:
    first, second = office.rule("A", office.matriz, BILLS), office.rule("B", office.loja, BILLS)
    browser = office.browser()
    moved = browser.post(
        f"{office.address}/rules/{second.pk}/move",
        {"direction": "up", "version": "2"},
        headers={"HX-Request": "true"},
    )
    assert moved.status_code == 200
    assert 'name="version" value="3"' in text(moved)
    assert office.names() == ["B", "A"]
    stale = browser.post(
        f"{office.address}/rules/{first.pk}/move", {"direction": "up", "version": "2"}, follow=True
    )
    assert "Somebody changed" in text(stale)
    assert office.names() == ["B", "A"]
    browser.post(f"{office.address}/rules/{first.pk}/remove", {"version": "3"})
    assert office.names() == ["B"]


def test_the_default_is_an_account_a_refusal_or_nothing(office: Office) -> None:
    browser, address = office.browser(), f"{office.address}/default"
    assert browser.post(address, {"to": str(office.loja.pk), "version": "0"}).status_code == 302
    assert office.company.routing.default_connection == office.loja
    empty = browser.post(address, {"to": "refuse", "refusal": " ", "version": "1"})
    assert empty.status_code == 422
    assert "Write what whoever submits it should do instead." in text(empty)
    assert browser.post(address, {"to": "refuse", "refusal": "Escolha.", "version": "1"}).status_code == 302
    assert browser.post(address, {"to": "nothing", "version": "2"}).status_code == 302
    office.company.routing.refresh_from_db()
    assert (office.company.routing.default_connection, office.company.routing.default_refusal) == (None, "")


def test_trying_out_names_the_account_the_rule_and_why_the_others_were_passed_over(office: Office) -> None:
    party = save_party(office.company, name="Imobiliária Ipê Ltda", document="60701190000104", is_vendor=True)
    office.rule("Grandes", office.matriz, ("amount", ">", "1000.00"), BILLS)
    office.rule("Imóveis", office.loja, ("party", "=", str(party.pk)))
    browser = office.browser()
    asked = {"kind": "payable", "amount": "1.000,00", "party": "imobiliaria ipe ltda", "instalments": "1"}
    answer = browser.get(office.address, asked)
    page = text(answer).replace("\xa0", " ")
    assert answer.context["answer"]["account"] == "Loja"
    assert "by rule 2, “Imóveis”" in page
    assert "It asks for: value above R$ 1,000.00. This entry has: R$ 1,000.00." in page
    nowhere = browser.get(office.address, asked | {"party": ""})
    assert "It is posted nowhere" in text(nowhere)
    assert "there is no default account" in text(nowhere)
    office.default(Target(office.matriz))
    assert "the company's default: no rule applies" in text(
        browser.get(office.address, asked | {"party": ""})
    )
    wrong = browser.get(office.address, asked | {"amount": "dez", "party": "Ninguém"})
    assert wrong.status_code == 422
    assert 'value="dez"' in text(wrong)
    assert 'value="Ninguém"' in text(wrong)


def test_trying_out_says_what_the_account_lacks(office: Office) -> None:
    freight = Category.objects.create(company=office.company, kind="payable", name="Frete")
    office.default(Target(office.matriz))
    asked = {"kind": "payable", "amount": "10,00", "category": str(freight.pk), "instalments": "1"}
    assert "Frete does not exist in the Conta Azul account Matriz." in text(
        office.browser().get(office.address, asked)
    )


def test_the_list_of_companies_leads_on_and_searches(office: Office, other_company: Company) -> None:
    browser = office.browser()
    assert browser.get("/connections/routing").headers["Location"] == office.address
    other_company.memberships.create(user=office.clara, role="administrator")
    page = text(browser.get("/connections/routing"))
    assert office.company.name in page
    assert other_company.name in page
    assert "nothing chosen" in page
    found = text(browser.get("/connections/routing", {"q": "12ABC34"}))
    assert other_company.name in found
    assert f'href="{office.address}"' not in found


def test_the_connections_page_says_where_a_default_is_missing(office: Office) -> None:
    browser = office.browser()
    assert "Several accounts, and nothing says which one entries go to" in text(browser.get("/connections"))
    office.default(Target(office.matriz))
    assert "Several accounts" not in text(browser.get("/connections"))
