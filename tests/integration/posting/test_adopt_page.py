"""Saying on a page which entry of Conta Azul a posting is."""

from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse
from integration.posting.hands import there, typed
from stories import Account

from alcada.connections.models import Connection
from alcada.posting.models import Posting, State

if TYPE_CHECKING:
    from django.test import Client


def signed(user: Any) -> "Client":
    from django.test import Client

    client = Client()
    client.force_login(user)
    client.cookies["django_language"] = "en"
    return client


def address(posting: Posting) -> str:
    return reverse("posting-adopt", args=[posting.pk])


def test_found_compared_and_confirmed(
    lost: Posting,
    account: Account,
    sandbox: Any,
    as_clara: "Client",
) -> None:
    (entry,) = there(account, sandbox)
    before = len(sandbox.calls())
    assert as_clara.get(address(lost)).status_code == 200
    assert len(sandbox.calls()) == before  # a GET asks nobody
    found = as_clara.post(address(lost), {"do": "search"}).content.decode()
    assert entry["parcelas"][0]["id"] in found
    shown = as_clara.post(address(lost), {"do": "this", "id": entry["parcelas"][0]["id"]})
    assert "carries it" in shown.content.decode()
    assert "It is not as it was approved" not in shown.content.decode()
    lost.refresh_from_db()
    assert lost.state == State.UNDECIDED
    done = as_clara.post(
        address(lost), {"do": "this", "id": entry["id"], "confirmed": entry["id"]}, follow=True
    )
    assert "this entry is the posting" in done.content.decode()
    lost.refresh_from_db()
    assert (lost.state, lost.remote_event_id) == (State.POSTED, entry["id"])


def test_another_value_is_shown_and_needs_a_reason(
    lost: Posting,
    account: Account,
    sandbox: Any,
    as_clara: "Client",
) -> None:
    event = typed(account, sandbox, lost, amount=1499.0)
    shown = as_clara.post(address(lost), {"do": "this", "id": event}).content.decode()
    assert "The value is another." in shown
    assert "1,499.00" in shown
    data = {"do": "this", "id": event, "confirmed": event}
    refused_ = as_clara.post(address(lost), data)
    assert refused_.status_code == 422
    assert "Say why this is the entry" in refused_.content.decode()
    as_clara.post(address(lost), {**data, "reason": "Desconto"})
    lost.refresh_from_db()
    assert (lost.remote_event_id, lost.detail) == (event, "Desconto")


@pytest.mark.parametrize(
    ("pasted", "said"),
    [
        ("", "Paste the id of the entry"),
        ("nonsense", "no entry with this id"),
        ("00000000-0000-4000-8000-000000000000", "no entry with this id"),
    ],
)
def test_what_is_pasted_wrong_is_said_beside_the_field(
    lost: Posting,
    as_clara: "Client",
    pasted: str,
    said: str,
) -> None:
    answer = as_clara.post(address(lost), {"do": "this", "id": pasted})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert f'value="{pasted}"' in answer.content.decode()


def test_conta_azul_that_does_not_answer_is_said(lost: Posting, settings: Any, as_clara: "Client") -> None:
    settings.CONTA_AZUL_API_URL = "http://127.0.0.1:9"
    assert "could not be asked" in as_clara.post(address(lost), {"do": "search"}).content.decode()
    pasted = as_clara.post(address(lost), {"do": "this", "id": "00000000-0000-4000-8000-000000000000"})
    assert (pasted.status_code, "could not be asked" in pasted.content.decode()) == (422, True)


def test_an_account_that_is_paused_or_needs_authorisation_is_said(
    lost: Posting, account: Account, as_clara: "Client"
) -> None:
    Connection.objects.update(state=Connection.State.PAUSED)
    page = as_clara.post(address(lost), {"do": "search"}).content.decode()
    assert "The connection is paused. Until that is mended" in page
    as_clara.post(address(lost), {"do": "without", "reason": "Está lá"})
    lost.refresh_from_db()
    assert lost.state == State.POSTED


def test_marked_by_hand_and_named_later(
    refused: Posting,
    account: Account,
    sandbox: Any,
    as_clara: "Client",
) -> None:
    assert as_clara.post(address(refused), {"do": "without", "reason": " "}).status_code == 422
    page = as_clara.post(
        address(refused), {"do": "without", "reason": "Digitei lá"}, follow=True
    ).content.decode()
    assert "Which entry there it is has still to be said." in page
    assert "Say which entry it is" in page
    event = typed(account, sandbox, refused)
    data = {"do": "this", "id": event, "confirmed": event, "reason": "É este"}
    as_clara.post(address(refused), data)
    refused.refresh_from_db()
    assert (refused.state, refused.remote_event_id) == (State.POSTED, event)


def test_who_may_say_it_and_when(
    lost: Posting,
    ana: Any,
    bruno: Any,
    carla: Any,
    as_clara: "Client",
) -> None:
    for person, status in ((ana, 403), (bruno, 403), (carla, 404)):
        for answer in (
            signed(person).get(address(lost)),
            signed(person).post(address(lost), {"do": "search"}),
        ):
            assert answer.status_code == status
    Posting.objects.filter(pk=lost.pk).update(state=State.UNKNOWN)
    answer = as_clara.post(address(lost), {"do": "without", "reason": "x"}, follow=True)
    assert "being posted or looked for" in answer.content.decode()
    lost.refresh_from_db()
    assert lost.state == State.UNKNOWN
