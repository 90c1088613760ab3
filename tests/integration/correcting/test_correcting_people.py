"""What people decide on a correction, and what it leaves to them in Conta Azul."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from integration.correcting.desk import TWICE, Desk, edited, events, posting_of, to_do
from procrastinate.contrib.django.models import ProcrastinateJob
from stories import open_step

from alcada.approval.models import Decision, Round
from alcada.approval.rules import OwnEntryError
from alcada.directory.actions import save_party
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart
from alcada.flow import actions as flow
from alcada.flow import correcting, sweep
from alcada.intake import correcting as intake
from alcada.intake.models import Entry
from alcada.intake.rules import Problems
from alcada.ledger import corrected as ledger
from alcada.ledger import differing, states
from alcada.ledger.models import Difference, EntryState, InstalmentState, Status
from alcada.ledger.seen import Seen
from alcada.notify.models import Notice
from alcada.posting.models import Correction, CorrectionState

LATER = [{"due_date": "20/12/2026", "amount": ""}]
Verdict = Decision.Verdict


def decided(desk: Desk, entry: Entry, verdict: Verdict, **changes: Any) -> Any:
    revision = desk.submitted(entry, **changes)
    flow.decide(open_step(revision).pk, by=desk.bruno, verdict=verdict, comment="Não combinado")
    entry.refresh_from_db()
    return revision


def told(template: str) -> list[Any]:
    return [one.user for one in Notice.objects.filter(template=template).order_by("pk")]


def test_rejected_what_was_approved_stays_and_another_may_begin(desk: Desk) -> None:
    entry = desk.posted()
    before, books = entry.current_id, desk.books
    decided(desk, entry, Verdict.REJECT, instalments=LATER)
    assert (entry.current_id, entry.correction, entry.draft) == (before, None, None)
    assert desk.books == books
    assert told("correction_rejected") == [desk.ana]
    correction = desk.made(entry, instalments=[{"due_date": "21/12/2026", "amount": ""}])
    assert correction.state == CorrectionState.DONE
    # Told against what was approved, not against what was rejected in between.
    assert [(row["old"], row["new"]) for row in correction.changes] == [("2026-12-10", "2026-12-21")]
    assert correction.revision.number == 3


def test_sent_back_it_is_a_draft_again_with_what_was_typed(desk: Desk) -> None:
    entry = desk.posted()
    decided(desk, entry, Verdict.SEND_BACK, instalments=LATER)
    assert entry.draft is None
    assert entry.correction is not None
    assert entry.correction["instalments"][0]["due_date"] == "20/12/2026"
    assert told("correction_sent_back") == [desk.ana]
    revision = correcting.submit(entry, by=desk.ana)
    assert Round.objects.get(revision=revision).state == Round.State.OPEN


def test_taken_back_and_given_up(desk: Desk) -> None:
    entry = desk.posted()
    desk.submitted(entry, instalments=LATER)
    correcting.withdraw(entry, by=desk.ana)
    entry.refresh_from_db()
    assert entry.correction is not None
    assert not Round.objects.filter(entry=entry, state=Round.State.OPEN).exists()
    intake.discard(entry, by=desk.ana)
    entry.refresh_from_db()
    assert correcting.may_begin(desk.ana, entry)
    assert events(entry, "correction.") == [
        "correction.begun",
        "correction.submitted",
        "correction.discarded",
    ]


def test_whoever_entered_or_corrected_it_does_not_decide(desk: Desk) -> None:
    entry = desk.posted()
    entry = correcting.begin(entry, by=desk.clara)
    draft = {**(entry.correction or {}), "instalments": LATER}
    entry = intake.save_draft(entry, by=desk.clara, draft=draft, based_on=entry.current_id)
    step = open_step(correcting.submit(entry, by=desk.clara))
    for one in (desk.ana, desk.clara):
        with pytest.raises(OwnEntryError):
            flow.decide(step.pk, by=one, verdict=Verdict.APPROVE)


def test_method_and_account_are_changed_of_every_open_instalment(desk: Desk) -> None:
    entry = desk.posted(instalments=TWICE)
    first, _second = desk.books[0]["condicao_pagamento"]["parcelas"]
    used = BankAccount.objects.get(counterparts__remote_id=first["conta_financeira"]["id"])
    known = Counterpart.objects.filter(bank_account__active=True, active=True).exclude(bank_account=used)
    other = next(row for row in known if row.bank_account and row.bank_account.takes_payables)
    desk.act("pay", instalment=first["id"])
    correction = desk.made(entry, payment_method="pix", bank_account=str(other.bank_account_id))
    assert correction.state == CorrectionState.DONE
    account = {"id": other.remote_id}
    paid, open_ = desk.parts("metodo_pagamento", "conta_financeira")
    assert paid == ("BOLETO_BANCARIO", first["conta_financeira"])  # a payment went through it
    assert open_ == ("PIX_PAGAMENTO_INSTANTANEO", account)
    assert to_do(entry) == edited(entry) == []


def test_what_only_a_person_can_do_is_listed_and_goes_when_it_is_seen_there(
    desk: Desk, settings: Any
) -> None:
    settings.RETURNING = settings.RETURNING | {"check_every_s": 0.0}
    entry = desk.posted()
    company = desk.account.connection.company
    event, reference = desk.books[0]["id"], posting_of(entry).reference
    party = save_party(company, name="Gráfica Sul Ltda", document="11444777000161", is_vendor=True)
    theirs = desk.act("add", kind="person", entry={"nome": party.name, "documento": party.document})
    Counterpart.objects.create(
        connection_id=desk.account.pk, party=party, profile="Fornecedor", remote_id=theirs["id"]
    )
    split = entry.current.splits.get() if entry.current else None
    assert split is not None
    category = Counterpart.objects.filter(category__kind="payable", active=True, category__active=True)
    other = category.exclude(category_id=split.category_id)[0]
    correction = desk.made(
        entry,
        party=str(party.pk),
        party_name=party.name,
        description="Impressos",
        competence_date="30/11/2026",
        document_number="NF 1002",
        splits=[{"category": str(other.category_id), "cost_centre": "", "amount": ""}],
    )
    assert correction.state == CorrectionState.DONE
    assert [row[1] for row in to_do(entry)] == [
        "category_name",
        "competence_date",
        "cost_centre_name",
        "description",
        "notes",
        "party_name",
    ]
    assert edited(entry) == []
    assert set(told("correction_left")) == {desk.ana, desk.clara}
    # The instalment's own description is ours to change, and keeps the reference.
    assert desk.parts("descricao") == [(f"Impressos 1/1 [{reference}]",)]

    def does(**changes: Any) -> list[str]:
        desk.sandbox.clock(advance_seconds=60)
        desk.act("edit", event=event, changes=changes)
        desk.poll()
        desk.later(seconds=60)
        assert edited(entry) == []
        return [row[1] for row in to_do(entry)]

    assert "competence_date" not in does(data_competencia="2026-11-30")
    assert "party_name" not in does(id_fornecedor=theirs["id"])
    assert "description" not in does(descricao=f"Impressos [{reference}]")
    assert does(id_categoria=other.remote_id) == ["notes"]  # its cost centre goes with it
    (notes,) = Difference.objects.filter(kind="notes", settled_at=None)
    assert (notes.approved, notes.theirs) == ("NF 1002", "NF 1001")
    ledger.done_there(notes.pk, by=desk.clara)
    with pytest.raises(differing.AlreadySettledError):
        ledger.done_there(notes.pk, by=desk.clara)
    assert "notes" not in [row[1] for row in to_do(entry)]
    assert not told("entry_changed")


def test_a_value_leaves_the_split_there_to_a_person_who_sees_it_done(desk: Desk) -> None:
    entry = desk.posted()
    assert desk.made(entry, amount="1.600,00").state == CorrectionState.DONE
    assert desk.parts("valor_liquido") == [(1600,)]
    ((_number, kind, approved, theirs),) = to_do(entry)
    assert kind == "split"
    assert "1600.00" in approved
    assert "1500.00" in theirs
    desk.sandbox.clock(advance_seconds=3)
    (part,) = desk.books[0]["condicao_pagamento"]["parcelas"]
    desk.act("edit", instalment=part["id"], changes={"nota": "rateio ajustado"})  # a single category follows
    desk.poll()
    assert to_do(entry) == edited(entry) == []


def test_what_stood_otherwise_before_is_measured_by_what_is_approved_now(desk: Desk) -> None:
    """Moved there, then paid: the correction leaves it alone, and what is to do is told against the corrected day."""
    entry = desk.posted()
    desk.poll()
    (part,) = desk.books[0]["condicao_pagamento"]["parcelas"]
    desk.sandbox.clock(advance_seconds=3)
    desk.act("edit", instalment=part["id"], changes={"data_vencimento": "2026-12-15"})
    desk.act("pay", instalment=part["id"])
    desk.poll()
    assert edited(entry) == [(1, "due_date", "2026-12-10", "2026-12-15")]
    assert desk.made(entry, instalments=LATER).state == CorrectionState.DONE
    assert to_do(entry) == [(1, "due_date", "2026-12-20", "2026-12-15")]
    assert edited(entry) == []


def test_said_to_be_done_and_seen_otherwise_it_is_listed_again(desk: Desk) -> None:
    entry = desk.posted()
    desk.made(entry, amount="1.600,00")
    ledger.done_there(Difference.objects.get(settled_at=None).pk, by=desk.clara)
    assert to_do(entry) == []
    desk.poll()
    assert [row[1] for row in to_do(entry)] == ["split"]
    assert edited(entry) == []
    assert not told("entry_changed")


def test_another_number_of_instalments_is_a_persons(desk: Desk) -> None:
    entry = desk.posted(instalments=TWICE)
    before = desk.books
    thrice = [{"due_date": f"10/{month}", "amount": "500,00"} for month in ("12/2026", "01/2027", "02/2027")]
    correction = desk.made(entry, instalments=thrice)
    assert correction.state == CorrectionState.DONE
    assert desk.calls("PATCH") == []
    assert desk.books == before
    assert (0, "instalments", "3", "2") in to_do(entry)
    assert (1, "amount", "500.00", "1000.00") in to_do(entry)
    # As it stands once somebody divided it anew there: other instalments, with ids of their own.
    parts = [
        Seen(
            f"new-{number}", Status.OPEN, index=number, due_date=date.fromisoformat(due), amount=Decimal(500)
        )
        for number, due in enumerate(("2026-12-10", "2027-01-10", "2027-02-10"), start=1)
    ]
    with transaction.atomic():
        states.take_whole(EntryState.objects.get(posting__entry=entry).pk, parts)
    # Their words are theirs to write: what is left are the descriptions that name how many there are.
    assert {row[1] for row in to_do(entry)} <= {"description"}
    assert edited(entry) == []
    rows = InstalmentState.objects.filter(entry__posting__entry=entry)
    assert [row.remote_id for row in rows] == ["new-1", "new-2", "new-3"]


def test_one_vendor_that_the_account_does_not_have_yet_goes_by_name(desk: Desk, settings: Any) -> None:
    settings.RETURNING = settings.RETURNING | {"check_every_s": 0.0}
    entry = desk.posted()
    company = desk.account.connection.company
    party = save_party(company, name="Gráfica Sul Ltda", document="11444777000161", is_vendor=True)
    desk.made(entry, party=str(party.pk), party_name=party.name)
    assert [row[1:] for row in to_do(entry)] == [("party_name", "Gráfica Sul Ltda", "Papelaria Aurora Ltda")]
    theirs = desk.act("add", kind="person", entry={"nome": "GRAFICA SUL LTDA"})
    desk.act("edit", event=desk.books[0]["id"], changes={"id_fornecedor": theirs["id"]})
    desk.poll()
    assert to_do(entry) == edited(entry) == []


def test_nothing_changed_and_what_the_account_lacks_is_not_sent(desk: Desk) -> None:
    entry = desk.posted()
    with pytest.raises(correcting.NothingChangedError):
        desk.submitted(entry)
    company = desk.account.connection.company
    unmapped = Category.objects.create(company=company, kind="payable", name="Só daqui")
    centre = CostCentre.objects.filter(company=company)[0]
    with pytest.raises(Problems):
        desk.submitted(
            entry, splits=[{"category": str(unmapped.pk), "cost_centre": str(centre.pk), "amount": ""}]
        )


def test_a_second_correction_is_measured_by_the_first(desk: Desk) -> None:
    entry = desk.posted()
    desk.made(entry, instalments=LATER)
    entry.refresh_from_db()
    correction = desk.made(entry, instalments=[{"due_date": "30/12/2026", "amount": ""}])
    assert correction.state == CorrectionState.DONE
    assert desk.parts("data_vencimento", "versao") == [("2026-12-30", 3)]
    desk.poll()
    assert to_do(entry) == edited(entry) == []
    desk.sandbox.clock(advance_seconds=3)
    desk.act("edit", event=desk.books[0]["id"], changes={"data_vencimento": "2026-12-10"})
    desk.poll()
    assert edited(entry) == [(1, "due_date", "2026-12-30", "2026-12-10")]


def test_a_job_that_got_lost_is_found_by_the_timetable(desk: Desk) -> None:
    jobs = ProcrastinateJob.objects.filter(task_name="alcada.jobs.tasks.correct")
    before = jobs.count()
    correction = desk.approved(desk.posted(), instalments=LATER)
    assert jobs.count() == before + 1
    sweep.sweep()
    assert jobs.count() == before + 1
    Correction.objects.update(next_try_at=timezone.now() - timedelta(minutes=2))
    sweep.sweep()
    assert jobs.filter(args={"correction_id": correction.pk}).count() == 2
