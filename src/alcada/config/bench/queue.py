"""`alcada bench queue`: does the rate depend on how much waits? The same accounts, with ever more that waits.

The lengths take turns in one installation, round after round, and the median of each counts: a machine that others use
too is now faster and now slower, by more than what is looked for.
"""

import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alcada.config import database
from alcada.config.bench.options import Options
from alcada.config.bench.run import Bench

ACCOUNTS: Final = 20
ROUNDS: Final = 5
MEASURED_S: Final = 15.0
UNDER_WAY: Final = 500  # posted until the workers are up and warm
SPARE: Final = (
    60_000  # posted while it is measured; where a machine needs more, less waits in the last rounds
)


def run(waiting: list[int], *, seed: int, as_json: bool) -> int:
    """Prints postings a second for each length of the queue; 0 if none is more than a tenth slower than the first."""
    options = Options(
        postings=ACCOUNTS,
        accounts=ACCOUNTS,
        faults=0.0,
        kill_workers=False,
        workers=2,
        latency_ms=0.0,
        rate_limit=False,
        sandbox_url="",
        api_url="",
        seed=seed,
        as_json=as_json,
    )
    with tempfile.TemporaryDirectory(prefix="alcada-bench-") as folder:
        bench = Bench(options, Path(folder))
        try:
            rounds = _rounds(bench, waiting)
        finally:
            bench.machine.stop()
            database.stop()
    rates = {str(length): round(statistics.median(found), 1) for length, found in rounds.items()}
    slowest = min(rates.values())
    report = {
        "postings_per_s": rates,
        "rounds": {str(length): found for length, found in rounds.items()},
        "ok": slowest >= 0.9 * rates[str(waiting[0])],
    }
    print(json.dumps(report, indent=None if as_json else 2))
    return 0 if report["ok"] else 1


def _rounds(bench: Bench, waiting: list[int]) -> dict[int, list[float]]:
    bench.open()
    bench.machine.start_workers()
    for step in list(bench.office.warm()):
        bench.office.approve(step)
    bench.drain()
    bench.machine.stop_workers()
    bench.say(f"making {max(waiting) + SPARE} that wait")
    _make(max(waiting) + SPARE)
    found: dict[int, list[float]] = {length: [] for length in waiting}
    for turn in range(1, ROUNDS + 1):
        for length in waiting:
            _let_wait(length)
            bench.machine.start_workers()
            found[length].append(_rate())
            bench.machine.stop_workers()
            bench.say(f"round {turn} of {ROUNDS}: {found[length][-1]} a second with {length} waiting")
    return found


def _let_wait(length: int) -> None:
    """So many wait, evenly over the accounts; the others are cancelled until their turn comes."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH ranked AS (
                SELECT id, row_number() OVER (ORDER BY id) <= %s AS waits FROM posting_posting
                WHERE state IN ('queued', 'cancelled')
            )
            UPDATE posting_posting p SET state = CASE WHEN r.waits THEN 'queued' ELSE 'cancelled' END
            FROM ranked r
            WHERE r.id = p.id AND p.state IN ('queued', 'cancelled') AND (p.state = 'queued') <> r.waits
            """,
            [length],
        )
        cursor.execute("VACUUM ANALYZE posting_posting")


def _rate() -> float:
    from alcada.posting.models import Posting

    posted = Posting.objects.filter(state="posted")
    before = posted.count()
    while posted.count() < before + UNDER_WAY:
        time.sleep(0.05)
    began, first = time.monotonic(), posted.count()
    time.sleep(MEASURED_S)
    return round((posted.count() - first) / (time.monotonic() - began), 1)


# Copies of the posted payables, each with its own entry, round and decision, as the last decision leaves them.
_COPIES: Final = (
    """
    CREATE TEMP TABLE copy AS
    SELECT n, m.*, nextval(pg_get_serial_sequence('intake_entry', 'id')) AS new_entry,
           nextval(pg_get_serial_sequence('intake_revision', 'id')) AS new_revision,
           nextval(pg_get_serial_sequence('approval_round', 'id')) AS new_round,
           nextval(pg_get_serial_sequence('approval_step', 'id')) AS new_step
    FROM (SELECT generate_series(1, {count}) AS n) numbers
    JOIN (SELECT p.*, row_number() OVER (ORDER BY p.id) AS place, count(*) OVER () AS models
          FROM posting_posting p WHERE p.kind = 'payable' AND p.state = 'posted') m
    ON m.place = n % m.models + 1
    """,
    """
    INSERT INTO intake_entry (id, company_id, kind, number, created_by_id, created_at, draft, nfe_key)
    SELECT new_entry, e.company_id, e.kind, 1000000 + n, e.created_by_id, now(), '{{}}', ''
    FROM copy JOIN intake_entry e ON e.id = copy.entry_id
    """,
    """
    INSERT INTO intake_revision (id, entry_id, {revision})
    SELECT new_revision, new_entry, {revision_r} FROM copy JOIN intake_revision r ON r.id = copy.revision_id
    """,
    """
    INSERT INTO intake_split (revision_id, {split})
    SELECT new_revision, {split_r} FROM copy JOIN intake_split r ON r.revision_id = copy.revision_id
    """,
    """
    INSERT INTO intake_instalment (revision_id, {instalment})
    SELECT new_revision, {instalment_r} FROM copy JOIN intake_instalment r ON r.revision_id = copy.revision_id
    """,
    "UPDATE intake_entry SET current_id = new_revision, draft = NULL FROM copy WHERE intake_entry.id = new_entry",
    """
    INSERT INTO approval_round (id, entry_id, revision_id, {round})
    SELECT new_round, new_entry, new_revision, {round_r} FROM copy JOIN approval_round r ON r.id = copy.round_id
    """,
    """
    INSERT INTO approval_step (id, round_id, {step})
    SELECT new_step, new_round, {step_r} FROM copy JOIN approval_step r ON r.round_id = copy.round_id
    """,
    """
    INSERT INTO approval_decision (step_id, {decision})
    SELECT new_step, {decision_r} FROM copy JOIN approval_step s ON s.round_id = copy.round_id
    JOIN approval_decision r ON r.step_id = s.id
    """,
    """
    INSERT INTO flow_run (revision_id, state, {run})
    SELECT new_revision, 'posting', {run_r} FROM copy JOIN flow_run r ON r.revision_id = copy.revision_id
    """,
    """
    INSERT INTO posting_posting (entry_id, revision_id, round_id, reference, state, remote_event_id,
                                 remote_instalment_ids, next_try_at, urgent, looks, resent, reason, detail, {posting})
    SELECT new_entry, new_revision, new_round, 'Q' || n, 'queued', '', '[]', now(), false, 0, false, '', '', {posting_r}
    FROM copy JOIN posting_posting r ON r.id = copy.id
    """,
)
_APART: Final = {  # columns that a copy has of its own
    "revision": ("intake_revision", "id", "entry_id"),
    "split": ("intake_split", "id", "revision_id"),
    "instalment": ("intake_instalment", "id", "revision_id"),
    "round": ("approval_round", "id", "entry_id", "revision_id"),
    "step": ("approval_step", "id", "round_id"),
    "decision": ("approval_decision", "id", "step_id"),
    "run": ("flow_run", "id", "revision_id", "state", "ended_at"),
}
_OF_A_POSTING: Final = ("connection_id", "kind", "content", "created_at")


def _make(count: int) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        names: dict[str, str] = {"count": str(count)}
        shared = {key: (table, apart) for key, (table, *apart) in _APART.items()}
        for key, (table, apart) in shared.items():
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND table_schema = 'public'",
                [table],
            )
            names |= _listed(key, [row[0] for row in cursor.fetchall() if row[0] not in apart])
        names |= _listed("posting", _OF_A_POSTING)
        for statement in _COPIES:
            cursor.execute(statement.format_map(names))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _listed(key: str, columns: Sequence[str]) -> dict[str, str]:
    """As the statement names them: for the insert, and for the row that is copied."""
    quoted = [f'"{name}"' for name in columns]
    return {key: ", ".join(quoted), f"{key}_r": ", ".join(f"r.{name}" for name in quoted)}
