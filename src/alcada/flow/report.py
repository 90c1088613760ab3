"""The examination for whoever supports the installation from outside: what may leave the house, and nothing else.

By construction, not by searching for secrets: versions, counts, states, our own codes and keys, settings by name with
values that are no secret. No person, company, vendor, document, address, amount, token, nor any words of Conta Azul.
"""

import os
import platform
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection as database
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from alcada.connections.models import Connection, Incident
from alcada.connections.rules import REASONS, code_of
from alcada.flow.findings import Finding
from alcada.flow.models import Run
from alcada.ledger.models import Difference, Poll, Sighting
from alcada.notify.models import Notice
from alcada.people.models import Company, User
from alcada.posting.models import Attempt, Bulk, Posting, State

SET: Final = "set"


def report(findings: Sequence[Finding]) -> dict[str, Any]:
    """Plain values, as JSON takes them."""
    return {
        "made_at": timezone.now().isoformat(timespec="seconds"),
        "versions": _versions(),
        "settings": _settings(),
        "findings": [
            {"level": one.level, "area": one.area, "code": one.code, **one.facts} for one in findings
        ],
        "counts": _counts(),
        "postings": _rows(Posting.objects.all(), "state", "reason", oldest="created_at"),
        "attempts": _rows(Attempt.objects.all(), "kind", "outcome", "status"),
        "runs": _rows(Run.objects.all(), "state"),
        "differences": _rows(Difference.objects.filter(settled_at=None), "kind"),
        "connections": [_connection(one) for one in Connection.objects.order_by("pk")],
        "jobs": _jobs(),
    }


def _versions() -> dict[str, str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        server = cursor.fetchone()[0]
    return {
        "alcada": settings.VERSION,
        "python": platform.python_version(),
        "system": platform.platform(),
        "postgresql": server,
    }


def _settings() -> dict[str, Any]:
    """Values that are numbers or switches; of addresses only whether they are the usual ones, or that there is one."""
    return {
        "posting": settings.POSTING,
        "returning": settings.RETURNING,
        "https": settings.HTTPS,
        "local_address": urlsplit(settings.ALCADA_URL).hostname in ("localhost", "127.0.0.1"),
        "debug": settings.DEBUG,
        "demo": settings.DEMO,
        "email": settings.EMAIL_CONFIGURED,
        "conta_azul": urlsplit(settings.CONTA_AZUL_API_URL).hostname == "api-v2.contaazul.com",
        "time_zone": settings.TIME_ZONE,
        "log_level": os.environ.get("ALCADA_LOG_LEVEL", "INFO")[:10],
        # What was set at all: names only.
        "environment": sorted(name for name in os.environ if name.startswith("ALCADA_")),
    }


def _counts() -> dict[str, int]:
    return {
        "companies": Company.objects.count(),
        "people": User.objects.filter(is_active=True).count(),
        "notices_unread": Notice.objects.filter(read_at=None).count(),
        "incidents_open": Incident.objects.filter(ended_at=None).count(),
        "bulk_unfinished": Bulk.objects.filter(finished_at=None).count(),
    }


def _rows(found: QuerySet[Any], *names: str, oldest: str = "") -> list[dict[str, Any]]:
    """How many of each, and how old the oldest is."""
    ages = {"since": Min(oldest)} if oldest else {}
    rows = list(found.order_by(*names).values(*names).annotate(count=Count("pk"), **ages))
    for row in rows:
        if oldest:
            row["since"] = row["since"].isoformat(timespec="seconds")
    return rows


def _connection(connection: Connection) -> dict[str, Any]:
    poll = Poll.objects.filter(connection=connection).first()
    error = code_of(connection.last_error)
    return {
        "connection": connection.pk,
        "company": connection.company_id,
        "state": connection.state,
        "error": error if error in REASONS else "other" if error else "",
        "error_at": _at(connection.last_error_at),
        "last_good_call_at": _at(connection.last_good_call_at),
        "unreached_since": _at(connection.unreached_since),
        "access_expires_at": _at(connection.access_expires_at),
        "directory_synced_at": _at(connection.directory_synced_at),
        "polled_at": _at(poll.polled_at) if poll else None,
        "poll_failed_at": _at(poll.failed_at) if poll else None,
        "seen_back": Sighting.objects.filter(connection=connection, seen_at__isnull=False).count(),
        "waiting": connection.postings.filter(state=State.QUEUED).count(),
        "looked_for": connection.postings.filter(state=State.UNKNOWN).count(),
    }


def _at(moment: Any) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def _jobs() -> list[dict[str, Any]]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT task_name, status, count(*) FROM procrastinate_jobs GROUP BY 1, 2 ORDER BY 1, 2"
        )
        return [
            {"job": name.rsplit(".", 1)[-1], "status": status, "count": count}
            for name, status, count in cursor.fetchall()
        ]
