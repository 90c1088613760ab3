"""When absence may be believed, and what a posting sends."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from alcada.posting import request
from alcada.posting.models import TRANSITIONS, State
from alcada.posting.rules import (
    Evidence,
    Patience,
    TransitionNotAllowedError,
    Verdict,
    check_transition,
    judge_absence,
    new_reference,
)

PATIENCE = Patience(absence_evidence=20, absence_span_s=600, look_for_s=3600)


def judge(
    *, seen: int = 20, lag: float = 3.0, since: float = 601.0, resent: bool = False, searched: bool = True
) -> Verdict:
    return judge_absence(Evidence(seen, lag), PATIENCE, watched_s=since, resent=resent, all_searched=searched)


def test_absence_is_believed_with_evidence_after_the_span() -> None:
    assert judge() == Verdict.SEND_AGAIN


@pytest.mark.parametrize(
    "case",
    [
        {"seen": 19},  # too few of our own postings came back
        {"since": 599.0},  # too soon
        {"lag": 61.0},  # this account shows late: ten times the longest lag has not passed
        {"resent": True},  # believed once already
        {"searched": False},  # a search that failed proves nothing
    ],
)
def test_it_is_looked_for_on_where_absence_proves_nothing(case: dict[str, Any]) -> None:
    assert judge(**case) == Verdict.LOOK_ON


@pytest.mark.parametrize("case", [{"seen": 0}, {"resent": True}, {"searched": False}])
def test_a_person_is_asked_in_the_end(case: dict[str, Any]) -> None:
    assert judge(**case, since=3601.0) == Verdict.ASK


def test_what_is_posted_or_being_looked_for_never_goes_back_by_a_person() -> None:
    for before in (State.POSTED, State.CANCELLED):
        assert not TRANSITIONS[before]
    for after in (State.QUEUED, State.CANCELLED):
        with pytest.raises(TransitionNotAllowedError):
            check_transition(State.POSTED, after)
    with pytest.raises(TransitionNotAllowedError):
        check_transition(State.UNKNOWN, State.CANCELLED)


def test_references_are_printable_and_differ() -> None:
    drawn = {
        new_reference() for _ in range(50)
    }  # of 28 to the sixth: one run in 400,000 would draw one twice
    assert len(drawn) == 50
    assert all(re.fullmatch(r"ALC-[2-9B-DF-HJ-NP-TV-XZ]{6}", reference) for reference in drawn)


def split(cost_centre: dict[str, Any] | None, amount: str) -> dict[str, Any]:
    return {"category": {"id": 7, "name": "Papel"}, "cost_centre": cost_centre, "amount": amount}


def content(**changes: Any) -> dict[str, Any]:
    return {
        "description": "Papel A4",
        "competence_date": "2026-11-20",
        "amount": "100.00",
        "party": {"id": 1, "name": "Aurora", "document": "", "email": ""},
        "bank_account": {"id": 5, "name": "Banco"},
        "payment_method": "pix",
        "splits": [
            split({"id": 1, "code": "", "name": "A"}, "60.00"),
            split({"id": 2, "code": "", "name": "B"}, "30.00"),
            split(None, "10.00"),
        ],
        "instalments": [
            {"number": 1, "due_date": "2026-12-10", "amount": "50.00"},
            {"number": 2, "due_date": "2027-01-10", "amount": "50.00"},
        ],
        "evidence": "Aprovado",
        **changes,
    }


IDS = request.Ids(party="p", bank_account="b", categories={7: "c"}, cost_centres={1: "x", 2: "y"})


def test_the_reference_stands_wherever_a_search_may_return_text() -> None:
    new = request.build(content(), "ALC-7F3K2Q", IDS)
    assert new.reference == "ALC-7F3K2Q"
    assert new.description == "Papel A4 [ALC-7F3K2Q]"
    assert [part.description for part in new.instalments] == [
        "Papel A4 1/2 [ALC-7F3K2Q]",
        "Papel A4 2/2 [ALC-7F3K2Q]",
    ]
    assert [part.due_date for part in new.instalments] == [date(2026, 12, 10), date(2027, 1, 10)]


def test_a_long_description_gives_way_to_the_reference() -> None:
    assert request.tagged("x" * 400, "ALC-7F3K2Q", "12/12").endswith(" 12/12 [ALC-7F3K2Q]")
    assert len(request.tagged("x" * 400, "ALC-7F3K2Q", "12/12")) == 200


def test_shares_without_a_cost_centre_make_a_row_of_their_own() -> None:
    """A cost-centre split must make up the whole of its category's row."""
    new = request.build(content(), "ALC-7F3K2Q", IDS)
    rows = [(row.category_id, row.amount, [amount for _, amount in row.cost_centres]) for row in new.splits]
    assert rows == [
        ("c", Decimal("90.00"), [Decimal("60.00"), Decimal("30.00")]),
        ("c", Decimal("10.00"), []),
    ]
