"""Which accounts have something to do now. Its cost does not grow with how much waits."""

from typing import Final

from django.db import connection


def accounts_due() -> dict[int, tuple[bool, bool]]:
    """The accounts in use with postings to send, or to look for, whose time has come: key → (send, look)."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE)
        return {key: (send, look) for key, send, look in cursor.fetchall() if send or look}


_DUE: Final = """
    SELECT account.id,
        EXISTS (SELECT 1 FROM posting_posting p WHERE p.connection_id = account.id AND p.state = 'queued'
                AND p.next_try_at <= now()),
        EXISTS (SELECT 1 FROM posting_posting p WHERE p.connection_id = account.id AND p.state = 'unknown'
                AND p.next_try_at <= now())
    FROM connections_connection account WHERE account.state = 'connected'
"""
