"""The bench's processes: PostgreSQL, sandbox, web, workers; their memory; a worker killed now and then."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from alcada.config import processes

KILL_EVERY_S = (3.0, 7.0)


class Machine:
    """Starts what the product consists of, as separate processes."""

    def __init__(self, workers: int) -> None:
        self._count = workers
        self._workers: subprocess.Popen[bytes] | None = None  # a master of several, or one
        self.others: list[subprocess.Popen[bytes]] = []
        self.peak_mb = 0.0
        self.killed = 0
        self._next_kill = 0.0

    def sandbox(self, port: int, *flags: str) -> None:
        self.others.append(_run("sandbox", "--port", str(port), "--mode", "strict", *flags))
        processes.wait_for_port(port)

    def web(self, port: int) -> subprocess.Popen[bytes]:
        child = _run("serve", "--port", str(port))
        self.others.append(child)
        processes.wait_for_port(port)
        return child

    def start_workers(self) -> None:
        self._workers = _run("worker", "--processes", str(self._count))

    def stop_workers(self) -> None:
        """As a restart would: what is under way is brought to its end."""
        if self._workers is not None:
            self._workers.terminate()
            self._workers.wait(60)
            self._workers = None

    def keep_one_worker(self) -> None:
        """A fresh one."""
        self.stop_workers()
        self._workers = _run("worker")

    def kill_one(self) -> None:
        """kill -9 a worker, every few seconds; its master starts another."""
        now = time.monotonic()
        if now < self._next_kill:
            return
        self._next_kill = now + random.uniform(*KILL_EVERY_S)  # noqa: S311  (no secret)
        for pid in self._workers_only()[:1]:
            os.kill(pid, signal.SIGKILL)
            self.killed += 1

    def revive(self) -> None:
        """A master, or an only worker, that ended by itself is started again, as the supervisor does."""
        if self._workers is not None and self._workers.poll() is not None:
            self.start_workers()

    def _workers_only(self) -> list[int]:
        """Without their master; an only worker has none. The oldest first."""
        if self._workers is None:
            return []
        return _children(self._workers.pid) or [self._workers.pid]

    def _processes(self) -> list[int]:
        return [] if self._workers is None else [self._workers.pid, *_children(self._workers.pid)]

    def sample(self) -> None:
        self.peak_mb = max(self.peak_mb, sum(map(_memory_mb, self._processes())))

    def idle_mb(self, web: subprocess.Popen[bytes], home: Path) -> float:
        """Web, workers and PostgreSQL together. Pages that several share count once."""
        pids = [web.pid, *self._processes(), *_postgres(home)]
        return sum(_memory_mb(pid) for pid in pids)

    def stop(self) -> None:
        started = [*([self._workers] if self._workers else []), *self.others]
        for child in started:
            child.send_signal(signal.SIGTERM)
        for child in started:
            try:
                child.wait(35)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _run(*arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {processes.SUPERVISED: str(os.getpid())}
    return subprocess.Popen(
        [sys.executable, "-m", "alcada", *arguments], env=environment, stdout=subprocess.DEVNULL
    )


def _memory_mb(pid: int) -> float:
    """Proportional set size: shared pages divided among those who share them. Linux; 0 where it can't be told."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except (OSError, ValueError):
        pass
    return 0.0


def _children(pid: int) -> list[int]:
    """The processes that this one started and that live, the oldest first. Linux; none where it can't be told."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    except OSError:
        return []


def _postgres(home: Path) -> list[int]:
    """The server of this installation and its children."""
    try:
        first = int((home / "postgres" / "postmaster.pid").read_text(encoding="ascii").split("\n")[0])
    except (OSError, ValueError):
        return []
    found = [first]
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (
                    (folder / "stat").read_text(encoding="ascii", errors="replace").rsplit(")", 1)[1].split()
                )
            except OSError:
                continue
            if int(fields[1]) == first:
                found.append(int(folder.name))
    return found
