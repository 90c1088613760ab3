"""The daily digest: what waits for a person, what is stuck, what is due and not approved, what was posted; by company.

Nothing to say makes no letter. Who administers or audits a company also gets its history's checkpoint.
"""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, F, Q, QuerySet, Sum, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from alcada import links, queue
from alcada.approval.models import Round, Step
from alcada.approval.queries import inbox
from alcada.connections.models import Connection
from alcada.flow.queries import with_status
from alcada.history import checkpoints
from alcada.history.models import Checkpoint
from alcada.intake.models import Entry
from alcada.notify import digests
from alcada.notify.actions import wishes_of
from alcada.notify.models import Notice
from alcada.notify.rules import Kind, Way
from alcada.people.models import Company, Role, User
from alcada.people.queries import companies_of, companies_where
from alcada.posting.models import STUCK, Posting, State

log = logging.getLogger(__name__)

SHOWN: Final = 8  # of each kind and company
AHEAD: Final = timedelta(days=7)
STOPPED: Final = (
    Connection.State.AUTHORISE,
    Connection.State.WRONG_COMPANY,
    Connection.State.PLAN_REFUSED,
)


@dataclass
class Some:
    """How many there are, and the first of them."""

    count: int = 0
    lines: list[dict[str, Any]] = field(default_factory=list)


Found = dict[int, Some]  # by company


def queue_due() -> int:
    """Every minute: a job for each digest that is due. One that is queued twice is made once."""
    if not settings.EMAIL_CONFIGURED:
        return 0
    due = digests.due()
    if due:
        queue.defer_all("digest", [{"user_id": pk, "day": day.isoformat()} for pk, day in due])
    return len(due)


def make(user_id: int, day: date) -> bool:
    """Make the person's digest of their day, unless it was made. Returns whether this did."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or digests.made(user_id, day):
        return False
    now, since = timezone.now(), digests.since(user_id)
    told = digests.told_since(user_id, since)
    said = content(user, since=since, day=day, told=told)
    return digests.keep(user_id, day, said, made_at=now, told=told)


def content(user: User, *, since: datetime, day: date, told: Sequence[Notice] = ()) -> dict[str, Any] | None:
    """What the digest says, as plain values; None: nothing."""
    companies = list(companies_of(user).order_by("name", "pk"))
    ways = wishes_of(user).ways
    groups: dict[int, list[dict[str, Any]]] = defaultdict(list)
    waiting = inbox(user)
    if ways[Kind.ASKED] != Way.PRODUCT:
        _put(groups, "waits", _waits(waiting), links.inbox)
    if ways[Kind.MINE_BACK] != Way.PRODUCT:
        _put(groups, "back", _back(user), links.entries)
    if ways[Kind.ACCOUNT] != Way.PRODUCT:
        _put(groups, "accounts", _accounts(user), links.postings)
    if ways[Kind.HAND] != Way.PRODUCT:
        _put(groups, "stuck", _stuck(user), links.postings)
    _put(groups, "due", _due(user, day, waiting), links.entries)
    _put(groups, "posted", _posted(user, since), links.postings)
    _put(groups, "told", _told(told), lambda _company: links.notices())
    proofs, news = _proofs(user, companies, since)
    if not groups and not news:
        return None
    sections = [
        {"company": one.pk, "name": one.name, "groups": groups.get(one.pk, []), "proof": proofs.get(one.pk)}
        for one in companies
    ]
    return {
        "day": day.isoformat(),
        "sections": [one for one in sections if one["groups"] or one["proof"]],
    }


def _put(groups: Mapping[int, list[dict[str, Any]]], what: str, found: Found, link: Any) -> None:
    for company, some in found.items():
        groups[company].append(
            {"what": what, "count": some.count, "lines": some.lines[:SHOWN], "link": link(company)}
        )


def _first(rows: QuerySet[Any], company: str, *order: str) -> QuerySet[Any]:
    """The first SHOWN of each company in this order, each with `of_company`: how many there are."""
    each = [F(company)]
    first: QuerySet[Any] = (
        rows.order_by(company, *order)
        .annotate(place=Window(RowNumber(), partition_by=each, order_by=list(order)))
        .annotate(of_company=Window(Count("*"), partition_by=each))
        .filter(place__lte=SHOWN)
    )
    return first


def _by_company(rows: Sequence[tuple[int, dict[str, Any]]], counts: Sequence[int] = ()) -> Found:
    """`counts`: of each row, how many its company has, where the rows are only the first of them."""
    found: Found = {}
    for at, (company, row) in enumerate(rows):
        some = found.setdefault(company, Some())
        some.lines.append(row)
        some.count = counts[at] if counts else len(some.lines)
    return found


def _waits(waiting: QuerySet[Step]) -> Found:
    steps = _first(
        waiting.select_related("round__revision", "round__entry"),
        "round__company",
        "round__due_date",
        "round",
    )
    lines = [(one.round.company_id, {**_of_round(one.round), "link": links.decide(one.pk)}) for one in steps]
    return _by_company(lines, [one.of_company for one in steps])


def _of_round(round_: Round) -> dict[str, Any]:
    revision: Any = round_.revision
    return {
        "party": revision.party_name,
        "description": revision.description,
        "amount": str(revision.amount),
        "due": round_.due_date.isoformat(),
        "link": links.entry(round_.entry_id),
    }


def _back(user: User) -> Found:
    own = Entry.objects.filter(
        created_by=user,
        draft__isnull=False,
        discarded_at=None,
        company__in=companies_where(user, "entry.create"),
    )
    back = with_status(own).filter(status="round.sent_back").select_related("current")
    first = _first(back, "company", "pk")
    lines = [
        (
            one.company_id,
            {
                "party": one.current.party_name,
                "description": one.current.description,
                "amount": str(one.current.amount),
                "link": links.entry(one.pk),
            },
        )
        for one in first
    ]
    return _by_company(lines, [one.of_company for one in first])


def _accounts(user: User) -> Found:
    stopped = Connection.objects.filter(
        company__in=companies_where(user, "connection.manage"), state__in=STOPPED
    )
    waits = Count("postings", filter=Q(postings__state=State.QUEUED))
    rows = stopped.annotate(waiting=waits).order_by("pk").values_list("pk", "company", "name", "waiting")
    return _by_company(
        [
            (company, {"party": name, "waiting": waiting, "link": links.connection(pk)})
            for pk, company, name, waiting in rows
        ]
    )


def _stuck(user: User) -> Found:
    found = Posting.objects.filter(STUCK, entry__company__in=companies_where(user, "posting.mend"))
    rows = _first(found.select_related("entry", "revision").defer("content"), "entry__company", "pk")
    lines = [
        (
            one.entry.company_id,
            {
                "party": one.revision.party_name,
                "description": one.revision.description,
                "amount": str(one.revision.amount),
                "reason": one.reason,
                "link": links.entry(one.entry_id, "posting"),
            },
        )
        for one in rows
    ]
    return _by_company(lines, [one.of_company for one in rows])


def _due(user: User, day: date, waiting: QuerySet[Step]) -> Found:
    """Soon due, or overdue, and nobody has approved it yet; what waits for this very person is told above."""
    own = Q(entered_by=user, company__in=companies_where(user, "entry.create"))
    open_ = Round.objects.filter(
        own | Q(company__in=companies_where(user, "entry.see_all")),
        state=Round.State.OPEN,
        due_date__lte=day + AHEAD,
    ).exclude(pk__in=waiting.order_by().values("round"))
    rows = _first(open_.select_related("revision"), "company", "due_date", "pk")
    return _by_company([(one.company_id, _of_round(one)) for one in rows], [one.of_company for one in rows])


def _posted(user: User, since: datetime) -> Found:
    own = Q(entry__created_by=user, entry__company__in=companies_where(user, "entry.create"))
    done = Posting.objects.filter(
        own | Q(entry__company__in=companies_where(user, "entry.see_all")),
        state=State.POSTED,
        posted_at__gt=since,
    )
    rows = (
        done.order_by()
        .values("entry__company", "kind")
        .annotate(count=Count("pk"), total=Sum("revision__amount"))
    )
    return _by_company(
        [
            (row["entry__company"], {"kind": row["kind"], "count": row["count"], "amount": str(row["total"])})
            for row in rows.order_by("kind")
        ]
    )


def _told(told: Sequence[Notice]) -> Found:
    """What the person wants to hear of once a day."""
    rows = [
        (one.company_id, {"template": one.template, "data": one.data, "link": one.link})
        for one in told
        if one.company_id
    ]
    return _by_company(rows)


def _proofs(
    user: User, companies: Sequence[Company], since: datetime
) -> tuple[dict[int, dict[str, Any]], bool]:
    """Of companies that the person administers or audits; and whether one of them says something new."""
    roles = [Role.ADMINISTRATOR, Role.AUDITOR]
    theirs = set(user.memberships.filter(role__in=roles).values_list("company_id", flat=True))
    if not theirs:
        return {}, False
    try:
        horizon = checkpoints.settled()
    except checkpoints.BusyError:
        log.warning("no checkpoint could be made: a transaction does not end")
        return {pk: {"line": ""} for pk in theirs}, False
    found, news = {}, False
    for company in companies:
        made = checkpoints.make(company, horizon=horizon) if company.pk in theirs else None
        if made is None:
            continue
        before = Checkpoint.objects.filter(company=company, made_at__lte=since).first()
        news = news or before is None or before.count != made.count
        found[company.pk] = {
            "line": checkpoints.line(made),
            "count": made.count,
            "at": made.made_at.isoformat(),
        }
    return found, news
