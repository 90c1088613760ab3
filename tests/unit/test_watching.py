"""How long something was surely watched for, and the pieces in which the change feed is read. Pure."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alcada.connections.rate import Bucket, possible
from alcada.ledger.rules import LONGEST_WINDOW, lag_s, windows
from alcada.posting.rules import WATCH_MARGIN, Watched, watch

AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
MARGIN = WATCH_MARGIN.total_seconds()
seconds = st.floats(-1e8, 1e8, allow_nan=False)


@pytest.mark.parametrize(
    ("passed", "counted"),
    [(0, 0), (5, 5), (5 + MARGIN, 5 + MARGIN), (6 + MARGIN, 5 + MARGIN), (1e7, 5 + MARGIN)],
)
def test_time_counts_as_long_as_it_was_planned_and_a_margin(passed: float, counted: float) -> None:
    assert watch(AT, AT + timedelta(seconds=passed), planned_s=5) == Watched(counted)


def test_a_clock_set_back_counts_for_nothing_and_says_how_far_at_the_most() -> None:
    assert watch(AT, AT - timedelta(hours=1), planned_s=5) == Watched(0.0, set_back_s=3600 + 5 + MARGIN)


def test_a_posting_from_before_this_was_counted_begins_now() -> None:
    assert watch(None, AT, planned_s=5) == Watched(0.0)


@given(seconds, st.floats(0, 900))
def test_watching_never_runs_backwards_nor_ahead_of_the_clock(passed: float, planned: float) -> None:
    found = watch(AT, AT + timedelta(seconds=passed), planned_s=planned)
    assert 0 <= found.seconds <= max(0.0, passed + 1e-5)


@given(st.floats(0, 1e8))
def test_the_windows_of_the_feed_leave_no_gap_and_are_short_enough(length: float) -> None:
    end = AT + timedelta(seconds=length)
    found = list(windows(AT, end))
    assert all(start <= until <= start + LONGEST_WINDOW for start, until in found)
    assert all(first[1] == second[0] for first, second in pairwise(found))
    assert (found[0][0], found[-1][1]) == (AT, end)


def test_a_lag_is_known_or_not_but_never_negative() -> None:
    assert lag_s(AT, AT + timedelta(seconds=3)) == 3
    assert lag_s(AT, AT) == 0
    assert lag_s(AT, AT - timedelta(seconds=1)) is None


def test_moments_that_nobody_can_have_been_given_are_forgotten() -> None:
    given_out = Bucket((1000.0, 1030.0), 1040.0, 1060.0)
    assert possible(given_out, 995.0) == given_out
    assert possible(given_out, 1000.0 - 3600) == Bucket(not_before=1060.0)  # Conta Azul may ask for a day
    assert possible(given_out, 1000.0 - 3 * 86400) == Bucket()
