"""A look finds the entry after the posting went on: another look, or a person, was quicker. What stands, stands."""

from typing import Any

import pytest
from django.utils import timezone
from integration.posting.hands import fresh, there
from stories import Account, approved, post

from alcada.history.queries import of
from alcada.posting import looking
from alcada.posting.models import Posting, State

CREATE = "/v1/financeiro/contas-a-pagar"


@pytest.fixture
def arrived(account: Account, sandbox: Any, ana: Any, bruno: Any) -> Posting:
    """It stands there; its answer was lost."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.faults({"method": "POST", "path": CREATE, "kind": "drop_after", "count": 1})
    post(account)
    return fresh(posting, State.UNKNOWN)


def find(posting: Posting, event: dict[str, Any]) -> Posting:
    looking.found(posting.pk, [event["id"]], {event["id"]: [one["id"] for one in event["parcelas"]]}, {})
    return fresh(posting)


def test_what_waits_to_be_sent_again_is_not_sent(account: Account, sandbox: Any, arrived: Posting) -> None:
    Posting.objects.update(state=State.QUEUED, reason="surely_absent", next_try_at=timezone.now())
    (event,) = there(account, sandbox)
    posting = find(arrived, event)
    assert (posting.state, posting.remote_event_id) == (State.POSTED, event["id"])
    post(account)
    assert there(account, sandbox) == [event]
    assert "posting.found" in [record.event for record in of(posting.entry)]


def test_what_is_being_sent_again_is_told_when_its_answer_comes(
    account: Account, sandbox: Any, arrived: Posting
) -> None:
    Posting.objects.update(state=State.QUEUED, reason="surely_absent", next_try_at=timezone.now())
    (event,) = there(account, sandbox)
    post(account)  # the look that began before finds the first one only now
    posting = find(arrived, event)
    assert (posting.state, posting.reason, posting.detail) == (State.POSTED, "second_event", event["id"])


@pytest.mark.parametrize("state", [State.REFUSED, State.CANCELLED])
def test_what_should_not_stand_there_is_told(
    account: Account, sandbox: Any, arrived: Posting, state: State
) -> None:
    Posting.objects.update(state=state, next_try_at=None)
    (event,) = there(account, sandbox)
    posting = find(arrived, event)
    assert (posting.state, posting.reason, posting.detail) == (state, "late_answer", event["id"])


def test_an_event_that_another_posting_is_known_to_be_needs_a_person(
    account: Account, sandbox: Any, arrived: Posting, ana: Any, bruno: Any
) -> None:
    """Else the database refuses it at every look, and nobody hears of it."""
    (event,) = there(account, sandbox)
    other = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 2")
    Posting.objects.filter(pk=other.pk).update(
        state=State.POSTED, reason="adopted", remote_event_id=event["id"], posted_at=timezone.now()
    )
    posting = find(arrived, event)
    assert (posting.state, posting.reason, posting.detail) == (State.UNDECIDED, "unclear", event["id"])
