"""Pages of the connections: the guide for the application, one click and one consent per company, and their health."""

from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada import queue
from alcada.connections import actions, authorisation, prepared, queries
from alcada.connections.authorisation import AuthorisationError
from alcada.connections.mapping import to_look_at
from alcada.connections.models import Application, Connection
from alcada.people.models import Company
from alcada.people.queries import companies_where
from alcada.web import bulk_words, connection_history, consent, consent_links
from alcada.web.connection_forms import ApplicationForm, NewConnectionForm, PasteForm
from alcada.web.connection_words import TODO, TONES, trouble
from alcada.web.guards import (
    administrator_required,
    companies_in_view,
    company_or_404,
    person,
    require,
)

MANAGE: Final = "connection.manage"
PER_PAGE: Final = 50
WITHOUT_SHOWN: Final = 20  # companies that have no connection; the others are found by their name
State = Connection.State
# Conta Azul refuses http://localhost; a development application has this address, fixed, and the person pastes.
WITHOUT_HTTPS: Final = "https://www.contaazul.com"


def callback_address() -> str:
    return f"{settings.ALCADA_URL}{reverse('connection-callback')}"


@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    companies = companies_in_view(request, MANAGE)
    found: QuerySet[Connection] = Connection.objects.filter(company__in=companies).select_related("company")
    wanted = request.GET.get("q", "").strip()[:100]
    without = companies.exclude(pk__in=found.values("company"))
    if wanted:
        found, without = (
            consent_links.searched(found, wanted),
            consent_links.companies_called(without, wanted),
        )
    page = Paginator(found.order_by("company__name", "name", "id"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    links = consent_links.latest(page.object_list)
    context = {
        "rows": [_row(connection, links.get(connection.pk)) for connection in page],
        "page": page,
        "wanted": wanted,
        "without": without.order_by("name", "pk")[:WITHOUT_SHOWN],
        "more_without": max(0, without.count() - WITHOUT_SHOWN),
        "application": queries.application_for(),
        "stuck": list(prepared.troubled(companies)[:20]),
        "undecided": list(queries.undecided(companies)[:20]),
    }
    return render(request, "connections/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@administrator_required
def application(request: HttpRequest) -> HttpResponse:
    stored = Application.objects.filter(is_default=True).first()
    address = callback_address() if settings.HTTPS else WITHOUT_HTTPS
    initial = {"redirect_uri": stored.redirect_uri if stored else address}
    if stored:
        initial["client_id"] = stored.client_id
    form = ApplicationForm(request.POST or None, stored=stored is not None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.register_application(by=person(request), **form.cleaned_data)
        messages.success(request, _("The application is registered. Companies can be connected now."))
        return redirect("connections")
    context = {
        "form": form,
        "stored": stored,
        "callback": callback_address(),
        "usable_callback": settings.HTTPS,
    }
    return render(request, "connections/application.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    company = _chosen_company(request)
    form = NewConnectionForm(request.POST or None, initial={"name": company.name[:100]})
    if request.method == "POST" and form.is_valid():
        made = actions.create_connection(by=person(request), company=company, name=form.cleaned_data["name"])
        return _to_consent(request, made)
    context = {"form": form, "company": company, "application": queries.application_for()}
    return render(request, "connections/new.html", context, status=422 if form.errors else 200)


@require_POST
def begin(request: HttpRequest, pk: int) -> HttpResponse:
    return _to_consent(request, _connection(request, pk))


@never_cache
@require_http_methods(["GET"])
def callback(request: HttpRequest) -> HttpResponse:
    """Where Conta Azul sends the browser back to. It completes the consent that this same person began.

    Or that an account's owner began by a consent link: then nobody has to be signed in.
    """
    state, code = request.GET.get("state", ""), request.GET.get("code", "")
    link = queries.link_asked_for(state)
    if link is not None:
        return consent.returned(request, link, state=state, code=code)
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    connection = queries.asked_for(state, person(request))
    if connection is not None:
        require(person(request), MANAGE, connection.company)
    try:
        if not code:
            raise AuthorisationError("denied", words=request.GET.get("error", "")[:100])
        done = authorisation.finish(by=person(request), state=state, code=code)
    except AuthorisationError as error:
        context = {"connection": connection, "trouble": trouble(error)}
        return render(request, "connections/failed.html", context, status=400)
    return _connected(request, done)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def paste(request: HttpRequest, pk: int) -> HttpResponse:
    connection = _connection(request, pk)
    form = PasteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            text = form.cleaned_data["address"]
            done = authorisation.finish_pasted(by=person(request), connection=connection, text=text)
        except AuthorisationError as error:
            form.add_error("address", trouble(error))
        else:
            return _connected(request, done)
    context = {"connection": connection, "form": form}
    return render(request, "connections/paste.html", context, status=422 if form.errors else 200)


@require_safe
def connection(request: HttpRequest, pk: int) -> HttpResponse:
    found = _connection(request, pk)
    health = queries.health(found)
    context = {
        "connection": found,
        "health": health,
        "tone": TONES[State(found.state)],
        "todo": TODO.get(health.todo, ""),
        "application": queries.application_for(found),
        "records": connection_history.lines(found),
        "link": consent_links.latest([found]).get(found.pk),
        "prepared": [bulk_words.prepared(item) for item in prepared.undone(found)],
        **_directory(found, since=""),
    }
    return render(request, "connections/connection.html", context)


@require_POST
def fetch(request: HttpRequest, pk: int) -> HttpResponse:
    """Queue a fetch of the directory; the page follows it."""
    found = _connection(request, pk)
    since = queries.now()
    queue.defer("sync_directory", priority=5, connection_id=found.pk)
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "connections/_directory.html", _directory(found, since=since.isoformat()))
    return redirect("connection", pk)


@require_safe
def progress(request: HttpRequest, pk: int) -> HttpResponse:
    """The fetch's part of the page, asked for again and again until it is done."""
    found = _connection(request, pk)
    return render(
        request, "connections/_directory.html", _directory(found, since=request.GET.get("since", ""))
    )


@require_POST
def pause(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, actions.pause, _("Paused. Postings wait until you resume."))


@require_POST
def resume(request: HttpRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, actions.resume, _("Resumed. What waited is being posted."))


def _switch(request: HttpRequest, pk: int, action: Any, done: str) -> HttpResponse:
    found = _connection(request, pk)
    try:
        action(by=person(request), connection=found)
    except actions.NotAllowedHereError:
        messages.warning(request, _("Its state has changed meanwhile: nothing was done."))
    else:
        messages.success(request, done)
    return redirect("connection", pk)


def _to_consent(request: HttpRequest, connection: Connection) -> HttpResponse:
    """Lead the browser to Conta Azul.

    Not by a redirect: a form's answer may redirect to our own address only (`form-action` of the content
    policy), and where Conta Azul itself redirects to is not ours to list. A page that moves on by itself is
    bound by neither.
    """
    try:
        address = authorisation.begin(by=person(request), connection=connection)
    except AuthorisationError as error:
        messages.error(request, trouble(error))
        return redirect("connection", connection.pk)
    template = "connections/going.html" if consent.comes_back(connection) else "connections/paste.html"
    context = {"connection": connection, "address": address, "form": PasteForm()}
    response = render(request, template, context)
    response.headers["Cache-Control"] = "no-store"  # its address is good once
    return response


def _connected(request: HttpRequest, connection: Connection) -> HttpResponse:
    messages.success(
        request,
        _("%(company)s is connected to %(account)s.")
        % {"company": connection.company.name, "account": connection.remote_name},
    )
    return redirect("connection", connection.pk)


def _connection(request: HttpRequest, pk: int) -> Connection:
    found = Connection.objects.select_related("company", "authorised_by").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), MANAGE, found.company)
    return found


def _chosen_company(request: HttpRequest) -> Company:
    """The company of `?company=`, else the only one that there is to choose."""
    chosen = request.GET.get("company", "")
    if chosen.isdecimal() and len(chosen) < 19:
        return company_or_404(request, int(chosen), MANAGE)
    allowed = list(companies_where(person(request), MANAGE)[:2])
    if not allowed:
        raise PermissionDenied(_("None of your roles allows this."))
    if len(allowed) > 1:
        raise Http404
    return allowed[0]


def _row(connection: Connection, link: dict[str, Any] | None) -> dict[str, Any]:
    health = queries.health(connection)
    return {
        "connection": connection,
        "health": health,
        "tone": TONES[State(connection.state)],
        "todo": TODO.get(health.todo, ""),
        "link": link,
        "authorise": connection.state in (State.NEW, State.AUTHORISE, State.WRONG_COMPANY),
    }


def _directory(connection: Connection, *, since: str) -> dict[str, Any]:
    """What was fetched, and whether a fetch that began at `since` is still going on."""
    began = parse_datetime(since) if since else None
    if began is None and connection.state == State.CONNECTED and connection.authorised_at:
        began = connection.authorised_at  # connecting queues one
    synced, failed = connection.directory_synced_at, connection.last_error_at
    done = began is None or (synced is not None and synced >= began)
    broken = began is not None and not done and failed is not None and failed >= began
    changed = to_look_at(connection)
    age = (queries.now() - began).total_seconds() if began else 0
    return {
        "connection": connection,
        "health": queries.health(connection),
        "counts": queries.directory_counts(connection),
        "to_look_at": sum(changed.values()),
        "to_look_at_kind": next((kind for kind, count in changed.items() if count), ""),
        "fetching": not done and not broken and age < 600,
        "slow": age > 20,
        "since": began.isoformat() if began else "",
        "may_fetch": connection.state in (State.CONNECTED, State.PLAN_REFUSED),
    }
