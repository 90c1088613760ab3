"""Entering payables and receivables: the list, the form, its files. The form's own logic is in
intake_forms.py.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alcada.directory.actions import DirectoryError
from alcada.directory.models import EntryKind
from alcada.flow import actions as flow
from alcada.flow.queries import status_of
from alcada.flow.refusals import refusal
from alcada.flow.rules import SubmissionRefusedError
from alcada.intake import actions, drafts
from alcada.intake.drafts import Draft
from alcada.intake.models import Document, Entry
from alcada.intake.queries import documents_of, entry_or_none, may_change
from alcada.intake.rules import ChangedMeanwhileError, NotBeingEditedError, NotYoursError, Problems, key
from alcada.people.models import Company, User
from alcada.web import draft_conflict, intake_company, intake_files, kept, of_deal
from alcada.web import intake_forms as forms
from alcada.web.guards import person
from alcada.web.intake_asked import Asked, ask


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty form; nothing is saved until a button is pressed."""
    user = person(request)
    if kind not in EntryKind.values:
        raise Http404
    allowed = intake_company.companies(user)
    if not allowed:
        return render(request, "intake/no_company.html", status=403)
    if request.method != "POST" and (back := kept.take(request, user)):
        typed_for = intake_company.chosen(allowed, back["typed"].get("company"))
        if typed_for is not None:
            return _brought_back(request, back, typed_for, kind, None)
    company = intake_company.chosen(allowed, request.POST.get("company") or request.GET.get("company"))
    if company is None:
        return render(request, "intake/choose_company.html", {"companies": allowed, "kind": kind})
    if request.method != "POST":
        draft = drafts.empty(company, kind, today=drafts.today())
        return _page(request, forms.EntryForm(company, kind, draft), None)
    other = intake_company.chosen(allowed, request.POST.get("new_company"))
    if (
        request.POST.get("new_company") and other and other != company
    ):  # whatever the button: nothing is saved yet
        return _other_company(request, kind, old=company, new=other)
    draft, do = posted(request, company, kind)
    if do in ("save", "submit") or request.FILES:
        entry = actions.start(company, kind, by=user, draft=draft)
        return _keep(request, entry, do)
    return _small_button(request, do, draft, company, kind, None)


def _other_company(request: HttpRequest, kind: str, *, old: Company, new: Company) -> HttpResponse:
    """The same form for another company, with what was typed."""
    request.GET = QueryDict(f"company={new.pk}")  # the frame around the form follows
    draft = intake_company.move(forms.read(request.POST), old=old, new=new, kind=kind)
    form = forms.EntryForm(new, kind, draft, generator=request.POST.dict())
    response = _page(request, form, None, moved=True)
    response["HX-Replace-Url"] = f"{request.path}?{request.GET.urlencode()}"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The same form on a draft. `?check` shows what stands in the way of submitting it."""
    user = person(request)
    entry = _entry(user, pk)
    if entry.draft is None:
        return redirect("entry", entry.pk)
    if elsewhere := of_deal.elsewhere(request, entry):
        return elsewhere
    if request.method != "POST":
        if back := kept.take(request, user):
            return _brought_back(request, back, entry.company, entry.kind, entry)
        return _edit_page(request, entry)
    draft, do = posted(request, entry.company, entry.kind)
    if do not in ("save", "submit") and not do.startswith("file-") and not request.FILES:
        return _small_button(request, do, draft, entry.company, entry.kind, entry)
    try:
        based_on = key(request.POST.get("based_on", "")) or None
        seen = request.POST.get("seen", "")
        entry = actions.save_draft(entry, by=user, draft=draft, based_on=based_on, seen=seen)
    except NotYoursError as exc:
        raise PermissionDenied from exc
    except actions.DraftSavedMeanwhileError as exc:
        return _saved_meanwhile(request, exc.entry, draft)
    except (NotBeingEditedError, ChangedMeanwhileError):
        messages.warning(request, _("This entry was submitted or discarded meanwhile; nothing was changed."))
        return redirect("entry", entry.pk)
    return _keep(request, entry, do)


def _brought_back(
    request: HttpRequest, back: Mapping[str, Any], company: Company, kind: str, entry: Entry | None
) -> HttpResponse:
    """What was typed when the session ended, as it was; nothing is saved yet."""
    form = forms.EntryForm(company, kind, forms.read(back["typed"]), generator=back["typed"].dict())
    return _page(
        request, form, entry, seen=back["typed"].get("seen", ""), back=True, files_lost=back["files"]
    )


def _saved_meanwhile(request: HttpRequest, entry: Entry, draft: Draft) -> HttpResponse:
    """Somebody else saved this draft since the form was opened: both are shown, and nobody's is thrown away."""
    intake_files.keep(request, entry, submits=False)
    form = forms.EntryForm(entry.company, entry.kind, draft)
    response = _page(request, form, entry, theirs=draft_conflict.between(entry, draft, by=person(request)))
    response.status_code = 409
    return response


def _keep(request: HttpRequest, entry: Entry, do: str) -> HttpResponse:
    """The draft is saved; now its files, and submitting if that was the button. Always ends in a redirect, so
    that reloading the page repeats nothing.
    """
    user = person(request)
    whole = intake_files.keep(request, entry, submits=do == "submit")
    if do.startswith("file-"):
        _remove_file(entry, do.removeprefix("file-"), by=user)
    if do == "submit" and whole:
        return _submit(request, entry)
    if do == "save" and whole:
        messages.success(request, _("Draft saved. Nobody is asked until you submit it."))
    elif do not in ("save", "submit"):  # a small button pressed with files chosen, without JavaScript
        draft = drafts.shaped(entry.draft or {})
        forms.take(do, draft, request.POST, entry.company, entry.kind)
        actions.save_draft(entry, by=user, draft=draft)
    return redirect("entry-edit", entry.pk)


def _submit(request: HttpRequest, entry: Entry) -> HttpResponse:
    user = person(request)
    back = reverse("entry-edit", args=[entry.pk]) + "?check=1"
    try:
        entry = actions.settle_party(entry, by=user)
    except DirectoryError:
        return redirect(back)  # the check says what is wrong with the new vendor, beside its fields
    try:
        if ask(entry, user).odd.open:
            return redirect(back)
        flow.submit(entry, by=user)
    except Problems:
        return redirect(back)
    except SubmissionRefusedError as exc:
        messages.error(request, refusal(exc))
        return redirect("entry-edit", entry.pk)
    except (NotBeingEditedError, ChangedMeanwhileError, NotYoursError):
        messages.warning(request, _("This entry was submitted or discarded meanwhile; nothing was changed."))
        return redirect("entry", entry.pk)
    messages.success(request, _("Submitted."))
    return redirect("entry", entry.pk)


def _edit_page(request: HttpRequest, entry: Entry) -> HttpResponse:
    problems: dict[str, list[str]] = {}
    asked = Asked()
    checking = "check" in request.GET and entry.discarded_at is None
    if checking:
        try:
            asked = ask(entry, person(request))
        except Problems as exc:
            problems = exc.fields
        except SubmissionRefusedError as exc:
            asked = Asked(refused=refusal(exc))
    form = forms.EntryForm(entry.company, entry.kind, entry.draft or {}, problems=problems)
    return _page(request, form, entry, asked, refused=intake_files.pop_refused(request, entry))


def _small_button(
    request: HttpRequest, do: str, draft: Draft, company: Company, kind: str, entry: Entry | None
) -> HttpResponse:
    """Rows, generator, vendor: the form again with the change made, nothing saved."""
    step = forms.take(do, draft, request.POST, company, kind)
    form = forms.EntryForm(
        company, kind, draft, problems=step.problems, generator=request.POST.dict(), focus=step.focus
    )
    return _page(request, form, entry, seen=request.POST.get("seen", ""))


def _page(
    request: HttpRequest,
    form: forms.EntryForm,
    entry: Entry | None,
    asked: Asked | None = None,
    refused: intake_files.Refused | None = None,
    *,
    moved: bool = False,
    seen: str = "",
    back: bool = False,
    files_lost: bool = False,
    theirs: draft_conflict.Conflict | None = None,
) -> HttpResponse:
    user = person(request)
    context = {
        "seen": seen or (drafts.version(entry.draft) if entry and entry.draft else ""),
        "kept_for": kept.mark(user),
        "back": back,
        "files_lost": files_lost,
        "theirs": theirs,
        "form": form,
        "own_kept": form.own_kept(entry),
        "entry": entry,
        "asked": asked or Asked(),
        "company": form.company,
        "kind": form.kind,
        "companies": intake_company.options(intake_company.companies(user)) if entry is None else [],
        "moved": moved,
        "files": list(documents_of(entry)) if entry else [],
        "refused": refused,
        "accept": ".pdf,.png,.jpg,.jpeg,.webp,.xml",
        "readonly": entry is not None and (entry.discarded_at is not None or not may_change(user, entry)),
        "connected": form.company.connections.accounts().exists(),
        "status": status_of(entry) if entry else None,
    }
    return render(request, "intake/form.html", context)


def posted(request: HttpRequest, company: Company, kind: str) -> tuple[Draft, str]:
    draft, do = forms.read(request.POST), request.POST.get("do", "save")
    if not do.startswith("party"):
        forms.find_party(draft, company, kind)
    return draft, do


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    entry = _entry(user, pk)
    if elsewhere := of_deal.elsewhere(request, entry):
        return elsewhere
    try:
        actions.discard(entry, by=user)
    except NotYoursError as exc:
        raise PermissionDenied from exc
    except NotBeingEditedError:
        messages.warning(request, _("This entry was submitted or discarded meanwhile; nothing was changed."))
        return redirect("entry", entry.pk)
    messages.success(request, _("Draft %(number)s discarded.") % {"number": entry.number})
    return redirect("entries")


def _remove_file(entry: Entry, pk: str, *, by: User) -> None:
    document = Document.objects.select_related("entry__company").filter(entry=entry, pk=key(pk)).first()
    if document is not None:
        actions.remove_document(document, by=by)


def _entry(user: User, pk: int) -> Entry:
    found = entry_or_none(user, pk)
    if found is None:
        raise Http404
    return found
