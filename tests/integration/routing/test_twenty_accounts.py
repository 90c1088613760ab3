"""Twenty accounts of three legal entities: rules made and tried out on the page; entries submitted, approved, posted.

In the end the books of each account hold exactly the entries that the rules send there.
"""

from collections import defaultdict
from html import unescape
from typing import Any

import pytest
from integration.routing.offices import Entity, open_entities, rule_fields
from stories import draft, post

from alcada.approval.models import Decision, Step
from alcada.config.books import compare
from alcada.connections.models import RoutingRule
from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import Category, CostCentre
from alcada.flow import actions as flow
from alcada.flow.rules import SubmissionRefusedError
from alcada.history.queries import of
from alcada.intake import actions as intake
from alcada.intake.models import Entry
from alcada.posting.models import Posting, State

NAMES = ["Vendas grandes", "Vendas", "Imóveis", "Obra", "Impostos", "Parcelados", "Grandes compras", "Geral"]
ENTITIES = {
    ("Horizonte Alimentos Ltda", "11222333000181"): NAMES,
    ("Horizonte Obras Ltda", "12ABC34501DE35"): NAMES[1:],
    ("Horizonte Eventos Ltda", "88601234000135"): NAMES[3:],
}
REFUSED = "Salários saem pela folha, não por aqui."


def category(entity: Entity, name: str) -> Category:
    return Category.objects.get(company=entity.company, name=name)


def rows_of(entity: Entity, account: str) -> tuple[str, list[tuple[str, str, str]]]:
    """The conditions that lead to the account, as they are typed and picked on the page."""
    centre = CostCentre.objects.get(company=entity.company, code="OBRA")
    fees = str(category(entity, "Honorários").pk)
    landlord = "Imobiliária Ipê Ltda · 60.701.190/0001-04"
    return {
        "Vendas grandes": ("all", [("kind", "=", "receivable"), ("amount", ">=", "5.000,00")]),
        "Vendas": ("all", [("kind", "=", "receivable")]),
        "Imóveis": ("any", [("party", "=", landlord), ("document", "=", "33.000.167/0001-01")]),
        "Obra": ("all", [("cost_centre", "=", str(centre.pk))]),
        "Impostos": ("all", [("category", "=", str(category(entity, "Simples Nacional").pk))]),
        "Parcelados": ("all", [("instalments", ">", "2"), ("flow", "=", "payable.submitted")]),
        "Grandes compras": ("all", [("amount", ">", "8.000,00"), ("category", "!=", fees)]),
    }[account]


def samples(entity: Entity) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    """What is entered (`kind` and fields of a draft), and where it belongs: the first of these that the entity has."""
    company = entity.company
    centre = str(CostCentre.objects.get(company=company, code="OBRA").pk)

    def split(name: str, amount: str = "", cost_centre: str = "") -> dict[str, str]:
        return {"category": str(category(entity, name).pk), "cost_centre": cost_centre, "amount": amount}

    landlord = {"party_name": "Imobiliária Ipê Ltda", "party_document": "60701190000104"}
    other = {"party_name": "Petróleo Brasil SA", "party_document": "33000167000101"}
    sale = {"kind": "receivable", "party_name": "Cliente Um Ltda", "party_document": "12ABC34501DE35"}
    bill = {"party_name": "Papelaria Aurora Ltda", "party_document": "11222333000181"}
    three = [{"due_date": f"10/{month}/2026", "amount": ""} for month in ("10", "11", "12")]
    for part, share in zip(three, ("300,00", "300,00", "300,00"), strict=True):
        part["amount"] = share
    mixed = [split("Internet", "100,00"), split("Simples Nacional", "900,00")]
    rent, sold = [split("Aluguel")], [split("Prestação de serviços")]
    works = [split("Internet", "500,00"), split("Internet", "8.500,00", centre)]
    return [
        ({**sale, "amount": "5.000,00", "splits": sold}, ("Vendas grandes", "Vendas", "Geral")),
        ({**sale, "amount": "4.999,99", "splits": sold}, ("Vendas", "Geral")),
        ({**landlord, "amount": "20.000,00", "splits": rent}, ("Imóveis", "Grandes compras")),
        ({**other, "amount": "70,00", "splits": rent}, ("Imóveis", "Geral")),
        ({**bill, "amount": "9.000,00", "splits": works}, ("Obra",)),
        ({**bill, "amount": "1.000,00", "splits": mixed}, ("Impostos",)),
        ({**bill, "amount": "900,00", "splits": rent, "instalments": three}, ("Parcelados",)),
        ({**bill, "amount": "8.000,01", "splits": rent}, ("Grandes compras",)),
        ({**bill, "amount": "8.000,00", "splits": rent}, ("Geral",)),
        ({**bill, "amount": "9.500,00", "splits": [split("Honorários")]}, ("Geral",)),
    ]


def make_rules(entity: Entity) -> None:
    """On the page, in the order of NAMES; one refusal before them; the last account is the default."""
    browser, salaries = entity.browser, str(category(entity, "Salários").pk)
    fields = rule_fields("Folha", "refuse", ("category", "=", salaries), refusal=REFUSED, version="0")
    assert browser.post(f"{entity.address}/rules/new", fields).status_code == 302
    accounts = [name for name in NAMES if name in entity.accounts]
    for number, name in enumerate(accounts[:-1], start=1):
        match, rows = rows_of(entity, name)
        to = str(entity.accounts[name].pk)
        fields = rule_fields(f"Regra {name}", to, *rows, match=match, version=str(number))
        answer = browser.post(f"{entity.address}/rules/new", fields)
        assert answer.status_code == 302, unescape(answer.content.decode())
    to = str(entity.accounts[accounts[-1]].pk)
    answer = browser.post(f"{entity.address}/default", {"to": to, "version": str(len(accounts))})
    assert answer.status_code == 302


def tried_out(entity: Entity, sample: dict[str, Any]) -> str:
    """What the page says of it: one split is asked for, so the one that matters is tried."""
    split = sample["splits"][-1]
    asked = {
        "kind": sample.get("kind", "payable"),
        "amount": sample["amount"],
        "party": sample["party_document"],
        "category": split["category"],
        "cost_centre": split["cost_centre"],
        "instalments": str(len(sample.get("instalments", [1]))),
    }
    page = entity.browser.get(entity.address, asked)
    assert page.status_code == 200, unescape(page.content.decode())
    answer = page.context["answer"]
    assert f'<div class="note-title break">{answer["account"]}</div>' in page.content.decode()
    return str(answer["account"])


def approve_all(entry: Entry, entity: Entity) -> None:
    while step := Step.objects.filter(round__entry=entry, state=Step.State.OPEN).first():
        by = entity.bruno if step.asked.filter(user=entity.bruno).exists() else entity.clara
        flow.decide(step.pk, by=by, verdict=Decision.Verdict.APPROVE)


@pytest.fixture
def entities(transactional_db: None, settings: Any, sandbox: Any) -> list[Entity]:
    settings.POSTING = settings.POSTING | {"calls_per_second": 500.0}
    found = open_entities(sandbox, ENTITIES)
    for entity in found:
        save_cost_centre(entity.company, code="OBRA", name="Obra nova")
        save_party(entity.company, name="Imobiliária Ipê Ltda", document="60701190000104", is_vendor=True)
        save_party(entity.company, name="Petróleo Brasil SA", document="33000167000101", is_vendor=True)
        save_party(entity.company, name="Cliente Um Ltda", document="12ABC34501DE35", is_customer=True)
        save_party(entity.company, name="Papelaria Aurora Ltda", document="11222333000181", is_vendor=True)
    return found


def test_the_books_of_each_account_hold_exactly_its_own(entities: list[Entity], sandbox: Any) -> None:
    assert sum(len(entity.accounts) for entity in entities) == 20
    approved: list[Entry] = []
    belongs: dict[str, set[int]] = defaultdict(set)  # their id of the account → our entries
    for entity in entities:
        make_rules(entity)
        for sample, wanted in samples(entity):
            account = next(name for name in wanted if name in entity.accounts)
            assert tried_out(entity, sample) == account, (entity.company.name, sample)
            entry = intake.start(
                entity.company,
                sample.get("kind", "payable"),
                by=entity.ana,
                draft=draft(entity.company, **sample),
            )
            flow.submit(entry, by=entity.ana)
            told = next(record for record in of(entry) if record.event == "entry.routed").data
            assert told["account"] == account
            by = RoutingRule.objects.filter(company=entity.company, name=f"Regra {account}").first()
            assert (told.get("rule"), told.get("number")) == ((by.name, by.order) if by else (None, None))
            approve_all(entry, entity)
            approved.append(entry)
            belongs[entity.accounts[account].remote_id].add(entry.pk)

        split = {"category": str(category(entity, "Salários").pk), "cost_centre": "", "amount": ""}
        salaries = draft(entity.company, splits=[split])
        refused = intake.start(entity.company, "payable", by=entity.ana, draft=salaries)
        with pytest.raises(SubmissionRefusedError) as refusal:
            flow.submit(refused, by=entity.ana)
        assert (refusal.value.code, refusal.value.context["sentence"]) == ("route_refused", REFUSED)
        assert not Posting.objects.filter(entry=refused).exists()

        for connection in entity.accounts.values():
            post(connection)  # type: ignore[arg-type]  # it has the key that matters

    assert not Posting.objects.exclude(state=State.POSTED).exists()
    books = sandbox.state()["companies"]
    assert set(belongs) == {account["id"] for account in books}, "each of the twenty got something"
    entry_of = dict(Posting.objects.values_list("reference", "entry_id"))
    for account in books:
        standing = [item["referencia_externa"] for item in account["payables"] + account["receivables"]]
        assert sorted(entry_of[reference] for reference in standing) == sorted(belongs[account["id"]])
    counts = compare(books, Posting.objects.filter(entry__in=approved))
    assert counts["ok"], counts
    assert counts["posted"] == len(approved) == 30
