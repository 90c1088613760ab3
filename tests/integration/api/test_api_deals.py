"""Deals by a program: the same rules as on the pages, and one receivable however often a deal is won."""

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
from cast import make_person
from django.utils import timezone
from integration.sales.conftest import Shop, open_shop

from alcada.connections.models import Connection
from alcada.directory import actions as directory
from alcada.directory.actions import Usual, save_party
from alcada.directory.models import Counterpart, Party
from alcada.history import queries as history
from alcada.intake.models import Entry, Revision
from alcada.people.models import Company, Role, User
from alcada.posting import actions as posting
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Outcome
from alcada.sales import pipelines
from alcada.sales.models import Deal, Stage
from alcada.tokens import actions as tokens


@pytest.fixture
def shop(company: Company) -> Shop:
    return open_shop(company)


def body(shop: Shop, **changes: Any) -> dict[str, Any]:
    return {
        "company": shop.company.pk,
        "title": "Coffee break de novembro",
        "customer": shop.customer.pk,
        "value": "100.00",
        "terms": "30/60/90",
        "category": shop.desk.sales.pk,
        **changes,
    }


# --- The way of a deal -----------------------------------------------------------------------------------------


def test_a_deal_from_entry_to_its_receivable(call: Any, shop: Shop, ana: User) -> None:
    caller = call(ana, "deals:read", "deals:write")
    made = caller.post("/deals", body(shop, expected_on="2026-12-31", notes="Ligar antes"))
    assert made.status_code == 201, made.content
    deal = made.json()
    assert (deal["number"], deal["state"], deal["value"], deal["terms"]) == (1, "open", "100.00", "30/60/90")
    assert deal["customer"] == {"id": shop.customer.pk, "name": "Festa & Cia Ltda"}
    assert deal["owner"] == deal["created_by"] == {"id": ana.pk, "name": ana.name}
    assert deal["bank_account"]["name"] == "Itaú PJ"  # the company's usual one
    assert (deal["receivable"], deal["may_change"], deal["version"]) == (None, True, 1)

    (pipeline,) = caller.read("/pipelines")["items"]
    assert deal["pipeline"] == {"id": pipeline["id"], "name": pipeline["name"]}
    assert deal["stage"] == pipeline["stages"][0]
    assert [one["name"] for one in pipeline["stages"]] == [
        "Primeiro contato",
        "Qualificado",
        "Proposta enviada",
        "Negociação",
    ]
    moved = caller.post(f"/deals/{deal['id']}/move", {"stage": pipeline["stages"][2]["id"]})
    assert moved.json()["stage"]["name"] == "Proposta enviada"

    won = caller.post(f"/deals/{deal['id']}/win")
    assert won.status_code == 200, won.content
    entry = Entry.objects.get()
    assert won.json()["receivable"] == {
        "id": entry.pk,
        "number": entry.number,
        "status": "posting.queued",
        "status_label": "Aguardando envio",
    }
    assert (won.json()["state"], won.json()["closed_by"]["id"]) == ("won", ana.pk)
    assert caller.read(f"/deals/{deal['id']}") == won.json()
    assert caller.read("/deals")["items"][0]["receivable"] == won.json()["receivable"]
    assert [str(part.amount) for part in entry.current.instalments.all()] == ["33.34", "33.33", "33.33"]  # type: ignore[union-attr]


def test_its_history_names_the_token(call: Any, shop: Shop, ana: User) -> None:
    caller = call(ana)
    made = caller.post("/deals", body(shop)).json()
    (record,) = history.of(Deal.objects.get(pk=made["id"]))
    assert record.channel == f"api:{caller.token.split('_')[1]}"


def test_won_undone_and_won_again_is_the_same_receivable(call: Any, shop: Shop, ana: User) -> None:
    caller, deal = call(ana), shop.deal(ana)
    first = caller.post(f"/deals/{deal.pk}/win").json()["receivable"]
    reopened = caller.post(f"/deals/{deal.pk}/reopen").json()
    assert (reopened["state"], reopened["receivable"]["status"]) == ("open", "discarded")
    changed = caller.patch(f"/deals/{deal.pk}", {"version": reopened["version"], "value": "120.00"}).json()
    again = caller.post(f"/deals/{deal.pk}/win", {"version": changed["version"]}).json()["receivable"]
    assert again == first
    assert [str(one.amount) for one in Revision.objects.order_by("number")] == ["100.00", "120.00"]
    assert (Entry.objects.count(), Posting.objects.exclude(state=State.CANCELLED).count()) == (1, 1)


def test_lost_says_why_and_comes_back(call: Any, shop: Shop, ana: User) -> None:
    caller, deal = call(ana), shop.deal(ana)
    for given in ({}, {"reason": ""}, {"reason": "   "}, {"reason": "x" * 301}):
        answer = caller.post(f"/deals/{deal.pk}/lose", given)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["reason"])
    caller.post(f"/deals/{deal.pk}/win")
    lost = caller.post(f"/deals/{deal.pk}/lose", {"reason": "Escolheu  outro"}).json()
    assert (lost["state"], lost["lost_reason"]) == ("lost", "Escolheu outro")
    assert (lost["receivable"]["status"], Posting.objects.get().state) == ("discarded", State.CANCELLED)
    win = caller.post(f"/deals/{deal.pk}/win", Accept_Language="en")
    assert (win.status_code, win.json()["code"]) == (409, "wrong_state")
    assert "reopen it first" in win.json()["detail"]
    stage = Stage.objects.order_by("order")[1]
    moved = caller.post(f"/deals/{deal.pk}/move", {"stage": stage.pk}).json()
    assert (moved["state"], moved["stage"]["id"], moved["lost_reason"]) == ("open", stage.pk, "")


# --- Once ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keys", [("", ""), ("k", "k"), ("k", "other"), ("", "k")])
def test_won_by_two_calls_makes_one_receivable(
    call: Any, shop: Shop, ana: User, clara: User, keys: tuple[str, str]
) -> None:
    deal = shop.deal(ana)
    for who in (ana, clara):
        answers = [
            call(who).post(f"/deals/{deal.pk}/win", **({"Idempotency_Key": key} if key else {}))
            for key in keys
        ]
        assert [one.status_code for one in answers] == [200, 200]
        assert answers[0].json() | {"may_change": True} == answers[1].json() | {"may_change": True}
        replayed = keys[0] == keys[1] != ""
        assert ("Idempotency-Replayed" in answers[1].headers) == replayed
    assert (Entry.objects.count(), Revision.objects.count(), Posting.objects.count()) == (1, 1, 1)
    assert [one.event for one in history.of(deal)] == ["deal.created", "deal.won"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("key", ["", "once"])
def test_eight_at_once_make_one(live_server: Any, call: Any, shop: Shop, ana: User, key: str) -> None:
    """Over HTTP, on eight of the server's threads."""
    deal, token = shop.deal(ana), call(ana).token
    start, answers = threading.Barrier(8), []

    def send() -> None:
        start.wait()
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        address = f"{live_server.url}/api/v1/deals/{deal.pk}/win"
        answers.append(httpx.post(address, headers=headers, timeout=30))

    threads = [threading.Thread(target=send) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status_code for one in answers] == [200] * 8
    assert {one.json()["receivable"]["id"] for one in answers} == {Entry.objects.get().pk}
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == (7 if key else 0)
    assert (Revision.objects.count(), Posting.objects.count()) == (1, 1)


def test_entered_twice_with_a_key_is_one_deal(call: Any, shop: Shop, ana: User) -> None:
    answers = [call(ana).post("/deals", body(shop), Idempotency_Key="crm-1") for _each in range(2)]
    assert answers[0].content == answers[1].content
    assert Deal.objects.count() == 1


# --- Changing --------------------------------------------------------------------------------------------------


def test_what_is_left_out_stays_and_null_empties(call: Any, shop: Shop, ana: User) -> None:
    caller = call(ana)
    deal = shop.deal(ana, cost_centre=shop.desk.centre, notes="Ligar", expected_on=timezone.localdate())
    changed = caller.patch(f"/deals/{deal.pk}", {"version": 1, "title": "Festa", "cost_centre": None}).json()
    assert (changed["title"], changed["cost_centre"], changed["version"]) == ("Festa", None, 2)
    same = {
        "value": "100.00",
        "terms": "30/60/90",
        "notes": "Ligar",
        "expected_on": str(timezone.localdate()),
    }
    assert {name: changed[name] for name in same} == same
    emptied = caller.patch(f"/deals/{deal.pk}", {"version": 2, "expected_on": None, "notes": None}).json()
    assert (emptied["expected_on"], emptied["notes"]) == (None, "")
    for name in ("title", "customer", "value"):
        answer = caller.patch(f"/deals/{deal.pk}", {"version": 3, name: None})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [name])


def test_who_was_quicker_is_not_overwritten(call: Any, shop: Shop, ana: User, clara: User) -> None:
    deal = shop.deal(ana)
    read = call(ana).read(f"/deals/{deal.pk}")
    call(clara).patch(f"/deals/{deal.pk}", {"version": read["version"], "value": "900.00"})
    for answer in (
        call(ana).patch(f"/deals/{deal.pk}", {"version": read["version"], "title": "Outra"}),
        call(ana).post(f"/deals/{deal.pk}/win", {"version": read["version"]}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "changed_meanwhile")
    deal.refresh_from_db()
    assert (str(deal.value), deal.title, deal.state) == ("900.00", "Coffee break de novembro", "open")


def test_a_closed_deal_is_not_changed(call: Any, shop: Shop, ana: User) -> None:
    caller, deal = call(ana), shop.deal(ana)
    caller.post(f"/deals/{deal.pk}/win")
    answer = caller.patch(f"/deals/{deal.pk}", {"version": 1, "value": "1.00"})
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")
    deal.refresh_from_db()
    assert str(deal.value) == "100.00"


def arrive() -> None:
    """The posting is taken, and Conta Azul says that the entry is there."""
    # The database's clock stands still within a test's transaction: what is due now would be due later.
    Posting.objects.update(next_try_at=timezone.now() - timedelta(hours=1))
    token, (one,) = posting.claim(Connection.objects.get().pk, 1)
    attempt = posting.start_attempt(one.pk, token, kind=Attempt.Kind.ENTRY, request={})
    said = Outcome(Attempt.Outcome.POSTED, remote_id="evt-1", status=201)
    posting.finish_create(attempt, token, said)


def test_one_that_stands_in_conta_azul_stays_won(call: Any, shop: Shop, ana: User) -> None:
    caller, deal = call(ana), shop.deal(ana)
    caller.post(f"/deals/{deal.pk}/win")
    arrive()
    for path, given in (("reopen", None), ("lose", {"reason": "Preço"}), ("move", {"stage": deal.stage_id})):
        answer = caller.post(f"/deals/{deal.pk}/{path}", given, Accept_Language="en")
        assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (
            409,
            "wrong_state",
            "posted",
        )
        assert "stands in Conta Azul" in answer.json()["detail"]
    assert caller.read(f"/deals/{deal.pk}")["state"] == "won"


# --- What is wrong stands beside its field -----------------------------------------------------------------------


def test_what_cant_be_entered(call: Any, shop: Shop, ana: User, bruno: User, carla: User) -> None:
    elsewhere = Company.objects.exclude(pk=shop.company.pk).get()
    theirs = save_party(elsewhere, name="De outra", is_customer=True)
    vendor = save_party(shop.company, name="Só fornecedor", is_vendor=True)
    pipeline = pipelines.ensure(elsewhere, by=carla)
    wrong = {
        "title": "  ",
        "customer": theirs.pk,
        "value": "0.00",
        "terms": "quando der",
        "category": shop.desk.paper.pk,  # of payables
        "cost_centre": 999_999,
        "bank_account": 999_999,
        "owner": bruno.pk,  # a requester's are their own
        "stage": pipeline.stages.first().pk,  # type: ignore[union-attr]
    }
    for name, value in wrong.items():
        answer = call(ana).post("/deals", body(shop, **{name: value}))
        assert (answer.status_code, list(answer.json().get("errors", []))) == (422, [name])
    answer = call(ana).post("/deals", body(shop, customer=vendor.pk), Accept_Language="en")
    assert "registered as a vendor only" in answer.json()["errors"]["customer"][0]
    answer = call(ana).post("/deals", body(shop) | {"valor": "1.00", "value": 12.5}, Accept_Language="en")
    assert answer.json()["errors"] == {
        "value": ["This must be a text, between quotes."],
        "valor": ["There is no field of this name."],
    }
    assert not Deal.objects.exists()


def test_what_keeps_it_from_being_won(call: Any, shop: Shop, ana: User) -> None:
    caller = call(ana)
    made = caller.post("/deals", body(shop, terms="", category=None)).json()
    answer = caller.post(f"/deals/{made['id']}/win")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["terms"])
    caller.patch(f"/deals/{made['id']}", {"version": 1, "terms": "à vista"})
    answer = caller.post(f"/deals/{made['id']}/win", Idempotency_Key="k")
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["category"])
    assert not Entry.objects.exists()
    Counterpart.objects.all().delete()
    shop.company.connections.all().delete()
    nowhere = caller.post(f"/deals/{made['id']}/win", Accept_Language="en")
    assert (nowhere.status_code, nowhere.json()["code"], nowhere.json()["reason"]) == (
        409,
        "submission_refused",
        "no_account",
    )
    assert caller.read(f"/deals/{made['id']}")["state"] == "open"


def test_a_stage_that_was_removed_takes_no_deal(call: Any, shop: Shop, ana: User, clara: User) -> None:
    deal, last = shop.deal(ana), Stage.objects.order_by("order").last()
    assert last
    pipelines.remove_stage(last, by=clara)
    answer = call(ana).post(f"/deals/{deal.pk}/move", {"stage": last.pk})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["stage"])
    (pipeline,) = call(ana).read("/pipelines")["items"]
    assert last.pk not in [one["id"] for one in pipeline["stages"]]
    assert len(pipeline["stages"]) == 3


def test_what_is_left_out_is_usual(call: Any, shop: Shop, ana: User) -> None:
    """The customer's own before the company's; a category of payables is nobody's for a sale."""
    usual = Usual(category=shop.desk.sales, cost_centre=shop.desk.centre)
    directory.set_defaults(shop.company, "receivable", usual, by=ana)
    given = {name: value for name, value in body(shop).items() if name != "category"}
    made = call(ana).post("/deals", given).json()
    assert [made[name]["id"] for name in ("category", "cost_centre", "bank_account")] == [
        shop.desk.sales.pk,
        shop.desk.centre.pk,
        shop.desk.account.pk,
    ]
    shop.customer.default_category = shop.desk.paper
    shop.customer.default_bank_account = shop.desk.receives_only
    shop.customer.save()
    made = call(ana).post("/deals", given | {"cost_centre": None}).json()
    assert (made["category"]["id"], made["cost_centre"], made["bank_account"]["id"]) == (
        shop.desk.sales.pk,
        None,
        shop.desk.receives_only.pk,
    )


# --- Lists, and whose -------------------------------------------------------------------------------------------


def test_the_list_narrows_and_goes_on(call: Any, shop: Shop, ana: User, bruno: User, clara: User) -> None:
    own = [shop.deal(ana, title=f"Festa {number}") for number in range(3)]
    other = shop.deal(bruno, by=clara, title="Almoço", value=own[0].value * 2)
    stages = list(Stage.objects.order_by("order"))
    call(ana).post(f"/deals/{own[0].pk}/win")
    call(ana).post(f"/deals/{own[1].pk}/move", {"stage": stages[1].pk})

    def listed(who: User, query: str) -> list[int]:
        return [one["id"] for one in call(who).read(f"/deals?{query}")["items"]]

    everything = [other.pk, *(deal.pk for deal in reversed(own))]
    assert listed(clara, "") == listed(bruno, f"company={shop.company.pk}") == everything
    assert listed(ana, "") == everything[1:]
    assert listed(ana, f"owner={bruno.pk}") == []
    assert listed(clara, f"owner={bruno.pk}") == [other.pk]
    assert listed(clara, "state=won") == [own[0].pk]
    assert listed(clara, f"stage={stages[1].pk}") == [own[1].pk]
    assert listed(clara, f"stage={stages[0].pk}&state=open") == [other.pk, own[2].pk]
    assert listed(clara, "q=almo%C3%A7o") == [other.pk]
    assert listed(clara, "q=19.131.243") == everything
    assert call(clara).get("/deals?status=won").status_code == 422

    caller = call(clara)
    first = caller.read("/deals?limit=3")
    shop.deal(ana)  # comes before all, and moves nothing
    rest = caller.read(f"/deals?limit=3&cursor={first['next']}")
    assert [one["id"] for one in first["items"] + rest["items"]] == everything
    assert rest["next"] is None
    assert caller.get(f"/deals?limit=3&state=won&cursor={first['next']}").status_code == 422


def test_a_list_of_many_asks_the_database_as_often_as_one_of_few(
    call: Any, shop: Shop, ana: User, django_assert_max_num_queries: Any
) -> None:
    caller = call(ana)
    for _each in range(6):
        caller.post(f"/deals/{shop.deal(ana).pk}/win")
    with django_assert_max_num_queries(8):
        assert len(caller.read("/deals")["items"]) == 6


def test_anothers_deal_is_not_there_for_a_requester(call: Any, shop: Shop, ana: User, bruno: User) -> None:
    rita = make_person("Rita Reis", shop.company, "requester")
    deal = shop.deal(ana)
    caller = call(rita)
    assert caller.get(f"/deals/{deal.pk}").status_code == 404
    assert caller.post(f"/deals/{deal.pk}/win").status_code == 404
    refused = call(bruno).post(f"/deals/{deal.pk}/win", Accept_Language="en")  # sees all, changes his own
    assert (refused.status_code, refused.json()["detail"]) == (
        403,
        "Only its owner, finance or an administrator changes a deal.",
    )
    assert call(bruno).read(f"/deals/{deal.pk}")["may_change"] is False
    assert not Entry.objects.exists()


def test_a_service_sells(call: Any, shop: Shop, clara: User) -> None:
    """A shop's own program: what it enters is its own; its receivable is posted as anybody's."""
    from integration.api.calling import Caller

    made = tokens.make_service(
        shop.company,
        name="Loja",
        roles=[Role.REQUESTER],
        scopes=["deals:read", "deals:write"],
        days=30,
        by=clara,
    )
    caller = Caller(made.text)
    deal = caller.post("/deals", body(shop)).json()
    assert deal["owner"]["name"] == "Loja"
    won = caller.post(f"/deals/{deal['id']}/win")
    assert won.json()["receivable"]["status"] == "posting.queued"
    assert caller.get("/entries").json()["scope"] == "entries:read"


def test_finance_gives_a_deal_to_another(call: Any, shop: Shop, ana: User, clara: User) -> None:
    deal = shop.deal(ana)
    bia = make_person("Bia Reis", shop.company, "requester")
    changed = call(clara).patch(f"/deals/{deal.pk}", {"version": 1, "owner": bia.pk})
    assert changed.json()["owner"]["id"] == bia.pk
    assert call(ana).get(f"/deals/{deal.pk}").status_code == 404
    auditor = make_person("Olga Lima", shop.company, "auditor")
    refused = call(clara).patch(f"/deals/{deal.pk}", {"version": 2, "owner": auditor.pk})
    assert list(refused.json()["errors"]) == ["owner"]


def test_an_expected_day_is_a_day(call: Any, shop: Shop, ana: User) -> None:
    soon = timezone.localdate() + timedelta(days=3)
    made = call(ana).post("/deals", body(shop, expected_on=str(soon))).json()
    assert made["expected_on"] == str(soon)
    answer = call(ana).post("/deals", body(shop, expected_on="31/12/2026"), Accept_Language="en")
    assert answer.json()["errors"] == {"expected_on": ["Write the date as 2026-12-31."]}


# --- A customer who is new --------------------------------------------------------------------------------------

NEW = {"name": "Buffet Girassol Ltda", "document": "11.222.333/0001-81", "email": "contas@girassol.example"}


def test_who_may_only_enter_brings_a_new_customer_with_the_deal(call: Any, shop: Shop, ana: User) -> None:
    caller = call(ana, "deals:read", "deals:write")
    assert (
        call(ana).post("/parties", {"company": shop.company.pk, **NEW, "is_customer": True}).status_code
        == 403
    )
    given = {name: value for name, value in body(shop).items() if name != "customer"}
    made = caller.post("/deals", {**given, "new_customer": NEW})
    assert made.status_code == 201, made.content
    party = Party.objects.get(pk=made.json()["customer"]["id"])
    assert (party.name, party.document, party.email) == (NEW["name"], "11222333000181", NEW["email"])
    assert (party.is_customer, party.is_vendor, party.company) == (True, False, shop.company)
    (record,) = history.of(party)
    assert (record.event, record.actor) == ("party.created", ana)
    # The same one again is the one that is there; so is one who was only sold to us so far.
    twice = caller.post(
        "/deals", {**given, "new_customer": {"name": "Girassol", "document": "11222333000181"}}
    )
    assert twice.json()["customer"] == {"id": party.pk, "name": NEW["name"]}
    vendor = save_party(shop.company, name="Só fornecedor", document="11444777000161", is_vendor=True)
    sold = caller.post("/deals", {**given, "new_customer": {"name": "X", "document": vendor.document}})
    vendor.refresh_from_db()
    assert (sold.json()["customer"]["id"], vendor.is_customer) == (vendor.pk, True)
    assert caller.post(f"/deals/{made.json()['id']}/win").status_code == 200


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"new_customer": {"name": "Beta", "document": "123"}}, "new_customer.document"),
        ({"new_customer": {"name": "Beta", "email": "beta"}}, "new_customer.email"),
        ({"new_customer": {"name": "   "}}, "new_customer.name"),
        ({"new_customer": {"name": ""}}, "new_customer.name"),
        ({"new_customer": {"name": "Beta", "cnpj": "1"}}, "new_customer.cnpj"),
        ({"new_customer": NEW, "customer": 1}, "new_customer"),
        ({}, "customer"),
        ({"new_customer": None}, "customer"),
        ({"new_customer": NEW, "value": None}, "value"),
        ({"new_customer": NEW, "terms": "quando der"}, "terms"),
        ({"new_customer": NEW, "category": 999999}, "category"),
    ],
)
def test_what_is_refused_leaves_nobody_in_the_directory(
    call: Any, shop: Shop, ana: User, changes: dict[str, Any], where: str
) -> None:
    there = Party.objects.count()
    given = {name: value for name, value in body(shop).items() if name != "customer"}
    refused = call(ana).post("/deals", {**given, **changes})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, [where])
    assert (Deal.objects.count(), Party.objects.count()) == (0, there)


def test_a_deal_is_given_to_a_new_customer(call: Any, shop: Shop, ana: User, bruno: User) -> None:
    deal = shop.deal(ana)
    refused = call(bruno).patch(f"/deals/{deal.pk}", {"version": 1, "new_customer": NEW})
    assert refused.status_code in (403, 404)
    stale = call(ana).patch(f"/deals/{deal.pk}", {"version": 9, "new_customer": NEW})
    assert stale.status_code == 409
    assert not Party.objects.filter(name=NEW["name"]).exists()
    changed = call(ana).patch(f"/deals/{deal.pk}", {"version": 1, "new_customer": NEW})
    assert changed.json()["customer"]["name"] == NEW["name"]
    assert changed.json()["category"]["name"] == "Vendas"  # what was agreed stays


def test_nobody_enters_a_customer_elsewhere(call: Any, shop: Shop, ana: User, other_company: Company) -> None:
    answer = call(ana).post(
        "/deals", {**body(shop, company=other_company.pk, customer=None), "new_customer": NEW}
    )
    assert answer.status_code == 404
    assert not Party.objects.filter(company=other_company).exists()


def test_a_new_customer_with_a_key_is_one(call: Any, shop: Shop, ana: User) -> None:
    given = {**body(shop, customer=None), "new_customer": {"name": "Maria da Silva"}}
    answers = [call(ana).post("/deals", given, Idempotency_Key="crm-2") for _each in range(2)]
    assert answers[0].content == answers[1].content
    assert Party.objects.filter(name="Maria da Silva").count() == 1
