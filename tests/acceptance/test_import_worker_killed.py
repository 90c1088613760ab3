"""A real worker, killed in the middle of an import: another goes on, and every line is made once."""

import subprocess
import time
from datetime import timedelta
from typing import Any

from django.utils import timezone
from integration.importing.shop import furnish, line, xlsx
from running import alcada, environment, until

from alcada.flow.importing import work
from alcada.flow.sweep import sweep
from alcada.history.queries import breaks
from alcada.intake.models import Entry
from alcada.people.models import Company
from alcada.sheets.models import Import, Made

LINES = 800


def test_a_worker_killed_in_the_middle_of_an_import(
    transactional_db: None, company: Company, ana: Any, bruno: Any, clara: Any, sandbox: Any
) -> None:
    shop = furnish(company, ana, bruno, clara)
    today = timezone.localdate()
    lines = [
        line(amount=index + 1, number=f"NF {index}", due=today + timedelta(days=1 + index % 300))
        for index in range(LINES)
    ]
    source = shop.look(xlsx(*lines))
    assert source.summary["outcomes"] == {"good": LINES}
    work.start(source, {"which": "good", "submit": True, "asked": False, "twins": False})
    workers: list[subprocess.Popen[bytes]] = []
    try:
        workers.append(alcada("worker", environment=environment(sandbox)))
        until(lambda: Made.objects.count() > 100, "some are made", 120)
        workers[0].kill()
        workers[0].wait()
        made = Made.objects.count()
        assert made < LINES
        assert made == Entry.objects.count()  # each batch whole
        workers.append(alcada("worker", environment=environment(sandbox)))
        # Ninety seconds without a sign, which the test does not wait for.
        Import.objects.update(beat_at=timezone.now() - timedelta(minutes=2))
        sweep()  # what the timetable does every minute
        until(
            lambda: Import.objects.get().state == "done" or time.sleep(0.3),
            f"done ({Made.objects.count()} made)",
            240,
        )
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    assert Import.objects.get().summary["done"] == {"made": LINES, "submitted": LINES, "bad": 0, "left": 0}
    amounts = sorted(Entry.objects.values_list("current__amount", flat=True))
    assert amounts == list(range(1, LINES + 1))
    assert not list(breaks())
