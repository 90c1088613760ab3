"""What is posted is what was approved, and nothing else: whatever changes around it in the meantime."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from stories import Account, approve, approved, books, draft, enter, open_step, post, submit

from alcada.approval.models import Decision
from alcada.directory.models import CostCentre, Party
from alcada.flow import actions as flow
from alcada.flow import doctor, twins
from alcada.flow.queries import status_of
from alcada.history.queries import of
from alcada.intake import actions as intake
from alcada.intake.models import Entry
from alcada.intake.rules import NotBeingEditedError
from alcada.ledger.models import TwinSearch
from alcada.posting import actions, mending
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Outcome, TransitionNotAllowedError

CREATE = "/v1/financeiro/contas-a-pagar"


@pytest.fixture
def refused(account: Account, sandbox: Any, ana: Any, bruno: Any) -> Posting:
    """Approved, sent, refused by Conta Azul; then taken back by who entered it."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults({"method": "POST", "path": CREATE, "kind": "error_before", "status": 400, "count": 1})
    post(account)
    posting.refresh_from_db()
    assert posting.state == State.REFUSED
    flow.withdraw(Entry.objects.get(), by=ana)
    return posting


def test_a_refused_revision_that_was_taken_back_is_never_posted(
    refused: Posting, account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    step = open_step(submit(Entry.objects.get(), by=ana))
    flow.decide(step.pk, by=bruno, verdict=Decision.Verdict.REJECT, comment="fraude")
    with pytest.raises(TransitionNotAllowedError):
        mending.post_again(refused.pk, by=clara)  # a tab that was open since before
    post(account)
    assert books(sandbox, account.connection.company.document)["payables"] == []
    assert status_of(Entry.objects.get()).code == "round.rejected"


def test_the_database_lets_no_superseded_revision_back_into_the_queue(refused: Posting) -> None:
    with pytest.raises(IntegrityError, match="taken back"), transaction.atomic():
        Posting.objects.filter(pk=refused.pk).update(state=State.QUEUED)


def test_the_next_revision_of_a_refused_one_is_posted(
    refused: Posting, account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    approve(submit(Entry.objects.get(), by=ana), by=bruno)
    post(account)
    assert len(books(sandbox, account.connection.company.document)["payables"]) == 1


def test_names_changed_while_it_waits_do_not_change_what_is_posted(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    revision = submit(enter(company, by=ana), by=ana)
    Party.objects.update(email="fraude@x.example", name="Outro Nome")
    CostCentre.objects.filter(code="ADM").update(code="LN", name="Lojas Norte", normalised_name="lojas norte")
    approve(revision, by=bruno)
    content = Posting.objects.get().content
    assert content["party"]["email"] == ""
    post(account)
    there = books(sandbox, company.document)
    made = {centre["nome"]: centre["codigo"] for centre in there["cost_centres"]}
    assert made["Administração"] == "ADM"
    assert "Lojas Norte" not in made
    assert "Papelaria Aurora Ltda" in [person["nome"] for person in there["people"]]


def test_the_files_that_were_there_are_part_of_what_was_submitted(
    account: Account, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    entry = intake.start(company, "payable", by=ana, draft=draft(company))
    intake.add_document(entry, by=ana, upload=_pdf("boleto.pdf", b"%PDF-1.4 um"))
    revision = submit(entry, by=ana)
    assert [file["name"] for file in revision.documents] == ["boleto.pdf"]
    with pytest.raises(NotBeingEditedError):
        intake.add_document(Entry.objects.get(pk=entry.pk), by=ana, upload=_pdf("tarde.pdf", b"%PDF-1.4 x"))
    flow.withdraw(entry, by=ana)
    intake.add_document(Entry.objects.get(pk=entry.pk), by=ana, upload=_pdf("nota.pdf", b"%PDF-1.4 dois"))
    again = submit(Entry.objects.get(pk=entry.pk), by=ana)
    assert again.content_hash != revision.content_hash


def _pdf(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content + b"\n1 0 obj\n<<>>\nendobj\n%%EOF\n", "application/pdf")


def test_a_long_note_keeps_the_histories_mark_and_the_address(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    posting = approved(company, ana=ana, bruno=bruno, notes="x" * 1000, document_number="NF 77")
    type(bruno).objects.filter(pk=bruno.pk).update(name="B" * 150)
    post(account)
    (entry,) = books(sandbox, company.document)["payables"]
    note = entry["observacao"]
    assert len(note) <= 2000
    assert f"/entries/{posting.entry_id}" in note
    assert "NF 77" in note
    assert "xxxx" in note


def test_a_twin_that_was_posted_from_here_is_shown_too(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    first = approved(company, ana=ana, bruno=bruno, document_number="NF 1")
    post(account)
    later = [{"due_date": "13/12/2026", "amount": ""}]  # another day: the duplicates here don't see it
    revision = submit(enter(company, by=ana, document_number="NF 2", instalments=later), by=ana)
    twins.search([revision.pk])
    (found,) = TwinSearch.objects.get(revision=revision).found
    assert found["entry"] == first.entry_id


def test_what_was_submitted_together_is_searched_for_in_one_call(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    posted = {value: approved(company, ana=ana, bruno=bruno, amount=value) for value in ("10,00", "20,00")}
    post(account)
    later = [{"due_date": "13/12/2026", "amount": ""}]
    values = ("20,00", "15,00", "10,00")
    typed = [("payable", draft(company, amount=value, instalments=later)) for value in values]
    revisions = flow.submit_all(intake.start_all(company, typed, by=ana), by=ana)
    before = len(_twin_searches(sandbox))
    twins.search([revision.pk for revision in revisions])
    found = [TwinSearch.objects.get(revision=revision) for revision in revisions]
    assert [[twin["entry"] for twin in one.found] for one in found] == [
        [posted["20,00"].entry_id],
        [],
        [posted["10,00"].entry_id],
    ]
    assert {one.state for one in found} == {TwinSearch.State.DONE}
    assert len(_twin_searches(sandbox)) == before + 1
    told = [[r.data for r in of(one.entry) if r.event == "ledger.twins_searched"] for one in revisions]
    assert [len(data["found"]) for (data,) in told] == [1, 0, 1]


def _twin_searches(sandbox: Any) -> list[Any]:
    return [call for call in sandbox.calls() if "valor_de" in (call["query"] or "")]


def test_a_second_event_told_late_is_found_by_the_doctor(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    claim, _ = actions.claim(account.pk, 1)
    slow = actions.start_attempt(posting.pk, claim, kind=Attempt.Kind.ENTRY, request={})
    Posting.objects.filter(pk=posting.pk).update(claim_until="2026-01-01T00:00:00Z")
    assert actions.expire_claims() == 1
    Posting.objects.filter(pk=posting.pk).update(
        state=State.QUEUED, next_try_at=timezone.now()
    )  # believed absent
    post(account)
    late = Outcome(Attempt.Outcome.POSTED, status=201, remote_id="the-late-one")
    actions.finish_create(slow, claim, late)
    slow.refresh_from_db()
    assert (slow.outcome, slow.remote_id) == ("posted", "the-late-one")
    sentences = [f.sentence for f in doctor.examine(online=False) if f.level == "problem"]
    assert any("the-late-one" in sentence for sentence in sentences)
