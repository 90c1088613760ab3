"""Writes about entries, one verb each."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from alcada.directory.actions import save_party
from alcada.directory.models import EntryKind
from alcada.history.actions import line, record, record_all
from alcada.intake import drafts, files, storage
from alcada.intake.drafts import Draft
from alcada.intake.models import Document, Entry
from alcada.intake.queries import may_change, may_change_all
from alcada.intake.rules import (
    ChangedMeanwhileError,
    NotBeingEditedError,
    NotYoursError,
)
from alcada.people.models import Company, User
from alcada.people.queries import may


class Upload(files.Readable, Protocol):
    """A file that somebody sent."""

    @property
    def name(self) -> str | None: ...


def start(
    company: Company,
    kind: str,
    *,
    by: User,
    draft: Draft,
    nfe_key: str = "",
    source: str = "",
    owner: User | None = None,
) -> Entry:
    """Create a draft entry with the company's next number.

    `source` says in history where it came from ("nfe", "deal"; empty: typed). `owner`: whose it is, where another
    enters it for them. Raises NotYoursError without the right to enter, and IntegrityError when the company has an
    entry of this NF-e already (imports.py handles it).
    """
    return start_all(company, [(kind, draft)], by=by, nfe_key=nfe_key, source=source, owner=owner)[0]


def start_all(
    company: Company,
    typed: Sequence[tuple[str, Draft]],
    *,
    by: User,
    nfe_key: str = "",
    source: str = "",
    owner: User | None = None,
    origins: Sequence[Mapping[str, Any]] = (),
) -> list[Entry]:
    """As `start`, of many (kind and draft) in a few statements. `origins`: of each what history says of its source."""
    if not may(by, "entry.create", company):
        raise NotYoursError
    with transaction.atomic():
        # The company's row is the lock under which numbers are counted: no gaps, no two alike.
        Company.objects.select_for_update().get(pk=company.pk)
        last = Entry.objects.filter(company=company).aggregate(last=Max("number"))["last"] or 0
        entries = Entry.objects.bulk_create(
            Entry(
                company=company,
                kind=EntryKind(kind),
                number=number,
                created_by=owner or by,
                draft=drafts.shaped(draft),
                draft_by=by,
                draft_at=timezone.now(),
                nfe_key=nfe_key,
            )
            for number, (kind, draft) in enumerate(typed, start=last + 1)
        )
        begun = []
        for index, entry in enumerate(entries):
            data = {"kind": entry.kind, "number": entry.number, "source": source, "nfe_key": nfe_key}
            told = {name: value for name, value in data.items() if value}
            told |= origins[index] if origins else {}
            begun.append(line("entry.created", entry, by=by, company=company, data=told))
        record_all(begun)
        return entries


def save_draft(
    entry: Entry, *, by: User, draft: Draft, based_on: int | str | None = "any", seen: str = ""
) -> Entry:
    """Keep what was typed, right or wrong. Returns the entry as saved.

    `based_on` is the key of the current revision that the form was opened on (None: there was none); "any"
    doesn't ask. `seen` is the draft that it was opened on (drafts.version); empty doesn't ask. Raises
    NotBeingEditedError, NotYoursError, ChangedMeanwhileError, and DraftSavedMeanwhileError with what stands there now.
    """
    with transaction.atomic():
        locked = _being_edited(entry, by)
        if based_on != "any" and based_on != locked.current_id:
            raise ChangedMeanwhileError
        typed = drafts.shaped(draft)
        if seen and seen != drafts.version(locked.draft) and typed != locked.draft:
            raise DraftSavedMeanwhileError(locked)
        locked.draft, locked.draft_by, locked.draft_at = typed, by, timezone.now()
        locked.save(update_fields=["draft", "draft_by", "draft_at"])
        return locked


class DraftSavedMeanwhileError(Exception):
    """Somebody saved the draft since the form was opened; `entry` has what they saved."""

    def __init__(self, entry: Entry) -> None:
        super().__init__("somebody saved this draft meanwhile")
        self.entry = entry


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


def set_aside(entry: Entry, *, by: User) -> None:
    """The sale that it comes from is open again: nothing happens with it until it is taken up again.

    Whether that is allowed is the caller's to know (`flow.selling`), who holds the entry's row. Discarded meanwhile,
    so that nobody changes or submits it.
    """
    reopen(entry, by=by)
    Entry.objects.filter(pk=entry.pk).update(discarded_at=timezone.now())
    record("entry.set_aside", entry, by=by, company=entry.company)


def take_up(entry: Entry, *, by: User, owner: User, draft: Draft) -> Entry:
    """The sale is won again: its entry is a draft once more, with this content, and its owner's. As `set_aside`."""
    if entry.draft is None:
        raise NotBeingEditedError
    entry.draft, entry.discarded_at, entry.created_by = drafts.shaped(draft), None, owner
    entry.save(update_fields=["draft", "discarded_at", "created_by"])
    record("entry.taken_up", entry, by=by, company=entry.company)
    return entry


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
    return all_being_edited([entry], by, or_corrected=or_corrected)[entry.pk]


def all_being_edited(entries: Sequence[Entry], by: User, *, or_corrected: bool = False) -> dict[int, Entry]:
    """The rows by key, locked in one order whoever locks them."""
    related = (
        Entry.objects.select_related("company", "current").select_for_update(of=("self",)).order_by("pk")
    )
    locked = {entry.pk: entry for entry in related.filter(pk__in=[entry.pk for entry in entries])}
    if len(locked) < len(entries) or not may_change_all(by, locked.values()):
        raise NotYoursError
    for entry in locked.values():
        edited = entry.draft is not None or (or_corrected and entry.correction is not None)
        if not edited or entry.discarded_at is not None:
            raise NotBeingEditedError
    return locked
