"""The first page: what waits for me, what needs a hand, what became of mine, what was posted."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alcada.approval.models import Round, Step
from alcada.connections.models import Connection
from alcada.directory.models import EntryKind
from alcada.flow.list_pages import planned_anew
from alcada.flow.models import Run
from alcada.flow.queries import STATUSES, Status, accounts_where, posted_by_day, with_status
from alcada.intake.models import Entry
from alcada.intake.queries import visible_entries
from alcada.intake.rules import show
from alcada.people.models import Company, User
from alcada.people.queries import companies_of, companies_where, with_approver
from alcada.posting.models import STUCK, Posting
from alcada.web import approval, correction_words, plots, reasons
from alcada.web.context import Frame
from alcada.web.differences import stopped_corrections
from alcada.web.guards import person

SHOWN: Final = 5
LOOKED_AT: Final = 100  # of the latest that may be: their state is worked out for each
SOON: Final = 7  # days
# Over for whoever entered it: nothing is awaited any more.
SETTLED: Final = ("discarded", "posting.posted", "posting.cancelled", "round.rejected", "round.withdrawn")
_NEED_AUTHORISATION: Final = (
    Connection.State.AUTHORISE,
    Connection.State.WRONG_COMPANY,
    Connection.State.PLAN_REFUSED,
)


@dataclass(frozen=True)
class Posted:
    """What was posted of one kind this month."""

    kind: str
    count: int
    total: Decimal


@dataclass(frozen=True)
class ToMend:
    posting: Posting
    status: Status
    reason: str


@dataclass(frozen=True)
class Mine:
    entry: Entry
    status: Status


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    with planned_anew():
        return _home(request)


def _home(request: HttpRequest) -> HttpResponse:
    user, chosen = person(request), Frame(request).company
    questions = approval.questions(user, chosen)
    entries = visible_entries(user)
    if chosen:
        entries = entries.filter(company=chosen)
    mending = _to_mend(user, chosen)
    context = {
        "first_name": user.name.split()[0] if user.name.split() else user.email,
        "waiting": approval.waiting(questions[:SHOWN]),
        "waiting_count": approval.inbox_count(user, chosen),
        "mending": [_shown(posting) for posting in mending[:SHOWN]],
        "mending_count": mending.count(),
        "corrections": [
            (one, correction_words.reason(one))
            for one in stopped_corrections(companies_where(user, "posting.mend")).filter(entry__in=entries)[
                :SHOWN
            ]
        ],
        "connections": [one for one in _stopped(user) if chosen in (None, one.company)],
        "mine": _mine(user, entries),
        "sent_back": _sent_back(user, entries),
        "unsent": entries.filter(created_by=user, correction__isnull=False).select_related("current")[:SHOWN],
        **_posted(user, chosen),
        **_due(user, chosen),
        **_first_steps(user, entries),
    }
    return render(request, "home/home.html", context)


def _to_mend(user: User, chosen: Company | None) -> QuerySet[Posting]:
    """What can't go on without a person, where this person may mend it."""
    return (
        Posting.objects.filter(STUCK, connection__in=accounts_where(user, "posting.mend", chosen))
        .select_related("entry__company", "revision")
        .order_by("-pk")
    )


def _shown(posting: Posting) -> ToMend:
    reason = reasons.explain(posting)
    return ToMend(posting, Status(f"posting.{posting.state}"), reason.short if reason else "")


def _stopped(user: User) -> QuerySet[Connection]:
    return (
        Connection.objects.filter(
            company__in=companies_where(user, "connection.manage"), state__in=_NEED_AUTHORISATION
        )
        .select_related("company")
        .order_by("company__name", "name")
    )


def _mine(user: User, entries: QuerySet[Entry]) -> list[Mine]:
    """What the person entered and awaits something, latest first. Asked from the side of what is not over: few."""
    own = entries.filter(created_by=user)
    drafts = own.filter(draft__isnull=False).order_by().values("pk")
    rounds = Round.objects.filter(entered_by=user, state=Round.State.OPEN).order_by().values("entry")
    runs = Run.objects.filter(revision__entry__created_by=user, state=Run.State.POSTING).order_by()
    own = own.filter(pk__in=drafts.union(rounds, runs.values("revision__entry")), discarded_at=None)
    latest = list(own.order_by("-pk").values_list("pk", flat=True)[:LOOKED_AT])
    return _latest(with_status(Entry.objects.filter(pk__in=latest)).exclude(status__in=SETTLED))


def _sent_back(user: User, entries: QuerySet[Entry]) -> list[Mine]:
    rounds = Round.objects.filter(entered_by=user, state=Round.State.SENT_BACK).order_by("-pk")
    latest = list(rounds.values_list("entry", flat=True)[:LOOKED_AT])  # older ones are drafts in the list
    own = entries.filter(created_by=user, draft__isnull=False, pk__in=latest)
    return _latest(with_status(own).filter(status="round.sent_back"))


def _latest(own: QuerySet[Any]) -> list[Mine]:
    found = own.select_related("company", "current__party").order_by("-pk")[:SHOWN]
    return [Mine(entry, Status(entry.status if entry.status in STATUSES else "draft")) for entry in found]


@dataclass(frozen=True)
class Due:
    """A round that is still open while its entry is due soon, or was."""

    round: Round
    late: bool
    asked: str  # whose turn it is


def _due(user: User, chosen: Company | None) -> dict[str, Any]:
    """What is due within days, or was, and is not approved: the bill that nobody will have paid in time."""
    today = timezone.localdate()
    # As intake's visible_entries, by the round's own columns: an index has company, state and day.
    own = Q(entered_by=user, company__in=companies_where(user, "entry.create"))
    seen = Q(company__in=companies_where(user, "entry.see_all"))
    soon = Round.objects.filter(
        own | seen, state=Round.State.OPEN, due_date__lte=today + timedelta(days=SOON)
    )
    if chosen:
        soon = soon.filter(company=chosen)
    rows = soon.select_related("revision", "company").order_by("due_date", "pk")[:SHOWN]
    turn = Prefetch("steps", Step.objects.filter(state=Step.State.OPEN).prefetch_related("asked__user"))
    due = [Due(one, one.due_date < today, _turn(one)) for one in rows.prefetch_related(turn)]
    return {"due": due, "due_count": soon.count(), "soon": SOON}


def _turn(round_: Round) -> str:
    names = [asked.user.name for step in round_.steps.all() for asked in step.asked.all()]
    return ", ".join(names[:2]) + (" …" if len(names) > 2 else "")


def _posted(user: User, chosen: Company | None) -> dict[str, Any]:
    """This month, by day. Payables and receivables apart: what goes out and what comes in don't add up to anything."""
    today = timezone.localdate()
    first = timezone.make_aware(datetime.combine(today.replace(day=1), time()))
    found = posted_by_day(user, chosen, first)
    days = range(1, monthrange(today.year, today.month)[1] + 1)
    none = (0, Decimal(0))
    kinds = {
        kind.value: [found.get((kind.value, today.replace(day=day)), none) for day in days]
        for kind in EntryKind
    }
    posted = [
        Posted(kind, sum(count for count, _ in rows), sum((total for _, total in rows), Decimal(0)))
        for kind, rows in kinds.items()
    ]
    names = {EntryKind.PAYABLE.value: _("To pay"), EntryKind.RECEIVABLE.value: _("To receive")}
    top = max((total for rows in kinds.values() for _, total in rows), default=Decimal(0))
    plot = plots.bars(
        [f"{day:02}/{today.month:02}" for day in days],
        [(names[kind], [total for _, total in rows]) for kind, rows in kinds.items()],
        written=[[show(total) for _, total in rows] for rows in kinds.values()],
        most=show(top),
        ticks=[0, 7, 14, 21, len(days) - 1],
    )
    month = date_format(today, "F")
    # In the middle of a sentence Portuguese writes it small; Django's own calendar doesn't.
    return {"posted": posted, "plot": plot, "month": month.lower() if _is_portuguese() else month}


def _is_portuguese() -> bool:
    return (get_language() or "pt-br").startswith("pt")


def _first_steps(user: User, entries: QuerySet[Entry]) -> dict[str, Any]:
    """What is missing before anything can happen: a company, an account, somebody who approves, a first entry."""
    companies = companies_of(user)
    connected = Connection.objects.filter(company__in=companies).exclude(authorised_at=None)
    return {
        "has_company": companies.exists(),
        "has_connection": connected.exists(),
        "has_second": with_approver(companies).exists(),
        "has_entry": entries.exists(),
        "manages": companies_where(user, "people.manage").exists(),
        "connects": companies_where(user, "connection.manage").exists(),
    }


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For whoever watches the process: 200 when it can read its database."""
    User.objects.exists()
    return HttpResponse("ok", content_type="text/plain")
