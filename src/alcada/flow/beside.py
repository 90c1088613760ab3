"""Beside the sending: looks for what may have arrived, and seeing our latest postings come back.

Each waits for several calls, so they have threads of their own; one of each at a time per account. Where calls are
limited the worker that sends on an account looks there as well: it knows when its calls arrived, and paces both.
"""

import asyncio
import logging
from collections.abc import Callable, Container
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import connection as database

from alcada.background import in_database
from alcada.connections import rate
from alcada.flow import posting as flow_posting
from alcada.flow.holding import Holder

log = logging.getLogger(__name__)

SIGHT_AFTER_S: Final = 2.0
SIGHT_LATER_S: Final = 18.0  # so much later while postings are being sent, on whatever account: they go first
SIGHT_AGAIN_S: Final = 15.0
SIGHT_EVERY_S: Final = 60.0  # while more is sent: a sighting costs the account a call or two
THREADS: Final = 4  # for looks, and for sightings
_WORK: Final = {"look": flow_posting.look_for_due, "sight": flow_posting.sight}


class Beside:
    """What one worker does beside sending. Of one event loop."""

    def __init__(self, holder: Holder) -> None:
        self._holder = holder
        self._under_way: dict[tuple[str, int], asyncio.Task[None]] = {}
        self._sights: dict[int, float] = {}  # account → when to see its latest postings come back
        self._sighted: dict[int, float] = {}
        self._missed: set[int] = set()  # accounts whose latest sighting missed one: seen again on time
        # Apart: a thousand looks must not keep a sighting waiting, or nothing is learnt of the lag that they wait for.
        self._threads = {name: ThreadPoolExecutor(THREADS, thread_name_prefix=name) for name in _WORK}

    def look(self, connection_id: int) -> None:
        """Look for what may have arrived on the account."""
        self._begin("look", connection_id, ())

    def sent(self, connection_id: int) -> None:
        """Some were sent: the first of a row is seen soon; a long row is not looked at all the time."""
        now, last = asyncio.get_running_loop().time(), self._sighted.get(connection_id, float("-inf"))
        self._sights.setdefault(connection_id, max(now + SIGHT_AFTER_S, last + SIGHT_EVERY_S))

    async def recall(self) -> None:
        """See also what another worker sent lately, in its time: it may not have lived to see it."""
        now = asyncio.get_running_loop().time()
        for connection_id, age_s in (await in_database(flow_posting.unsighted_lately)).items():
            self._sights.setdefault(connection_id, now - age_s + SIGHT_AFTER_S)

    def see(self, *, busy: bool, serving: Container[int]) -> None:
        """See what is to be seen by now; later where the worker is `busy`, seldom on accounts that it is `serving`."""
        now = asyncio.get_running_loop().time()
        later = SIGHT_LATER_S if busy else 0.0
        due = [pk for pk, at in self._sights.items() if at + (0.0 if pk in self._missed else later) <= now]
        for connection_id in due:
            del self._sights[connection_id]
            self._missed.discard(connection_id)
            self._sighted[connection_id] = now
            self._begin("sight", connection_id, serving)

    async def close(self) -> None:
        """When what is under way has ended."""
        await asyncio.gather(*self._under_way.values(), return_exceptions=True)
        for threads in self._threads.values():
            threads.shutdown(wait=False)

    def _begin(self, what: str, connection_id: int, serving: Container[int]) -> None:
        key = (what, connection_id)
        if key not in self._under_way:
            task = self._under_way[key] = asyncio.create_task(self._do(what, connection_id, serving))
            task.add_done_callback(lambda _: self._under_way.pop(key))

    async def _do(self, what: str, connection_id: int, serving: Container[int]) -> None:
        told = await self._held(what, connection_id)
        if what == "sight" and told:
            # One that was missed is looked for soon: how late it shows is known as well as it is watched.
            if missed := told == flow_posting.Sight.MISSED:
                self._missed.add(connection_id)
            seldom = connection_id in serving and not missed
            again = SIGHT_EVERY_S if seldom else SIGHT_AGAIN_S
            self._sights.setdefault(connection_id, asyncio.get_running_loop().time() + again)

    async def _held(self, what: str, connection_id: int) -> int:
        """What the work tells; where another worker serves the account, that there is more to do."""
        if not rate.limits().per_second:
            return await self._in_thread(what, connection_id)
        if not await self._holder.take(connection_id):
            return flow_posting.Sight.MORE
        try:
            return await self._in_thread(what, connection_id)
        finally:
            await self._holder.let_go(connection_id)

    async def _in_thread(self, what: str, connection_id: int) -> int:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads[what], _guarded, _WORK[what], connection_id)


def _guarded(work: Callable[[int], int], connection_id: int) -> int:
    try:
        return work(connection_id)
    except Exception:
        log.exception("looking on account %s", connection_id)
        return False
    finally:
        database.close()
