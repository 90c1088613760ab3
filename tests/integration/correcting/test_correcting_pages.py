"""Correcting as people do it, on the pages: the form, what it changes, the decision, what is left to do."""

import html
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from integration.correcting.desk import Desk, events, to_do
from stories import open_step

from alcada.flow import doctor_corrections
from alcada.intake.models import Entry, Revision
from alcada.ledger.models import Difference
from alcada.posting.models import Correction


@pytest.fixture
def as_() -> Any:
    def sign_in(user: Any) -> Client:
        one = Client()
        one.force_login(user)
        one.cookies["django_language"] = "en"
        return one

    return sign_in


def text_of(response: Any) -> str:
    """What is read, without the tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def fields(page: str) -> dict[str, Any]:
    """The form as a browser would send it back."""
    form = page[page.index('id="entry-form"') : page.index('id="discard-form"')]
    found: dict[str, Any] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        name, kind = re.search(r'name="([^"]*)"', tag), re.search(r'type="([^"]*)"', tag)
        if name and (kind is None or kind[1] not in ("checkbox", "file", "submit")):
            value = re.search(r'value="([^"]*)"', tag)
            found[name[1]] = html.unescape(value[1]) if value else ""
    for name, inner in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        found[name] = chosen[1] if chosen else ""
    for name, inner in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>(.*?)</textarea>', form, re.S):
        found[name] = html.unescape(inner)
    return found


def corrected(ana: Client, entry: Entry, **changes: str) -> Any:
    """Through the form, the review, and sent."""
    ana.post(reverse("entry-correct-begin", args=[entry.pk]))
    address = reverse("entry-correct", args=[entry.pk])
    typed = fields(ana.get(address).content.decode()) | changes
    review = ana.post(address, typed | {"do": "review"}, follow=True)
    again = fields(review.content.decode())
    return review, ana.post(address, again | {"do": "submit"}, follow=True)


def test_from_the_button_to_the_books(desk: Desk, as_: Any) -> None:
    entry = desk.posted()
    ana, bruno = as_(desk.ana), as_(desk.bruno)
    page = ana.get(reverse("entry", args=[entry.pk]))
    assert reverse("entry-correct-begin", args=[entry.pk]) in page.content.decode()
    changes = {"instalments-0-due_date": "20/12/2026", "description": "Papel A4 e A3"}
    review, sent = corrected(ana, entry, **changes)
    told = text_of(review)
    ours, there = told.index("Alçada changes this"), told.index("A person has to do this")
    assert ours < told.index("20/12/2026") < there < told.index("Papel A4 e A3", there)
    assert "Send for approval" in told
    told = text_of(sent)
    assert "Correction sent for approval" in told
    assert "In approval" in told
    assert "Take the correction back" in told
    revision = Revision.objects.get(entry=entry, kind=Revision.Kind.CORRECTION)
    address = reverse("decide", args=[open_step(revision).pk])
    told = text_of(bruno.get(address))
    assert "What this correction changes" in told
    assert "10/12/2026 → Corrected: 20/12/2026" in told
    assert "Will be created" not in told
    assert "Correction" in text_of(bruno.get(reverse("inbox")))
    bruno.post(address, {"verdict": "approve"})
    desk.make(Correction.objects.get(entry=entry))
    told = text_of(ana.get(reverse("entry", args=[entry.pk])))
    assert "Due date" in told
    assert "20/12/2026" in told
    assert "Corrected in Conta Azul, but for 1 thing" in told
    assert "To do in Conta Azul" in told
    assert [row[1] for row in to_do(entry)] == ["description"]
    assert desk.parts("data_vencimento") == [("2026-12-20",)]


def test_what_is_changed_after_the_review_is_reviewed_again(desk: Desk, as_: Any) -> None:
    entry = desk.posted()
    ana = as_(desk.ana)
    ana.post(reverse("entry-correct-begin", args=[entry.pk]))
    address = reverse("entry-correct", args=[entry.pk])
    assert "The correction is not sent yet." in text_of(ana.get(reverse("home")))
    typed = fields(ana.get(address).content.decode()) | {"instalments-0-due_date": "20/12/2026"}
    seen = fields(ana.post(address, typed | {"do": "review"}, follow=True).content.decode())
    other = seen | {"instalments-0-due_date": "21/12/2026", "do": "submit"}
    told = text_of(ana.post(address, other, follow=True))
    assert "Send for approval" in told
    assert "21/12/2026" in told
    assert "correction.submitted" not in events(entry, "correction.")


def test_nobody_else_corrects_or_mends(desk: Desk, as_: Any, carla: Any) -> None:
    entry = desk.posted()
    for user, status in ((desk.bruno, 403), (carla, 404)):
        other = as_(user)
        assert other.post(reverse("entry-correct-begin", args=[entry.pk])).status_code == status
    assert (
        reverse("entry-correct-begin", args=[entry.pk])
        not in as_(desk.bruno).get(reverse("entry", args=[entry.pk])).content.decode()
    )
    correction = desk.approved(entry, instalments=[{"due_date": "20/12/2026", "amount": ""}])
    for user, status in ((desk.ana, 403), (desk.bruno, 403), (carla, 404)):
        other = as_(user)
        for name in ("correction-again", "correction-leave"):
            address = reverse(name, args=[correction.pk])
            assert other.post(address, {"reason": "x"}).status_code == status, (user, name)


def stopped(desk: Desk) -> Correction:
    """Somebody changed there what it corrects."""
    entry = desk.posted()
    correction = desk.approved(entry, instalments=[{"due_date": "20/12/2026", "amount": ""}])
    desk.act("edit", event=desk.books[0]["id"], changes={"data_vencimento": "2026-12-15"})
    return desk.make(correction)


def test_one_that_stopped_shows_both_and_is_written_over_by_an_administrator(desk: Desk, as_: Any) -> None:
    correction = stopped(desk)
    clara = as_(desk.clara)
    address = reverse("entry", args=[correction.entry_id])
    told = text_of(clara.get(address))
    assert "Approved before 10/12/2026 In Conta Azul 15/12/2026 Corrected 20/12/2026" in told
    assert "The correction needs a person: Clara Mendes." in told
    for page in ("differences", "home"):
        assert "Correction waits" in text_of(clara.get(reverse(page)))
    assert "corrections_stopped" in {one.code for one in doctor_corrections.examine()}
    assert (
        reverse("correction-again", args=[correction.pk]) not in as_(desk.ana).get(address).content.decode()
    )
    clara.post(reverse("correction-again", args=[correction.pk]), {"overwrite": "1"})
    assert desk.make(correction).state == "done"
    assert desk.parts("data_vencimento") == [("2026-12-20",)]
    told = text_of(clara.post(reverse("correction-again", args=[correction.pk]), follow=True))
    assert "It has moved on meanwhile" in told


def test_leaving_it_to_a_person_needs_a_reason_and_lists_what_is_to_do(desk: Desk, as_: Any) -> None:
    correction = stopped(desk)
    clara = as_(desk.clara)
    address = reverse("correction-leave", args=[correction.pk])
    refused = clara.post(address, {"reason": " "})
    assert refused.status_code == 422
    assert "Say why: history keeps it." in text_of(refused)
    told = text_of(clara.post(address, {"reason": "Dia 15 está certo"}, follow=True))
    assert "To do in Conta Azul" in told
    (row,) = to_do(correction.entry)
    assert row == (1, "due_date", "2026-12-20", "2026-12-10")
    desk.poll()  # and as it truly stands there
    assert to_do(correction.entry) == [(1, "due_date", "2026-12-20", "2026-12-15")]
    done = reverse("difference-done", args=[Difference.objects.get(settled_at=None).pk])
    assert as_(desk.ana).post(done).status_code == 403
    told = text_of(clara.post(done, {"back": "list"}, follow=True))
    assert "Noted." in told
    assert to_do(correction.entry) == []
