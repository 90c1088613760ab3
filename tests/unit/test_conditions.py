"""Rows to CEL and back to an answer: what a person wrote is what is compared, whatever text it holds."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcada import conditions

FIELDS: conditions.Fields = {"amount": "money", "party": "text", "category": "texts", "instalments": "number"}
SIGNS = {
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
}
cents = st.integers(min_value=1, max_value=10**13)
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=30)


def holds(rows: list[dict[str, Any]], match: str = "all", **facts: Any) -> bool:
    shaped = conditions.for_cel(facts, FIELDS)
    return conditions.holds({"match": match, "rows": rows}, FIELDS, shaped)


@given(ours=cents, theirs=cents, sign=st.sampled_from(sorted(SIGNS)))
def test_money_is_compared_to_the_cent(ours: int, theirs: int, sign: str) -> None:
    row = {"field": "amount", "is": sign, "value": str(Decimal(theirs) / 100)}
    assert holds([row], amount=Decimal(ours) / 100) == SIGNS[sign](ours, theirs)


@given(ours=texts, theirs=texts)
def test_text_is_itself_whatever_it_holds(ours: str, theirs: str) -> None:
    assert holds([{"field": "party", "is": "=", "value": ours}], party=ours)
    assert holds([{"field": "party", "is": "=", "value": theirs}], party=ours) == (ours == theirs)


@given(of_entry=st.lists(texts, max_size=5), asked=texts)
def test_any_split_has_it_or_none_has(of_entry: list[str], asked: str) -> None:
    assert holds([{"field": "category", "is": "=", "value": asked}], category=of_entry) == (asked in of_entry)
    assert holds([{"field": "category", "is": "!=", "value": asked}], category=of_entry) == (
        asked not in of_entry
    )


@given(
    values=st.lists(st.integers(min_value=1, max_value=9), min_size=1, max_size=4),
    has=st.integers(min_value=1, max_value=9),
    match=st.sampled_from(["all", "any"]),
)
def test_the_whole_is_what_its_rows_are(values: list[int], has: int, match: str) -> None:
    """What a person is told row by row is what was decided."""
    rows = [{"field": "instalments", "is": ">", "value": str(value)} for value in values]
    each = conditions.rows_holding({"rows": rows}, FIELDS, {"instalments": has})
    assert each == [has > value for value in values]
    assert holds(rows, match, instalments=has) == (all(each) if match == "all" else any(each))


@pytest.mark.parametrize(
    "row",
    [
        {"field": "password", "is": "=", "value": "1"},
        {"field": "category", "is": ">", "value": "1"},
        {"field": "amount", "is": ">", "value": "1e300"},
        {"field": "amount", "is": ">", "value": "Infinity"},
        {"field": "instalments", "is": ">", "value": "1.5"},
        {"field": ["amount"], "is": ">", "value": "1"},
        "amount > 1",
    ],
)
def test_a_row_that_cannot_be_read_is_refused(row: Any) -> None:
    with pytest.raises(conditions.ConditionError):
        conditions.expression({"match": "all", "rows": [row]}, FIELDS)


@pytest.mark.parametrize("properties", [{}, {"rows": []}, {"match": "none", "rows": [{}]}])
def test_no_rows_are_no_condition(properties: dict[str, Any]) -> None:
    with pytest.raises(conditions.ConditionError):
        conditions.expression(properties, FIELDS)
