"""Who looks on an account: where calls are limited only the worker that sends there, or nobody's rival."""

import asyncio
from typing import Any

import psycopg
from stories import Account, approved, come_due, post

from alcada.background import in_database
from alcada.flow import holding
from alcada.flow import posting as flow_posting
from alcada.flow.beside import Beside
from alcada.flow.holding import Holder
from alcada.flow.listening import address
from alcada.ledger.models import Sighting
from alcada.posting.models import Posting, State

CREATE = "/v1/financeiro/contas-a-pagar"


def look_beside(connection_id: int) -> None:
    """A worker's look at the account, to its end."""

    async def once() -> None:
        holder = Holder()
        beside = Beside(holder)
        beside.look(connection_id)
        await beside.close()
        await holder.close()

    asyncio.run(once())


def test_another_workers_account_is_left_to_it(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    """Searches of one beside creates of another met in one second, and some got a 429."""
    settings.POSTING = settings.POSTING | {"calls_per_second": 10}
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults({"method": "POST", "path": CREATE, "kind": "drop_after", "count": 1})
    post(account)
    come_due(account)
    calls = len(sandbox.calls())
    with psycopg.connect(address(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [holding.CLASS, account.pk])
        look_beside(account.pk)
        assert len(sandbox.calls()) == calls
        assert Posting.objects.get(pk=posting.pk).state == State.UNKNOWN
        other.execute("SELECT pg_advisory_unlock(%s, %s)", [holding.CLASS, account.pk])
        look_beside(account.pk)
        assert Posting.objects.get(pk=posting.pk).state == State.POSTED
        taken = other.execute("SELECT pg_try_advisory_lock(%s, %s)", [holding.CLASS, account.pk]).fetchone()
        assert taken == (True,)  # it was let go


def test_what_a_worker_did_not_live_to_see_another_sees(account: Account, ana: Any, bruno: Any) -> None:
    """Else an account whose workers die often would never learn how late it shows."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)

    async def begin() -> None:
        beside = Beside(Holder())
        await beside.recall()
        beside.see(busy=True, serving=())  # it is not its time yet: others are being sent
        await asyncio.sleep(0.1)
        assert not await in_database(Sighting.objects.filter(posting=posting).exists)
        await asyncio.sleep(2)
        beside.see(busy=False, serving=())
        await beside.close()

    asyncio.run(begin())
    assert Sighting.objects.get().posting_id == posting.pk
    assert flow_posting.unsighted_lately() == {}
