"""The long-running processes: web, worker, and the one that keeps them running."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import IO

from alcada.config import backup, database

SUPERVISED = "ALCADA_SUPERVISED_BY"


def serve(*, host: str, port: int) -> int:
    """The web process: waitress threads before Django; static files by WhiteNoise."""
    import waitress

    from alcada.config.wsgi import application

    end_with_supervisor()
    signal.signal(signal.SIGTERM, interrupt)
    waitress.serve(
        application, host=host, port=port, threads=8, ident="alcada", clear_untrusted_proxy_headers=False
    )
    return 0


def work(*, concurrency: int) -> int:
    """A worker process. A stop lets running jobs finish; what a kill leaves behind is found by the timetable."""
    if backup.unfinished():
        print("A restore was cut off: run it again before a worker may send anything.", file=sys.stderr)
        return 1
    end_with_supervisor()
    asyncio.run(_work(concurrency))
    return 0


async def _work(concurrency: int) -> None:
    from procrastinate.contrib.django import app

    from alcada.flow.dispatcher import Dispatcher

    dispatcher = Dispatcher()
    posting = asyncio.create_task(dispatcher.run())
    # Should the loop ever end by itself, the process does: whoever supervises it starts another.
    posting.add_done_callback(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    # Django's connector has this method; the base class that it is typed as has not.
    with app.replace_connector(app.connector.get_worker_connector()) as worker_app:  # type: ignore[attr-defined]
        async with worker_app.open_async():
            await worker_app.run_worker_async(
                concurrency=concurrency,
                fetch_job_polling_interval=1.0,  # a job scheduled for later is not announced: it is polled for
                delete_jobs="successful",
                shutdown_graceful_timeout=30,
            )
    dispatcher.stop()
    await posting


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Supervisor:
    """Starts our processes, starts a worker or web process anew when it dies, stops all at the end."""

    def __init__(self, *, output: IO[str] | None = None) -> None:
        """`output` is where the children's words go: standard output unless given."""
        self._environment = {**os.environ, SUPERVISED: str(os.getpid())}
        self._output = output
        self._commands: dict[subprocess.Popen[bytes], Sequence[str]] = {}

    def start(self, *arguments: str) -> "subprocess.Popen[bytes]":
        """Run `alcada <arguments>` as a child."""
        child = subprocess.Popen(
            [sys.executable, "-m", "alcada", *arguments], env=self._environment, stdout=self._output
        )
        self._commands[child] = arguments
        return child

    def stop(self) -> None:
        for child in self._commands:
            child.terminate()
        deadline = time.monotonic() + 35
        for child in self._commands:
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self._commands.clear()

    def watch(self) -> None:
        """Until interrupted: a child that ended is started again, not faster than every two seconds."""
        signal.signal(signal.SIGTERM, interrupt)
        try:
            while True:
                time.sleep(2)
                if database.revive():
                    print("PostgreSQL had died: started again", flush=True)
                for child in [child for child in self._commands if child.poll() is not None]:
                    arguments = self._commands.pop(child)
                    print(f"alcada {arguments[0]} ended ({child.returncode}): starting it again", flush=True)
                    self.start(*arguments)
        except KeyboardInterrupt:
            print("Stopping", flush=True)


def freed(port: int, *, seconds: float = 5) -> bool:
    """Is the port free, or within these seconds? What a killed supervisor left behind ends by itself in that time."""
    deadline = time.monotonic() + seconds
    while listens(port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def listens(port: int) -> bool:
    """Does anything listen on this port of loopback?"""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for_port(port: int, *, seconds: float = 30) -> None:
    """Return when something listens; TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if listens(port):
            return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {seconds:.0f} s")


def interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def end_with_supervisor() -> None:
    """A supervisor that was killed can't stop its children: they notice, and stop by themselves."""
    parent = int(os.environ.get(SUPERVISED, "0"))
    if not parent:
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()
