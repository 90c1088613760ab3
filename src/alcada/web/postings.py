"""All postings that a person may see: narrowed, by whose turn it is, and why each is where it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alcada.connections.incidents import UNREACHED_FOR
from alcada.connections.models import Connection
from alcada.flow.list_pages import planned_anew
from alcada.flow.queries import Status, status_of_posting, visible_postings
from alcada.people.models import User
from alcada.people.queries import companies_where
from alcada.posting import bulk
from alcada.posting.models import LOUD, Posting, State
from alcada.posting.owners import Owner, that_need_a_person, with_owner
from alcada.web import moments, reasons
from alcada.web.connection_words import TONES
from alcada.web.guards import person
from alcada.web.posting_filter import AGES, PERSON, Filter

PAGE: Final = 50
COUNTED: Final = bulk.MOST
ACCOUNTS: Final = 300  # in the choice of accounts
STOPPED: Final = 5  # accounts named in the banner
# What needs a person comes first in the filter.
ORDER: Final = (
    State.REFUSED,
    State.UNDECIDED,
    State.UNKNOWN,
    State.QUEUED,
    State.SENDING,
    State.POSTED,
    State.CANCELLED,
)


def mendable_postings(user: User) -> QuerySet[Posting]:
    return Posting.objects.filter(entry__company__in=companies_where(user, "posting.mend"))


@dataclass(frozen=True)
class Row:
    posting: Posting
    status: Status
    alarm: str  # the tone of "needs a person", where the state alone does not say it
    reason: str
    owner: str
    age: str
    next_try: str


@require_safe
def postings(request: HttpRequest) -> HttpResponse:
    with planned_anew():
        return _postings(request)


def _postings(request: HttpRequest) -> HttpResponse:
    user, wanted = person(request), Filter.of(request.GET)
    base = wanted.base(visible_postings(user))
    narrowed = wanted.narrow(visible_postings(user))
    found = with_owner(wanted.of_state(narrowed))
    if wanted.before:
        found = found.filter(pk__lt=int(wanted.before))
    related = ("entry__company", "entry__created_by", "revision", "connection")
    rows = list(found.select_related(*related).order_by("-pk")[: PAGE + 1])
    more = len(rows) > PAGE
    accounts = _accounts(user, wanted)
    tabs = _tabs(narrowed, wanted)
    context = {
        "rows": [_row(posting) for posting in rows[:PAGE]],
        "filter": wanted,
        "tabs": tabs,
        "matching": min(next((tab["count"] for tab in tabs if tab["on"]), 0), bulk.MOST),
        "most": bulk.MOST,
        "accounts": accounts,
        "account": _account(user, accounts, wanted),
        "reasons": _reasons(base, wanted),
        "ages": [(code, label) for code, (label, _span) in AGES.items()],
        "stopped": _stopped(user, wanted),
        "mends": companies_where(user, "posting.mend").exists(),
        "here": wanted.address(before=wanted.before),
        "older": wanted.address(before=str(rows[PAGE - 1].pk)) if more else "",
        "newest": wanted.address() if wanted.before else "",
    }
    return render(request, "postings/list.html", context)


def _row(posting: Any) -> Row:
    reason = reasons.explain(posting)
    told = posting.state in (State.REFUSED, State.UNDECIDED)  # its state says it
    loud = "red" if posting.reason in LOUD else "yellow"
    return Row(
        posting=posting,
        status=status_of_posting(posting),
        alarm=loud if posting.owner and not told else "",
        reason=reason.short if reason else "",
        owner=owner_words(posting),
        age=_age(posting.posted_at or posting.created_at),
        next_try=moments.at_moment(posting.next_try_at)
        if posting.next_try_at and posting.state in (State.QUEUED, State.UNKNOWN) and not posting.owner
        else "",
    )


def owner_words(posting: Any) -> str:
    """Whose turn it is, of a posting with `owner`."""
    if posting.owner == Owner.ENTERED:
        return str(posting.entry.created_by.name)
    if posting.owner == Owner.OFFICE:
        return _("Finance, or administrators")
    return _("Nobody yet") if posting.state in (State.QUEUED, State.SENDING, State.UNKNOWN) else ""


def _age(since: datetime) -> str:
    """How long ago; the clock's time for what is just happening."""
    now = timezone.now()
    return timesince(since, now, depth=1) if now - since >= timedelta(minutes=1) else moments.moment(since)


def _tabs(narrowed: QuerySet[Posting], wanted: Filter) -> list[dict[str, Any]]:
    """What was posted grows for ever, and is counted up to where "all that match" ends."""
    open_ = narrowed.exclude(state=State.POSTED).values_list("state")
    counts = dict(open_.annotate(count=Count("pk")).order_by())
    counts[State.POSTED] = narrowed.filter(state=State.POSTED).order_by().values("pk")[: COUNTED + 1].count()
    waiting = that_need_a_person(narrowed).count()
    shown = [("", _("All"), "", sum(counts.values())), (PERSON, _("Needs a person"), "yellow", waiting)]
    for state in ORDER:
        status = Status(f"posting.{state}")
        label = _("To be decided") if state == State.UNDECIDED else status.label
        shown.append((state.value, label, status.colour, counts.get(state, 0)))
    return [
        {
            "label": label,
            "colour": colour,
            "count": count,
            "more": code in ("", State.POSTED) and counts[State.POSTED] > COUNTED,
            "on": wanted.state == code,
            "address": wanted.address(state=code),
        }
        for code, label, colour, count in shown
        if count or code in ("", PERSON) or wanted.state == code
    ]


def _reasons(base: QuerySet[Posting], wanted: Filter) -> list[tuple[str, str]]:
    """Those that there are, in words; two codes may have the same."""
    said = wanted.of_state(base).exclude(reason="").order_by().values_list("reason", flat=True).distinct()
    # Apart, for each of the two has an index.
    codes = sorted({*said.exclude(state=State.POSTED), *said.filter(state=State.POSTED)})
    return [
        (code, reasons.name(code))
        for code in dict.fromkeys([*codes, *([wanted.reason] if wanted.reason else [])])
    ]


def _accounts(user: User, wanted: Filter) -> list[Connection]:
    """Of the companies in view, those that something may have gone to."""
    found = Connection.objects.filter(company__in=companies_where(user, "entry.see_all"))
    if wanted.company:
        found = found.filter(company=int(wanted.company))
    found = found.exclude(authorised_at=None).select_related("company")
    return list(found.order_by("company__name", "name", "pk")[:ACCOUNTS])


def _account(user: User, accounts: Iterable[Connection], wanted: Filter) -> dict[str, Any] | None:
    """The one account that the list is about, for who may pause it."""
    chosen = [one for one in accounts if not wanted.account or str(one.pk) == wanted.account]
    if len(chosen) != 1:
        return None
    (account,) = chosen
    if not companies_where(user, "connection.manage").filter(pk=account.company_id).exists():
        return None
    state = Connection.State(account.state)
    return {
        "connection": account,
        "tone": TONES[state],
        "label": state.label,
        "waiting": account.postings.filter(state=State.QUEUED).count(),
        "may_pause": state in (Connection.State.CONNECTED, Connection.State.PLAN_REFUSED),
        "may_resume": state == Connection.State.PAUSED,
    }


def _stopped(user: User, wanted: Filter) -> dict[str, Any]:
    """The banner: accounts that hold postings back, and how many wait for each."""
    away = Q(state=Connection.State.CONNECTED, unreached_since__lt=timezone.now() - UNREACHED_FOR)
    stopped = away | ~Q(state__in=[Connection.State.CONNECTED, Connection.State.NEW])
    found = Connection.objects.filter(stopped, company__in=companies_where(user, "entry.see_all"))
    if wanted.company:
        found = found.filter(company=int(wanted.company))
    if wanted.account:
        found = found.filter(pk=int(wanted.account))
    held = Count("postings", filter=Q(postings__state__in=[State.QUEUED, State.UNKNOWN]))
    rows = list(
        found.annotate(waiting=held).filter(waiting__gt=0).select_related("company").order_by("-waiting")
    )
    manages = set(companies_where(user, "connection.manage").values_list("pk", flat=True))
    return {
        "rows": [
            {
                "connection": row,
                "waiting": getattr(row, "waiting", 0),
                "why": reasons.of_account(row),
                "manages": row.company_id in manages,
                "paused": row.state == Connection.State.PAUSED,
            }
            for row in rows[:STOPPED]
        ],
        "more": max(0, len(rows) - STOPPED),
        "waiting": sum(getattr(row, "waiting", 0) for row in rows),
    }
