"""One bucket per Conta Azul account, seen by all workers on all machines.

Conta Azul allows 600 calls a minute and 10 a second per account. Calls spaced evenly at 9.6 a second satisfy
both: 10 of them span 0.94 s and the eleventh comes at 1.04 s, and a minute holds 576. Nothing is saved up
while idle (a burst after a pause would break the window of one second), so the next free moment is all that
must be remembered.
"""

from django.conf import settings
from django.db import connection as database
from django.db import transaction

# The row lock makes the order; the clock is read after it was got. GCRA with a burst of one.
_RESERVE = """
    INSERT INTO connections_callslot AS slot (connection_id, next_at)
    VALUES (%(connection)s, clock_timestamp() + %(interval)s * interval '1 second')
    ON CONFLICT (connection_id) DO UPDATE
    SET next_at = greatest(slot.next_at, clock_timestamp()) + %(interval)s * interval '1 second'
    RETURNING extract(epoch FROM slot.next_at - clock_timestamp())::float8 - %(interval)s
"""
_SLOW_DOWN = """
    INSERT INTO connections_callslot AS slot (connection_id, next_at)
    VALUES (%(connection)s, clock_timestamp() + %(seconds)s * interval '1 second')
    ON CONFLICT (connection_id) DO UPDATE SET next_at = greatest(slot.next_at, excluded.next_at)
"""


def reserve(connection_id: int) -> float:
    """Reserve the account's next free moment and return how many seconds to wait for it (0 or more).

    Raises RuntimeError inside a transaction: it would hold up every other call on the account, and no
    transaction may be open during the call that follows.
    """
    interval = 1 / float(settings.POSTING["calls_per_second"])
    with transaction.atomic(durable=True), database.cursor() as cursor:
        cursor.execute(_RESERVE, {"connection": connection_id, "interval": interval})
        return max(0.0, float(cursor.fetchone()[0]))


def slow_down(connection_id: int, seconds: float) -> None:
    """After a 429: no new moment before so many seconds have passed. Those given out already stay."""
    with database.cursor() as cursor:
        cursor.execute(_SLOW_DOWN, {"connection": connection_id, "seconds": seconds})
