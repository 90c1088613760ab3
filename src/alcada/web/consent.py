"""The page behind a consent link: an account's owner, who need not be a user here, connects that one account.

Nobody is signed in. The link's token is all that opens it, and it shows only what the owner has to know to decide.
A GET changes nothing; the page itself says by a POST that a browser shows it.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from alcada.connections import authorisation, consent_links, queries, rules
from alcada.connections.authorisation import AuthorisationError
from alcada.connections.models import Connection, ConsentLink
from alcada.directory import documents
from alcada.web.connection_forms import PasteForm
from alcada.web.consent_words import LINK_OVER, trouble
from alcada.web.signin.address import client_address

COOKIE: Final = "consent"  # which link the browser came from, for when Conta Azul sends it back
COOKIE_AGE_S: Final = 15 * 60
WRONG_TOKENS: Final = 30  # from one address, in
WRONG_TOKENS_IN_S: Final = 10 * 60

LinkView = Callable[[HttpRequest, ConsentLink, str], HttpResponse]


def _guarded(view: LinkView) -> Callable[[HttpRequest, str], HttpResponse]:
    """Hands the view its link; a token that nobody made learns nothing, and soon gets no answer at all."""

    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        link = consent_links.find(token) if not _guesses(request) else None
        return _unknown(request) if link is None else view(request, link, token)

    update_wrapper(guarded, view)
    return never_cache(guarded)


@_guarded
def _page(request: HttpRequest, link: ConsentLink, token: str) -> HttpResponse:
    if (state := consent_links.state_of(link)) in rules.LINK_OVER:
        return _over(request, link, state)
    return _shown(request, link, token)


@_guarded
def _seen(request: HttpRequest, link: ConsentLink, token: str) -> HttpResponse:
    consent_links.note_opened(link)
    return HttpResponse(status=204)


@_guarded
def _begin(request: HttpRequest, link: ConsentLink, token: str) -> HttpResponse:
    if refused := _refused(request, link):
        return refused
    try:
        address = authorisation.begin(by=link, connection=link.connection)
    except AuthorisationError as error:
        return _shown(request, link, token, trouble=trouble(error), status=503)
    if comes_back(link.connection):
        context = {"company": link.connection.company, "address": address}
        answer = render(request, "consent/going.html", context)
        _remember(answer, token)
        return answer
    return _shown(request, link, token, address=address, form=PasteForm())


@_guarded
def _finish(request: HttpRequest, link: ConsentLink, token: str) -> HttpResponse:
    """From the final address that the owner pasted."""
    if refused := _refused(request, link):
        return refused
    form = PasteForm(request.POST)
    if form.is_valid():
        try:
            text = form.cleaned_data["address"]
            done = authorisation.finish_pasted(by=link, connection=link.connection, text=text)
        except AuthorisationError as error:
            form.add_error("address", trouble(error))
        else:
            return _done(request, link, done)
    return _shown(request, link, token, form=form, status=422)


page = require_safe(_page)
seen = require_POST(_seen)
begin = require_POST(_begin)
finish = require_POST(_finish)


def returned(request: HttpRequest, link: ConsentLink, *, state: str, code: str) -> HttpResponse:
    """Conta Azul sent the browser back with the answer to a consent that was begun through this link."""
    token = request.COOKIES.get(COOKIE, "")
    known = consent_links.find(token)
    token = token if known is not None and known.pk == link.pk else ""
    if refused := _refused(request, link):
        answer = refused
    else:
        try:
            if not code:
                raise AuthorisationError("denied")
            answer = _done(request, link, authorisation.finish(by=link, state=state, code=code))
        except AuthorisationError as error:
            context = _facts(link) | {"trouble": trouble(error), "token": token}
            answer = render(request, "consent/failed.html", context, status=400)
    return answer


def comes_back(connection: Connection) -> bool:
    """Does Conta Azul send the browser back to us, or does whoever consents have to paste the final address?"""
    used = queries.application_for(connection)
    return used is not None and used.redirect_uri == settings.ALCADA_URL + reverse("connection-callback")


def _refused(request: HttpRequest, link: ConsentLink) -> HttpResponse | None:
    try:
        consent_links.note_try(link)
    except consent_links.LinkOverError as error:
        return _over(request, link, error.state)
    except consent_links.TooManyTriesError:
        return render(request, "consent/wait.html", status=429)
    return None


def _shown(
    request: HttpRequest,
    link: ConsentLink,
    token: str,
    *,
    address: str = "",
    form: PasteForm | None = None,
    trouble: str = "",
    status: int = 200,
) -> HttpResponse:
    context = _facts(link) | {
        "token": token,
        "address": address,
        "form": form,
        "trouble": trouble,
        "again": link.connection.authorised_at is not None,
        "pastes": not comes_back(link.connection),
    }
    return render(request, "consent/consent.html", context, status=status)


def _facts(link: ConsentLink) -> dict[str, Any]:
    """All that the page tells: who asks, of whom, for which company, until when."""
    company = link.connection.company
    return {
        "company": company,
        "document": documents.masked(company.document),
        "asks": link.created_by.name,
        "owner": link.owner_name,
        "until": link.expires_at,
    }


def _over(request: HttpRequest, link: ConsentLink, state: str) -> HttpResponse:
    context = _facts(link) | {"state": state, "sentence": LINK_OVER[state]}
    return render(request, "consent/over.html", context, status=410)


def _done(request: HttpRequest, link: ConsentLink, connection: Connection) -> HttpResponse:
    answer = render(request, "consent/done.html", _facts(link) | {"account": connection.remote_name})
    answer.delete_cookie(COOKIE, path=reverse("connection-callback"))
    return answer


def _remember(answer: HttpResponse, token: str) -> None:
    """So that a consent that failed leads back to its page. The consent itself is bound to its link by the state."""
    answer.set_cookie(
        COOKIE,
        token,
        max_age=COOKIE_AGE_S,
        path=reverse("connection-callback"),
        samesite="Lax",
        secure=settings.HTTPS,
        httponly=True,
    )


def _unknown(request: HttpRequest) -> HttpResponse:
    key = _wrong_key(request)
    cache.add(key, 0, WRONG_TOKENS_IN_S)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two
        count = 1
    if count > WRONG_TOKENS:
        return render(request, "consent/wait.html", status=429)
    return render(request, "consent/over.html", {"sentence": _("This link does not exist.")}, status=404)


def _guesses(request: HttpRequest) -> bool:
    return int(cache.get(_wrong_key(request), 0)) >= WRONG_TOKENS


def _wrong_key(request: HttpRequest) -> str:
    return f"consent.wrong.{client_address(request)}"


def to(token: str) -> str:
    """A link as it is handed out."""
    return f"{settings.ALCADA_URL}{reverse('consent', args=[token])}"
