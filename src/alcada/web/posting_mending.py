"""What a person may do with one posting (again, look, cancel, settle what stood beside it), and with its account."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alcada.connections import actions as connections
from alcada.connections.models import Connection
from alcada.flow.queries import visible_postings
from alcada.intake.models import Entry
from alcada.intake.queries import entry_or_none
from alcada.posting import byhand, mending
from alcada.posting.models import Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError
from alcada.web import entries
from alcada.web.guards import person, require

REASON_LIMIT: Final = 300


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Post again: the cause is mended, or the person looked and it surely is not there (which they tick)."""
    posting = to_mend(request, pk)
    if posting.state == State.UNDECIDED and not request.POST.get("sure"):
        problem = _("Look for the reference in Conta Azul first, and tick that it is not there.")
        return entries.page(request, its_entry(request, posting), again_error=problem, status=422)
    return do(
        request, posting, lambda: mending.post_again(posting.pk, by=person(request)), _("It is posted again.")
    )


@require_POST
def look(request: HttpRequest, pk: int) -> HttpResponse:
    posting = to_mend(request, pk)
    return do(
        request,
        posting,
        lambda: mending.look_again(posting.pk, by=person(request)),
        _("It is being looked for."),
    )


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    posting = to_mend(request, pk)
    reason, problem = typed_reason(request, _("Say why it is given up: history keeps it."))
    if problem:
        found = its_entry(request, posting)
        return entries.page(request, found, cancel_error=problem, cancel_reason=reason, status=422)
    return do(
        request,
        posting,
        lambda: mending.cancel(posting.pk, by=person(request), reason=reason),
        _("The posting is cancelled."),
    )


@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """What stood beside the posting was dealt with at Conta Azul."""
    posting = to_mend(request, pk)
    reason, problem = typed_reason(request, _("Say what you found and did: history keeps it."))
    if problem:
        found = its_entry(request, posting)
        return entries.page(request, found, settle_error=problem, settle_reason=reason, status=422)
    return do(
        request,
        posting,
        lambda: byhand.settle_loud(posting.pk, by=person(request), reason=reason),
        _("Noted. It needs nobody any more."),
    )


@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop one account's queue, from the list of what waits in it."""
    return _switch(request, pk, connections.pause, _("Paused. Postings wait until you resume."))


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, connections.resume, _("Resumed. What waited is being posted."))


def _switch(request: HttpRequest, pk: int, action: Any, done: str) -> HttpResponse:
    found = Connection.objects.select_related("company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), "connection.manage", found.company)
    try:
        action(by=person(request), connection=found)
    except connections.NotAllowedHereError:
        messages.warning(request, _("Its state has changed meanwhile: nothing was done."))
    else:
        messages.success(request, done)
    return redirect(back(request))


def to_mend(request: HttpRequest, pk: int) -> Posting:
    """The posting, if the person may mend it; else 404, or 403 where they may only see it."""
    related = ("entry__company", "revision", "connection")
    posting = visible_postings(person(request)).select_related(*related).filter(pk=pk).first()
    if posting is None:
        raise Http404
    require(person(request), "posting.mend", posting.entry.company)
    return posting


def its_entry(request: HttpRequest, posting: Posting) -> Entry:
    found = entry_or_none(person(request), posting.entry_id)
    assert found is not None  # the posting was found through it
    return found


def typed_reason(request: HttpRequest, missing: str) -> tuple[str, str]:
    """What was typed, and what is wrong with it."""
    reason = request.POST.get("reason", "").replace("\x00", "").strip()
    if not reason:
        return reason, missing
    return reason, _("This is too long.") if len(reason) > REASON_LIMIT else ""


def back(request: HttpRequest) -> str:
    """The list as it was narrowed."""
    query = request.POST.get("back", "")
    return reverse("postings") + (query if query.startswith("?") and len(query) < 2000 else "")


def do(request: HttpRequest, posting: Posting, action: Callable[[], object], done: str) -> HttpResponse:
    """Do it, or say why not: the state may have moved since the button was drawn."""
    try:
        action()
    except BusyError:
        messages.warning(
            request, _("It is being posted or looked for at the moment. Wait for the result, or look again.")
        )
    except TransitionNotAllowedError as exc:
        label = State(exc.before).label
        messages.warning(
            request, _("Not possible any more: the posting is “%(state)s” now.") % {"state": label}
        )
    except IntegrityError:  # the database says it: see posting's migration 0004
        messages.warning(request, _("Its entry was taken back, or has another posting by now."))
    else:
        messages.success(request, done)
    return redirect(entries.address(posting))
