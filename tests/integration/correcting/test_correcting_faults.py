"""A correction under every fault that we can make: the instalment is changed once, or a person is asked."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from integration.correcting.desk import PATCH, TWICE, Desk, edited, events, to_do

from alcada.connections.models import Connection
from alcada.flow import correcting, sweep
from alcada.intake.models import Entry
from alcada.ledger import differing
from alcada.ledger.models import Difference
from alcada.notify.models import Notice
from alcada.posting import corrections
from alcada.posting.models import Attempt, Correction, CorrectionState

LATER = [{"due_date": "20/12/2026", "amount": ""}]
State = CorrectionState


def strikes(desk: Desk, kind: str, method: str = "PATCH", **more: Any) -> None:
    path = f"{PATCH}*" if method == "PATCH" else "*/parcelas"
    desk.sandbox.faults({"method": method, "path": path, "kind": kind, "count": 1, **more})


def attempts() -> list[str]:
    found = Attempt.objects.filter(kind=Attempt.Kind.INSTALMENT)
    return list(found.values_list("outcome", flat=True))


def test_a_lost_answer_that_took_effect_is_read_and_not_sent_again(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    strikes(desk, "drop_after")
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.UNKNOWN, "may_have_arrived")
    assert desk.make(correction).state == State.DONE
    assert len(desk.calls("PATCH")) == 1
    assert desk.parts("data_vencimento", "versao") == [("2026-12-20", 2)]
    assert attempts() == ["unknown"]
    assert to_do(entry) == edited(entry) == []


@pytest.mark.parametrize("kind", ["drop_before", "error_before", "error_after"])
def test_an_unclear_answer_is_read_before_it_is_sent_again(desk: Desk, kind: str) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    strikes(desk, kind)
    correction = desk.make(correction)
    assert correction.state == State.UNKNOWN
    assert correction.next_try_at is not None
    correction = desk.make(correction)
    assert correction.state == State.DONE
    assert desk.parts("data_vencimento", "versao") == [("2026-12-20", 2)]
    assert desk.make(correction).state == State.DONE


def test_one_that_gets_no_clear_answer_for_too_long_asks_a_person(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    desk.sandbox.faults({"method": "PATCH", "path": f"{PATCH}*", "kind": "error_before"})
    correction = desk.make(correction)
    Correction.objects.update(troubled_since=timezone.now() - timedelta(hours=2))
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.UNDECIDED, "no_clear_answer")
    assert correction.next_try_at is None
    desk.sandbox.faults()
    corrections.again(correction.pk, by=desk.clara)
    assert desk.make(correction).state == State.DONE
    assert events(entry, "correction.a") == ["correction.asked", "correction.again"]


def test_saved_there_between_reading_and_changing_it_is_read_again(desk: Desk, monkeypatch: Any) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    (instalment,) = Attempt.objects.filter(posting__entry=entry)[0].posting.remote_instalment_ids
    start = corrections.start_attempt

    def touched(*arguments: Any, **named: Any) -> Attempt:
        attempt = start(*arguments, **named)
        desk.act("edit", instalment=instalment, changes={"nota": "vista"})
        return attempt

    monkeypatch.setattr(corrections, "start_attempt", touched)
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.QUEUED, "version_conflict")
    monkeypatch.undo()
    assert desk.make(correction).state == State.DONE
    assert desk.parts("data_vencimento") == [("2026-12-20",)]
    assert attempts() == ["refused", "posted"]


def test_what_somebody_changed_there_is_not_written_over_unless_a_person_says_so(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    desk.act("edit", event=desk.books[0]["id"], changes={"data_vencimento": "2026-12-15"})
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.UNDECIDED, "edited_there")
    assert correction.conflicts == [
        {
            "field": "instalments.0.due_date",
            "approved": "2026-12-10",
            "new": "2026-12-20",
            "old": "2026-12-15",
        }
    ]
    assert desk.calls("PATCH") == []
    assert edited(entry) == [(1, "due_date", "2026-12-10", "2026-12-15")]
    corrections.again(correction.pk, by=desk.clara, overwrite=True)
    assert desk.make(correction).state == State.DONE
    assert desk.parts("data_vencimento") == [("2026-12-20",)]
    assert to_do(entry) == edited(entry) == []


def test_trying_again_without_saying_so_asks_again(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    desk.act("edit", event=desk.books[0]["id"], changes={"data_vencimento": "2026-12-15"})
    correction = desk.make(correction)
    corrections.again(correction.pk, by=desk.clara)
    assert desk.make(correction).state == State.UNDECIDED
    assert desk.calls("PATCH") == []


def test_what_a_person_let_stand_there_may_be_corrected(desk: Desk) -> None:
    entry = desk.posted()
    desk.poll()
    desk.sandbox.clock(advance_seconds=3)
    desk.act("edit", event=desk.books[0]["id"], changes={"data_vencimento": "2026-12-15"})
    desk.poll()
    differing.accept(Difference.objects.get().pk, by=desk.clara, note="Combinado")
    assert desk.made(entry, instalments=LATER).state == State.DONE
    assert desk.parts("data_vencimento") == [("2026-12-20",)]
    assert to_do(entry) == edited(entry) == []


def test_a_refusal_says_their_words_and_what_is_left_is_listed(desk: Desk) -> None:
    entry = desk.posted(instalments=TWICE)
    later = [{"due_date": "20/12/2026", "amount": "1.000,00"}, {"due_date": "20/01/2027", "amount": "500,00"}]
    correction = desk.approved(entry, instalments=later)
    body = {"code": 400, "message": "Período contábil fechado"}
    strikes(desk, "error_before", status=400, body=body)
    correction = desk.make(correction)
    assert correction.state == State.REFUSED
    assert "Período contábil fechado" in correction.detail
    left = correcting.leave(correction.pk, by=desk.clara, reason="Fechado pelo contador")
    assert left.state == State.LEFT
    assert to_do(entry) == [
        (1, "due_date", "2026-12-20", "2026-12-10"),
        (2, "due_date", "2027-01-20", "2027-01-10"),
    ]
    first, _second = desk.books[0]["condicao_pagamento"]["parcelas"]
    desk.sandbox.clock(advance_seconds=3)
    desk.act("edit", instalment=first["id"], changes={"data_vencimento": "2026-12-20"})
    desk.poll()
    assert to_do(entry) == [(2, "due_date", "2027-01-20", "2027-01-10")]
    assert edited(entry) == []
    assert events(entry, "correction.")[-2:] == ["correction.left", "correction.done_there"]


def test_what_is_paid_is_never_changed_by_us(desk: Desk) -> None:
    entry = desk.posted(instalments=TWICE)
    first, _second = desk.books[0]["condicao_pagamento"]["parcelas"]
    desk.act("pay", instalment=first["id"])
    later = [{"due_date": "09/12/2026", "amount": "1.000,00"}, {"due_date": "20/01/2027", "amount": "500,00"}]
    correction = desk.made(entry, instalments=later)
    assert correction.state == State.DONE
    assert desk.parts("data_vencimento") == [("2026-12-10",), ("2027-01-20",)]
    assert to_do(entry) == [(1, "due_date", "2026-12-09", "2026-12-10")]


def test_an_entry_that_is_gone_there_asks_a_person(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    desk.act("delete", event=desk.books[0]["id"])
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.UNDECIDED, "gone_there")
    assert desk.calls("PATCH") == []


def test_an_instalment_that_goes_between_reading_and_changing_asks_a_person(desk: Desk) -> None:
    correction = desk.approved(desk.posted(), instalments=LATER)
    strikes(desk, "error_before", status=404, body={"code": 404, "message": "Not found"})
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.REFUSED, "gone_there")


def test_no_connection_is_tried_again_and_a_refused_authorisation_waits_for_it(desk: Desk) -> None:
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    Connection.objects.filter(pk=desk.account.pk).update(state=Connection.State.AUTHORISE)
    assert desk.make(correction).state == State.QUEUED
    assert desk.calls("PATCH") == []
    Connection.objects.filter(pk=desk.account.pk).update(state=Connection.State.CONNECTED)
    strikes(desk, "drop_before", method="GET")
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.QUEUED, "not_reached")
    strikes(desk, "too_many")
    correction = desk.make(correction)
    assert (correction.state, correction.reason) == (State.QUEUED, "too_many_requests")
    assert attempts() == ["not_sent"]
    assert desk.make(correction).state == State.DONE
    assert desk.parts("data_vencimento", "versao") == [("2026-12-20", 2)]


def test_a_worker_that_died_before_sending_and_after(desk: Desk, monkeypatch: Any) -> None:
    """Killed between the attempt and the bytes, then after the bytes: read first each time, changed once."""
    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)

    strikes(desk, "drop_before")
    killed(desk, correction, monkeypatch, at="alcada.flow.patching._of_write")
    assert attempts() == [""]
    assert desk.make(correction).state == State.SENDING  # nobody takes it before its deadline
    Correction.objects.update(claim_until=timezone.now() - timedelta(seconds=1))
    sweep.sweep()
    correction = Correction.objects.get()
    assert (correction.state, correction.reason) == (State.UNKNOWN, "worker_lost")
    killed(desk, correction, monkeypatch, at="alcada.posting.corrections.finish_attempt")
    Correction.objects.update(claim_until=timezone.now() - timedelta(seconds=1))
    corrections.expire_claims()
    assert desk.make(correction).state == State.DONE
    assert desk.parts("data_vencimento", "versao") == [("2026-12-20", 2)]
    assert attempts() == ["unknown", "unknown"]


class Killed(BaseException):
    """As a process ends that is killed: nothing below catches it."""


def killed(desk: Desk, correction: Correction, monkeypatch: Any, *, at: str) -> None:
    def die(*_arguments: Any, **_named: Any) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(at, die)
        with pytest.raises(Killed):
            desk.make(correction)


def test_the_poll_takes_a_correction_under_way_for_no_edit(desk: Desk, monkeypatch: Any) -> None:
    entry = desk.posted(instalments=TWICE)
    desk.poll()
    desk.sandbox.clock(advance_seconds=3)
    later = [{"due_date": "20/12/2026", "amount": "1.000,00"}, {"due_date": "20/01/2027", "amount": "500,00"}]
    correction = desk.approved(entry, instalments=later)
    desk.sandbox.faults({"method": "PATCH", "path": f"{PATCH}*", "kind": "error_before", "skip": 1})
    desk.make(correction)
    desk.poll()
    assert edited(entry) == to_do(entry) == []
    assert not Notice.objects.filter(template="entry_changed").exists()
    desk.sandbox.faults()
    assert desk.make(correction).state == State.DONE
    desk.poll()
    assert edited(entry) == to_do(entry) == []


def test_a_change_that_is_answered_and_not_made_is_left_to_a_person(desk: Desk, monkeypatch: Any) -> None:
    """Conta Azul ignores fields that it doesn't know, with a 2xx."""
    from conta_azul.calls import instalments

    entry = desk.posted()
    correction = desk.approved(entry, instalments=LATER)
    real = instalments.patch

    def ignored(instalment_id: str, version: int, **_wanted: Any) -> Any:
        return real(instalment_id, version, note="nada")

    monkeypatch.setattr(instalments, "patch", ignored)
    desk.sandbox.faults({"method": "GET", "path": "*/parcelas", "kind": "drop_before", "skip": 1, "count": 1})
    assert desk.make(correction).state == State.QUEUED
    assert desk.make(correction).state == State.DONE
    assert len(desk.calls("PATCH")) == 1
    assert to_do(entry) == [(1, "due_date", "2026-12-20", "2026-12-10")]
    assert Entry.objects.get(pk=entry.pk).current_id == correction.revision_id
