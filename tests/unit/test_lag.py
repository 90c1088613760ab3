"""How late an entry showed: known only where somebody looked all the while."""

from datetime import UTC, datetime, timedelta

from alcada.ledger.rules import lag_s

AT = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)


def after(**passed: float) -> datetime:
    return AT + timedelta(**passed)


def test_seen_soon_after_it_was_written() -> None:
    assert lag_s(AT, after(seconds=20)) == 20


def test_a_first_look_that_came_within_minutes_bounds_it() -> None:
    assert lag_s(AT, after(seconds=90)) == 90
    assert lag_s(AT, after(minutes=11)) is None


def test_missed_a_minute_ago_and_there_now_however_long_that_took() -> None:
    assert lag_s(AT, after(minutes=40), missed_at=after(minutes=39, seconds=45)) == 40 * 60


def test_nobody_looked_for_a_night() -> None:
    assert lag_s(AT, after(hours=14)) is None
    assert (
        lag_s(AT, after(hours=14), missed_at=after(seconds=2)) == 2
    )  # it is sure to have been later than that
