"""The approver's pages: what waits, and one question with all it takes to answer. Only a POST decides."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_safe

from alcada.approval import queries as approvals
from alcada.approval.models import Decision, Step
from alcada.approval.rules import ApprovalError, CommentRequiredError
from alcada.approval.words import SENTENCES
from alcada.flow import actions as flow
from alcada.flow.list_pages import planned_anew
from alcada.flow.queries import visible_steps
from alcada.people.models import Company, User
from alcada.web import evidence, moments
from alcada.web.context import Frame, register_count
from alcada.web.guards import person

PAGE: Final = 25
COMMENT_LIMIT: Final = 2000

_DONE: Final[dict[str, str | Promise]] = {
    "approve": lazy("Approved."),
    "reject": lazy("Rejected. Whoever entered it is told why."),
    "send_back": lazy("Sent back. Whoever entered it is told what to change."),
}
_ALREADY: Final[dict[str, str | Promise]] = {
    "approve": lazy("Already approved by %(name)s %(when)s."),
    "reject": lazy("Already rejected by %(name)s %(when)s."),
    "send_back": lazy("Already sent back by %(name)s %(when)s."),
}


def inbox_count(user: User) -> int:
    """The figure in the navigation."""
    return questions(user).count()


register_count("inbox", inbox_count)


@dataclass(frozen=True)
class Waiting:
    """A question in the inbox."""

    step: Step
    due: moments.Due


def waiting(keys: Iterable[int]) -> list[Waiting]:
    """What a list shows of these questions, in this order."""
    wanted = list(keys)
    steps = Step.objects.select_related("round__company", "round__entered_by", "round__revision__entry")
    found = steps.in_bulk(wanted)
    return [Waiting(found[pk], moments.due(found[pk].round.due_date)) for pk in wanted]


def questions(user: User, company: Company | None = None) -> QuerySet[Step, int]:
    """The keys of the person's inbox, of one company or of all: what is shown of them is not read of thousands."""
    found = approvals.inbox(user)
    found = found if company is None else found.filter(round__company=company)
    return found.values_list("pk", flat=True)


@require_safe
def inbox(request: HttpRequest) -> HttpResponse:
    with planned_anew():
        user, frame = person(request), Frame.of(request)
        paginator = Paginator(questions(user, frame.company), PAGE)
        if not frame.company:
            paginator.count = frame.count("inbox")  # a cached property: the menu counts too
        page = paginator.get_page(request.GET.get("page"))
        return render(request, "approval/inbox.html", {"page": page, "rows": waiting(page.object_list)})


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, step_id: int) -> HttpResponse:
    step = _step(person(request), step_id)
    return _answer(request, step) if request.method == "POST" else _page(request, step)


@require_safe
def books(request: HttpRequest, step_id: int) -> HttpResponse:
    """The fragment that asks itself anew until the account's books have been searched."""
    step = _step(person(request), step_id)
    context = {"step": step, "books": evidence.books(step.round.revision)}
    return render(request, "approval/_books.html", context)


def _step(user: User, step_id: int) -> Step:
    """The step, for whoever is asked or may see the entry. For all others there is none."""
    steps = visible_steps(user).select_related(
        "round__company",
        "round__entered_by",
        "round__revision__entry__company",
        "round__revision__bank_account",
    )
    step = steps.filter(pk=step_id).first()
    if step is None:
        raise Http404
    return step


def _answer(request: HttpRequest, step: Step) -> HttpResponse:
    user = person(request)
    comment = request.POST.get("comment", "").replace("\x00", "").strip()
    verdict = request.POST.get("verdict", "")
    if verdict not in Decision.Verdict.values:
        return _page(request, step, alert=_("Choose one of the three answers."), comment=comment, status=422)
    if len(comment) > COMMENT_LIMIT:
        sentence = _("At most %(limit)s characters; these are %(found)s.")
        problem = sentence % {"limit": COMMENT_LIMIT, "found": len(comment)}
        return _page(request, step, comment_error=problem, comment=comment, status=422)
    try:
        result = flow.decide(step.pk, by=user, verdict=Decision.Verdict(verdict), comment=comment)
    except CommentRequiredError as exc:
        sentence = str(SENTENCES[exc.code])
        return _page(request, step, comment_error=sentence, comment=comment, wanted=verdict, status=422)
    except ApprovalError as exc:
        step.refresh_from_db()
        return _page(request, step, alert=str(SENTENCES[exc.code]), comment=comment, status=403)
    if result.already:
        unchanged = _("Nothing changed.")
        messages.warning(request, f"{already(result.decision)} {unchanged}")
    else:
        messages.success(request, str(_DONE[verdict]))
    return redirect("decide", step.pk)


def already(decision: Decision) -> str:
    """Who was first, and when: "Already approved by Ana at 10:02."."""
    names = {"name": decision.by.name, "when": moments.at_moment(decision.at)}
    return str(_ALREADY[decision.verdict]) % names


def _page(request: HttpRequest, step: Step, *, status: int = 200, **typed: str) -> HttpResponse:
    user = person(request)
    decision = Decision.objects.select_related("by").filter(step=step).first()
    closed = _why_not(user, step, decision)
    following = (
        questions(user).exclude(pk=step.pk)[:1] if closed else []
    )  # so that nobody has to go back for it
    context = {
        "step": step,
        "round": step.round,
        "entry": step.round.revision.entry,
        "decision": decision,
        "mine": bool(decision and decision.by_id == user.pk),
        "closed": closed,
        "next": next(iter(waiting(following)), None),
        "left": inbox_count(user) if closed else 0,
        "due": moments.due(step.round.due_date),
        "typed": typed,
        **evidence.of_round(step.round),
    }
    return render(request, "approval/decide.html", context, status=status)


def _why_not(user: User, step: Step, decision: Decision | None) -> str:
    """Why this person can't answer now, in words; empty: they can. What a POST finds out is what counts."""
    if decision:
        return already(decision)
    problem = approvals.obstacle(step, user)
    return str(SENTENCES[problem.code]) if problem else ""
