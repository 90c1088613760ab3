"""One entry: what was frozen, what happens next and whose turn it is, the posting, and the whole story."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alcada.approval import queries as approvals
from alcada.approval.models import Round, Step
from alcada.approval.rules import NotOpenError
from alcada.connections.models import Connection
from alcada.flow import actions as flow
from alcada.flow import mapping
from alcada.flow.queries import status_of
from alcada.intake.models import Entry, Revision
from alcada.intake.queries import entry_or_none, may_change
from alcada.intake.rules import NotYoursError
from alcada.people.models import User
from alcada.people.queries import may, menders
from alcada.posting import byhand, questions
from alcada.posting.models import BY_HAND, LOUD, Attempt, Posting, State
from alcada.posting.owners import Owner, with_owner
from alcada.web import correction_box, evidence, moments, next_words, of_deal, reasons, returned, timeline
from alcada.web.guards import person

# How often the page asks whether something changed: while it moves, and while it waits for somebody.
MOVING_S: Final = 2
WAITING_S: Final = 15


@require_safe
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    return page(request, _entry(person(request), pk))


@require_safe
def live(request: HttpRequest, pk: int) -> HttpResponse:
    """What changes by itself, as a fragment; 204 while nothing did, so that nobody's typing is swept away."""
    user = person(request)
    found = _entry(user, pk)
    shown = _state(user, found)
    if request.GET.get("seen") == shown["token"]:
        return HttpResponse(status=204)
    context = {**shown, "status": status_of(found), "lines": timeline.of(found)}
    return render(request, "entries/_live.html", context)


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it back to change it; the form to change it comes next."""
    user = person(request)
    found = _entry(user, pk)
    if elsewhere := of_deal.elsewhere(request, found):
        return elsewhere
    try:
        flow.withdraw(found, by=user)
    except NotYoursError as exc:
        raise PermissionDenied(
            _("Only who entered it, or an administrator of the company, changes it.")
        ) from exc
    except NotOpenError:
        messages.error(
            request,
            _("It is approved and on its way to Conta Azul, or there already: it can't be taken back."),
        )
        return redirect("entry", found.pk)
    return redirect("entry-edit", found.pk)


def page(request: HttpRequest, found: Entry, *, status: int = 200, **typed: str) -> HttpResponse:
    """The whole page. `typed` brings back what a refused form held, and why it was refused."""
    user = person(request)
    if found.current is None:  # never submitted: there is nothing to see but the form, and its history
        if found.discarded_at is None:
            return redirect("entry-edit", found.pk)
        return render(request, "entries/discarded.html", {"entry": found, "lines": timeline.of(found)})
    revision = _revision(found, request.GET.get("revision"))
    context = {
        **_state(user, found),
        **evidence.content(revision),
        "status": status_of(found),
        "revisions": list(found.revisions.select_related("created_by").order_by("-number")),
        "changes": evidence.changes_of(revision),
        **evidence.doubtful(user, found),
        "lines": timeline.of(found),
        "typed": typed,
    }
    return render(request, "entries/entry.html", context, status=status)


def _entry(user: User, pk: int) -> Entry:
    found = entry_or_none(user, pk)
    if found is None:
        raise Http404
    return found


def _revision(found: Entry, number: str | None) -> Revision:
    revisions = found.revisions.select_related("entry", "party", "bank_account", "created_by")
    if number is None:
        assert found.current_id is not None  # the page of a draft that was never sent is the form
        return revisions.get(pk=found.current_id)
    chosen = revisions.filter(number=int(number)).first() if number.isascii() and number.isdigit() else None
    if chosen is None:
        raise Http404
    return chosen


@dataclass(frozen=True)
class Buttons:
    """What this person may do with the entry now."""

    edit: bool = False  # it is a draft already
    withdraw: bool = False
    again: bool = False
    look: bool = False
    cancel: bool = False
    authorise: bool = False
    adopt: bool = False
    settle: bool = False


def _state(user: User, found: Entry) -> dict[str, Any]:
    """Everything that moves, with a token that tells whether it moved."""
    round_ = _round(found)
    step = approvals.open_step(round_) if round_ else None
    posting, owner = _posting(found)
    box = correction_box.of(user, found, posting, round_)
    editing = found.draft is not None
    mends, deal = may(user, "posting.mend", found.company), of_deal.deal_of(user, found)
    return {
        "entry": found,
        "deal": deal,
        "round": round_,
        "step": step,
        "posting": posting,
        "editing": editing,
        "next": box.next or of_deal.next_words(deal, found) or next_words.of(found, round_, step, posting),
        "correcting": box,
        "steps": _steps(round_),
        "reason": reasons.explain(posting) if posting else None,
        "searches": _searches(posting),
        "attempts": posting.attempts.count() if posting else 0,
        "owners": _owners(found, owner),
        "loud": bool(posting and posting.reason in LOUD),
        "mends": mends,
        "asked_me": bool(step and approvals.inbox(user).filter(pk=step.pk).exists()),
        "buttons": _buttons(user, found, round_, posting, mends=mends),
        "every": MOVING_S if box.moves else _every(round_, posting, editing=editing),
        "token": _token(found, round_, step, posting, box),
        **_question(posting),
        "next_try": moments.moment(posting.next_try_at) if posting else "",
        **returned.of(posting),
    }


def _round(found: Entry) -> Round | None:
    """The latest round; one of a correction that ended without effect says nothing of what the entry says."""
    rounds = found.rounds.select_related("revision").order_by("-pk")
    latest = rounds.first()
    if latest is None or latest.revision.kind != Revision.Kind.CORRECTION:
        return latest
    sent_back = latest.state == Round.State.SENT_BACK and found.correction is not None
    told = latest.state in (Round.State.OPEN, Round.State.APPROVED) or sent_back
    return latest if told else rounds.filter(revision=found.current_id).first()


def _question(posting: Posting | None) -> dict[str, Any]:
    """What the posting waits for a person to say."""
    question = mapping.open_question(posting) if posting else None
    if question is None:
        return {"question": None}
    return {
        "question": question,
        "question_waiting": questions.waiting(question).count(),
        "question_may_be_new": questions.may_be_new(question),
        "question_may_choose": any(one["active"] for one in question.candidates),
    }


def _posting(found: Entry) -> tuple[Posting | None, str]:
    """The posting of what is current, and whose turn it is: an earlier revision's belongs to the timeline."""
    postings = Posting.objects.select_related("connection__company", "question").filter(
        Q(revision=found.current) | Q(state=State.POSTED), entry=found
    )
    posting = with_owner(postings).order_by("-pk").first()
    return posting, posting.owner if posting else ""


def _steps(round_: Round | None) -> list[Step]:
    """The round's steps in order, each with its people and its decision."""
    if round_ is None:
        return []
    return list(round_.steps.select_related("decision__by").prefetch_related("asked__user").order_by("order"))


@dataclass(frozen=True)
class Search:
    """A look into the account: when, how it ended, where it looked, and where it could not."""

    at: datetime
    outcome: str
    searched: str
    failed: str


def _searches(posting: Posting | None) -> list[Search]:
    """The latest looks, for whoever decides about a posting that wasn't found."""
    if posting is None or posting.state not in (State.UNKNOWN, State.UNDECIDED):
        return []
    looks = posting.attempts.filter(kind=Attempt.Kind.LOOK_UP).order_by("-pk")[:3]
    return [
        Search(
            at=look.started_at,
            outcome=look.get_outcome_display(),
            searched=timeline.places(look.request.get("searched")),
            failed=timeline.places(look.request.get("failed")),
        )
        for look in looks
    ]


def _owners(found: Entry, owner: str) -> list[str]:
    """Their names (posting.owners says who)."""
    if owner == Owner.ENTERED:
        return [found.created_by.name]
    return [one.name for one in menders(found.company)] if owner else []


def _held_back(posting: Posting) -> bool:
    waits = posting.state in (State.QUEUED, State.UNKNOWN)
    return waits and posting.connection.state != Connection.State.CONNECTED


def _buttons(
    user: User, found: Entry, round_: Round | None, posting: Posting | None, *, mends: bool
) -> Buttons:
    changes = may_change(user, found)
    if found.draft is not None:
        return Buttons(edit=changes and found.discarded_at is None)
    free = posting is None or posting.state in (State.REFUSED, State.CANCELLED)
    approved = round_ is not None and round_.state == Round.State.APPROVED
    # Approved without a posting: the end of a flow that posts nothing. It stays as it was approved.
    own = Buttons(withdraw=changes and free and not (approved and posting is None))
    if posting is None or not mends:
        return own
    state = posting.state
    return Buttons(
        withdraw=own.withdraw,
        again=state in (State.REFUSED, State.UNDECIDED),
        look=state in (State.UNKNOWN, State.UNDECIDED),
        cancel=state in (State.REFUSED, State.UNDECIDED, State.QUEUED),
        authorise=_held_back(posting) and may(user, "connection.manage", found.company),
        adopt=state in byhand.MAY_BE_BY_HAND or (posting.reason == BY_HAND and not posting.remote_event_id),
        settle=posting.reason in LOUD,
    )


def _every(round_: Round | None, posting: Posting | None, *, editing: bool) -> int:
    """Seconds until the page asks again; 0: nothing will change by itself."""
    if editing:
        return 0
    if posting is not None:
        if _held_back(posting) or posting.state in (State.REFUSED, State.UNDECIDED):
            return WAITING_S
        if posting.state == State.POSTED:
            return WAITING_S  # what becomes of it in Conta Azul
        return MOVING_S if posting.state in (State.QUEUED, State.SENDING, State.UNKNOWN) else 0
    if round_ is not None and round_.state == Round.State.OPEN:
        return WAITING_S
    return 0


def _token(
    found: Entry, round_: Round | None, step: Step | None, posting: Posting | None, box: correction_box.Box
) -> str:
    parts: list[object] = [found.current_id, found.draft is None, *box.token]
    parts += [round_.pk, round_.state] if round_ else []
    parts += [step.pk] if step else []
    if posting:
        parts += [posting.pk, posting.state, posting.reason, posting.next_try_at, posting.connection.state]
        parts += returned.token(posting)
        parts += [posting.attempts.count(), posting.attempts.filter(finished_at=None).count()]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def address(posting: Posting) -> str:
    """Where a posting is shown: on its entry's page."""
    return reverse("entry", args=[posting.entry_id]) + "#posting"
