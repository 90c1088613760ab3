"""A worker's posting loop: many accounts and many calls at once, few statements, no thread held by a waiting call.

The table of postings is the queue. The loop looks around every second for accounts with something due, and at once when
it is woken (`queue.wake`). An account with something to send is served by one task, which takes as many postings as the
account has free moments for (`posting.batches.take`); each departs at its moment; outcomes are written together as they
come in. Looking for what may have arrived goes on beside it, in threads of its own.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db import connection as database

from alcada import queue
from alcada.background import in_database
from alcada.connections import access, gateway, rate, remote
from alcada.flow import posting as flow_posting
from alcada.flow.holding import Holder
from alcada.flow.listening import notifications
from alcada.flow.room import Room
from alcada.flow.writer import Writer
from alcada.posting import actions, batches, moves, queries, send
from alcada.posting.batches import Arrival, Departure, Group
from alcada.posting.models import Attempt
from alcada.posting.prepare import Job
from alcada.posting.rules import Outcome

log = logging.getLogger(__name__)

GROUP: Final = 32  # postings taken in one transaction
IN_FLIGHT: Final = 256  # taken and not yet written down, over all accounts of this worker
LOOK_AROUND_S: Final = 1.0
EXPIRE_EVERY_S: Final = 5.0
BRING_NEAR_EVERY_S: Final = 60.0
SIGHT_AFTER_S: Final = 2.0
SIGHT_AGAIN_S: Final = 15.0
SIGHT_EVERY_S: Final = 60.0  # while more is sent: a sighting costs the account a call or two
THREADS: Final = 4  # for looks, and for sightings
STINT_S: Final = 20.0
ELSEWHERE_S: Final = 2.0
LONGEST_REST_S: Final = 60.0
_BESIDE: Final = {"look": flow_posting.look_for_due, "sight": flow_posting.sight}


class Dispatcher:
    """One per worker process, on its event loop."""

    def __init__(self) -> None:
        self._room = Room(IN_FLIGHT)
        self._writer = Writer(self._room)
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._beside: dict[tuple[str, int], asyncio.Future[int]] = {}  # looks and sightings, by account
        self._sending: set[asyncio.Task[None]] = set()
        self._named: set[int] = set()  # accounts somebody woke us for
        self._woken, self._stopping = asyncio.Event(), asyncio.Event()
        self._rests: dict[int, _Rest] = {}
        self._holder = Holder()
        self._elsewhere: dict[
            int, float
        ] = {}  # accounts another worker serves, and until when we leave them to it
        self._sights: dict[int, float] = {}  # account → when to see its latest postings come back
        self._sighted: dict[int, float] = {}
        self._leaving_until: dict[int, float] = {}
        self._expired_at = self._neared_at = float("-inf")
        # Apart: a thousand looks must not keep a sighting waiting, or nothing is learnt of the lag that they wait for.
        self._threads = {name: ThreadPoolExecutor(THREADS, thread_name_prefix=name) for name in _BESIDE}

    # --- The loop -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `stop`; then what is under way is brought to its end."""
        writer = asyncio.create_task(self._writer.run())
        listener = asyncio.create_task(notifications(queue.WAKE, self.wake))
        try:
            while not self._stopping.is_set():
                try:
                    await self._look_around()
                except Exception:  # the database was away: the next look finds what this one missed
                    log.exception("could not look for what is due")
                self._woken.clear()
                await _first_of(self._woken, LOOK_AROUND_S)
        finally:
            listener.cancel()
            await self._finish()
            writer.cancel()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping.set()
        self._woken.set()

    def wake(self, payload: str) -> None:
        """Somebody committed something for this account."""
        if payload.isdecimal():
            self._named.add(int(payload))
            self._woken.set()

    async def drain(self, connection_id: int) -> None:
        """Send what waits on one account now, and end: what a test, or a command without a worker, needs."""
        writer = asyncio.create_task(self._writer.run())
        while await in_database(actions.anything_due, connection_id) and not self._rests:
            await self._serve(connection_id)
            await self._settle()
        await self._finish()
        writer.cancel()

    async def _finish(self) -> None:
        await asyncio.gather(*self._serving.values(), return_exceptions=True)
        await asyncio.gather(*self._beside.values(), return_exceptions=True)
        await self._settle()
        await self._holder.close()
        for threads in self._threads.values():
            threads.shutdown(wait=False)
        await remote.close()

    async def _settle(self) -> None:
        """Until all that departed has arrived, and is written."""
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)
        await self._writer.written()

    async def _look_around(self) -> None:
        now = asyncio.get_running_loop().time()
        named, self._named = self._named, set()
        if now - self._expired_at >= EXPIRE_EVERY_S:
            self._expired_at = now
            await in_database(actions.expire_claims)
        if now - self._neared_at >= BRING_NEAR_EVERY_S:
            self._neared_at = now
            await in_database(moves.bring_near)
        for connection_id in named:
            self._begin(connection_id)
        for connection_id, (to_send, to_look) in (await in_database(queries.accounts_due)).items():
            if to_send and connection_id not in named:
                self._begin(connection_id)
            if to_look:
                self._begin_beside("look", connection_id)
        for connection_id in [pk for pk, at in self._sights.items() if at <= now]:
            del self._sights[connection_id]
            self._sighted[connection_id] = now
            self._begin_beside("sight", connection_id)

    def _begin(self, connection_id: int) -> None:
        rest = self._rests.get(connection_id)
        resting = rest is not None and rest.until > asyncio.get_running_loop().time()
        if connection_id in self._serving:
            self._named.add(connection_id)  # it looks once more before it ends
        elif not resting and self._elsewhere.get(connection_id, 0.0) <= asyncio.get_running_loop().time():
            task = self._serving[connection_id] = asyncio.create_task(self._serve(connection_id))
            task.add_done_callback(lambda _: self._serving.pop(connection_id, None))

    def _begin_beside(self, what: str, connection_id: int) -> None:
        """Look for what may have arrived, or see our latest postings come back: one of each at a time per account."""
        if (what, connection_id) in self._beside:
            return
        loop, work = asyncio.get_running_loop(), _BESIDE[what]
        future = loop.run_in_executor(self._threads[what], _guarded, work, connection_id)
        self._beside[what, connection_id] = future

        def done(ended: asyncio.Future[int]) -> None:
            del self._beside[what, connection_id]
            if what == "sight" and not ended.cancelled() and ended.result():
                # One that was missed is looked for soon: how late it shows is known as well as it is watched.
                seldom = connection_id in self._serving and ended.result() != flow_posting.Sight.MISSED
                again = SIGHT_EVERY_S if seldom else SIGHT_AGAIN_S
                self._sights.setdefault(connection_id, loop.time() + again)

        future.add_done_callback(done)

    # --- One account ----------------------------------------------------------------------------------------

    async def _serve(self, connection_id: int) -> None:
        """Serve the account for a stint; where its calls are limited, only if no other worker does."""
        if not rate.limits().per_second:
            await self._serve_until(connection_id, float("inf"))
            return
        # Who serves few accounts is quicker to take one more.
        await asyncio.sleep(0.002 * (len(self._serving) - 1))
        if not await self._holder.take(connection_id):
            self._elsewhere[connection_id] = asyncio.get_running_loop().time() + ELSEWHERE_S
            return
        loop = asyncio.get_running_loop()
        try:
            await self._serve_until(connection_id, loop.time() + STINT_S)
            # Whoever takes over must not send beside what still waits here for its moment.
            await asyncio.sleep(self._leaving_until.pop(connection_id, 0.0) - loop.time())
        finally:
            await self._holder.let_go(connection_id)

    async def _serve_until(self, connection_id: int, end: float) -> None:
        """Take and send until nothing is due on the account, or the stint is over."""
        while not self._stopping.is_set() and asyncio.get_running_loop().time() < end:
            self._named.discard(connection_id)
            try:
                group, usable = await self._take(connection_id)
            except (access.NeedsAuthorisationError, access.PausedError):
                return  # the account's state says so: its postings wait
            except access.TemporaryAccessError:
                self._rest(connection_id)
                return
            except Exception:
                log.exception("could not take postings of account %s", connection_id)
                self._rest(connection_id)
                return
            for departure in group.departures:
                self._spawn(self._depart(departure, usable))
            for job in group.unprepared:
                self._spawn(self._send(job))
            now = asyncio.get_running_loop().time()
            if group.departures:
                self._leaving_until[connection_id] = now + group.departures[-1].wait_s
            if group.departures or group.unprepared:
                # The first of a row is seen soon; a long row is not looked at all the time.
                last = self._sighted.get(connection_id, float("-inf"))
                self._sights.setdefault(connection_id, max(now + SIGHT_AFTER_S, last + SIGHT_EVERY_S))
            elif group.wait_s is not None:
                await _first_of(self._stopping, max(0.01, group.wait_s))
            if group.all_due and connection_id not in self._named:
                return
            if connection_id in self._rests:
                return

    async def _take(self, connection_id: int) -> tuple[Group, access.Usable]:
        """Postings to send now, as many as there is room for; the room is given back as each is written down."""
        # One tries whether the account can be reached again; the others wait for it, and don't fail one by one.
        places = await self._room.take(1 if connection_id in self._rests else GROUP)
        group = Group()
        try:
            usable = await in_database(access.usable, connection_id)
            group = await in_database(batches.take, connection_id, places)
        finally:
            self._room.give_back(places - len(group.departures) - len(group.unprepared))
        return group, usable

    async def _depart(self, departure: Departure, usable: access.Usable) -> None:
        job = departure.job
        ready = gateway.Ready(usable.token, usable.state, departure.wait_s)
        outcome = await send.create(job.connection_id, departure.call, ready)
        self._learn(job.connection_id, outcome)
        self._writer.put(Arrival(job.posting_id, departure.attempt_id, job.claim, outcome))

    async def _send(self, job: Job) -> None:
        """One that needs something looked up or made first: by itself, from beginning to end."""
        try:
            outcome = await send.send(replace(job, evidence=flow_posting.evidence))
            if outcome is not None:
                self._learn(job.connection_id, outcome)
        except Exception:  # its claim runs out, and it is dealt with then
            log.exception("posting %s could not be brought to its outcome", job.posting_id)
        finally:
            self._room.give_back()

    def _learn(self, connection_id: int, outcome: Outcome) -> None:
        """Can the account be reached?"""
        if outcome.unreached:
            self._rest(connection_id)
        elif outcome.kind == Attempt.Outcome.POSTED:
            self._rests.pop(connection_id, None)

    def _rest(self, connection_id: int) -> None:
        """The account can't be reached: leave it alone for a while, longer each time."""
        now = asyncio.get_running_loop().time()
        rest = self._rests.setdefault(connection_id, _Rest())
        if rest.until <= now:
            rest.seconds = min(2 * rest.seconds, LONGEST_REST_S)
            rest.until = now + rest.seconds

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)


@dataclass
class _Rest:
    """How long an account that can't be reached is left alone."""

    seconds: float = 0.5
    until: float = 0.0


def _guarded(work: Callable[[int], int], connection_id: int) -> int:
    try:
        return work(connection_id)
    except Exception:
        log.exception("looking on account %s", connection_id)
        return False
    finally:
        database.close()


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or so many seconds."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
