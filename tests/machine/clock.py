"""One clock for all: the product's process, its database and the sandbox go forward together, without waiting."""

import asyncio
import importlib
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from django.db import connection
from django.db.backends.signals import connection_created

# Whoever asks for the time by this name: `timezone.now` itself too, so that a model's default sees it as well.
TELLERS = ("django.utils.timezone",)
ahead_s = 0.0

# Functions of these names in a schema that is looked into first. One session setting says how far ahead.
_SCHEMA = """
    DROP SCHEMA IF EXISTS ahead CASCADE;
    CREATE SCHEMA ahead;
    CREATE FUNCTION ahead.by() RETURNS interval LANGUAGE sql STABLE AS
        $$ SELECT make_interval(secs => coalesce(nullif(current_setting('machine.ahead', true), ''), '0')::float8) $$;
    CREATE FUNCTION ahead.now() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT pg_catalog.now() + ahead.by() $$;
    CREATE FUNCTION ahead.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
        $$ SELECT pg_catalog.statement_timestamp() + ahead.by() $$;
    CREATE FUNCTION ahead.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT pg_catalog.clock_timestamp() + ahead.by() $$;
"""


class _Datetime(datetime):
    """A `datetime` whose now is ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        return datetime.now(tz) + timedelta(seconds=ahead_s)


class Loop(asyncio.SelectorEventLoop):
    """A worker's event loop: its time-outs and pauses go by the same clock."""

    def time(self) -> float:
        return super().time() + ahead_s


def install(patch: Any) -> None:
    """For this process and its connection to the database, until `patch` (pytest's monkeypatch) is undone."""
    for name in TELLERS:
        patch.setattr(importlib.import_module(name), "datetime", _Datetime)
    with connection.cursor() as cursor:
        cursor.execute(_SCHEMA)
    connection_created.connect(_look_ahead_first)
    _look_ahead_first(connection=connection)
    set_to(0.0)


def uninstall() -> None:
    connection_created.disconnect(_look_ahead_first)
    with connection.cursor() as cursor:
        cursor.execute("RESET search_path; DROP SCHEMA ahead CASCADE")
    set_to(0.0)


def _look_ahead_first(*, connection: Any, **_more: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET search_path = ahead, public, pg_catalog")
        cursor.execute("SELECT set_config('machine.ahead', %s, false)", [str(ahead_s)])


def set_to(seconds: float) -> None:
    """So far ahead of the real time. The sandbox is told by `World.clock`."""
    global ahead_s
    ahead_s = seconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('machine.ahead', %s, false)", [str(seconds)])


def now() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=ahead_s)
