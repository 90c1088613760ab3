"""What the answers to its calls say of a connection: the last good one, a plan that refuses, a limit hit."""

import random
import threading
import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now

from alcada import queue
from alcada.connections import incidents, rate, rules
from alcada.connections.models import Connection, Incident
from alcada.history.actions import record
from conta_azul import errors

GOOD_EVERY_S = 30.0  # a good call is written down not more often than this
LEAST_S = 1.0  # the shorter of Conta Azul's two windows
SLOWEST_S = 60.0  # the longer of Conta Azul's two windows

State = Connection.State

_lock = threading.Lock()
_noted: dict[int, float] = {}  # connection → when this process last wrote down a good call (monotonic)
_strikes: dict[int, int] = {}  # connection → 429s in a row, seen by this process
_away: set[int] = set()  # connections that this process could not reach


def worth_noting(connection_id: int, state: str) -> bool:
    """Does note_good have something to write?"""
    if state == State.PLAN_REFUSED or connection_id in _strikes or connection_id in _away:
        return True
    return time.monotonic() - _noted.get(connection_id, -GOOD_EVERY_S) >= GOOD_EVERY_S


def note_good(connection_id: int, state: str) -> None:
    """A call worked: so does the plan."""
    if not worth_noting(connection_id, state):
        return
    with _lock:
        _strikes.pop(connection_id, None)
        _away.discard(connection_id)
        _noted[connection_id] = time.monotonic()
    stale = Q(last_good_call_at=None) | Q(last_good_call_at__lt=Now() - timedelta(seconds=GOOD_EVERY_S))
    stale |= Q(unreached_since__isnull=False)
    Connection.objects.filter(stale, pk=connection_id).update(last_good_call_at=Now(), unreached_since=None)
    if state == State.PLAN_REFUSED:
        _plan_works_again(connection_id)


def note_error(connection_id: int, exc: errors.ContaAzulError) -> None:
    """Slow the account down after a 429; stop it when the plan refuses. The error goes on to the caller."""
    match exc:
        case errors.TooManyRequests():
            rate.slow_down(connection_id, _pause_after(connection_id, exc.retry_after))
        case errors.PlanNotAllowed():
            _stop_for_plan(connection_id, exc.sentence)
        case errors.NotAuthorised():  # with a token fresh from the refresh: their words are all that is known
            _write_down(connection_id, rules.note("not_authorised", exc.sentence))
        case errors.NotSent():
            with _lock:
                _away.add(connection_id)
            away = {"unreached_since": Coalesce("unreached_since", Now())}
            _write_down(connection_id, "not_reached", **away)
        case _:
            pass  # about the call, not about the connection


def _pause_after(connection_id: int, retry_after: float | None) -> float:
    """Their Retry-After; none is documented, so without it 1 s, doubled at each 429 more, up to a minute."""
    with _lock:
        strikes = _strikes[connection_id] = _strikes.get(connection_id, 0) + 1
    if (asked := asked_to_wait(retry_after)) is not None:
        return asked
    return min(SLOWEST_S, 2.0 ** (strikes - 1)) * random.uniform(1.0, 1.25)  # noqa: S311


def asked_to_wait(retry_after: float | None) -> float | None:
    """Their Retry-After, never less than a second: "0", or a moment gone by, is no leave to ask again and again."""
    return None if retry_after is None else max(LEAST_S, float(retry_after))


def _write_down(connection_id: int, note: str, **more: Any) -> None:
    Connection.objects.filter(pk=connection_id).update(last_error=note, last_error_at=Now(), **more)


def _stop_for_plan(connection_id: int, words: str) -> None:
    with transaction.atomic():
        connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if connection.state != State.CONNECTED:
            return
        connection.state = State.PLAN_REFUSED
        connection.last_error, connection.last_error_at = rules.note("plan_refused", words), Now()
        connection.save(update_fields=["state", "last_error", "last_error_at"])
        incidents.begin(connection_id, Incident.Kind.PLAN_REFUSED)
        record(
            "connection.plan_refused",
            connection,
            company=connection.company,
            data={"account": connection.remote_name, "words": words},
        )


def _plan_works_again(connection_id: int) -> None:
    with transaction.atomic():
        connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if connection.state != State.PLAN_REFUSED:
            return
        connection.state, connection.last_error, connection.last_error_at = State.CONNECTED, "", None
        connection.save(update_fields=["state", "last_error", "last_error_at"])
        incidents.end(connection_id)
        record("connection.plan_allowed", connection, company=connection.company)
        queue.wake(connection_id)  # what waited goes at once


def forget() -> None:
    """Forget what this process noted: as after a restart."""
    with _lock:
        _noted.clear()
        _strikes.clear()
        _away.clear()
