"""A clock that jumps is no time that passed: nothing is sent twice over it, and nothing stands still for it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone
from stories import Account, approved, books, post

from alcada.background import in_database
from alcada.connections import gateway, rate
from alcada.flow import posting as flow_posting
from alcada.flow.dispatcher import Dispatcher
from alcada.ledger.models import Sighting
from alcada.posting import actions, looking, moves
from alcada.posting.models import Attempt, Posting, Sought, State
from conta_azul.calls import company as theirs

PATHS = {"payable": "/v1/financeiro/contas-a-pagar", "receivable": "/v1/financeiro/contas-a-receber"}
SIDES = {"payable": "payables", "receivable": "receivables"}
KINDS = pytest.mark.parametrize("kind", ["payable", "receivable"])
Jump = Callable[[timedelta], None]


@pytest.fixture
def jump(monkeypatch: pytest.MonkeyPatch) -> Jump:
    """Puts this machine's clock so far from the right time."""
    right = timezone.now

    def put(by: timedelta) -> None:
        monkeypatch.setattr("django.utils.timezone.now", lambda: right() + by)

    return put


@pytest.fixture
def trusting(account: Account, settings: Any, ana: Any, bruno: Any) -> Account:
    """One posting of each kind was seen to come back: absence is believed after ten minutes."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 1}
    for kind in PATHS:
        approved(account.connection.company, ana=ana, bruno=bruno, kind=kind)
    post(account)
    flow_posting.sight(account.pk)
    return account


def lost(account: Account, sandbox: Any, kind: str, struck: str, *, ana: Any, bruno: Any) -> Posting:
    """A posting whose answer did not come."""
    number = f"NF {Posting.objects.count()}"
    posting = approved(account.connection.company, ana=ana, bruno=bruno, kind=kind, document_number=number)
    sandbox.faults({"method": "POST", "path": PATHS[kind], "kind": struck, "count": 1})
    post(account)
    return fresh(posting)


def fresh(posting: Posting) -> Posting:
    return Posting.objects.get(pk=posting.pk)


def standing(account: Account, sandbox: Any, posting: Posting) -> list[str]:
    """The ids under which it stands in the books."""
    there = books(sandbox, account.connection.company.document)[SIDES[posting.kind]]
    return [entry["id"] for entry in there if entry["referencia_externa"] == posting.reference]


@KINDS
@pytest.mark.parametrize("by", [timedelta(minutes=20), timedelta(days=500)], ids=str)
def test_a_clock_put_forward_makes_no_absence(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any, jump: Jump, kind: str, by: timedelta
) -> None:
    sandbox.settings(search_lag=3600)  # it stands there, and does not show yet
    posting = lost(trusting, sandbox, kind, "drop_after", ana=ana, bruno=bruno)
    jump(by)
    flow_posting.look([posting.pk])
    after = fresh(posting)
    assert (after.state, after.resent) == (State.UNKNOWN, False)
    assert after.watched_s < 100
    assert posting.attempts.filter(kind=Attempt.Kind.LOOK_UP).get().request["failed"] == []
    sandbox.clock(advance_seconds=3601)
    flow_posting.look([posting.pk])
    after = fresh(posting)
    assert [after.remote_event_id] == standing(trusting, sandbox, posting)
    assert after.state == State.POSTED


@KINDS
def test_time_that_was_really_watched_adds_up_to_absence(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any, jump: Jump, kind: str
) -> None:
    posting = lost(trusting, sandbox, kind, "drop_before", ana=ana, bruno=bruno)
    at, looks = timezone.now(), 0
    began = at
    while fresh(posting).state == State.UNKNOWN:
        looks += 1
        flow_posting.look([posting.pk])
        if due := fresh(posting).next_try_at:
            at = due
            jump(at - began)  # each look when it is due
        assert looks < 40
    assert fresh(posting).resent
    assert timedelta(seconds=600) <= at - began < timedelta(seconds=700)
    Posting.objects.filter(pk=posting.pk).update(
        next_try_at=Now()
    )  # the database's clock stayed where it was
    post(trusting)
    assert len(standing(trusting, sandbox, posting)) == 1


@KINDS
def test_a_clock_set_back_neither_crashes_the_looking_nor_hides_an_edited_entry(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any, jump: Jump, kind: str
) -> None:
    """Sent while the clock was three hours ahead, looked for after it was put right: the feed is read from before."""
    jump(timedelta(hours=3))
    posting = lost(trusting, sandbox, kind, "drop_after", ana=ana, bruno=bruno)
    (entry,) = [
        one
        for one in books(sandbox, trusting.connection.company.document)[SIDES[kind]]
        if one["referencia_externa"] == posting.reference
    ]
    part = entry["parcelas"][0]["id"]
    moved = {"data_vencimento": "2029-03-01"}  # out of the window in which the searches look
    sandbox.act(trusting.remote["id"], "edit", instalment=part, changes=moved)
    jump(timedelta())
    flow_posting.look([posting.pk])
    after = fresh(posting)
    assert (after.state, after.remote_event_id) == (State.POSTED, entry["id"])
    assert after.watched_s == 0.0


@KINDS
def test_what_waits_for_a_time_that_will_not_come_is_looked_for_and_sent(
    trusting: Account, sandbox: Any, ana: Any, bruno: Any, jump: Jump, kind: str
) -> None:
    jump(timedelta(hours=3))
    posting = lost(trusting, sandbox, kind, "drop_after", ana=ana, bruno=bruno)
    waiting = approved(trusting.connection.company, ana=ana, bruno=bruno, kind=kind, document_number="NF 77")
    Posting.objects.filter(pk=waiting.pk).update(next_try_at=timezone.now())
    jump(timedelta())
    assert looking.take_due(trusting.pk, 5) == []
    assert moves.bring_near() == 2
    assert moves.bring_near() == 0
    assert flow_posting.look_for_due(trusting.pk)
    assert fresh(posting).state == State.POSTED
    post(trusting)
    assert fresh(waiting).state == State.POSTED
    assert len(standing(trusting, sandbox, posting)) == len(standing(trusting, sandbox, waiting)) == 1


def test_a_worker_finds_what_waits_for_a_time_that_will_not_come(
    account: Account, sandbox: Any, ana: Any, bruno: Any, jump: Jump
) -> None:
    jump(timedelta(days=400))
    posting = lost(account, sandbox, "payable", "drop_after", ana=ana, bruno=bruno)
    jump(timedelta())

    async def work() -> None:
        worker = Dispatcher()
        running = asyncio.create_task(worker.run())
        deadline = asyncio.get_running_loop().time() + 20
        while (await in_database(fresh, posting)).state == State.UNKNOWN:
            assert asyncio.get_running_loop().time() < deadline
            await asyncio.sleep(0.05)
        worker.stop()
        await running

    asyncio.run(work())
    assert [fresh(posting).remote_event_id] == standing(account, sandbox, posting)


def test_a_wait_that_conta_azul_asked_for_is_not_cut_short(account: Account, ana: Any, bruno: Any) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    later = timezone.now() + timedelta(hours=23)
    Posting.objects.filter(pk=posting.pk).update(reason="too_many_requests", next_try_at=later)
    assert moves.bring_near() == 0


@KINDS
def test_a_person_is_asked_in_the_end_whatever_the_clock_does(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any, jump: Jump, kind: str
) -> None:
    """Back and forth by an hour at every look: each second one still counts for its planned wait."""
    settings.POSTING = settings.POSTING | {"look_for_s": 600.0}
    posting = lost(account, sandbox, kind, "drop_before", ana=ana, bruno=bruno)
    for turn in range(200):
        jump(timedelta(hours=turn % 2))
        flow_posting.look([posting.pk])
        if fresh(posting).state != State.UNKNOWN:
            break
    after = fresh(posting)
    assert (after.state, after.reason) == (State.UNDECIDED, "not_found")
    assert standing(account, sandbox, posting) == []


def test_a_lag_across_a_clock_that_was_set_back_teaches_nothing(
    account: Account, ana: Any, bruno: Any, jump: Jump
) -> None:
    company = account.connection.company
    approved(company, ana=ana, bruno=bruno)
    post(account)
    Posting.objects.update(sent_at=timezone.now() - timedelta(seconds=20))
    flow_posting.sight(account.pk)
    before = flow_posting.evidence(account.pk)
    assert before.seen == 1
    assert before.longest_lag_s >= 20
    approved(company, ana=ana, bruno=bruno, document_number="NF 2")
    post(account)
    jump(-timedelta(minutes=20))
    # Seen all the same: it is not searched for again and again.
    assert flow_posting.sight(account.pk) == flow_posting.Sight.DONE
    assert Sighting.objects.latest("pk").lag_s is None
    assert flow_posting.evidence(account.pk) == before


@KINDS
@pytest.mark.parametrize("by", [timedelta(hours=1), -timedelta(hours=1)], ids=["ahead", "behind"])
def test_a_worker_whose_clock_is_wrong_posts_once_like_any_other(
    account: Account, sandbox: Any, ana: Any, bruno: Any, jump: Jump, kind: str, by: timedelta
) -> None:
    """A claim is the database's: neither is it taken from a worker that has it, nor does one wait for a dead one's."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno, kind=kind)
    jump(by)
    post(account)
    after = fresh(posting)
    assert (after.state, [after.remote_event_id]) == (State.POSTED, standing(account, sandbox, posting))
    assert [one.outcome for one in posting.attempts.filter(kind=Attempt.Kind.ENTRY)] == ["posted"]
    other = approved(account.connection.company, ana=ana, bruno=bruno, kind=kind, document_number="NF 2")
    _claim, (claimed,) = actions.claim(account.pk, 1)
    assert claimed.pk == other.pk
    assert actions.expire_claims() == 0
    Posting.objects.filter(pk=other.pk).update(claim_until=Now() - timedelta(seconds=1))
    assert actions.expire_claims() == 1


@KINDS
def test_a_vendor_that_may_be_there_is_looked_for_whatever_the_clock_does(
    account: Account, settings: Any, sandbox: Any, ana: Any, bruno: Any, jump: Jump, kind: str
) -> None:
    """Put back, nobody waits for a month; put forward, no absence is believed for it."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 0}
    jump(timedelta(days=30))
    posting = approved(account.connection.company, ana=ana, bruno=bruno, kind=kind)
    sandbox.faults({"method": "POST", "path": "/v1/pessoas", "kind": "drop_before", "count": 1})
    post(account)
    assert fresh(posting).reason == "person_unknown"
    for by in (timedelta(), timedelta(days=60)):
        before = len(sandbox.calls(path="/v1/pessoas"))
        jump(by)
        Posting.objects.update(next_try_at=Now())
        post(account)
        assert len(sandbox.calls(path="/v1/pessoas")) > before
        assert (fresh(posting).state, fresh(posting).reason) == (State.QUEUED, "person_unknown")
    assert Attempt.objects.filter(kind=Attempt.Kind.PERSON).count() == 1
    assert Sought.objects.get().watched_s < 200


def test_an_account_does_not_stand_still_when_the_databases_clock_is_set_back(
    account: Account, settings: Any
) -> None:
    settings.POSTING = settings.POSTING | {"calls_per_second": 10}
    for _ in range(3):
        gateway.send(account.pk, theirs.connected())
    with transaction.atomic():
        bucket, now = rate.load(account.pk)
        ahead = rate.Bucket(tuple(one + 7200 for one in bucket.recent), bucket.minute + 7200, now + 3 * 86400)
        rate.store(account.pk, ahead)
    assert rate.reserve(account.pk) < 2
