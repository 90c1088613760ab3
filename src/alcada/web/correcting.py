"""Correcting what is posted: the form with what was approved last, what becomes of each change, sending it; and what
a person does about one that stopped.
"""

import hashlib
import json
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from alcada.directory.actions import DirectoryError
from alcada.flow import correcting as flow
from alcada.flow.refusals import refusal
from alcada.flow.rules import SubmissionRefusedError
from alcada.intake import correcting as intake
from alcada.intake.models import Entry
from alcada.intake.queries import documents_of, entry_or_none, may_change, visible_entries
from alcada.intake.rules import ChangedMeanwhileError, NotBeingEditedError, NotYoursError, Problems, key
from alcada.ledger import corrected as ledger
from alcada.ledger.differing import AlreadySettledError
from alcada.ledger.models import Difference
from alcada.people.models import User
from alcada.posting import corrections
from alcada.posting.corrections import MoveNotAllowedError
from alcada.posting.models import Correction
from alcada.posting.rules import BusyError
from alcada.web import correction_words, entries, intake_asked, intake_files, kept
from alcada.web import intake as entering
from alcada.web import intake_forms as forms
from alcada.web.guards import person, require

REASON_LIMIT: Final = 300
_KEPT: Final = ("save", "review", "submit")


@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    entry = _entry(person(request), pk)
    try:
        flow.begin(entry, by=person(request))
    except NotYoursError as exc:
        raise _not_yours() from exc
    except flow.NotNowError:
        messages.warning(request, _not_now())
        return redirect("entry", pk)
    return redirect("entry-correct", pk)


@require_http_methods(["GET", "HEAD", "POST"])
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """The form. `?check` shows what stands in the way, or what the correction changes and who makes each change."""
    user = person(request)
    entry = _entry(user, pk)
    if entry.correction is None:
        return redirect("entry", pk)
    if not may_change(user, entry):
        raise PermissionDenied(_("Only who entered it, or an administrator of the company, changes it."))
    if request.method != "POST":
        if back := kept.take(request, user):
            typed = forms.EntryForm(entry.company, entry.kind, forms.read(back["typed"]))
            return _render(request, entry, typed, back=True, files_lost=back["files"])
        return _page(request, entry)
    draft, do = entering.posted(request, entry.company, entry.kind)
    if do not in _KEPT and not request.FILES:
        step = forms.take(do, draft, request.POST, entry.company, entry.kind)
        form = forms.EntryForm(
            entry.company,
            entry.kind,
            draft,
            problems=step.problems,
            generator=request.POST.dict(),
            focus=step.focus,
        )
        return _render(request, entry, form)
    try:
        based_on = key(request.POST.get("based_on", "")) or None
        entry = intake.save_draft(entry, by=user, draft=draft, based_on=based_on)
    except (NotBeingEditedError, ChangedMeanwhileError):
        messages.warning(request, _meanwhile())
        return redirect("entry", pk)
    whole = intake_files.keep(request, entry, submits=do != "save")
    if do == "save" and whole:
        messages.success(request, _("Correction saved. Nobody is asked until you send it."))
    if do in ("review", "submit") and whole:
        return _go_on(request, entry, do)
    if do not in _KEPT:  # a small button pressed with files chosen, without JavaScript
        forms.take(do, draft, request.POST, entry.company, entry.kind)
        intake.save_draft(entry, by=user, draft=draft, based_on=entry.current_id)
    return redirect("entry-correct", pk)


def _go_on(request: HttpRequest, entry: Entry, do: str) -> HttpResponse:
    """To what it changes; and from there, if that is what the person saw, to the approval."""
    user = person(request)
    back = reverse("entry-correct", args=[entry.pk]) + "?check=1"
    try:
        entry = intake.settle_party(entry, by=user)
    except DirectoryError:
        return redirect(back)  # the check says what is wrong with the new vendor, beside its fields
    if do == "review":
        return redirect(back)
    try:
        checked = flow.check(entry)
        asked = intake_asked.asked_of(entry, checked.content, entry.correction, user)
        if asked.odd.open or request.POST.get("seen") != _mark(checked.changes):
            return redirect(back)
        flow.submit(entry, by=user)
    except (Problems, flow.NothingChangedError):
        return redirect(back)
    except SubmissionRefusedError as exc:
        messages.error(request, refusal(exc))
        return redirect("entry-correct", entry.pk)
    except NotYoursError as exc:
        raise PermissionDenied from exc
    except (NotBeingEditedError, ChangedMeanwhileError):
        messages.warning(request, _meanwhile())
        return redirect("entry", entry.pk)
    except flow.NotNowError:
        messages.warning(request, _not_now())
        return redirect("entry", entry.pk)
    messages.success(request, _("Correction sent for approval. Until then what was approved stays."))
    return redirect("entry", entry.pk)


def _mark(changes: list[dict[str, Any]]) -> str:
    """Of the changes that a person was shown: what is sent is what they saw."""
    return hashlib.sha256(json.dumps(changes, sort_keys=True).encode()).hexdigest()[:16]


def _page(request: HttpRequest, entry: Entry) -> HttpResponse:
    problems: dict[str, list[str]] = {}
    shown: dict[str, Any] = {}
    if "check" in request.GET:
        try:
            checked = flow.check(entry)
            shown = {
                "asked": intake_asked.asked_of(entry, checked.content, entry.correction, person(request)),
                "groups": correction_words.groups(checked.changes),
                "seen": _mark(checked.changes),
            }
        except Problems as exc:
            problems = exc.fields
        except flow.NothingChangedError:
            shown = {"nothing": True}
        except flow.NotNowError:
            messages.warning(request, _not_now())
            return redirect("entry", entry.pk)
    form = forms.EntryForm(entry.company, entry.kind, entry.correction or {}, problems=problems)
    return _render(request, entry, form, **shown)


def _render(request: HttpRequest, entry: Entry, form: forms.EntryForm, **shown: Any) -> HttpResponse:
    context = {
        "form": form,
        "own_kept": form.own_kept(entry),
        "entry": entry,
        "company": entry.company,
        "kind": entry.kind,
        "files": list(documents_of(entry)),
        "keeps_files": True,
        "refused": intake_files.pop_refused(request, entry),
        "accept": ".pdf,.png,.jpg,.jpeg,.webp,.xml",
        "asked": intake_asked.Asked(),
        "kept_for": kept.mark(person(request)),
        **shown,
    }
    return render(request, "correcting/form.html", context)


@require_POST
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    entry = _entry(person(request), pk)
    try:
        intake.discard(entry, by=person(request))
    except NotYoursError as exc:
        raise PermissionDenied from exc
    except NotBeingEditedError:
        messages.warning(request, _meanwhile())
    else:
        messages.success(request, _("Correction given up. What was approved stays."))
    return redirect("entry", pk)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a correction in approval back to change it; the form comes next."""
    entry = _entry(person(request), pk)
    try:
        flow.withdraw(entry, by=person(request))
    except NotYoursError as exc:
        raise _not_yours() from exc
    except flow.NotNowError:
        messages.error(request, _("It was decided meanwhile."))
        return redirect("entry", pk)
    return redirect("entry-correct", pk)


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Try one that stopped again; `overwrite`: also over what somebody changed there."""
    correction = _correction(person(request), pk)
    try:
        corrections.again(pk, by=person(request), overwrite="overwrite" in request.POST)
    except (BusyError, MoveNotAllowedError):
        messages.warning(request, _moved_on())
    else:
        messages.success(request, _("It is tried again."))
    return redirect(reverse("entry", args=[correction.entry_id]) + "#correction")


@require_POST
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """A person does it in Conta Azul."""
    correction = _correction(person(request), pk)
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not reason or len(reason) > REASON_LIMIT:
        problem = _("Say why: history keeps it.") if not reason else _("This is too long.")
        return entries.page(
            request,
            _entry(person(request), correction.entry_id),
            status=422,
            leave_error=problem,
            leave_reason=reason,
        )
    try:
        flow.leave(pk, by=person(request), reason=reason)
    except (BusyError, MoveNotAllowedError):
        messages.warning(request, _moved_on())
    else:
        messages.success(
            request, _("Noted. What is to be done in Conta Azul is listed until it is seen there.")
        )
    return redirect(reverse("entry", args=[correction.entry_id]) + "#books")


@require_POST
def done(request: HttpRequest, pk: int) -> HttpResponse:
    """What a correction left to a person is done in Conta Azul."""
    user = person(request)
    visible = Difference.objects.filter(posting__entry__in=visible_entries(user))
    found = visible.select_related("posting__entry__company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(user, "posting.mend", found.posting.entry.company)
    try:
        ledger.done_there(pk, by=user)
    except AlreadySettledError:
        messages.warning(request, _("It is resolved or accepted by now."))
    else:
        messages.success(request, _("Noted. If Conta Azul shows it otherwise, it is listed again."))
    if request.POST.get("back") == "list":
        return redirect(reverse("differences") + "?state=to_do")
    return redirect(reverse("entry", args=[found.posting.entry_id]) + "#books")


def _entry(user: User, pk: int) -> Entry:
    found = entry_or_none(user, pk)
    if found is None:
        raise Http404
    return found


def _correction(user: User, pk: int) -> Correction:
    """One of an entry that the person sees, if they mend in its company."""
    found = Correction.objects.filter(entry__in=visible_entries(user), pk=pk)
    correction = found.select_related("entry__company").first()
    if correction is None:
        raise Http404
    require(user, "posting.mend", correction.entry.company)
    return correction


def _not_yours() -> PermissionDenied:
    return PermissionDenied(_("Only who entered it, or an administrator of the company, changes it."))


def _not_now() -> str:
    return _("It can't be corrected now: it is not in Conta Azul, or another correction is under way.")


def _meanwhile() -> str:
    return _("This correction was sent or given up meanwhile; nothing was changed.")


def _moved_on() -> str:
    return _("It has moved on meanwhile: nothing was changed.")
