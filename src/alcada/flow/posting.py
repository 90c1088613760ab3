"""Beside sending: looking for what may have arrived, and learning how late an account shows what was posted."""

import logging
from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import IntEnum
from functools import partial

from django.conf import settings
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from alcada.connections import leases
from alcada.ledger import search as ledger
from alcada.ledger.models import Sighting
from alcada.ledger.rules import KIND_OF, WATCHED, lag_s
from alcada.posting import looking
from alcada.posting.models import BY_HAND, Posting, State
from alcada.posting.rules import Evidence, Verdict
from conta_azul.calls.instalments import Instalment

log = logging.getLogger(__name__)

LOOKS_TOGETHER = 20
SIGHT_FOR = timedelta(hours=6)
SIGHT_TOGETHER = 2000
SIGHT_LEASE_S = 60.0


def look_for_due(connection_id: int) -> bool:
    """Look for the account's postings that may have arrived and whose time has come. Was there any?"""
    due = looking.take_due(connection_id, LOOKS_TOGETHER)
    look(due, thorough=False)
    return bool(due)


def look(posting_ids: Collection[int], *, thorough: bool = True) -> None:
    """Look for an account's postings that may have arrived, each by its reference, in all searches and the change feed.

    An event of the feed that nobody knows is opened once for all of them: they begin together, so that what is seen of
    it is younger than the beginning of each. Not `thorough`: the feed, which costs most, is read only for those that
    nobody would go on looking for once it tells nothing; it answers whether one is absent, the searches where it is.
    """
    begun = [posting for posting in map(looking.begin, posting_ids) if posting is not None]
    if not begun:
        return
    learnt = {kind: evidence(begun[0].connection_id, kind) for kind in {one.kind for one in begun}}
    opened: dict[str, tuple[Instalment, ...]] = {}
    for posting in begun:
        try:
            last = thorough or looking.absent_means(posting, learnt[posting.kind]) != Verdict.LOOK_ON
            _look(posting, learnt[posting.kind], opened, with_feed=last)
        except Exception:  # the others are looked for; this one is again, when its turn comes round
            log.exception("looking for posting %s", posting.pk)


def _look(
    posting: Posting, learnt: Evidence, opened: dict[str, tuple[Instalment, ...]], *, with_feed: bool
) -> None:
    if posting.sent_at is None:
        return
    ours = posting.content["instalments"]
    sought = ledger.find_by_reference(
        posting.connection_id,
        kind=posting.kind,
        reference=posting.reference,
        parts=[(date.fromisoformat(part["due_date"]), Decimal(part["amount"])) for part in ours],
        since=(posting.may_stand_since or posting.created_at) if with_feed else None,
        accounted=partial(_ours, posting.connection_id),
        resembles=partial(_resembles, posting),
        opened=opened,
    )
    if sought.events:
        looking.found(posting.pk, sorted(sought.events), sought.events, sought.told())
        return
    looking.not_found(
        posting.pk,
        sought.told(),
        sent_at=posting.sent_at,
        watched_s=posting.watched_s,
        conclusive=with_feed and not sought.failed and not sought.unclear,
        evidence=learnt,
    )


def _resembles(posting: Posting, parts: Sequence[Instalment]) -> bool:
    """Could these instalments be ours after somebody took our reference out of them? Same value, or same due dates.

    The feed tells payables and receivables alike, and neither ever becomes the other.
    """
    kinds = {KIND_OF.get((part.event.kind or "").upper(), posting.kind) for part in parts if part.event}
    if kinds - {posting.kind}:
        return False
    ours = posting.content["instalments"]
    dates = sorted(date.fromisoformat(part["due_date"]) for part in ours)
    values = [
        part.composition.gross for part in parts if part.composition and part.composition.gross is not None
    ]
    same_value = sum(values, Decimal(0)) == Decimal(posting.content["amount"])
    return same_value or sorted(part.due_date for part in parts if part.due_date) == dates


class Sight(IntEnum):
    """What a look for our latest postings came to."""

    DONE = 0  # all were seen
    MORE = 1  # some were not looked for yet
    MISSED = 2  # some did not show


def sight(connection_id: int) -> Sight:
    """Which of our latest postings does the search show by now? Their lag is what absence is judged by.

    One search by the time of change tells of all of them.
    """
    holder = leases.take(connection_id, "sight", "", SIGHT_LEASE_S)
    if holder is None:
        return Sight.DONE  # another worker does it
    try:
        missed = False
        waiting = list(_unsighted(connection_id).order_by("posted_at")[:SIGHT_TOGETHER])
        for kind in {posting.kind for posting in waiting}:
            ours = [posting for posting in waiting if posting.kind == kind]
            since, asked_at = min(_written_at(posting) for posting in ours), timezone.now()
            shown = ledger.shown_since(connection_id, kind=kind, since=since)
            _remember([posting for posting in ours if posting.reference in shown], seen_at=timezone.now())
            absent = [posting for posting in ours if posting.reference not in shown]
            _remember(absent, missed_at=asked_at)
            missed = missed or bool(absent)
        return Sight.MISSED if missed else Sight(_unsighted(connection_id).exists())
    except ledger.FAILURES:
        return Sight.MORE
    finally:
        leases.give_back(connection_id, "sight", "", holder)


def unsighted_lately() -> dict[int, float]:
    """The accounts with postings that were not seen yet, and could still teach something; for how many seconds."""
    now = timezone.now()
    waiting = Posting.objects.filter(
        Q(sighting=None) | Q(sighting__seen_at=None), state=State.POSTED, posted_at__gt=now - WATCHED
    ).exclude(reason=BY_HAND)
    oldest = waiting.values("connection_id").annotate(oldest=Min("posted_at")).order_by()
    return {row["connection_id"]: (now - row["oldest"]).total_seconds() for row in oldest}


def evidence(connection_id: int, kind: str = "") -> Evidence:
    """What this connection's own postings taught, over their last thousand sightings. Each kind has its own search.

    Those count for which the first look came soon, whatever came of it: nothing is chosen by how late it showed. Where
    they are too few, because calls failed or much was posted at once, as many more count for which it came next
    soonest: then the delay of that look stands for the lag, and ten times that is waited.
    """
    known = Sighting.objects.filter(connection_id=connection_id, lag_s__isnull=False)
    known = known.filter(posting__kind=kind) if kind else known
    first_look_soon = Q(missed_at__isnull=False) | Q(seen_at__lte=F("written_at") + WATCHED)
    counting = list(known.filter(first_look_soon).order_by("-pk")[:1000])
    lacking = int(settings.POSTING["absence_evidence"]) - len(counting)
    if lacking > 0:
        counting += known.exclude(first_look_soon).order_by("lag_s")[:lacking]
    return Evidence(
        seen=len(counting), longest_lag_s=max((one.lag_s or 0.0 for one in counting), default=0.0)
    )


def due_dates(posting: Posting) -> list[date]:
    return [date.fromisoformat(part["due_date"]) for part in posting.content["instalments"]]


def _ours(connection_id: int, event_ids: Collection[str]) -> set[str]:
    """Those of the events that other postings are known to be."""
    known = Posting.objects.filter(connection_id=connection_id, remote_event_id__in=event_ids)
    return set(known.values_list("remote_event_id", flat=True))


def _unsighted(connection_id: int) -> QuerySet[Posting]:
    fresh = timezone.now() - SIGHT_FOR
    found = Posting.objects.filter(
        Q(sighting=None) | Q(sighting__seen_at=None),
        connection_id=connection_id,
        state=State.POSTED,
        posted_at__gt=fresh,
    ).exclude(reason=BY_HAND)  # in somebody's own words: no search shows our reference
    names = (
        "connection_id",
        "kind",
        "reference",
        "sent_at",
        "posted_at",
        "created_at",
        "sighting__missed_at",
    )
    return found.select_related("sighting").only(*names)


def _written_at(posting: Posting) -> datetime:
    return posting.sent_at or posting.created_at


def _remember(
    postings: list[Posting], *, seen_at: datetime | None = None, missed_at: datetime | None = None
) -> None:
    """Seen, or not seen, at that moment."""
    rows = []
    for posting in postings:
        before: Sighting | None = getattr(posting, "sighting", None)
        last_missed = missed_at or (before.missed_at if before else None)
        written_at = _written_at(posting)
        lag = lag_s(written_at, seen_at, missed_at=last_missed) if seen_at else None
        rows.append(
            Sighting(
                posting=posting,
                connection_id=posting.connection_id,
                written_at=written_at,
                missed_at=last_missed,
                seen_at=seen_at,
                lag_s=lag,
            )
        )
    Sighting.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["posting"],
        update_fields=["missed_at", "seen_at", "lag_s"],
    )
