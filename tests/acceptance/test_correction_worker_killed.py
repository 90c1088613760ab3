"""A real worker process makes a correction; killed while its change is on the wire, the next one reads first."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from integration.correcting.desk import PATCH, Desk, edited, to_do
from running import alcada, environment, until
from stories import connect

from alcada.flow.sweep import sweep
from alcada.posting.models import Attempt, Correction, CorrectionState

Start = Callable[[], "subprocess.Popen[bytes]"]
LATER = [{"due_date": "20/12/2026", "amount": ""}]


@pytest.fixture
def start_worker(transactional_db: None, sandbox: Any) -> Iterator[Start]:
    """Worker processes whose claims are short, so that the test need not wait two minutes."""
    started: list[subprocess.Popen[bytes]] = []
    settings = {"POSTING_CLAIM_DEADLINE": "6", "POSTING_FIRST_LOOK": "0.2", "CALLS_PER_SECOND": "500"}

    def start() -> "subprocess.Popen[bytes]":
        started.append(alcada("worker", environment=environment(sandbox, **settings)))
        return started[-1]

    yield start
    for worker in started:
        worker.kill()
        worker.wait()


def state() -> str:
    return str(Correction.objects.values_list("state", flat=True).get())


@pytest.mark.parametrize("applied", [True, False], ids=["arrived", "did not arrive"])
def test_a_worker_killed_between_changing_and_recording(
    company: Any, ana: Any, bruno: Any, clara: Any, sandbox: Any, start_worker: Start, applied: bool
) -> None:
    desk = Desk(connect(company, sandbox, by=clara), sandbox, ana, bruno, clara)
    entry = desk.posted()
    when = "after" if applied else "before"
    slow = {"method": "PATCH", "path": f"{PATCH}*", "kind": "slow", "seconds": 40, "when": when, "count": 1}
    sandbox.faults(slow)
    desk.approved(entry, instalments=LATER)
    worker = start_worker()
    attempts = Attempt.objects.filter(kind=Attempt.Kind.INSTALMENT)
    until(attempts.exists, "about to be sent", 20)
    time.sleep(0.7)  # on the wire by now: the answer takes forty seconds
    worker.kill()
    worker.wait()
    assert state() == CorrectionState.SENDING
    sandbox.faults()
    start_worker()
    claims = Correction.objects.filter(state=CorrectionState.SENDING)
    until(lambda: claims.filter(claim_until__lt=timezone.now()).exists(), "claim over", 20)
    sweep()  # what the timetable does every minute
    until(lambda: state() == CorrectionState.DONE, "made", 20)
    assert desk.parts("data_vencimento", "versao") == [("2026-12-20", 2)]
    assert [one.outcome for one in attempts] == (["unknown"] if applied else ["unknown", "posted"])
    assert len(desk.books) == 1
    assert to_do(entry) == edited(entry) == []
