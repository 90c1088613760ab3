"""Many postings at one press: one confirmation, then a page that tells how far it is, and what was refused and why."""

from typing import Any, Final

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST, require_safe

from alcada.flow.queries import Status
from alcada.posting import bulk
from alcada.posting.models import Bulk, Posting, State
from alcada.web import entries
from alcada.web.guards import person
from alcada.web.posting_filter import Filter
from alcada.web.posting_mending import back, typed_reason
from alcada.web.postings import mendable_postings

FOR_S: Final = 1.0  # a press is answered within about this; a worker does the rest
# Why one was refused: bulk.WHY, else the state that it was in.
WHY: Final[dict[str, str | Promise]] = {
    "busy": lazy("It is being posted or looked for."),
    "not_allowed": lazy("Your roles in its company do not allow this."),
    "look_first": lazy("It may be in Conta Azul: look for it first."),
    "taken_back": lazy("Its entry was taken back, or has another posting by now."),
    "gone": lazy("It is not there."),
}


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    """What was ticked and what is to be done with it: asked once more, then done."""
    action = request.POST.get("do", "")
    if action not in Bulk.Action.values:
        raise Http404
    ids = _chosen(request, Bulk.Action(action))
    if not ids:
        messages.warning(request, _("Nothing that could be done here was chosen. Tick the postings first."))
        return redirect(back(request))
    if request.POST.get("confirmed"):
        return _start(request, Bulk.Action(action), ids)
    return _confirm(request, Bulk.Action(action), ids)


@require_safe
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; the page asks again until it is done."""
    found = Bulk.objects.filter(pk=pk, by=person(request)).first()
    if found is None:
        raise Http404
    refused = dict(found.refused)
    rows = Posting.objects.filter(pk__in=refused).select_related("entry__company", "revision").order_by("-pk")
    context = {
        "bulk": found,
        "total": len(found.ids),
        "done": found.position - len(refused),
        "refused": [
            {"posting": one, "why": _why(refused[one.pk]), "url": entries.address(one)} for one in rows
        ],
        "title": _titles(Bulk.Action(found.action)),
    }
    template = "postings/_bulk.html" if request.htmx else "postings/bulk.html"  # type: ignore[attr-defined]
    return render(request, template, context)


def _chosen(request: HttpRequest, action: Bulk.Action) -> list[int]:
    """The ticked ones; or all that match the filter and that this can be done with. Never another company's."""
    mine = mendable_postings(person(request))
    if request.POST.get("all"):
        wanted = Filter.of(QueryDict(request.POST.get("back", "").removeprefix("?")))
        found = wanted.of_state(wanted.narrow(mine)).filter(state__in=bulk.POSSIBLE[action])
        return list(found.order_by("-pk").values_list("pk", flat=True)[: bulk.MOST])
    ticked = request.POST.getlist("posting") or request.POST.get("ids", "").split(",")
    keys = [int(key) for key in ticked if key.isascii() and key.isdigit() and len(key) < 18]
    return list(mine.filter(pk__in=keys).order_by("-pk").values_list("pk", flat=True)[: bulk.MOST])


def _confirm(
    request: HttpRequest, action: Bulk.Action, ids: list[int], *, status: int = 200, **typed: Any
) -> HttpResponse:
    counts = dict(
        Posting.objects.filter(pk__in=ids).values_list("state").annotate(count=Count("pk")).order_by()
    )
    possible = bulk.POSSIBLE[action]
    context = {
        "action": action,
        "title": _titles(action),
        "ids": ",".join(map(str, ids)),
        "count": len(ids),
        "able": sum(count for state, count in counts.items() if state in possible),
        "states": [
            {"status": Status(f"posting.{state}"), "count": count, "able": state in possible}
            for state, count in sorted(counts.items())
        ],
        "undecided": counts.get(State.UNDECIDED, 0) if action == Bulk.Action.AGAIN else 0,
        "back": request.POST.get("back", ""),
        "back_url": back(request),
        **typed,
    }
    return render(request, "postings/bulk_confirm.html", context, status=status)


def _start(request: HttpRequest, action: Bulk.Action, ids: list[int]) -> HttpResponse:
    reason = ""
    if action == Bulk.Action.CANCEL:
        reason, problem = typed_reason(request, _("Say why they are given up: history keeps it."))
        if problem:
            return _confirm(request, action, ids, status=422, reason=reason, reason_error=problem)
    sure = bool(request.POST.get("sure"))
    made = bulk.start(by=person(request), action=action, ids=ids, reason=reason, sure=sure)
    bulk.run(made.pk, for_s=FOR_S)
    return redirect("posting-bulk-result", made.pk)


def _why(code: str) -> str:
    if code in WHY:
        return str(WHY[code])
    label = State(code).label if code in State.values else code
    return _("Not possible: it is “%(state)s”.") % {"state": label}


def _titles(action: Bulk.Action) -> str:
    return {
        Bulk.Action.AGAIN: _("Post again"),
        Bulk.Action.LOOK: _("Look again"),
        Bulk.Action.CANCEL: _("Cancel postings"),
    }[action]
