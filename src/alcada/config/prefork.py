"""Several workers of one master: loaded once, forked, sharing its memory; one that dies is forked again at once."""

import gc
import os
import signal
import threading
import time
import traceback
from typing import Final

from django.db import connections

from alcada.config import processes

NOT_SOONER_S: Final = 2.0  # one that died younger than this is not replaced at once
GRACE_S: Final = 33.0  # for what is under way; less than the supervisor gives the master
_SIGNALS: Final = frozenset({signal.SIGCHLD, signal.SIGTERM, signal.SIGINT})


def work(count: int, *, concurrency: int) -> int:
    """Keep so many workers running until told to stop, or until who started this one is gone."""
    import alcada.flow.dispatcher
    import alcada.jobs.tasks  # noqa: F401  (what a worker needs is loaded once, here)

    connections.close_all()
    if threading.active_count() > 1:
        raise RuntimeError("a thread would be missing in each worker")
    gc.collect()
    gc.freeze()  # so that no collection touches, and by that copies, what the workers share
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    master = _Master(count, concurrency)
    parent = os.getppid()
    while os.getppid() == parent:
        master.fill()
        told = signal.sigtimedwait(_SIGNALS, 1.0)
        if told is not None and told.si_signo != signal.SIGCHLD:
            break
        master.reap()
    master.stop()
    return 0


class _Master:
    """The workers by their process's id, with the moment at which each began."""

    def __init__(self, count: int, concurrency: int) -> None:
        self._count, self._concurrency = count, concurrency
        self._began: dict[int, float] = {}
        self._not_before = 0.0

    def fill(self) -> None:
        """Fork those that are missing."""
        while len(self._began) < self._count and time.monotonic() >= self._not_before:
            master = os.getpid()
            pid = os.fork()
            if not pid:
                _be_worker(master, self._concurrency)
            self._began[pid] = time.monotonic()

    def reap(self) -> None:
        """Note those that died."""
        while self._began:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            began = self._began.pop(pid)
            self._not_before = began + NOT_SOONER_S
            code = os.waitstatus_to_exitcode(status)
            print(f"worker {pid} ended ({code}): starting another", flush=True)

    def stop(self) -> None:
        """Let each bring to its end what is under way; those that don't are killed."""
        for pid in self._began:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_S
        while self._began and time.monotonic() < deadline:
            pid, _ = os.waitpid(-1, os.WNOHANG)
            if pid:
                del self._began[pid]
            else:
                signal.sigtimedwait({signal.SIGCHLD}, 0.2)
        for pid in self._began:
            os.kill(pid, signal.SIGKILL)


def _be_worker(master: int, concurrency: int) -> None:
    """What the child does; it never returns into the master's code."""
    code = 1
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.environ[processes.SUPERVISED] = str(master)
        code = processes.work(concurrency=concurrency)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
