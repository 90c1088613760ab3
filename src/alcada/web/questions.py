"""Answering what a posting asks, on its entry's page: which of theirs it is, or whether a new vendor may be created."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from alcada.flow import mapping as flow
from alcada.intake.queries import entry_or_none
from alcada.posting import questions
from alcada.posting.models import Posting, Question
from alcada.web import entries, mapping
from alcada.web.guards import person, require

REASON_LIMIT = 300


@require_POST
def choose(request: HttpRequest, posting_id: int) -> HttpResponse:
    posting, question = _asked(request, posting_id)
    if question is None:
        return _answered(request, posting)
    remote_id = request.POST.get("candidate", "")
    if remote_id not in {one["id"] for one in question.candidates}:
        return _again(request, posting, candidate_error=_("Choose one of them."))
    ours = flow.subject_of(question)
    try:
        if question.kind == "cost_centre":
            count = flow.choose_candidate(question, remote_id, by=person(request))
        else:
            count = mapping.map_to(
                question.connection, ours, remote_id, profile=question.profile, seen=None, request=request
            )
    except questions.AnsweredError:
        return _answered(request, posting)
    except mapping.ChoiceRefusedError as refused:
        return _again(request, posting, candidate_error=str(refused))
    messages.success(request, _("%(name)s is mapped.") % {"name": ours} + mapping.going_on(count))
    return redirect(entries.address(posting))


@require_POST
def release(request: HttpRequest, posting_id: int) -> HttpResponse:
    """It may be created: a new vendor that was held, or none of those that have its name."""
    posting, question = _asked(request, posting_id)
    if question is None or not questions.may_be_new(question):
        return _answered(request, posting)
    try:
        count = flow.release(question, by=person(request))
    except questions.AnsweredError:
        return _answered(request, posting)
    messages.success(
        request, _("%(name)s is created in Conta Azul.") % {"name": question.name} + mapping.going_on(count)
    )
    return redirect(entries.address(posting))


@require_POST
def decline(request: HttpRequest, posting_id: int) -> HttpResponse:
    """The new vendor is not to be created: whatever waits for it is cancelled."""
    posting, question = _asked(request, posting_id)
    if question is None or question.reason != questions.HELD:
        return _answered(request, posting)
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not reason or len(reason) > REASON_LIMIT:
        problem = _("Say why it is given up: history keeps it.") if not reason else _("This is too long.")
        return _again(request, posting, decline_error=problem, decline_reason=reason)
    try:
        cancelled = questions.decline(question.pk, by=person(request), reason=reason)
    except questions.AnsweredError:
        return _answered(request, posting)
    words = ngettext("%(count)s posting is cancelled.", "%(count)s postings are cancelled.", len(cancelled))
    messages.success(request, words % {"count": len(cancelled)})
    return redirect(entries.address(posting))


def _asked(request: HttpRequest, posting_id: int) -> tuple[Posting, Question | None]:
    posting = (
        Posting.objects.select_related("entry__company", "question__connection__company")
        .filter(pk=posting_id)
        .first()
    )
    if posting is None or entry_or_none(person(request), posting.entry_id) is None:
        raise Http404
    require(person(request), "posting.mend", posting.entry.company)
    return posting, flow.open_question(posting)


def _answered(request: HttpRequest, posting: Posting) -> HttpResponse:
    messages.warning(request, _("Somebody answered this meanwhile: nothing was changed."))
    return redirect(entries.address(posting))


def _again(request: HttpRequest, posting: Posting, **typed: str) -> HttpResponse:
    found = entry_or_none(person(request), posting.entry_id)
    assert found is not None  # the posting was found through it
    return entries.page(request, found, status=422, **typed)
