"""Posting's jobs: post what waits on an account, look for what may have arrived, learn how late it shows."""

import asyncio
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Max
from django.utils import timezone

from alcada import queue
from alcada.background import in_database
from alcada.ledger import search as ledger
from alcada.ledger.models import Sighting
from alcada.posting import actions, looking
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Evidence, Patience, judge_absence
from alcada.posting.send import send

BATCH = 20  # postings in flight at once per dispatch
SIGHT_FOR = timedelta(hours=6)


async def dispatch(connection_id: int) -> None:
    """Post what waits on one account, batch by batch, until nothing is due."""
    while True:
        claim, ids = await in_database(actions.claim, connection_id, BATCH)
        if not ids:
            return
        await asyncio.gather(*(send(pk, claim) for pk in ids))
        await in_database(_queue_sighting, connection_id)


def look(posting_id: int) -> None:
    """Look for a posting that may have arrived: by its reference, in every search there is, and in the change feed."""
    posting = Posting.objects.select_related("connection").get(pk=posting_id)
    if posting.state != State.UNKNOWN or posting.sent_at is None:
        return
    days = due_dates(posting)
    # Without an attempt of ours (a restored backup has lost it) it may have left at any time since it was intended.
    attempted = posting.attempts.filter(kind=Attempt.Kind.ENTRY).exists() and posting.reason != "restored"
    sought = ledger.find_by_reference(
        posting.connection_id,
        kind=posting.kind,
        reference=posting.reference,
        due_from=min(days),
        due_to=max(days),
        since=posting.sent_at if attempted else posting.created_at,
    )
    if sought.events:
        looking.found(posting_id, sorted(sought.events), sought.events, sought.told())
        return
    verdict = judge_absence(
        evidence(posting.connection_id),
        Patience(
            absence_evidence=int(settings.POSTING["absence_evidence"]),
            absence_span_s=settings.POSTING["absence_span_s"],
            look_for_s=settings.POSTING["look_for_s"],
        ),
        since_sent_s=(timezone.now() - posting.sent_at).total_seconds(),
        resent=posting.resent,
        all_searched=not sought.failed,
    )
    looking.not_found(posting_id, sought.told(), verdict=verdict.value)


def sight(connection_id: int) -> None:
    """Which of our latest postings does the search show by now? Their lag is what absence is judged by."""
    waiting = list(_unsighted(connection_id)[:50])
    for posting in waiting:
        if posting.posted_at is None:
            continue
        days = due_dates(posting)
        if ledger.shows(
            connection_id,
            kind=posting.kind,
            reference=posting.reference,
            due_from=min(days),
            due_to=max(days),
        ):
            _remember_sighting(posting)
    _queue_sighting(connection_id)


def evidence(connection_id: int) -> Evidence:
    """What this connection's own postings taught, over its last thousand sightings."""
    seen = Sighting.objects.filter(connection_id=connection_id).order_by("-seen_at")[:1000]
    longest = Sighting.objects.filter(pk__in=seen.values("pk")).aggregate(longest=Max("lag_s"))["longest"]
    return Evidence(seen=len(seen), longest_lag_s=longest or 0.0)


def due_dates(posting: Posting) -> list[date]:
    return [date.fromisoformat(part["due_date"]) for part in posting.content["instalments"]]


def _unsighted(connection_id: int) -> "list[Posting]":
    fresh = timezone.now() - SIGHT_FOR
    return list(
        Posting.objects.filter(
            connection_id=connection_id, state=State.POSTED, sighting=None, posted_at__gt=fresh
        ).order_by("posted_at")[:50]
    )


def _queue_sighting(connection_id: int) -> None:
    """Look again later while something is unseen: soon at first, then ever more seldom."""
    oldest = next(iter(_unsighted(connection_id)), None)
    if oldest is None or oldest.posted_at is None:
        return
    age = (timezone.now() - oldest.posted_at).total_seconds()
    queue.defer(
        "sight",
        at=timezone.now() + timedelta(seconds=min(max(2.0, age), 300)),
        priority=-10,
        connection_id=connection_id,
    )


def _remember_sighting(posting: Posting) -> None:
    assert posting.posted_at is not None
    written = posting.sent_at or posting.posted_at
    now = timezone.now()
    Sighting.objects.get_or_create(
        posting=posting,
        defaults={
            "connection_id": posting.connection_id,
            "written_at": written,
            "seen_at": now,
            "lag_s": (now - written).total_seconds(),
        },
    )
