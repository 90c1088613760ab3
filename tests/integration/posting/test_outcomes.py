"""What becomes of an approved entry for every way that the create call can end: the books, and what people read."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from stories import Account, approved, books, enter, post, submit, watched

from alcada.approval.models import Decision
from alcada.connections.models import Connection
from alcada.flow import doctor, restored, twins
from alcada.flow import posting as flow_posting
from alcada.ledger.models import TwinSearch
from alcada.posting import actions as posting_actions
from alcada.posting import bulk, mending
from alcada.posting.models import Attempt, Bulk, Posting, State
from alcada.posting.rules import BusyError

PATHS = {"payable": "/v1/financeiro/contas-a-pagar", "receivable": "/v1/financeiro/contas-a-receber"}
SIDES = {"payable": "payables", "receivable": "receivables"}


def fault(kind: str, *, path: str = PATHS["payable"], count: int = 1, **more: Any) -> dict[str, Any]:
    return {"method": "POST", "path": path, "kind": kind, "count": count, **more}


def now(posting: Posting) -> Posting:
    """Its time has come: tests don't wait for pauses."""
    Posting.objects.filter(pk=posting.pk).update(next_try_at=timezone.now())
    posting.refresh_from_db()
    return posting


@pytest.mark.parametrize("kind", ["payable", "receivable"])
def test_what_was_approved_stands_in_the_books_whole(
    account: Account, sandbox: Any, ana: Any, bruno: Any, kind: str
) -> None:
    posting = approved(
        account.connection.company,
        ana=ana,
        bruno=bruno,
        kind=kind,
        instalments=[
            {"due_date": "10/12/2026", "amount": "1.000,00"},
            {"due_date": "10/01/2027", "amount": "500,00"},
        ],
    )
    post(account)
    posting.refresh_from_db()
    there = books(sandbox, account.connection.company.document)
    (entry,) = there[SIDES[kind]]
    assert not there[SIDES["receivable" if kind == "payable" else "payable"]]
    assert posting.state == State.POSTED
    assert posting.remote_event_id == entry["id"]
    assert posting.remote_instalment_ids == [part["id"] for part in entry["parcelas"]]
    assert entry["referencia_externa"] == posting.reference
    assert entry["descricao"] == f"Papel A4 [{posting.reference}]"
    assert entry["data_competencia"] == posting.revision.competence_date.isoformat()
    assert [
        (part["data_vencimento"], part["valor_composicao"]["valor_bruto"]) for part in entry["parcelas"]
    ] == [
        ("2026-12-10", 1000.0),
        ("2027-01-10", 500.0),
    ]
    assert {part["metodo_pagamento"] for part in entry["parcelas"]} == {"BOLETO_BANCARIO"}
    (person,) = [p for p in there["people"] if p["id"] == (entry["id_fornecedor"] or entry["id_cliente"])]
    assert (person["nome"], person["documento"]) == ("Papelaria Aurora Ltda", "11222333000181")
    assert person["perfis"] == ["Fornecedor" if kind == "payable" else "Cliente"]
    (row,) = entry["parcelas"][0]["evento"]["rateio"]
    assert [c["nome_centro_custo"] for c in row["rateio_centro_custo"]] == ["Administração"]


def test_the_evidence_travels_with_the_entry(account: Account, sandbox: Any, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    (entry,) = books(sandbox, account.connection.company.document)["payables"]
    decision = Decision.objects.get()
    at = timezone.localtime(decision.at).strftime("%d/%m/%Y %H:%M")
    assert f"{bruno.name}, {at}" in entry["observacao"]
    assert f"/entries/{posting.entry_id}" in entry["observacao"]


@pytest.mark.parametrize(
    "struck",
    [
        fault("drop_after"),
        fault("cut_body"),
        fault("error_after", status=500),
        fault("error_after", status=502),
    ],
)
def test_an_answer_that_got_lost_is_looked_for_and_adopted(
    account: Account, sandbox: Any, ana: Any, bruno: Any, struck: dict[str, Any]
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(struck)
    post(account)
    posting.refresh_from_db()
    assert posting.state == State.UNKNOWN
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    (entry,) = books(sandbox, account.connection.company.document)["payables"]
    assert (posting.state, posting.remote_event_id) == (State.POSTED, entry["id"])


@pytest.mark.parametrize("struck", [fault("drop_before"), fault("error_before", status=500)])
def test_what_may_have_arrived_is_not_sent_again_before_absence_may_be_believed(
    account: Account, sandbox: Any, ana: Any, bruno: Any, struck: dict[str, Any]
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(struck)
    post(account)
    for _ in range(3):
        flow_posting.look([posting.pk])
        now(posting)
        post(account)
    posting.refresh_from_db()
    assert posting.state == State.UNKNOWN
    assert not books(sandbox, account.connection.company.document)["payables"]


def test_absence_is_believed_once_with_evidence_and_the_entry_goes_out(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    settings.POSTING = settings.POSTING | {"absence_evidence": 1, "absence_span_s": 0.0}
    company = account.connection.company
    approved(company, ana=ana, bruno=bruno)
    post(account)
    flow_posting.sight(account.pk)  # one of our own came back in the search: the evidence
    posting = approved(company, ana=ana, bruno=bruno, document_number="NF 1002")
    sandbox.faults(fault("drop_before"))
    post(account)
    # Ten times the longest lag seen has passed since it was sent.
    watched(posting, 30)
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert (posting.state, posting.resent) == (State.QUEUED, True)
    post(account)
    references = [entry["referencia_externa"] for entry in books(sandbox, company.document)["payables"]]
    assert sorted(references) == sorted(Posting.objects.values_list("reference", flat=True))


def test_without_evidence_a_person_decides_in_the_end(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(fault("drop_before"))
    post(account)
    with pytest.raises(BusyError):
        mending.post_again(posting.pk, by=clara)
    with pytest.raises(BusyError):
        mending.cancel(posting.pk, by=clara, reason="typed twice")
    watched(posting, 120)
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.UNDECIDED, "not_found")
    mending.post_again(posting.pk, by=clara)
    post(account)
    assert len(books(sandbox, account.connection.company.document)["payables"]) == 1


def test_an_edited_entry_is_found_through_the_change_feed(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    """Somebody moved the due date out of the window and changed the value meanwhile: searches by those miss it."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(fault("drop_after"))
    post(account)
    (entry,) = books(sandbox, account.connection.company.document)["payables"]
    sandbox.act(
        account.remote["id"],
        "edit",
        instalment=entry["parcelas"][0]["id"],
        changes={"data_vencimento": "2028-03-01"},
    )
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert (posting.state, posting.remote_event_id) == (State.POSTED, entry["id"])


def test_two_entries_with_the_reference_go_to_a_person(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(fault("drop_after"))
    post(account)
    Posting.objects.filter(pk=posting.pk).update(state=State.QUEUED, next_try_at=timezone.now())
    sandbox.faults(fault("drop_after"))
    post(account)  # what the product never does by itself: the same reference a second time
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.UNDECIDED, "several_found")


def test_a_refusal_says_why_and_may_be_posted_again(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(fault("error_before", status=400, body={"message": "A conta financeira não existe."}))
    post(account)
    posting.refresh_from_db()
    assert posting.state == State.REFUSED
    assert "A conta financeira não existe." in posting.detail
    mending.post_again(posting.pk, by=clara)
    post(account)
    posting.refresh_from_db()
    assert posting.state == State.POSTED
    assert len(books(sandbox, account.connection.company.document)["payables"]) == 1


def test_what_a_person_pressed_goes_before_what_waits(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    """However old the rest of the account's queue is; many at one press wait in line."""
    company = account.connection.company
    refused = [approved(company, ana=ana, bruno=bruno, description=f"Recusado {n}") for n in range(2)]
    sandbox.faults(fault("error_before", status=400, body={"message": "Não."}, count=2))
    post(account)
    for number in range(3):
        approved(company, ana=ana, bruno=bruno, description=f"Espera {number}")
    bulk.run(bulk.start(by=clara, action=Bulk.Action.AGAIN, ids=[refused[0].pk]).pk)
    mending.post_again(refused[1].pk, by=clara)
    _, claimed = posting_actions.claim(account.pk, 1)
    assert [posting.pk for posting in claimed] == [refused[1].pk]
    _, rest = posting_actions.claim(account.pk, 3)
    assert [posting.content["description"] for posting in rest] == [f"Espera {n}" for n in range(3)]


def test_too_many_requests_waits_as_long_as_asked(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(fault("too_many", retry_after=40))
    before = timezone.now()
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.QUEUED, "too_many_requests")
    assert 35 < (posting.next_try_at - before).total_seconds() < 60
    post(account)  # too early: nothing goes out
    assert not books(sandbox, account.connection.company.document)["payables"]
    now(posting)
    post(account)
    assert len(books(sandbox, account.connection.company.document)["payables"]) == 1


def test_a_lost_authorisation_keeps_the_queue_and_nothing_is_lost(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(
        {"method": "POST", "path": "*", "kind": "revoke_tokens", "count": 1, "company": account.remote["id"]}
    )
    post(account)
    posting.refresh_from_db()
    account.connection.refresh_from_db()
    assert account.connection.state == Connection.State.AUTHORISE
    assert posting.state == State.QUEUED
    assert not books(sandbox, account.connection.company.document)["payables"]


def test_conta_azul_down_means_later(
    account: Account, settings: Any, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    settings.CONTA_AZUL_API_URL = "http://127.0.0.1:9"  # nobody listens there
    post(account)
    posting.refresh_from_db()
    assert posting.state == State.QUEUED
    assert (
        posting.attempts.filter(kind=Attempt.Kind.ENTRY).exclude(outcome=Attempt.Outcome.NOT_SENT).count()
        == 0
    )
    settings.CONTA_AZUL_API_URL = sandbox.url
    now(posting)
    post(account)
    (entry,) = books(sandbox, account.connection.company.document)["payables"]
    assert Decimal(str(entry["valor"])) == Decimal("1500")


def test_a_category_gone_since_approval_goes_to_a_person(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    account.connection.counterparts.filter(category__isnull=False).update(active=False)
    post(account)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.REFUSED, "category_gone")
    assert not books(sandbox, account.connection.company.document)["payables"]


def test_after_a_restore_what_was_posted_since_is_found_and_not_posted_twice(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    """The backup was made before the posting left; the books have it, and our database has forgotten."""
    company = account.connection.company
    posting = approved(company, ana=ana, bruno=bruno)
    sandbox.faults(fault("drop_after"))
    post(account)
    posting.attempts.filter(kind=Attempt.Kind.ENTRY).update(outcome=Attempt.Outcome.NOT_SENT)
    Posting.objects.filter(pk=posting.pk).update(state=State.QUEUED, sent_at=None, next_try_at=timezone.now())
    assert restored.doubt() == 1
    post(account)  # nothing is queued any more
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    (entry,) = books(sandbox, company.document)["payables"]
    assert (posting.state, posting.remote_event_id) == (State.POSTED, entry["id"])


def test_after_a_restore_an_open_round_is_shown_its_own_first_posting(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    approved(company, ana=ana, bruno=bruno)
    post(account)
    Posting.objects.update(remote_instalment_ids=[])  # forgotten: the backup is older
    revision = submit(enter(company, by=ana), by=ana)
    restored.doubt()
    twins.search([revision.pk])
    assert len(TwinSearch.objects.get(revision=revision).found) == 1


def test_the_doctor_finds_an_entry_that_stands_twice(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults(fault("drop_after"))
    post(account)
    Posting.objects.filter(pk=posting.pk).update(state=State.QUEUED, next_try_at=timezone.now())
    post(account)
    sentences = [f.sentence for f in doctor.examine(online=True) if f.level == "problem"]
    assert any(posting.reference in sentence and "2" in sentence for sentence in sentences)
