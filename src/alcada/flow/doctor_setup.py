"""The examination of what posting stands on: clocks, jobs, and whether what entries name is still in their account."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection as database
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.connections import remote
from alcada.connections.models import Connection
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Defaults, Party
from alcada.flow.findings import Finding
from alcada.flow.models import Run
from alcada.posting.models import State

# Ours are one machine's or two; claims and leases go by the database's.
OUR_CLOCKS: Final = (2.0, 60.0)  # seconds apart: worth a look, a problem
# Looks and polls reach five minutes around each moment (ledger.search.MARGIN).
THEIR_CLOCK: Final = (30.0, 240.0)
JOB_AGE: Final = timedelta(minutes=5)
NAMED: Final = 20


def clock() -> Iterator[Finding]:
    before = timezone.now()
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    middle = before + (timezone.now() - before) / 2
    apart = abs((theirs - middle).total_seconds())
    yield _apart(
        apart,
        OUR_CLOCKS,
        "clock_database",
        _("The database's clock and this machine's agree."),
        _("The database's clock and this machine's are %(seconds)s seconds apart."),
        _("Set both by a time server (NTP)."),
    )


def their_clock() -> Iterator[Finding]:
    """Conta Azul's clock, as any answer tells it."""
    there = remote.clock()
    if there is None:
        yield Finding(
            "warning",
            "clock",
            _("Conta Azul's address does not answer."),
            _("See whether this machine is online, and whether a proxy or firewall stands between."),
            code="api_silent",
        )
        return
    apart = abs((there - datetime.now(UTC)).total_seconds())
    yield _apart(
        apart,
        THEIR_CLOCK,
        "clock_conta_azul",
        _("Conta Azul's clock and this machine's agree."),
        _("Conta Azul's clock and this machine's are %(seconds)s seconds apart."),
        _("Set this machine's clock by a time server (NTP): what was posted is looked for by its time."),
    )


def _apart(seconds: float, limits: tuple[float, float], code: str, good: str, bad: str, todo: str) -> Finding:
    facts = {"seconds": round(seconds, 1)}
    if seconds < limits[0]:
        return Finding("ok", "clock", good, code=code, facts=facts)
    level = "problem" if seconds >= limits[1] else "warning"
    return Finding(level, "clock", bad % {"seconds": round(seconds)}, todo, code=code, facts=facts)


def jobs() -> Iterator[Finding]:
    with database.cursor() as cursor:
        cursor.execute(_WAITING, [timezone.now()])
        count, oldest = cursor.fetchone()
        cursor.execute(_FAILED, [timezone.now() - timedelta(days=1)])
        failed = dict(cursor.fetchall())
    age = timezone.now() - oldest if oldest else timedelta()
    facts = {"count": count, "oldest_s": round(age.total_seconds())}
    if age > JOB_AGE:
        yield Finding(
            "problem",
            "workers",
            _("%(count)s jobs wait; the oldest could have begun %(minutes)s minutes ago.")
            % {"count": count, "minutes": round(age.total_seconds() / 60)},
            _("See whether a worker runs; if it does and this stays so, start another."),
            code="jobs_wait",
            facts=facts,
        )
    else:
        yield Finding("ok", "workers", _("No job is kept waiting."), code="jobs", facts=facts)
    for name, times in failed.items():
        short = name.rsplit(".", 1)[-1]
        yield Finding(
            "warning",
            "workers",
            _("The job “%(name)s” failed for good %(count)s times in the last day.")
            % {"name": short, "count": times},
            _("The worker's log says why. The timetable takes up again what is still to be done."),
            code="jobs_failed",
            facts={"job": short, "count": times},
        )


_WAITING: Final = """
    SELECT count(*), min(coalesce(j.scheduled_at, e.at)) FROM procrastinate_jobs j
    LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'deferred'
    WHERE j.status = 'todo' AND coalesce(j.scheduled_at, '-infinity') <= %s
"""
_FAILED: Final = """
    SELECT j.task_name, count(*) FROM procrastinate_jobs j
    JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'failed'
    WHERE j.status = 'failed' AND e.at > %s GROUP BY j.task_name ORDER BY j.task_name
"""


# --- Mapping ----------------------------------------------------------------------------------------------------


def mapping() -> Iterator[Finding]:
    """What waiting entries and usual values name, and their account no longer has, or has switched off."""
    found = [*_of_waiting(), *_of_defaults()]
    yield from found[:NAMED]
    if len(found) > NAMED:
        yield Finding(
            "warning",
            "mapping",
            _("And %(count)s more like these.") % {"count": len(found) - NAMED},
            code="mapping_more",
            facts={"count": len(found) - NAMED},
        )
    if not found:
        yield Finding(
            "ok", "mapping", _("What entries and usual values name is there in Conta Azul."), code="mapping"
        )


def _of_waiting() -> Iterator[Finding]:
    """In approval, waiting to be posted, or refused: these would be refused (again)."""
    waits = Q(state=Run.State.APPROVAL) | Q(
        state=Run.State.POSTING, revision__postings__state__in=[State.QUEUED, State.REFUSED]
    )
    runs = Run.objects.filter(waits, connection__isnull=False)
    for field, path in (
        ("category", "revision__splits__category"),
        ("bank_account", "revision__bank_account"),
        ("cost_centre", "revision__splits__cost_centre"),
    ):
        there = Counterpart.objects.filter(connection=OuterRef("connection"), **{field: OuterRef(path)})
        # A cost centre that is not there yet is created; one that was switched off is not.
        gone = (
            Exists(there.filter(active=False))
            if field == "cost_centre"
            else ~Exists(there.filter(active=True))
        )
        rows = (
            runs.filter(gone, **{f"{path}__isnull": False})
            .values("connection", key=F(path), named=F(f"{path}__name"), account=F("connection__name"))
            .annotate(count=Count("revision", distinct=True))
            .order_by("-count")
        )
        for row in rows[: NAMED + 1]:
            yield Finding(
                "problem",
                "mapping",
                _(
                    "“%(named)s” is not there, or switched off, in %(account)s: %(count)s waiting entries name it."
                )
                % row,
                _("Create it or switch it on in Conta Azul, then fetch; or choose another in the entries."),
                code=f"mapping_{field}",
                facts={"connection": row["connection"], field: row["key"], "count": row["count"]},
            )


def _of_defaults() -> Iterator[Finding]:
    """Usual values that none of the company's accounts has any more."""
    yield from _usual(Category.objects.all(), "category")
    yield from _usual(BankAccount.objects.all(), "bank_account")
    yield from _usual(CostCentre.objects.all(), "cost_centre")


def _usual(things: QuerySet[Any], field: str) -> Iterator[Finding]:
    used = Q(Exists(Defaults.objects.filter(**{field: OuterRef("pk")})))
    used |= Q(Exists(Party.objects.filter(**{f"default_{field}": OuterRef("pk")})))
    accounts = Connection.objects.filter(company=OuterRef("company")).exclude(authorised_at=None)
    there = Counterpart.objects.filter(**{field: OuterRef("pk")})
    alive = Exists(there.filter(active=True))
    gone = Exists(there.filter(active=False)) & ~alive if field == "cost_centre" else ~alive
    for thing in things.filter(used, gone, Exists(accounts)).select_related("company")[: NAMED + 1]:
        yield Finding(
            "warning",
            "mapping",
            _("%(company)s: the usual value “%(named)s” is in none of its accounts any more.")
            % {"company": thing.company.name, "named": thing.name},
            _("Open Directory and choose another usual value."),
            code=f"usual_{field}",
            facts={"company": thing.company_id, field: thing.pk},
        )
