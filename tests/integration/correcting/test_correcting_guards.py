"""What the database itself refuses of corrections, whoever asks for it."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from integration.correcting.desk import Desk, posting_of
from stories import approve, approved, enter, submit

from alcada.approval.models import Round
from alcada.flow import correcting
from alcada.intake import correcting as intake
from alcada.intake.models import Entry, Revision
from alcada.intake.rules import NotYoursError
from alcada.posting import actions, corrections
from alcada.posting.models import Correction, CorrectionState, Posting

LATER = [{"due_date": "20/12/2026", "amount": ""}]


def copied(revision: Revision, **changes: Any) -> Revision:
    """A row like this revision's, past every function of ours."""
    fields = {field.attname: getattr(revision, field.attname) for field in revision._meta.concrete_fields}
    del fields["id"]
    fields |= {"number": revision.number + 100, **changes}
    return Revision.objects.create(**fields)


def refuses(words: str, act: Any) -> None:
    with pytest.raises((IntegrityError, DatabaseError), match=words), transaction.atomic():
        act()


def test_no_posting_is_ever_made_from_a_correction(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.made(entry, instalments=LATER)
    posting = posting_of(entry)

    def intend() -> Posting:
        return actions.intend(
            entry=entry,
            revision=correction.revision,
            round_=correction.round,
            connection_=posting.connection,
            kind=entry.kind,
            content=correction.content,
        )

    refuses("no completed round", intend)
    assert len(desk.books) == 1


def test_only_what_is_posted_is_corrected_and_one_at_a_time(desk: Desk) -> None:
    company = desk.account.connection.company
    waiting = submit(enter(company, by=desk.ana, description="Outro"), by=desk.ana)
    kind = Revision.Kind.CORRECTION
    refuses("nothing to correct", lambda: copied(waiting, kind=kind))
    entry = desk.posted()
    assert entry.current is not None
    revision = desk.submitted(entry, instalments=LATER)
    refuses("under way", lambda: copied(revision))
    approve(revision, by=desk.bruno)
    refuses("under way", lambda: copied(revision))
    desk.make(Correction.objects.get())
    refuses("is a correction", lambda: copied(entry.current, kind=Revision.Kind.ORDINARY))


def test_an_unapproved_correction_is_neither_made_nor_what_the_entry_says(desk: Desk) -> None:
    entry = desk.posted()
    revision = desk.submitted(entry, instalments=LATER)
    posting = posting_of(entry)

    def intend() -> Correction:
        round_ = Round.objects.get(revision=revision)
        return corrections.intend(posting, revision=revision, round_=round_, content={}, changes=[])

    refuses("no completed round", intend)
    refuses("not approved", lambda: intake.take_over(revision))


def test_what_a_correction_changes_never_changes_and_it_stays(desk: Desk) -> None:
    correction = desk.made(desk.posted(), instalments=LATER)
    rows = Correction.objects.filter(pk=correction.pk)
    refuses("never changes", lambda: rows.update(changes=[]))
    refuses("never changes", lambda: rows.update(content={}))
    refuses("stays ended", lambda: rows.update(state=CorrectionState.QUEUED, ended_at=None))
    refuses("never deleted", lambda: rows._raw_delete("default"))
    refuses("its_time", lambda: rows.update(ended_at=None))


def test_two_live_corrections_of_an_entry(desk: Desk) -> None:
    correction = desk.approved(desk.posted(), instalments=LATER)
    fields = {name: getattr(correction, name) for name in ("posting", "entry", "round", "connection")}
    refuses(
        "one_live_correction_per_entry|revision",
        lambda: Correction.objects.create(
            **fields, revision=correction.revision, content={}, before={}, changes=[]
        ),
    )


def test_a_draft_of_a_correction_is_only_beside_what_was_approved(desk: Desk) -> None:
    company = desk.account.connection.company
    entry = enter(company, by=desk.ana)
    rows = Entry.objects.filter(pk=entry.pk)
    refuses("correction_is_of_what_was_approved", lambda: rows.update(correction={}))


def test_what_is_not_posted_yet_and_what_is_anothers_is_not_begun(desk: Desk, carla: Any) -> None:
    posting = approved(desk.account.connection.company, ana=desk.ana, bruno=desk.bruno)
    with pytest.raises(correcting.NotNowError):
        correcting.begin(posting.entry, by=desk.ana)
    entry = desk.posted(description="Outro", document_number="NF 2")
    for other in (carla, desk.bruno):
        with pytest.raises(NotYoursError):
            correcting.begin(entry, by=other)
    desk.submitted(entry, instalments=LATER)
    entry.refresh_from_db()
    with pytest.raises(correcting.NotNowError):
        correcting.begin(entry, by=desk.ana)
