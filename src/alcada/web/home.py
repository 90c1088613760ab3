"""The first page: what waits for me, what needs a hand, what became of mine, what was posted."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from alcada.connections.models import Connection
from alcada.directory.models import EntryKind
from alcada.flow.queries import STATUSES, Status, with_status
from alcada.intake.models import Entry
from alcada.intake.queries import visible_entries
from alcada.people.models import User
from alcada.people.queries import companies_of, companies_where, with_approver
from alcada.posting.models import Posting, State
from alcada.posting.owners import STUCK
from alcada.web import approval, correction_words, reasons
from alcada.web.context import Frame
from alcada.web.differences import stopped_corrections
from alcada.web.guards import person

SHOWN: Final = 5
DAYS: Final = 30
# Over for whoever entered it: nothing is awaited any more.
SETTLED: Final = ("discarded", "posting.posted", "posting.cancelled", "round.rejected", "round.withdrawn")
_NEED_AUTHORISATION: Final = (
    Connection.State.AUTHORISE,
    Connection.State.WRONG_COMPANY,
    Connection.State.PLAN_REFUSED,
)


@dataclass(frozen=True)
class Posted:
    """What was posted of one kind in the last days."""

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
    user, chosen = person(request), Frame(request).company
    questions = approval.questions(user, chosen)
    entries = visible_entries(user)
    if chosen:
        entries = entries.filter(company=chosen)
    mending = _to_mend(user).filter(entry__in=entries)
    context = {
        "first_name": user.name.split()[0] if user.name.split() else user.email,
        "waiting": approval.waiting(questions[:SHOWN]),
        "waiting_count": questions.count(),
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
        "sent_back": _mine(user, entries, statuses=("round.sent_back",)),
        "unsent": entries.filter(created_by=user, correction__isnull=False).select_related("current")[:SHOWN],
        "posted": _posted(entries),
        "days": DAYS,
        **_first_steps(user, entries),
    }
    return render(request, "home/home.html", context)


def _to_mend(user: User) -> QuerySet[Posting]:
    """What can't go on without a person, where this person may mend it."""
    return (
        Posting.objects.filter(entry__company__in=companies_where(user, "posting.mend"))
        .filter(STUCK)
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


def _mine(user: User, entries: QuerySet[Entry], statuses: tuple[str, ...] = ()) -> list[Mine]:
    """What the person entered and awaits something: latest first."""
    own = with_status(entries.filter(created_by=user))
    own = own.filter(status__in=statuses) if statuses else own.exclude(status__in=SETTLED)
    found = own.select_related("company", "current__party").order_by("-pk")[:SHOWN]
    return [Mine(entry, Status(entry.status if entry.status in STATUSES else "draft")) for entry in found]


def _posted(entries: QuerySet[Entry]) -> list[Posted]:
    """Payables and receivables apart: what goes out and what comes in don't add up to anything."""
    since = timezone.now() - timedelta(days=DAYS)
    done = Posting.objects.filter(entry__in=entries, state=State.POSTED, posted_at__gte=since)
    rows = done.order_by().values("kind").annotate(count=Count("pk"), total=Sum("entry__current__amount"))
    found = {row["kind"]: Posted(row["kind"], row["count"], row["total"]) for row in rows}
    return [found.get(kind.value) or Posted(kind.value, 0, Decimal(0)) for kind in EntryKind]


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
