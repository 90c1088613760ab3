"""Every request to the API comes in here: token, pace, language, idempotency, and what goes wrong.

Refused by default: but for the description of the API itself, nothing answers without a good token.
"""

import logging
from typing import Final

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.csrf import csrf_exempt

from alcada.api import idempotency, problems
from alcada.api.caller import authenticate
from alcada.api.problems import Problem
from alcada.history.actions import through
from alcada.intake.files import MAX_BYTES
from alcada.people.models import User

logger: Final = logging.getLogger("alcada.api")

PAGE: Final = "/api/v1/docs"
OPEN: Final = ("/api/v1/openapi.json", PAGE)
# A file, and what is sent around it. What is larger is refused before anything of it is read.
LARGEST: Final = MAX_BYTES + 64 * 1024


@csrf_exempt  # no cookie is looked at: another site's page can send nothing that counts
def door(request: HttpRequest) -> HttpResponseBase:
    with translation.override(_language(request, None)):
        try:
            response = _answer(request)
        except Problem as problem:
            response = problems.answer(problem)
        except (RequestDataTooBig, SuspiciousOperation, MultiPartParserError) as exc:
            code = "too_large" if isinstance(exc, RequestDataTooBig) else "bad_request"
            response = problems.answer(Problem(code))
        except Exception:
            logger.exception("%s %s failed", request.method, request.path)
            response = problems.answer(Problem("failed", _("It is written in the log. Nothing was changed.")))
        response.headers.setdefault("Content-Language", translation.get_language() or "")
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Authorization", "Accept-Language"])
    return response


def _answer(request: HttpRequest) -> HttpResponseBase:
    if request.path in OPEN:
        return _dispatch(request)
    token = authenticate(request)
    request.user, request.token = token.user, token  # type: ignore[attr-defined]  # ours
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        detail = _("At most %(most)s MB.") % {"most": MAX_BYTES // 1024 // 1024}
        raise Problem("too_large", detail)
    with translation.override(_language(request, token.user)), through(f"api:{token.prefix}"):
        response = _in_this_language(request, token.user)
        response.headers.setdefault("Content-Language", translation.get_language() or "")
        return response


def _in_this_language(request: HttpRequest, user: User) -> HttpResponseBase:
    try:
        return idempotency.once(request, user, lambda: _dispatch(request))
    except Problem as problem:
        return problems.answer(problem)


def _dispatch(request: HttpRequest) -> HttpResponseBase:
    """What answers at this address. Loads the operations with the first request that needs them."""
    try:
        match = resolve(request.path_info, urlconf="alcada.api.v1")
    except Resolver404 as exc:
        raise Problem("not_found", _("No operation has this address: see /api/v1/docs.")) from exc
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    if response.status_code == 405:
        allowed = sorted(response.headers.get("Allow", "").split(", "))  # ninja's order is by chance
        raise Problem("wrong_method", headers={"Allow": ", ".join(allowed)})
    return response


def _language(request: HttpRequest, user: User | None) -> str:
    """What the request asks for, else the person's own, else Portuguese. The one page has the pages' own rule."""
    known = dict(settings.LANGUAGES)
    if request.path == PAGE:
        return str(getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE))
    for wanted, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "").lower()):
        for code in known:
            if wanted == code or wanted.split("-")[0] == code.split("-")[0]:
                return str(code)
    own = user.language if user else ""
    return own if own in known else settings.LANGUAGE_CODE
