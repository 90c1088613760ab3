"""A worker's posting loop: many accounts and many calls at once, few statements, no thread held by a waiting call.

The table of postings is the queue. The loop looks around every second for accounts with something due, and at once when
it is woken (`queue.wake`). An account with something to send is served by one task, which takes as many postings as the
account has free moments for (`flow.taker`); each departs at its moment; outcomes are written together as they
come in. Looking for what may have arrived goes on beside it, in threads of its own.
"""

import asyncio
import contextlib
import logging
import random
from collections import Counter
from collections.abc import Coroutine, Iterator
from dataclasses import replace
from typing import Any, Final

from alcada import queue
from alcada.background import in_database
from alcada.connections import access, gateway, rate, remote
from alcada.flow import posting as flow_posting
from alcada.flow.beside import Beside
from alcada.flow.holding import Holder
from alcada.flow.listening import notifications
from alcada.flow.rests import Rests
from alcada.flow.room import Room
from alcada.flow.taker import Taken, Taker
from alcada.flow.writer import Writer
from alcada.posting import actions, moves, queries, send
from alcada.posting.finishing import Arrival
from alcada.posting.models import Attempt
from alcada.posting.prepare import Job
from alcada.posting.rules import Outcome
from alcada.posting.taking import Departure

log = logging.getLogger(__name__)

GROUP: Final = 32  # postings taken in one transaction
IN_FLIGHT: Final = 256  # taken and not yet written down, over all accounts of this worker
SHARE: Final = (
    64  # of these one account's, where calls are limited: it needs ten; one that hangs takes all it gets
)
LOOK_AROUND_S: Final = 1.0
EXPIRE_EVERY_S: Final = 5.0
BRING_NEAR_EVERY_S: Final = 60.0
STINT_S: Final = 60.0  # each change of workers costs the account half a second
ELSEWHERE_S: Final = 1.0
# One that answers nothing clear is asked by one posting at a time: an hour of 503 must not make a doubt of each.
DOUBTS_IN_A_ROW: Final = 5
# The shorter of Conta Azul's windows: what arrives later is no longer in one with it.
ARRIVES_IN_S: Final = 1.0


class Dispatcher:
    """One per worker process, on its event loop."""

    def __init__(self) -> None:
        self._room = Room(IN_FLIGHT)
        self._taker, self._writer = Taker(), Writer(self._room)
        self._serving: dict[int, asyncio.Task[None]] = {}
        self._flying: Counter[int] = Counter()  # account → taken, and its call not ended
        self._sending: set[asyncio.Task[None]] = set()
        self._named: set[int] = set()  # accounts somebody woke us for
        self._woken, self._stopping = asyncio.Event(), asyncio.Event()
        self._rests = Rests()
        self._doubts: Counter[int] = Counter()  # account → unclear answers in a row
        self._holder = Holder()
        self._beside = Beside(self._holder)
        self._elsewhere: dict[
            int, float
        ] = {}  # accounts another worker serves, and until when we leave them to it
        self._leaving_until: dict[int, float] = {}
        self._expired_at = self._neared_at = float("-inf")
        self._recalled = False

    # --- The loop -------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Until `stop`; then what is under way is brought to its end."""
        with self._clerks():
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
        with self._clerks():
            while await in_database(actions.anything_due, connection_id) and not self._rests:
                await self._serve(connection_id)
                await self._settle()
            await self._finish()

    @contextlib.contextmanager
    def _clerks(self) -> Iterator[None]:
        """Who takes, and who writes down, for all accounts."""
        clerks = [asyncio.create_task(clerk.run()) for clerk in (self._taker, self._writer)]
        try:
            yield
        finally:
            for clerk in clerks:
                clerk.cancel()

    async def _finish(self) -> None:
        await asyncio.gather(*self._serving.values(), return_exceptions=True)
        await self._beside.close()
        await self._settle()
        await self._holder.close()
        await remote.close()

    async def _settle(self) -> None:
        """Until all that departed has arrived, and is written."""
        while self._sending:
            await asyncio.gather(*self._sending, return_exceptions=True)
        await self._writer.written()

    async def _look_around(self) -> None:
        now = asyncio.get_running_loop().time()
        named, self._named = self._named, set()
        if not self._recalled:
            await self._beside.recall()
            self._recalled = True
        if now - self._expired_at >= EXPIRE_EVERY_S:
            self._expired_at = now
            await in_database(actions.expire_claims)
        if now - self._neared_at >= BRING_NEAR_EVERY_S:
            self._neared_at = now
            await in_database(moves.bring_near)
        for connection_id in named:
            self._begin(connection_id)
        due = list((await in_database(queries.accounts_due)).items())
        random.shuffle(due)  # workers that began at the same end would get into each other's way
        for connection_id, (to_send, to_look) in due:
            if to_send and connection_id not in named:
                self._begin(connection_id)
            if to_look:
                self._beside.look(connection_id)
        self._beside.see(busy=bool(self._sending), serving=self._serving)

    def _begin(self, connection_id: int) -> None:
        if connection_id in self._serving:
            self._named.add(connection_id)  # it looks once more before it ends
        elif (
            not self._rests.holds(connection_id)
            and self._elsewhere.get(connection_id, 0.0) <= asyncio.get_running_loop().time()
        ):
            task = self._serving[connection_id] = asyncio.create_task(self._serve(connection_id))
            task.add_done_callback(lambda _: self._serving.pop(connection_id, None))

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
            # Whoever takes over must not send beside what still waits here for its moment, or has just left.
            await asyncio.sleep(self._leaving_until.pop(connection_id, 0.0) - loop.time())
            await self._arrived(connection_id)
        finally:
            await self._holder.let_go(connection_id)

    async def _arrived(self, connection_id: int) -> None:
        """Until all that left has surely arrived: it was answered, or was on its way for as long as a window is."""
        end = asyncio.get_running_loop().time() + ARRIVES_IN_S
        while self._flying[connection_id] and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110  (many end)
            await asyncio.sleep(0.02)

    async def _serve_until(self, connection_id: int, end: float) -> None:
        """Take and send until nothing is due on the account, or the stint is over."""
        while not self._stopping.is_set() and asyncio.get_running_loop().time() < end:
            self._named.discard(connection_id)
            if self._flying[connection_id] >= SHARE and rate.limits().per_second:
                await _first_of(self._stopping, LOOK_AROUND_S / 4)
                continue
            began = asyncio.get_running_loop().time()
            try:
                group, usable = await self._take(connection_id)
            except (access.NeedsAuthorisationError, access.PausedError):
                return  # the account's state says so: its postings wait
            except access.TemporaryAccessError:
                self._rests.begin(connection_id)
                return
            except Exception:
                log.exception("could not take postings of account %s", connection_id)
                self._rests.begin(connection_id)
                return
            for departure in group.departures:
                self._spawn(connection_id, self._depart(departure, usable, began))
            for job in group.unprepared:
                self._spawn(connection_id, self._send(job))
            now = asyncio.get_running_loop().time()
            if group.departures:
                self._leaving_until[connection_id] = now + group.departures[-1].wait_s
            if group.departures or group.unprepared:
                self._beside.sent(connection_id)
            elif group.wait_s is not None:
                await _first_of(self._stopping, max(0.01, group.wait_s))
            if group.all_due and connection_id not in self._named:
                return
            if connection_id in self._rests:
                return

    async def _take(self, connection_id: int) -> Taken:
        """Postings to send now, as many as there is room for; the room is given back as each is written down."""
        # One tries whether the account can be reached again; the others wait for it, and don't fail one by one.
        places = await self._room.take(1 if connection_id in self._rests else GROUP)
        under_way = 0
        try:
            taken = await self._taker.take(connection_id, places)
            under_way = len(taken.group.departures) + len(taken.group.unprepared)
        finally:
            self._room.give_back(places - under_way)
        return taken

    async def _depart(self, departure: Departure, usable: access.Usable, taken_at: float) -> None:
        job = departure.job
        if asyncio.get_running_loop().time() - taken_at > actions.call_limit_s():
            # This process stood still: the call would outlive the claim. It counts as sent, and is looked for.
            self._room.give_back()
            return
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
        """Can the account be reached, and does it answer?"""
        if outcome.kind == Attempt.Outcome.UNKNOWN:
            self._doubts[connection_id] += 1
        else:
            self._doubts.pop(connection_id, None)
        if outcome.unreached or self._doubts[connection_id] >= DOUBTS_IN_A_ROW:
            self._rests.begin(connection_id)
        elif outcome.kind == Attempt.Outcome.POSTED:
            self._rests.end(connection_id)

    def _spawn(self, connection_id: int, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._sending.add(task)
        self._flying[connection_id] += 1

        def done(_: asyncio.Task[None]) -> None:
            self._sending.discard(task)
            self._flying[connection_id] -= 1

        task.add_done_callback(done)


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    """Until the event, or so many seconds."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)
