"""NF-e files to draft payables: each file for itself, each with its report."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from alcada.directory import documents
from alcada.directory.actions import save_party
from alcada.directory.models import EntryKind, Party
from alcada.directory.queries import find_party
from alcada.intake import actions, drafts, files, nfe
from alcada.intake.actions import Upload
from alcada.intake.drafts import Draft
from alcada.intake.models import Entry
from alcada.intake.nfe_bill import WARNING_SENTENCES, NfeBill, NfeWarning
from alcada.intake.rules import show
from alcada.people.models import Company, User


@dataclass(frozen=True)
class FileReport:
    """What became of one file. `code` is stable, `sentences` say why it was refused, or what to look at."""

    name: str
    outcome: Literal["imported", "there", "refused"]
    code: str = ""
    sentences: tuple[str, ...] = ()
    entry: Entry | None = None  # the draft made, or the first one made from this NF-e
    new_party: bool = False


class NotForUsError(Exception):
    """The NF-e was issued to somebody else."""

    def __init__(self, sentence: str) -> None:
        super().__init__("not_for_us")
        self.sentence = sentence


def import_nfe(company: Company, uploads: Iterable[Upload], *, by: User) -> list[FileReport]:
    """Make a draft payable of each NF-e; what is wrong with one file stops none of the others.

    Raises actions.NotYoursError when the person may not enter anything in the company.
    """
    return [_import_one(company, upload, by=by) for upload in uploads]


def _import_one(company: Company, upload: Upload, *, by: User) -> FileReport:
    name = files.safe_name(upload.name or "")
    try:
        data = nfe.read_limited(upload)
        bill = nfe.read_nfe(data)
        notes = _notes(company, bill)
        if first := _first(company, bill.access_key):
            return FileReport(name, "there", entry=first)
        entry, new_party = _make(company, bill, name, data, by=by)
    except files.UploadError as exc:
        return FileReport(name, "refused", code=exc.code, sentences=(exc.message,))
    except NotForUsError as exc:
        return FileReport(name, "refused", code="not_for_us", sentences=(exc.sentence,))
    except IntegrityError:
        # Somebody else imported the same note between our look and our insert: theirs is the first.
        if first := _first(company, bill.access_key):
            return FileReport(name, "there", entry=first)
        raise
    return FileReport(name, "imported", sentences=tuple(notes), entry=entry, new_party=new_party)


def _first(company: Company, access_key: str) -> Entry | None:
    return Entry.objects.filter(company=company, nfe_key=access_key, discarded_at=None).first()


def _make(company: Company, bill: NfeBill, name: str, data: bytes, *, by: User) -> tuple[Entry, bool]:
    """Vendor, draft and kept file together, or none of them."""
    with transaction.atomic():
        known = find_party(company, document=bill.issuer.document)
        party = save_party(
            company, name=bill.issuer.name[:200], document=bill.issuer.document, is_vendor=True, by=by
        )
        entry = actions.start(
            company,
            EntryKind.PAYABLE,
            by=by,
            draft=_draft(company, bill, party),
            nfe_key=bill.access_key,
            source="nfe",
        )
        actions.add_document(entry, by=by, upload=_Kept(name, data))
        return entry, known is None


def _draft(company: Company, bill: NfeBill, party: Party) -> Draft:
    draft = drafts.empty(company, EntryKind.PAYABLE, today=bill.issue_date)
    drafts.choose_party(draft, party, EntryKind.PAYABLE)
    only = len(bill.instalments) == 1
    return draft | {
        "description": bill.description,
        "document_number": f"NF-e {bill.number}",
        # What the instalments charge: the note's own total may hold more (a gift), and a warning says so.
        "amount": drafts.amount(bill.amount_due),
        "payment_method": bill.payment_method,
        "instalments": [
            {
                "due_date": drafts.day(part.due_date) if part.due_date else "",
                "amount": "" if only else drafts.amount(part.amount),
            }
            for part in bill.instalments
        ],
    }


def _notes(company: Company, bill: NfeBill) -> list[str]:
    """What to look at before submitting. Raises NotForUsError when another company is to pay it."""
    notes = [_sentence(warning) for warning in bill.warnings]
    ours, theirs = company.document, bill.recipient.document
    if theirs != ours:
        whose = {"name": bill.recipient.name, "document": documents.format(theirs), "ours": company.name}
        if not _same_root(ours, theirs):
            if not theirs:  # a foreigner's has neither CPF nor CNPJ
                raise NotForUsError(_("This NF-e was issued to %(name)s, not to %(ours)s.") % whose)
            raise NotForUsError(
                _("This NF-e was issued to %(name)s (%(document)s), not to %(ours)s.") % whose
            )
        notes.insert(0, _("It was issued to another branch, %(document)s. Check who pays it.") % whose)
    return notes


def _same_root(ours: str, theirs: str) -> bool:
    """The same company in another branch; never so for a CPF."""
    try:
        return documents.cnpj_root(ours) == documents.cnpj_root(theirs)
    except documents.DocumentError:
        return False


def _sentence(warning: NfeWarning) -> str:
    figures = {
        name: show(value) if isinstance(value, Decimal) else value for name, value in warning.context.items()
    }
    return str(WARNING_SENTENCES[warning.code]) % figures


class _Kept:
    """The bytes as they came, to be kept beside the entry."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name: str | None = name
        self._stream = BytesIO(data)

    def read(self, size: int, /) -> bytes:
        return self._stream.read(size)
