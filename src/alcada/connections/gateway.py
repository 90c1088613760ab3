"""A call on a connection: its slot, a usable token, the call, and what its answer says of the connection.

Errors are the client's own (conta_azul.errors), and those of `access` when there is no token. The gateway
repeats one thing only: a call that got a 401, which surely did nothing, once, with a fresh token. No
transaction may be open.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar

import httpx
from django.db import Error as DatabaseProblem
from django.db import connection as database

from alcada.background import in_database, in_network
from alcada.connections import access, pace, rate, remote, standing
from conta_azul import Call, Page, Pages, errors

log = logging.getLogger(__name__)
T = TypeVar("T")
N = TypeVar("N")

SHORTEST_PAGE: Final = 10  # the shortest that the API makes


@dataclass(frozen=True, repr=False)
class Ready:
    """A token, the state that the connection was seen in, and the seconds to wait for the reserved moment."""

    token: str
    state: str
    wait_s: float


def send(connection_id: int, call: Call[T]) -> T:
    """Send the call in its turn and return its answer.

    Raises conta_azul.errors.ContaAzulError, access.AccessError; RuntimeError inside a transaction.
    """
    ready = _prepare(connection_id, None)
    try:
        answer = _send(connection_id, call, ready)
    except errors.NotAuthorised:
        ready = _prepare(connection_id, ready.token)
        try:
            answer = _send(connection_id, call, ready)
        except errors.ContaAzulError as exc:
            _note(connection_id, standing.note_error, exc)
            raise
    except errors.ContaAzulError as exc:
        _note(connection_id, standing.note_error, exc)
        raise
    _note(connection_id, standing.note_good, ready.state)
    return answer


async def aready(connection_id: int) -> Ready:
    """A token and the next free moment, for a call that is noted down only then. Raises access.AccessError."""
    return await in_network(_prepare, connection_id, None)


async def asend(connection_id: int, call: Call[T], ready: "Ready | None" = None) -> T:
    """As `send`, for a loop that has many calls waiting at once. With `ready` token and moment were got before."""
    if ready is None:
        ready = await aready(connection_id)
    try:
        answer = await _asend(connection_id, call, ready)
    except errors.NotAuthorised:
        ready = await in_network(_prepare, connection_id, ready.token)
        try:
            answer = await _asend(connection_id, call, ready)
        except errors.ContaAzulError as exc:
            await _anote(connection_id, standing.note_error, exc)
            raise
    except errors.ContaAzulError as exc:
        await _anote(connection_id, standing.note_error, exc)
        raise
    if standing.worth_noting(connection_id, ready.state):
        await _anote(connection_id, standing.note_good, ready.state)
    return answer


def _note(connection_id: int, note: Callable[[int, N], None], what: N) -> None:
    """What an answer says of the connection, written down; the answer itself is never lost over that."""
    try:
        note(connection_id, what)
    except Exception as exc:
        _not_noted(connection_id, exc)
        if not database.in_atomic_block:
            database.close_if_unusable_or_obsolete()  # or whoever works on in this thread would fail too


async def _anote(connection_id: int, note: Callable[[int, N], None], what: N) -> None:
    try:
        await in_database(note, connection_id, what)
    except Exception as exc:
        _not_noted(connection_id, exc)


def _not_noted(connection_id: int, exc: Exception) -> None:
    # Only its kind: a database's words quote the values that it was given.
    log.error("what an answer says of connection %s was not noted: %s", connection_id, type(exc).__name__)


def _send(connection_id: int, call: Call[T], ready: Ready) -> T:
    time.sleep(ready.wait_s)
    passage = pace.passage(connection_id)
    time.sleep(passage.wait_s())
    try:
        return remote.client(ready.token).send(call)
    finally:
        passage.answered()


async def _asend(connection_id: int, call: Call[T], ready: Ready) -> T:
    await asyncio.sleep(ready.wait_s)
    passage = pace.passage(connection_id)
    await asyncio.sleep(passage.wait_s())
    try:
        return await remote.async_client(connection_id, ready.token).send(call)
    finally:
        passage.answered()


def walk(connection_id: int, pages: Pages[T]) -> Iterator[T]:
    """Every item of the list, page by page, each page a call in its turn. Raises as `send`."""
    turner = _Turner(pages)
    while call := turner.next_call():
        try:
            page = send(connection_id, call)
        except errors.MayHaveArrived as exc:
            turner.shorten(exc)
        else:
            yield from turner.take(page)


async def awalk(connection_id: int, pages: Pages[T]) -> list[T]:
    """All items of the list. Raises as `send`."""
    turner = _Turner(pages)
    items: list[T] = []
    while call := turner.next_call():
        try:
            page = await asend(connection_id, call)
        except errors.MayHaveArrived as exc:
            turner.shorten(exc)
        else:
            items.extend(turner.take(page))
    return items


class _Turner(Generic[T]):
    """Turns pages until a short one. A total that claims more is believed for one page more, never for less.

    A page whose answer did not come whole is asked for again a tenth at a time: where connections are cut, a short
    answer has more of a chance.
    """

    def __init__(self, pages: Pages[T]) -> None:
        self._pages = pages
        self._last: Page[T] | None = None
        self._seen = 0

    def next_call(self) -> Call[Page[T]] | None:
        last = self._last
        if last is None:
            return self._pages.page(1)
        more = last.total is not None and last.total > self._seen
        return self._pages.page(last.number + 1) if last.items and (last.full or more) else None

    def take(self, page: Page[T]) -> tuple[T, ...]:
        if self._last is not None and page.items and page.raw_items == self._last.raw_items:
            raise errors.Unreadable("Conta Azul sent the same page twice", call=f"GET {self._pages.template}")
        self._seen += len(page.items)
        self._last = page
        return page.items

    def shorten(self, failed: errors.MayHaveArrived) -> None:
        """Ask for the rest in shorter pages. Raises what `failed` where they said no, or no page is shorter."""
        size = self._pages.size // 10
        said_no = failed.status is not None and failed.status >= 300
        slow = isinstance(failed.__cause__, httpx.TimeoutException)  # a look is to end in time
        if said_no or slow or size < SHORTEST_PAGE or self._seen % size:
            raise failed
        self._pages = replace(self._pages, size=size)
        if self._last is not None:
            self._last = replace(self._last, number=self._seen // size, size=size)


def _prepare(connection_id: int, not_this: str | None) -> Ready:
    try:
        usable = access.usable(connection_id, not_this=not_this)
        return Ready(usable.token, usable.state, rate.reserve(connection_id))
    except DatabaseProblem as exc:  # nothing left, or what left got a 401: in no case may it have arrived
        raise access.TemporaryAccessError("the database is away") from exc
