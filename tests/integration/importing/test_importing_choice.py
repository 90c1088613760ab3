"""All or none, or the good lines; drafts or submitted; the same file twice; whoever works on it may die."""

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from integration.importing.shop import Shop, day, line, outcomes, problems, xlsx
from running import until

from alcada.approval.models import Step
from alcada.approval.queries import inbox
from alcada.directory.models import Party
from alcada.flow.importing import making, work
from alcada.flow.importing.entries import EntryRows
from alcada.flow.sweep import sweep
from alcada.history.queries import breaks, of
from alcada.intake.models import Entry, Revision
from alcada.people.models import Company, Membership
from alcada.sheets.models import Import, Line, Made

pytestmark = pytest.mark.django_db(transaction=True)


def several(count: int, **more: Any) -> list[list[Any]]:
    return [line(amount=n + 1, number=f"NF {n + 1}", due=day(n + 1), **more) for n in range(count)]


def test_good_lines_only_leaves_the_others_out_and_says_why(shop: Shop) -> None:
    source = shop.look(xlsx(*several(3), line(amount="x"), line(category="Nada")))
    source = shop.start(source)
    assert source.summary["done"] == {"made": 3, "submitted": 0, "bad": 2, "left": 0}
    assert [number for number, _column, _text in problems(source)] == [5, 6]
    kept = source.lines.order_by("number").values_list("cells", flat=True)
    assert [bool(cells) for cells in kept] == [
        False,
        False,
        False,
        True,
        True,
    ]  # what made nothing is still there


def test_all_or_none_is_not_possible_with_a_bad_line(shop: Shop) -> None:
    source = shop.look(xlsx(*several(3), line(amount="x")))
    with pytest.raises(work.NotNowError):
        shop.start(source, which="all")
    assert not Entry.objects.exists()


def test_all_or_none_makes_none_when_a_line_goes_wrong_meanwhile(shop: Shop) -> None:
    source = shop.look(
        xlsx(line(party="Novo", document="", due=day(5)), line(category="Limpeza", due=day(9)), line())
    )
    shop.cleaning.active = False
    shop.cleaning.save()
    source = shop.start(source, which="all")
    assert source.state == "refused"
    assert not Entry.objects.exists()
    assert not Party.objects.filter(name="Novo").exists()
    assert not Made.objects.exists()
    assert outcomes(source) == ["good", "bad", "good"]
    assert [(number, column) for number, column, _text in problems(source)] == [(3, "category")]
    assert [one.event for one in of(source)] == ["import.begun", "import.refused"]


def test_good_lines_only_goes_on_past_a_line_that_went_wrong_meanwhile(shop: Shop) -> None:
    source = shop.look(xlsx(line(due=day(5)), line(category="Limpeza", due=day(9)), line()))
    shop.cleaning.active = False
    shop.cleaning.save()
    source = shop.start(source)
    assert source.summary["done"] == {"made": 2, "submitted": 0, "bad": 1, "left": 0}


def test_all_or_none_makes_all(shop: Shop) -> None:
    source = shop.start(shop.look(xlsx(*several(7))), which="all", submit=True)
    assert source.summary["done"] == {"made": 7, "submitted": 7, "bad": 0, "left": 0}
    assert not list(breaks())


def test_submitted_ones_go_through_the_flow_as_if_typed(shop: Shop) -> None:
    source = shop.start(shop.look(xlsx(*several(4), line(amount=50_000, number="NF 99"))), submit=True)
    assert source.summary["done"]["submitted"] == 5
    assert Revision.objects.count() == 5
    assert {step.round.revision_id for step in inbox(shop.bruno)} == set(
        Revision.objects.values_list("pk", flat=True)
    )
    large = Revision.objects.get(amount=50_000)
    assert Step.objects.filter(round__revision=large).count() == 2  # the flow's limit counts
    events = [one.event for one in of(large.entry)]
    assert events[:2] == ["entry.created", "entry.submitted"]
    assert "approval.asked" in events
    assert {revision.created_by for revision in Revision.objects.all()} == {shop.ana}


def test_nobody_to_ask_keeps_them_drafts_and_says_so(shop: Shop) -> None:
    Membership.objects.filter(user=shop.bruno).delete()
    source = shop.look(xlsx(*several(2)))
    assert outcomes(source) == ["held", "held"]
    source = shop.start(source, submit=True)
    assert source.summary["done"] == {"made": 2, "submitted": 0, "bad": 0, "left": 0}
    assert not Revision.objects.exists()


def test_who_may_approve_leaves_between_looking_and_making(shop: Shop) -> None:
    source = shop.look(xlsx(*several(2)))
    assert outcomes(source) == ["good", "good"]
    Membership.objects.filter(user=shop.bruno).delete()
    source = shop.start(source, submit=True)
    assert source.summary["done"] == {"made": 2, "submitted": 0, "bad": 0, "left": 0}


def test_questions_are_asked_and_without_an_answer_they_stay_drafts(shop: Shop) -> None:
    old = timezone.localdate() - timedelta(days=3)
    source = shop.look(xlsx(line(due=old, competence=old), line(number="NF 2", amount=7)))
    assert outcomes(source) == ["asked", "good"]
    source = shop.start(source, submit=True)
    assert source.summary["done"] == {"made": 2, "submitted": 1, "bad": 0, "left": 0}
    again = shop.look(xlsx(line(due=old, competence=old, number="NF 3", amount=9)))
    again = shop.start(again, submit=True, asked=True)
    assert again.summary["done"]["submitted"] == 1
    (submitted,) = [one for one in of(Entry.objects.get(number=3)) if one.event == "entry.submitted"]
    assert submitted.data["confirmed"] == [f"due_in_past:{old.isoformat()}"]


def test_the_same_file_twice_is_recognised_and_goes_on_only_when_meant(shop: Shop) -> None:
    data = xlsx(*several(2))
    shop.start(shop.look(data))
    second = shop.look(data, by=shop.clara)
    found = work.same_file(second)
    assert found
    assert found.by == shop.ana
    with pytest.raises(work.SeenBeforeError):
        shop.start(second, twins=True)
    assert Entry.objects.count() == 2
    shop.start(second, twins=True, again=True)
    assert Entry.objects.count() == 4


def test_the_same_file_pressed_twice_is_made_once(shop: Shop) -> None:
    source = shop.start(shop.look(xlsx(*several(2))))
    with pytest.raises(work.NotNowError):
        work.start(source, {"which": "good"}, again=True)
    work.go_on(source.pk)
    assert Entry.objects.count() == 2


def test_a_role_that_was_taken_meanwhile_makes_nothing(shop: Shop) -> None:
    source = shop.look(xlsx(*several(2)))
    Membership.objects.filter(user=shop.ana).delete()
    source = Import.objects.get(pk=source.pk)
    with pytest.raises(work.NotYoursError):
        shop.start(source)
    Import.objects.update(state="making", choice={"which": "good"})
    work.go_on(source.pk)
    source.refresh_from_db()
    assert (source.state, source.problem) == ("refused", {"code": "not_allowed"})
    assert not Entry.objects.exists()


class _Killed(BaseException):
    """As a worker that dies: nothing is caught, nothing is given back."""


@pytest.mark.parametrize("which", ["good", "all"])
def test_a_killed_worker_is_followed_by_another_and_no_line_is_made_twice(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    monkeypatch.setattr(making, "TOGETHER", 10)
    source = shop.look(xlsx(*several(35)))
    made, calls = EntryRows.make, []

    def dies(self: EntryRows, *arguments: Any) -> Any:
        found = made(self, *arguments)
        calls.append(len(calls))
        if len(calls) == 3:
            raise _Killed
        return found

    with monkeypatch.context() as patch:
        patch.setattr(EntryRows, "make", dies)
        with pytest.raises(_Killed):
            shop.start(source, which=which, submit=True)
    assert Entry.objects.count() == (
        20 if which == "good" else 0
    )  # what was committed, and no half of a batch
    # A process that is really gone gave nothing back: for a while nobody takes its place.
    Import.objects.update(beat_at=timezone.now())
    work.go_on(source.pk)
    assert Made.objects.count() == (20 if which == "good" else 0)
    Import.objects.update(beat_at=timezone.now() - timedelta(minutes=5))
    sweep()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE '%import_sheet'")
        assert cursor.fetchone()[0] >= 1
    source = shop.again(source)
    assert source.state == "done"
    assert source.summary["done"] == {"made": 35, "submitted": 35, "bad": 0, "left": 0}
    assert sorted(Entry.objects.values_list("current__amount", flat=True)) == list(range(1, 36))
    assert list(Entry.objects.order_by("number").values_list("number", flat=True)) == list(range(1, 36))
    assert not list(breaks())


def test_a_worker_whose_turn_was_given_away_takes_its_batch_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "TOGETHER", 10)
    source = shop.look(xlsx(*several(20)))
    made = EntryRows.make

    def slow(self: EntryRows, *arguments: Any) -> Any:
        found = made(self, *arguments)
        with transaction.atomic():
            Import.objects.filter(pk=source.pk).update(turn=99)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(EntryRows, "make", slow)
        work.start(source, {"which": "good", "submit": False})
    assert not Entry.objects.exists()


def test_the_database_refuses_a_second_entry_of_one_line(shop: Shop) -> None:
    source = shop.start(shop.look(xlsx(*several(1))))
    entry = Entry.objects.create(
        company=shop.company, kind="payable", number=99, created_by=shop.ana, draft={}
    )
    only = Line.objects.get(source=source)
    with pytest.raises(IntegrityError), transaction.atomic():
        Made.objects.create(company=shop.company, line=only, entry=entry, mark="x")


def test_files_that_nobody_decided_about_are_forgotten(shop: Shop) -> None:
    old = shop.look(xlsx(*several(2)))
    kept = shop.start(shop.look(xlsx(*several(3))))
    Import.objects.update(created_at=timezone.now() - work.KEPT - timedelta(hours=1))
    shop.look(xlsx(*several(4)))
    assert not Import.objects.filter(pk=old.pk).exists()
    assert Import.objects.filter(pk=kept.pk).exists()


def test_the_same_bill_in_two_files_made_at_once_is_made_once(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "MAKE_AT_ONCE", 0)  # left to the workers, which both have them before them
    bill = line(number="NF 1")
    sources = [shop.look(xlsx(bill, line(amount=10 + n, due=day(90 + n)))) for n in range(2)]
    for source in sources:
        work.start(source, {"which": "good", "submit": False, "asked": False, "twins": False})
    makers = [Thread(target=worked, args=[source.pk]) for source in sources]
    with transaction.atomic():  # nobody makes anything, until both are at it
        Company.objects.select_for_update().get(pk=shop.company.pk)
        for maker in makers:
            maker.start()
        until(lambda: waiting_for_a_row() == len(makers), "both wait")
    for maker in makers:
        maker.join()
    assert sorted(outcome for source in sources for outcome in outcomes(source)) == ["good"] * 3 + ["twin"]
    assert Entry.objects.count() == 3


def worked(pk: int) -> None:
    try:
        work.go_on(pk)
    finally:
        connection.close()


def waiting_for_a_row() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
        )
        return int(cursor.fetchone()[0])
