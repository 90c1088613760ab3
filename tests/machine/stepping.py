"""Workers and looks of the real code, one step at a time.

A worker is the real dispatcher on an event loop of its own that runs only while it is stepped; a look is the real
search in a greenlet. Both stop at their seams, which are where the network is, and go on when the machine says so, and
how: with a fault, or never again, as a process that was killed.

Seams of a worker: `prepare` (claimed, no attempt yet), `leave` (the attempt is committed, no bytes have left), `answer`
(the answer is on its way), `note` (the worker has the outcome, nothing is written). The first three are inside what a
call may take. Of a look: each of its calls.
"""

import asyncio
import contextvars
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from django.db import OperationalError, connections
from greenlet import getcurrent, greenlet
from machine.clock import Loop

from alcada import background
from alcada.connections import access, remote
from alcada.flow import dispatcher, writer
from alcada.flow import posting as flow_posting
from alcada.posting import send

log = logging.getLogger(__name__)
WRITES = ("POST", "PATCH")
Strike = Callable[[str], None]  # tells the sandbox what befalls the next call


class DatabaseAwayError(OperationalError):
    """The database can't be reached just now."""


@dataclass
class Gate:
    """Somewhere a worker or look stands still."""

    point: str
    what: str
    go: Any = None  # a future (worker); None for a look

    def __str__(self) -> str:
        return f"{self.point} {self.what}"


@dataclass
class World:
    """What the seams ask the machine for."""

    strike: Strike = lambda how: None
    database_away: bool = False
    database: Any = None
    workers: list["Worker"] = field(default_factory=list)
    looks: list["Look"] = field(default_factory=list)
    graves: list["Worker"] = field(default_factory=list)


world = World()


class Worker:
    """A worker process: takes what is due on one account, brings it to its outcomes, ends."""

    def __init__(self, connection_id: int) -> None:
        self.loop = Loop()
        self.loop.worker = self  # type: ignore[attr-defined]
        self.gates: list[Gate] = []
        self.busy = 0
        self.client: httpx.AsyncClient | None = None
        self.dispatcher = dispatcher.Dispatcher()
        self.task = self.loop.create_task(self.dispatcher.drain(connection_id))
        world.workers.append(self)
        self.settle()

    def settle(self) -> None:
        """Run until it stands at its gates, or waits for the clock, or has ended."""
        self.loop.run_until_complete(self._quiet())
        if self.task.done():
            self.task.result()
            self.end()

    async def _quiet(self) -> None:
        still = 0
        while still < 8:
            await asyncio.sleep(0.0003 if self.busy else 0)
            still = 0 if self.busy else still + 1

    def step(self, gate: Gate, how: str) -> None:
        self.gates.remove(gate)
        if not gate.go.done():
            gate.go.set_result(how)
        self.settle()

    async def park(self, point: str, what: str) -> str:
        gate = Gate(point, what, self.loop.create_future())
        self.gates.append(gate)
        try:
            return str(await gate.go)
        finally:
            if gate in self.gates:
                self.gates.remove(gate)

    def die(self) -> None:
        """Killed: nothing of it runs any more. (Its coroutines are kept, or Python would run their `finally`.)"""
        world.workers.remove(self)
        world.graves.append(self)

    def end(self) -> None:
        if self in world.workers:
            world.workers.remove(self)
        self.loop.run_until_complete(self._wind_up())
        self.loop.close()

    async def _wind_up(self) -> None:
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.client is not None:
            await self.client.aclose()


class Look(greenlet):
    """A worker's looking beside the sending: the real search, call by call."""

    def __init__(self, connection_id: int) -> None:
        super().__init__(lambda: flow_posting.look_for_due(connection_id))
        self.gr_context = contextvars.copy_context()
        self.at: Gate | None = None
        self.home = getcurrent()
        world.looks.append(self)
        self._advance("")

    def step(self, how: str) -> None:
        self._advance(how)

    def park(self, what: str) -> str:
        self.at = Gate("look", what)
        return str(self.home.switch())

    def _advance(self, how: str) -> None:
        self.home = getcurrent()
        try:
            self.switch(how) if self.at else self.switch()
        finally:
            if self.dead:
                world.looks.remove(self)

    def die(self) -> None:
        world.looks.remove(self)
        self.throw()


def bury() -> None:
    """At an example's end: what was killed is cleared away for good."""
    for look in list(world.looks):
        look.die()
    for worker in [*world.workers, *world.graves]:
        worker.end()
    world.graves.clear()
    world.database_away = False


def uninstall() -> None:
    assert remote._http is not None
    remote._http.close()


# --- The seams ------------------------------------------------------------------------------------------------


def install(patch: Any) -> None:
    world.database = connections["default"]
    patch.setattr(remote, "async_http", _client_of_the_loop)
    patch.setattr(remote, "_http", httpx.Client(transport=_Sync()))
    patch.setattr(background, "sync_to_async", _here)
    patch.setattr(send, "create", _noting(send.create))
    patch.setattr(send, "_prepare", _preparing(send._prepare))
    patch.setattr(writer, "_record", _reachable(writer._record))
    # Nobody else can be refreshing: whoever was is dead.
    patch.setattr(access, "WAIT_S", 0.0)


def _worker() -> Worker:
    return asyncio.get_running_loop().worker  # type: ignore[attr-defined, no-any-return]


def _client_of_the_loop(_pool: int) -> httpx.AsyncClient:
    worker = _worker()
    if worker.client is None:
        worker.client = httpx.AsyncClient(transport=_Async())
    return worker.client


def _here(run: Callable[[], Any], **_where: Any) -> Callable[[], Awaitable[Any]]:
    """The database's part of a step: at once, on the one connection, whole."""

    async def ran() -> Any:
        connections["default"] = world.database  # Django would open one for each task
        return run()

    return ran


def _noting(create: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def noted(connection_id: int, call: Any, *more: Any) -> Any:
        outcome = await create(connection_id, call, *more)
        await _worker().park("note", f"{call.name}: {outcome.kind.value}")
        return outcome

    return noted


def _preparing(prepare: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def prepared(job: Any) -> Any:
        await _worker().park("prepare", job.reference)
        return await prepare(job)

    return prepared


def _reachable(record: Callable[..., None]) -> Callable[..., None]:
    def recorded(*arguments: Any) -> None:
        if world.database_away:
            raise DatabaseAwayError
        record(*arguments)

    return recorded


class _Async(httpx.AsyncBaseTransport):
    """A worker's way to the network."""

    def __init__(self) -> None:
        self._road = httpx.AsyncHTTPTransport(verify=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        worker, what = _worker(), f"{request.method} {request.url.path}"
        how = await worker.park("leave", what) if request.method in WRITES else "ok"
        if how == "no connection":
            raise httpx.ConnectError("nobody there", request=request)
        worker.busy += 1
        try:
            world.strike(how)
            response = await self._road.handle_async_request(request)
            await response.aread()
        finally:
            world.strike("ok")
            worker.busy -= 1
        if how == "late":
            await worker.park("answer", what)
        return response

    async def aclose(self) -> None:
        await self._road.aclose()


class _Sync(httpx.BaseTransport):
    """The way of what is not asynchronous: looks, which stop here; sightings, and the token's address."""

    def __init__(self) -> None:
        self._road = httpx.HTTPTransport(verify=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        look = getcurrent()
        how = look.park(f"{request.method} {request.url.path}") if isinstance(look, Look) else "ok"
        if how == "no connection":
            raise httpx.ConnectError("nobody there", request=request)
        if how == "ok":
            return self._road.handle_request(request)
        try:
            world.strike(how)
            response = self._road.handle_request(request)
            response.read()
            return response
        finally:
            world.strike("ok")

    def close(self) -> None:
        self._road.close()
