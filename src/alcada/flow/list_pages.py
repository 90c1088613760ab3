"""A list of entries page after page by key, in each of its orders, and what it adds up to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import Q, QuerySet

from alcada import money
from alcada.intake import searching
from alcada.intake.models import Entry
from alcada.intake.rules import key

# sort -> (column, largest first)
SORTS: Final[Mapping[str, tuple[str, bool]]] = {
    "": ("", True),  # newest first
    "old": ("", False),
    "due": ("list_due", False),
    "-due": ("list_due", True),
    "value": ("list_value", False),
    "-value": ("list_value", True),
    "name": ("list_name", False),
    "-name": ("list_name", True),
}
COUNTED: Final = 10_000  # beyond this a list is not counted: "more than"
PATIENCE_MS: Final = 2_000  # for counting; a page waits for no longer
RARE: Final = 5_000  # keys that are handed on; looking for them twice takes longer


@dataclass(frozen=True)
class Page:
    """The keys of so many entries in order, and those where the pages beside it begin; empty: there is none."""

    keys: list[int]
    newer: str
    older: str


def page(found: QuerySet[Entry], sort: str, *, after: str = "", before: str = "", size: int) -> Page:
    """The entries after one key, or before another. Keys only: whoever shows them asks for the rest."""
    column, falling = SORTS[sort if sort in SORTS else ""]
    start, back = _key(after or before, column), bool(before and not after)
    if start is None:
        back = False
    rising = falling is back
    if start is not None:
        found = _beyond(found, column, start, rising=rising)
    names = [column, "pk"] if column else ["pk"]
    ordered = found.order_by(*(name if rising else f"-{name}" for name in names))
    with planned_anew():
        rows = list(ordered.values_list(*names)[: size + 1])
    more, rows = len(rows) > size, rows[:size]
    if back:
        rows.reverse()
    if not rows:
        return Page([], "", "")
    first, last = (_told(row, column) for row in (rows[0], rows[-1]))
    return Page(
        [row[-1] for row in rows],
        newer=first if (more if back else start is not None) else "",
        older=last if (start is not None if back else more) else "",
    )


def _beyond(found: QuerySet[Entry], column: str, start: tuple[Any, int], *, rising: bool) -> QuerySet[Entry]:
    value, pk = start
    side = "gt" if rising else "lt"
    if not column:
        return found.filter(**{f"pk__{side}": pk})
    # The first condition is where the index is entered, the second is for those alike.
    beyond = Q(**{f"{column}__{side}": value}) | Q(**{column: value, f"pk__{side}": pk})
    return found.filter(Q(**{f"{column}__{side}e": value}), beyond)


def _key(text: str, column: str) -> tuple[Any, int] | None:
    """`value~pk` as it stood in an address; None for anything else."""
    told, _mark, number = text.rpartition("~") if column else ("", "", text)
    pk = key(number)
    if not pk:
        return None
    if not column:
        return "", pk
    try:
        if column == "list_due":
            return date.fromisoformat(told), pk
        return (money.round_cents(Decimal(told)) if column == "list_value" else told.replace("\x00", "")), pk
    except (ValueError, ArithmeticError, money.AmountError):
        return None


def _told(row: tuple[Any, ...], column: str) -> str:
    return f"{row[0]}~{row[1]}" if column else str(row[0])


def with_words(found: QuerySet[Entry], condition: str) -> QuerySet[Entry]:
    """Those that have the words. A beginning of words has no statistics: without a look first, one that is rare is
    searched for in all rows."""
    few = _rare(condition)
    return found.filter(list_words=searching.Having(condition)) if few is None else found.filter(pk__in=few)


def _rare(condition: str) -> list[int] | None:
    """The keys of all entries that have these words, where there are few; by the index of words alone."""
    sql = "SELECT id FROM intake_entry WHERE list_words @@ %s::tsquery LIMIT %s"
    with planned_anew(only_bitmaps=True), connection.cursor() as cursor:
        cursor.execute(sql, [condition, RARE + 1])
        keys = [pk for (pk,) in cursor.fetchall()]
    return keys if len(keys) <= RARE else None


@dataclass(frozen=True)
class Total:
    kind: str
    count: int
    value: Decimal


@dataclass(frozen=True)
class Totals:
    """How many and how much, of each kind. `more`: than are counted; `slow`: it took too long to say."""

    of: list[Total]
    more: bool = False
    slow: bool = False

    @property
    def count(self) -> int:
        return sum(one.count for one in self.of)


def totals(found: QuerySet[Entry]) -> Totals:
    """Up to COUNTED of them: a sum over part of a list would be a lie, and is not told."""
    counted = found.order_by().values_list("kind", "list_value")[: COUNTED + 1]
    try:
        inner, params = counted.query.sql_with_params()
    except EmptyResultSet:
        return Totals([])
    sql = f"SELECT kind, count(*), sum(list_value) FROM ({inner}) AS found(kind, list_value) GROUP BY kind"  # noqa: S608  (Django's own SQL)
    try:
        with planned_anew(patience_ms=PATIENCE_MS), connection.cursor() as cursor:
            cursor.execute(sql, params)
            rows = cursor.fetchall()
    except OperationalError:
        return Totals([], slow=True)
    of = [Total(kind, count, value) for kind, count, value in sorted(rows)]
    more = sum(one.count for one in of) > COUNTED
    return Totals([] if more else of, more=more)


@contextmanager
def planned_anew(*, patience_ms: int = 0, only_bitmaps: bool = False) -> Iterator[None]:
    """A statement planned for these very values: one plan for all companies does not suit all."""
    # Nor do several processes wait for one page: beside many people's pages that makes all of them slower.
    settings = {
        "plan_cache_mode": "force_custom_plan",
        "jit": "off",
        "max_parallel_workers_per_gather": "0",
    }
    if patience_ms:
        settings["statement_timeout"] = str(patience_ms)
    if only_bitmaps:
        settings |= dict.fromkeys(("enable_seqscan", "enable_indexscan", "enable_indexonlyscan"), "off")
    with transaction.atomic():
        _set(settings)
        yield
        if patience_ms or only_bitmaps:  # the caller's own transaction goes on without it
            _set({name: "0" if name == "statement_timeout" else "on" for name in list(settings)[3:]})


def _set(settings: Mapping[str, str]) -> None:
    """For the rest of the transaction."""
    calls = ", ".join(["set_config(%s, %s, true)"] * len(settings))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {calls}", [each for pair in settings.items() for each in pair])
