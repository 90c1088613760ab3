"""Listening on a channel of PostgreSQL: a connection of its own, made anew when it dies."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

log = logging.getLogger(__name__)

AGAIN_S: Final = 2.0
# Over TCP; by default a server keeps a session, and its locks, for two hours after the machine at the other end went.
_NOTICED: Final = {
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "4",
    "tcp_user_timeout": "30000",
    "options": "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4",
}


async def notifications(channel: str, heard: Callable[[str], None]) -> None:
    """Call `heard` with each payload, until cancelled."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(address(), autocommit=True) as listening:
                await listening.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                async for notice in listening.notifies():
                    heard(notice.payload)
        except psycopg.Error as exc:
            log.warning("not listening for %s: %s", channel, type(exc).__name__)
        await asyncio.sleep(AGAIN_S)


def address() -> str:
    """Of connections that are kept for long. A machine that vanished is noticed within half a minute on either side."""
    wanted = ("host", "port", "dbname", "user", "password", "sslmode")
    given = connection.get_connection_params()
    named = {name: str(given[name]) for name in wanted if given.get(name)}
    return make_conninfo(**named, **_NOTICED)
