"""The list of entries as a file: asked for, followed while a worker makes it, downloaded by who asked alone."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from alcada.flow import exporting
from alcada.intake.models import Export
from alcada.people.queries import companies_of
from alcada.web.guards import person
from alcada.web.intake_list import address, asked

State = Export.State
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_safe
def exports(request: HttpRequest) -> HttpResponse:
    """The person's own, the latest on top."""
    user = person(request)
    rows = [_shown(export) for export in Export.objects.filter(by=user).order_by("-pk")[:30]]
    return render(request, "exports/list.html", {"rows": rows, "days": exporting.KEPT.days})


@require_POST
def ask(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if not companies_of(user).exists():
        raise PermissionDenied
    wanted, sort = asked(request.POST)
    format = request.POST.get("format", "")
    if format not in Export.Format.values:
        raise Http404
    try:
        made = exporting.ask(user, wanted, sort=sort, format=format, language=get_language() or "pt-br")
    except exporting.TooManyError:
        messages.warning(
            request,
            _("%(most)s of your exports are being made: wait for one of them.") % {"most": exporting.MOST},
        )
        return redirect("exports")
    return redirect("export", made.pk)


@require_safe
def export(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    context = {**_shown(found), "days": exporting.KEPT.days, "back": _back(found)}
    return render(request, "exports/export.html", context)


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The part of the page that follows; once it is over the page is loaded anew."""
    found = _own(request, pk)
    answer = render(request, "exports/_progress.html", _shown(found))
    if found.state not in (State.QUEUED, State.RUNNING):
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_safe
def download(request: HttpRequest, pk: int) -> HttpResponse | FileResponse:
    found = _own(request, pk)
    if found.state != State.DONE:
        raise Http404
    if not exporting.still_theirs(found):
        raise PermissionDenied(
            _("This file holds entries that you may not see any more. Export the list again.")
        )
    try:
        opened = exporting.path_of(found).open("rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    word = _("entries")
    name = f"{word} {timezone.localtime(found.created_at):%Y-%m-%d %H%M}.{found.format}"
    answer = FileResponse(opened, as_attachment=True, filename=name, content_type=TYPES[found.format])
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _own(request: HttpRequest, pk: int) -> Export:
    found = Export.objects.select_related("by").filter(by=person(request), pk=pk).first()
    if found is None:
        raise Http404
    return found


def _shown(found: Export) -> dict[str, Any]:
    going = found.state in (State.QUEUED, State.RUNNING)
    waited = (timezone.now() - found.created_at).total_seconds()
    tones = {State.QUEUED: "grey", State.RUNNING: "blue", State.DONE: "green", State.FAILED: "red"}
    return {
        "export": found,
        "going": going,
        "slow": found.state == State.QUEUED and waited > 20,
        "tone": tones.get(State(found.state), "grey"),
        "until": found.finished_at + exporting.KEPT if found.finished_at else None,
    }


def _back(found: Export) -> str:
    return address({name: value for name, value in found.filters.items() if value})
