"""One consent: from the button to Conta Azul's page and back, by its callback or by the pasted address.

The consent's `state` is random, kept hashed, bound to the connection and to who began it (a user, or the consent
link of an account's owner), good once and for ten minutes. The company behind the new tokens is compared before the
tokens are kept: what was approved for one company is never posted to another.
"""

import secrets
import time
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from alcada import queue
from alcada.connections import crypto, incidents, rate, remote, rules
from alcada.connections.models import AuthorisationRequest, Connection, ConsentLink, Incident, Lease
from alcada.connections.queries import application_for
from alcada.directory import documents
from alcada.history.actions import record
from alcada.people.models import User
from conta_azul import errors, oauth

GOOD_FOR = timedelta(minutes=10)
CHANNEL = "consent link"  # of history, where no user acted
By = User | ConsentLink
State = Connection.State


class AuthorisationError(Exception):
    """The consent led to no connection; no tokens were kept. `code` is stable, the page has its sentence.

    no_application, not_an_address, several_codes, authorize_address, denied, state_unknown, state_other
    (another connection's), state_foreign (somebody else's), state_used, state_expired, code_refused (too
    late, used, or another address), application_refused, not_reached (try again), answer_lost (start again),
    plan_refused, erp_login, account_unnamed (it tells no CPF/CNPJ to compare), wrong_company (`got` and
    `expected` name them), account_taken (`expected` is the connection that stands for this account already),
    link_over (the consent link was revoked, used or ran out meanwhile).
    """

    def __init__(self, code: str, *, got: str = "", expected: str = "", words: str = "") -> None:
        super().__init__(code)
        self.code, self.got, self.expected, self.words = code, got, expected, words


def begin(*, by: By, connection: Connection) -> str:
    """Return the address of Conta Azul's consent page for this connection and whoever begins.

    Raises AuthorisationError (no_application).
    """
    application = application_for(connection)
    if application is None:
        raise AuthorisationError("no_application")
    state = secrets.token_urlsafe(32)
    AuthorisationRequest.objects.create(
        state_hash=rules.state_hash(state), connection=connection, **_owner(by)
    )
    return remote.authorize_url(remote.in_the_clear(application), state)


def finish(*, by: By, state: str, code: str, connection: Connection | None = None) -> Connection:
    """Turn the code into a working connection and queue the fetch of its directory.

    `connection`, when given, is the one that the person is looking at. Raises AuthorisationError.
    """
    request = AuthorisationRequest.objects.filter(state_hash=rules.state_hash(state)).first()
    if request is None:
        raise AuthorisationError("state_unknown")
    if (request.user_id, request.link_id) != _key(by):
        raise AuthorisationError("state_foreign")
    if connection is not None and request.connection_id != connection.pk:
        raise AuthorisationError("state_other")
    return _complete(request, by, code)


def finish_pasted(*, by: By, connection: Connection, text: str) -> Connection:
    """As finish, from what the person copied out of the browser's address bar, or the code alone.

    A code alone belongs to the consent that this person began last for this connection.
    """
    try:
        pasted = oauth.read_redirect(text)
    except errors.NotARedirect as exc:
        if exc.reason == "denied":
            raise AuthorisationError("denied", words=exc.code) from exc
        known = exc.reason in ("several_codes", "authorize_address")
        raise AuthorisationError(exc.reason if known else "not_an_address") from exc
    if pasted.state is not None:
        return finish(by=by, state=pasted.state, code=pasted.code, connection=connection)
    begun = AuthorisationRequest.objects.filter(connection=connection, **_owner(by))
    request = begun.order_by("-id").first()
    if request is None:
        raise AuthorisationError("state_unknown")
    return _complete(request, by, pasted.code)


def _owner(by: By) -> dict[str, Any]:
    """Who may finish what this one began."""
    return {"link": by} if isinstance(by, ConsentLink) else {"user": by}


def _key(by: By) -> tuple[int | None, int | None]:
    """A request's user and link, for whom it is."""
    return (None, by.pk) if isinstance(by, ConsentLink) else (by.pk, None)


def _complete(request: AuthorisationRequest, by: By, code: str) -> Connection:
    _use(request)
    connection = Connection.objects.select_related("company", "application").get(pk=request.connection_id)
    application = application_for(connection)
    if application is None:
        raise AuthorisationError("no_application")
    try:
        pair, account = _ask(connection, remote.in_the_clear(application), code)
    except AuthorisationError as exc:
        if exc.code == "code_refused":  # nothing came of it: the right code may still be pasted
            AuthorisationRequest.objects.filter(pk=request.pk).update(used_at=None)
        raise
    if not account.document and not (connection.remote_id and connection.remote_id == account.id):
        raise AuthorisationError("account_unnamed", got=account.name)
    expected = _expected(connection, account)
    if expected:
        _note_wrong_company(connection, by, account.name, expected)
        raise AuthorisationError("wrong_company", got=account.name, expected=expected)
    if taken := _taken(connection, account):
        raise AuthorisationError("account_taken", got=account.name, expected=taken)
    return _keep(connection.pk, by, pair, account)


def _use(request: AuthorisationRequest) -> None:
    """Marked used before anything else: a second press, or a page opened twice, finds it spent."""
    fresh = AuthorisationRequest.objects.filter(pk=request.pk, used_at=None)
    if fresh.filter(created_at__gte=Now() - GOOD_FOR).update(used_at=Now()):
        return
    raise AuthorisationError("state_expired" if fresh.exists() else "state_used")


def _ask(
    connection: Connection, application: oauth.Application, code: str
) -> tuple[oauth.Tokens, remote.Account]:
    """The tokens for the code, and whose they are. The tokens go nowhere before that is known."""
    try:
        pair = remote.exchange(application, code)
        time.sleep(rate.reserve(connection.pk))
        return pair, remote.account(pair.access_token)
    except errors.InvalidGrant as exc:
        raise AuthorisationError("code_refused") from exc
    except errors.ErpLoginNeeded as exc:
        raise AuthorisationError("erp_login") from exc
    except errors.PlanNotAllowed as exc:
        raise AuthorisationError("plan_refused") from exc
    except (errors.NotSent, errors.TooManyRequests) as exc:
        raise AuthorisationError("not_reached") from exc
    except errors.MayHaveArrived as exc:
        raise AuthorisationError("answer_lost") from exc
    except errors.ContaAzulError as exc:
        raise AuthorisationError("application_refused", words=exc.sentence) from exc


def _expected(connection: Connection, account: remote.Account) -> str:
    """The name of the company that should have been authorised; empty when it was that one.

    The account pinned at the first authorisation decides, by its id, else by its document; before that the
    company's own document does.
    """
    document = documents.normalise(account.document)
    if connection.remote_id and account.id:
        right = connection.remote_id == account.id
    elif connection.remote_document and document:
        right = connection.remote_document == document
    else:
        right = not connection.remote_id
    own = connection.company.document
    if right and (not document or document == own):
        return ""
    return connection.remote_name or connection.company.name


def _taken(connection: Connection, account: remote.Account) -> str:
    """The name of another connection that stands for this same account; empty when there is none.

    A company with several accounts signs in to them one after the other, and Conta Azul's page remembers the
    last: two connections on one account would halve its pace and let a routing rule lead to the wrong books.
    """
    if not account.id:
        return ""
    others = Connection.objects.filter(remote_id=account.id).exclude(pk=connection.pk)
    return others.values_list("name", flat=True).first() or ""


def _note_wrong_company(connection: Connection, by: By, got: str, expected: str) -> None:
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.state not in (State.CONNECTED, State.PAUSED, State.PLAN_REFUSED):
            # One that works goes on with the authorisation that it has: nothing of it was touched.
            row.state = State.WRONG_COMPANY
            row.last_error, row.last_error_at = rules.note("wrong_company", f"{got} ≠ {expected}"), Now()
            row.save(update_fields=["state", "last_error", "last_error_at"])
            if row.authorised_at:  # a first consent that went wrong stops nothing, and who gave it sees why
                incidents.begin(row.pk, Incident.Kind.WRONG_COMPANY)
        _record("connection.wrong_company", row, by, {"authorised": got, "expected": expected})


def _record(event: str, connection: Connection, by: By, data: dict[str, Any]) -> None:
    if isinstance(by, ConsentLink):
        data, channel, user = {**data, "owner": by.owner_name, "link": by.pk}, CHANNEL, None
    else:
        channel, user = "", by
    record(event, connection, by=user, company=connection.company, channel=channel, data=data)


def _end_links(connection: Connection, by: By) -> None:
    """A link is used up by the connection that it led to; one that nobody needs any more ends too.

    Raises AuthorisationError (link_over) where it was revoked, or ran out, while its owner was at Conta Azul.
    """
    live = ConsentLink.objects.filter(connection=connection, used_at=None, revoked_at=None)
    if isinstance(by, ConsentLink):
        if not live.filter(pk=by.pk, expires_at__gt=Now()).update(used_at=Now()):
            raise AuthorisationError("link_over")
        return
    live.update(revoked_at=Now())


def _keep(connection_id: int, by: By, pair: oauth.Tokens, account: remote.Account) -> Connection:
    with transaction.atomic():
        connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        _end_links(connection, by)
        Lease.objects.filter(connection=connection, kind="refresh").delete()  # about a pair that is no more
        connection.access_token = crypto.encrypt(pair.access_token)
        connection.refresh_token = crypto.encrypt(pair.refresh_token)
        connection.access_expires_at = pair.expires_at
        connection.remote_id = connection.remote_id or account.id
        connection.remote_document = connection.remote_document or documents.normalise(account.document)
        connection.remote_name = account.name or connection.remote_name
        through_link = isinstance(by, ConsentLink)
        if not (through_link and connection.state == State.PAUSED):  # who paused it decides when it goes on
            connection.state = State.CONNECTED
        connection.last_error, connection.last_error_at = "", None
        connection.authorised_at = Now()
        connection.authorised_by = None if isinstance(by, ConsentLink) else by
        connection.authorised_name = by.owner_name if isinstance(by, ConsentLink) else by.name
        connection.last_good_call_at, connection.unreached_since = Now(), None
        connection.save()
        incidents.end(connection.pk)
        told = {"account": connection.remote_name, "account_id": connection.remote_id}
        _record("connection.authorised", connection, by, told)
        queue.defer("sync_directory", connection_id=connection.pk)
        queue.wake(connection.pk)  # what waited for the authorisation goes at once
    connection.refresh_from_db()
    return connection
