"""What is answered to what goes wrong: RFC 9457 problem details, in the caller's language."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE: Final = "application/problem+json"

# code -> status, title. Codes are stable; docs/api.md lists them.
CODES: Final[Mapping[str, tuple[int, str | Promise]]] = {
    "bad_request": (400, _("The request can't be read")),
    "no_token": (401, _("A token is needed")),
    "missing_scope": (403, _("The token lacks a scope")),
    "not_allowed": (403, _("Your roles don't allow this")),
    "not_asked": (403, _("You can't answer this")),
    "not_found": (404, _("There is no such thing")),
    "wrong_method": (405, _("This address takes other methods")),
    "changed_meanwhile": (409, _("It changed meanwhile")),
    "wrong_state": (409, _("Not possible as it stands")),
    "already_decided": (409, _("Somebody has answered already")),
    "confirmation_required": (409, _("Something has to be confirmed first")),
    "submission_refused": (409, _("It can't be submitted")),
    "too_large": (413, _("The request is too large")),
    "invalid": (422, _("Some fields are wrong")),
    "key_reused": (422, _("This idempotency key came with another request")),
    "too_many_requests": (429, _("Too many requests")),
    "failed": (500, _("Something went wrong here")),
    "account_not_reached": (503, _("Conta Azul could not be asked")),
}


class Problem(Exception):  # noqa: N818  (it is called what it becomes)
    """Answered as it stands. `errors` are sentences by field, `more` further members."""

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(code)  # never the sentences: they may quote what was sent
        self.code, self.detail, self.errors = code, detail, dict(errors or {})
        self.headers, self.more = dict(headers or {}), more

    @property
    def status(self) -> int:
        return CODES[self.code][0]


def answer(problem: Problem) -> HttpResponse:
    status, title = CODES[problem.code]
    body: dict[str, Any] = {
        "type": f"/api/v1/docs#problem-{problem.code}",
        "title": str(title),
        "status": status,
        "code": problem.code,
    }
    if problem.detail:
        body["detail"] = problem.detail
    if problem.errors:
        body["errors"] = problem.errors
    body |= problem.more
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type=MEDIA_TYPE, headers=problem.headers
    )
