"""What a posting can't know it asks: the answer is remembered, and all that waited for it go on by themselves."""

from typing import Any

import pytest
from django.test import Client
from stories import Account, approved, books, come_due, post

from alcada.connections import directory_sync, mapping, mapping_actions
from alcada.directory.models import Category, CostCentre, Counterpart, Party
from alcada.flow import mapping as flow
from alcada.history.queries import of
from alcada.notify.models import Notice
from alcada.posting import mending, questions
from alcada.posting.models import Posting, Question, State

DOCUMENT = "11222333000181"
NAME = "Papelaria Aurora Ltda"


def add(sandbox: Any, account: Account, kind: str = "person", **entry: Any) -> str:
    defaults = {"nome": NAME, "documento": None, "perfis": ["Fornecedor"]} if kind == "person" else {}
    row = sandbox.act(account.remote["id"], "add", kind=kind, entry={**defaults, **entry})
    return str(row["id"])


def there(sandbox: Any, account: Account) -> dict[str, Any]:
    return books(sandbox, account.connection.company.document)


def people(sandbox: Any, account: Account) -> list[Any]:
    return [p for p in there(sandbox, account)["people"] if p["nome"] == NAME]


def again(account: Account) -> None:
    come_due(account)
    post(account)


def states() -> set[tuple[str, str]]:
    return set(Posting.objects.values_list("state", "reason"))


def three(account: Account, ana: Any, bruno: Any) -> list[Posting]:
    company = account.connection.company
    return [approved(company, ana=ana, bruno=bruno, document_number=f"NF {n}") for n in range(3)]


def test_a_person_chooses_among_the_candidates_and_all_that_wait_go_on(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
) -> None:
    first, second = (
        add(sandbox, account),
        add(sandbox, account, documento="52998224725", tipo_pessoa="Física"),
    )
    add(sandbox, account, nome=f"{NAME} Filial")  # another name: no candidate
    third = add(sandbox, account)
    postings = three(account, ana, bruno)
    post(account)
    assert states() == {(State.REFUSED, "party_ambiguous")}
    (question,) = Question.objects.all()  # one, however many wait
    assert Notice.objects.filter(template="question", user=clara).count() == 1
    # Ours has a CNPJ: who has another number is never offered.
    assert {one["id"] for one in question.candidates} == {first, third}
    assert second not in str(question.candidates)
    page = as_clara.get(f"/entries/{postings[0].entry_id}").content.decode()
    assert first in page
    assert third in page
    assert "3 postings wait for this answer" in page
    assert "Waits for an answer" in page

    address = f"/postings/{postings[0].pk}/question/choose"
    assert as_clara.post(address, {"candidate": ""}).status_code == 422
    assert as_clara.post(address, {"candidate": second}).status_code == 422
    assert as_clara.post(address, {"candidate": third}).status_code == 302
    again(account)
    assert states() == {(State.POSTED, "")}
    assert {entry["id_fornecedor"] for entry in there(sandbox, account)["payables"]} == {third}
    row = Counterpart.objects.get(party__isnull=False)
    assert (row.remote_id, row.match, row.confirmed_by) == (third, "chosen", clara)
    told = of(postings[1].entry).filter(event__in=["posting.asked", "posting.answered"])
    assert [(record.event, record.actor_name) for record in told] == [
        ("posting.asked", ""),
        ("posting.answered", clara.name),
    ]
    assert Notice.objects.get(template="question", user=clara).read_at
    # Remembered: the next one costs one call.
    before = len(sandbox.calls())
    approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 9")
    post(account)
    assert [call["method"] for call in sandbox.calls()[before:]] == ["POST"]


def test_the_one_chosen_gets_the_profile_that_it_lacks(
    account: Account, sandbox: Any, ana: Any, bruno: Any, as_clara: Client
) -> None:
    add(sandbox, account)
    chosen = add(sandbox, account, perfis=["Cliente"])
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    as_clara.post(f"/postings/{posting.pk}/question/choose", {"candidate": chosen})
    again(account)
    assert states() == {(State.POSTED, "")}
    (person,) = [p for p in people(sandbox, account) if p["id"] == chosen]
    assert sorted(person["perfis"]) == ["Cliente", "Fornecedor"]
    assert len(people(sandbox, account)) == 2


def test_none_of_the_candidates_and_one_is_created_once(
    account: Account, sandbox: Any, ana: Any, bruno: Any, as_clara: Client
) -> None:
    old = {add(sandbox, account), add(sandbox, account)}
    postings = three(account, ana, bruno)
    post(account)
    assert (
        "None of these: create a new one" in as_clara.get(f"/entries/{postings[0].entry_id}").content.decode()
    )
    # The answer to the create gets lost: the one made is found by its name, those turned down are not.
    sandbox.faults({"method": "POST", "path": "/v1/pessoas", "kind": "drop_after", "count": 1})
    as_clara.post(f"/postings/{postings[0].pk}/question/release")
    for _ in range(3):
        again(account)
    assert states() == {(State.POSTED, "")}
    (new,) = {person["id"] for person in people(sandbox, account)} - old
    assert {entry["id_fornecedor"] for entry in there(sandbox, account)["payables"]} == {new}
    told = of(postings[2].entry).get(event="posting.answered")
    assert told.data["answer"] == "released"


def test_one_that_is_there_twice_with_its_document_is_not_created_a_third_time(
    account: Account, sandbox: Any, ana: Any, bruno: Any, as_clara: Client
) -> None:
    for _ in range(2):
        add(sandbox, account, documento=DOCUMENT)
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    assert "None of these" not in as_clara.get(f"/entries/{posting.entry_id}").content.decode()
    as_clara.post(f"/postings/{posting.pk}/question/release")
    again(account)
    assert states() == {(State.REFUSED, "party_ambiguous")}
    assert len(people(sandbox, account)) == 2


def test_two_cost_centres_of_one_name_are_chosen_from(
    account: Account, sandbox: Any, ana: Any, bruno: Any, as_clara: Client
) -> None:
    ids = [add(sandbox, account, "cost_centre", nome="Administração") for _ in range(2)]
    postings = three(account, ana, bruno)
    post(account)
    assert states() == {(State.REFUSED, "cost_centre_ambiguous")}
    as_clara.post(f"/postings/{postings[2].pk}/question/choose", {"candidate": ids[1]})
    again(account)
    assert states() == {(State.POSTED, "")}
    assert len([c for c in there(sandbox, account)["cost_centres"] if c["nome"] == "Administração"]) == 2
    row = Counterpart.objects.get(cost_centre__name="Administração")
    assert (row.remote_id, bool(row.confirmed_at)) == (ids[1], True)


def test_an_inactive_vendor_is_made_active_there_and_posted_again(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
) -> None:
    person = add(sandbox, account, documento=DOCUMENT)
    sandbox.act(account.remote["id"], "deactivate", person=person)
    waiting = three(account, ana, bruno)
    post(account)
    assert states() == {(State.REFUSED, "party_inactive")}
    sandbox.act(account.remote["id"], "activate", person=person)
    mending.post_again(waiting[0].pk, by=clara)
    post(account)
    again(account)  # what the first found out lets the others go on
    assert states() == {(State.POSTED, "")}
    assert Question.objects.get().answer == Question.Answer.SETTLED


def test_a_remembered_vendor_that_was_deactivated_says_so(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    company = account.connection.company
    approved(company, ana=ana, bruno=bruno)
    post(account)
    (person,) = people(sandbox, account)
    sandbox.act(account.remote["id"], "deactivate", person=person["id"])
    posting = approved(company, ana=ana, bruno=bruno, document_number="NF 2")
    post(account)  # one call, refused: Conta Azul's own words
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.REFUSED, "refused")
    mending.post_again(posting.pk, by=clara)
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.REFUSED, "party_inactive")
    flow.fetch(account.pk)
    assert Counterpart.objects.get(party__isnull=False).trouble == "inactive"
    assert len(people(sandbox, account)) == 1


def test_a_confirmed_vendor_that_is_gone_is_asked_about_not_replaced(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
) -> None:
    company = account.connection.company
    person = add(sandbox, account, documento=DOCUMENT)
    posting = approved(company, ana=ana, bruno=bruno)
    party = Party.objects.get(company=company)
    flow.choose_person(account.connection, party, person, profile="Fornecedor", seen="none", by=clara)
    sandbox.act(account.remote["id"], "delete", person=person)
    flow.fetch(account.pk)
    other = add(sandbox, account, documento=DOCUMENT)
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.REFUSED, "party_gone")
    as_clara.post(f"/postings/{posting.pk}/question/choose", {"candidate": other})
    again(account)
    (entry,) = there(sandbox, account)["payables"]
    assert entry["id_fornecedor"] == other


def test_a_category_that_is_gone_is_replaced_in_the_mapping_and_the_posting_goes_on(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    ours = Category.objects.get(pk=posting.content["splits"][0]["category"]["id"])
    remote = Counterpart.objects.get(category=ours).remote_id
    other = Counterpart.objects.filter(category__kind=ours.kind).exclude(category=ours).first()
    assert other
    sandbox.act(account.remote["id"], "deactivate", category=remote)
    directory_sync.fetch(account.pk)
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.REFUSED, "category_gone")
    choose = f"/connections/{account.pk}/mapping/category/{ours.pk}"
    assert choose in as_clara.get(f"/entries/{posting.entry_id}").content.decode()
    seen = mapping.seen(Counterpart.objects.get(category=ours))
    answer = as_clara.post(choose, {"remote_id": other.remote_id, "seen": seen}, follow=True)
    assert "1 posting goes on." in answer.content.decode()
    again(account)
    assert states() == {(State.POSTED, "")}


def test_a_category_that_comes_back_there_lets_go_on_what_waited(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    row = Counterpart.objects.get(category=posting.content["splits"][0]["category"]["id"])
    sandbox.act(account.remote["id"], "deactivate", category=row.remote_id)
    flow.fetch(account.pk)
    post(account)
    assert states() == {(State.REFUSED, "category_gone")}
    questions.settle_known()  # not yet
    assert states() == {(State.REFUSED, "category_gone")}
    sandbox.act(account.remote["id"], "activate", category=row.remote_id)
    flow.fetch(account.pk)
    questions.settle_known()
    again(account)
    assert states() == {(State.POSTED, "")}


def test_a_cost_centre_taken_away_is_not_found_again_by_itself(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    add(sandbox, account, "cost_centre", nome="Administração")
    directory_sync.fetch(account.pk)
    company = account.connection.company
    ours = CostCentre.objects.get(company=company, name="Administração")
    CostCentre.objects.filter(pk=ours.pk).update(code="ADM")
    row = Counterpart.objects.get(cost_centre=ours)
    mapping_actions.remove(account.connection, ours, seen=mapping.seen(row), by=clara)
    approved(company, ana=ana, bruno=bruno)
    post(account)
    assert states() == {(State.REFUSED, "cost_centre_ambiguous")}
    assert len([c for c in there(sandbox, account)["cost_centres"] if c["nome"] == "Administração"]) == 1


class TestNewVendorsHeld:
    @pytest.fixture(autouse=True)
    def hold(self, account: Account, as_clara: Client) -> None:
        address = f"/connections/{account.pk}/mapping/new-vendors"
        assert as_clara.post(address, {"hold": "1", "back": "kind=party"}).status_code == 302

    def held(self, account: Account, sandbox: Any, ana: Any, bruno: Any) -> list[Posting]:
        postings = three(account, ana, bruno)
        post(account)
        assert states() == {(State.REFUSED, "vendor_held")}
        assert not people(sandbox, account)
        assert not there(sandbox, account)["payables"]
        return postings

    def test_the_setting_is_recorded(self, account: Account) -> None:
        told = of(account.connection.company).get(event="company.new_vendors_changed")
        assert (told.data, told.actor_name) == ({"hold": True}, "Clara Mendes")

    def test_an_administrator_releases_it_and_it_is_created_once(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
    ) -> None:
        postings = self.held(account, sandbox, ana, bruno)
        assert Notice.objects.filter(template="vendor_held", user=clara).count() == 1
        address = f"/entries/{postings[0].entry_id}"
        assert "waits for a second look" in as_clara.get(address).content.decode()
        assert "waits for a second look" in as_clara.get("/postings").content.decode()
        # Pressing "post again" is no way around it.
        mending.post_again(postings[1].pk, by=clara)
        post(account)
        assert states() == {(State.REFUSED, "vendor_held")}
        assert as_clara.post(f"/postings/{postings[0].pk}/question/release").status_code == 302
        again(account)
        again(account)
        assert states() == {(State.POSTED, "")}
        assert len(people(sandbox, account)) == 1
        told = of(postings[2].entry).get(event="posting.answered")
        assert (told.data["answer"], told.actor_name) == ("released", clara.name)

    def test_one_that_is_there_is_chosen_instead(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any, as_clara: Client
    ) -> None:
        other = add(sandbox, account, nome="Aurora Artigos de Papel")
        postings = self.held(account, sandbox, ana, bruno)
        party = Party.objects.get(name=NAME)
        as_clara.post(
            f"/connections/{account.pk}/mapping/party/{party.pk}",
            {"remote_id": other, "profile": "Fornecedor", "seen": "none"},
        )
        again(account)
        assert states() == {(State.POSTED, "")}
        assert {e["id_fornecedor"] for e in there(sandbox, account)["payables"]} == {other}
        assert not people(sandbox, account)
        assert postings

    def test_it_is_refused_with_a_reason_and_what_waited_is_cancelled(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any, as_clara: Client
    ) -> None:
        postings = self.held(account, sandbox, ana, bruno)
        address = f"/postings/{postings[0].pk}/question/decline"
        empty = as_clara.post(address, {"reason": " "})
        assert empty.status_code == 422
        assert "Say why" in empty.content.decode()
        assert as_clara.post(address, {"reason": "Boleto falso"}).status_code == 302
        assert states() == {(State.CANCELLED, "vendor_declined")}
        assert of(postings[1].entry).get(event="posting.cancelled").data["reason"] == "Boleto falso"
        # Another bill of the same vendor is looked at anew.
        approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 7")
        post(account)
        assert (State.REFUSED, "vendor_held") in states()

    def test_a_vendor_that_is_there_and_a_customer_are_not_held(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any
    ) -> None:
        add(sandbox, account, nome="Outro nome", documento=DOCUMENT, perfis=["Cliente"])
        company = account.connection.company
        approved(company, ana=ana, bruno=bruno)
        approved(
            company,
            ana=ana,
            bruno=bruno,
            kind="receivable",
            party_name="Cliente Novo Ltda",
            party_document="60701190000104",
        )
        post(account)
        assert states() == {(State.POSTED, "")}

    def test_only_administrators_answer(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any, carla: Any
    ) -> None:
        (posting, *_others) = self.held(account, sandbox, ana, bruno)
        for user, status in ((bruno, 403), (ana, 403), (carla, 404)):
            client = Client()
            client.force_login(user)
            for what in ("choose", "release", "decline"):
                answer = client.post(f"/postings/{posting.pk}/question/{what}", {"reason": "x"})
                assert answer.status_code == status, (user.name, what)
        assert states() == {(State.REFUSED, "vendor_held")}

    def test_the_second_answer_is_told_that_there_was_a_first(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
    ) -> None:
        (posting, *_others) = self.held(account, sandbox, ana, bruno)
        question = Question.objects.get()
        questions.decline(question.pk, by=clara, reason="Boleto falso")
        with pytest.raises(questions.AnsweredError):
            questions.answer(question.pk, Question.Answer.RELEASED, by=clara)
        answer = as_clara.post(f"/postings/{posting.pk}/question/release", follow=True)
        assert "answered this meanwhile" in answer.content.decode()
        assert {state for state, _reason in states()} == {State.CANCELLED}


def test_an_entry_taken_back_does_not_go_on_with_the_others(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    from alcada.flow import actions as story

    first, second = add(sandbox, account), add(sandbox, account)
    postings = three(account, ana, bruno)
    post(account)
    story.withdraw(postings[0].entry, by=ana)
    party = Party.objects.get(name=NAME)
    flow.choose_person(account.connection, party, second, profile="Fornecedor", seen="none", by=clara)
    again(account)
    found = dict(Posting.objects.values_list("pk", "state"))
    assert [found[p.pk] for p in postings] == [State.CANCELLED, State.POSTED, State.POSTED]
    assert first != second


def test_a_question_answered_in_the_moment_in_which_it_was_asked_settles_by_itself(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    add(sandbox, account)
    chosen = add(sandbox, account)
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    Counterpart.objects.create(
        connection=account.connection,
        party=Party.objects.get(name=NAME),
        profile="Fornecedor",
        remote_id=chosen,
    )
    questions.settle_known()
    again(account)
    posting.refresh_from_db()
    assert posting.state == State.POSTED


def test_what_a_person_confirmed_meanwhile_is_not_overwritten_by_what_a_posting_found(
    account: Account, clara: Any
) -> None:
    from alcada.connections.mapping_actions import Chosen
    from alcada.directory.actions import save_party
    from alcada.posting.prepare import remember

    party = save_party(account.connection.company, name=NAME, is_vendor=True)
    chosen = Chosen("theirs-1", NAME)
    mapping_actions.choose(account.connection, party, chosen, profile="Fornecedor", seen="none", by=clara)
    assert remember(account.pk, "party", party.pk, "theirs-2", NAME, "name", "Fornecedor") == "theirs-1"
    assert Counterpart.objects.get(party=party).remote_id == "theirs-1"
