"""Who calls: the token that the request brought, and whose it is. No sessions, no cookies."""

from django.http import HttpRequest
from django.utils.translation import gettext as _

from alcada.api.problems import Problem
from alcada.people.models import User
from alcada.tokens import actions
from alcada.tokens.models import Token


class ApiRequest(HttpRequest):
    """A request that the door let in."""

    token: Token


def authenticate(request: HttpRequest) -> Token:
    """The token, counted. Raises Problem: no_token, too_many_requests."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    try:
        found = actions.use(text.strip()) if scheme.lower() == "bearer" else None
    except actions.TooManyCallsError as exc:
        raise Problem(
            "too_many_requests",
            _("This token has made as many calls as a minute allows. Go on in %(seconds)s seconds.")
            % {"seconds": exc.wait_s},
            headers={"Retry-After": str(exc.wait_s)},
        ) from exc
    if found is None:
        text = _("Send a good token as “Authorization: Bearer alcada_…”. It is made under Profile, Tokens.")
        raise Problem("no_token", text, headers={"WWW-Authenticate": 'Bearer realm="alcada"'})
    return found


def token_of(request: HttpRequest) -> Token:
    token = getattr(request, "token", None)
    assert isinstance(token, Token)  # the door lets nobody in without
    return token


def caller(request: HttpRequest) -> User:
    """Whose roles decide."""
    return token_of(request).user


def require_scope(request: HttpRequest, scope: str) -> Token:
    """Raises Problem missing_scope, which names it."""
    token = token_of(request)
    if scope not in token.scopes:
        detail = _("This needs a token with the scope %(scope)s.") % {"scope": scope or "—"}
        raise Problem("missing_scope", detail, scope=scope)
    return token
