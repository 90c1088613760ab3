"""`alcada bench posting`: approvals, real worker processes, the sandbox over HTTP; then its books are counted."""

import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Final

from alcada.config import database, processes
from alcada.config.bench import submitting
from alcada.config.bench.control import Control
from alcada.config.bench.machine import Machine
from alcada.config.bench.options import Options

IDLE: Final = 20  # entries approved one at a time in the end, to see what one takes; a small run has fewer
BARE_CALLS: Final = 2000
LONGEST_IDLE_S: Final = 10.0
LONGEST_JOBS_S: Final = 300.0
STALLED_S: Final = 1800.0
# Shorter than the product's own ten minutes, longer than a storm: what was lost in one is sent again after it.
STORM_SPAN_S: Final = "450"
STORM_LOOK_FOR_S: Final = "900"  # what was lost twice asks a person then, and not after an hour
WRONG: Final = (
    "lost",
    "duplicated",
    "misrouted",
    "wrong_content",
    "unapproved",
    "duplicate_people",
    "duplicate_cost_centres",
)


def run(options: Options) -> int:
    """Returns 0 only when the books hold exactly what was approved and nothing waits without a true reason."""
    with tempfile.TemporaryDirectory(prefix="alcada-bench-") as folder:
        bench = Bench(options, Path(folder))
        try:
            report = bench.run()
        finally:
            bench.machine.stop()
            database.stop()
    print(json.dumps(report, ensure_ascii=False, indent=None if options.as_json else 2))
    return 0 if report["ok"] else 1


class Bench:
    """One run in an installation of its own."""

    def __init__(self, options: Options, home: Path) -> None:
        self.options, self.home = options, home
        self.machine = Machine(options.workers)
        self._mending: threading.Thread | None = None
        port = processes.free_port()
        self.sandbox_port = 0 if options.sandbox_url else port
        self.sandbox = options.sandbox_url or f"http://127.0.0.1:{port}"
        self.api = options.api_url or self.sandbox
        self.control = Control(self.sandbox)
        os.environ.pop("DATABASE_URL", None)  # never another's database
        os.environ.update(
            {
                "ALCADA_HOME": str(home),
                "ALCADA_URL": "http://localhost:8000",
                "ALCADA_CONTA_AZUL_API_URL": self.api,
                "ALCADA_CONTA_AZUL_AUTH_URL": f"{self.sandbox}/oauth2/authorize",
                "ALCADA_CONTA_AZUL_TOKEN_URL": f"{self.sandbox}/oauth2/token",
                "DJANGO_SETTINGS_MODULE": "alcada.config.settings",
            }
        )
        os.environ.setdefault("ALCADA_LOG_LEVEL", "CRITICAL")
        if options.faults:  # a run is to end; the report says so
            os.environ.setdefault("ALCADA_POSTING_ABSENCE_SPAN", STORM_SPAN_S)
            os.environ.setdefault("ALCADA_POSTING_LOOK_FOR", STORM_LOOK_FOR_S)
        if not options.rate_limit:
            os.environ["ALCADA_CALLS_PER_SECOND"] = "0"

    def say(self, text: str) -> None:
        print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)

    def run(self) -> dict[str, Any]:
        from django.conf import settings

        began = time.monotonic()
        self.open()
        calm = not self.options.faults and not self.options.kill_workers
        self.say("submitting")
        self.machine.start_workers()
        warming = list(self.office.warm()) if calm else []
        steps = submitting.submit(self.sandbox, self.options.seed, self.options.postings)
        spare = list(self.office.submit(min(IDLE, self.options.postings // 4))) if calm else []
        self.say("waiting for the search for twins")
        self._wait_for_twins()
        for step in warming:
            self.office.approve(step)
        self.drain()
        self._wait_for_jobs()
        before = self._calls()
        measured = self._calm(steps) if calm else self._stormy(steps)
        calls = self._calls() - before
        report = self._count(calls, warm=len(warming)) | measured
        report |= self._idle(spare) | self._bare()
        if calm:
            report |= self._statements()
        report["absence_span_s"] = settings.POSTING["absence_span_s"]
        return report | {"seconds": round(time.monotonic() - began, 1)}

    def open(self) -> None:
        """Database, sandbox, companies and their connected accounts."""
        database.ensure_running()
        import django

        django.setup()
        from alcada.config.start import prepare_database

        prepare_database(self.say)
        settings = {"rate_limit": False, "latency_ms": 0}
        if self.sandbox_port:
            self.machine.sandbox(self.sandbox_port)
        documents = [_document(number) for number in range(self.options.accounts + 1)]
        companies = [
            {"name": f"Empresa {n:03} do banco Ltda", "document": d} for n, d in enumerate(documents)
        ]
        reset = self.control(
            "POST", "reset", {"companies": companies, "seed": self.options.seed, "settings": settings}
        )
        from alcada.config.bench.office import Office

        self.reset = reset
        self.office = Office(self.control, self.options.seed)
        self.say(f"connecting {self.options.accounts} accounts")
        self.office.open(reset)
        self.control(
            "POST",
            "settings",
            {"rate_limit": self.options.rate_limit, "latency_ms": self.options.latency_ms},
        )

    # --- Phases ---------------------------------------------------------------------------------------------

    def _calm(self, steps: list[int]) -> dict[str, Any]:
        """All approved first, then the workers: how fast does a queue drain, at what cost?"""
        from alcada.posting.models import Attempt

        self.machine.stop_workers()
        self.say(f"approving {len(steps)}")
        for step in steps:
            self.office.approve(step)
        transactions = _transactions()
        self.machine.start_workers()
        self.say("draining")
        self.drain()
        created = Attempt.objects.filter(kind="entry").order_by("-pk")[: len(steps)]
        sent = [row.started_at for row in created]
        done = [row.finished_at for row in created if row.finished_at]
        seconds = (max(done) - min(sent)).total_seconds() if done else 0.0
        return {
            "postings_per_s": round(len(steps) / seconds, 2) if seconds else 0.0,
            "in_flight_peak": _most_at_once(list(zip(sent, done, strict=False))),
            "transactions_per_posting": round((_transactions() - transactions) / max(1, len(steps)), 1),
        }

    def _stormy(self, steps: list[int]) -> dict[str, Any]:
        """Approvals while workers post, calls are struck and workers killed; then calm, until nothing is under way."""
        from alcada.config.bench import faults

        companies = [account.remote_id for account in self.office.accounts]
        self.control("POST", "settings", {"token_seconds": 240})
        self.control("POST", "faults", faults.rules(self.options.faults, companies, self.options.seed))
        self.say(f"approving {len(steps)} under faults")
        began = time.monotonic()
        for number, step in enumerate(steps):
            self.office.approve(step)
            if number % 50 == 0:
                self._tend()
        struck = sum(rule["struck"] for rule in self.control("GET", "faults"))
        self.control("POST", "faults", [])
        self.say(f"calm again after {struck} faults and {self.machine.killed} killed workers")
        self.drain()
        return {
            "postings_per_s": round(len(steps) / (time.monotonic() - began), 2),
            "faults_struck": struck,
            "workers_killed": self.machine.killed,
        }

    def _tend(self) -> None:
        """What happens around it: a worker killed, one that died started again, an account authorised by a person."""
        self.machine.sample()
        if self.options.kill_workers:
            self.machine.kill_one()
        self.machine.revive()
        self._mend()

    def _mend(self) -> None:
        """Somebody else than who approves: a consent under faults can take a minute."""
        if self._mending is None or not self._mending.is_alive():
            self._mending = threading.Thread(target=self._mend_all, daemon=True)
            self._mending.start()

    def _mend_all(self) -> None:
        from django.db import connections

        try:
            self.office.mend(self.say)
        finally:
            connections.close_all()

    def drain(self) -> None:
        """Until nothing is queued, being sent or looked for."""
        last, since = -1, time.monotonic()
        while waiting := self._under_way():
            if waiting != last:
                last, since = waiting, time.monotonic()
            elif time.monotonic() - since > STALLED_S:
                return
            self.machine.sample()
            self.machine.revive()
            if self.options.faults:
                self._mend()
            time.sleep(0.1)

    def _wait_for_twins(self) -> None:
        from alcada.ledger.models import TwinSearch

        while TwinSearch.objects.filter(state="pending").exists():
            time.sleep(0.2)

    @staticmethod
    def _wait_for_jobs() -> None:
        """What the warming left behind is not the measured run's work."""
        from procrastinate.contrib.django.models import ProcrastinateJob

        waiting = ProcrastinateJob.objects.filter(status__in=["todo", "doing"], scheduled_at=None)
        end = time.monotonic() + LONGEST_JOBS_S
        while waiting.exists() and time.monotonic() < end:
            time.sleep(0.2)

    @staticmethod
    def _under_way() -> int:
        from alcada.posting.models import Posting

        return Posting.objects.filter(state__in=["queued", "sending", "unknown"]).count()

    # --- Figures --------------------------------------------------------------------------------------------

    def _calls(self) -> Counter[str]:
        """Calls to the API so far, by what they were for. The search for twins is before approval, polling after."""
        from django.db.models import Sum

        from alcada.ledger.models import Poll
        from alcada.ledger.search import SIGHT_PAGE

        found: Counter[str] = Counter()
        for call in self.control("GET", "calls"):
            found["429"] += call["status"] == 429
            query = call["query"] or ""
            if "data_alteracao_de" in query and f"tamanho_pagina={SIGHT_PAGE}" in query:
                found["sighting"] += 1
            elif "valor_de" in query:
                found["twins"] += 1
            elif call["path"].startswith("/v1/"):
                found["posting"] += 1
        found["polling"] = Poll.objects.aggregate(calls=Sum("calls_total"))["calls"] or 0
        found["posting"] -= found["polling"]
        return found

    def _count(self, calls: Counter[str], *, warm: int) -> dict[str, Any]:
        from alcada.config import books
        from alcada.posting.models import Posting

        self.say("counting the books")
        posted = Posting.objects.order_by("pk")
        state = self.control("GET", "state")["companies"][:-1]
        waits = sorted(
            (posting.posted_at - max(decision.at for decision in _decisions(posting))).total_seconds()
            for posting in posted[warm:].prefetch_related("round__steps__decision").defer("content")
            if posting.posted_at
        )
        compared = books.compare(state, posted)
        true_reasons = sum(compared["waiting"].values()) <= compared["approved"] // 1000
        compared["ok"] = true_reasons and not any(compared[name] for name in WRONG)
        return compared | {
            "calls_per_posting": round(calls["posting"] / max(1, len(waits)), 3),
            "polling_calls": calls["polling"],
            "sighting_calls": calls["sighting"],
            "rate_limited": calls["429"],
            "approve_to_posted_p50": _percentile(waits, 50),
            "approve_to_posted_p99": _percentile(waits, 99),
            "peak_rss_mb": round(self.machine.peak_mb, 1),
        }

    def _idle(self, steps: list[int]) -> dict[str, Any]:
        """With nothing else to do: memory, and approvals one at a time."""
        from alcada.posting.models import Posting

        web = self.machine.web(processes.free_port())
        self.machine.keep_one_worker()  # as `make start` runs it
        time.sleep(5)
        figures: dict[str, Any] = {"idle_rss_mb": round(self.machine.idle_mb(web, self.home), 1)}
        waits = []
        for step in steps:
            time.sleep(1.1)  # the account's moments are free again
            self.office.approve(step)
            began = time.monotonic()
            posting = Posting.objects.only("pk").latest("pk")
            while waiting := not Posting.objects.filter(pk=posting.pk, state="posted").exists():
                if (
                    time.monotonic() - began > LONGEST_IDLE_S
                ):  # struck on its way, by what is not ours to stop
                    break
                time.sleep(0.002)
            if not waiting:
                waits.append(time.monotonic() - began)
        if waits:
            figures["idle_approve_to_posted_p50"] = round(statistics.median(waits), 3)
        return figures

    def _statements(self) -> dict[str, Any]:
        from alcada.config.bench import statements

        return statements.measure(self.office, self.office.accounts[0])

    def _bare(self) -> dict[str, Any]:
        """The same calls from a bare loop, in a company of their own, without the limit."""
        from alcada.config.bench.bare import Bare

        self.machine.stop_workers()
        self.control("POST", "settings", {"rate_limit": False})
        company = self.reset["companies"][-1]
        company = company | {"code": self.control("POST", "codes", {"company": company["id"]})["code"]}
        bare = Bare(self.api, self.sandbox, self.reset["applications"][0], company)
        return {
            "api_call_p50": round(bare.median_s(), 4),
            "bare_loop_per_s": round(bare.per_second(min(BARE_CALLS, 10 * self.options.postings)), 1),
        }


def _most_at_once(spans: list[tuple[Any, Any]]) -> int:
    """The most calls that were under way together: from the attempt to its outcome."""
    changes = sorted([(began, 1) for began, _ in spans] + [(ended, -1) for _, ended in spans])
    now = most = 0
    for _, change in changes:
        now += change
        most = max(most, now)
    return most


def _decisions(posting: Any) -> list[Any]:
    return [step.decision for step in posting.round.steps.all() if hasattr(step, "decision")]


def _percentile(values: list[float], percent: int) -> float:
    """By nearest rank, in seconds; 0 without values."""
    return round(values[min(len(values) - 1, len(values) * percent // 100)], 3) if values else 0.0


def _transactions() -> int:
    """Transactions that the server has committed in this database."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        cursor.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])


def _document(number: int) -> str:
    """A CNPJ with right check digits for the company of this number."""
    digits = [int(digit) for digit in f"{10_000_000 + number * 37:08}0001"]
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        rest = sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    return "".join(map(str, digits))
