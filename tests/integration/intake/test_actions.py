"""Drafts, revisions and files, as they are kept."""

import threading
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, transaction

from alcada.history import queries as history
from alcada.intake import actions, files, freezing
from alcada.intake.drafts import check
from alcada.intake.models import Document, Entry, Revision
from alcada.intake.queries import entry_or_none, visible_entries
from alcada.intake.rules import ChangedMeanwhileError, NotBeingEditedError, NotYoursError
from alcada.intake.storage import path_of


def start(desk: Any, by: Any, **changes: Any) -> Entry:
    return actions.start(desk.company, "payable", by=by, draft=desk.draft(**changes))


def submit(entry: Entry, by: Any) -> Revision:
    with transaction.atomic():
        return freezing.freeze(entry, check(entry), by=by)


class Upload(BytesIO):
    name = "boleto.pdf"


def pdf(text: bytes = b"", name: str = "boleto.pdf") -> Upload:
    upload = Upload(b"%PDF-1.4\n" + text + b"\n%%EOF")
    upload.name = name
    return upload


def test_numbers_are_counted_per_company(desk, ana, clara):
    assert [start(desk, ana).number, start(desk, clara).number] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_entries_started_at_once_get_different_numbers(desk, ana):
    def one() -> None:
        try:
            start(desk, ana)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Entry.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_a_draft_keeps_what_is_wrong_with_it(desk, ana):
    entry = start(desk, ana, amount="mil e pouco", instalments=[{"due_date": "31/02", "amount": "x"}])
    entry.refresh_from_db()
    assert entry.draft
    assert entry.draft["amount"] == "mil e pouco"
    assert entry.draft["instalments"] == [{"due_date": "31/02", "amount": "x"}]


def test_a_stranger_neither_starts_nor_changes_nor_sees(desk, ana, carla):
    with pytest.raises(NotYoursError):
        start(desk, carla)
    entry = start(desk, ana)
    with pytest.raises(NotYoursError):
        actions.save_draft(entry, by=carla, draft=desk.draft())
    assert entry_or_none(carla, entry.pk) is None


def test_an_approver_sees_but_does_not_change_another_persons_draft(desk, ana, bruno):
    entry = start(desk, ana)
    assert entry_or_none(bruno, entry.pk) == entry
    with pytest.raises(NotYoursError):
        actions.discard(entry, by=bruno)


def test_a_requester_sees_only_their_own(desk, ana, clara):
    start(desk, clara)
    mine = start(desk, ana)
    assert list(visible_entries(ana)) == [mine]
    assert visible_entries(clara).count() == 2


def test_who_lost_their_role_sees_nothing(desk, ana):
    start(desk, ana)
    ana.memberships.all().delete()
    assert not visible_entries(ana).exists()


def test_freezing_ends_the_draft_and_tells_history_all_of_it(desk, ana):
    entry = start(desk, ana)
    revision = submit(entry, ana)
    entry.refresh_from_db()
    assert (entry.current, entry.draft, revision.number) == (revision, None, 1)
    record = history.of(entry).get(event="entry.submitted")
    assert record.data["content"]["amount"] == "1000.00"
    assert record.data["content"]["party_document"] == "19131243000197"
    assert record.data["hash"] == revision.content_hash


def test_the_second_revision_tells_what_changed(desk, ana):
    entry = start(desk, ana)
    submit(entry, ana)
    actions.reopen(entry, by=ana)
    assert entry.draft
    actions.save_draft(entry, by=ana, draft=entry.draft | {"amount": "1.200,00"})
    entry.refresh_from_db()
    revision = submit(entry, ana)
    assert revision.number == 2
    changes = history.of(entry).filter(event="entry.submitted")[1].data["changes"]
    assert {"field": "amount", "old": "1000.00", "new": "1200.00"} in changes
    assert Revision.objects.get(entry=entry, number=1).amount == Decimal("1000.00")


def test_the_second_press_of_submit_freezes_nothing(desk, ana):
    entry = start(desk, ana)
    content = check(entry)
    submit(entry, ana)
    with pytest.raises(NotBeingEditedError), transaction.atomic():
        freezing.freeze(entry, content, by=ana)
    with pytest.raises(NotBeingEditedError):
        actions.save_draft(entry, by=ana, draft=desk.draft())
    assert entry.revisions.count() == 1


@pytest.mark.django_db(transaction=True)
def test_freezing_needs_the_callers_transaction(desk, ana):
    entry = start(desk, ana)
    with pytest.raises(transaction.TransactionManagementError):
        freezing.freeze(entry, check(entry), by=ana)


def test_a_form_of_before_the_last_submission_is_refused(desk, ana):
    entry = start(desk, ana)
    submit(entry, ana)
    actions.reopen(entry, by=ana)
    with pytest.raises(ChangedMeanwhileError):
        actions.save_draft(entry, by=ana, draft=desk.draft(), based_on=None)


def test_a_discarded_draft_stays_and_is_no_longer_changed(desk, ana):
    entry = start(desk, ana)
    actions.discard(entry, by=ana)
    entry.refresh_from_db()
    assert entry.draft
    assert entry.discarded_at
    with pytest.raises(NotBeingEditedError):
        actions.save_draft(entry, by=ana, draft=desk.draft())


def test_a_new_vendor_is_made_once_and_chosen(desk, ana):
    new = {"party": "", "new_party": "1", "party_name": "Gráfica Zebra", "party_document": "529.982.247-25"}
    one, two = start(desk, ana, **new), start(desk, ana, **new)
    keys = {check(actions.settle_party(entry, by=ana)).party_id for entry in (one, two)}
    assert len(keys) == 1


def test_a_customer_chosen_for_a_payable_becomes_a_vendor_too(desk, ana):
    from alcada.directory.actions import save_party

    customer = save_party(desk.company, name="Cliente Bom Ltda", document="", is_customer=True)
    entry = start(desk, ana, party=str(customer.pk))
    assert check(actions.settle_party(entry, by=ana)).party_id == customer.pk


def test_a_file_is_kept_whole_and_once(desk, ana):
    entry = start(desk, ana)
    first = actions.add_document(entry, by=ana, upload=pdf())
    again = actions.add_document(entry, by=ana, upload=pdf(name="copia.pdf"))
    assert first == again
    assert path_of(first.sha256).read_bytes() == pdf().getvalue()
    assert history.of(entry).filter(event="entry.document_added").count() == 1


def test_a_removed_file_is_kept_marked(desk, ana):
    entry = start(desk, ana)
    document = actions.add_document(entry, by=ana, upload=pdf())
    actions.remove_document(document, by=ana)
    document.refresh_from_db()
    assert document.removed_at
    assert path_of(document.sha256).exists()


@pytest.mark.parametrize(
    ("content", "name"), [(b"MZ\x90", "boleto.pdf"), (b"PK\x03\x04", "a.docx"), (b"%PDF-1.4", "a.exe")]
)
def test_a_forbidden_file_leaves_nothing(desk, ana, settings, content, name):
    entry, upload = start(desk, ana), Upload(content)
    upload.name = name
    with pytest.raises(files.UploadError):
        actions.add_document(entry, by=ana, upload=upload)
    assert not Document.objects.exists()
    assert not list(settings.MEDIA_ROOT.glob("**/*"))


def test_fifty_megabytes_are_refused(desk, ana):
    with pytest.raises(files.UploadError) as refused:
        actions.add_document(start(desk, ana), by=ana, upload=pdf(b"0" * 50 * 1024 * 1024))
    assert refused.value.code == "too_large"
