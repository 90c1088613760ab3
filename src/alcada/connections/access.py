"""A usable access token, refreshed by exactly one among any number of workers.

A refresh spends the stored pair and gives another, so two at once, or one whose answer is lost, leave a
connection that only a person can mend. Hence: a lease is held across the call; the new pair is stored before
anybody uses it, in the transaction that ends the lease; and a lease that ran out says that its holder died
with, perhaps, the only pair that is valid.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import connection as database
from django.db import transaction
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Coalesce, Now

from alcada.background import AWAY
from alcada.connections import crypto, incidents, leases, remote, rules
from alcada.connections.models import Connection, Incident, Lease
from alcada.history.actions import record
from conta_azul import errors, oauth

MUST_LIVE = timedelta(seconds=120)  # a token handed out outlives the wait for its slot and the call
LEASE_S = 150.0  # longer than the longest refresh call: all of remote.TIMEOUTS
WAIT_S = 20.0  # how long others wait for the one who refreshes
POLL_S = 0.05
STORE_TRIES = 60  # a second apart; within the lease

State = Connection.State
_OUT_OF_USE: Final = (State.PAUSED, State.NEW, State.AUTHORISE, State.WRONG_COMPANY)


class AccessError(Exception):
    """There is no usable token now; nothing was sent."""


class NeedsAuthorisationError(AccessError):
    """A person has to authorise the connection (again). `code` is one of rules.REASONS, or the state."""

    def __init__(self, code: str) -> None:
        super().__init__(f"the connection needs authorisation: {code}")
        self.code = code


class PausedError(AccessError):
    """A person paused the connection."""


class TemporaryAccessError(AccessError):
    """Not now: the token could not be refreshed, and nothing was changed. Try later."""


@dataclass(frozen=True, repr=False)
class Usable:
    """A token for a call that leaves within MUST_LIVE, and the state that the connection was seen in."""

    token: str
    state: str


def access_token(connection_id: int, *, not_this: str | None = None) -> str:
    """Return an access token that lives two minutes more and is not `not_this` (one that got a 401).

    Raises NeedsAuthorisationError, PausedError, TemporaryAccessError; RuntimeError inside a transaction.
    """
    return usable(connection_id, not_this=not_this).token


def usable(connection_id: int, *, not_this: str | None = None) -> Usable:
    """As access_token, with the connection's state."""
    give_up_at = time.monotonic() + WAIT_S
    while True:
        connection = _load(connection_id)
        if token := _stored(connection, not_this):
            return Usable(token, connection.state)
        if token := _refresh(connection_id, not_this):
            return Usable(token, connection.state)
        if time.monotonic() > give_up_at:
            raise TemporaryAccessError("another worker is still refreshing the token")
        time.sleep(POLL_S)


def at_hand(connection_ids: Collection[int]) -> dict[int, Usable]:
    """Of many connections those whose stored token will do, in one statement. For any other `usable` says why not."""
    rows = _living().filter(pk__in=connection_ids).exclude(state__in=_OUT_OF_USE)
    found = {row.pk: (row, _stored(row, None)) for row in rows}
    return {pk: Usable(token, row.state) for pk, (row, token) in found.items() if token}


def require_authorisation(connection_id: int, code: str, *, spent: bytes | None, words: str = "") -> bool:
    """Take the connection out of use until a person authorises it; postings wait, none is lost.

    Does nothing, and returns False, when the pair is no longer the one that `spent` names: somebody
    authorised, or refreshed, in the meantime. Ends a refresh's lease. `spent` None: the pair is kept, it may
    yet turn out good.
    """
    with transaction.atomic():
        connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if spent is not None and _bytes(connection.refresh_token) != spent:
            return False
        Lease.objects.filter(connection=connection, kind="refresh").delete()
        connection.state = State.AUTHORISE
        connection.last_error, connection.last_error_at = rules.note(code, words), Now()
        if spent is not None:
            connection.access_token = connection.refresh_token = connection.access_expires_at = None
        connection.save()
        incidents.begin(connection_id, Incident.Kind.AUTHORISE)
        record(
            "connection.needs_authorisation",
            connection,
            company=connection.company,
            data={"account": connection.remote_name, "reason": code},
        )
    return True


def _living() -> QuerySet[Connection]:
    lives = ExpressionWrapper(Q(access_expires_at__gte=Now() + MUST_LIVE), output_field=BooleanField())
    return Connection.objects.annotate(lives=lives)


def _load(connection_id: int) -> Connection:
    connection = _living().get(pk=connection_id)
    if connection.state == State.PAUSED:
        raise PausedError("the connection is paused")
    if connection.state in _OUT_OF_USE:
        raise NeedsAuthorisationError(rules.code_of(connection.last_error) or connection.state)
    return connection


def _stored(connection: Connection, not_this: str | None) -> str | None:
    """The stored token, if it lives long enough and isn't the one that was refused."""
    if connection.access_token is None or not getattr(connection, "lives", False):
        return None
    token = crypto.decrypt(connection.access_token)
    return token if token != not_this else None


def _refresh(connection_id: int, not_this: str | None) -> str | None:
    """Refresh under the lease and return the new token; None while another worker is at it."""
    if leases.ran_out(connection_id, "refresh", ""):
        _deal_with_dead_holder(connection_id)
        return None
    holder = leases.take(connection_id, "refresh", "", LEASE_S, take_over=False)
    if holder is None:
        return None
    in_doubt = False
    try:
        connection = _load(connection_id)  # the last holder may have stored a pair since we looked
        if token := _stored(connection, not_this):
            return token
        spent = _bytes(connection.refresh_token)
        if spent is None:
            require_authorisation(connection_id, "grant_refused", spent=None)
            raise NeedsAuthorisationError("grant_refused")
        refresh_token, application = crypto.decrypt(spent), remote.credentials(connection)
        in_doubt = True  # from here on the pair may be spent, unless the answer says otherwise
        try:
            pair = remote.refresh(application, refresh_token)
        except errors.InvalidGrant as exc:
            in_doubt = False
            require_authorisation(connection_id, "grant_refused", spent=spent)
            raise NeedsAuthorisationError("grant_refused") from exc
        except errors.MayHaveArrived as exc:
            in_doubt = False
            require_authorisation(connection_id, "answer_lost", spent=spent)
            raise NeedsAuthorisationError("answer_lost") from exc
        except (
            errors.ContaAzulError
        ) as exc:  # not sent, or refused for a reason that leaves the pair as it is
            in_doubt = False
            code = "application_refused" if isinstance(exc, errors.OAuthError) else "not_reached"
            note = rules.note(code, exc.sentence if code == "application_refused" else "")
            away = {"unreached_since": Coalesce("unreached_since", Now())} if code == "not_reached" else {}
            Connection.objects.filter(pk=connection_id).update(last_error=note, last_error_at=Now(), **away)
            raise TemporaryAccessError("the token could not be refreshed") from exc
        _store_at_last(connection_id, pair, spent=spent)
        in_doubt = False
        return pair.access_token
    finally:
        if not in_doubt:
            leases.give_back(connection_id, "refresh", "", holder)


def store_refreshed(connection_id: int, pair: oauth.Tokens, *, spent: bytes) -> None:
    """Store the pair that was got for the one that `spent` names, before anybody uses it, and end the lease.

    When a person authorised in the meantime, theirs stays. When the lease ran out and the connection was
    given up for it, the pair that came after all puts it right.
    """
    with transaction.atomic():
        connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        Lease.objects.filter(connection=connection, kind="refresh").delete()
        if _bytes(connection.refresh_token) != spent:
            return
        connection.access_token = crypto.encrypt(pair.access_token)
        connection.refresh_token = crypto.encrypt(pair.refresh_token)
        connection.access_expires_at = pair.expires_at
        if connection.state == State.AUTHORISE:
            connection.state, connection.last_error = State.CONNECTED, ""
            incidents.end(connection_id)
        connection.save()


def _store_at_last(connection_id: int, pair: oauth.Tokens, *, spent: bytes) -> None:
    """The old pair is spent: while the database is away the new one is only here, so it is not given up at once."""
    for _ in range(STORE_TRIES - 1):
        try:
            store_refreshed(connection_id, pair, spent=spent)
            return
        except AWAY:
            database.close()
            time.sleep(1)
    store_refreshed(connection_id, pair, spent=spent)


def _deal_with_dead_holder(connection_id: int) -> None:
    """One worker says it, once: the lease is gone afterwards."""
    with transaction.atomic():
        Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        if leases.ran_out(connection_id, "refresh", ""):
            require_authorisation(connection_id, "holder_died", spent=None)


def _bytes(data: bytes | memoryview | None) -> bytes | None:
    return bytes(data) if data is not None else None
