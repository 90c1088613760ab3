"""Entries through the API: entered, changed, submitted, decided, listed; each as its page would have it."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from alcada.approval.models import Decision
from alcada.directory.models import Party
from alcada.history.models import Record
from alcada.history.rules import fingerprint
from alcada.intake.actions import save_draft
from alcada.intake.drafts import shaped
from alcada.intake.models import Document, Entry
from alcada.posting.models import Posting

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def body(world: Any, **changes: Any) -> dict[str, Any]:
    return {
        "company": world.company.pk,
        "kind": "payable",
        "party": world.vendor.pk,
        "description": "Papel A4",
        "document_number": "NF 1001",
        "amount": "1500.00",
        "competence_date": timezone.localdate().isoformat(),
        "bank_account": world.account.pk,
        "payment_method": "pix",
        "payment_details": "financeiro@papelaria.example",
        "splits": [{"category": world.category.pk, "cost_centre": world.centre.pk}],
        "instalments": [
            {"due_date": "2027-01-10", "amount": "1000.00"},
            {"due_date": "2027-02-10", "amount": "500.00"},
        ],
        **changes,
    }


def test_an_entry_is_entered_and_submitted(call: Any, world: Any) -> None:
    ana = call(world.ana)
    made = ana.post("/entries", body(world))
    assert made.status_code == 201
    entry = made.json()
    assert (entry["status"], entry["problems"], entry["questions"]) == ("draft", {}, [])
    assert entry["draft"]["amount"] == "1500.00"
    assert entry["draft"]["instalments"][1] == {"due_date": "2027-02-10", "amount": "500.00"}
    # The page shows what anybody would have typed.
    row = Entry.objects.get()
    assert row.draft is not None
    assert (row.draft["amount"], row.draft["instalments"][0]["due_date"]) == ("1.500,00", "10/01/2027")
    sent = ana.post(f"/entries/{entry['id']}/submit", {"version": entry["version"]})
    assert sent.status_code == 200, sent.content
    content = sent.json()["content"]
    assert (sent.json()["status"], sent.json()["draft"]) == ("round.open", None)
    assert (content["amount"], content["currency"], content["party"]["name"]) == (
        "1500.00",
        "BRL",
        "Papelaria Central Ltda",
    )
    assert [(part["due_date"], part["amount"]) for part in content["instalments"]] == [
        ("2027-01-10", "1000.00"),
        ("2027-02-10", "500.00"),
    ]
    assert content["hash"] == Entry.objects.get().current.content_hash


def test_what_is_left_out_is_what_the_company_usually_has(call: Any, world: Any) -> None:
    short = {"company": world.company.pk, "kind": "payable", "party": world.vendor.pk, "amount": "10.00"}
    entry = call(world.ana).post("/entries", short).json()
    assert entry["draft"]["bank_account"] == world.account.pk
    assert entry["draft"]["competence_date"] == timezone.localdate().isoformat()
    assert set(entry["problems"]) == {"description", "splits.0.category", "instalments.0.due_date"}


def test_a_new_vendor_is_put_into_the_directory_once(call: Any, world: Any) -> None:
    ana = call(world.ana)
    new = {"name": "Gráfica Alfa Ltda", "document": "19.131.243/0001-97"}
    for number in ("NF 1", "NF 2"):
        made = ana.post(
            "/entries",
            body(
                world,
                party=None,
                new_party=new,
                document_number=number,
                amount="5.00",
                instalments=[{"due_date": f"2027-0{number[-1]}-10"}],
            ),
        ).json()
        sent = ana.post(f"/entries/{made['id']}/submit")
        assert sent.status_code == 200, sent.content
    assert Party.objects.filter(document="19131243000197").count() == 1
    wrong = ana.post(
        "/entries", body(world, party=None, new_party={"name": "Beta", "document": "123"})
    ).json()
    refused = ana.post(f"/entries/{wrong['id']}/submit")
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"party_document"})


def test_another_companys_directory_is_no_choice(call: Any, world: Any, carla: Any) -> None:
    theirs = Party.objects.create(
        company=carla.memberships.first().company, name="Segredo", normalised_name="segredo", is_vendor=True
    )
    entry = call(world.ana).post("/entries", body(world, party=theirs.pk)).json()
    assert "party" in entry["problems"]
    assert "Segredo" not in str(entry)


def test_two_who_change_one_draft(call: Any, world: Any) -> None:
    ana = call(world.ana)
    entry = ana.post("/entries", body(world)).json()
    address, first = f"/entries/{entry['id']}", entry["version"]
    changed = ana.patch(address, {"version": first, "amount": "1600.00"})
    assert (changed.status_code, changed.json()["draft"]["amount"]) == (200, "1600.00")
    assert changed.json()["draft"]["description"] == "Papel A4"  # what isn't named stays
    late = ana.patch(address, {"version": first, "amount": "9000.00"})
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    assert ana.post(f"{address}/submit", {"version": first}).status_code == 409
    assert ana.read(address)["draft"]["amount"] == "1600.00"
    seen = call(world.bruno).patch(address, {"version": changed.json()["version"], "amount": "1.00"})
    assert (seen.status_code, seen.json()["code"]) == (403, "not_allowed")


def test_what_is_odd_has_to_be_confirmed(call: Any, world: Any) -> None:
    ana = call(world.ana)
    world.submitted(document_number="NF 77")
    past = [{"due_date": "2020-01-10"}]
    entry = ana.post("/entries", body(world, document_number="NF 77", instalments=past)).json()
    refused = ana.post(f"/entries/{entry['id']}/submit")
    assert (refused.status_code, refused.json()["code"]) == (409, "confirmation_required")
    asked = [one["key"] for one in refused.json()["questions"]]
    assert [key.partition(":")[0] for key in asked] == ["due_in_past", "due_before_competence", "duplicate"]
    browser = Client()  # the page asks the same, and what was ticked there is not asked again
    browser.force_login(world.ana)
    page = browser.get(f"/entries/{entry['id']}/edit?check=1").content.decode()
    assert re.findall(r'name="confirmed" value="([^"]+)"', page) == asked
    typed = Entry.objects.get(pk=entry["id"])
    save_draft(typed, by=world.ana, draft=shaped({**(typed.draft or {}), "confirmed": asked[:1]}))
    left = ana.post(f"/entries/{entry['id']}/submit").json()["questions"]
    assert [one["key"] for one in left] == asked[1:]
    sent = ana.post(f"/entries/{entry['id']}/submit", {"confirmed": asked})
    assert sent.json()["status"] == "round.open"


def test_what_cannot_be_submitted_says_why_and_changes_nothing(call: Any, world: Any) -> None:
    ana = call(world.ana)
    new = {"name": "Gráfica Alfa Ltda", "document": "19131243000197"}
    entry = ana.post("/entries", body(world, party=None, new_party=new)).json()
    world.bruno.memberships.all().delete()
    world.beatriz.memberships.all().delete()
    refused = ana.post(f"/entries/{entry['id']}/submit", {"confirmed": ["x:y"]})
    assert (refused.status_code, refused.json()["reason"]) == (409, "nobody_to_ask")
    assert not Party.objects.filter(document="19131243000197").exists()
    assert ana.read(f"/entries/{entry['id']}")["version"] == entry["version"]


def test_it_is_taken_back_and_thrown_away(call: Any, world: Any) -> None:
    ana, entry = call(world.ana), world.submitted()
    back = ana.post(f"/entries/{entry.pk}/withdraw").json()
    assert (back["status"], back["draft"]["amount"]) == ("draft", "1234.56")
    gone = ana.post(f"/entries/{entry.pk}/discard").json()
    assert gone["status"] == "discarded"
    assert ana.post(f"/entries/{entry.pk}/discard").json()["code"] == "wrong_state"
    posted = world.posted()
    assert ana.post(f"/entries/{posted.pk}/withdraw").status_code == 409


def test_documents_come_and_go(call: Any, world: Any) -> None:
    ana = call(world.ana)
    entry = ana.post("/entries", body(world)).json()
    address = f"/api/v1/entries/{entry['id']}/documents"

    def upload(name: str, content: bytes) -> Any:
        return ana.client.post(address, {"file": SimpleUploadedFile(name, content)}, headers=ana.headers)

    made = upload("nota.pdf", PDF)
    assert made.status_code == 201, made.content
    assert upload("nota.pdf", PDF).json()["id"] == made.json()["id"]
    refused = upload("nota.pdf", b"MZ\x90\x00 a program")
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["file"])
    assert ana.client.post(address, {}, headers=ana.headers).status_code == 422
    read = ana.get(f"/entries/{entry['id']}/documents/{made.json()['id']}")
    assert read.status_code == 200
    assert read.read == PDF
    assert "attachment" in read.headers["Content-Disposition"]
    assert ana.delete(f"/entries/{entry['id']}/documents/{made.json()['id']}").status_code == 204
    assert Document.objects.get().removed_at is not None
    assert ana.read(f"/entries/{entry['id']}")["documents"] == []


def test_the_list_is_filtered_as_the_page_filters(call: Any, world: Any) -> None:
    draft = world.typed(description="Energia elétrica")
    waiting, posted = world.submitted(description="Papel"), world.posted(description="Tinta")
    bruno = call(world.bruno)

    def ids(query: str) -> list[int]:
        return [one["id"] for one in bruno.read(f"/entries?{query}")["items"]]

    assert ids("") == [posted.pk, waiting.pk, draft.pk]
    assert ids("status=posting.posted") == [posted.pk]
    assert ids("status=round.open&kind=payable") == [waiting.pk]
    assert ids("kind=receivable") == []
    assert ids("q=Energia") == [draft.pk]
    assert ids(f"q=%23{waiting.number}") == [waiting.pk]
    assert ids("due_until=2020-01-01") == []
    assert bruno.get("/entries?status=nonsense").status_code == 422
    line = bruno.read("/entries?status=posting.posted")["items"][0]
    assert (line["amount"], line["currency"], line["party_name"]) == (
        "1234.56",
        "BRL",
        "Papelaria Central Ltda",
    )


def test_pages_stay_whole_while_entries_are_added(call: Any, world: Any) -> None:
    bruno, before = call(world.bruno), [world.typed().pk for _each in range(5)]
    seen, cursor, pages = [], "", 0
    while True:
        found = bruno.read(f"/entries?limit=2&cursor={cursor}")
        seen += [one["id"] for one in found["items"]]
        world.typed()
        pages += 1
        if not (cursor := found["next"]):
            break
    assert (seen, pages) == (before[::-1], 3)
    assert bruno.get("/entries?limit=201").status_code == 422
    assert bruno.get("/entries?cursor=bm9uc2Vuc2U").json()["errors"]["cursor"]
    other = bruno.read("/entries?limit=2")["next"]
    assert bruno.get(f"/entries?kind=payable&cursor={other}").status_code == 422  # a cursor of another list


def test_pages_of_an_order_that_is_shared(call: Any, world: Any) -> None:
    for days in (10, 5, 10, 5, 10):
        world.submitted(due_in=days)
    bruno = call(world.bruno)
    seen, cursor = [], ""
    while True:
        found = bruno.read(f"/inbox?limit=2&cursor={cursor}")
        seen += [(one["due_date"], one["id"]) for one in found["items"]]
        if not (cursor := found["next"]):
            break
    assert len(seen) == 5
    assert seen == sorted(seen)


# --- Deciding ------------------------------------------------------------------------------------------------


def test_a_person_decides_by_their_token(call: Any, world: Any) -> None:
    entry = world.submitted()
    bruno = call(world.bruno)
    (asked,) = bruno.read("/inbox")["items"]
    assert (asked["entry"], asked["amount"]) == (entry.pk, "1234.56")
    read = bruno.read(f"/inbox/{asked['id']}")
    assert read["content"]["hash"] == asked["revision_hash"]
    decided = bruno.post(
        f"/inbox/{asked['id']}/decision", {"verdict": "approve", "revision_hash": asked["revision_hash"]}
    )
    assert (decided.status_code, decided.json()["entry_status"]) == (200, "approved")
    decision = Decision.objects.get()
    assert decision.by == world.bruno
    assert decision.channel.startswith("api:")
    assert Posting.objects.filter(entry=entry).exists()
    # The same again is the same; another's answer comes too late and changes nothing.
    again = {"verdict": "approve", "revision_hash": asked["revision_hash"]}
    assert bruno.post(f"/inbox/{asked['id']}/decision", again).status_code == 200
    late = call(world.beatriz).post(
        f"/inbox/{asked['id']}/decision",
        {"verdict": "reject", "comment": "não", "revision_hash": asked["revision_hash"]},
    )
    assert (late.status_code, late.json()["decision"]["by"]["name"]) == (409, "Bruno Lima")
    assert Decision.objects.count() == 1


def test_why_one_is_asked_comes_in_the_language_of_the_request(call: Any, world: Any) -> None:
    entry = world.submitted(amount="12.500,00")
    assert call(world.bruno).read("/inbox")["items"][0]["why"] == ""  # the first step is always asked
    world.decided(entry, world.bruno)
    for language, why in (
        ("en", "Value above R$\xa010,000.00"),
        ("pt-BR", "Valor acima de R$\xa010.000,00"),
    ):
        (asked,) = call(world.clara, **{"Accept-Language": language}).read("/inbox")["items"]
        assert asked["why"] == why


def test_a_decision_is_bound_to_what_was_read(call: Any, world: Any) -> None:
    entry = world.submitted()
    bruno, step = call(world.bruno), world.step(entry)
    refused = bruno.post(f"/inbox/{step.pk}/decision", {"verdict": "approve", "revision_hash": "0" * 64})
    assert (refused.status_code, refused.json()["code"]) == (409, "changed_meanwhile")
    assert not Decision.objects.exists()


def test_who_may_not_decide_is_told_why(call: Any, world: Any) -> None:
    step = world.step(world.submitted())
    hash_ = step.round.revision.content_hash
    own = call(world.ana).post(f"/inbox/{step.pk}/decision", {"verdict": "approve", "revision_hash": hash_})
    assert (own.status_code, own.json()["reason"]) == (403, "own_entry")
    other = call(world.clara).post(
        f"/inbox/{step.pk}/decision", {"verdict": "approve", "revision_hash": hash_}
    )
    assert (other.status_code, other.json()["reason"]) == (403, "not_asked")
    mute = call(world.bruno).post(f"/inbox/{step.pk}/decision", {"verdict": "reject", "revision_hash": hash_})
    assert (mute.status_code, list(mute.json()["errors"])) == (422, ["comment"])


def test_history_says_through_what_it_came_and_can_be_recomputed(call: Any, world: Any, client: Any) -> None:
    ana = call(world.ana)
    entry = ana.post("/entries", body(world)).json()
    ana.post(f"/entries/{entry['id']}/submit")
    found = ana.read(f"/entries/{entry['id']}/history?limit=2")
    rest = ana.read(f"/entries/{entry['id']}/history?limit=200&cursor={found['next']}")
    assert rest["next"] is None
    lines, previous = found["items"] + rest["items"], ""
    for number, line in enumerate(lines, start=1):
        row = Record.objects.get(hash=line["hash"])
        told = {name: line[name] for name in ("sequence", "event", "channel", "data", "previous")}
        actor = line["actor"] or {"id": None, "name": ""}
        assert (line["sequence"], line["previous"]) == (number, previous)
        previous = fingerprint(
            kind=found["chain"]["kind"],
            key=found["chain"]["key"],
            at=row.at,
            actor=actor["id"],
            actor_name=actor["name"],
            **told,
        )
        assert previous == line["hash"]
    assert previous == found["chain"]["head"]
    prefix = ana.token.split("_")[1]
    assert {line["channel"] for line in lines} == {f"api:{prefix}"}
    client.force_login(world.clara)
    page = client.get(f"/entries/{entry['id']}").content.decode()
    assert f"token {prefix}" in page


# --- Postings ------------------------------------------------------------------------------------------------


def test_a_refused_posting_is_found_and_posted_again(call: Any, world: Any) -> None:
    entry, posted = world.refused(), world.posted()
    finance = call(world.clara)
    (waiting,) = finance.read("/postings?waiting=true")["items"]
    assert (waiting["entry"], waiting["state"], waiting["waits_for"]) == (
        entry.pk,
        "refused",
        "office",
    )
    assert finance.read("/postings?state=posted")["items"][0]["remote_event_id"] == f"evt-{posted.pk}"
    again = finance.post(f"/postings/{waiting['id']}/again")
    assert (again.status_code, again.json()["state"]) == (200, "queued")
    twice = finance.post(f"/postings/{waiting['id']}/again")
    assert (twice.status_code, twice.json()["code"]) == (409, "wrong_state")
    given_up = finance.post(f"/postings/{waiting['id']}/cancel", {"reason": "Pago em dinheiro"})
    assert given_up.json()["state"] == "cancelled"


def test_an_undecided_posting_is_sent_again_only_by_who_looked(call: Any, world: Any) -> None:
    posting = world.posting(world.undecided())
    finance = call(world.clara)
    asked = finance.post(f"/postings/{posting.pk}/again")
    assert (asked.status_code, asked.json()["code"]) == (409, "confirmation_required")
    assert asked.json()["reference"] == posting.reference
    assert finance.post(f"/postings/{posting.pk}/again", {"sure": True}).json()["state"] == "queued"


def test_one_that_is_being_looked_for_is_not_posted_again(call: Any, world: Any) -> None:
    posting = world.posting(world.unknown())
    finance = call(world.clara)
    assert finance.post(f"/postings/{posting.pk}/again", {"sure": True}).status_code == 409
    assert finance.post(f"/postings/{posting.pk}/cancel", {"reason": "x"}).status_code == 409
    assert finance.post(f"/postings/{posting.pk}/look").json()["state"] == "unknown"


# --- Setting up ----------------------------------------------------------------------------------------------


def test_routing_is_set_up(call: Any, world: Any) -> None:
    clara = call(world.clara)
    address = f"/companies/{world.company.pk}/routing"
    start = clara.read(address)
    assert (start["version"], start["rules"]) == (0, [])
    row = {"field": "category", "is": "=", "value": str(world.category.pk)}
    rule = {"version": 0, "name": "Escritório", "rows": [row], "account": world.connection.pk}
    made = clara.post(f"{address}/rules", rule)
    assert (made.status_code, made.json()["rules"][0]["account"]["id"]) == (201, world.connection.pk)
    stale = clara.post(f"{address}/rules", rule | {"name": "Outra"})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed_meanwhile")
    second = clara.post(
        f"{address}/rules",
        {
            "version": 1,
            "name": "Alto",
            "rows": [{"field": "amount", "is": ">", "value": "1000.00"}],
            "refusal": "Fale com a Clara",
        },
    ).json()
    pk = second["rules"][1]["id"]
    moved = clara.post(f"{address}/rules/{pk}/move", {"version": 2, "direction": "up"}).json()
    assert [one["name"] for one in moved["rules"]] == ["Alto", "Escritório"]
    assert clara.put(f"{address}/default", {"version": 3, "refusal": "Sem conta"}).json()["default"][
        "refusal"
    ]
    wrong = clara.put(f"{address}/rules/{pk}", {**rule, "version": 4, "rows": [row | {"value": "999999"}]})
    assert list(wrong.json()["errors"]) == ["rows.0.value"]
    both = clara.put(f"{address}/default", {"version": 4, "refusal": "x", "account": world.connection.pk})
    assert list(both.json()["errors"]) == ["account"]
    unreadable = {
        "version": 4,
        "name": "Z",
        "rows": [{"field": "amount", "is": ">", "value": "mil"}],
        "refusal": "x",
    }
    assert list(clara.post(f"{address}/rules", unreadable).json()["errors"]) == ["rows"]
    assert clara.delete(f"{address}/rules/{pk}?version=4").status_code == 204
    assert [one["name"] for one in clara.read(address)["rules"]] == ["Escritório"]


def test_mappings_are_confirmed_chosen_and_taken_away(call: Any, world: Any) -> None:
    from alcada.directory.models import Theirs

    Theirs.objects.create(
        connection=world.connection,
        kind="category",
        remote_id="their-2",
        name="Material de uso",
        normalised_name="material de uso",
        type="payable",
    )
    clara = call(world.clara)
    address = f"/accounts/{world.connection.pk}/mappings/category"
    (line,) = clara.read(address)["items"]
    assert (line["thing"], line["theirs"]["id"], line["state"]) == (
        world.category.pk,
        "remote-category",
        "suggested",
    )
    one = f"{address}/{world.category.pk}"
    (confirmed,) = clara.post(f"{one}/confirm", {"seen": line["seen"]}).json()
    assert confirmed["state"] == "confirmed"
    assert clara.post(f"{one}/confirm", {"seen": line["seen"]}).status_code == 409
    assert [found["id"] for found in clara.read(f"{one}/choices")["items"]] == ["their-2"]
    nowhere = clara.put(one, {"remote_id": "nowhere", "seen": confirmed["seen"]})
    assert list(nowhere.json()["errors"]) == ["remote_id"]
    (chosen,) = clara.put(one, {"remote_id": "their-2", "seen": confirmed["seen"]}).json()
    assert chosen["theirs"] == {"id": "their-2", "name": "Material de uso"}
    assert clara.delete(f"{one}?seen={chosen['seen']}").status_code == 204
    assert clara.read(address)["items"][0]["state"] == "removed"
    assert clara.get(f"/accounts/{world.connection.pk}/mappings/nonsense").status_code == 422


def test_the_directory_is_read_and_added_to(call: Any, world: Any) -> None:
    clara = call(world.clara)
    assert [one["name"] for one in clara.read("/parties?q=papelaria")["items"]] == ["Papelaria Central Ltda"]
    assert clara.read("/parties?side=customer")["items"] == []
    new = {
        "company": world.company.pk,
        "name": "Cliente Um",
        "document": "390.533.447-05",
        "is_customer": True,
    }
    made = clara.post("/parties", new)
    assert (made.status_code, made.json()["document"]) == (201, "39053344705")
    assert clara.read(f"/parties/{made.json()['id']}")["is_customer"]
    wrong = clara.post("/parties", new | {"document": "390.533.447-06"})
    assert list(wrong.json()["errors"]) == ["document"]
    assert clara.post("/parties", new | {"is_customer": False}).status_code == 422
    centre = {"company": world.company.pk, "name": "Obras", "code": "OBR"}
    assert clara.post("/cost-centres", centre).status_code == 201
    assert list(clara.post("/cost-centres", centre).json()["errors"]) == ["name"]
    assert {one["code"] for one in clara.read("/cost-centres")["items"]} == {"ADM", "OBR"}
    assert clara.read("/categories?kind=payable")["items"][0]["parent_name"] == "Despesas administrativas"
    assert clara.read(f"/bank-accounts?company={world.company.pk}")["items"][0]["takes_payables"]


@pytest.mark.parametrize("verb", ["again", "look", "cancel"])
def test_who_only_sees_a_posting_mends_none(call: Any, world: Any, verb: str) -> None:
    posting = world.posting(world.refused())
    answer = call(world.bruno).post(
        f"/postings/{posting.pk}/{verb}", {"reason": "x"} if verb == "cancel" else {}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert Posting.objects.get(pk=posting.pk).state == "refused"
