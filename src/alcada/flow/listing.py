"""The list of entries: what a person may see of it, searched, filtered, sorted, page after page by key.

Entries, approval and postings meet here, since a list filters by what only they know together. Each order is an index
that is walked (intake.models.Entry); words and most filters are one index more (intake.searching).
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from alcada.approval.models import Round
from alcada.directory.models import EntryKind
from alcada.flow import list_pages, own_filters
from alcada.flow.models import Run
from alcada.flow.queries import STATUSES
from alcada.intake import searching
from alcada.intake.models import Entry, Instalment
from alcada.intake.queries import seen
from alcada.intake.rules import key, read_day
from alcada.people.scopes import Scope
from alcada.posting.models import Posting, State
from alcada.posting.rules import ASKED

# What stands in a list's address, and in a saved filter; beside it a company's own fields (flow.own_filters).
FILTERS: Final = (
    "q", "kind", "state", "company", "from", "until", "category", "centre", "month", "account", "bank", "party", "by",
)  # fmt: skip
# Rounds of what nobody is changing.
_FROZEN: Final = frozenset({"open", "rejected", "withdrawn", "approved"})
FEW: Final = 10  # companies that are named one by one to an index
MONTHS: Final = 24  # a period of so many is found by its months' marks


def wanted_of(given: Mapping[str, Any]) -> dict[str, str]:
    """The filters of an address or of what was saved; whatever else stands there is left out."""
    names = (*FILTERS, *own_filters.names_in(given))
    return {name: str(given.get(name, "")).replace("\x00", "").strip()[: searching.MOST] for name in names}


def find(scope: Scope, wanted: Mapping[str, str]) -> QuerySet[Entry]:
    """The entries that the person may see and asks for, in no order."""
    if wanted.get("company"):
        scope = scope.narrowed(key(wanted["company"]))
    search = searching.read(wanted.get("q", ""))
    found = Entry.objects.filter(seen(scope))
    condition = searching.all_of(search.words, *_marks(wanted))
    if condition:
        # The scope once more, as marks: so the index of words answers for one company or one person alone.
        condition = searching.all_of(condition, _near(scope))
        if search.words:
            found = list_pages.with_words(found, condition)
        else:
            found = found.filter(list_words=searching.Having(condition))
    found = own_filters.narrowed(found, wanted, {*scope.everything, *scope.own})
    if search.reference:
        found = found.filter(pk__in=Posting.objects.filter(reference=search.reference).values("entry"))
    if search.least is not None:
        found = found.filter(list_value__gte=search.least)
    if search.most is not None:
        found = found.filter(list_value__lte=search.most)
    if wanted.get("kind") in EntryKind.values:
        found = found.filter(kind=wanted["kind"])
    found = _due(found, read_day(wanted.get("from", "")), read_day(wanted.get("until", "")))
    if wanted.get("account"):
        runs = Run.objects.filter(revision=OuterRef("current"), connection=key(wanted["account"]))
        found = found.filter(Exists(runs))
    return _in_state(found, wanted.get("state", ""), scope)


def _near(scope: Scope) -> str:
    if scope.own and not scope.everything:
        return searching.tagged("@u", [scope.user.pk])
    few = [*scope.everything, *scope.own]
    return searching.tagged("@c", few) if 0 < len(few) <= FEW else ""


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
        return found.filter(discarded_at__isnull=False, draft__isnull=False)
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
    found = found if code == Round.State.SENT_BACK else found.filter(~Exists(live))
    if code == Round.State.APPROVED:
        return found.annotate(latest=Subquery(rounds.values("state")[:1])).filter(latest=code)
    of_state = Round.objects.filter(state=code)
    if not scope.everything:
        of_state = of_state.filter(company__in=scope.own, entered_by=scope.user)
    elif len(scope.everything) + len(scope.own) <= FEW:
        of_state = of_state.filter(company__in=[*scope.everything, *scope.own])
    if code != Round.State.OPEN:  # beside an open one there is no newer
        newer = Round.objects.filter(entry=OuterRef("entry"), pk__gt=OuterRef("pk"))
        of_state = of_state.filter(~Exists(newer))
    return found.filter(pk__in=of_state.values("entry"))


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
