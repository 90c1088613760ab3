"""A vendor or cost centre whose create may have arrived: looked for once for all, made again once at the most."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from integration.posting.pairs import check_books
from stories import Account, approved, books, come_due, post

from alcada.connections import directory_sync
from alcada.connections.models import Connection
from alcada.directory.models import Counterpart
from alcada.flow import restored
from alcada.history.queries import breaks, of
from alcada.posting import mending, taking
from alcada.posting.models import Attempt, Posting, Question, Sought, State

DOCUMENT = "11222333000181"
PATHS = {"person": "/v1/pessoas", "cost_centre": "/v1/centro-de-custo"}
PAYABLES = "/v1/financeiro/contas-a-pagar"
MADE = pytest.mark.parametrize("made", PATHS)


def some(account: Account, ana: Any, bruno: Any, count: int = 3) -> list[Posting]:
    company = account.connection.company
    return [approved(company, ana=ana, bruno=bruno, document_number=f"NF {n}") for n in range(count)]


def lose(sandbox: Any, made: str, *, arrived: bool = False) -> None:
    kind = "drop_after" if arrived else "drop_before"
    sandbox.faults({"method": "POST", "path": PATHS[made], "kind": kind, "count": 1})


def go_on(account: Account) -> None:
    """One looks; then the others hear what it came to."""
    come_due(account)
    post(account)
    come_due(account, looks=False)
    post(account)


def searches(sandbox: Any, made: str) -> int:
    return len([call for call in sandbox.calls(path=PATHS[made]) if call["method"] == "GET"])


def states() -> set[tuple[str, str]]:
    return set(Posting.objects.values_list("state", "reason"))


def made_of(made: str) -> list[str]:
    return list(Attempt.objects.filter(kind=made).values_list("outcome", flat=True))


def believing(settings: Any, **more: Any) -> None:
    settings.POSTING = settings.POSTING | {"absence_evidence": 0, "absence_span_s": 0.0} | more


@MADE
def test_one_looks_for_all_that_wait(account: Account, sandbox: Any, ana: Any, bruno: Any, made: str) -> None:
    postings = some(account, ana, bruno, 20)
    sandbox.settings(search_lag=3600)
    lose(sandbox, made, arrived=True)
    post(account)
    waiting = set(Posting.objects.filter(reason=f"{made}_unknown").values_list("pk", flat=True))
    assert waiting
    before = searches(sandbox, made)
    for _ in range(3):
        go_on(account)
    assert states() == {(State.QUEUED, f"{made}_unknown")}
    per_look = 3 if made == "person" else 1  # by its document as typed, punctuated, and by name
    assert searches(sandbox, made) - before <= 3 * per_look
    check_books(account, sandbox)
    sandbox.clock(3601)
    go_on(account)
    assert states() == {(State.POSTED, "")}
    assert made_of(made) == ["found"]
    check_books(account, sandbox, *postings)


@MADE
def test_absence_is_believed_as_a_postings_is_and_one_is_made(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, made: str
) -> None:
    postings = some(account, ana, bruno)
    lose(sandbox, made)
    settings.POSTING = settings.POSTING | {"absence_evidence": 0}
    post(account)
    for _ in range(3):
        go_on(account)
    assert states() == {(State.QUEUED, f"{made}_unknown")}
    check_books(account, sandbox)
    Sought.objects.update(watched_s=560)  # less than the span, and the looks take no such time
    go_on(account)
    assert states() == {(State.QUEUED, f"{made}_unknown")}
    Sought.objects.update(watched_s=600)
    go_on(account)
    assert states() == {(State.POSTED, "")}
    assert made_of(made) == ["not_found", "posted"]
    check_books(account, sandbox, *postings)
    assert not list(breaks())


@MADE
def test_without_evidence_or_after_one_more_a_person_is_asked_once_for_all(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, made: str, as_clara: Client
) -> None:
    postings = some(account, ana, bruno)
    believing(settings)
    lose(sandbox, made)
    post(account)
    lose(sandbox, made)
    go_on(account)
    assert made_of(made) == ["not_found", "unknown"]
    for _ in range(3):
        go_on(account)
    assert states() == {(State.REFUSED, f"{made}_unknown")}
    assert made_of(made) == ["not_found", "unknown"]
    check_books(account, sandbox)
    question = Question.objects.get()
    entry = postings[1].entry_id
    page = as_clara.get(f"/entries/{entry}").content.decode()
    assert "the answer was lost" in page
    assert "3 postings wait for this answer" in page
    assert "It is not there: create it" in page
    as_clara.post(f"/postings/{postings[1].pk}/question/release")
    go_on(account)
    assert states() == {(State.POSTED, "")}
    question.refresh_from_db()
    assert question.answer == Question.Answer.RELEASED
    assert made_of(made) == ["not_found", "not_found", "posted"]
    check_books(account, sandbox, *postings)


@MADE
def test_no_evidence_is_no_reason_to_make_another(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, made: str
) -> None:
    some(account, ana, bruno)
    believing(settings, absence_evidence=20)
    lose(sandbox, made)
    post(account)
    for _ in range(3):
        go_on(account)
    assert states() == {(State.REFUSED, f"{made}_unknown")}
    assert made_of(made) == ["unknown"]
    check_books(account, sandbox)


PERSON = {"nome": "Papelaria Aurora Ltda", "documento": DOCUMENT, "perfis": ["Fornecedor"]}


def asked_about_a_lost_vendor(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> list[Posting]:
    """Some postings whose new vendor's create got lost, where nothing lets its absence be believed."""
    postings = some(account, ana, bruno)
    believing(settings, absence_evidence=20)
    lose(sandbox, "person")
    for _ in range(3):
        go_on(account)
    assert states() == {(State.REFUSED, "person_unknown")}
    return postings


def test_a_person_makes_it_there_and_posts_one_again_and_all_go_on(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    postings = asked_about_a_lost_vendor(account, sandbox, settings, ana, bruno)
    sandbox.act(account.remote["id"], "add", kind="person", entry=PERSON)
    mending.post_again(postings[0].pk, by=clara)
    post(account)
    go_on(account)
    assert states() == {(State.POSTED, "")}
    assert made_of("person") == ["found"]
    check_books(account, sandbox, *postings)


def test_a_search_that_fails_proves_nothing(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    some(account, ana, bruno, 1)
    believing(settings)
    lose(sandbox, "person", arrived=True)
    post(account)
    for _ in range(3):
        sandbox.faults({"method": "GET", "path": "/v1/pessoas", "kind": "error_before", "count": 2})
        go_on(account)
        assert states() == {(State.QUEUED, "not_reached")}
    go_on(account)
    assert states() == {(State.POSTED, "")}
    assert made_of("person") == ["found"]
    people = books(sandbox, account.connection.company.document)["people"]
    assert len([p for p in people if p["documento"] == DOCUMENT]) == 1


def test_what_was_just_made_is_not_gone_because_no_list_shows_it_yet(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    sandbox.settings(search_lag=900)
    (first,) = some(account, ana, bruno, 1)
    post(account)
    directory_sync.fetch(account.pk)
    second = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 9")
    post(account)
    assert states() == {(State.POSTED, "")}
    check_books(account, sandbox, first, second)


def test_a_vendor_that_becomes_a_customer_is_the_same_person_before_any_list_shows_it(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    sandbox.settings(search_lag=900)
    company = account.connection.company
    both = []
    for kind in ("payable", "receivable"):
        both.append(approved(company, ana=ana, bruno=bruno, kind=kind))
        post(account)
    assert states() == {(State.POSTED, "")}
    check_books(account, sandbox, *both)
    (person,) = [p for p in books(sandbox, company.document)["people"] if p["documento"] == DOCUMENT]
    assert sorted(person["perfis"]) == ["Cliente", "Fornecedor"]


def test_a_refused_entry_makes_no_second_vendor_before_any_list_shows_the_first(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    sandbox.settings(search_lag=900)
    company = account.connection.company
    first = approved(company, ana=ana, bruno=bruno)
    post(account)
    # The refusal may be about the vendor: what is remembered of it is looked at before it is used again.
    refusal = {"kind": "error_before", "status": 400, "body": {"message": "Não."}, "count": 1}
    sandbox.faults(refusal | {"method": "POST", "path": PAYABLES})
    approved(company, ana=ana, bruno=bruno, document_number="NF 2")
    post(account)
    assert states() == {(State.POSTED, ""), (State.REFUSED, "refused")}
    third = approved(company, ana=ana, bruno=bruno, document_number="NF 3")
    post(account)
    assert made_of("person") == ["posted"]
    check_books(account, sandbox, first, third)


def test_a_question_that_becomes_another_is_still_that_of_all_that_wait(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, clara: Any, as_clara: Client
) -> None:
    """Made there by hand twice: which one it is, is asked of all, and one answer lets all go on."""
    postings = asked_about_a_lost_vendor(account, sandbox, settings, ana, bruno)
    made = [sandbox.act(account.remote["id"], "add", kind="person", entry=PERSON)["id"] for _ in range(2)]
    mending.post_again(postings[0].pk, by=clara)
    post(account)
    assert states() == {(State.REFUSED, "party_ambiguous")}
    entry = postings[2].entry_id
    page = as_clara.get(f"/entries/{entry}").content.decode()
    assert "3 postings wait for this answer" in page
    assert "It is not there: create it" not in page
    as_clara.post(f"/postings/{postings[2].pk}/question/choose", {"candidate": made[1]})
    go_on(account)
    assert states() == {(State.POSTED, "")}
    assert not Sought.objects.filter(ended="").exists()
    there = books(sandbox, account.connection.company.document)["payables"]
    assert [entry["id_fornecedor"] for entry in there] == [made[1]] * 3


def test_who_lacks_a_bank_account_as_well_holds_nobody_back(account: Account, ana: Any, bruno: Any) -> None:
    """Only a person can mend that: whoever has all else does not wait for them to be refused, one by one."""
    postings = some(account, ana, bruno)
    Counterpart.objects.filter(connection_id=account.pk, bank_account__isnull=False).update(active=False)
    taking.take({account.pk: 32})
    assert {posting.state for posting in Posting.objects.all()} == {State.SENDING}
    assert len(postings) == 3


class TestAfterARestore:
    """What was made since the backup is not known here, and may not show yet."""

    def test_nothing_is_created_for_the_span(
        self, account: Account, sandbox: Any, ana: Any, bruno: Any
    ) -> None:
        restored.doubt()
        (posting,) = some(account, ana, bruno, 1)
        for _ in range(2):
            go_on(account)
        assert states() == {(State.QUEUED, "restored_lately")}
        check_books(account, sandbox)
        Connection.objects.update(restored_at=timezone.now() - timedelta(seconds=601))
        go_on(account)
        assert states() == {(State.POSTED, "")}
        check_books(account, sandbox, posting)

    def test_what_was_looked_for_is_watched_anew(
        self, account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
    ) -> None:
        settings.POSTING = settings.POSTING | {"absence_evidence": 0}
        some(account, ana, bruno, 1)
        lose(sandbox, "person")
        post(account)
        Sought.objects.update(watched_s=600)
        restored.doubt()
        company = account.connection.company
        approved(company, ana=ana, bruno=bruno, document_number="NF 9")
        for _ in range(2):
            go_on(account)
        assert made_of("person") == ["unknown"]


def test_history_tells_what_became_of_the_create(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    (posting,) = some(account, ana, bruno, 1)
    lose(sandbox, "person", arrived=True)
    post(account)
    go_on(account)
    said = [
        one.data["outcome"]
        for one in of(posting.entry)
        if one.event == "posting.outcome" and one.data["kind"] == "person"
    ]
    assert said == ["unknown", "found"]
