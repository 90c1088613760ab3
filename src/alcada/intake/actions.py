"""Writes about entries, one verb each."""

from dataclasses import asdict, replace
from typing import Protocol

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from alcada.directory.actions import save_party
from alcada.directory.models import EntryKind
from alcada.history.actions import record
from alcada.intake import drafts, files, storage
from alcada.intake.drafts import Draft
from alcada.intake.models import Document, Entry, Instalment, Revision, Split
from alcada.intake.queries import content_of, may_change
from alcada.intake.rules import (
    ChangedMeanwhileError,
    Content,
    FileFact,
    NotBeingEditedError,
    NotYoursError,
    as_data,
    content_hash,
    differences,
)
from alcada.people.models import Company, User
from alcada.people.queries import may


class Upload(files.Readable, Protocol):
    """A file that somebody sent."""

    @property
    def name(self) -> str | None: ...


def start(
    company: Company, kind: str, *, by: User, draft: Draft, nfe_key: str = "", source: str = ""
) -> Entry:
    """Create a draft entry with the company's next number.

    `source` says in history where it came from ("nfe"; empty: typed). Raises NotYoursError without the right
    to enter, and IntegrityError when the company has an entry of this NF-e already (imports.py handles it).
    """
    if not may(by, "entry.create", company):
        raise NotYoursError
    with transaction.atomic():
        # The company's row is the lock under which numbers are counted: no gaps, no two alike.
        Company.objects.select_for_update().get(pk=company.pk)
        last = Entry.objects.filter(company=company).aggregate(last=Max("number"))["last"] or 0
        entry = Entry.objects.create(
            company=company,
            kind=EntryKind(kind),
            number=last + 1,
            created_by=by,
            draft=drafts.shaped(draft),
            nfe_key=nfe_key,
        )
        data = {"kind": entry.kind, "number": entry.number, "source": source, "nfe_key": nfe_key}
        told = {name: value for name, value in data.items() if value}
        record("entry.created", entry, by=by, company=company, data=told)
        return entry


def save_draft(entry: Entry, *, by: User, draft: Draft, based_on: int | str | None = "any") -> Entry:
    """Keep what was typed, right or wrong. Returns the entry as saved.

    `based_on` is the key of the current revision that the form was opened on (None: there was none); "any"
    doesn't ask. Raises NotBeingEditedError, NotYoursError, ChangedMeanwhileError.
    """
    with transaction.atomic():
        locked = _being_edited(entry, by)
        if based_on != "any" and based_on != locked.current_id:
            raise ChangedMeanwhileError
        locked.draft = drafts.shaped(draft)
        locked.save(update_fields=["draft"])
        return locked


def settle_party(entry: Entry, *, by: User) -> Entry:
    """Put the new vendor or customer that the draft describes into the directory, and choose it in the draft.

    One with the same document is found, not made twice. A customer that was chosen for a payable becomes a
    vendor too, and the other way round. Raises what `save_party` does when name, document or e-mail are
    wrong.
    """
    with transaction.atomic():
        locked = _being_edited(entry, by)
        draft = settled_party(locked, drafts.shaped(locked.draft or {}), by=by)
        if draft is None:
            return locked
        locked.draft = draft
        locked.save(update_fields=["draft"])
        return locked


def settled_party(entry: Entry, draft: Draft, *, by: User) -> Draft | None:
    """As `settle_party`, of any draft of the entry: the draft with its party; None: it names none of ours."""
    known = None if draft["new_party"] else drafts.party_of(entry.company, draft)
    if known is None and not draft["new_party"]:
        return None
    party = save_party(
        entry.company,
        name=known.name if known else draft["party_name"],
        document=known.document if known else draft["party_document"],
        email="" if known else draft["party_email"],
        is_vendor=entry.kind == EntryKind.PAYABLE,
        is_customer=entry.kind == EntryKind.RECEIVABLE,
        by=by,
    )
    named = {"party": str(party.pk), "party_name": party.name}
    return draft | named | {"new_party": "", "party_document": "", "party_email": ""}


def discard(entry: Entry, *, by: User) -> None:
    """Throw a draft away: it stays, marked, and its NF-e may be imported again. Raises as `save_draft`."""
    with transaction.atomic():
        locked = _being_edited(entry, by)
        locked.discarded_at = timezone.now()
        locked.save(update_fields=["discarded_at"])
        record("entry.discarded", locked, by=by, company=locked.company)


def freeze(entry: Entry, content: Content, *, by: User) -> Revision:
    """Make the entry's next revision from checked content, and end the draft. `entry` is as it was checked.

    Runs in the caller's transaction, whose commit checks that the parts add up. What was checked is what is frozen:
    raises NotBeingEditedError when the draft was submitted or discarded meanwhile, ChangedMeanwhileError when saved.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("a revision commits with the round that judges it")
    locked = _being_edited(entry, by)
    if locked.draft != entry.draft:
        raise ChangedMeanwhileError
    before = locked.current
    content = with_files(locked, content)
    number = before.number + 1 if before else 1
    revision = frozen(locked, content, by=by, number=number, kind=Revision.Kind.ORDINARY)
    data = {"revision": revision.number, "content": as_data(content), "hash": revision.content_hash}
    if before:
        data["changes"] = differences(content_of(before), content)
    if confirmed := (locked.draft or {}).get("confirmed"):
        data["confirmed"] = confirmed
    locked.current, locked.draft = revision, None
    locked.save(update_fields=["current", "draft"])
    # The caller's own copy must not bring the draft back if it is saved.
    entry.current, entry.draft = revision, None
    record("entry.submitted", locked, by=by, company=locked.company, data=data)
    return revision


def with_files(entry: Entry, content: Content) -> Content:
    """The content with the files that are with the entry now."""
    there = Document.objects.filter(entry=entry, removed_at=None).order_by("pk")
    return replace(content, documents=tuple(FileFact(file.name, file.sha256) for file in there))


def frozen(entry: Entry, content: Content, *, by: User, number: int, kind: Revision.Kind) -> Revision:
    """The entry's next revision. The caller holds the entry's row."""
    revision = Revision.objects.create(
        entry=entry,
        number=number,
        kind=kind,
        party_id=content.party_id,
        party_name=content.party_name,
        party_document=content.party_document,
        party_email=content.party_email,
        description=content.description,
        document_number=content.document_number,
        competence_date=content.competence_date,
        amount=content.amount,
        currency=content.currency,
        bank_account_id=content.bank_account_id,
        payment_method=content.payment_method,
        payment_details=content.payment_details,
        notes=content.notes,
        documents=[asdict(file) for file in content.documents],
        created_by=by,
        content_hash=content_hash(content),
    )
    _freeze_parts(revision, content)
    return revision


def _freeze_parts(revision: Revision, content: Content) -> None:
    Split.objects.bulk_create(
        Split(
            revision=revision,
            category_id=part.category_id,
            category_name=part.category_name,
            cost_centre_id=part.cost_centre_id,
            cost_centre_code=part.cost_centre_code,
            cost_centre_name=part.cost_centre_name,
            amount=part.amount,
        )
        for part in content.splits
    )
    Instalment.objects.bulk_create(
        Instalment(revision=revision, number=part.number, due_date=part.due_date, amount=part.amount)
        for part in content.instalments
    )


def reopen(entry: Entry, *, by: User) -> None:
    """Make the current revision's content a draft again. Whether that is allowed is the caller's to know
    (`flow`).
    """
    with transaction.atomic():
        locked = Entry.objects.select_for_update(of=("self",)).select_related("current").get(pk=entry.pk)
        if locked.draft is None and locked.current is not None:
            locked.draft = drafts.from_revision(locked.current)
            locked.save(update_fields=["draft"])
        entry.draft = locked.draft


def add_document(entry: Entry, *, by: User, upload: Upload) -> Document:
    """Keep a file with the entry. The same bytes again give the document that is there already.

    `upload` is anything with a name and `read` (a file of a form, an open file). Raises NotYoursError,
    NotBeingEditedError (what was submitted is frozen with its files), or files.UploadError for a kind or size that
    isn't taken.
    """
    if not may_change(by, entry):
        raise NotYoursError
    checked = files.check_upload(upload.name or "", upload)
    # Bytes first: a file without a row is only space, a row without its file is a lost document.
    storage.keep(checked.sha256, checked.content)
    with transaction.atomic():
        _being_edited(entry, by, or_corrected=True)
        there = Document.objects.filter(entry=entry, sha256=checked.sha256, removed_at=None).first()
        if there:
            return there
        document = Document.objects.create(
            entry=entry,
            name=checked.name,
            content_type=checked.content_type,
            size=checked.size,
            sha256=checked.sha256,
            added_by=by,
        )
        data = {"name": document.name, "sha256": document.sha256, "size": document.size}
        record("entry.document_added", entry, by=by, company=entry.company, data=data)
        return document


def remove_document(document: Document, *, by: User) -> None:
    """Take a file off a draft. It is kept, marked: history still shows it. Raises as `save_draft`."""
    with transaction.atomic():
        entry = _being_edited(document.entry, by)
        changed = Document.objects.filter(pk=document.pk, removed_at=None).update(removed_at=timezone.now())
        if changed:
            data = {"name": document.name, "sha256": document.sha256}
            record("entry.document_removed", entry, by=by, company=entry.company, data=data)


def _being_edited(entry: Entry, by: User, *, or_corrected: bool = False) -> Entry:
    """The entry's row, locked; refused when it isn't a draft or isn't this person's to change."""
    related = Entry.objects.select_related("company", "current")
    locked = related.select_for_update(of=("self",)).get(pk=entry.pk)
    if not may_change(by, locked):
        raise NotYoursError
    edited = locked.draft is not None or (or_corrected and locked.correction is not None)
    if not edited or locked.discarded_at is not None:
        raise NotBeingEditedError
    return locked
