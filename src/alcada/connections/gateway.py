"""A call on a connection: its slot, a usable token, the call, and what its answer says of the connection.

Errors are the client's own (conta_azul.errors), and those of `access` when there is no token. The gateway
repeats one thing only: a call that got a 401, which surely did nothing, once, with a fresh token. No
transaction may be open.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.db import close_old_connections

from alcada.connections import access, rate, remote, standing
from conta_azul import Call, errors

T = TypeVar("T")
P = ParamSpec("P")

# Few threads talk to the database while many calls wait for the network.
_pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="gateway")


def send(connection_id: int, call: Call[T]) -> T:
    """Send the call in its turn and return its answer.

    Raises conta_azul.errors.ContaAzulError, access.AccessError; RuntimeError inside a transaction.
    """
    token, state, wait = _ready(connection_id, None)
    time.sleep(wait)
    try:
        answer = remote.client(token).send(call)
    except errors.NotAuthorised:
        token, state, wait = _ready(connection_id, token)
        time.sleep(wait)
        try:
            answer = remote.client(token).send(call)
        except errors.ContaAzulError as exc:
            standing.note_error(connection_id, exc)
            raise
    except errors.ContaAzulError as exc:
        standing.note_error(connection_id, exc)
        raise
    standing.note_good(connection_id, state)
    return answer


async def asend(connection_id: int, call: Call[T]) -> T:
    """As `send`, for a loop that has many calls waiting at once."""
    token, state, wait = await _on_thread(_ready, connection_id, None)
    await asyncio.sleep(wait)
    try:
        answer = await remote.async_client(token).send(call)
    except errors.NotAuthorised:
        token, state, wait = await _on_thread(_ready, connection_id, token)
        await asyncio.sleep(wait)
        try:
            answer = await remote.async_client(token).send(call)
        except errors.ContaAzulError as exc:
            await _on_thread(standing.note_error, connection_id, exc)
            raise
    except errors.ContaAzulError as exc:
        await _on_thread(standing.note_error, connection_id, exc)
        raise
    if standing.worth_noting(connection_id, state):
        await _on_thread(standing.note_good, connection_id, state)
    return answer


def _ready(connection_id: int, not_this: str | None) -> tuple[str, str, float]:
    """A token, the state that the connection was seen in, and the seconds to wait for the reserved slot."""
    usable = access.usable(connection_id, not_this=not_this)
    return usable.token, usable.state, rate.reserve(connection_id)


async def _on_thread(function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    def run() -> T:
        close_old_connections()
        try:
            return function(*arguments, **named)
        finally:
            close_old_connections()

    return await sync_to_async(run, thread_sensitive=False, executor=_pool)()
