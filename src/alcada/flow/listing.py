"""The list of entries: what a person may see of it, searched, filtered, sorted, page after page by key.

Entries, approval and postings meet here, since a list filters by what only they know together. Each order is an index
that is walked (intake.models.Entry); words and most filters are one index more (intake.searching).
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import OperationalError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from alcada import money
from alcada.approval.models import Round
from alcada.directory.models import EntryKind
from alcada.flow.models import Run
from alcada.flow.queries import STATUSES
from alcada.intake import searching
from alcada.intake.models import Entry, Instalment
from alcada.intake.rules import key, read_day
from alcada.people.models import Membership, User
from alcada.people.rules import ABILITIES
from alcada.posting.models import Posting, State
from alcada.posting.rules import ASKED

# What stands in a list's address, and in a saved filter.
FILTERS: Final = (
    "q", "kind", "state", "company", "from", "until", "category", "centre", "month", "account", "bank", "party", "by",
)  # fmt: skip
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
# Rounds of what nobody is changing.
_FROZEN: Final = frozenset({"open", "rejected", "withdrawn", "approved"})
MONTHS: Final = 24  # a period of so many is found by its months' marks


@dataclass(frozen=True)
class Scope:
    """The companies in which somebody sees all, and those in which they see their own."""

    user: User
    everything: tuple[int, ...]
    own: tuple[int, ...]
    roles: Mapping[int, frozenset[str]] = field(default_factory=dict, compare=False)

    def may(self, ability: str, company: int | None = None) -> bool:
        """As people.queries.may, without asking again; without a company: in any."""
        held = [self.roles.get(company, frozenset())] if company is not None else self.roles.values()
        return any(ABILITIES[ability] & roles for roles in held)

    def narrowed(self, company: int) -> "Scope":
        return replace(
            self,
            everything=tuple(pk for pk in self.everything if pk == company),
            own=tuple(pk for pk in self.own if pk == company),
        )


def scope_of(user: User) -> Scope:
    held: dict[int, set[str]] = {}
    if user.is_active:
        for company, role in Membership.objects.filter(user=user).values_list("company", "role"):
            held.setdefault(company, set()).add(role)
    all_of_it = {company for company, roles in held.items() if ABILITIES["entry.see_all"] & roles}
    theirs = {company for company, roles in held.items() if ABILITIES["entry.create"] & roles} - all_of_it
    roles = {company: frozenset(roles) for company, roles in held.items()}
    return Scope(user, tuple(sorted(all_of_it)), tuple(sorted(theirs)), roles)


def wanted_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The filters of an address or of what was saved; whatever else stands there is left out."""
    return {name: str(given.get(name, "")).strip()[: searching.MOST] for name in FILTERS}


def find(scope: Scope, wanted: Mapping[str, str]) -> QuerySet[Entry]:
    """The entries that the person may see and asks for, in no order."""
    if wanted.get("company"):
        scope = scope.narrowed(key(wanted["company"]))
    search = searching.read(wanted.get("q", ""))
    found = Entry.objects.filter(_seen(scope))
    condition = searching.all_of(search.words, *_marks(wanted))
    if condition:
        # The scope once more, as marks: so the index of words answers for one company or one person alone.
        found = found.filter(list_words=searching.Having(searching.all_of(condition, _near(scope))))
    if search.reference:
        found = found.filter(pk__in=Posting.objects.filter(reference=search.reference).values("entry"))
    if search.least is not None:
        found = found.filter(list_value__gte=search.least)
    if search.most is not None:
        found = found.filter(list_value__lte=search.most)
    if wanted.get("kind") in EntryKind.values:
        found = found.filter(kind=wanted["kind"])
    found = _due(found, read_day(wanted.get("from", "")), read_day(wanted.get("until", "")))
    if account := key(wanted.get("account", "")):
        found = found.filter(Exists(Run.objects.filter(revision=OuterRef("current"), connection=account)))
    return _in_state(found, wanted.get("state", ""), scope)


def _seen(scope: Scope) -> Q:
    if scope.everything and scope.own:
        return Q(company__in=scope.everything) | Q(company__in=scope.own, created_by=scope.user)
    if scope.everything:
        return Q(company__in=scope.everything)
    return Q(company__in=scope.own, created_by=scope.user)


def _near(scope: Scope) -> str:
    if scope.own and not scope.everything:
        return searching.tagged("@u", [scope.user.pk])
    few = [*scope.everything, *scope.own]
    return searching.tagged("@c", few) if 0 < len(few) <= 10 else ""


def _marks(wanted: Mapping[str, str]) -> Iterator[str]:
    """The filters that are marks beside an entry's words."""
    for name, mark in (("category", "@k"), ("centre", "@x"), ("bank", "@b"), ("party", "@p"), ("by", "@u")):
        if wanted.get(name):
            yield searching.tagged(mark, [key(wanted[name])])
    if month := month_of(wanted.get("month", "")):
        yield searching.tagged("@m", [f"{month:%Y%m}"])
    since, until = read_day(wanted.get("from", "")), read_day(wanted.get("until", ""))
    if since and until and since <= until:
        first, last = (day.year * 12 + day.month - 1 for day in (since, until))
        if last - first < MONTHS:
            yield searching.tagged("@d", [f"{n // 12}{n % 12 + 1:02}" for n in range(first, last + 1)])


def month_of(typed: str) -> date | None:
    """11/2026 or 2026-11, as its first day."""
    parts = typed.replace("-", "/").split("/")
    if len(parts) != 2 or not all(part.isascii() and part.isdigit() for part in parts):
        return None
    year, month = (parts[0], parts[1]) if len(parts[0]) == 4 else (parts[1], parts[0])
    return read_day(f"01/{month.zfill(2)}/{year}")


def _due(found: QuerySet[Entry], since: date | None, until: date | None) -> QuerySet[Entry]:
    """Of which an instalment is due in the period; what is only typed so far, by its first and last day."""
    if since is None and until is None:
        return found
    part = Instalment.objects.filter(revision=OuterRef("current"))
    if since:
        found, part = found.filter(list_last_due__gte=since), part.filter(due_date__gte=since)
    if until:
        found, part = found.filter(list_due__lte=until), part.filter(due_date__lte=until)
    found = found.filter(list_due__lt=date(9999, 12, 31))
    return found.filter(Q(draft__isnull=False) | Exists(part)) if since and until else found


def _in_state(found: QuerySet[Entry], state: str, scope: Scope) -> QuerySet[Entry]:
    """As flow.queries.with_status tells a state, but from the side where there are few: its postings, its rounds."""
    if state not in STATUSES:
        return found.filter(discarded_at=None)  # what was thrown away shows only to who asks for it
    room, _dot, code = state.partition(".")
    if state == "discarded":
        return found.filter(discarded_at__isnull=False)
    found = found.filter(discarded_at=None, draft__isnull=room == "posting" or code in _FROZEN)
    rounds = Round.objects.filter(entry=OuterRef("pk")).order_by("-pk")
    live = Posting.objects.filter(
        Q(revision=OuterRef("current")) | Q(state=State.POSTED), entry=OuterRef("pk")
    )
    if room == "posting":
        return _posted_as(found, code, live.order_by("-pk"))
    if state == "draft":
        sent_back = Exists(Round.objects.filter(entry=OuterRef("pk"), state=Round.State.SENT_BACK))
        latest = found.annotate(latest=Subquery(rounds.values("state")[:1]))
        return latest.filter(~sent_back | ~Q(latest=Round.State.SENT_BACK))
    if code != Round.State.APPROVED:  # of which there are few
        of_state = Round.objects.filter(company__in=[*scope.everything, *scope.own], state=code)
        found = found.filter(pk__in=of_state.values("entry"))
    found = found if code == Round.State.SENT_BACK else found.filter(~Exists(live))
    return found.annotate(latest=Subquery(rounds.values("state")[:1])).filter(latest=code)


def _posted_as(found: QuerySet[Entry], code: str, live: QuerySet[Posting]) -> QuerySet[Entry]:
    """Those whose posting is in the state: `live` is each one's postings that count, the latest first."""
    if code == State.POSTED:
        return found.filter(Exists(Posting.objects.filter(entry=OuterRef("pk"), state=State.POSTED)))
    of_state = Posting.objects.filter(state=State.REFUSED if code == "asked" else code)
    if code == "asked":
        of_state = of_state.filter(reason__in=ASKED)
    elif code == State.REFUSED:
        of_state = of_state.exclude(reason__in=ASKED)
    found = found.filter(pk__in=of_state.values("entry"))
    return found.annotate(live=Subquery(live.values("pk")[:1])).filter(live__in=of_state.values("pk"))


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
def planned_anew(*, patience_ms: int = 0) -> Iterator[None]:
    """A statement planned for these very values: one plan for all companies does not suit all."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('jit', 'off', true)"
            )
            if patience_ms:
                cursor.execute(f"SET LOCAL statement_timeout = {int(patience_ms)}")
        yield
        if patience_ms:  # the caller's own transaction goes on without it
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = 0")
