"""The real code through the model's moves, whatever order they come in.

Guards that were taken out to see whether it notices, within some hundreds of stories:

- it does: an unknown create sent again blindly; an attempt without an outcome taken as absent; the span ignored; "post
  again" allowed while a posting is claimed or looked for;
- it does not yet: the claim unchecked when an outcome is written, the feed unread, a search that failed believed.
  Plain tests do (test_lost, test_searches, test_looking), and the model.
"""

import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test
from machine import clock, stepping
from machine.moves import Machine
from machine.office import close_office, open_office

EXAMPLES = int(os.environ.get("ALCADA_MACHINE_EXAMPLES", "25"))
STEPS = int(os.environ.get("ALCADA_MACHINE_STEPS", "40"))
# Shortening a story takes a few hundred runs of it; "no" tells it as it was found.
PHASES = [
    Phase.generate,
    *([Phase.shrink] if os.environ.get("ALCADA_MACHINE_SHRINK", "yes") == "yes" else []),
]
SEED = os.environ.get("ALCADA_MACHINE_SEED", "")  # unset: the same examples each time


@pytest.fixture
def machine(
    transactional_db: None,
    settings: Any,
    monkeypatch: Any,
    sandbox: Any,
    company: Any,
    ana: Any,
    bruno: Any,
    clara: Any,
) -> Iterator[type[Machine]]:
    from django.db import connections

    monkeypatch.setitem(connections["default"].settings_dict, "CONN_MAX_AGE", None)
    settings.POSTING = settings.POSTING | {"calls_per_second": 0, "absence_evidence": 1}
    logging.disable(logging.CRITICAL)  # a thousand faults, each in the log
    clock.install(monkeypatch)
    office = open_office(company, sandbox, ana=ana, bruno=bruno, clara=clara)
    stepping.install(monkeypatch)
    yield type("Moves", (Machine,), {"office": office})
    stepping.uninstall()
    close_office()
    clock.uninstall()
    logging.disable(logging.NOTSET)


def test_what_was_approved_stands_there_once_whatever_happens(machine: type[Machine]) -> None:
    run_state_machine_as_test(
        seed(int(SEED))(machine) if SEED else machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=not SEED,
            deadline=None,
            database=None,
            report_multiple_bugs=False,
            phases=PHASES,
            suppress_health_check=list(HealthCheck),
        ),
    )
