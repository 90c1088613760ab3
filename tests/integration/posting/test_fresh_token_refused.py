"""A token fetched just now, and refused all the same: nothing stops the account, so the worker must not spin."""

from typing import Any

from stories import Account, approved, books, post

from alcada.connections.models import Connection
from alcada.posting.models import Attempt, Posting, State


def test_it_is_tried_again_later_and_not_at_once(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    # The first refusal has the token refreshed. The account would answer the eleventh pair of calls.
    path = "/v1/financeiro/contas-a-pagar"
    refusal = {"kind": "error_before", "status": 401, "body": {"message": "Unauthorized"}}
    sandbox.faults({"method": "POST", "path": path, "count": 20, **refusal})
    post(account)
    found = Posting.objects.get(pk=posting.pk)
    assert Connection.objects.get(pk=account.pk).state == Connection.State.CONNECTED
    assert (found.state, found.reason) == (State.QUEUED, "needs_authorisation")
    assert found.attempts.filter(kind=Attempt.Kind.ENTRY).count() == 1
    assert not books(sandbox, account.connection.company.document)["payables"]

    sandbox.faults()
    Posting.objects.update(next_try_at=found.created_at)
    post(account)
    assert Posting.objects.get(pk=posting.pk).state == State.POSTED
