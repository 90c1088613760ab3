"""When a look may be believed: never by what it saw too early, or of an earlier sending, or while one may hide."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from stories import Account, approved, books, post, watched

from alcada.flow import posting as flow_posting
from alcada.flow import restored
from alcada.posting import looking
from alcada.posting.models import Posting, State

CREATE = "/v1/financeiro/contas-a-pagar"


def fault(kind: str) -> dict[str, Any]:
    return {"method": "POST", "path": CREATE, "kind": kind, "count": 1}


@pytest.fixture
def trusting(account: Account, settings: Any, ana: Any, bruno: Any) -> Account:
    """An account whose absences are believed after no time at all: one posting of it was seen to come back."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 1, "absence_span_s": 0.0}
    approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    flow_posting.sight(account.pk)
    return account


def unknown(account: Account, sandbox: Any, kind: str, *, ana: Any, bruno: Any) -> Posting:
    """A posting whose answer was lost, half an hour ago."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 1002")
    sandbox.faults(fault(kind))
    post(account)
    watched(posting, 30)
    posting.refresh_from_db()
    assert posting.state == State.UNKNOWN
    return posting


def standing(account: Account, sandbox: Any, posting: Posting) -> int:
    there = books(sandbox, account.connection.company.document)["payables"]
    return sum(entry["referencia_externa"] == posting.reference for entry in there)


def test_a_look_is_as_old_as_its_beginning(
    trusting: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.POSTING = settings.POSTING | {"absence_span_s": 600.0}
    sandbox.settings(search_lag=60)
    posting = approved(trusting.connection.company, ana=ana, bruno=bruno, document_number="NF 1002")
    sandbox.faults(fault("drop_after"))
    post(trusting)
    watched(posting, 9.9)
    search = flow_posting.ledger.find_by_reference

    def asleep(*arguments: Any, **named: Any) -> Any:
        found = search(*arguments, **named)
        later = timezone.now() + timedelta(minutes=20)  # the machine slept in the middle of the look
        monkeypatch.setattr("django.utils.timezone.now", lambda: later)
        return found

    monkeypatch.setattr(flow_posting.ledger, "find_by_reference", asleep)
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert posting.state == State.UNKNOWN


def test_a_look_at_an_earlier_sending_says_nothing_about_the_last(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = unknown(trusting, sandbox, "drop_before", ana=ana, bruno=bruno)
    search, seen = flow_posting.ledger.find_by_reference, []

    def overtaken(*arguments: Any, **named: Any) -> Any:
        found = search(*arguments, **named)
        if not seen:
            seen.append(1)
            flow_posting.look([posting.pk])  # another look ends first: absence is believed
            sandbox.faults(fault("drop_after"))
            post(trusting)  # and it is sent again, its answer lost
        return found

    monkeypatch.setattr(flow_posting.ledger, "find_by_reference", overtaken)
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert posting.state == State.UNKNOWN
    post(trusting)
    assert standing(trusting, sandbox, posting) == 1


def test_an_event_that_nobody_knows_is_opened_once_for_all_that_are_looked_for(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    stranger = Posting.objects.get()
    lost = [unknown(trusting, sandbox, "drop_before", ana=ana, bruno=bruno) for _ in range(3)]
    event_id, stranger.remote_event_id = stranger.remote_event_id, "another"
    stranger.save(update_fields=["remote_event_id"])
    before = len(sandbox.calls())
    flow_posting.look([posting.pk for posting in lost])
    opened = [call for call in sandbox.calls()[before:] if event_id in call["path"]]
    assert len(opened) == 1
    for posting in lost:
        posting.refresh_from_db()
        assert posting.state == State.QUEUED  # it was looked for all the same: its absence is believed


def test_the_change_feed_is_read_when_absence_is_decided_and_not_before(
    trusting: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    posting = unknown(trusting, sandbox, "drop_before", ana=ana, bruno=bruno)
    read: list[object] = []
    for span in (3000.0, 600.0):
        settings.POSTING = settings.POSTING | {"absence_span_s": span}
        Posting.objects.filter(pk=posting.pk).update(next_try_at=timezone.now())
        before = len(sandbox.calls())
        assert flow_posting.look_for_due(trusting.pk)
        read.append(any("/alteracoes" in call["path"] for call in sandbox.calls()[before:]))
        posting.refresh_from_db()
        read.append(posting.state)
    assert read == [False, State.UNKNOWN, True, State.QUEUED]


def test_what_may_be_ours_with_the_reference_taken_out_goes_to_a_person(
    trusting: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    settings.POSTING = settings.POSTING | {"look_for_s": 0.0}
    posting = unknown(trusting, sandbox, "drop_after", ana=ana, bruno=bruno)
    company = trusting.remote["id"]
    there = books(sandbox, trusting.connection.company.document)["payables"]
    (event,) = [entry for entry in there if entry["referencia_externa"] == posting.reference]
    blank = {"descricao": "Papel", "observacao": "", "referencia_externa": ""}
    sandbox.act(company, "edit", event=event["id"], changes=blank)
    for part in event["parcelas"]:
        sandbox.act(company, "edit", instalment=part["id"], changes={"descricao": "Papel", "nota": ""})
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert (posting.state, posting.reason) == (State.UNDECIDED, "unclear")
    assert event["id"] in posting.detail


def test_after_a_restore_what_was_being_looked_for_is_doubted_anew(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = unknown(trusting, sandbox, "drop_before", ana=ana, bruno=bruno)
    restored.doubt()
    posting.refresh_from_db()
    assert posting.state == State.UNKNOWN
    assert posting.watched_s == 0.0
    assert posting.sent_at is not None
    assert timezone.now() - posting.sent_at < timedelta(minutes=5)  # the span begins anew
    assert posting.may_stand_since == posting.created_at
    assert looking.take_due(trusting.pk, 5) in ([], [posting.pk])
