"""A posted entry is corrected: approved like any other, made by a change of its instalments, never by another entry."""

from integration.correcting.desk import TWICE, Desk, edited, events, to_do

from alcada.approval.models import Round
from alcada.connections import mapping, mapping_actions
from alcada.directory.models import Counterpart
from alcada.flow.models import Run
from alcada.flow.queries import status_of
from alcada.intake.models import Entry, Revision
from alcada.posting.models import Attempt, CorrectionState, Posting


def test_a_due_date_is_corrected_in_the_books_of_the_account(desk: Desk) -> None:
    entry = desk.posted()
    before = desk.books
    correction = desk.made(entry, instalments=[{"due_date": "20/12/2026", "amount": ""}])
    assert correction.state == CorrectionState.DONE
    assert desk.parts("data_vencimento", "valor_liquido") == [("2026-12-20", 1500)]
    (after,) = desk.books
    assert after["id"] == before[0]["id"]  # the same entry, changed
    assert to_do(entry) == edited(entry) == []
    entry = Entry.objects.get(pk=entry.pk)
    assert entry.current is not None
    assert (entry.current.kind, entry.current_id) == (Revision.Kind.CORRECTION, correction.revision_id)
    assert status_of(entry).code == "posting.posted"
    assert Posting.objects.filter(entry=entry).count() == 1
    assert Run.objects.get(revision=correction.revision).state == Run.State.DONE
    (attempt,) = Attempt.objects.filter(kind=Attempt.Kind.INSTALMENT)
    assert attempt.request == {"versao": 1, "vencimento": "2026-12-20"}
    assert events(entry, "correction.", "approval.step", "posting.posted") == [
        "approval.step.approved",
        "posting.posted",
        "correction.begun",
        "correction.submitted",
        "approval.step.approved",
        "correction.intended",
        "correction.made",
    ]
    desk.poll()
    assert to_do(entry) == edited(entry) == []


def test_what_is_mapped_otherwise_since_is_no_part_of_a_correction(desk: Desk) -> None:
    """Approved was a date: the account that the entry stands in is changed neither there nor in what is expected."""
    entry = desk.posted()
    (before,) = desk.books
    connection = desk.account.connection
    ours = Posting.objects.get(entry=entry).revision.bank_account
    row = Counterpart.objects.get(connection=connection, bank_account=ours)
    free = mapping.choosable(connection, "bank_account", ours, "").exclude(remote_id=row.remote_id)
    other = next(one for one in free if mapping.fits(ours, one))
    mapping_actions.choose_listed(connection, ours, other.remote_id, seen=None, by=desk.clara)
    rent = Counterpart.objects.get(connection=connection, category=entry.current.splits.get().category)
    Counterpart.objects.filter(pk=rent.pk).update(remote_id="0" * 8)
    correction = desk.made(entry, instalments=[{"due_date": "20/12/2026", "amount": ""}])
    assert correction.state == CorrectionState.DONE
    (attempt,) = Attempt.objects.filter(kind=Attempt.Kind.INSTALMENT)
    assert attempt.request == {"versao": 1, "vencimento": "2026-12-20"}
    (after,) = desk.books
    assert [part["conta_financeira"] for part in after["parcelas"]] == [
        part["conta_financeira"] for part in before["parcelas"]
    ]
    assert to_do(entry) == edited(entry) == []
    desk.poll()
    assert to_do(entry) == edited(entry) == []


def test_values_and_dates_of_several_instalments_the_lowered_one_first(desk: Desk) -> None:
    entry = desk.posted(instalments=TWICE)
    changed = [
        {"due_date": "10/12/2026", "amount": "1.000,01"},
        {"due_date": "15/01/2027", "amount": "499,99"},
    ]
    correction = desk.made(entry, instalments=changed)
    assert correction.state == CorrectionState.DONE
    assert desk.parts("data_vencimento", "valor_liquido") == [("2026-12-10", 1000.01), ("2027-01-15", 499.99)]
    sent = [one.request for one in Attempt.objects.filter(kind=Attempt.Kind.INSTALMENT)]
    assert [one["composicao_valor"]["valor_bruto"] for one in sent] == ["499.99", "1000.01"]
    assert to_do(entry) == edited(entry) == []


def test_until_it_is_approved_nothing_changes_here_or_there(desk: Desk) -> None:
    entry = desk.posted()
    before = desk.books
    revision = desk.submitted(entry, instalments=[{"due_date": "20/12/2026", "amount": ""}])
    entry.refresh_from_db()
    assert entry.current_id != revision.pk
    assert Round.objects.get(revision=revision).state == Round.State.OPEN
    assert status_of(entry).code == "posting.posted"
    assert desk.books == before


def test_each_row_stays_the_instalment_that_it_is(desk: Desk) -> None:
    """The first falls due after the second now; it is the first all the same, and its value stays its own."""
    entry = desk.posted(instalments=TWICE)
    first = [{"due_date": "20/01/2027", "amount": "1.000,00"}, TWICE[1]]
    correction = desk.made(entry, instalments=first)
    assert [row["field"] for row in correction.changes] == ["instalments.0.due_date"]
    assert desk.parts("data_vencimento", "valor_liquido", "versao") == [
        ("2027-01-20", 1000, 2),
        ("2027-01-10", 500, 1),
    ]
    desk.poll()
    assert to_do(entry) == edited(entry) == []
