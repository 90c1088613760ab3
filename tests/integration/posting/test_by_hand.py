"""A person says which entry of the account a posting is: read there, compared, one posting's only, nothing twice."""

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from integration.posting.hands import fresh, sent, there, typed
from stories import Account, approved, post

from alcada.flow import actions as flow
from alcada.flow import adopting, returning
from alcada.flow import posting as flow_posting
from alcada.flow.models import Run
from alcada.history import queries as history
from alcada.ledger.models import Difference
from alcada.posting import actions, byhand, mending
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.owners import with_owner
from alcada.posting.rules import BusyError, Outcome, TransitionNotAllowedError


def owner(posting: Posting) -> str:
    return str(with_owner(Posting.objects.filter(pk=posting.pk)).get().owner)


def events(posting: Posting) -> list[str]:
    return [row.event for row in history.of(posting.entry)]


def test_what_the_looking_missed_is_found_by_likeness_and_adopted(
    lost: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    (entry,) = there(account, sandbox)
    first = adopting.candidates(lost)[0]
    assert (first.id, first.likely, first.ours) == (entry["parcelas"][0]["id"], True, None)
    seen = adopting.read(lost, first.id)
    assert (seen.event_id, seen.ours, list(seen.different)) == (entry["id"], True, [])
    adopting.adopt(lost, seen, by=clara, reason="")
    posting = fresh(lost, State.POSTED)
    assert (posting.remote_event_id, posting.reason) == (entry["id"], "adopted")
    assert owner(posting) == ""
    told = next(row for row in history.of(posting.entry) if row.event == "posting.adopted")
    assert (told.actor_name, told.data["event"]) == (clara.name, entry["id"])
    flow.after_posting(posting.pk)
    assert Run.objects.get(revision=posting.revision_id).state == Run.State.DONE
    returning.poll(account.pk)
    returning.queue_polls()
    returning.poll(account.pk)
    assert not Difference.objects.exists()  # as approved, in our own words


def test_an_id_of_nothing_of_another_kind_or_of_another_posting_is_refused(
    lost: Posting, account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    sandbox.faults()
    other = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 1002")
    post(account)
    other = fresh(other, State.POSTED)
    with pytest.raises(byhand.TakenError) as taken:
        adopting.read(lost, other.remote_event_id)
    assert taken.value.reference == other.reference
    for nothing in ("", "x", "00000000-0000-4000-8000-000000000000"):
        with pytest.raises(adopting.NotThereError):
            adopting.read(lost, nothing)
    receivable = approved(account.connection.company, ana=ana, bruno=bruno, kind="receivable")
    post(account)
    receivable = fresh(receivable, State.POSTED)
    with pytest.raises(adopting.OtherKindError):
        adopting.read(lost, receivable.remote_event_id)


def test_what_carries_the_reference_of_another_is_no_posting_of_this_entry(
    lost: Posting, account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    other = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 1002")
    mending.cancel(other.pk, by=ana, reason="x")
    text = f"Papel [{other.reference}]"
    (entry,) = there(account, sandbox)
    sandbox.act(
        account.remote["id"],
        "edit",
        instalment=entry["parcelas"][0]["id"],
        changes={"descricao": text, "nota": ""},
    )
    with pytest.raises(adopting.ForeignError):
        adopting.read(lost, entry["id"])


def test_the_database_lets_no_event_be_two_postings(
    lost: Posting, account: Account, ana: Any, bruno: Any, clara: Any
) -> None:
    other = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 1002")
    post(account)
    other = fresh(other, State.POSTED)
    taken = byhand.Claimed(other.remote_event_id, [], ours=False)
    with pytest.raises(byhand.TakenError):
        byhand.adopt(lost.pk, taken, by=clara)
    with pytest.raises(IntegrityError), transaction.atomic():
        Posting.objects.filter(pk=lost.pk).update(state=State.POSTED, remote_event_id=other.remote_event_id)
    assert fresh(lost).state == State.UNDECIDED


def test_an_entry_in_other_words_and_of_another_value_says_what_differs(
    lost: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    event = typed(account, sandbox, lost, amount=1499.0)
    found = adopting.candidates(lost)
    assert [(one.amount, one.likely) for one in found] == [
        (Decimal("1500.00"), True),
        (Decimal("1499.00"), False),
    ]
    seen = adopting.read(lost, f"https://app.contaazul.com/lancamento/{event}?aba=1")
    assert (seen.event_id, seen.ours, list(seen.different)) == (event, False, ["amount"])
    adopting.adopt(lost, seen, by=clara, reason="O fornecedor deu um real de desconto")
    posting = fresh(lost, State.POSTED)
    assert (posting.reason, posting.detail) == ("by_hand", "O fornecedor deu um real de desconto")
    returning.poll(account.pk)
    returning.queue_polls()
    returning.poll(account.pk)
    assert set(Difference.objects.values_list("kind", flat=True)) == {"amount"}  # their words are theirs


def test_one_of_two_that_stand_is_adopted_loudly(
    lost: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    Posting.objects.filter(pk=lost.pk).update(state=State.UNKNOWN, next_try_at=timezone.now())
    sandbox.act(account.remote["id"], "add", kind="payable", entry=sent(lost))
    flow_posting.look([lost.pk])
    posting = fresh(lost, State.UNDECIDED)
    assert posting.reason == "several_found"
    one, two = (entry["id"] for entry in there(account, sandbox))
    adopting.adopt(posting, adopting.read(posting, two), by=clara, reason="")
    posting = fresh(lost, State.POSTED)
    assert (posting.remote_event_id, posting.reason, posting.detail) == (two, "second_event", one)
    assert owner(posting) == "office"
    byhand.settle_loud(posting.pk, by=clara, reason="Removi a outra")
    assert owner(posting) == ""
    with pytest.raises(TransitionNotAllowedError):
        byhand.settle_loud(posting.pk, by=clara, reason="Removi a outra")


def test_of_two_whose_other_was_removed_nothing_stays_loud(
    lost: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    Posting.objects.filter(pk=lost.pk).update(state=State.UNKNOWN, next_try_at=timezone.now())
    sandbox.act(account.remote["id"], "add", kind="payable", entry=sent(lost))
    flow_posting.look([lost.pk])
    one, two = (entry["id"] for entry in there(account, sandbox))
    sandbox.act(account.remote["id"], "delete", event=one)
    posting = fresh(lost)
    adopting.adopt(posting, adopting.read(posting, two), by=clara, reason="")
    assert (fresh(lost).remote_event_id, fresh(lost).reason) == (two, "adopted")


def test_marked_by_hand_counts_as_posted_and_stays_loud_until_somebody_names_the_entry(
    refused: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    byhand.mark(refused.pk, by=clara, reason="Digitei no Conta Azul")
    posting = fresh(refused, State.POSTED)
    assert (posting.remote_event_id, posting.reason) == ("", "by_hand")
    assert owner(posting) == "office"
    flow.after_posting(posting.pk)
    assert Run.objects.get(revision=posting.revision_id).state == Run.State.DONE
    returning.queue_polls()
    returning.poll(account.pk)  # nothing to follow, nothing breaks
    assert not flow_posting.sight(account.pk)
    event = typed(account, sandbox, refused)
    adopting.adopt(posting, adopting.read(posting, event), by=clara, reason="É este")
    posting = fresh(refused, State.POSTED)
    assert (posting.remote_event_id, owner(posting)) == (event, "")
    with pytest.raises(TransitionNotAllowedError):
        adopting.adopt(posting, adopting.read(posting, event), by=clara, reason="de novo")
    post(account)
    assert [entry["id"] for entry in there(account, sandbox)] == [event]
    assert [one for one in events(posting) if one in ("posting.by_hand", "posting.adopted")] == [
        "posting.by_hand",
        "posting.adopted",
    ]


def test_only_by_hand_may_a_posting_be_posted_without_its_event(refused: Posting) -> None:
    for reason in ("", "adopted"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Posting.objects.filter(pk=refused.pk).update(state=State.POSTED, reason=reason)


def test_what_waits_may_be_marked_by_hand_and_is_not_sent_then(
    account: Account, sandbox: Any, ana: Any, bruno: Any, clara: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    byhand.mark(posting.pk, by=clara, reason="Vence hoje e a conexão caiu")
    post(account)
    assert not there(account, sandbox)
    assert fresh(posting).state == State.POSTED


def test_an_answer_that_comes_after_the_hand_is_loud(
    lost: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    byhand.mark(lost.pk, by=clara, reason="Está lá")
    (entry,) = there(account, sandbox)
    attempt = lost.attempts.get(kind=Attempt.Kind.ENTRY)
    answer = Outcome(Attempt.Outcome.POSTED, status=201, remote_id=entry["id"])
    actions.finish_create(attempt, uuid.uuid4(), answer)
    posting = fresh(lost, State.POSTED)
    assert (posting.reason, posting.remote_event_id) == ("second_event", entry["id"])
    assert owner(posting) == "office"


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN])
def test_nothing_that_could_make_a_second_one_while_it_is_claimed_or_looked_for(
    lost: Posting, account: Account, sandbox: Any, clara: Any, state: State
) -> None:
    Posting.objects.filter(pk=lost.pk).update(state=state)
    (entry,) = there(account, sandbox)
    claimed = byhand.Claimed(entry["id"], [], ours=True)
    for press in (
        lambda: mending.post_again(lost.pk, by=clara),
        lambda: mending.cancel(lost.pk, by=clara, reason="x"),
        lambda: byhand.adopt(lost.pk, claimed, by=clara),
        lambda: byhand.mark(lost.pk, by=clara, reason="x"),
        lambda: byhand.mark(lost.pk, by=clara, reason="x", claimed=claimed),
    ):
        with pytest.raises(BusyError):
            press()
    assert fresh(lost).state == state


def test_what_ended_is_not_adopted_and_what_is_refused_only_by_hand(
    refused: Posting, account: Account, sandbox: Any, clara: Any
) -> None:
    event = typed(account, sandbox, refused)
    claimed = byhand.Claimed(event, [], ours=False)
    with pytest.raises(TransitionNotAllowedError):
        byhand.adopt(refused.pk, claimed, by=clara)
    mending.cancel(refused.pk, by=clara, reason="x")
    for press in (
        lambda: byhand.adopt(refused.pk, claimed, by=clara),
        lambda: byhand.mark(refused.pk, by=clara, reason="x"),
    ):
        with pytest.raises(TransitionNotAllowedError):
            press()


def test_an_entry_that_was_taken_back_is_not_marked(
    refused: Posting, account: Account, ana: Any, clara: Any
) -> None:
    Posting.objects.filter(pk=refused.pk).update(reason="refused")
    entry = refused.entry
    entry.draft = {"description": "wird geändert"}
    entry.save(update_fields=["draft"])
    with pytest.raises(TransitionNotAllowedError):
        byhand.mark(refused.pk, by=clara, reason="x")
    with pytest.raises(IntegrityError), transaction.atomic():  # and the database says so too
        Posting.objects.filter(pk=refused.pk).update(state=State.POSTED, reason="by_hand")
