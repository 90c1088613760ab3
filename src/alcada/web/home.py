"""The first page: what waits for me, what needs a hand, what became of mine, what was posted."""

from calendar import monthrange
from collections.abc import Mapping
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
from alcada.flow.queries import STATUSES, Status, accounts_of, posted_by_day, with_status
from alcada.intake.models import Entry
from alcada.intake.queries import seen
from alcada.intake.rules import show
from alcada.people.models import Company, User
from alcada.people.queries import with_approver
from alcada.people.scopes import Scope
from alcada.posting.models import STUCK, Posting, State
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
    user, frame = person(request), Frame.of(request)
    scope = frame.scope.narrowed(frame.company.pk) if frame.company else frame.scope
    accounts = accounts_of(scope)
    entries = Entry.objects.filter(seen(scope))
    waiting = approval.questions(user, frame.company)
    mending = _to_mend(scope, accounts)
    context = {
        "first_name": user.name.split()[0] if user.name.split() else user.email,
        "waiting": approval.waiting(waiting[:SHOWN]),
        "waiting_count": waiting.count() if frame.company else frame.count("inbox"),
        "mending": [_shown(posting) for posting in mending[:SHOWN]],
        "mending_count": mending.count(),
        "corrections": [
            (one, correction_words.reason(one))
            for one in stopped_corrections(scope.where("posting.mend"))[:SHOWN]
        ],
        "connections": _stopped(scope),
        "unsent": entries.filter(created_by=user, correction__isnull=False).select_related("current")[:SHOWN],
        **_own(scope, entries),
        **_posted(scope, accounts),
        **_due(scope),
        **_first_steps(frame),
    }
    return render(request, "home/home.html", context)


def _to_mend(scope: Scope, accounts: Mapping[int, int]) -> QuerySet[Posting]:
    """What can't go on without a person, where this person may mend it."""
    companies = set(scope.where("posting.mend"))
    theirs = [account for account, company in accounts.items() if company in companies]
    return (
        Posting.objects.filter(STUCK, connection__in=theirs)
        .select_related("entry__company", "revision")
        .order_by("-pk")
    )


def _shown(posting: Posting) -> ToMend:
    reason = reasons.explain(posting)
    return ToMend(posting, Status(f"posting.{posting.state}"), reason.short if reason else "")


def _stopped(scope: Scope) -> QuerySet[Connection]:
    return (
        Connection.objects.filter(company__in=scope.where("connection.manage"), state__in=_NEED_AUTHORISATION)
        .select_related("company")
        .order_by("company__name", "name")
    )


def _own(scope: Scope, entries: QuerySet[Entry]) -> dict[str, list[Mine]]:
    """What the person entered and awaits something, and what came back to them; latest first.

    Asked from the side of what is not over, where there are few; their states are worked out once, for both.
    """
    user = scope.user
    own = entries.filter(created_by=user, discarded_at=None)
    rounds = Round.objects.filter(entered_by=user)
    runs = Run.objects.filter(revision__entry__created_by=user, state=Run.State.POSTING)
    keys: set[int] = set()
    for found, key in (
        (own.filter(draft__isnull=False), "pk"),
        (rounds.filter(state=Round.State.OPEN), "entry"),
        (rounds.filter(state=Round.State.SENT_BACK), "entry"),
        (runs, "revision__entry"),
    ):
        keys.update(found.order_by(f"-{key}").values_list(key, flat=True)[:LOOKED_AT])
    states = dict(with_status(own.filter(pk__in=keys)).order_by("-pk").values_list("pk", "status"))
    mine = [pk for pk, status in states.items() if status not in SETTLED][:SHOWN]
    sent_back = [pk for pk, status in states.items() if status == "round.sent_back"][:SHOWN]
    shown = Entry.objects.select_related("company", "current__party").in_bulk([*mine, *sent_back])

    def told(keys: list[int]) -> list[Mine]:
        return [Mine(shown[pk], Status(states[pk] if states[pk] in STATUSES else "draft")) for pk in keys]

    return {"mine": told(mine), "sent_back": told(sent_back)}


@dataclass(frozen=True)
class Due:
    """A round that is still open while its entry is due soon, or was."""

    round: Round
    late: bool
    asked: str  # whose turn it is


def _due(scope: Scope) -> dict[str, Any]:
    """What is due within days, or was, and is not approved: the bill that nobody will have paid in time."""
    today = timezone.localdate()
    # As intake's `seen`, by the round's own columns: an index has company, state and day.
    mine = Q(company__in=scope.own, entered_by=scope.user)
    soon = Round.objects.filter(
        Q(company__in=scope.everything) | mine if scope.own else Q(company__in=scope.everything),
        state=Round.State.OPEN,
        due_date__lte=today + timedelta(days=SOON),
    )
    first = list(soon.order_by("due_date", "pk").values_list("pk", flat=True)[:SHOWN])  # or all are joined
    rows = Round.objects.filter(pk__in=first).select_related("revision", "company").order_by("due_date", "pk")
    turn = Prefetch("steps", Step.objects.filter(state=Step.State.OPEN).prefetch_related("asked__user"))
    due = [Due(one, one.due_date < today, _turn(one)) for one in rows.prefetch_related(turn)]
    return {"due": due, "due_count": soon.count(), "soon": SOON}


def _turn(round_: Round) -> str:
    names = [asked.user.name for step in round_.steps.all() for asked in step.asked.all()]
    return ", ".join(names[:2]) + (" …" if len(names) > 2 else "")


def _posted(scope: Scope, accounts: Mapping[int, int]) -> dict[str, Any]:
    """This month, by day. Payables and receivables apart: what goes out and what comes in don't add up to anything."""
    today = timezone.localdate()
    first = timezone.make_aware(datetime.combine(today.replace(day=1), time()))
    found = posted_by_day(scope, accounts, first)
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


def _first_steps(frame: Frame) -> dict[str, Any]:
    """What is missing before anything can happen: a company, an account, somebody who approves, a first entry."""
    scope = frame.scope
    accounts = Connection.objects.filter(company__in=scope.roles)
    # Where something was posted all of it was there.
    done = Posting.objects.filter(state=State.POSTED, connection__in=accounts_of(scope)).exists()
    return {
        "has_company": bool(scope.roles),
        "has_connection": done or accounts.exclude(authorised_at=None).exists(),
        "has_second": done or with_approver(Company.objects.filter(pk__in=scope.roles)).exists(),
        "has_entry": done or Entry.objects.filter(seen(scope)).exists(),
        "manages": scope.may("people.manage"),
        "connects": scope.may("connection.manage"),
    }


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For whoever watches the process: 200 when it can read its database."""
    User.objects.exists()
    return HttpResponse("ok", content_type="text/plain")
