"""The same request with the same key acts once: replayed, refused with another body, and two at once."""

import threading
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.utils import timezone

from alcada.api import idempotency
from alcada.api.models import Answer
from alcada.intake.models import Entry


def test_the_same_again_gets_the_same_answer(call: Any, world: Any) -> None:
    ana, body = call(world.ana), {"company": world.company.pk, "kind": "payable", "description": "Luz"}
    first = ana.post("/entries", body, Idempotency_Key="luz-2026-12")
    again = ana.post("/entries", dict(reversed(body.items())), Idempotency_Key="luz-2026-12")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert (first.headers.get("Idempotency-Replayed"), again.headers["Idempotency-Replayed"]) == (
        None,
        "true",
    )
    assert Entry.objects.count() == 1


def test_another_request_with_the_key_is_refused(call: Any, world: Any) -> None:
    ana, body = call(world.ana), {"company": world.company.pk, "kind": "payable"}
    made = ana.post("/entries", body, Idempotency_Key="k").json()
    other = ana.post("/entries", body | {"description": "Outra"}, Idempotency_Key="k")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    elsewhere = ana.post(f"/entries/{made['id']}/discard", Idempotency_Key="k")
    assert elsewhere.json()["code"] == "key_reused"
    assert Entry.objects.get().discarded_at is None


def test_a_key_is_its_callers_own(call: Any, world: Any) -> None:
    body = {"company": world.company.pk, "kind": "payable"}
    for person in (world.ana, world.bruno):
        assert call(person).post("/entries", body, Idempotency_Key="k").status_code == 201
    assert Entry.objects.count() == 2
    # Another token of the same person is the same caller: one that was renewed in between makes no second entry.
    assert (
        call(world.ana).post("/entries", body, Idempotency_Key="k").headers["Idempotency-Replayed"] == "true"
    )


def test_who_may_less_now_is_not_told_the_answer_again(call: Any, world: Any) -> None:
    body = {"company": world.company.pk, "kind": "payable", "description": "Luz"}
    assert call(world.ana).post("/entries", body, Idempotency_Key="k").status_code == 201
    narrow = call(world.ana, "entries:read").post("/entries", body, Idempotency_Key="k")
    assert (narrow.status_code, narrow.json()["code"]) == (422, "key_reused")
    world.ana.memberships.all().delete()
    outside = call(world.ana).post("/entries", body, Idempotency_Key="k")
    assert (outside.status_code, outside.json()["code"]) == (422, "key_reused")
    assert Entry.objects.count() == 1


def test_a_refused_request_leaves_the_key_free(call: Any, world: Any) -> None:
    ana, body = call(world.ana), {"company": world.company.pk, "kind": "payable"}
    assert ana.post("/entries", body | {"amount": "x"}, Idempotency_Key="k").status_code == 422
    assert ana.post("/entries", body, Idempotency_Key="k").status_code == 201
    assert Entry.objects.count() == 1


def test_what_breaks_after_it_acted_has_not_acted(
    call: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the process dies between the two: there is no entry without its answer."""
    ana, body = call(world.ana), {"company": world.company.pk, "kind": "payable"}
    with monkeypatch.context() as broken:
        broken.setattr(idempotency, "_keep", lambda row, response: 1 / 0)
        assert ana.post("/entries", body, Idempotency_Key="k").status_code == 500
    assert not Entry.objects.exists()
    assert ana.post("/entries", body, Idempotency_Key="k").status_code == 201
    assert Entry.objects.count() == 1


def test_a_key_is_kept_for_a_day(call: Any, world: Any) -> None:
    ana, body = call(world.ana), {"company": world.company.pk, "kind": "payable"}
    for key in ("k", "other"):
        ana.post("/entries", body, Idempotency_Key=key)
    Answer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert "Idempotency-Replayed" not in ana.post("/entries", body, Idempotency_Key="k").headers
    assert Entry.objects.count() == 3
    assert list(Answer.objects.values_list("key", flat=True)) == ["k"]  # the others are swept on the way


def test_a_decision_that_is_sent_twice_is_one(call: Any, world: Any) -> None:
    step = world.step(world.submitted())
    body = {"verdict": "send_back", "comment": "Falta", "revision_hash": step.round.revision.content_hash}
    bruno = call(world.bruno)
    answers = [bruno.post(f"/inbox/{step.pk}/decision", body, Idempotency_Key="d") for _each in range(2)]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("key", ["x" * 256, "a\tb"])
def test_a_key_that_is_none(call: Any, world: Any, key: str) -> None:
    body = {"company": world.company.pk, "kind": "payable"}
    answer = call(world.ana).post("/entries", body, Idempotency_Key=key)
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["Idempotency-Key"])


@pytest.mark.django_db(transaction=True)
def test_two_at_once_make_one(live_server: Any, call: Any, world: Any) -> None:
    """Over HTTP, eight threads of the server's: one acts, all get the same answer."""
    address, token = f"{live_server.url}/api/v1/entries", call(world.ana).token
    body = {"company": world.company.pk, "kind": "payable", "description": "Luz"}
    start, answers = threading.Barrier(8), []

    def send() -> None:
        start.wait()
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "once"}
        answers.append(httpx.post(address, json=body, headers=headers, timeout=30))

    threads = [threading.Thread(target=send) for _each in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status_code for one in answers] == [201] * 8
    assert len({one.content for one in answers}) == 1
    assert sum("Idempotency-Replayed" in one.headers for one in answers) == 7
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_without_the_constraint_two_at_once_would_make_two(live_server: Any, call: Any, world: Any) -> None:
    """The pair of the test above: it is the key that prevents it."""
    address, token = f"{live_server.url}/api/v1/entries", call(world.ana).token
    body = {"company": world.company.pk, "kind": "payable"}
    answers = [
        httpx.post(address, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        for _each in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert Entry.objects.count() == 2
