"""Many entries of a company are entered and submitted together: as each by itself, in a few statements, all or none."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from integration.routing.office import Office, furnish
from stories import draft

from alcada.approval.models import Step
from alcada.approval.queries import inbox
from alcada.flow import actions as flow
from alcada.flow.models import Run
from alcada.history.queries import of
from alcada.intake import actions as intake
from alcada.intake.models import Entry, Revision
from alcada.intake.rules import ChangedMeanwhileError, NotYoursError, Problems
from alcada.ledger.models import TwinSearch
from alcada.notify.models import Notice
from alcada.people.models import Company


@pytest.fixture
def office(company: Company, ana: Any, bruno: Any, clara: Any) -> Office:
    office = furnish(company, ana, bruno, clara)
    office.rule("Contas", office.matriz, ("kind", "=", "payable"))
    return office


def enter(office: Office, *amounts: str) -> list[Entry]:
    typed = [
        ("payable", draft(office.company, amount=amount, description=f"De {amount}")) for amount in amounts
    ]
    return intake.start_all(office.company, typed, by=office.ana)


def test_each_is_submitted_as_it_would_be_alone(office: Office) -> None:
    alone = intake.start(
        office.company, "payable", by=office.ana, draft=draft(office.company, amount="70,00")
    )
    flow.submit(alone, by=office.ana)
    entries = enter(office, "10,00", "20,00", "30,00")
    intake.save_draft(
        entries[1],
        by=office.ana,
        draft=draft(
            office.company,
            amount="20,00",
            instalments=[
                {"due_date": "10/01/2027", "amount": "5,00"},
                {"due_date": "10/12/2026", "amount": "15,00"},
            ],
        ),
    )
    entries[1].refresh_from_db()
    revisions = flow.submit_all(entries, by=office.ana)
    assert [entry.number for entry in entries] == [2, 3, 4]
    assert [str(revision.amount) for revision in revisions] == ["10.00", "20.00", "30.00"]
    assert [entry.draft for entry in Entry.objects.order_by("pk")] == [None] * 4
    assert [entry.current_id for entry in Entry.objects.order_by("pk")[1:]] == [one.pk for one in revisions]
    assert [[part.amount for part in one.instalments.all()] for one in revisions] == [[10], [15, 5], [30]]
    assert [[part.amount for part in one.splits.all()] for one in revisions] == [[10], [20], [30]]
    told = [[(record.event, record.actor_name) for record in of(entry)] for entry in [alone, *entries]]
    assert [event for event, _ in told[0]] == [
        "entry.created",
        "entry.submitted",
        "entry.routed",
        "approval.asked",
    ]
    assert told[1:] == [told[0]] * 3
    asked = inbox(office.bruno)
    assert {step.round.revision_id for step in asked} >= {one.pk for one in revisions}
    assert Step.objects.filter(state="open", opened_at__isnull=False).count() == 4
    notices = Notice.objects.filter(user=office.bruno, template="asked").order_by("pk")
    assert [notice.data["amount"] for notice in notices] == ["70.00", "10.00", "20.00", "30.00"]
    assert notices[2].data["due"] == "2026-12-10"
    assert Run.objects.filter(connection=office.matriz).count() == 4
    assert set(TwinSearch.objects.values_list("revision_id", flat=True)) >= {one.pk for one in revisions}
    assert _jobs() >= set(Revision.objects.values_list("pk", flat=True))


def _jobs() -> set[int]:
    """The revisions whose twins are searched."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT jsonb_array_elements(args -> 'revision_ids') FROM procrastinate_jobs "
            "WHERE task_name LIKE '%search_twins'"
        )
        return {int(pk) for (pk,) in cursor.fetchall()}


def test_one_that_is_wrong_keeps_all_from_being_submitted(office: Office) -> None:
    entries = enter(office, "10,00", "nada", "30,00")
    with pytest.raises(Problems) as problems:
        flow.submit_all(entries, by=office.ana)
    assert set(problems.value.fields) == {"amount"}
    assert not Revision.objects.exists()
    assert not Step.objects.exists()


def test_one_that_was_saved_meanwhile_keeps_all_from_being_submitted(office: Office) -> None:
    entries = enter(office, "10,00", "20,00")
    intake.save_draft(entries[1], by=office.ana, draft=draft(office.company, amount="21,00"))
    with pytest.raises(ChangedMeanwhileError):
        flow.submit_all(entries, by=office.ana)
    assert not Revision.objects.exists()


def test_nobody_submits_others_entries_among_their_own(office: Office) -> None:
    mine = enter(office, "10,00")
    theirs = intake.start(office.company, "payable", by=office.clara, draft=draft(office.company))
    with pytest.raises(NotYoursError):
        flow.submit_all([*mine, theirs], by=office.ana)
    assert not Revision.objects.exists()


def test_companies_are_submitted_one_after_the_other(
    office: Office, other_company: Company, carla: Any
) -> None:
    theirs = Entry.objects.create(company=other_company, kind="payable", number=1, created_by=carla, draft={})
    with pytest.raises(ValueError, match="several companies"):
        flow.submit_all([*enter(office, "10,00"), theirs], by=office.ana)


def test_more_cost_no_more_statements(office: Office) -> None:
    flow.submit_all(enter(office, "1,00"), by=office.ana)  # the company's first: its flow is published
    counted = []
    for count in (2, 20):
        amounts = [f"{number},00" for number in range(1, count + 1)]
        entries = enter(office, *amounts)
        with CaptureQueriesContext(connection) as captured:
            flow.submit_all(entries, by=office.ana)
        counted.append(len(captured))
    assert counted[0] == counted[1] < 50
