"""Entries: listed, read, entered, changed, sent for approval, taken back."""

from typing import Any

from django.db import transaction
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import File, Query, Router, Status
from ninja.files import UploadedFile

from alcada.api import contents, entry_list, own_fields
from alcada.api.caller import caller
from alcada.api.entry_shapes import (
    ChangedEntry,
    DocumentOut,
    EntryFilters,
    EntryOut,
    EntryPage,
    NewEntry,
    Submission,
)
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import Key
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.directory.actions import DirectoryError
from alcada.flow import actions as flow
from alcada.flow.checking import check
from alcada.flow.confirming import odd
from alcada.flow.list_pages import planned_anew
from alcada.flow.queries import status_of
from alcada.flow.refusals import refusal
from alcada.flow.rules import SubmissionRefusedError
from alcada.intake import actions, drafts
from alcada.intake.custom import fields_of
from alcada.intake.models import Document, Entry
from alcada.intake.queries import documents_of, entry_or_none, may_change
from alcada.intake.reader import not_there_yet
from alcada.intake.rules import ChangedMeanwhileError, NotYoursError, Problems
from alcada.intake.storage import path_of
from alcada.people.guards import company_for

router = Router(tags=["entries"])
READ, WRITE = Bearer("entries:read"), Bearer("entries:write")


@router.get("", auth=READ, response=EntryPage, summary=noop("List entries, the newest first"))
def list_entries(
    request: HttpRequest,
    asked: Query[EntryFilters],
    own: own_fields.Asked = [],  # noqa: B006  (only read)
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    user = caller(request)
    found = entry_list.find(user, asked)
    for one in own_fields.filters(own, asked.company, user):
        found = one.narrowed(found)
    with planned_anew():
        listed = page(request, found, ["-pk"], show=lambda entry: entry.pk, limit=limit, cursor=cursor)
    return listed | {"items": entry_list.lines(listed["items"])}


@router.post(
    "",
    auth=WRITE,
    response={201: EntryOut},
    summary=noop("Enter a payable or a receivable, as a draft"),
)
def create_entry(request: HttpRequest, given: NewEntry) -> Any:
    user = caller(request)
    company = company_for(user, given.company, "entry.create")
    draft = drafts.empty(company, given.kind, today=drafts.today())
    fields = given.dict(exclude_unset=True)
    entry = actions.start(
        company, given.kind, by=user, draft=contents.apply(draft, fields, company, given.kind)
    )
    return Status(201, shown(request, entry))


@router.get("/{pk}", auth=READ, response=EntryOut, summary=noop("Read an entry"))
def read_entry(request: HttpRequest, pk: Key) -> Any:
    return shown(request, entry_for(request, pk))


@router.patch("/{pk}", auth=WRITE, response=EntryOut, summary=noop("Change a draft"))
def change_entry(request: HttpRequest, pk: Key, given: ChangedEntry) -> Any:
    fields = given.dict(exclude_unset=True)
    with transaction.atomic():
        entry = _looked_at(request, pk, given.version)
        draft = contents.apply(entry.draft or {}, fields, entry.company, entry.kind)
        entry = actions.save_draft(entry, by=caller(request), draft=draft)
    return shown(request, entry)


@router.post("/{pk}/submit", auth=WRITE, response=EntryOut, summary=noop("Send a draft for approval"))
def submit_entry(request: HttpRequest, pk: Key, given: Submission = Submission(version=None)) -> Any:  # noqa: B008  (only read)
    user, entry = caller(request), _looked_at(request, pk, given.version)
    if given.confirmed:
        draft = drafts.shaped(entry.draft or {})
        draft["confirmed"] = sorted({*draft["confirmed"], *given.confirmed})
        entry = actions.save_draft(entry, by=user, draft=draft)
    try:
        entry = actions.settle_party(entry, by=user)
    except DirectoryError:
        check(entry)  # says what is wrong with the new vendor or customer, beside its fields
        raise
    asked = odd(entry, check(entry).content, entry.draft).open
    if asked:
        detail = _("Say that it is right: send these keys in “confirmed”.")
        told = [{"key": one.key, "text": one.text} for one in asked]
        raise Problem("confirmation_required", detail, questions=told)
    flow.submit(entry, by=user)
    return shown(request, entry_for(request, pk))


@router.post("/{pk}/withdraw", auth=WRITE, response=EntryOut, summary=noop("Take an entry back to change it"))
def withdraw_entry(request: HttpRequest, pk: Key) -> Any:
    flow.withdraw(entry_for(request, pk), by=caller(request))
    return shown(request, entry_for(request, pk))


@router.post("/{pk}/discard", auth=WRITE, response=EntryOut, summary=noop("Throw a draft away"))
def discard_entry(request: HttpRequest, pk: Key) -> Any:
    actions.discard(entry_for(request, pk), by=caller(request))
    return shown(request, entry_for(request, pk))


@router.post(
    "/{pk}/documents",
    auth=WRITE,
    response={201: DocumentOut},
    summary=noop("Add a file: PDF, PNG, JPEG, WebP or XML, up to 10 MB"),
)
def add_document(request: HttpRequest, pk: Key, file: File[UploadedFile]) -> Any:
    document = actions.add_document(entry_for(request, pk), by=caller(request), upload=file)
    return Status(201, document)


@router.get("/{pk}/documents/{document}", auth=READ, response={200: bytes}, summary=noop("Download a file"))
def read_document(request: HttpRequest, pk: Key, document: Key) -> FileResponse:
    found = Document.objects.filter(entry=entry_for(request, pk), pk=document).first()
    if found is None:
        raise Http404
    try:
        opened = path_of(found.sha256).open("rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    return FileResponse(opened, as_attachment=True, filename=found.name, content_type=found.content_type)


@router.delete(
    "/{pk}/documents/{document}", auth=WRITE, response={204: None}, summary=noop("Take a file off a draft")
)
def remove_document(request: HttpRequest, pk: Key, document: Key) -> HttpResponse:
    found = documents_of(entry_for(request, pk)).filter(pk=document).select_related("entry__company").first()
    if found is None:
        raise Http404
    actions.remove_document(found, by=caller(request))
    return HttpResponse(status=204)


def entry_for(request: HttpRequest, pk: int) -> Entry:
    """One that isn't the caller's to see looks like one that isn't there."""
    found = entry_or_none(caller(request), pk)
    if found is None:
        raise Http404
    return found


def _looked_at(request: HttpRequest, pk: int, version: str | None) -> Entry:
    """The entry, locked, if it is still what the caller read."""
    entry_for(request, pk)
    locked = Entry.objects.select_for_update(of=("self",)).select_related("company", "current", "created_by")
    entry = locked.get(pk=pk)
    if not may_change(caller(request), entry):
        raise NotYoursError
    if version is not None and version != contents.version(entry):
        raise ChangedMeanwhileError
    return entry


def shown(request: HttpRequest, entry: Entry) -> dict[str, Any]:
    status, editing = status_of(entry), entry.draft is not None and entry.discarded_at is None
    own = fields_of(entry.company, entry.kind) if entry.draft is not None else []
    revision = entry.revisions.select_related("bank_account").filter(pk=entry.current_id or 0).first()
    return {
        **{name: getattr(entry, name) for name in ("number", "company", "kind", "created_by", "created_at")},
        "id": entry.pk,
        "discarded_at": entry.discarded_at,
        "status": status.code,
        "status_label": status.label,
        "version": contents.version(entry),
        "may_change": may_change(caller(request), entry),
        "content": contents.of_revision(revision) if revision else None,
        "draft": contents.of_draft(entry.draft, own) if entry.draft is not None else None,
        "documents": list(documents_of(entry)),
        **(_checked(entry) if editing else {"problems": {}, "questions": [], "refused": ""}),
    }


def _without_new_party(entry: Entry, problems: dict[str, list[str]]) -> dict[str, list[str]]:
    """A vendor or customer that is only not there yet is no problem: submitting puts it there."""
    new = drafts.shaped(entry.draft or {})["new_party"]
    if not new or problems.get("party_name") != [not_there_yet()]:
        return problems
    return {field: sentences for field, sentences in problems.items() if field != "party_name"}


def _checked(entry: Entry) -> dict[str, Any]:
    """What stands in the way of submitting the draft."""
    told: dict[str, Any] = {"problems": {}, "questions": [], "refused": ""}
    try:
        asked = odd(entry, check(entry).content, entry.draft).open
    except Problems as exc:
        return told | {"problems": own_fields.by_name(_without_new_party(entry, exc.fields))}
    except SubmissionRefusedError as exc:
        return told | {"refused": refusal(exc)}
    return told | {"questions": [{"key": one.key, "text": one.text} for one in asked]}
