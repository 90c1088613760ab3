"""One worker at a time serves an account: what it sends is then paced by the one that sends it.

Held as PostgreSQL's session locks on a connection of its own: a worker that dies, however, lets go at once.
"""

import asyncio
import logging
from typing import Final

import psycopg

from alcada.flow.listening import address

log = logging.getLogger(__name__)

CLASS: Final = 0x414C43  # "ALC": our locks among all advisory locks of the database


class Holder:
    """The accounts that this process serves."""

    def __init__(self) -> None:
        self._connection: psycopg.AsyncConnection[tuple[bool]] | None = None
        self._turn = asyncio.Lock()  # one statement at a time on the connection

    async def take(self, connection_id: int) -> bool:
        """Take the account, unless another worker has it. False also when the database can't be asked."""
        return await self._ask("SELECT pg_try_advisory_lock(%s, %s)", connection_id)

    async def let_go(self, connection_id: int) -> None:
        await self._ask("SELECT pg_advisory_unlock(%s, %s)", connection_id)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _ask(self, statement: str, connection_id: int) -> bool:
        async with self._turn:
            try:
                if self._connection is None or self._connection.closed:
                    self._connection = await psycopg.AsyncConnection.connect(address(), autocommit=True)
                cursor = await self._connection.execute(statement.encode(), [CLASS, connection_id])
                row = await cursor.fetchone()
                return bool(row and row[0])
            except psycopg.Error as exc:
                log.warning("accounts can't be held: %s", type(exc).__name__)
                self._connection = None
                return False
