"""Database work from asynchronous code: in a pool of threads of our own, each with its connection."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

P = ParamSpec("P")
T = TypeVar("T")

# Many postings wait for the network at once; few talk to the database at once.
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="database")


async def in_database(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """Run a function of the database without blocking the loop. A connection that died is replaced first."""

    def run() -> T:
        close_old_connections()
        try:
            return function(*arguments, **named)
        finally:
            close_old_connections()

    return await sync_to_async(run, thread_sensitive=False, executor=_pool)()
