"""One bucket per Conta Azul account, seen by all workers on all machines.

Conta Azul allows 10 calls a second and 600 a minute per account. Whether its windows slide is not documented, so ours
hold for any: no eleven calls within WIDTH_S, and over a minute an average that leaves room for one such burst. Moments
are given out one by one, each at least GAP_S after the last: after a stall the account catches up, but not in one heap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from django.db import connection as database
from django.db import transaction

from conta_azul.limits import LONGEST_RETRY_AFTER_S

WIDTH_S: Final = 1.03  # a second and what a call may be held up more than the one ten before it
GAP_S: Final = 0.05
FURTHEST_S: Final = 600.0  # all that a machine's workers hold in hand is given a moment nearer than this
HORIZON_S: Final = 1.0  # bulk work reserves no further ahead, so that a person's call is next within a second


@dataclass(frozen=True)
class Limits:
    """What the account allows; zero calls a second means no limit (a bench against the sandbox)."""

    per_second: int
    per_minute: int


@dataclass(frozen=True)
class Bucket:
    """The moments last given out, in seconds since the epoch by the database's clock."""

    recent: Sequence[float] = ()  # the last `per_second` of them, oldest first
    minute: float = 0.0  # the earliest next moment by the average of a minute, had all been given evenly
    not_before: float = 0.0  # after a 429


def give(
    bucket: Bucket, limits: Limits, *, now: float, most: int, until: float
) -> tuple[Bucket, list[float]]:
    """Up to `most` free moments from `now` on and not after `until`, and the bucket without them. Pure."""
    if not limits.per_second:
        return bucket, [now] * most
    even = (60.0 + WIDTH_S) / max(1, limits.per_minute - 1)  # so that a burst on top stays within the minute
    given: list[float] = []
    while len(given) < most:
        recent = bucket.recent
        moment = max(now, bucket.not_before, bucket.minute - WIDTH_S)
        if recent:
            moment = max(moment, recent[-1] + GAP_S)
        if len(recent) >= limits.per_second:
            moment = max(moment, recent[-limits.per_second] + WIDTH_S)
        if moment > until:
            break
        given.append(moment)
        bucket = replace(
            bucket,
            recent=(*recent, moment)[-limits.per_second :],
            minute=max(bucket.minute, moment) + even,
        )
    return bucket, given


def possible(bucket: Bucket, now: float) -> Bucket:
    """The bucket without moments further ahead than any can be: the clock was set back, and the account must not wait
    until it comes round again. Pure.
    """
    if max((*bucket.recent, bucket.minute)) > now + FURTHEST_S:
        bucket = replace(bucket, recent=(), minute=0.0)
    if bucket.not_before > now + LONGEST_RETRY_AFTER_S + FURTHEST_S:
        bucket = replace(bucket, not_before=0.0)
    return bucket


def limits() -> Limits:
    return Limits(int(settings.POSTING["calls_per_second"]), int(settings.POSTING["calls_per_minute"]))


def reserve(connection_id: int) -> float:
    """Reserve the account's next free moment and return how many seconds to wait for it (0 or more).

    Raises RuntimeError inside a transaction: it would hold up every other call on the account, and no
    transaction may be open during the call that follows.
    """
    if not limits().per_second:
        return 0.0
    with transaction.atomic(durable=True):
        bucket, now = load(connection_id)
        bucket, (moment,) = give(bucket, limits(), now=now, most=1, until=float("inf"))
        store(connection_id, bucket)
    return moment - now


def load(connection_id: int) -> tuple[Bucket, float]:
    """The account's bucket, locked until the transaction's end, and the database's clock after the lock was got."""
    with database.cursor() as cursor:
        cursor.execute(_LOAD, [connection_id])
        row = cursor.fetchone()
        if row is None:
            cursor.execute(_FIRST, [connection_id])
            cursor.execute(_LOAD, [connection_id])
            row = cursor.fetchone()
    recent, minute, not_before, now = row
    return possible(Bucket(tuple(recent), minute, not_before), now), now


def store(connection_id: int, bucket: Bucket) -> None:
    with database.cursor() as cursor:
        cursor.execute(_STORE, [list(bucket.recent), bucket.minute, bucket.not_before, connection_id])


def slow_down(connection_id: int, seconds: float) -> None:
    """After a 429: no new moment before so many seconds have passed. Those given out already stay."""
    with database.cursor() as cursor:
        cursor.execute(_FIRST, [connection_id])
        cursor.execute(_SLOW_DOWN, [seconds, connection_id])


# The clock is read outside of the locking query: after the lock was got, however long that took.
_LOAD: Final = """
    SELECT recent, minute, not_before, extract(epoch FROM clock_timestamp())::float8
    FROM (SELECT recent, minute, not_before FROM connections_callslot
          WHERE connection_id = %s FOR NO KEY UPDATE) locked
"""
_FIRST: Final = """
    INSERT INTO connections_callslot (connection_id, recent, minute, not_before) VALUES (%s, '{}', 0, 0)
    ON CONFLICT (connection_id) DO NOTHING
"""
_STORE: Final = (
    "UPDATE connections_callslot SET recent = %s, minute = %s, not_before = %s WHERE connection_id = %s"
)
_SLOW_DOWN: Final = """
    UPDATE connections_callslot
    SET not_before = greatest(not_before, extract(epoch FROM clock_timestamp())::float8 + %s)
    WHERE connection_id = %s
"""
