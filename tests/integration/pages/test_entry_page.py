"""One entry: who sees it, what it says in each state, its buttons, its story, and the fragment that follows it."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone
from integration.pages.world import VERDICT, World

from alcada.connections.models import Connection
from alcada.history.rules import EVENTS
from alcada.intake.models import Entry
from alcada.people.models import User
from alcada.posting import actions as posting
from alcada.posting import mending
from alcada.posting.models import Posting, State
from alcada.web import history_words, reasons

if TYPE_CHECKING:
    from django.test import Client

Sign = Callable[[User], "Client"]


def url(entry: Entry, name: str = "entry") -> str:
    return reverse(name, args=[entry.pk])


def read(client: "Client", entry: Entry, query: str = "") -> str:
    answer = client.get(url(entry) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_who_sees_an_entry(world: World, as_: Sign, carla: User, company: object) -> None:
    entry = world.submitted()
    other = User.objects.create_user(email="dora@exemplo.com.br", name="Dora", password="x")
    world.company.memberships.create(user=other, role="requester")
    for person in (world.ana, world.bruno, world.clara):
        assert as_(person).get(url(entry)).status_code == 200
    for stranger in (carla, other):  # a requester sees their own only
        for name in ("entry", "entry-live"):
            assert as_(stranger).get(url(entry, name)).status_code == 404
        assert as_(stranger).post(url(entry, "entry-withdraw")).status_code == 404


def test_a_draft_never_sent_leads_to_its_form(world: World, as_: Sign) -> None:
    entry = world.typed()
    assert as_(world.ana).get(url(entry)).headers["Location"] == url(entry, "entry-edit")


def test_a_discarded_draft_keeps_its_history(world: World, as_: Sign) -> None:
    from alcada.intake import actions

    entry = world.typed()
    actions.discard(entry, by=world.ana)
    assert "Draft discarded" in read(as_(world.ana), entry)


def test_in_approval_it_says_whose_turn_it_is(world: World, as_: Sign) -> None:
    entry = world.submitted(amount="12.500,00")
    text = read(as_(world.ana), entry)
    assert "Approver decides: Beatriz Rocha or Bruno Lima. After that: Administrator." in text
    assert "Take it back to change it" in text
    assert url(entry, "entry-live") in text
    assert "Take it back to change it" not in read(as_(world.bruno), entry)
    assert reverse("decide", args=[world.step(entry).pk]) in read(as_(world.bruno), entry)


def test_shipped_steps_are_named_in_the_readers_language(world: World, as_: Sign) -> None:
    """A company's own names stay as the company wrote them."""
    from alcada.approval.models import Step

    entry = world.submitted(amount="12.500,00")
    client = as_(world.bruno)
    for language, name, why in (
        ("en", "Approver", "Value above R$\xa010,000.00"),
        ("pt-br", "Aprovador", "Valor acima de R$\xa010.000,00"),
    ):
        client.cookies["django_language"] = language
        text = read(client, entry)
        assert f'<div class="fw-medium">{name}</div>' in text
        assert why in text
    Step.objects.filter(name="Aprovador").update(name="Gerente da loja")
    assert "Gerente da loja decide" in read(client, entry)


def test_why_a_step_is_asked_is_told_as_its_reader_writes_money(world: World, as_: Sign) -> None:
    from alcada.approval.models import Step

    entry = world.submitted(amount="12.500,00")
    world.decided(entry, world.bruno)
    step = world.step(entry)
    addresses = (url(entry), url(entry, "entry-print"), reverse("decide", args=[step.pk]))
    client = as_(world.clara)
    # As it is written now, and as it was written when a condition had a name: the sentence itself, in Portuguese.
    for written in ({"why": ""}, {"because": {}, "why": "Valor acima de R$ 10.000,00"}):
        Step.objects.filter(pk=step.pk).update(**written)
        for language, why in (
            ("en", "Value above R$\xa010,000.00"),
            ("pt-br", "Valor acima de R$\xa010.000,00"),
        ):
            client.cookies["django_language"] = language
            for address in addresses:
                assert why in client.get(address).content.decode(), (written, address)
    Step.objects.filter(pk=step.pk).update(why="Compra grande")
    for address in addresses:
        assert "Compra grande" in client.get(address).content.decode()


def test_when_it_is_looked_for_again_is_a_sentence(world: World, as_: Sign) -> None:
    entry = world.unknown()
    client = as_(world.ana)
    at = timezone.localtime().replace(hour=23, minute=59) + timedelta(days=1)
    Posting.objects.filter(entry=entry).update(next_try_at=at)
    assert f"again on {at:%d/%m/%Y %H:%M}." in read(client, entry)
    client.cookies["django_language"] = "pt-br"
    today = at - timedelta(days=1)
    Posting.objects.filter(entry=entry).update(next_try_at=today)
    assert "de novo às 23:59." in read(client, entry)


def test_taking_it_back_leads_to_the_form(world: World, as_: Sign) -> None:
    entry = world.submitted()
    assert as_(world.bruno).post(url(entry, "entry-withdraw")).status_code == 403
    answer = as_(world.ana).post(url(entry, "entry-withdraw"))
    assert answer.headers["Location"] == url(entry, "entry-edit")
    assert as_(world.ana).get(url(entry, "entry-withdraw")).status_code == 405
    assert "It is being changed." in read(as_(world.ana), entry)


def test_what_is_on_its_way_can_not_be_taken_back(world: World, as_: Sign) -> None:
    entry = world.approved()
    answer = as_(world.ana).post(url(entry, "entry-withdraw"), follow=True)
    assert "taken back" in answer.content.decode()
    entry.refresh_from_db()
    assert entry.draft is None


def test_sent_back_shows_the_words_and_the_way_on(world: World, as_: Sign) -> None:
    entry = world.submitted()
    world.decided(entry, world.bruno, VERDICT.SEND_BACK, "Falta a nota")
    text = read(as_(world.ana), entry)
    assert "Falta a nota" in text
    assert url(entry, "entry-edit") in text


def test_rejected_may_be_changed_and_sent_again(world: World, as_: Sign) -> None:
    entry = world.submitted()
    world.decided(entry, world.bruno, VERDICT.REJECT, "Não foi pedido")
    text = read(as_(world.ana), entry)
    assert "goes no further" in text
    assert "Change it and send it again" in text


def test_posted_shows_ids_and_goes_on_asking(world: World, as_: Sign) -> None:
    entry = world.posted()
    text = read(as_(world.ana), entry)
    made = world.posting(entry)
    for part in (made.reference, f"evt-{entry.pk}", f"parc-{entry.pk}-1", "Nothing is left to do."):
        assert part in text
    assert 'hx-trigger="every 15s"' in text  # it may be paid or changed there
    assert "Post again" not in read(as_(world.clara), entry)


def test_refused_has_a_reason_an_owner_and_buttons(world: World, as_: Sign) -> None:
    entry = world.refused()
    text = read(as_(world.clara), entry)
    for part in (
        "Conta Azul refused the entry.",
        "A conta financeira informada está inativa.",
        "Clara Mendes",
    ):
        assert part in text
    made = world.posting(entry)
    assert reverse("posting-again", args=[made.pk]) in text
    assert reverse("posting-cancel", args=[made.pk]) in text
    seen = read(as_(world.ana), entry)
    assert "Conta Azul refused the entry." in seen
    assert reverse("posting-again", args=[made.pk]) not in seen


def test_waiting_for_authorisation_names_the_connection(world: World, as_: Sign) -> None:
    entry = world.approved()
    Connection.objects.update(state=Connection.State.AUTHORISE)
    text = read(as_(world.clara), entry)
    assert "It waits for the account Conta Azul" in text
    assert reverse("connection", args=[world.connection.pk]) in text
    assert reverse("connection", args=[world.connection.pk]) not in read(as_(world.ana), entry)


def test_undecided_tells_where_it_was_looked_for(world: World, as_: Sign) -> None:
    text = read(as_(world.clara), world.undecided())
    assert "could not be found in Conta Azul" in text
    assert "Looked in:" in text
    assert "Look again" in text


def test_how_calls_ended_is_told_in_the_readers_language(world: World, as_: Sign) -> None:
    """What the client says in English stays in the records; of Conta Azul's own words a quote."""
    client = as_(world.clara)
    client.cookies["django_language"] = "pt-br"
    refused, undecided = read(client, world.refused()), read(client, world.undecided())
    listed = client.get(reverse("postings")).content.decode()
    for text in (refused, undecided, listed):
        for english in ("Conta Azul refused", "Conta Azul failed", "No clear answer", "may have arrived"):
            assert english not in text
    assert "“A conta financeira informada está inativa.”" in refused
    assert "o Conta Azul falhou: “em manutenção”" in undecided
    assert "<dd>ReadError</dd>" in undecided


def test_the_fragment_answers_only_when_something_moved(world: World, as_: Sign) -> None:
    entry = world.submitted()
    client = as_(world.ana)
    first = client.get(url(entry, "entry-live"))
    seen = first.context["token"]
    assert client.get(url(entry, "entry-live"), {"seen": seen}).status_code == 204
    world.decided(entry, world.bruno)
    moved = client.get(url(entry, "entry-live"), {"seen": seen})
    assert moved.status_code == 200
    text = moved.content.decode()
    assert 'hx-trigger="every 2s"' in text
    assert 'id="status" hx-swap-oob="true"' in text
    assert "innerHTML:#live-words" in text


@pytest.mark.parametrize(
    ("make", "seconds"),
    [("submitted", 15), ("approved", 2), ("unknown", 2), ("undecided", 15), ("refused", 15), ("posted", 15)],
)
def test_how_often_the_page_asks(world: World, as_: Sign, make: str, seconds: int) -> None:
    entry = getattr(world, make)()
    assert as_(world.ana).get(url(entry)).context["every"] == seconds


def test_the_story_is_told_with_its_evidence(world: World, as_: Sign) -> None:
    entry = world.submitted()
    world.decided(entry, world.bruno, comment="Conferi com a nota")
    from alcada.posting.models import Attempt
    from alcada.posting.rules import Outcome

    world.sent(entry, Outcome(Attempt.Outcome.REFUSED, "refused", "Conta inativa", 400, '{"erro": "conta"}'))
    text = read(as_(world.ana), entry)
    told = (
        "Entry made",
        "Sent for approval",
        "Approver: asked Beatriz Rocha, Bruno Lima",
        "Approver: approved",
        "Conferi com a nota",
        "on the web page",
        "Approval complete",
        "To be posted to PADARIA PAO QUENTE LTDA as",
        "Entry sent to Conta Azul: refused",
        "referencia_externa",
        "&quot;erro&quot;: &quot;conta&quot;",
    )
    for part in told:
        assert part in text, part
    assert text.index("Refused: a person") < text.index("Approval complete") < text.index("Entry made")


def test_earlier_revisions_can_be_seen(world: World, as_: Sign) -> None:
    from alcada.flow import actions as flow
    from alcada.intake import actions as intake

    entry = world.submitted(description="As first sent")
    world.decided(entry, world.bruno, VERDICT.SEND_BACK, "Which one?")
    entry = Entry.objects.get(pk=entry.pk)
    assert entry.draft is not None
    draft = entry.draft | {"description": "As sent again"}
    flow.submit(intake.save_draft(entry, by=world.ana, draft=draft), by=world.ana)
    client = as_(world.ana)
    assert "What this revision changed" in read(client, entry)
    assert "This is revision 1, which is not the current one." in read(client, entry, "?revision=1")
    for wrong in ("3", "x", "-1", "1e3", "9" * 30, "²"):
        assert client.get(url(entry), {"revision": wrong}).status_code == 404


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("code", [*sorted(reasons.REASONS), "a_code_without_words"])
def test_every_reason_has_words(state: State, code: str) -> None:
    told = reasons.explain(Posting(reason=code.split(":")[0], state=state, detail="what they said"))
    assert told is not None
    assert told.sentence or told.detail
    assert told.short


def test_every_event_of_an_entry_has_words() -> None:
    of_entries = {name for name in EVENTS if name.startswith(("entry.", "approval.", "posting.", "ledger."))}
    assert of_entries <= history_words.EVENTS_WITH_WORDS
    for name in of_entries:
        assert history_words.sentence(name, {}) != name


def test_what_is_read_is_escaped(world: World, as_: Sign) -> None:
    entry = world.submitted(description="<script>alert(1)</script>")
    world.decided(entry, world.bruno, comment="<img src=x onerror=alert(1)>")
    text = read(as_(world.ana), entry)
    assert "<script>alert" not in text
    assert "<img src=x" not in text


def test_a_late_answer_is_loud(world: World, as_: Sign) -> None:
    from alcada.posting.models import Attempt
    from alcada.posting.rules import Outcome

    entry = world.undecided()
    made = world.posting(entry)
    mending.cancel(made.pk, by=world.clara, reason="Given up")
    attempt = made.attempts.filter(kind=Attempt.Kind.ENTRY).get()
    late = Outcome(Attempt.Outcome.POSTED, status=201, remote_id="evt-late")
    posting.finish_create(attempt, uuid.uuid4(), late)
    text = read(as_(world.clara), entry)
    assert "answered late" in text
    assert "evt-late" in text
