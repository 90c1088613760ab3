"""Is this bill here already?"""

from typing import Any

import pytest
from django.db import transaction

from alcada.intake import actions, freezing
from alcada.intake.drafts import check, check_draft
from alcada.intake.duplicates import confirmation, probable
from alcada.intake.models import Entry


@pytest.fixture
def earlier(desk, ana) -> Entry:
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    with transaction.atomic():
        freezing.freeze(entry, check(entry), by=ana)
    return entry


def reasons(desk: Any, **changes: Any) -> list[tuple[str, ...]]:
    content = check_draft(desk.company, "payable", desk.draft(**changes))
    return [found.reasons for found in probable(desk.company, content)]


def test_the_same_bill_is_found_for_both_reasons(desk, earlier):
    assert reasons(desk) == [("document_number", "amount_and_due_date")]


@pytest.mark.parametrize("number", ["1001", "nf 1001", "NF-e 001001", "NF: 1.001"])
def test_a_number_is_known_however_it_is_written(desk, earlier, number):
    assert reasons(desk, document_number=number, amount="5,00") == [("document_number",)]


def test_a_number_of_words_is_compared_as_words(desk, ana):
    entry = actions.start(desk.company, "payable", by=ana, draft=desk.draft(document_number="Contrato A"))
    with transaction.atomic():
        freezing.freeze(entry, check(entry), by=ana)
    assert reasons(desk, document_number="contrato a", amount="5,00") == [("document_number",)]
    assert reasons(desk, document_number="Contrato B", amount="5,00") == []


def test_the_same_value_on_the_same_day_is_found(desk, earlier):
    assert reasons(desk, document_number="") == [("amount_and_due_date",)]


def test_next_months_bill_is_another_one(desk, earlier):
    later = [{"due_date": "10/12/2031", "amount": ""}]
    assert reasons(desk, document_number="NF 1002", instalments=later) == []


def test_another_vendor_is_another_bill(desk, earlier):
    from alcada.directory.actions import save_party

    other = save_party(desk.company, name="Outra Papelaria", is_vendor=True)
    assert reasons(desk, party=str(other.pk)) == []


def test_drafts_and_discarded_ones_do_not_count(desk, ana, earlier):
    actions.start(desk.company, "payable", by=ana, draft=desk.draft())
    actions.reopen(earlier, by=ana)
    actions.discard(earlier, by=ana)
    assert reasons(desk) == []


def test_an_entry_is_no_duplicate_of_itself(desk, earlier):
    content = check_draft(desk.company, "payable", desk.draft())
    assert probable(desk.company, content, excluding=earlier) == []


def test_the_tick_names_which_ones(desk, earlier):
    found = probable(desk.company, check_draft(desk.company, "payable", desk.draft()))
    assert confirmation(found) == f"duplicate:{earlier.number}"
