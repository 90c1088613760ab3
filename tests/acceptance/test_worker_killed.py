"""A real worker process, killed while its create is on the wire: one entry in the books, whatever happened."""

import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone
from running import alcada, environment, until
from stories import approved, books, connect

from alcada.flow.sweep import sweep
from alcada.people.models import Company
from alcada.posting.models import Attempt, Posting, State

CREATE = "/v1/financeiro/contas-a-pagar"
Start = Callable[[], "subprocess.Popen[bytes]"]


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


def state_of(posting: Posting) -> str:
    return str(Posting.objects.values_list("state", flat=True).get(pk=posting.pk))


def kill(worker: "subprocess.Popen[bytes]") -> None:
    worker.kill()
    worker.wait()


def claim_runs_out(posting: Posting) -> None:
    until(
        lambda: Posting.objects.filter(pk=posting.pk, claim_until__lt=timezone.now()).exists(),
        "claim over",
        20,
    )
    sweep()  # what the timetable does every minute


@pytest.mark.parametrize("applied", [True, False], ids=["arrived", "did not arrive"])
def test_a_worker_killed_between_sending_and_recording(
    company: Company, ana: Any, bruno: Any, clara: Any, sandbox: Any, start_worker: Start, applied: bool
) -> None:
    connect(company, sandbox, by=clara)
    when = "after" if applied else "before"
    sandbox.faults(
        {"method": "POST", "path": CREATE, "kind": "slow", "seconds": 40, "when": when, "count": 1}
    )
    posting = approved(company, ana=ana, bruno=bruno)
    worker = start_worker()
    until(lambda: Attempt.objects.filter(kind=Attempt.Kind.ENTRY).exists(), "about to be sent", 20)
    time.sleep(0.7)  # on the wire by now: the answer takes forty seconds
    kill(worker)
    assert state_of(posting) == State.SENDING
    sandbox.faults()

    start_worker()
    claim_runs_out(posting)
    if applied:
        until(lambda: state_of(posting) == State.POSTED, "found", 20)
    else:
        until(lambda: Attempt.objects.filter(kind=Attempt.Kind.LOOK_UP).count() >= 2, "looked for", 20)
        assert state_of(posting) == State.UNKNOWN  # never sent again blindly
    there = books(sandbox, company.document)["payables"]
    assert [entry["referencia_externa"] for entry in there] == ([posting.reference] if applied else [])
    creates = Attempt.objects.filter(kind=Attempt.Kind.ENTRY)
    assert [attempt.outcome for attempt in creates] == [Attempt.Outcome.UNKNOWN]


def test_a_worker_killed_before_it_sent_anything_goes_on_by_itself(
    company: Company, ana: Any, bruno: Any, clara: Any, sandbox: Any, start_worker: Start
) -> None:
    connect(company, sandbox, by=clara)
    sandbox.faults({"method": "GET", "path": "/v1/pessoas", "kind": "slow", "seconds": 40, "count": 1})
    posting = approved(company, ana=ana, bruno=bruno)
    worker = start_worker()
    until(lambda: state_of(posting) == State.SENDING, "claimed", 20)
    kill(worker)
    start_worker()
    claim_runs_out(posting)
    until(lambda: sweep() or time.sleep(1) or state_of(posting) == State.POSTED, "posted", 40)
    assert len(books(sandbox, company.document)["payables"]) == 1
