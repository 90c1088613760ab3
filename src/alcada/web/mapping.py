"""Pages of an account's mapping: ours, what each is called there, and how sure that is. Company administrators only."""

from typing import Any, Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.connections import mapping as mapped
from alcada.connections import mapping_actions as actions
from alcada.connections.access import AccessError
from alcada.connections.mapping_actions import ChangedMeanwhileError, NotThereError
from alcada.connections.mirror_rows import Ours
from alcada.connections.models import Connection
from alcada.directory.models import NewVendors, Party
from alcada.flow import mapping as flow
from alcada.history import queries as history
from alcada.web import mapping_words
from alcada.web.guards import person, require
from conta_azul.errors import ContaAzulError

MANAGE: Final = "mapping.manage"
PAGE: Final = 50
CHOICES: Final = 25


@require_safe
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    connection = _connection(request, pk)
    kind, which, text = _asked(request)
    found = mapped.ours_of(connection, kind, text=text, which=which)
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    asked = flow.asked_about(connection, kind)
    rows = [
        (mapping_words.shown(line), asked.get((line.ours.pk, line.profile)))
        for line in mapped.lines(connection, kind, list(page.object_list))
    ]
    context = {
        "connection": connection,
        "kind": kind,
        "which": which,
        "text": text,
        "page": page,
        "rows": rows,
        "tabs": _tabs(connection, kind),
        "filters": mapping_words.FILTERS.items(),
        "sure": len(mapped.sure(connection, kind)) + _suggested(connection, kind),
        "back": request.GET.urlencode(),
        **(_new_vendors(connection) if kind == "party" else {}),
    }
    return render(request, "mapping/mapping.html", context)


@require_POST
def sure(request: HttpRequest, pk: int) -> HttpResponse:
    connection = _connection(request, pk)
    kind = _kind(request.POST.get("kind", ""))
    count = actions.confirm_sure(connection, kind, by=person(request))
    words = ngettext("%(count)s is confirmed.", "%(count)s are confirmed.", count) % {"count": count}
    messages.success(request, words)
    return _back(request, connection)


@require_POST
def confirm(request: HttpRequest, pk: int, kind: str, thing: int) -> HttpResponse:
    connection = _connection(request, pk)
    ours, profile = _ours(connection, kind, thing), _profile(request)
    seen = request.POST.get("seen", "")
    try:
        actions.confirm(connection, ours, profile=profile, seen=seen, by=person(request))
    except ChangedMeanwhileError:
        messages.warning(request, changed_meanwhile(ours))
    else:
        messages.success(request, _("%(name)s is confirmed.") % {"name": ours})
    return _back(request, connection)


@require_POST
def remove(request: HttpRequest, pk: int, kind: str, thing: int) -> HttpResponse:
    connection = _connection(request, pk)
    ours, profile = _ours(connection, kind, thing), _profile(request)
    seen = request.POST.get("seen", "")
    try:
        actions.remove(connection, ours, profile=profile, seen=seen, by=person(request))
    except ChangedMeanwhileError:
        messages.warning(request, changed_meanwhile(ours))
    else:
        messages.success(request, _("%(name)s is not mapped any more.") % {"name": ours})
    return _back(request, connection)


@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: HttpRequest, pk: int, kind: str, thing: int) -> HttpResponse:
    """One of ours, and what of theirs it may be; a POST chooses."""
    connection = _connection(request, pk)
    ours = _ours(connection, kind, thing)
    if request.method != "POST":
        return _choose_page(request, connection, ours, kind, request.GET.get("q", ""))
    profile, remote_id = _profile(request), request.POST.get("remote_id", "")
    if profile not in mapped.profiles_of(ours):
        raise Http404
    try:
        seen = request.POST.get("seen", "")
        count = map_to(connection, ours, remote_id, profile=profile, seen=seen, request=request)
    except ChangedMeanwhileError:
        messages.warning(request, changed_meanwhile(ours))
        return _back(request, connection)
    except ChoiceRefusedError as refused:
        return _choose_page(request, connection, ours, kind, request.POST.get("q", ""), str(refused))
    messages.success(request, _("%(name)s is mapped.") % {"name": ours} + going_on(count))
    return _back(request, connection)


@require_POST
def find(request: HttpRequest, pk: int, thing: int) -> HttpResponse:
    """Ask the account for people. A POST: it uses the account, and may renew its token."""
    connection = _connection(request, pk)
    ours = _ours(connection, "party", thing)
    return _choose_page(request, connection, ours, "party", request.POST.get("q", ""))


@require_POST
def new_vendors(request: HttpRequest, pk: int) -> HttpResponse:
    connection = _connection(request, pk)
    hold = request.POST.get("hold", "") == "1"
    if actions.hold_new_vendors(connection.company, hold=hold, by=person(request)):
        messages.success(request, _("Saved for %(company)s.") % {"company": connection.company.name})
    return _back(request, connection)


class ChoiceRefusedError(Exception):
    """What was chosen can't be; the text says why, to the person."""


def map_to(
    connection: Connection,
    ours: Ours,
    remote_id: str,
    *,
    profile: str,
    seen: str | None,
    request: HttpRequest,
) -> int:
    """Map it; how many postings go on. Raises ChoiceRefusedError with a sentence, ChangedMeanwhileError."""
    by = person(request)
    try:
        if isinstance(ours, Party):
            if not remote_id or len(remote_id) > 64:
                raise NotThereError
            return flow.choose_person(connection, ours, remote_id, profile=profile, seen=seen, by=by)
        return flow.choose(connection, ours, remote_id, seen=seen, by=by)
    except NotThereError as exc:
        raise ChoiceRefusedError(
            _("It is not there, or not in use in Conta Azul. Make it active there, or choose another.")
        ) from exc
    except flow.OtherDocumentError as exc:
        raise ChoiceRefusedError(
            _("Its CPF or CNPJ in Conta Azul is another one: that is somebody else. Choose the right one.")
        ) from exc
    except (ContaAzulError, AccessError) as exc:
        raise ChoiceRefusedError(not_asked()) from exc


def not_asked() -> str:
    return _("Conta Azul could not be asked just now. Nothing was changed; try again in a moment.")


def changed_meanwhile(ours: object) -> str:
    return _(
        "%(name)s changed meanwhile: somebody else, or Conta Azul, was quicker. Look at it as it is now."
    ) % {"name": ours}


def going_on(count: int) -> str:
    if not count:
        return ""
    words = ngettext("%(count)s posting goes on.", "%(count)s postings go on.", count)
    return " " + words % {"count": count}


def _choose_page(
    request: HttpRequest, connection: Connection, ours: Ours, kind: str, text: str, problem: str = ""
) -> HttpResponse:
    text = text.replace("\x00", "").strip()[:100]
    profile = _profile(request)
    profiles = mapped.profiles_of(ours)
    profile = profile if profile in profiles else profiles[0]
    lines = {line.profile: line for line in mapped.lines(connection, kind, [ours])}
    context: dict[str, Any] = {
        "connection": connection,
        "kind": kind,
        "ours": ours,
        "profile": profile,
        "shown": mapping_words.shown(lines[profile]),
        "text": text,
        "problem": problem,
        "back": _back_query(request),
    }
    if isinstance(ours, Party):
        context |= _people(connection, ours, text if request.method == "POST" and not problem else "")
    else:
        found = mapped.choosable(connection, kind, ours, text)
        context["page"] = Paginator(found, CHOICES).get_page(request.GET.get("page"))
    failed = problem or context.get("failed")
    return render(request, "mapping/choose.html", context, status=422 if failed else 200)


def _people(connection: Connection, party: Party, text: str) -> dict[str, Any]:
    if not text:
        return {"people": None}
    try:
        found = flow.find_people(connection, party, text)
    except (ContaAzulError, AccessError):
        return {"people": None, "failed": not_asked()}
    return {"people": [{"one": one, "why": mapping_words.why(one.why)} for one in found]}


def _new_vendors(connection: Connection) -> dict[str, Any]:
    setting = NewVendors.objects.filter(company=connection.company).first()
    changes = history.of(connection.company).filter(event="company.new_vendors_changed")
    return {"hold": bool(setting and setting.hold), "hold_changed": changes.order_by("-sequence").first()}


def _suggested(connection: Connection, kind: str) -> int:
    """How many sure suggestions there are for what is not mapped."""
    if kind == "party":
        return 0
    missing = list(mapped.ours_of(connection, kind, which="missing"))
    lines = mapped.lines(connection, kind, missing)
    return sum(1 for line in lines if line.suggestion and line.suggestion.sure)


def _tabs(connection: Connection, kind: str) -> list[dict[str, Any]]:
    counts = mapped.to_look_at(connection)
    return [
        {"kind": key, "label": label, "count": counts[key], "on": key == kind}
        for key, label in mapping_words.TABS.items()
    ]


def _asked(request: HttpRequest) -> tuple[str, str, str]:
    kind, which = request.GET.get("kind", ""), request.GET.get("which", "")
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    return (
        kind if kind in mapped.KINDS else "category",
        which if which in mapping_words.FILTERS else "",
        text,
    )


def _kind(text: str) -> str:
    if text not in mapped.KINDS:
        raise Http404
    return text


def _ours(connection: Connection, kind: str, thing: int) -> Ours:
    model = mapped.model_of(_kind(kind))
    found: Ours | None = model._default_manager.filter(company=connection.company_id, pk=thing).first()
    if found is None:
        raise Http404
    return found


def _profile(request: HttpRequest) -> str:
    return request.POST.get("profile", request.GET.get("profile", ""))[:20]


def _connection(request: HttpRequest, pk: int) -> Connection:
    found = Connection.objects.select_related("company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), MANAGE, found.company)
    return found


def _back_query(request: HttpRequest) -> str:
    return request.POST.get("back", request.GET.get("back", ""))[:400]


def _back(request: HttpRequest, connection: Connection) -> HttpResponseRedirect:
    """To the list as it was narrowed."""
    query = _back_query(request)
    address = reverse("mapping", args=[connection.pk])
    return redirect(f"{address}?{query}" if query else address)
