"""Lists page by page, by key: what is added meanwhile moves nothing, and no page is slower than the first."""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query

from alcada.api.problems import Problem

MOST: Final = 200
USUAL: Final = 50
Limit = Annotated[int, Query(ge=1, le=MOST, description=noop("At most so many."))]
Cursor = Annotated[
    str, Query(max_length=400, description=noop("The `next` of the page before; with the same filters."))
]
M = TypeVar("M", bound=Model)


def page(
    request: HttpRequest,
    found: QuerySet[M],
    keys: Sequence[str],
    *,
    show: Callable[[M], Any],
    limit: int,
    cursor: str,
) -> dict[str, Any]:
    """`keys`: what the list is ordered by, "-" for descending, the last one unique. Plain columns only."""
    if cursor:
        values = _read(request, keys, cursor)
        try:
            found = found.filter(_after(keys, values))
        except (ValueError, TypeError, ValidationError) as exc:  # somebody made it up
            raise _no_cursor() from exc
    rows = list(found.order_by(*keys)[: limit + 1])
    last = rows[limit - 1] if len(rows) > limit else None
    return {
        "items": [show(row) for row in rows[:limit]],
        "next": _write(request, keys, last) if last else None,
    }


def _after(keys: Sequence[str], values: Sequence[Any]) -> Q:
    """(a, b) > (x, y), as the keys' directions have it."""
    beyond = Q(pk__in=[])
    same = Q()
    for key, value in zip(keys, values, strict=True):
        name = key.removeprefix("-")
        beyond |= same & Q(**{f"{name}__{'lt' if key.startswith('-') else 'gt'}": value})
        same &= Q(**{name: value})
    return beyond


def _write(request: HttpRequest, keys: Sequence[str], row: Model) -> str:
    values = [_value(row, key.removeprefix("-")) for key in keys]
    text = json.dumps([_list(request), *values], default=str)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _value(row: Any, name: str) -> Any:
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _read(request: HttpRequest, keys: Sequence[str], cursor: str) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        whose, *values = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, RecursionError, binascii.Error) as exc:
        raise _no_cursor() from exc
    fits = len(values) == len(keys) and all(
        isinstance(value, int | str) and not isinstance(value, bool) for value in values
    )
    if whose != _list(request) or not fits:
        raise _no_cursor()
    return list(values)


def _no_cursor() -> Problem:
    return Problem("invalid", errors={"cursor": [_("This is no cursor of this list with these filters.")]})


def _list(request: HttpRequest) -> str:
    """Which list it is, with its filters: a cursor of another one would lie."""
    asked = {name: request.GET.getlist(name) for name in request.GET if name not in ("cursor", "limit")}
    told = json.dumps([request.path, sorted(asked.items()), getattr(request.user, "pk", 0)])
    return hashlib.sha256(told.encode()).hexdigest()[:12]
