"""Submitting, deciding, sending back, withdrawing: what stands in the end, and what can't happen."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from stories import Account, approve, enter, open_step, post, submit

from alcada.approval.models import Decision, Round, Step
from alcada.approval.queries import inbox
from alcada.approval.rules import (
    CommentRequiredError,
    NotAskedError,
    NotOpenError,
    OwnEntryError,
    SamePersonError,
)
from alcada.flow import actions as flow
from alcada.flow import doctor
from alcada.flow.models import Run
from alcada.flow.queries import status_of
from alcada.flow.rules import SubmissionRefusedError
from alcada.intake.models import Entry
from alcada.intake.rules import ChangedMeanwhileError, NotYoursError, Problems
from alcada.notify.models import Notice
from alcada.people.actions import set_roles
from alcada.people.models import Company, Role
from alcada.posting.models import Posting

Verdict = Decision.Verdict


def decide(step: Step, by: Any, verdict: Verdict, comment: str = "") -> Any:
    return flow.decide(step.pk, by=by, verdict=verdict, comment=comment)


def test_without_an_account_nothing_is_submitted(company: Company, ana: Any, bruno: Any) -> None:
    entry = Entry.objects.create(company=company, kind="payable", number=1, created_by=ana, draft={})
    with pytest.raises(SubmissionRefusedError) as refusal:
        flow.submit(entry, by=ana)
    assert refusal.value.code == "no_account"


def test_nobody_to_ask_is_refused_and_the_draft_stays(account: Account, ana: Any) -> None:
    entry = enter(account.connection.company, by=ana)
    with pytest.raises(SubmissionRefusedError) as refusal:
        flow.submit(entry, by=ana)
    assert refusal.value.code == "nobody_to_ask"
    entry.refresh_from_db()
    assert entry.draft is not None
    assert not Round.objects.exists()


def test_a_draft_with_problems_is_not_submitted(account: Account, ana: Any, bruno: Any) -> None:
    entry = enter(account.connection.company, by=ana, amount="1.500,0x")
    with pytest.raises(Problems) as problems:
        flow.submit(entry, by=ana)
    assert "amount" in problems.value.fields


def test_above_the_limit_two_different_people_decide(
    account: Account, ana: Any, bruno: Any, clara: Any
) -> None:
    company = account.connection.company
    set_roles(bruno, company, [Role.APPROVER, Role.ADMINISTRATOR])
    revision = submit(enter(company, by=ana, amount="10.000,01"), by=ana)
    approve(revision, by=bruno)
    assert not Posting.objects.exists()
    with pytest.raises(SamePersonError):
        approve(revision, by=bruno)
    approve(revision, by=clara)
    assert Posting.objects.get().revision == revision
    assert Round.objects.get().state == Round.State.APPROVED


def test_who_entered_it_is_never_asked(account: Account, clara: Any, bruno: Any) -> None:
    """An administrator who enters above the limit needs another administrator."""
    company = account.connection.company
    with pytest.raises(SubmissionRefusedError) as refusal:
        submit(enter(company, by=clara, amount="20.000,00"), by=clara)
    assert refusal.value.code == "nobody_to_ask"
    revision = submit(enter(company, by=clara, amount="900,00"), by=clara)
    with pytest.raises(OwnEntryError):
        approve(revision, by=clara)


def test_who_is_not_asked_decides_nothing(
    account: Account, ana: Any, bruno: Any, clara: Any, carla: Any
) -> None:
    revision = submit(enter(account.connection.company, by=ana), by=ana)
    for stranger in (clara, carla):
        with pytest.raises(NotAskedError):
            approve(revision, by=stranger)
    assert not Decision.objects.exists()


def test_an_approver_who_left_the_company_decides_nothing(account: Account, ana: Any, bruno: Any) -> None:
    revision = submit(enter(account.connection.company, by=ana), by=ana)
    set_roles(bruno, account.connection.company, [])
    with pytest.raises(NotAskedError):
        approve(revision, by=bruno)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.SEND_BACK])
def test_saying_no_needs_words(account: Account, ana: Any, bruno: Any, verdict: Verdict) -> None:
    step = open_step(submit(enter(account.connection.company, by=ana), by=ana))
    with pytest.raises(CommentRequiredError):
        decide(step, bruno, verdict, "   ")
    assert not Decision.objects.exists()


def test_a_rejected_entry_is_not_posted_and_may_be_changed_and_submitted_anew(
    account: Account, ana: Any, bruno: Any
) -> None:
    entry = enter(account.connection.company, by=ana)
    decide(open_step(submit(entry, by=ana)), bruno, Verdict.REJECT, "not ours")
    assert status_of(entry).code == "round.rejected"
    assert not Posting.objects.exists()
    flow.withdraw(entry, by=ana)
    entry.refresh_from_db()
    approve(submit(entry, by=ana), by=bruno)
    assert Posting.objects.get().revision.number == 2


def test_sent_back_it_is_a_draft_again_with_all_that_was_typed(
    account: Account, ana: Any, bruno: Any
) -> None:
    entry = enter(account.connection.company, by=ana)
    decide(open_step(submit(entry, by=ana)), bruno, Verdict.SEND_BACK, "which cost centre?")
    entry.refresh_from_db()
    assert entry.draft is not None
    assert entry.draft["description"] == "Papel A4"
    assert status_of(entry).code == "round.sent_back"
    assert Notice.objects.get(user=ana).template == "entry_sent_back"
    submit(entry, by=ana)
    assert [r.state for r in Round.objects.order_by("pk")] == ["sent_back", "open"]
    assert Notice.objects.filter(user=bruno, template="asked").count() == 2  # told again: it came back


def test_editing_ends_the_round_and_an_old_step_decides_nothing(
    account: Account, ana: Any, bruno: Any
) -> None:
    """Never "approve 1,500, edit, post 9,000"."""
    entry = enter(account.connection.company, by=ana)
    old = open_step(submit(entry, by=ana))
    flow.withdraw(entry, by=ana)
    with pytest.raises(NotOpenError):
        decide(old, bruno, Verdict.APPROVE)
    entry.refresh_from_db()
    assert entry.draft is not None
    entry.draft |= {"amount": "9.000,00"}
    entry.save(update_fields=["draft"])
    revision = submit(entry, by=ana)
    approve(revision, by=bruno)
    assert Posting.objects.get().content["amount"] == "9000.00"


def test_approved_and_on_its_way_it_takes_no_change(account: Account, ana: Any, bruno: Any) -> None:
    entry = enter(account.connection.company, by=ana)
    approve(submit(entry, by=ana), by=bruno)
    with pytest.raises(NotOpenError):
        flow.withdraw(entry, by=ana)
    post(account)
    with pytest.raises(NotOpenError):
        flow.withdraw(entry, by=ana)


def test_only_who_entered_it_or_an_administrator_takes_it_back(
    account: Account, ana: Any, bruno: Any, carla: Any
) -> None:
    entry = enter(account.connection.company, by=ana)
    submit(entry, by=ana)
    for other in (bruno, carla):
        with pytest.raises(NotYoursError):
            flow.withdraw(entry, by=other)


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Run all at the same moment, each with its own connection; returns results and exceptions."""
    ready, results = threading.Barrier(len(work)), []

    def run(one: Callable[[], Any]) -> None:
        try:
            ready.wait()
            results.append(one())
        except Exception as exc:
            results.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_people_deciding_at_once_make_one_decision(
    account: Account, ana: Any, bruno: Any, clara: Any
) -> None:
    company = account.connection.company
    set_roles(clara, company, [Role.APPROVER])
    step = open_step(submit(enter(company, by=ana), by=ana))
    results = at_once(
        lambda: decide(step, bruno, Verdict.APPROVE), lambda: decide(step, clara, Verdict.REJECT, "no")
    )
    assert sorted(result.already for result in results) == [False, True]
    assert Decision.objects.count() == 1
    first = next(result for result in results if not result.already)
    second = next(result for result in results if result.already)
    assert second.decision == first.decision
    assert Posting.objects.count() == (1 if first.decision.verdict == Verdict.APPROVE else 0)


def test_deciding_and_taking_back_at_once_never_wait_for_each_other(
    account: Account, ana: Any, bruno: Any
) -> None:
    company = account.connection.company
    for number in range(12):
        entry = enter(company, by=ana, document_number=f"NF {number}")
        step = open_step(submit(entry, by=ana))
        results = at_once(
            partial(decide, step, bruno, Verdict.APPROVE), partial(flow.withdraw, entry, by=ana)
        )
        refused = [result for result in results if isinstance(result, Exception)]
        assert [type(result) for result in refused] == [NotOpenError]  # one of the two came second


def test_who_lost_the_role_decides_nothing(account: Account, ana: Any, bruno: Any, clara: Any) -> None:
    company = account.connection.company
    step = open_step(submit(enter(company, by=ana), by=ana))
    set_roles(bruno, company, [Role.REQUESTER])
    with pytest.raises(NotAskedError):
        decide(step, bruno, Verdict.APPROVE)
    assert not inbox(bruno).exists()
    assert not Posting.objects.exists()


def test_a_question_nobody_can_answer_any_more_goes_to_whoever_has_the_role(
    account: Account, ana: Any, bruno: Any, carla: Any
) -> None:
    company = account.connection.company
    step = open_step(submit(enter(company, by=ana), by=ana))
    set_roles(bruno, company, [])
    assert flow.ask_anew() == 0
    (finding,) = [f for f in doctor.examine(online=False) if step.name in f.sentence]
    assert finding.level == "problem"
    set_roles(carla, company, [Role.APPROVER])
    assert flow.ask_anew() == 1
    assert flow.ask_anew() == 0
    assert list(inbox(carla)) == [step]
    assert Notice.objects.filter(user=carla, template="asked").count() == 1
    decide(step, carla, Verdict.APPROVE)
    assert Posting.objects.exists()


def test_submitting_twice_at_once_makes_one_round(account: Account, ana: Any, bruno: Any) -> None:
    entry = enter(account.connection.company, by=ana)
    results = at_once(*[lambda: flow.submit(Entry.objects.get(pk=entry.pk), by=ana)] * 4)
    assert sum(not isinstance(result, Exception) for result in results) == 1
    assert Round.objects.count() == 1


def test_posting_done_the_requester_is_told_once(account: Account, ana: Any, bruno: Any) -> None:
    entry = enter(account.connection.company, by=ana)
    approve(submit(entry, by=ana), by=bruno)
    post(account)
    posting = Posting.objects.get()
    for _ in range(2):
        flow.after_posting(posting.pk)
    assert Notice.objects.filter(user=ana, template="entry_posted").count() == 1
    assert Run.objects.get().state == Run.State.DONE
    assert status_of(entry).code == "posting.posted"


def test_neither_who_typed_nor_who_submitted_it_is_asked(
    account: Account, ana: Any, bruno: Any, clara: Any
) -> None:
    company = account.connection.company
    set_roles(ana, company, [Role.REQUESTER, Role.APPROVER])
    set_roles(clara, company, [Role.ADMINISTRATOR, Role.APPROVER])
    step = open_step(submit(enter(company, by=ana), by=clara))
    assert [asked.user for asked in step.asked.all()] == [bruno]
    for nosy in (ana, clara):
        with pytest.raises(OwnEntryError):
            decide(step, nosy, Verdict.APPROVE)


def test_a_draft_saved_in_another_window_is_not_lost_by_submitting_the_older_one(
    account: Account, ana: Any, bruno: Any
) -> None:
    older = enter(account.connection.company, by=ana)
    newer = Entry.objects.get(pk=older.pk)
    assert newer.draft is not None
    newer.draft |= {"amount": "9,00"}
    newer.save(update_fields=["draft"])
    with pytest.raises(ChangedMeanwhileError):
        flow.submit(older, by=ana)
    older.refresh_from_db()
    assert older.draft["amount"] == "9,00"
    assert not Round.objects.exists()


def test_an_answered_question_needs_nobodys_attention(
    account: Account, ana: Any, bruno: Any, clara: Any
) -> None:
    company = account.connection.company
    set_roles(clara, company, [Role.APPROVER])
    approve(submit(enter(company, by=ana), by=ana), by=bruno)
    assert not Notice.objects.filter(template="asked", read_at=None).exists()
