"""Twenty postings that name one new vendor and one new cost centre, by two worker processes at once: one of each."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from running import alcada, environment, until
from stories import approved, books, connect

from alcada.people.models import Company
from alcada.posting.models import Attempt, Posting, State


@pytest.fixture
def workers(transactional_db: None, sandbox: Any) -> Iterator[list["subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


def test_two_workers_create_one_vendor_and_one_cost_centre(
    company: Company,
    ana: Any,
    bruno: Any,
    clara: Any,
    sandbox: Any,
    workers: list["subprocess.Popen[bytes]"],
) -> None:
    connect(company, sandbox, by=clara)
    # Slow enough that both are at it together.
    sandbox.settings(latency_ms=120)
    for number in range(20):
        approved(company, ana=ana, bruno=bruno, document_number=f"NF {number}")
    # Both are up before there is anything to do, so that they begin together.
    Posting.objects.update(next_try_at=None)
    settings, others = (
        {"CALLS_PER_SECOND": "500"},
        _registered(),
    )  # those that other tests killed are not struck off
    workers.extend(alcada("worker", environment=environment(sandbox, **settings)) for _ in range(2))
    until(lambda: len(_registered() - others) == 2, "both workers up")
    # Few at a time: each worker takes some.
    from django.db.models.functions import Now

    for pk in Posting.objects.values_list("pk", flat=True):
        Posting.objects.filter(pk=pk).update(next_try_at=Now())
    until(lambda: not Posting.objects.exclude(state=State.POSTED).exists(), "all posted", 60)
    there = books(sandbox, company.document)
    assert len([p for p in there["people"] if p["nome"] == "Papelaria Aurora Ltda"]) == 1
    assert len([c for c in there["cost_centres"] if c["nome"] == "Administração"]) == 1
    assert len(there["payables"]) == 20
    assert len({entry["id_fornecedor"] for entry in there["payables"]}) == 1
    made = Attempt.objects.filter(kind__in=[Attempt.Kind.PERSON, Attempt.Kind.COST_CENTRE])
    assert sorted(made.values_list("kind", flat=True)) == ["cost_centre", "person"]


def _registered() -> set[int]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM procrastinate_workers")
        return {row[0] for row in cursor.fetchall()}
