"""`alcada worker --processes`: one that dies is followed by another, and none is left behind."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from running import alcada, environment, until
from stories import approved, books, connect

from alcada.people.models import Company
from alcada.posting.models import Posting, State

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="reads Linux's list of processes"
)


@pytest.fixture
def master(transactional_db: None, sandbox: Any) -> Iterator["subprocess.Popen[bytes]"]:
    process = alcada("worker", "--processes", "2", environment=environment(sandbox, CALLS_PER_SECOND="500"))
    until(lambda: len(workers(process)) == 2, "two workers", 40)
    yield process
    process.kill()
    process.wait()


def workers(master: "subprocess.Popen[bytes]") -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{master.pid}/task/{master.pid}/children").read_text().split()]


def is_posted(posting: Posting) -> bool:
    return Posting.objects.filter(pk=posting.pk, state=State.POSTED).exists()


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_one_that_is_killed_is_followed_by_another_at_once(
    company: Company, ana: Any, bruno: Any, clara: Any, sandbox: Any, master: "subprocess.Popen[bytes]"
) -> None:
    connect(company, sandbox, by=clara)
    first = approved(company, ana=ana, bruno=bruno)
    until(lambda: is_posted(first), "posted", 20)
    before = workers(master)
    for pid in before:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(workers(master)) == 2 and not set(workers(master)) & set(before), "two others", 10)
    second = approved(company, ana=ana, bruno=bruno, document_number="NF 2")
    until(lambda: is_posted(second), "posted by another", 20)
    assert len(books(sandbox, company.document)["payables"]) == 2
    last = workers(master)
    master.terminate()
    assert master.wait(40) == 0
    assert gone(last)


def test_without_their_master_they_end(master: "subprocess.Popen[bytes]") -> None:
    left = workers(master)
    master.kill()
    master.wait()
    until(lambda: gone(left), "ended by themselves", 20)
