"""Many postings at one press: each as one would be, what was refused and why, and nothing lost half-way."""

from typing import Any

import pytest
from django.db import connection
from integration.pages.world import World, build
from procrastinate.contrib.django.models import ProcrastinateJob

from alcada.flow import sweep
from alcada.history import queries as history
from alcada.jobs import tasks
from alcada.people.models import Role, User
from alcada.posting import bulk, mending
from alcada.posting.models import Bulk, Posting, State

ACT = Bulk.Action


@pytest.fixture
def world(transactional_db: None, company: Any, ana: User, bruno: User, clara: User) -> World:
    beatriz = User.objects.create_user(email="b@exemplo.com.br", name="Beatriz", password="x")
    company.memberships.create(user=beatriz, role=Role.APPROVER)
    return build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)


def asked(world: World, action: ACT, postings: list[Posting], **more: Any) -> Bulk:
    return bulk.start(by=world.clara, action=action, ids=[one.pk for one in postings], **more)


def why(done: Bulk) -> dict[int, str]:
    done.refresh_from_db()
    return dict(done.refused)


def state(posting: Posting) -> str:
    return Posting.objects.get(pk=posting.pk).state


def test_each_goes_the_way_of_one_and_what_was_refused_says_why(world: World) -> None:
    refused, undecided = world.posting(world.refused()), world.posting(world.undecided())
    unknown, posted = world.posting(world.unknown()), world.posting(world.posted())
    waits = world.posting(world.approved())
    Posting.objects.filter(pk=waits.pk).update(state=State.SENDING)
    done = asked(world, ACT.AGAIN, [refused, undecided, unknown, posted, waits])
    assert bulk.run(done.pk)
    assert why(done) == {
        undecided.pk: "look_first",
        unknown.pk: "busy",
        posted.pk: "posted",
        waits.pk: "busy",
    }
    assert done.finished_at
    assert [state(one) for one in (refused, undecided, unknown, posted)] == [
        State.QUEUED,
        State.UNDECIDED,
        State.UNKNOWN,
        State.POSTED,
    ]
    told = [row for row in history.of(refused.entry) if row.event == "posting.queued_again"]
    assert [row.actor_name for row in told] == [world.clara.name]


def test_who_looked_may_post_the_undecided_again(world: World) -> None:
    undecided = world.posting(world.undecided())
    bulk.run(asked(world, ACT.AGAIN, [undecided], sure=True).pk)
    assert state(undecided) == State.QUEUED


def test_looking_and_cancelling(world: World) -> None:
    undecided, refused = world.posting(world.undecided()), world.posting(world.refused())
    waits = world.posting(world.approved())
    looked = asked(world, ACT.LOOK, [undecided, refused])
    bulk.run(looked.pk)
    assert (state(undecided), why(looked)) == (State.UNKNOWN, {refused.pk: "refused"})
    done = asked(world, ACT.CANCEL, [undecided, refused, waits], reason="Fornecedor cancelou")
    bulk.run(done.pk)
    assert why(done) == {undecided.pk: "busy"}
    assert state(refused) == state(waits) == State.CANCELLED
    assert Posting.objects.get(pk=waits.pk).detail == "Fornecedor cancelou"


def test_a_role_that_was_taken_meanwhile_counts(world: World) -> None:
    refused = world.posting(world.refused())
    done = asked(world, ACT.AGAIN, [refused])
    world.company.memberships.filter(user=world.clara).delete()
    bulk.run(done.pk)
    assert (why(done), state(refused)) == ({refused.pk: "not_allowed"}, State.REFUSED)


def test_what_was_taken_back_meanwhile_stays(world: World) -> None:
    refused = world.posting(world.refused())
    entry = refused.entry
    entry.draft = {"description": "outra"}
    entry.save(update_fields=["draft"])
    done = asked(world, ACT.AGAIN, [refused])
    bulk.run(done.pk)
    assert (why(done), state(refused)) == ({refused.pk: "taken_back"}, State.REFUSED)


def test_what_takes_longer_than_a_press_may_goes_on_in_a_worker(world: World) -> None:
    many = [world.posting(world.refused()) for _ in range(3)]
    done = asked(world, ACT.AGAIN, many)
    assert not bulk.run(done.pk, for_s=0)
    done.refresh_from_db()
    assert (done.position, done.finished_at) == (1, None)
    job = ProcrastinateJob.objects.get(task_name="alcada.jobs.tasks.bulk", args={"bulk_id": done.pk})
    assert job.priority > 0
    tasks.bulk(**job.args)
    assert {state(one) for one in many} == {State.QUEUED}
    tasks.bulk(**job.args)  # safe to run twice
    done.refresh_from_db()
    assert (done.position, done.refused) == (3, [])


def test_one_that_was_left_half_way_is_taken_up_by_the_timetable(world: World) -> None:
    done = asked(world, ACT.AGAIN, [world.posting(world.refused())])
    Bulk.objects.filter(pk=done.pk).update(created_at=done.created_at - 2 * sweep.LATE)
    sweep.sweep()
    assert ProcrastinateJob.objects.filter(
        task_name="alcada.jobs.tasks.bulk", args={"bulk_id": done.pk}
    ).exists()


def test_an_item_and_its_place_in_the_list_are_one_transaction(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [world.posting(world.refused()) for _ in range(2)]
    done = asked(world, ACT.CANCEL, many, reason="x")
    cancel, seen = mending.cancel, []

    def dies(posting_id: int, **named: Any) -> Any:
        seen.append(posting_id)
        if len(seen) == 2:
            with connection.cursor() as cursor:
                cancel(posting_id, **named)
                cursor.execute("SELECT 1/0")
        return cancel(posting_id, **named)

    monkeypatch.setattr(mending, "cancel", dies)
    with pytest.raises(Exception, match="division by zero"):
        bulk.run(done.pk)
    done.refresh_from_db()
    assert (done.position, state(many[1])) == (1, State.REFUSED)
    bulk.run(done.pk)
    assert {state(one) for one in many} == {State.CANCELLED}


def test_more_than_a_thousand_are_refused(world: World) -> None:
    with pytest.raises(ValueError, match="1000"):
        bulk.start(by=world.clara, action=ACT.LOOK, ids=list(range(1001)))
