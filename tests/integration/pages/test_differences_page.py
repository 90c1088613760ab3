"""What became of it in Conta Azul, on the entry's page and in the list of differences; and letting one stand."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from integration.pages.world import World

from alcada.flow import following
from alcada.intake.models import Entry
from alcada.ledger import states
from alcada.ledger.models import Difference, EntryState, InstalmentState, Poll, Status
from alcada.ledger.seen import Seen
from alcada.people.models import User
from alcada.web import differences

if TYPE_CHECKING:
    from django.test import Client

Sign = Callable[[User], "Client"]


def followed(world: World, **changes: Any) -> Entry:
    """Posted, and followed from now on."""
    entry = world.posted(**changes)
    following.follow_new(world.connection.pk)
    return entry


def seen(entry: Entry, **told: Any) -> None:
    """A read by its id told this of its only instalment."""
    state = EntryState.objects.get(posting__entry=entry)
    row = Seen(**{"remote_id": f"parc-{entry.pk}-1", "status": Status.OPEN, **told})
    with transaction.atomic():
        states.take_whole(state.pk, [row])


def gone(entry: Entry) -> None:
    with transaction.atomic():
        states.take_gone(EntryState.objects.get(posting__entry=entry).pk)


def page(client: "Client", entry: Entry) -> str:
    return client.get(reverse("entry", args=[entry.pk])).content.decode()


def listed(client: "Client", **query: str) -> str:
    answer = client.get(reverse("differences"), query)
    assert answer.status_code == 200
    return answer.content.decode()


def token(client: "Client", entry: Entry) -> str:
    text = page(client, entry)
    return text.split("?seen=", 1)[1].split('"', 1)[0]


def test_the_page_shows_each_instalment_and_its_state(world: World, as_: Sign) -> None:
    entry = followed(world)
    client = as_(world.ana)
    assert "As it stands in Conta Azul" in page(client, entry)
    assert ">Open</span>" in page(client, entry)
    seen(entry, status=Status.PARTLY_PAID, paid=Decimal(200), paid_on=date(2026, 11, 20))
    text = page(client, entry)
    assert ">Partly paid</span>" in text
    assert "on 20/11/2026" in text
    seen(entry, status=Status.PAID, paid=Decimal("1234.56"), paid_on=date(2026, 11, 21))
    text = page(client, entry)
    assert ">Paid</span>" in text
    assert "It is in Conta Azul, and settled there. Nothing is left to do." in text
    assert "on 21/11/2026" in text


def test_overdue_follows_from_the_calendar(world: World, as_: Sign) -> None:
    entry = followed(world)
    InstalmentState.objects.update(due_date=timezone.localdate() - timedelta(days=3))
    text = page(as_(world.ana), entry)
    assert ">Overdue</span>" in text
    assert "Overdue by 3 days" in text
    InstalmentState.objects.update(due_date=timezone.localdate())
    assert ">Overdue</span>" not in page(as_(world.ana), entry)


def test_the_open_page_is_told_when_something_changed_and_only_then(world: World, as_: Sign) -> None:
    entry = followed(world)
    client = as_(world.ana)
    at = token(client, entry)
    live = reverse("entry-live", args=[entry.pk])
    assert client.get(live, {"seen": at}).status_code == 204
    seen(entry)  # looked at again: nothing new
    assert client.get(live, {"seen": at}).status_code == 204
    seen(entry, amount=Decimal(900))
    answer = client.get(live, {"seen": at})
    assert answer.status_code == 200
    assert "Changed in Conta Azul after it was approved" in answer.content.decode()
    at = token(client, entry)
    seen(entry, amount=Decimal(900), status=Status.PAID, paid=Decimal(900))
    assert client.get(live, {"seen": at}).status_code == 200


def test_a_difference_shows_old_and_new(world: World, as_: Sign) -> None:
    entry = followed(world)
    seen(entry, amount=Decimal("900.00"), due_date=date(2027, 1, 31))
    text = page(as_(world.ana), entry)
    assert "R$ 900.00" in text.replace("\xa0", " ") or "R$ 900,00" in text.replace("\xa0", " ")
    assert "31/01/2027" in text
    assert "It stands otherwise in Conta Azul than it was approved. To look at it: Clara Mendes." in text


def test_an_account_that_can_not_be_read_is_said_so(world: World, as_: Sign) -> None:
    entry = followed(world)
    Poll.objects.create(connection=world.connection, seen_until=timezone.now() - timedelta(hours=2))
    assert "Conta Azul could not be read since" in page(as_(world.ana), entry)
    Poll.objects.update(polled_at=timezone.now())
    assert "Conta Azul could not be read since" not in page(as_(world.ana), entry)


def test_the_list_is_each_persons_own(world: World, as_: Sign, carla: User) -> None:
    entry = followed(world)
    seen(entry, amount=Decimal(900))
    reference = world.posting(entry).reference
    for user in (world.ana, world.bruno, world.clara):
        assert reference in listed(as_(user))
    assert reference not in listed(as_(carla))
    assert differences.open_count(world.clara) == 1
    assert differences.open_count(carla) == 0
    assert differences.open_count(world.ana) == 0  # hers to know of, not to accept


def test_the_list_narrows_by_kind_state_text_and_company(world: World, as_: Sign) -> None:
    edited, deleted = followed(world), followed(world)
    seen(edited, amount=Decimal(900))
    gone(deleted)
    one, other = world.posting(edited).reference, world.posting(deleted).reference
    client = as_(world.clara)
    assert one in listed(client)
    assert other in listed(client)
    only = listed(client, kind="gone")
    assert other in only
    assert one not in only
    assert "The entry is not in Conta Azul any more" in only
    assert one not in listed(client, q=other)
    assert one in listed(client, company=str(world.company.pk))
    assert one not in listed(client, state="settled")
    seen(edited, amount=Decimal("1234.56"))
    assert one in listed(client, state="settled")
    assert one not in listed(client)
    for odd in ("x", "9" * 30, "\x00", "-1"):
        listed(client, state=odd, kind=odd, company=odd, before=odd, q=odd)


def test_a_long_list_comes_in_pages(world: World, as_: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(differences, "PAGE", 2)
    entries = [followed(world) for _ in range(3)]
    for entry in entries:
        seen(entry, amount=Decimal(900))
    client = as_(world.clara)
    first = listed(client)
    assert world.posting(entries[0]).reference not in first
    oldest_shown = Difference.objects.order_by("-pk")[1].pk
    second = listed(client, before=str(oldest_shown))
    assert world.posting(entries[0]).reference in second
    assert world.posting(entries[2]).reference not in second


def test_accepting_needs_a_note_and_the_role(world: World, as_: Sign, carla: User) -> None:
    entry = followed(world)
    seen(entry, amount=Decimal(900))
    difference = Difference.objects.get()
    address = reverse("difference-accept", args=[difference.pk])
    assert as_(carla).post(address, {"note": "x"}).status_code == 404
    for user in (world.ana, world.bruno):
        assert as_(user).post(address, {"note": "x"}).status_code == 403
    client = as_(world.clara)
    assert client.get(address).status_code == 405
    refused = client.post(address, {"note": " "})
    assert refused.status_code == 422
    assert "Say why it may stay so: history keeps it." in refused.content.decode()
    long = client.post(address, {"note": "a" * 301, "back": "?kind=amount"})
    assert long.status_code == 422
    assert "a" * 301 in long.content.decode()
    assert '<option value="amount" selected>' in long.content.decode()  # on the page that it was on
    elsewhere = client.post(address, {"note": "a" * 301, "back": "?kind=gone"})
    assert "a" * 301 not in elsewhere.content.decode()
    done = client.post(address, {"note": "Desconto combinado", "back": "?kind=amount"})
    assert done.headers["Location"] == reverse("differences") + "?kind=amount"
    difference.refresh_from_db()
    assert (difference.accepted_by, difference.note) == (world.clara, "Desconto combinado")
    assert "Desconto combinado" in listed(client, state="accepted")
    text = page(client, entry)
    assert "The difference in Conta Azul was accepted" in text
    assert "Accepted by Clara Mendes" in text
    again = client.post(address, {"note": "Outra", "back": "https://example.com/"}, follow=True)
    assert again.redirect_chain[0][0] == reverse("differences")
    assert "It is resolved or accepted by now." in again.content.decode()


def test_the_notice_leads_to_the_entry(world: World, as_: Sign) -> None:
    from alcada.flow.returned_notices import tell_owners

    entry = followed(world)
    state = EntryState.objects.get(posting__entry=entry)
    with transaction.atomic():
        tell_owners(states.take_gone(state.pk))
        tell_owners(states.take_gone(state.pk))
    text = as_(world.ana).get(reverse("notices")).content.decode()
    assert text.count("Gone from Conta Azul") == 1
