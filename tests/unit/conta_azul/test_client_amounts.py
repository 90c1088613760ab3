"""Amounts leave and arrive exactly; times mean São Paulo."""

import datetime as dt
import decimal
import json
from decimal import Decimal

import pytest
from client_cast import EVENT, answering, said
from hypothesis import given
from hypothesis import strategies as st

from conta_azul import times, wire
from conta_azul.answer import Answer
from conta_azul.calls import instalments

CENTS = st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1)


@given(CENTS)
def test_every_amount_is_sent_with_its_two_decimals(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    text = wire.encode(amount).decode()
    assert Decimal(text) == amount
    assert text.split(".")[1] == f"{abs(cents) % 100:02d}"


@given(CENTS)
def test_an_amount_is_the_same_after_a_round_trip_in_any_context(cents: int) -> None:
    amount = Decimal(cents).scaleb(-2)
    with decimal.localcontext() as context:
        context.prec = 5
        content = wire.encode({"valor": amount})
    assert Answer(200, content).fields().maybe_amount("valor") == amount


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("1500", "1500.00"),
        ("1.5E+3", "1500.00"),
        ("0", "0.00"),
        ("-0.00", "0.00"),
        ("0.10", "0.10"),
        ("0.100", "0.10"),
    ],
)
def test_amounts_by_hand(amount: str, text: str) -> None:
    assert wire.encode([Decimal(amount)]) == f"[{text}]".encode()


@pytest.mark.parametrize("amount", ["0.001", "NaN", "Infinity", "1E+13", "1E+999999", "1E-999999"])
def test_an_amount_that_is_none_is_not_sent(amount: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        wire.encode({"valor": Decimal(amount)})


@pytest.mark.parametrize("value", [1.5, b"x", {1}, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)])
def test_nothing_else_gets_into_a_body(value: object) -> None:
    with pytest.raises(TypeError):
        wire.encode({"x": value})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_a_body_is_json(value: object) -> None:
    try:
        content = wire.encode(value)
    except UnicodeEncodeError:
        return  # a lone surrogate is no text
    assert json.loads(content) == value


def test_read_amounts_never_were_floats() -> None:
    answer = {"id": EVENT, "valor_total_liquido": 0.1, "nao_pago": 1000.36, "valor_pago": "7.5"}
    with answering(said(answer)) as client:
        found = client.send(instalments.get(EVENT))
    assert (found.net_amount, found.unpaid, found.paid) == (
        Decimal("0.1"),
        Decimal("1000.36"),
        Decimal("7.5"),
    )


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2025-10-22T08:37:05", "2025-10-22T11:37:05+00:00"),
        ("2025-10-22T08:37:05.123456789", "2025-10-22T11:37:05.123456+00:00"),
        ("2024-10-22T14:30:00Z", "2024-10-22T14:30:00+00:00"),
        ("2024-10-22T14:30:00-03:00", "2024-10-22T17:30:00+00:00"),
        ("2018-12-01T12:00:00", "2018-12-01T14:00:00+00:00"),  # São Paulo had summer time until 2019
        ("22/10/2025", "2025-10-22T03:00:00+00:00"),
        (" 2025-10-22 08:37:05 ", "2025-10-22T11:37:05+00:00"),
    ],
)
def test_moments_without_a_zone_are_sao_paulos(text: str, utc: str) -> None:
    assert times.read_moment(text).astimezone(dt.UTC).isoformat() == utc


@pytest.mark.parametrize(
    "text", ["2026-12-10", "10/12/2026", "2026-12-10T00:00:00", "2026-12-10T00:00:00.000Z"]
)
def test_a_date_is_the_one_that_is_written(text: str) -> None:
    assert times.read_date(text) == dt.date(2026, 12, 10)


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01", "31/02/2026"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        times.read_date(text)


# São Paulo has had no summer time since 2019: a text without a zone means one moment.
SINCE_2020 = st.datetimes(dt.datetime(2020, 1, 1), dt.datetime(2100, 1, 1), timezones=st.just(dt.UTC))  # noqa: DTZ001


@given(SINCE_2020)
def test_what_is_sent_means_the_same_moment_to_the_second(moment: dt.datetime) -> None:
    whole = moment.replace(microsecond=0)
    assert times.read_moment(times.to_wire(moment)) == whole
    assert times.read_moment(times.to_wire(moment, up=True)) == whole + dt.timedelta(
        seconds=bool(moment.microsecond)
    )
