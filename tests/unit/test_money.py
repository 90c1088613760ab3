"""Amounts: parts add up to the cent, and what is typed is what is meant."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcada.money import (
    LARGEST,
    AmountError,
    format_brl,
    from_cents,
    parse_brl,
    round_cents,
    split_by_weights,
    split_evenly,
    to_cents,
)

amounts = st.decimals(min_value=-LARGEST, max_value=LARGEST, places=2)
paid = st.decimals(min_value=0, max_value=LARGEST, places=2)
weights = st.lists(st.decimals(min_value=0, max_value=10**6, places=4), min_size=1, max_size=40).filter(any)


def D(*texts: str) -> list[Decimal]:
    return [Decimal(text) for text in texts]


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("1.005", "1.01"), ("1.015", "1.02"), ("-1.005", "-1.01"), ("1.0049", "1.00"), ("2", "2.00")],
)
def test_half_a_cent_goes_away_from_zero(amount: str, rounded: str) -> None:
    assert str(round_cents(Decimal(amount))) == rounded


def test_nothing_rounds_to_minus_zero() -> None:
    assert str(round_cents(Decimal("-0.001"))) == "0.00"


@pytest.mark.parametrize(
    ("amount", "code"), [("NaN", "not_a_number"), ("Infinity", "not_a_number"), ("1e12", "too_large")]
)
def test_what_is_no_amount_is_refused(amount: str, code: str) -> None:
    with pytest.raises(AmountError) as refused:
        round_cents(Decimal(amount))
    assert refused.value.code == code


def test_cents_are_exact_or_refused() -> None:
    assert to_cents(Decimal("1234.5")) == 123450
    with pytest.raises(AmountError, match="fraction_of_a_cent"):
        to_cents(Decimal("0.001"))


@given(amounts)
def test_cents_and_back(amount: Decimal) -> None:
    assert from_cents(to_cents(amount)) == amount


# The table of docs/money.md.
@pytest.mark.parametrize(
    ("amount", "parts", "split"),
    [
        ("100.00", 3, ["33.34", "33.33", "33.33"]),
        ("200.00", 3, ["66.67", "66.67", "66.66"]),
        ("1000.00", 7, ["142.86", "142.86", "142.86", "142.86", "142.86", "142.85", "142.85"]),
        ("0.02", 3, ["0.01", "0.01", "0.00"]),
        ("-100.00", 3, ["-33.34", "-33.33", "-33.33"]),
    ],
)
def test_the_first_parts_carry_the_odd_cents(amount: str, parts: int, split: list[str]) -> None:
    assert split_evenly(Decimal(amount), parts) == D(*split)


@pytest.mark.parametrize(
    ("amount", "shares", "split"),
    [
        ("100.00", ["50", "30", "20"], ["50.00", "30.00", "20.00"]),
        ("100.01", ["50", "30", "20"], ["50.01", "30.00", "20.00"]),
        ("0.05", ["50", "30", "20"], ["0.03", "0.01", "0.01"]),
        ("100.00", ["1", "1", "1"], ["33.34", "33.33", "33.33"]),
        ("10.00", ["0", "1", "2"], ["0.00", "3.33", "6.67"]),
    ],
)
def test_the_largest_remainder_gets_the_odd_cent(amount: str, shares: list[str], split: list[str]) -> None:
    assert split_by_weights(Decimal(amount), D(*shares)) == D(*split)


@given(amounts, st.integers(1, 400))
def test_even_parts_add_up_and_differ_by_a_cent_at_most(amount: Decimal, parts: int) -> None:
    split = split_evenly(amount, parts)
    assert sum(split) == amount
    assert max(split) - min(split) <= Decimal("0.01")
    assert sorted(split, key=abs, reverse=True) == split


@given(amounts, weights)
def test_weighted_parts_add_up_and_stay_within_a_cent(amount: Decimal, shares: list[Decimal]) -> None:
    split = split_by_weights(amount, shares)
    assert sum(split) == amount
    whole = sum(shares)
    assert all(abs(part * whole - amount * share) < whole for part, share in zip(split, shares, strict=True))
    assert all(part == 0 for part, share in zip(split, shares, strict=True) if share == 0)


@pytest.mark.parametrize(
    ("shares", "code"),
    [([], "no_parts"), (["0", "0"], "no_weight"), (["-1", "2"], "negative"), (["NaN", "1"], "not_a_number")],
)
def test_weights_that_say_nothing_are_refused(shares: list[str], code: str) -> None:
    with pytest.raises(AmountError, match=code):
        split_by_weights(Decimal("1.00"), D(*shares))


def test_no_parts() -> None:
    with pytest.raises(AmountError, match="no_parts"):
        split_evenly(Decimal("1.00"), 0)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("R$ 1.234,56", "1234.56"),
        ("R$\u00a01.234,56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1.234,5", "1234.50"),
        ("1234.56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1.234.567", "1234567.00"),
        ("1234", "1234.00"),
        ("  12 ", "12.00"),
        ("0,00", "0.00"),
        ("1.5", "1.50"),
    ],
)
def test_what_people_type(text: str, amount: str) -> None:
    assert str(parse_brl(text)) == amount


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        ("R$ ", "empty"),
        ("1.234", "ambiguous"),
        ("1,234", "ambiguous"),
        ("-1,00", "negative"),
        ("(1,00)", "negative"),
        ("1,2345", "too_many_decimals"),
        ("1234.567", "too_many_decimals"),
        ("1.234,567", "too_many_decimals"),
        ("1.000.000.000.000,00", "too_large"),
        ("1.23.456,00", "not_a_number"),
        ("1,2,3", "not_a_number"),
        ("mil", "not_a_number"),
        ("1e3", "not_a_number"),
        ("US$ 10,00", "not_a_number"),
        ("١٢", "not_a_number"),
        (",50", "not_a_number"),
    ],
)
def test_what_is_not_taken_says_why(text: str, code: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_brl(text)
    assert (refused.value.code, refused.value.text) == (code, text)


@given(paid, st.sampled_from(["pt-br", "en"]))
def test_what_is_shown_reads_back(amount: Decimal, language: str) -> None:
    assert parse_brl(format_brl(amount, language=language)) == amount


@given(st.text(max_size=20))
def test_any_text_is_an_amount_or_refused(text: str) -> None:
    try:
        amount = parse_brl(text)
    except AmountError:
        return
    assert 0 <= amount <= LARGEST


@pytest.mark.parametrize(
    ("amount", "currency", "language", "shown"),
    [
        ("1234.56", "BRL", "pt-br", "R$ 1.234,56"),
        ("1234.56", "BRL", "en", "R$ 1,234.56"),
        ("-0.5", "BRL", "pt-br", "-R$ 0,50"),
        ("1234.56", "USD", "pt-br", "US$ 1.234,56"),
        ("10", "CHF", "en-us", "CHF 10.00"),
    ],
)
def test_what_people_read(amount: str, currency: str, language: str, shown: str) -> None:
    assert format_brl(Decimal(amount), currency, language).replace("\u00a0", " ") == shown
