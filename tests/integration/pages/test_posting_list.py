"""The list of postings: whose turn it is, what it is narrowed to, what accounts hold back; and many at one press."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from django.utils import timezone
from integration.pages.world import World

from alcada.connections.models import Connection
from alcada.people.models import User
from alcada.posting import actions, byhand
from alcada.posting.models import Attempt, Bulk, Posting, State
from alcada.posting.rules import Outcome
from alcada.web import posting_bulk

if TYPE_CHECKING:
    from django.test import Client

Sign = Callable[[User], "Client"]


def rows(client: "Client", **query: str) -> dict[str, Any]:
    """reference -> its row."""
    answer = client.get(reverse("postings"), query)
    assert answer.status_code == 200
    return {row.posting.reference: row for row in answer.context["rows"]}


def banner(client: "Client", **query: str) -> Any:
    return client.get(reverse("postings"), query).context["stopped"]


def press(client: "Client", **data: Any) -> Any:
    return client.post(reverse("posting-bulk"), {"back": "?state=person", **data})


def late(world: World, posting: Posting) -> None:
    """An answer with an id, after the posting had ended."""
    attempt = posting.attempts.get(kind=Attempt.Kind.ENTRY)
    actions.finish_create(attempt, attempt.posting.pk, Outcome(Attempt.Outcome.POSTED, remote_id="evt-late"))  # type: ignore[arg-type]


def test_whose_turn_it_is(world: World, as_: Sign) -> None:
    refused, undecided = world.posting(world.refused()), world.posting(world.undecided())
    to_change, unknown = world.posting(world.refused()), world.posting(world.unknown())
    Posting.objects.filter(pk=to_change.pk).update(reason="cannot_be_sent")
    waits, posted = world.posting(world.approved()), world.posting(world.posted())
    found = rows(as_(world.clara))
    assert [
        found[one.reference].owner for one in (refused, undecided, to_change, unknown, waits, posted)
    ] == [
        "Finance, or administrators",
        "Finance, or administrators",
        world.ana.name,
        "Nobody yet",
        "Nobody yet",
        "",
    ]
    page = as_(world.ana).get(reverse("entry", args=[to_change.entry_id])).content.decode()
    assert f"It needs a person: {world.ana.name}." in page


def test_what_needs_a_person_whatever_its_state(world: World, as_: Sign) -> None:
    refused, undecided = world.posting(world.refused()), world.posting(world.undecided())
    cancelled, second = world.posting(world.refused()), world.posting(world.posted())
    by_hand = world.posting(world.approved())
    byhand.mark(by_hand.pk, by=world.clara, reason="Digitei lá")
    Posting.objects.filter(pk=cancelled.pk).update(state=State.CANCELLED, reason="late_answer")
    Posting.objects.filter(pk=second.pk).update(reason="second_event")
    world.posting(world.posted())
    world.posting(world.approved())
    found = rows(as_(world.clara), state="person")
    assert set(found) == {one.reference for one in (refused, undecided, cancelled, second, by_hand)}
    assert [found[one.reference].alarm for one in (cancelled, second, by_hand, refused)] == [
        "red",
        "red",
        "yellow",
        "",
    ]
    assert found[second.reference].status.code == "posting.posted"  # it keeps its state


def test_an_answer_that_came_late_is_among_what_needs_a_person_until_it_is_dealt_with(
    world: World, as_: Sign
) -> None:
    posting = world.posting(world.refused())
    late(world, posting)
    client = as_(world.clara)
    assert posting.reference in rows(client, state="person", reason="late_answer")
    address = reverse("posting-settle", args=[posting.pk])
    assert client.post(address, {"reason": " "}).status_code == 422
    assert client.post(address, {"reason": "Removi lá"}).status_code == 302
    posting.refresh_from_db()
    assert posting.reason == ""
    assert "What stood beside it in Conta Azul was dealt with" in (
        client.get(reverse("entry", args=[posting.entry_id])).content.decode()
    )
    assert as_(world.ana).post(address, {"reason": "x"}).status_code == 403


def test_the_list_narrows_by_account_reason_and_age_and_the_address_says_so(world: World, as_: Sign) -> None:
    refused, undecided, old = (
        world.posting(world.refused()),
        world.posting(world.undecided()),
        world.posting(world.refused()),
    )
    other = Connection.objects.create(
        company=world.company, name="Filial", state="connected", authorised_at=timezone.now()
    )
    Posting.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=2))
    client = as_(world.clara)
    assert set(rows(client, account=str(world.connection.pk))) == {
        one.reference for one in (refused, undecided, old)
    }
    assert not rows(client, account=str(other.pk))
    assert set(rows(client, reason="not_found")) == {undecided.reference}
    assert set(rows(client, age="day")) == {old.reference}
    assert not rows(client, age="week")
    answer = client.get(reverse("postings"), {"age": "hour", "reason": "refused", "state": "person"})
    assert all(
        "age=hour" in tab["address"] and "reason=refused" in tab["address"] for tab in answer.context["tabs"]
    )
    assert 'value="refused" selected' in answer.content.decode()


@pytest.mark.parametrize(
    "query", [{"account": "x"}, {"reason": "<b>"}, {"age": "x"}, {"account": "9" * 30}, {"state": "PERSON"}]
)
def test_nonsense_in_the_address_is_ignored(world: World, as_: Sign, query: dict[str, str]) -> None:
    made = world.posting(world.posted())
    assert made.reference in rows(as_(world.clara), **query)


def test_one_banner_says_how_many_wait_for_an_account_and_why(world: World, as_: Sign, carla: User) -> None:
    client = as_(world.clara)
    for _ in range(3):
        world.approved()
    assert not banner(client)["rows"]
    Connection.objects.update(state=Connection.State.AUTHORISE)
    (row,) = banner(client)["rows"]
    assert (row["waiting"], row["manages"]) == (3, True)
    page = client.get(reverse("postings")).content.decode()
    assert page.count("3 postings wait for their account") == 1
    assert "no longer accepts the authorisation" in page
    assert reverse("connection", args=[world.connection.pk]) in page
    assert len(rows(client, state="person")) == 3
    (seen,) = banner(as_(world.bruno))["rows"]
    assert not seen["manages"]
    assert not banner(as_(carla))["rows"]
    Connection.objects.update(state=Connection.State.CONNECTED, unreached_since=timezone.now())
    assert not banner(client)["rows"]  # a moment
    Connection.objects.update(unreached_since=timezone.now() - timedelta(minutes=6))
    assert "does not answer" in banner(client)["rows"][0]["why"]


def test_an_account_is_paused_and_resumed_from_the_list(world: World, as_: Sign, carla: User) -> None:
    world.approved()
    client = as_(world.clara)
    pause, resume = (
        reverse(f"posting-account-{name}", args=[world.connection.pk]) for name in ("pause", "resume")
    )
    assert pause in client.get(reverse("postings")).content.decode()
    for name in (pause, resume):
        assert as_(world.bruno).post(name).status_code == 403
        assert as_(carla).post(name).status_code == 404
        assert client.get(name).status_code == 405
    answer = client.post(pause, {"back": "?state=queued"})
    assert answer.headers["Location"] == reverse("postings") + "?state=queued"
    world.connection.refresh_from_db()
    assert world.connection.state == Connection.State.PAUSED
    assert resume in client.get(reverse("postings")).content.decode()
    client.post(resume, {"back": "https://elsewhere.example"})
    world.connection.refresh_from_db()
    assert world.connection.state == Connection.State.CONNECTED


# --- Many at once -----------------------------------------------------------------------------------------------


def test_many_are_posted_again_after_one_confirmation(world: World, as_: Sign) -> None:
    made = [world.posting(world.refused()) for _ in range(3)]
    posted = world.posting(world.posted())
    client = as_(world.clara)
    keys = [one.pk for one in (*made[:2], posted)]
    asked = press(client, do="again", posting=keys)
    assert asked.status_code == 200
    assert "3 postings are chosen. It is possible with 2 as they are now." in " ".join(
        asked.content.decode().split()
    )
    assert not Bulk.objects.exists()
    done = press(client, do="again", ids=asked.context["ids"], confirmed="1")
    page = client.get(done.headers["Location"]).content.decode()
    assert "Done: 2 postings. 1 was left as it is." in page
    assert "Not possible: it is “Posted”." in page
    assert [Posting.objects.get(pk=one.pk).state for one in made] == ["queued", "queued", "refused"]


def test_what_has_to_be_decided_is_posted_again_only_by_who_ticks(world: World, as_: Sign) -> None:
    made = world.posting(world.undecided())
    client = as_(world.clara)
    assert 'name="sure"' in press(client, do="again", posting=[made.pk]).content.decode()
    left = press(client, do="again", ids=str(made.pk), confirmed="1")
    assert "look for it first" in client.get(left.headers["Location"]).content.decode()
    press(client, do="again", ids=str(made.pk), confirmed="1", sure="1")
    made.refresh_from_db()
    assert made.state == State.QUEUED


def test_cancelling_many_needs_a_reason(world: World, as_: Sign) -> None:
    made = [world.posting(world.refused()) for _ in range(2)]
    client, ids = as_(world.clara), ",".join(str(one.pk) for one in made)
    wrong = press(client, do="cancel", ids=ids, confirmed="1", reason="  ")
    assert wrong.status_code == 422
    assert "Say why they are given up" in wrong.content.decode()
    press(client, do="cancel", ids=ids, confirmed="1", reason="Fornecedor cancelou")
    assert {Posting.objects.get(pk=one.pk).detail for one in made} == {"Fornecedor cancelou"}


def test_all_that_match_are_those_of_the_filter_that_it_is_possible_with(world: World, as_: Sign) -> None:
    refused = [world.posting(world.refused()) for _ in range(2)]
    world.posting(world.posted())
    other = world.posting(world.undecided())
    client = as_(world.clara)
    asked = press(client, do="cancel", all="1", back="?reason=refused")
    assert set(asked.context["ids"].split(",")) == {str(one.pk) for one in refused}
    asked = press(client, do="look", all="1", back="?")
    assert asked.context["ids"] == str(other.pk)


def test_nothing_chosen_and_nothing_of_others(world: World, as_: Sign, carla: User) -> None:
    made = world.posting(world.refused())
    client = as_(world.clara)
    assert (
        "Tick the postings first" in client.get(press(client, do="look").headers["Location"]).content.decode()
    )
    for stranger in (carla, world.bruno, world.ana):
        press(as_(stranger), do="cancel", posting=[made.pk], confirmed="1", reason="x")
        press(as_(stranger), do="cancel", all="1", confirmed="1", reason="x")
    assert not Bulk.objects.exists()
    assert press(client, do="x", posting=[made.pk]).status_code == 404
    assert client.get(reverse("posting-bulk")).status_code == 405
    done = press(client, do="again", ids=str(made.pk), confirmed="1")
    assert as_(world.bruno).get(done.headers["Location"]).status_code == 404


def test_what_takes_longer_shows_how_far_it_is(
    world: World, as_: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = [world.posting(world.refused()) for _ in range(3)]
    client = as_(world.clara)
    monkeypatch.setattr(posting_bulk, "FOR_S", 0)
    done = press(client, do="again", ids=",".join(str(one.pk) for one in made), confirmed="1")
    page = client.get(done.headers["Location"])
    assert "1 of 3 so far" in page.content.decode()
    assert "every 1s" in page.content.decode()
    fragment = client.get(done.headers["Location"], headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in fragment
