"""Database work from asynchronous code: in a pool of threads of our own, each with its connection."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import InterfaceError, OperationalError, close_old_connections, connection

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

DOUBT_AFTER_S: Final = 2.0  # a connection used so recently, without an error, is taken to be alive
PATIENCE: Final = 60  # tries, a second apart, while the database is away
AWAY: Final = (OperationalError, InterfaceError)
_thread = threading.local()
# Many postings wait for the network at once; few talk to the database at once.
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")
# Whoever may wait for an answer from outside (a token's refresh) must not keep outcomes from being written.
_slow_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="network")


async def in_database(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run a function of the database without blocking the loop. A connection that died is replaced first."""
    return await _in(_pool, partial(function, *arguments, **named))


async def in_network(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """As `in_database`, of a function that may call Conta Azul between its transactions."""
    return await _in(_slow_pool, partial(function, *arguments, **named))


async def _in(pool: ThreadPoolExecutor, function: Callable[[], T]) -> T:
    def run() -> T:
        if getattr(_thread, "doubtful", True) or time.monotonic() - _thread.used_at > DOUBT_AFTER_S:
            close_old_connections()  # asks the server whether it is still there: a round trip of its own
        _thread.doubtful = True
        try:
            result = function()
        finally:
            if connection.settings_dict["CONN_MAX_AGE"] == 0:
                connection.close()
        _thread.doubtful, _thread.used_at = False, time.monotonic()
        return result

    return await sync_to_async(run, thread_sensitive=False, executor=pool)()


async def until_written(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """As `in_database`, again and again while the database is away: for what an answer told and nothing else knows."""
    for _ in range(PATIENCE - 1):
        try:
            return await in_database(function, *arguments, **named)
        except AWAY as exc:
            log.error("the database is away: %s", type(exc).__name__)
            await asyncio.sleep(1)
    return await in_database(function, *arguments, **named)
