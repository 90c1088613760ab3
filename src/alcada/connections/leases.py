"""Holding, across a network call, what must not be done twice at once on one account.

No transaction stays open during a call, so the exclusion is a row: a holder, and until when. Times are the
database's: workers' clocks differ. A lease that is given back leaves no row, so a row whose time is over says
that its holder died in the middle, and what was being done may be half done.
"""

import uuid
from collections.abc import Collection
from typing import Any

from django.db import connection as database
from django.db import transaction

_TAKE = """
    INSERT INTO connections_lease AS held (connection_id, kind, key, holder, until)
    VALUES (%(connection)s, %(kind)s, %(key)s, %(holder)s,
            clock_timestamp() + %(seconds)s * interval '1 second')
    ON CONFLICT (connection_id, kind, key) DO UPDATE SET holder = excluded.holder, until = excluded.until
    WHERE %(take_over)s AND held.until < clock_timestamp()
    RETURNING held.holder
"""
_GIVE_BACK = (
    "DELETE FROM connections_lease WHERE connection_id = %s AND kind = %s AND key = %s AND holder = %s"
)
_HELD = """
    SELECT kind, key FROM connections_lease WHERE connection_id = %s AND key = ANY(%s) AND until > clock_timestamp()
"""
_RAN_OUT = """
    SELECT EXISTS (SELECT 1 FROM connections_lease
                   WHERE connection_id = %s AND kind = %s AND key = %s AND until < clock_timestamp())
"""


def take(
    connection_id: int, kind: str, key: str, seconds: float, *, take_over: bool = True
) -> uuid.UUID | None:
    """Take the lease for so many seconds and return its holder's id; None while somebody else has it.

    One that ran out is taken over, unless `take_over` is false: then it stays until somebody has dealt with
    what it says. Must be committed to be seen: raises RuntimeError inside a transaction.
    """
    arguments: dict[str, Any] = {
        "connection": connection_id,
        "kind": kind,
        "key": key,
        "holder": uuid.uuid4(),
        "seconds": seconds,
        "take_over": take_over,
    }
    with transaction.atomic(durable=True), database.cursor() as cursor:
        cursor.execute(_TAKE, arguments)
        row = cursor.fetchone()
    return row[0] if row else None


def give_back(connection_id: int, kind: str, key: str, holder: uuid.UUID) -> bool:
    """End the lease; False when it was no longer this holder's (it ran out, and somebody took it over)."""
    with database.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [connection_id, kind, key, holder])
        return bool(cursor.rowcount == 1)


def held(connection_id: int, names: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of the (kind, key) that somebody has now."""
    with database.cursor() as cursor:
        cursor.execute(_HELD, [connection_id, list({key for _, key in names})])
        return {(kind, key) for kind, key in cursor.fetchall()} & set(names)


def ran_out(connection_id: int, kind: str, key: str) -> bool:
    """Is there a lease whose time is over and that nobody gave back?"""
    with database.cursor() as cursor:
        cursor.execute(_RAN_OUT, [connection_id, kind, key])
        return bool(cursor.fetchone()[0])
