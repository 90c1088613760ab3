"""The examination of the database: does it answer, is it as new as the program, did nobody rewrite history."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from django.db import Error as DatabaseProblem
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from alcada.flow.findings import Finding
from alcada.history import queries as history

LATEST: Final = 1000  # chains: a tenth of a second


def unusable() -> list[Finding]:
    """Why nothing else can be looked at: the database does not answer, or is older than the program."""
    try:
        missing = _missing_migrations()
    except DatabaseProblem as exc:
        return [
            Finding(
                "problem",
                "database",
                _("PostgreSQL does not answer (%(error)s).") % {"error": type(exc).__name__},
                _(
                    "Start the product, which starts its own. A server of yours: see that it runs, and DATABASE_URL."
                ),
                code="database_away",
                facts={"error": type(exc).__name__},
            )
        ]
    if not missing:
        return []
    return [
        Finding(
            "problem",
            "database",
            _("The database is older than the program: %(count)s changes are not made yet.")
            % {"count": missing},
            _("Stop the product and start it again, or run `alcada migrate`."),
            code="database_older",
            facts={"count": missing},
        )
    ]


def _missing_migrations() -> int:
    executor = MigrationExecutor(database)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def answers() -> Iterator[Finding]:
    with database.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    yield Finding(
        "ok",
        "database",
        _("PostgreSQL %(version)s answers.") % {"version": version},
        code="database",
        facts={"version": version},
    )


def chains() -> Iterator[Finding]:
    yield from _told(history.breaks(), _("Every chain of history holds."))


def latest_chains() -> Iterator[Finding]:
    holds = _(
        "The latest chains of history hold. All are checked with Conta Azul asked as well, or by `alcada doctor`."
    )
    yield from _told(history.breaks(latest=LATEST), holds)


def _told(breaks: Iterator[history.Break], holds: str) -> Iterator[Finding]:
    broken = list(islice(breaks, 50))
    for place in broken:
        yield Finding(
            "problem",
            "history",
            _("The history of %(kind)s %(key)s does not hold at record %(sequence)s (%(what)s).")
            % {"kind": place.kind, "key": place.key, "sequence": place.sequence, "what": place.what},
            _("Somebody changed the database by hand. Compare with a backup."),
            code="chain_broken",
            facts={"kind": place.kind, "key": place.key, "sequence": place.sequence},
        )
    if not broken:
        yield Finding("ok", "history", holds, code="chains")
