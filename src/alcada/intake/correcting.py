"""A correction of what is posted, while it is typed: a draft beside what was approved, which stays as it is.

Whether an entry may be corrected now, and what becomes of an approved correction, is the caller's to know (`flow`).
"""

from dataclasses import replace

from django.db import transaction
from django.db.models import Max

from alcada.connections.models import Connection
from alcada.history.actions import record
from alcada.intake import custom, drafts
from alcada.intake.actions import settled_party
from alcada.intake.drafts import Draft
from alcada.intake.freezing import frozen, with_files
from alcada.intake.models import Entry, Revision
from alcada.intake.queries import content_of, may_change
from alcada.intake.reader import Reader, absent
from alcada.intake.rules import (
    ChangedMeanwhileError,
    Content,
    CustomValue,
    NotBeingEditedError,
    NotYoursError,
    Problems,
    as_data,
    differences,
)
from alcada.intake.shelf import Shelf
from alcada.people.models import User


def begin(entry: Entry, *, by: User) -> Entry:
    """Put what was approved last into a draft. One that is there already stays. Raises NotYoursError."""
    with transaction.atomic():
        locked = _locked(entry, by)
        if locked.correction is None and locked.current is not None:
            locked.correction = drafts.from_revision(locked.current)
            locked.save(update_fields=["correction"])
            record("correction.begun", locked, by=by, company=locked.company)
        return locked


def save_draft(entry: Entry, *, by: User, draft: Draft, based_on: int | None) -> Entry:
    """Keep what was typed, right or wrong. `based_on` is the revision that the form was opened on.

    Raises NotYoursError, NotBeingEditedError, ChangedMeanwhileError.
    """
    with transaction.atomic():
        locked = _being_corrected(entry, by)
        if based_on != locked.current_id:
            raise ChangedMeanwhileError
        locked.correction = drafts.shaped(draft)
        locked.save(update_fields=["correction"])
        return locked


def settle_party(entry: Entry, *, by: User) -> Entry:
    """As actions.settle_party, of the correction."""
    with transaction.atomic():
        locked = _being_corrected(entry, by)
        draft = settled_party(locked, drafts.shaped(locked.correction or {}), by=by)
        if draft is not None:
            locked.correction = draft
            locked.save(update_fields=["correction"])
        return locked


def discard(entry: Entry, *, by: User) -> None:
    """Give the correction up before anybody decided on it. Raises NotYoursError, NotBeingEditedError."""
    with transaction.atomic():
        locked = _being_corrected(entry, by)
        locked.correction = None
        locked.save(update_fields=["correction"])
        record("correction.discarded", locked, by=by, company=locked.company)


def check(entry: Entry, connection: Connection) -> Content:
    """The content that the correction's draft gives, all of it there in the account where the entry is posted.

    Raises Problems, NotBeingEditedError.
    """
    if entry.correction is None:
        raise NotBeingEditedError
    draft = drafts.shaped(entry.correction)
    shelf = Shelf(entry.company, [draft])
    content = Reader(shelf, entry.kind, draft, as_numbered=True).content()
    content = _with_own_as_approved(entry, content, shelf)
    if wrong := absent(content, connection, shelf):
        raise Problems(wrong)
    return with_files(entry, content)


def _with_own_as_approved(entry: Entry, content: Content, shelf: Shelf) -> Content:
    """A field that was renamed or taken off the form since is no change of the entry: it stays as it was approved."""
    approved = [CustomValue(**one) for one in entry.current.custom] if entry.current else []
    names = {one.field_id: one.name for one in approved}
    own = [replace(one, name=names.get(one.field_id, one.name)) for one in content.custom]
    gone = custom.kept(entry, shelf.custom(entry.kind), {(one.type, one.name) for one in own})
    return replace(content, custom=(*own, *gone))


def freeze(entry: Entry, content: Content, *, by: User, changes: list[dict[str, object]]) -> Revision:
    """Make the correction's revision, and end its draft; the entry goes on saying what was approved before.

    Runs in the caller's transaction. Raises NotBeingEditedError when it was submitted or given up meanwhile.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a revision commits with the round that judges it")
    locked = _being_corrected(entry, by)
    last = Revision.objects.filter(entry=locked).aggregate(last=Max("number"))["last"] or 0
    (revision,) = frozen([(locked, last + 1, content)], by=by, kind=Revision.Kind.CORRECTION)
    data = {
        "revision": revision.number,
        "content": as_data(content),
        "hash": revision.content_hash,
        "changes": changes,
    }
    if confirmed := (locked.correction or {}).get("confirmed"):
        data["confirmed"] = confirmed
    locked.correction = None
    locked.save(update_fields=["correction"])
    entry.correction = None  # the caller's own copy must not bring the draft back if it is saved
    record("correction.submitted", locked, by=by, company=locked.company, data=data)
    return revision


def reopen(revision: Revision) -> None:
    """Make a correction's content a draft again: it was taken back, or sent back. The caller holds the entry's row."""
    Entry.objects.filter(pk=revision.entry_id).update(correction=drafts.from_revision(revision))


def take_over(revision: Revision) -> None:
    """The correction is approved: it is what the entry says from now on (the database refuses another)."""
    Entry.objects.filter(pk=revision.entry_id).update(current=revision)


def changes_of(revision: Revision) -> list[dict[str, object]]:
    """What a correction changes of what was approved before it, as rules.differences."""
    return differences(content_of(before(revision)), content_of(revision))


def before(revision: Revision) -> Revision:
    """What was approved last when the correction was submitted: a rejected one in between doesn't count."""
    approved = revision.entry.revisions.filter(number__lt=revision.number, rounds__state="approved")
    return approved.order_by("-number").distinct().select_related("entry", "bank_account")[0]


def _locked(entry: Entry, by: User) -> Entry:
    related = Entry.objects.select_related("company", "current")
    locked = related.select_for_update(of=("self",)).get(pk=entry.pk)
    if not may_change(by, locked):
        raise NotYoursError
    return locked


def _being_corrected(entry: Entry, by: User) -> Entry:
    locked = _locked(entry, by)
    if locked.correction is None:
        raise NotBeingEditedError
    return locked
