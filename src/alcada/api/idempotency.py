"""A POST acts once, however often it is sent with its key; and one that is refused has changed nothing.

What the request does and what is answered commit together. So there is no key without its act, no act without its key,
and whoever sends the same key at the same moment waits at the constraint until the first has ended.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.api.models import Answer
from alcada.api.problems import Problem
from alcada.people.models import User
from alcada.tokens.models import Token

HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(hours=24)
LONGEST: Final = 255
_KEPT_HEADERS: Final = ("Content-Type", "Location")
_SWEPT: Final = 200  # old ones thrown away by each request that brings a key


class _RefusedError(Exception):
    """Carries the answer out of the transaction that it rolls back."""

    def __init__(self, response: HttpResponseBase) -> None:
        super().__init__()
        self.response = response


def once(request: HttpRequest, user: User, act: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    """Do it in one transaction, or answer as it was answered before."""
    if request.method != "POST":
        return act()  # GET changes nothing; PUT, PATCH and DELETE say what shall be, and may be sent again
    key = request.headers.get(HEADER, "")
    if len(key) > LONGEST or not key.isprintable():
        raise Problem("invalid", errors={HEADER: [_("At most 255 printable characters.")]})
    if key:
        _sweep(user, key)
    try:
        with transaction.atomic():
            row = _claim(user, key, request) if key else None
            if isinstance(row, HttpResponse):
                return row
            response = act()
            if response.status_code >= 400:
                raise _RefusedError(response)
            if row is not None and isinstance(response, HttpResponse):
                _keep(row, response)
            return response
    except _RefusedError as refused:
        return refused.response


def _claim(user: User, key: str, request: HttpRequest) -> Answer | HttpResponse:
    """A row of this key that is ours to fill, or what was answered before. Raises Problem key_reused."""
    asked = fingerprint(request, _standing(request, user))
    row = Answer(user=user, key=key, request=asked)
    # Waits for whoever has claimed it and not ended yet.
    Answer.objects.bulk_create([row], ignore_conflicts=True)
    found = Answer.objects.get(user=user, key=key)
    if found.status == 0:
        return found
    if found.request != asked:
        detail = _("The same key means the same request. Send this one with a key of its own.")
        raise Problem("key_reused", detail)
    headers = {**found.headers, "Idempotency-Replayed": "true"}
    return HttpResponse(bytes(found.body), status=found.status, headers=headers)


def _keep(row: Answer, response: HttpResponse) -> None:
    row.status, row.body = response.status_code, response.content
    row.headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    row.save(update_fields=["status", "body", "headers"])


def _standing(request: HttpRequest, user: User) -> list[Any]:
    """What the caller may do now. Who may less than when it was answered is not told that answer again."""
    token: Token = request.token  # type: ignore[attr-defined]  # ours
    return [sorted(token.scopes), sorted(user.memberships.values_list("company_id", "role"))]


def fingerprint(request: HttpRequest, standing: list[Any]) -> str:
    """The same for two requests that ask the same: files by their bytes, JSON whatever its spaces and order."""
    if request.content_type == "multipart/form-data":
        fields: Any = sorted((name, request.POST.getlist(name)) for name in request.POST)
        files = [
            (name, file.name, hashlib.sha256(b"".join(file.chunks())).hexdigest())
            for name, several in request.FILES.lists()
            for file in several
        ]
        for _name, several in request.FILES.lists():
            for file in several:
                file.seek(0)
        content: Any = [fields, sorted(files)]
    else:
        content = _canonical(request.body)
    told = json.dumps([request.method, request.get_full_path(), content, standing], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _canonical(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return hashlib.sha256(body).hexdigest()


def _sweep(user: User, key: str) -> None:
    """Keys older than a day are forgotten: this one, and some of all others."""
    old = Answer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    old.filter(user=user, key=key).delete()
    with transaction.atomic():
        some = (
            old.order_by("created_at")
            .select_for_update(skip_locked=True)
            .values_list("pk", flat=True)[:_SWEPT]
        )
        Answer.objects.filter(pk__in=list(some)).delete()
