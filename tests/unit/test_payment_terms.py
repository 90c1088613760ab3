"""Payment terms: what people type, what is refused, and parts that add up to the cent whatever the day."""

from calendar import monthrange
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcada.sales.rules import TERMS_SENTENCES, Terms, TermsError, instalments, read_terms

DAY = date(2026, 1, 31)


def due(typed: str, day: date = DAY) -> list[str]:
    return [part.on(day).isoformat() for part in read_terms(typed).parts]


@pytest.mark.parametrize(
    "typed",
    [
        "30/60/90",
        "30, 60, 90",
        "30, 60 e 90",
        "30 60 90",
        "30-60-90",
        "30/60/90 dias",
        "30 dias / 60 dias / 90 dias",
        "30/60/90 DDL",
        "30d/60d/90d",
        "30/60/90 days",
    ],
)
def test_days_are_counted_from_the_sale(typed: str) -> None:
    assert due(typed) == ["2026-03-02", "2026-04-01", "2026-05-01"]


@pytest.mark.parametrize("typed", ["à vista", "À VISTA", "a vista", "cash", "at sight", " à  vista ", "0"])
def test_at_once(typed: str) -> None:
    assert due(typed) == ["2026-01-31"]


@pytest.mark.parametrize(
    "typed",
    ["3x", "3 x", "3X", "em 3x", "3 vezes", "3 parcelas", "3 instalments", "3x sem juros", "3 months"],
)
def test_times_are_months_and_keep_the_day_or_take_the_last(typed: str) -> None:
    assert due(typed) == ["2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(
    "typed",
    [
        "entrada + 3",
        "entry + 3",
        "Entrada+3x",
        "entrada e 3 parcelas",
        "1+3",
        "1 + 3",
        "sinal + 3",
        "ato + 3",
    ],
)
def test_an_entry_is_due_at_once_and_the_rest_monthly(typed: str) -> None:
    assert due(typed) == ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("28 ddl", ["2026-02-28"]),
        ("28ddl", ["2026-02-28"]),
        ("28 ddl da data líquida", ["2026-02-28"]),
        ("28/56 ddl", ["2026-02-28", "2026-03-28"]),
        ("30", ["2026-03-02"]),
        ("7", ["2026-02-07"]),
        ("0/30", ["2026-01-31", "2026-03-02"]),
        ("1/30", ["2026-02-01", "2026-03-02"]),
        ("à vista/30", ["2026-01-31", "2026-03-02"]),
        ("entrada + 30/60", ["2026-01-31", "2026-03-02", "2026-04-01"]),
        ("entrada + 30 dias", ["2026-01-31", "2026-03-02"]),
        ("1x", ["2026-02-28"]),
    ],
)
def test_further_ways_of_saying_it(typed: str, expected: list[str]) -> None:
    assert due(typed) == expected


@pytest.mark.parametrize(
    "typed", ["entrada 30% + 2", "30% + 2x", "entrada de 30% + 2", "30% de entrada + 2x"]
)
def test_an_entry_may_be_a_share_of_the_value(typed: str) -> None:
    amounts = [part.amount for part in instalments(read_terms(typed), Decimal("1000.01"), DAY)]
    assert amounts == [Decimal("300.00"), Decimal("350.01"), Decimal("350.00")]


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("when I like", "unknown"),
        ("30/60/", "unknown"),
        ("50% + 50%", "unknown"),
        ("3x de 100", "unknown"),
        ("²x", "unknown"),
        ("٣٠/٦٠", "unknown"),
        ("30/60\x00", "unknown"),
        ("-30", "unknown"),
        ("60/30", "order"),
        ("30/30", "order"),
        ("entrada + 0/30", "order"),
        ("121x", "many"),
        ("9999x", "many"),
        ("entrada + 120x", "many"),
        ("0x", "none"),
        ("9999 dias", "far"),
        ("0% + 3", "share"),
        ("100% + 3", "share"),
        ("3", "sure"),
        ("12", "sure"),
        ("entrada + 30", "sure"),
        ("30/" * 40 + "30", "long"),
    ],
)
def test_what_is_not_clear_is_refused_with_a_sentence(typed: str, code: str) -> None:
    with pytest.raises(TermsError) as refusal:
        read_terms(typed)
    assert refusal.value.code == code
    assert "%" not in refusal.value.sentence


def test_a_value_with_fewer_cents_than_instalments_is_refused() -> None:
    with pytest.raises(TermsError, match="small"):
        instalments(read_terms("3x"), Decimal("0.02"), DAY)
    with pytest.raises(TermsError, match="small"):
        instalments(read_terms("1% + 1x"), Decimal("0.10"), DAY)


def test_the_first_carries_the_odd_cent() -> None:
    amounts = [part.amount for part in instalments(read_terms("30/60/90"), Decimal("100.00"), DAY)]
    assert amounts == [Decimal("33.34"), Decimal("33.33"), Decimal("33.33")]


def test_every_refusal_has_a_sentence() -> None:
    assert all(str(sentence) for sentence in TERMS_SENTENCES.values())


days = st.dates(date(2024, 1, 1), date(2080, 12, 31))
values = st.decimals(Decimal("1.20"), Decimal("999999999.99"), places=2)
listed = st.lists(st.integers(0, 3650), min_size=1, max_size=15, unique=True).map(sorted)


def _texts() -> st.SearchStrategy[str]:
    return st.one_of(
        listed.map(lambda found: "/".join(map(str, found)) + " dias"),
        st.integers(1, 120).map(lambda count: f"{count}x"),
        st.integers(1, 12).map(lambda count: f"entrada + {count}"),
        st.tuples(st.integers(10, 90), st.integers(1, 12)).map(lambda pair: f"{pair[0]}% + {pair[1]}x"),
    )


@given(_texts(), values, days)
def test_the_parts_add_up_and_come_one_after_the_other(typed: str, value: Decimal, day: date) -> None:
    try:
        parts = instalments(read_terms(typed), value, day)
    except TermsError as refusal:
        assert refusal.code in ("small", "long")  # noqa: PT017  (of what else is drawn, nothing is refused)
        return
    assert sum(part.amount for part in parts) == value
    assert min(part.amount for part in parts) > 0
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    dates = [part.due_date for part in parts]
    assert dates == sorted(set(dates))
    assert dates[0] >= day
    # Of equal parts the first are never less than the last, and never by more than a cent.
    equal = [part.amount for part in parts][1 if "%" in typed else 0 :]
    assert equal == sorted(equal, reverse=True)
    assert equal[0] - equal[-1] <= Decimal("0.01")


@given(days, st.integers(1, 36))
def test_months_end_where_they_end(day: date, count: int) -> None:
    for number, part in enumerate(read_terms(f"{count}x").parts, start=1):
        found = part.on(day)
        month = day.year * 12 + day.month - 1 + number
        last = monthrange(month // 12, month % 12 + 1)[1]
        assert (found.year * 12 + found.month - 1, found.day) == (month, min(day.day, last))


@given(st.text(max_size=90))
def test_whatever_is_typed_is_read_or_refused(typed: str) -> None:
    try:
        read = read_terms(typed)
    except TermsError as refusal:
        assert refusal.sentence  # noqa: PT017  (reading it is allowed too)
    else:
        assert isinstance(read, Terms)


def test_days_after_a_leap_day() -> None:
    assert due("12x", date(2028, 2, 29))[-1] == "2029-02-28"
    assert read_terms("30 dias").parts[0].on(date(2028, 2, 1)) == date(2028, 2, 1) + timedelta(days=30)
