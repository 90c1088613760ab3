"""The list of postings, and what a person may do with one: again, look, cancel."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from integration.pages.world import World

from alcada.people.models import User
from alcada.posting.models import State
from alcada.web import postings

if TYPE_CHECKING:
    from django.test import Client

Sign = Callable[[User], "Client"]


def listed(client: "Client", **query: str) -> str:
    answer = client.get(reverse("postings"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_narrows_by_state_text_and_company(world: World, as_: Sign) -> None:
    posted, refused = world.posting(world.posted()), world.posting(world.refused())
    client = as_(world.clara)
    everything = listed(client)
    assert posted.reference in everything
    assert refused.reference in everything
    only = listed(client, state="refused")
    assert refused.reference in only
    assert posted.reference not in only
    assert "A conta financeira informada está inativa." in only
    assert posted.reference in listed(client, q=posted.reference.lower()[4:])
    assert refused.reference not in listed(client, q=posted.reference)
    assert posted.reference in listed(client, q="papelaria")
    assert posted.reference not in listed(client, q="nobody of that name")
    assert posted.reference in listed(client, company=str(world.company.pk))


@pytest.mark.parametrize(
    "query", [{"state": "x"}, {"company": "x"}, {"before": "-1"}, {"q": "\x00%_"}, {"before": "9" * 40}]
)
def test_nonsense_in_the_address_is_ignored(world: World, as_: Sign, query: dict[str, str]) -> None:
    world.posted()
    listed(as_(world.clara), **query)


def test_each_sees_what_is_theirs(world: World, as_: Sign, carla: User) -> None:
    made = world.posting(world.posted())
    assert made.reference in listed(as_(world.ana))
    assert made.reference not in listed(as_(carla))
    query = {"q": made.reference, "company": str(world.company.pk)}
    assert as_(carla).get(reverse("postings"), query).context["rows"] == []


def test_pages_follow_each_other_by_key(world: World, as_: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    made = [world.posting(world.posted()).reference for _ in range(5)]
    monkeypatch.setattr(postings, "PAGE", 2)
    client, seen = as_(world.clara), []
    address = reverse("postings")
    while address:
        answer = client.get(address)
        seen += [row.posting.reference for row in answer.context["rows"]]
        older = answer.context["older"]
        address = reverse("postings") + older if older else ""
    assert seen == made[::-1]


@pytest.mark.parametrize("name", ["posting-again", "posting-look", "posting-cancel"])
def test_who_may_mend(world: World, as_: Sign, carla: User, name: str) -> None:
    made = world.posting(world.refused())
    address = reverse(name, args=[made.pk])
    assert as_(carla).post(address, {"reason": "x"}).status_code == 404
    for person in (world.ana, world.bruno):
        assert as_(person).post(address, {"reason": "x"}).status_code == 403
    assert as_(world.clara).get(address).status_code == 405
    made.refresh_from_db()
    assert made.state == State.REFUSED


def test_post_again_after_a_refusal(world: World, as_: Sign) -> None:
    made = world.posting(world.refused())
    answer = as_(world.clara).post(reverse("posting-again", args=[made.pk]))
    assert answer.headers["Location"] == reverse("entry", args=[made.entry_id]) + "#posting"
    made.refresh_from_db()
    assert made.state == State.QUEUED


def test_post_again_of_what_was_not_found_wants_a_look_first(world: World, as_: Sign) -> None:
    made = world.posting(world.undecided())
    address, client = reverse("posting-again", args=[made.pk]), as_(world.clara)
    refused = client.post(address)
    assert refused.status_code == 422
    assert "tick that it is not there" in refused.content.decode()
    made.refresh_from_db()
    assert made.state == State.UNDECIDED
    assert client.post(address, {"sure": "1"}).status_code == 302
    made.refresh_from_db()
    assert made.state == State.QUEUED


def test_cancelling_needs_a_reason_and_keeps_it(world: World, as_: Sign) -> None:
    made = world.posting(world.refused())
    address, client = reverse("posting-cancel", args=[made.pk]), as_(world.clara)
    assert client.post(address, {"reason": "  "}).status_code == 422
    long = client.post(address, {"reason": "porque " * 60})
    assert long.status_code == 422
    assert "porque porque" in long.content.decode()
    done = client.post(address, {"reason": "Pago em dinheiro"}, follow=True).content.decode()
    assert "Posting cancelled: Pago em dinheiro" in done
    made.refresh_from_db()
    assert made.state == State.CANCELLED


def test_what_is_being_looked_for_can_only_be_looked_for(world: World, as_: Sign) -> None:
    made = world.posting(world.unknown())
    client = as_(world.clara)
    for name, data in (("posting-again", {"sure": "1"}), ("posting-cancel", {"reason": "x"})):
        answer = client.post(reverse(name, args=[made.pk]), data, follow=True)
        assert "being posted or looked for" in answer.content.decode()
    made.refresh_from_db()
    assert made.state == State.UNKNOWN
    assert (
        "It is being looked for."
        in client.post(reverse("posting-look", args=[made.pk]), follow=True).content.decode()
    )


def test_a_button_that_came_too_late_says_so(world: World, as_: Sign) -> None:
    made = world.posting(world.posted())
    answer = as_(world.clara).post(reverse("posting-again", args=[made.pk]), follow=True)
    assert "Not possible any more: the posting is “Posted” now." in answer.content.decode()
