"""The commands that scripts and people rely on, each in an installation of its own."""

import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import psutil
import pytest
from running import until

from alcada.config import processes
from alcada.posting.rules import IN_DOUBT


def alone(home: Path) -> dict[str, str]:
    """An environment without a database or anything else of this test run's."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ALCADA_", "DATABASE_", "DJANGO"))
    }
    return kept | {"ALCADA_HOME": str(home)}


def alcada(home: Path, *arguments: str, status: int = 0, **more: str) -> str:
    done = run(home, *arguments, **more)
    assert done.returncode == status, done.stderr
    return done.stdout


def run(home: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "alcada", *arguments],
        env=alone(home) | more,
        capture_output=True,
        text=True,
        timeout=400,  # a machine may be busy
        check=False,
    )


def test_the_demo_counts_the_books_against_what_was_approved(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as short:  # a socket's path has 107 characters
        report = json.loads(alcada(tmp_path, "demo", "--once", "--json", TMPDIR=short))
        # Nothing of it stays, no file and no server.
        assert list(Path(short).iterdir()) == []
        assert running_in(Path(short)) == []
    assert report["ok"] is True
    assert report["approved"] == report["posted"] == report["payables"] + report["receivables"] == 5
    assert report["lost"] == report["duplicated"] == report["wrong_content"] == report["unapproved"] == 0
    assert report["vendors_created"] == 5
    assert report["cost_centres_created"] == 1


FIGURES = {
    *("ok", "approved", "posted", "waiting", "lost", "duplicated", "misrouted", "wrong_content"),
    *("duplicate_people", "duplicate_cost_centres", "calls_per_posting", "approve_to_posted_p50"),
    *(
        "approve_to_posted_p99",
        "postings_per_s",
        "bare_loop_per_s",
        "rate_limited",
        "peak_rss_mb",
        "idle_rss_mb",
    ),
}


@pytest.mark.parametrize("struck", ["0", "0.1"])
def test_the_bench_counts_the_books_and_tells_all_its_figures(tmp_path: Path, struck: str) -> None:
    arguments = ("--postings", "24", "--accounts", "2", "--rate-limit", "off", "--faults", struck, "--json")
    # Absence is believed after four seconds here, and not after ten minutes: nobody waits that long for a test.
    quick = {"ALCADA_POSTING_ABSENCE_SPAN": "4", "ALCADA_POSTING_ABSENCE_EVIDENCE": "1"}
    quick |= {
        "ALCADA_POSTING_FIRST_LOOK": "1",
        "ALCADA_POSTING_LOOK_SPACING": "2",
        "ALCADA_POSTING_RETRY": "1",
    }
    quick |= {"ALCADA_POSTING_LOOK_FOR": "20"}
    with tempfile.TemporaryDirectory() as short:
        done = run(tmp_path, "bench", "posting", *arguments, TMPDIR=short, **quick)
    assert done.stdout, done.stderr
    report = json.loads(done.stdout)
    # A person may be asked of what got lost when a slow machine learnt too little within those seconds.
    assert set(report["waiting"]) <= (set(IN_DOUBT) if struck != "0" else set()), report
    assert done.returncode == (1 if report["waiting"] else 0), report
    assert set(report) >= FIGURES
    assert report["posted"] + sum(report["waiting"].values()) == report["approved"]
    assert report["lost"] == report["duplicated"] == report["misrouted"] == report["wrong_content"] == 0
    assert report["duplicate_people"] == report["duplicate_cost_centres"] == 0


def running_in(folder: Path) -> list[psutil.Process]:
    """Processes whose command line names this folder."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(str(folder) in word for word in process.info["cmdline"] or [])
    ]


def test_a_demo_that_was_killed_goes_on(tmp_path: Path) -> None:
    """What it left behind must not hold the ports."""
    ports = ["--port", str(processes.free_port()), "--sandbox-port", str(processes.free_port())]
    said = tmp_path / "said"

    def up() -> "subprocess.Popen[bytes]":
        with said.open("w") as output:
            running = subprocess.Popen(
                [sys.executable, "-m", "alcada", "demo", *ports], env=alone(tmp_path), stdout=output
            )
        until(lambda: running.poll() is not None or "Ctrl+C stops it" in said.read_text(), "the demo", 90)
        assert running.poll() is None
        return running

    killed = up()
    killed.kill()
    killed.wait()
    again = up()
    again.terminate()
    assert again.wait(40) in (0, 130)
    assert running_in(tmp_path) == []


def test_a_backup_restores_database_files_and_key(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    alcada(first, "migrate")
    alcada(first, "django", "shell", "-c", MAKE_COMPANY)
    (first / "files" / "ab").mkdir(parents=True)
    (first / "files" / "ab" / "abcd").write_bytes(b"the bill")
    archive = Path(alcada(first, "backup").strip())
    assert archive.stat().st_mode & 0o077 == 0  # the key is in it
    with tarfile.open(archive) as content:
        assert {"database.dump", "files", "secret.key"} <= set(content.getnames())

    alcada(second, "migrate")
    alcada(second, "restore", str(archive), status=1)  # not without --yes
    alcada(second, "restore", str(archive), "--yes")
    assert alcada(second, "django", "shell", "-c", COUNT_COMPANIES).strip().endswith("1")
    assert (second / "files" / "ab" / "abcd").read_bytes() == b"the bill"
    assert (second / "secret.key").read_text() == (first / "secret.key").read_text()
    # What guards the books came along: a backup restored without its triggers would be a trap.
    assert "append-only" in alcada(second, "django", "shell", "-c", REWRITE_HISTORY)


MAKE_COMPANY = """
from django.db import transaction
from alcada.people.models import Company
from alcada.history.actions import record
with transaction.atomic():
    company = Company.objects.create(name="Padaria", document="11222333000181")
    record("company.created", company, company=company)
"""
COUNT_COMPANIES = "from alcada.people.models import Company; print(Company.objects.count())"
REWRITE_HISTORY = """
from alcada.history.models import Record
try:
    Record.objects.update(event="x")
except Exception as exc:
    print(exc)
"""


def test_a_restore_is_refused_while_the_product_runs_and_one_cut_off_keeps_workers_out(
    tmp_path: Path,
) -> None:
    home = tmp_path / "home"
    alcada(home, "migrate")
    archive = Path(alcada(home, "backup").strip())
    port = processes.free_port()
    running = start(home, port)
    try:
        alcada(home, "restore", str(archive), "--yes", status=1)
    finally:
        running.terminate()
        running.wait(40)
    (tmp_path / "letter.txt").write_text("no archive")
    for wrong in ("letter.txt", "nowhere.tar"):
        alcada(home, "restore", str(tmp_path / wrong), "--yes", status=1)
    alcada(home, "restore", str(archive), "--yes")
    (home / "restoring").touch()  # as one that was cut off leaves it: nothing is sent from there
    alcada(home, "worker", status=1)


class Visitor:
    """A browser without a screen: keeps cookies, sends forms."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> tuple[str, str]:
        """(final path, page)"""
        with self.opener.open(self.address + path, timeout=20) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()

    def post(self, path: str, **fields: str) -> tuple[str, str]:
        _, page = self.get(path)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        assert token
        body = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token[1]}).encode()
        request = urllib.request.Request(self.address + path, body, {"Referer": self.address + path})  # noqa: S310
        with self.opener.open(request, timeout=20) as answer:
            return urllib.parse.urlsplit(answer.url).path, answer.read().decode()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    port = processes.free_port()
    process = start(tmp_path, port)
    yield tmp_path, port
    process.terminate()
    process.wait(40)


def start(home: Path, port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [sys.executable, "-m", "alcada", "start", "--port", str(port)], env=alone(home)
    )
    until(lambda: processes.listens(port), "listening", 40)
    return process


def test_start_opens_on_the_page_that_makes_the_administrator_once(started: tuple[Path, int]) -> None:
    _home, port = started
    visitor = Visitor(f"http://localhost:{port}")
    assert visitor.get("/")[0] == "/first-run"
    wrong = visitor_refused(visitor, name="Inês Prado", email="ines@exemplo.com.br", password="curta")
    assert "Inês Prado" in wrong  # nothing typed is lost
    password = "uma senha bem comprida"
    path, _page = visitor.post(
        "/first-run",
        name="Inês Prado",
        email="ines@exemplo.com.br",
        password=password,
        password_again=password,
    )
    assert path != "/first-run"
    stranger = Visitor(f"http://localhost:{port}")
    assert stranger.get("/")[0] == "/sign-in"


def visitor_refused(visitor: Visitor, **fields: str) -> str:
    try:
        _, page = visitor.post("/first-run", **fields)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.read().decode()
    return page
