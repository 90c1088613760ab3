"""The list of notices, what a person chooses about them, and the link that stops e-mails."""

from collections.abc import Callable
from datetime import time
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse
from integration.pages.world import VERDICT, World

from alcada.notify import unsubscribing
from alcada.notify.actions import Message, tell_all, wishes_of
from alcada.notify.models import Choice, Notice, Schedule
from alcada.notify.rules import Kind, Way
from alcada.people.models import Company, Role, User

if TYPE_CHECKING:
    from django.http import HttpResponse

Sign = Callable[[User], Client]


def text(answer: "HttpResponse") -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def told(user: User, company: Company, count: int, template: str = "entry_paid", key: str = "k") -> None:
    tell_all(
        [
            Message(user, template, f"{key}{number}", company, "/", {"party": f"Enel {key}{number}"})
            for number in range(count)
        ]
    )


def test_the_list_is_narrowed_by_kind_by_company_and_to_what_is_unread(
    world: World, as_: Sign, other_company: Company
) -> None:
    other_company.memberships.create(user=world.bruno, role=Role.APPROVER)
    told(world.bruno, world.company, 1, key="ours")
    told(world.bruno, other_company, 1, key="theirs")
    told(world.bruno, world.company, 1, "asked", key="decide")
    Notice.objects.filter(key="ours0").update(read_at="2026-11-01T00:00Z")
    client, address = as_(world.bruno), reverse("notices")
    both = text(client.get(address))
    assert "Enel ours0" in both
    assert "Enel theirs0" in both
    assert "2 you have not read yet." in both
    assert "Enel decide0" not in text(client.get(address, {"kind": "settled"}))
    of_one = text(client.get(address, {"company": other_company.pk}))
    assert "Enel theirs0" in of_one
    assert "Enel ours0" not in of_one
    unread = text(client.get(address, {"unread": "1"}))
    assert "Enel ours0" not in unread
    assert "Enel decide0" in unread
    assert "Nothing here" in text(client.get(address, {"kind": "mapping"}))
    assert client.get(address, {"kind": "x", "company": "y", "before": "z"}).status_code == 200


def test_pages_follow_by_key_and_lose_none(world: World, as_: Sign) -> None:
    told(world.ana, world.company, 70)
    client, address, seen = as_(world.ana), reverse("notices"), []
    query = "?"
    for _ in range(3):
        page = text(client.get(address + query))
        seen += [number for number in range(70) if f"Enel k{number}<" in page]
        told(world.ana, world.company, 1, key=f"new{len(seen)}")  # one that comes meanwhile shifts nothing
        query = page.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    assert sorted(seen) == list(range(70))


def test_reading_all_reads_what_was_shown_and_not_what_came_since(
    world: World, as_: Sign, other_company: Company
) -> None:
    told(world.ana, world.company, 2)
    told(world.ana, world.company, 1, "entry_rejected", key="other")
    client = as_(world.ana)
    last = Notice.objects.latest("pk").pk
    told(world.ana, world.company, 1, key="late")
    client.post(reverse("notices-read"), {"kind": "settled", "last": last})
    unread = set(Notice.objects.filter(user=world.ana, read_at=None).values_list("key", flat=True))
    assert unread == {"other0", "late0"}


def test_what_a_left_company_told_is_not_shown_any_more(
    world: World, as_: Sign, other_company: Company
) -> None:
    membership = other_company.memberships.create(user=world.bruno, role=Role.APPROVER)
    told(world.bruno, other_company, 1, key="theirs")
    client = as_(world.bruno)
    assert "Enel theirs0" in text(client.get(reverse("notices")))
    membership.delete()
    assert "Enel theirs0" not in text(client.get(reverse("notices")))
    assert client.post(reverse("notice-open", args=[Notice.objects.get().pk])).status_code == 404


# --- Choosing ------------------------------------------------------------------------------------------------


def chosen(**changes: Any) -> dict[str, Any]:
    form = {kind.value: "at_once" for kind in Kind}
    return form | {
        "wanted": "on",
        "at": "07:15",
        "days": ["1", "3"],
        "zone": "America/Manaus",
        **changes,
    }


def test_a_person_chooses_what_comes_and_when(world: World, as_: Sign, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    client, address = as_(world.bruno), reverse("notice-settings")
    page = text(client.get(address))
    assert world.bruno.email in page
    assert "No e-mail leaves yet" not in page
    assert client.post(address, chosen(asked="digest", settled="off")).status_code == 302
    wishes = wishes_of(world.bruno)
    assert wishes.ways[Kind.ASKED] == Way.DIGEST
    assert (wishes.at, list(wishes.days), wishes.zone) == (time(7, 15), [1, 3], "America/Manaus")
    world.submitted()
    told(world.bruno, world.company, 1)
    (notice,) = Notice.objects.filter(user=world.bruno)  # the settled one is not told at all
    assert (notice.template, notice.way, notice.to_mail) == ("asked", "digest", False)
    assert Notice.objects.get(user=world.beatriz).to_mail  # another's choice is another's
    assert 'value="07:15"' in text(client.get(address))


def test_a_decision_asked_can_not_be_silenced_in_the_product(world: World, as_: Sign) -> None:
    client, address = as_(world.bruno), reverse("notice-settings")
    answer = client.post(address, chosen(asked="off"))
    assert answer.status_code == 422
    assert not Choice.objects.exists()
    with pytest.raises(Exception, match="choice_never_hides_what_waits"):
        Choice.objects.create(user=world.bruno, kind="asked", way="off")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"at": "oito"}, "Write a time such as 08:00."),
        ({"days": []}, "Choose at least one day, or no digest."),
        ({"days": ["8"]}, "Select a valid choice"),
        ({"zone": "Marte/Base"}, "Select a valid choice"),
    ],
)
def test_what_can_not_be_is_said_beside_the_field(
    world: World, as_: Sign, changes: dict[str, Any], said: str
) -> None:
    answer = as_(world.bruno).post(reverse("notice-settings"), chosen(**changes, mine="product"))
    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert '<option value="product" selected>' in page  # nothing that was chosen is lost
    assert not Schedule.objects.exists()


def test_no_digest_needs_no_day(world: World, as_: Sign) -> None:
    form = chosen(days=[])
    del form["wanted"]
    assert as_(world.bruno).post(reverse("notice-settings"), form).status_code == 302
    assert not Schedule.objects.get(user=world.bruno).wanted


def test_without_a_mail_server_the_page_says_so(world: World, as_: Sign, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = False
    assert "No e-mail leaves yet" in text(as_(world.bruno).get(reverse("notice-settings")))


# --- The link in every letter --------------------------------------------------------------------------------


def test_looking_at_the_link_stops_nothing_and_a_post_does(world: World, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    stranger = Client(enforce_csrf_checks=True)  # a mail program: no cookie, nobody signed in
    address = reverse("notice-unsubscribe", args=[unsubscribing.token(world.bruno, "asked")])
    User.objects.filter(pk=world.bruno.pk).update(language="en")
    page = text(stranger.get(address))
    assert "Stop these e-mails?" in page
    assert world.bruno.email not in page  # whoever got the mail passed on learns no address
    assert not Choice.objects.exists()
    done = stranger.post(
        address, "List-Unsubscribe=One-Click", content_type="application/x-www-form-urlencoded"
    )
    assert "These e-mails are stopped" in text(done)
    assert wishes_of(world.bruno).ways[Kind.ASKED] == Way.PRODUCT
    assert wishes_of(world.bruno).ways[Kind.HAND] == Way.AT_ONCE
    world.submitted()
    notice = Notice.objects.get(user=world.bruno)  # in the product it is told all the same
    assert (notice.read_at, notice.to_mail) == (None, False)


def test_stopping_leaves_what_was_chosen_to_be_nowhere(world: World) -> None:
    Choice.objects.create(user=world.bruno, kind="settled", way="off")
    Client().post(reverse("notice-unsubscribe", args=[unsubscribing.token(world.bruno, "settled")]))
    assert wishes_of(world.bruno).ways[Kind.SETTLED] == Way.OFF


def test_the_digests_link_stops_the_digest(world: World) -> None:
    Client().post(reverse("notice-unsubscribe", args=[unsubscribing.token(world.bruno, "digest")]))
    assert not wishes_of(world.bruno).wanted
    assert wishes_of(world.bruno).ways[Kind.ASKED] == Way.AT_ONCE


@pytest.mark.parametrize("word", ["x", "WzEsImFza2VkIl0:abc:def", ""])
def test_a_word_that_we_did_not_write_does_nothing(world: World, word: str) -> None:
    good = unsubscribing.token(world.bruno, "asked")
    address = reverse("notice-unsubscribe", args=[word or good[:-1] + ("A" if good[-1] != "A" else "B")])
    assert Client().get(address).status_code == 404
    assert Client().post(address).status_code == 404
    assert not Choice.objects.exists()


def test_everybody_reaches_their_own_notices_only(world: World, as_: Sign, carla: User) -> None:
    entry = world.submitted()
    world.decided(entry, world.bruno, VERDICT.REJECT, "Não")
    assert "Papelaria" not in text(as_(carla).get(reverse("notices")))
    for name in ("notices", "notice-settings"):
        assert Client().get(reverse(name)).headers["Location"].startswith("/sign-in")
