"""What a bill must be, and what is only asked about."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from alcada import money
from alcada.intake import rules
from alcada.intake.rules import Content, InstalmentPart, SplitPart

TODAY = date(2026, 11, 25)


def content(**changes: object) -> Content:
    plain = Content(
        kind="payable",
        party_id=1,
        party_name="Papelaria Aurora Ltda",
        party_document="11222333000181",
        description="Papel A4",
        document_number="NF 1001",
        competence_date=date(2026, 11, 1),
        amount=Decimal("1000.00"),
        currency="BRL",
        bank_account_id=3,
        bank_account_name="Itaú",
        payment_method="boleto",
        payment_details="",
        notes="",
        splits=(SplitPart(7, "Material", None, "", Decimal("1000.00")),),
        instalments=(InstalmentPart(1, date(2026, 12, 10), Decimal("1000.00")),),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def english():
    with override("en"):
        yield


def test_parts_that_add_up_need_no_sentence():
    assert rules.add_up("splits", [Decimal("0.10")] * 3, Decimal("0.30")) == ""


@pytest.mark.parametrize(
    ("what", "parts", "sentence"),
    [
        ("splits", ["900.00"], "The splits add up to R$\xa0900.00, R$\xa0100.00 less than the value."),
        ("splits", ["1000.01"], "The splits add up to R$\xa01,000.01, R$\xa00.01 more than the value."),
        ("instalments", [], "The instalments add up to R$\xa00.00, R$\xa01,000.00 less than the value."),
        (
            "instalments",
            ["999", "2"],
            "The instalments add up to R$\xa01,001.00, R$\xa01.00 more than the value.",
        ),
    ],
)
def test_the_difference_is_told(what: str, parts: list[str], sentence: str):
    assert rules.add_up(what, [Decimal(part) for part in parts], Decimal("1000.00")) == sentence


@given(st.integers(1, 10**9), st.integers(1, 60))
def test_even_instalments_always_add_up(cents: int, parts: int):
    total = money.from_cents(cents)
    assert rules.add_up("instalments", money.split_evenly(total, parts), total) == ""


def codes(made: Content) -> list[str]:
    return [question.code for question in rules.questions(made, TODAY)]


def due(*days: date) -> dict[str, object]:
    shares = money.split_evenly(Decimal("1000.00"), len(days))
    parts = zip(days, shares, strict=True)
    return {"instalments": tuple(InstalmentPart(n, day, share) for n, (day, share) in enumerate(parts, 1))}


def test_an_ordinary_bill_asks_nothing():
    assert codes(content()) == []


def test_odd_dates_are_asked_about_and_refuse_nothing():
    assert codes(content(**due(date(2026, 11, 24)))) == ["due_in_past"]
    assert codes(content(competence_date=date(2026, 12, 11))) == ["due_before_competence"]
    assert codes(content(**due(date(2026, 12, 10), date(2062, 1, 10)))) == ["due_far_ahead"]
    assert codes(content(competence_date=date(2024, 11, 1))) == ["competence_far"]


def test_due_today_is_not_past():
    assert codes(content(**due(TODAY))) == []


def test_a_tick_is_for_one_fact():
    one, other = (
        rules.questions(content(**due(day)), TODAY)[0].key for day in (date(2026, 11, 20), date(2026, 11, 21))
    )
    assert one == "due_in_past:2026-11-20"
    assert one != other


def test_the_hash_changes_with_whatever_is_approved():
    changed = [
        content(amount=Decimal("1000.01")),
        content(party_id=2),
        content(payment_details="chave@pix"),
        content(competence_date=date(2026, 11, 2)),
        content(splits=(SplitPart(8, "Material", None, "", Decimal("1000.00")),)),
        content(**due(date(2026, 12, 11))),
    ]
    assert len({rules.content_hash(one) for one in [content(), *changed]}) == len(changed) + 1


def test_the_hash_is_of_the_amount_not_of_how_it_was_written():
    assert rules.content_hash(content(amount=Decimal("1000"))) == rules.content_hash(content())


def test_content_as_data_holds_text_for_amounts_and_dates():
    data = rules.as_data(content())
    assert data["amount"] == "1000.00"
    assert data["instalments"] == [{"number": 1, "due_date": "2026-12-10", "amount": "1000.00"}]


def test_differences_name_the_field_and_both_sides():
    new = content(party_id=2, party_name="Outra", amount=Decimal("900.00"))
    assert rules.differences(content(), new) == [
        {"field": "amount", "old": "1000.00", "new": "900.00"},
        {"field": "party_name", "old": "Papelaria Aurora Ltda", "new": "Outra"},
    ]


def test_two_vendors_of_one_name_differ_by_their_id():
    assert rules.differences(content(), content(party_id=2)) == [{"field": "party_id", "old": 1, "new": 2}]


def test_an_added_instalment_has_no_old_side():
    found = rules.differences(content(), content(**due(date(2026, 12, 10), date(2027, 1, 10))))
    assert {"field": "instalments.1.due_date", "old": None, "new": "2027-01-10"} in found


@pytest.mark.parametrize(
    "typed", ["31/12/2026", " 31/12/26", "31122026", "311226", "2026-12-31", "31.12.2026"]
)
def test_days_are_read_as_people_write_them(typed: str):
    assert rules.read_day(typed) == date(2026, 12, 31)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "31/02/2026",
        "12/31/2026",
        "amanhã",
        "31/12",
        "31/12/126",
        "01/01/1899",
        "٣١/١٢/٢٠٢٦",
        "2026-13-01",
    ],
)
def test_what_is_no_day_is_none(typed: str):
    assert rules.read_day(typed) is None


def test_monthly_due_dates_keep_the_day_where_there_is_one():
    assert rules.due_dates(date(2027, 12, 31), parts=4, every="month") == [
        date(2027, 12, 31),
        date(2028, 1, 31),
        date(2028, 2, 29),
        date(2028, 3, 31),
    ]


def test_due_dates_every_so_many_days():
    assert rules.due_dates(date(2026, 12, 25), parts=2, every="14") == [date(2026, 12, 25), date(2027, 1, 8)]


def test_problems_never_quote_what_was_typed():
    assert str(rules.Problems({"amount": ["“abc” is no amount"]})) == "amount"
