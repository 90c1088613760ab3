"""The inbox and the page of one decision: who may open it, that only a POST decides, and what it answers."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connections
from django.urls import reverse
from integration.pages.world import VERDICT, World

from alcada.approval.models import Decision, Round, Step
from alcada.intake.models import Entry
from alcada.ledger.models import TwinSearch
from alcada.people.models import User
from alcada.posting.models import Posting

if TYPE_CHECKING:
    from django.test import Client

Sign = Callable[[User], "Client"]


def url(step: Step) -> str:
    return reverse("decide", args=[step.pk])


def answer(client: "Client", step: Step, verdict: str, comment: str = "") -> Any:
    return client.post(url(step), {"verdict": verdict, "comment": comment})


def test_the_inbox_shows_what_is_due_first_on_top(world: World, as_: Sign) -> None:
    world.submitted(due_in=20, description="Later")
    world.submitted(due_in=-3, description="Overdue")
    world.submitted(due_in=1, description="Tomorrow")
    text = as_(world.bruno).get(reverse("inbox")).content.decode()
    assert text.index("Overdue by 3 days") < text.index("Due tomorrow") < text.index("Later")
    assert "Papelaria Central Ltda" in text
    assert "Ana Souza" in text


def test_an_empty_inbox_says_so(world: World, as_: Sign) -> None:
    world.submitted()
    assert "Nothing waits for you" in as_(world.ana).get(reverse("inbox")).content.decode()


def test_a_page_past_the_last_is_the_last(world: World, as_: Sign) -> None:
    world.submitted()
    assert as_(world.bruno).get(reverse("inbox") + "?page=99").status_code == 200
    assert as_(world.bruno).get(reverse("inbox") + "?page=x").status_code == 200


def test_who_may_open_a_decision(world: World, as_: Sign, carla: User) -> None:
    step = world.step(world.submitted())
    assert as_(world.bruno).get(url(step)).status_code == 200
    own = as_(world.ana).get(url(step))
    assert own.status_code == 200
    assert "You entered it, so somebody else decides." in own.content.decode()
    administrator = as_(world.clara).get(url(step))
    assert administrator.status_code == 200
    assert "You are not asked at this step." in administrator.content.decode()
    for name in ("decide", "decide-books"):
        assert as_(carla).get(reverse(name, args=[step.pk])).status_code == 404
    assert answer(as_(carla), step, "approve").status_code == 404
    assert as_(world.bruno).get(reverse("decide", args=[10**9])).status_code == 404


def test_who_left_the_company_may_not_open_it(world: World, as_: Sign) -> None:
    step = world.step(world.submitted())
    world.bruno.memberships.all().delete()
    assert as_(world.bruno).get(url(step)).status_code == 404
    assert answer(as_(world.bruno), step, "approve").status_code == 404


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "patch", "delete", "trace"])
def test_nothing_but_a_post_decides(world: World, as_: Sign, method: str) -> None:
    step = world.step(world.submitted())
    client = as_(world.bruno)
    for query in ("", "?verdict=approve", "?verdict=approve&comment=x"):
        getattr(client, method)(url(step) + query)
    assert not Decision.objects.exists()
    step.refresh_from_db()
    assert step.state == Step.State.OPEN
    assert not Posting.objects.exists()


def test_no_page_decides_when_it_is_read(world: World, as_: Sign) -> None:
    """Mail scanners press links: every address that knows the step or the entry is walked with GET and HEAD."""
    entry = world.submitted()
    step = world.step(entry)
    addresses = [
        url(step),
        reverse("decide-books", args=[step.pk]),
        *(reverse(name, args=[entry.pk]) for name in ("entry", "entry-live", "entry-withdraw")),
        *(reverse(name) for name in ("home", "inbox", "postings", "flows", "notices", "notices-read")),
    ]
    for person in (world.ana, world.bruno, world.clara):
        client = as_(person)
        for address in addresses:
            assert client.get(address).status_code in (200, 204, 403, 405), address
            assert client.head(address).status_code in (200, 204, 403, 405), address
    assert not Decision.objects.exists()
    assert Round.objects.get().state == Round.State.OPEN


def test_without_the_token_a_post_from_elsewhere_is_refused(world: World) -> None:
    from django.test import Client

    step = world.step(world.submitted())
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.bruno)
    assert answer(client, step, "approve").status_code == 403
    assert not Decision.objects.exists()


def test_approving_posts_and_offers_the_next(world: World, as_: Sign) -> None:
    entry = world.submitted(due_in=1)
    world.submitted(due_in=5, description="The next one", amount="77,00")
    step, client = world.step(entry), as_(world.bruno)
    done = client.post(url(step), {"verdict": "approve", "comment": ""}, follow=True)
    text = done.content.decode()
    assert "Already approved by Bruno Lima at" in text
    assert "One more waits for you" in text
    assert "R$\xa077.00" in text
    assert Posting.objects.get().entry == entry
    assert Decision.objects.get().channel == "web"


def test_the_second_answer_is_told_of_the_first(world: World, as_: Sign) -> None:
    step = world.step(world.submitted())
    answer(as_(world.bruno), step, "approve")
    second = as_(world.beatriz).post(url(step), {"verdict": "reject", "comment": "No."}, follow=True)
    assert "Already approved by Bruno Lima at" in second.content.decode()
    assert "Nothing changed." in second.content.decode()
    assert Decision.objects.count() == 1
    assert Posting.objects.count() == 1


@pytest.mark.parametrize("verdict", ["reject", "send_back"])
@pytest.mark.parametrize("comment", ["", "   ", "\n"])
def test_saying_no_needs_words(world: World, as_: Sign, verdict: str, comment: str) -> None:
    step = world.step(world.submitted())
    refused = answer(as_(world.bruno), step, verdict, comment)
    text = refused.content.decode()
    assert refused.status_code == 422
    assert "Say why: whoever entered it reads this." in text
    assert 'aria-invalid="true"' in text
    assert not Decision.objects.exists()


def test_a_comment_that_is_too_long_is_kept(world: World, as_: Sign) -> None:
    step, comment = world.step(world.submitted()), "não " * 600
    refused = answer(as_(world.bruno), step, "reject", comment)
    assert refused.status_code == 422
    assert comment.strip() in refused.content.decode()
    assert not Decision.objects.exists()


@pytest.mark.parametrize("verdict", ["", "yes", "approved", "APPROVE"])
def test_an_answer_that_is_none_of_the_three(world: World, as_: Sign, verdict: str) -> None:
    step = world.step(world.submitted())
    refused = answer(as_(world.bruno), step, verdict, "What I had typed")
    assert refused.status_code == 422
    assert "What I had typed" in refused.content.decode()
    assert not Decision.objects.exists()


def test_a_nul_in_a_comment_breaks_nothing(world: World, as_: Sign) -> None:
    step = world.step(world.submitted())
    assert answer(as_(world.bruno), step, "reject", "bad\x00value").status_code == 302
    assert Decision.objects.get().comment == "badvalue"


def test_who_is_not_asked_keeps_what_they_typed(world: World, as_: Sign) -> None:
    step = world.step(world.submitted())
    refused = answer(as_(world.clara), step, "reject", "Mine to say")
    assert refused.status_code == 403
    assert "You are not asked at this step." in refused.content.decode()
    assert "Mine to say" in refused.content.decode()
    assert answer(as_(world.ana), step, "approve").status_code == 403
    assert not Decision.objects.exists()


def test_two_steps_are_two_people(world: World, as_: Sign) -> None:
    from alcada.people.models import Role

    world.company.memberships.create(user=world.bruno, role=Role.ADMINISTRATOR)
    entry = world.submitted(amount="12.500,00")
    answer(as_(world.bruno), world.step(entry), "approve")
    second = world.step(entry)
    assert second.name == "Administrador"
    refused = answer(as_(world.bruno), second, "approve")
    assert refused.status_code == 403
    assert "Two steps are two people." in refused.content.decode()
    assert answer(as_(world.clara), second, "approve").status_code == 302
    assert Posting.objects.count() == 1


def test_an_entry_taken_back_can_no_longer_be_decided(world: World, as_: Sign) -> None:
    entry = world.submitted()
    step = world.step(entry)
    assert as_(world.ana).post(reverse("entry-withdraw", args=[entry.pk])).status_code == 302
    refused = answer(as_(world.bruno), step, "approve")
    assert refused.status_code == 403
    assert "no longer asked" in refused.content.decode()


def test_what_is_shown_before_deciding(world: World, as_: Sign) -> None:
    entry = world.submitted(amount="12.500,00", notes="Entrega na loja")
    TwinSearch.objects.update(
        state="done",
        found=[
            {"description": "À mão", "due_date": "2026-12-01", "amount": "12500.00", "status": "EM_ABERTO"}
        ],
    )
    text = as_(world.bruno).get(url(world.step(entry))).content.decode()
    for part in (
        "11.222.333/0001-81",
        "R$\xa012,500.00",
        "financeiro@papelaria.example",
        "Material de escritório",
        "ADM · Administração",
        "Entrega na loja",
        "books have an entry that looks like this one",
        "À mão",
        "Will be created in Conta Azul",
    ):
        assert part in text, part
    vendor = text[text.index("Vendor: ") :]
    # That it stays for ever is said of what does: a vendor can be removed there.
    assert "be removed there" not in vendor[: vendor.index("</li>")]
    assert text.count("A cost centre can't be removed there.") == 1


def test_the_books_ask_themselves_anew_until_searched(world: World, as_: Sign) -> None:
    step = world.step(world.submitted())
    fragment, client = reverse("decide-books", args=[step.pk]), as_(world.bruno)
    pending = client.get(fragment).content.decode()
    assert 'hx-trigger="every 2s"' in pending
    assert "Checking the books" in pending
    ended = "Conta Azul refused: Janela longa [GET /v1/financeiro, HTTP 400]"
    TwinSearch.objects.update(state="failed", detail=ended)
    failed = client.get(fragment).content.decode()
    assert "could not be checked" in failed
    assert "hx-trigger" not in failed
    TwinSearch.objects.update(state="done", searched_at="2026-11-25T12:00Z")
    assert "No entry like this one" in client.get(fragment).content.decode()


def test_a_duplicate_here_and_what_changed_are_shown(world: World, as_: Sign) -> None:
    world.submitted(document_number="NF 1", description="The first")
    entry = world.submitted(document_number="NF 1", payment_details="old@pix.example")
    world.decided(entry, world.bruno, VERDICT.SEND_BACK, "Wrong key")
    from alcada.flow import actions as flow
    from alcada.intake import actions as intake

    entry = Entry.objects.get(pk=entry.pk)
    assert entry.draft is not None
    draft = entry.draft | {"payment_details": "new@pix.example", "confirmed": []}
    flow.submit(intake.save_draft(entry, by=world.ana, draft=draft), by=world.ana)
    text = as_(world.beatriz).get(url(world.step(entry))).content.decode()
    assert "An earlier entry here looks like this one" in text
    assert "same document number" in text
    assert "<del>old@pix.example</del>" in text
    assert "<ins>new@pix.example</ins>" in text


def pressed_together(presses: list[tuple["Client", str]], step: Step) -> list[str]:
    """The pages that people get who answer one step at the same moment."""
    barrier, pages = threading.Barrier(len(presses)), []

    def press(client: "Client", verdict: str) -> None:
        try:
            barrier.wait()
            answered = client.post(url(step), {"verdict": verdict, "comment": "Because."}, follow=True)
            pages.append(answered.content.decode())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=pair) for pair in presses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pages


@pytest.mark.django_db(transaction=True)
def test_two_people_at_once_make_one_decision(world: World, as_: Sign) -> None:
    """Both press at the same moment: one decides, the other is told who did."""
    for attempt in range(1, 4):
        step = world.step(world.submitted())
        people = [(as_(world.bruno), "approve"), (as_(world.beatriz), "reject")]
        pages = pressed_together(people, step)
        assert len(pages) == 2
        assert sum("Nothing changed." in text for text in pages) == 1
        assert Decision.objects.count() == attempt
    assert Posting.objects.count() == Decision.objects.filter(verdict="approve").count()
