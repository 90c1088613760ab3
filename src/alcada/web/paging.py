"""Lists page by page, by key: the next page begins behind the last line shown, whatever was added since."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, QueryDict

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Page(Generic[M]):
    """`newer` and `older` are addresses of the pages before and after; empty: there is none."""

    rows: list[M]
    newer: str
    older: str


def page(request: HttpRequest, found: QuerySet[M], columns: Sequence[str], size: int) -> Page[M]:
    """The page that the address asks for; in the order of these columns (texts, never null), then of the key."""
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    start = _start(after or before, len(columns))
    back = bool(before and not after and start)
    names = [*columns, "pk"]
    if start:
        found = found.filter(_beyond(names, start, back=back))
    ordered = found.order_by(*(f"-{name}" if back else name for name in names))
    rows = list(ordered[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page([], "", "")
    newer = rows[0] if (more if back else start is not None) else None
    older = rows[-1] if (True if back else more) else None
    return Page(
        rows,
        newer=_address(request, "before", columns, newer) if newer else "",
        older=_address(request, "after", columns, older) if older else "",
    )


def _beyond(names: Sequence[str], start: Sequence[Any], *, back: bool) -> Q:
    side = "lt" if back else "gt"
    beyond = Q()
    for position, name in enumerate(names):
        alike = {names[earlier]: start[earlier] for earlier in range(position)}
        beyond |= Q(**alike, **{f"{name}__{side}": start[position]})
    return Q(**{f"{names[0]}__{side}e": start[0]}) & beyond  # where the index is entered


def _start(text: str, columns: int) -> list[Any] | None:
    try:
        start = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(start, list) or len(start) != columns + 1:
        return None
    *told, pk = start
    whole = all(isinstance(each, str) and "\x00" not in each for each in told)
    return start if whole and isinstance(pk, int) and 0 < pk < 10**18 else None


def _address(request: HttpRequest, side: str, columns: Sequence[str], row: Model) -> str:
    query = QueryDict(mutable=True)
    query.update({name: str(value) for name, value in request.GET.items() if name not in ("after", "before")})
    query[side] = json.dumps([*(getattr(row, column) for column in columns), row.pk], ensure_ascii=False)
    return "?" + query.urlencode()
