"""Consent links as whoever asks for them sees them: made, sent, followed, revoked. Company administrators only."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.connections import actions, consent_links, prepared, queries
from alcada.connections.models import Connection, ConsentLink
from alcada.connections.rules import LINK_OVER, link_state
from alcada.directory import documents
from alcada.people.models import Company
from alcada.web import consent
from alcada.web.connection_words import TONES
from alcada.web.consent_words import LINK_STATES
from alcada.web.downloads import csv_answer
from alcada.web.forms_base import Form
from alcada.web.guards import companies_in_view, person, require

MANAGE: Final = "connection.manage"
PER_PAGE: Final = 50
MOST: Final = 1000  # links made at once
State = Connection.State
SHOWN: Final = {"missing": lazy("Not connected yet"), "live": lazy("With an open link"), "": lazy("All")}


class OwnerForm(Form):
    """Who owns the account: the link greets them, and e-mail goes to them."""

    owner_name = forms.CharField(
        label=lazy("Owner's name"),
        max_length=150,
        required=False,
        widget=forms.TextInput({"autocomplete": "off"}),
    )
    owner_email = forms.EmailField(
        label=lazy("Owner's e-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput({"autocomplete": "off"}),
    )


# --- One connection ------------------------------------------------------------------------------------------


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a link for this connection. It is in the answer of the POST, and nowhere else."""
    found = _connection(request, pk)
    owner = {"owner_name": found.owner_name, "owner_email": found.owner_email}
    form = OwnerForm(request.POST or None, initial=owner)
    context: dict[str, Any] = {"connection": found, "form": form, "mail": settings.EMAIL_CONFIGURED}
    if request.method == "POST" and form.is_valid():
        by_mail = request.POST.get("do") == "send" and settings.EMAIL_CONFIGURED
        if by_mail and not form.cleaned_data["owner_email"]:
            form.add_error("owner_email", _("Write the address that it is sent to."))
        else:
            actions.set_owner(
                found,
                name=form.cleaned_data["owner_name"],
                email=form.cleaned_data["owner_email"],
                by=person(request),
            )
            if by_mail:
                consent_links.send([found], by=person(request))
                messages.success(
                    request, _("The link is on its way to %(email)s.") % {"email": found.owner_email}
                )
                return redirect("connection", found.pk)
            (made,) = consent_links.make([found], by=person(request))
            context |= {"made": made.link, "address": consent.to(made.token)}
    live = latest([found]).get(found.pk)
    context["live"] = live if live and live["open"] else None
    return render(request, "connections/link.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    found = _connection(request, pk)
    if consent_links.revoke(found, by=person(request)):
        messages.success(request, _("The link is revoked: it opens nothing any more."))
    else:
        messages.warning(request, _("There was no open link to revoke."))
    return redirect("connection", found.pk)


@require_POST
def drop(request: HttpRequest, pk: int, prepared_id: int) -> HttpResponse:
    """Give up what a bulk set-up prepared and the account does not have."""
    found = _connection(request, pk)
    if not prepared.drop(found.company, prepared_id, by=person(request)):
        raise Http404
    messages.success(request, _("It is given up."))
    return redirect("connection", found.pk)


# --- Many ----------------------------------------------------------------------------------------------------


@require_safe
def links(request: HttpRequest) -> HttpResponse:
    """The connections of the person's companies, each with its latest link."""
    shown = request.GET.get("show", "missing")
    shown = shown if shown in SHOWN else "missing"
    wanted = request.GET.get("q", "").strip()[:100]
    everything = _in_view(request)
    found = searched(_shown(everything, shown), wanted)
    page = Paginator(found.order_by("company__name", "name", "id"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    state_of = latest(page.object_list)
    missing = _shown(everything, "missing")
    context = {
        "page": page,
        "rows": [_row(connection, state_of.get(connection.pk)) for connection in page],
        "shown": shown,
        "choices": list(SHOWN.items()),
        "wanted": wanted,
        "missing": missing.count(),
        "addressed": missing.exclude(owner_email="").count(),
        "most": MOST,
        "application": queries.application_for(),
        "mail": settings.EMAIL_CONFIGURED,
    }
    return render(request, "connections/links.html", context)


@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """New links for what is not connected yet, as a table to download: company, owner, link. Once."""
    chosen = _chosen(request)
    if not chosen:
        messages.warning(request, _("Nothing is left to be connected."))
        return redirect("consent-links")
    made = consent_links.make(chosen, by=person(request))
    header = [_("Company"), "CPF/CNPJ", _("Account"), _("Owner"), _("E-mail"), _("Link"), _("Good until")]
    rows = [
        [
            each.link.connection.company.name,
            documents.format(each.link.connection.company.document),
            each.link.connection.name,
            each.link.owner_name,
            each.link.owner_email,
            consent.to(each.token),
            each.link.expires_at.strftime("%d/%m/%Y"),
        ]
        for each in made
    ]
    answer = csv_answer(_("consent links") + ".csv", header, rows)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_POST
def send(request: HttpRequest) -> HttpResponse:
    if not settings.EMAIL_CONFIGURED:
        raise Http404
    sent = consent_links.send(_chosen(request), by=person(request))
    text = ngettext("%(count)s link is on its way.", "%(count)s links are on their way.", len(sent))
    messages.success(request, text % {"count": len(sent)})
    return redirect("consent-links")


def latest(connections: Iterable[Connection]) -> dict[int, dict[str, Any]]:
    """Each connection's newest link: its state in words."""
    ids = [connection.pk for connection in connections]
    newest = ConsentLink.objects.filter(connection=OuterRef("connection")).order_by("-pk").values("pk")[:1]
    found = ConsentLink.objects.filter(connection__in=ids, pk=Subquery(newest)).select_related("created_by")
    now = queries.now()
    return {link.connection_id: _told(link, link_state(link, now)) for link in found}


def _told(link: ConsentLink, state: str) -> dict[str, Any]:
    label, tone = LINK_STATES[state]
    moments = {
        "used": link.used_at,
        "revoked": link.revoked_at,
        "expired": link.expires_at,
        "opened": link.opened_at,
        "sent": link.sent_at,
    }
    at = moments.get(state, link.created_at)
    return {
        "link": link,
        "state": state,
        "label": label,
        "tone": tone,
        "at": at,
        "open": state not in LINK_OVER,
    }


def _row(connection: Connection, told: dict[str, Any] | None) -> dict[str, Any]:
    return {"connection": connection, "tone": TONES[State(connection.state)], "told": told}


def _in_view(request: HttpRequest) -> QuerySet[Connection]:
    companies = companies_in_view(request, MANAGE)
    return Connection.objects.filter(company__in=companies.values("pk")).select_related("company")


def _shown(found: QuerySet[Connection], shown: str) -> QuerySet[Connection]:
    if shown == "missing":
        return found.filter(state__in=[State.NEW, State.AUTHORISE, State.WRONG_COMPANY])
    if shown == "live":
        live = ConsentLink.objects.filter(used_at=None, revoked_at=None, expires_at__gt=queries.now())
        return found.filter(pk__in=live.values("connection"))
    return found


def searched(found: QuerySet[Connection], wanted: str) -> QuerySet[Connection]:
    if not wanted:
        return found
    number = documents.normalise(wanted)
    by_number = Q(company__document__startswith=number) if number else Q(pk=None)
    return found.filter(
        by_number
        | Q(company__name__icontains=wanted)
        | Q(name__icontains=wanted)
        | Q(owner_name__icontains=wanted)
    )


def companies_called(found: QuerySet[Company], wanted: str) -> QuerySet[Company]:
    """By a part of the name, or how the number begins."""
    number = documents.normalise(wanted)
    return found.filter(
        Q(name__icontains=wanted) | (Q(document__startswith=number) if number else Q(pk=None))
    )


def _chosen(request: HttpRequest) -> Sequence[Connection]:
    """What is not connected yet: what is ticked, or all of it."""
    found = _shown(_in_view(request), "missing").order_by("company__name", "name", "id")
    ticked = [int(each) for each in request.POST.getlist("pick") if each.isdecimal() and len(each) < 19]
    if request.POST.get("which") == "ticked":
        found = found.filter(pk__in=ticked)
    return list(found[:MOST])


def _connection(request: HttpRequest, pk: int) -> Connection:
    found = Connection.objects.select_related("company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(person(request), MANAGE, found.company)
    return found
