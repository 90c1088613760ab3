"""A posting whose entry is in Conta Azul already: which one, found or pasted, compared, confirmed; or none named."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from alcada.connections.models import Connection
from alcada.flow import adopting
from alcada.posting import byhand
from alcada.posting.models import BY_HAND, Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError
from alcada.web import entries, reasons
from alcada.web.guards import person
from alcada.web.posting_mending import do, to_mend, typed_reason

DIFFERENT: Final[dict[str, str | Promise]] = {
    "amount": lazy("The value is another."),
    "instalments": lazy("It has another number of instalments."),
    "due_dates": lazy("The due dates are others."),
}


@dataclass(frozen=True)
class Typed:
    """What the form holds, and what is wrong with it."""

    id: str = ""
    reason: str = ""
    id_error: str = ""
    reason_error: str = ""
    without_reason: str = ""
    without_error: str = ""
    sure_error: str = ""


def offered(posting: Posting) -> bool:
    """May a person say here which entry it is?"""
    without_id = posting.state == State.POSTED and posting.reason == BY_HAND and not posting.remote_event_id
    return posting.state in byhand.MAY_BE_BY_HAND or without_id


@require_http_methods(["GET", "HEAD", "POST"])
def adopt(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks Conta Azul, so only by POST: no link or preview may set that off."""
    posting = to_mend(request, pk)
    if not offered(posting):
        return do(request, posting, lambda: _not_any_more(posting), "")
    if request.method != "POST":
        return _page(request, posting)
    step = request.POST.get("do", "")
    if step == "search":
        return _search(request, posting)
    return _without(request, posting) if step == "without" else _this(request, posting)


def _not_any_more(posting: Posting) -> None:
    if posting.state in (State.SENDING, State.UNKNOWN):
        raise BusyError
    raise TransitionNotAllowedError(State(posting.state), State.POSTED)


def _search(request: HttpRequest, posting: Posting) -> HttpResponse:
    try:
        found = adopting.candidates(posting)
    except adopting.FAILURES:
        return _page(request, posting, searched=True, failed=_silent(posting))
    return _page(request, posting, searched=True, candidates=found)


def _this(request: HttpRequest, posting: Posting) -> HttpResponse:
    """Read what the id names and show it beside what was approved; at the second press it is believed."""
    pasted = request.POST.get("id", "").replace("\x00", "").strip()[:500]
    typed = request.POST.get("reason", "").replace("\x00", "").strip()
    seen, problem = _read(posting, pasted)
    if seen is None:
        return _page(request, posting, Typed(id=pasted, reason=typed, id_error=problem), status=422)
    confirmed = request.POST.get("confirmed") == seen.event_id
    if not confirmed:
        return _page(request, posting, Typed(id=seen.event_id, reason=typed), seen=seen)
    reason, problem = typed, ""
    if needs_reason(posting, seen):
        reason, problem = typed_reason(request, _("Say why this is the entry: history keeps it."))
    if problem:
        wrong = Typed(id=seen.event_id, reason=reason, reason_error=problem)
        return _page(request, posting, wrong, seen=seen, status=422)
    try:
        return do(
            request,
            posting,
            lambda: adopting.adopt(posting, seen, by=person(request), reason=reason[:300]),
            _("Done: this entry is the posting's."),
        )
    except byhand.TakenError as exc:
        return _page(request, posting, Typed(id=pasted, reason=reason, id_error=_taken(exc)), status=422)
    except adopting.FAILURES:
        return _page(request, posting, Typed(id=pasted, reason=reason, id_error=_silent(posting)), status=422)


def needs_reason(posting: Posting, seen: adopting.Read) -> bool:
    """Its own entry, as approved, speaks for itself."""
    return bool(seen.different) or not seen.ours or posting.state in (State.QUEUED, State.REFUSED)


def _without(request: HttpRequest, posting: Posting) -> HttpResponse:
    reason, problem = typed_reason(request, _("Say where it stands and who put it there: history keeps it."))
    if not problem and posting.state == State.POSTED:
        return redirect(entries.address(posting))
    if problem:
        return _page(request, posting, Typed(without_reason=reason, without_error=problem), status=422)
    return do(
        request,
        posting,
        lambda: byhand.mark(posting.pk, by=person(request), reason=reason),
        _("Marked as posted by hand. Say which entry it is as soon as you know its id."),
    )


def _read(posting: Posting, pasted: str) -> tuple[adopting.Read | None, str]:
    if not pasted:
        return None, _("Paste the id of the entry, or search the account.")
    try:
        return adopting.read(posting, pasted), ""
    except adopting.NotThereError:
        return None, _("The account has no entry with this id.")
    except adopting.OtherKindError:
        return None, _("That entry is a receivable.") if posting.kind == "payable" else _(
            "That entry is a payable."
        )
    except adopting.ForeignError as exc:
        return None, _("That entry carries %(reference)s, the reference of another.") % {
            "reference": exc.reference
        }
    except byhand.TakenError as exc:
        return None, _taken(exc)
    except adopting.FAILURES:
        return None, _silent(posting)


def _taken(exc: byhand.TakenError) -> str:
    return _("That entry is the one of another posting already: %(reference)s.") % {
        "reference": exc.reference
    }


def _silent(posting: Posting) -> str:
    """Why the account could not be asked."""
    account = Connection.objects.get(pk=posting.connection_id)
    if account.state != Connection.State.CONNECTED:
        text = _(
            "%(why)s Until that is mended the account can't be asked; the posting can be marked without an id."
        )
        return text % {"why": reasons.of_account(account)}
    return _("Conta Azul could not be asked just now. Try again in a moment.")


def _page(
    request: HttpRequest, posting: Posting, typed: Typed | None = None, *, status: int = 200, **more: Any
) -> HttpResponse:
    seen: adopting.Read | None = more.get("seen")
    context = {
        "posting": posting,
        "back_url": entries.address(posting),
        "typed": typed or Typed(),
        "due_dates": [part["due_date"] for part in posting.content["instalments"]],
        "different": [str(DIFFERENT[code]) for code in seen.different] if seen else [],
        "needs_reason": bool(seen and needs_reason(posting, seen)),
        "without_id": posting.state != State.POSTED,
        **more,
    }
    return render(request, "postings/adopt.html", context, status=status)
