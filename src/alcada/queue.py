"""Putting a job in the queue, by its name, in the transaction of the change that causes it.

A worker runs procrastinate with a connector of its own; deferring through that one would commit apart from Django's
transaction. This app always uses Django's connection: a rollback takes the job with it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection
from procrastinate import App
from procrastinate.contrib.django.django_connector import DjangoConnector

WAKE: Final = "alcada_posting"  # the channel that workers' dispatchers listen on

_app = App(connector=DjangoConnector(alias="default"))


def defer(task: str, *, at: datetime | None = None, priority: int = 0, **arguments: Any) -> None:
    """Queue `alcada.jobs.tasks.<task>` with these arguments, not before `at`. Higher priority runs first."""
    _app.configure_task(
        f"alcada.jobs.tasks.{task}", schedule_at=at, priority=priority, allow_unknown=True
    ).defer(**arguments)


def defer_all(task: str, arguments: Sequence[Mapping[str, Any]], *, priority: int = 0) -> None:
    """As `defer`, one job for each of the arguments; in one statement."""
    configured = _app.configure_task(f"alcada.jobs.tasks.{task}", priority=priority, allow_unknown=True)
    configured.batch_defer(*[dict(one) for one in arguments])


def wake(connection_id: int) -> None:
    """Tell the dispatchers, once this transaction is committed, that an account has something to post or to look for.

    A convenience: they look around by themselves every second.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [WAKE, str(connection_id)])
