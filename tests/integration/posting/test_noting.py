"""What an answer says of the connection can't be written down: the answer itself still reaches whoever asked."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from stories import Account, approved, books, post

from alcada.connections import gateway, remote, standing
from alcada.connections.models import Connection
from alcada.posting.models import Attempt, State
from conta_azul import ContaAzulError, NotAuthorised, NotSent, PlanNotAllowed, TooManyRequests
from conta_azul.calls import company as theirs

SIDES = {"payable": "payables", "receivable": "receivables"}
PATHS = {"payable": "/v1/financeiro/contas-a-pagar", "receivable": "/v1/financeiro/contas-a-receber"}
FULL = """
    CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'no space left for %', NEW USING ERRCODE = 'disk_full'; END $$;
    CREATE TRIGGER disk_is_full BEFORE UPDATE ON connections_connection
        FOR EACH ROW EXECUTE FUNCTION disk_is_full();
    CREATE TRIGGER disk_is_full BEFORE INSERT OR UPDATE ON connections_callslot
        FOR EACH ROW WHEN (NEW.not_before > 0) EXECUTE FUNCTION disk_is_full();
"""


@pytest.fixture
def nothing_is_noted(account: Account) -> Iterator[Account]:
    """The connection's row can't be written to; all else can."""
    standing.forget()
    Connection.objects.update(last_good_call_at=None)  # so that a good answer is to be noted, too
    with database.cursor() as cursor:
        cursor.execute(FULL)
    yield account
    with database.cursor() as cursor:
        cursor.execute("DROP FUNCTION disk_is_full CASCADE")


def ask(account: Account, awaited: bool) -> Any:
    async def asked() -> Any:
        try:
            return await gateway.asend(account.pk, theirs.connected())
        finally:
            await remote.close()

    return asyncio.run(asked()) if awaited else gateway.send(account.pk, theirs.connected())


@pytest.mark.parametrize("kind", ["payable", "receivable"])
def test_an_answer_with_an_id_reaches_the_posting(
    nothing_is_noted: Account, sandbox: Any, ana: Any, bruno: Any, caplog: Any, kind: str
) -> None:
    posting = approved(nothing_is_noted.connection.company, ana=ana, bruno=bruno, kind=kind)
    post(nothing_is_noted)
    posting.refresh_from_db()
    (entry,) = books(sandbox, nothing_is_noted.connection.company.document)[SIDES[kind]]
    assert (posting.state, posting.remote_event_id) == (State.POSTED, entry["id"])
    assert [one.outcome for one in posting.attempts.filter(kind=Attempt.Kind.ENTRY)] == ["posted"]
    told = [record.getMessage() for record in caplog.records if "was not noted" in record.getMessage()]
    assert told
    assert "no space left" not in caplog.text  # the database quotes the row, with what is secret in it


@pytest.mark.parametrize("awaited", [False, True], ids=["waited for", "awaited"])
def test_a_good_answer_stays_one(nothing_is_noted: Account, awaited: bool) -> None:
    assert ask(nothing_is_noted, awaited).document == nothing_is_noted.connection.company.document


@pytest.mark.parametrize("awaited", [False, True], ids=["waited for", "awaited"])
@pytest.mark.parametrize(
    ("struck", "kind"),
    [
        ({"kind": "too_many"}, TooManyRequests),
        ({"kind": "plan_blocked"}, PlanNotAllowed),
        ({"kind": "error_before", "status": 401}, NotAuthorised),
        (None, NotSent),
    ],
)
def test_an_error_stays_what_it_is(
    nothing_is_noted: Account,
    sandbox: Any,
    settings: Any,
    struck: dict[str, Any] | None,
    kind: type[ContaAzulError],
    awaited: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if struck is None:
        settings.CONTA_AZUL_API_URL = "http://127.0.0.1:9"
    elif kind is NotAuthorised:  # also with the fresh token: whatever the refresh writes is no matter here
        ready = gateway._prepare(nothing_is_noted.pk, None)
        monkeypatch.setattr(gateway, "_prepare", lambda *_: ready)
    sandbox.faults(*([{"path": "/v1/*", **struck}] if struck else []))
    with pytest.raises(kind):
        ask(nothing_is_noted, awaited)


@pytest.mark.parametrize("kind", ["payable", "receivable"])
def test_a_refusal_for_lack_of_room_means_later_and_not_a_doubt(
    nothing_is_noted: Account, sandbox: Any, ana: Any, bruno: Any, kind: str
) -> None:
    posting = approved(nothing_is_noted.connection.company, ana=ana, bruno=bruno, kind=kind)
    sandbox.faults({"method": "POST", "path": PATHS[kind], "kind": "too_many", "count": 1, "retry_after": 30})
    post(nothing_is_noted)
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.QUEUED, "too_many_requests")
    assert not books(sandbox, nothing_is_noted.connection.company.document)[SIDES[kind]]


def test_without_a_database_for_the_token_nothing_was_sent_and_it_says_so(
    account: Account, sandbox: Any, settings: Any
) -> None:
    """The call's moment could not be reserved: a failure of ours, and surely nothing left."""
    settings.POSTING = settings.POSTING | {"calls_per_second": 10}
    before = len(sandbox.calls())
    with database.cursor() as cursor:
        cursor.execute("ALTER TABLE connections_callslot RENAME TO connections_callslot_away")
    try:
        with pytest.raises(gateway.access.TemporaryAccessError):
            gateway.send(account.pk, theirs.connected())
    finally:
        with database.cursor() as cursor:
            cursor.execute("ALTER TABLE connections_callslot_away RENAME TO connections_callslot")
    assert len(sandbox.calls()) == before
