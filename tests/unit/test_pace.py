"""Calls of one process that are held up: what follows keeps its distance to their arrival, not to their leaving."""

import pytest

from alcada.connections import pace
from alcada.connections.rate import Limits


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(pace.time, "monotonic", clock.monotonic)
    monkeypatch.setattr(pace.rate, "limits", lambda: Limits(10, 600))
    monkeypatch.setattr(pace, "_roads", {})
    return clock


def call(clock: Clock, took: float, account: int = 1) -> float:
    """One call from beginning to end; returns how long it had to wait."""
    passage = pace.passage(account)
    wait = passage.wait_s()
    clock.now += wait + took
    passage.answered()
    return wait


def test_ten_go_at_once_and_the_eleventh_waits(clock: Clock) -> None:
    waits = [pace.passage(1).wait_s() for _ in range(11)]
    assert waits[:10] == [0.0] * 10
    assert waits[10] == pytest.approx(pace.WIDTH_S)


def test_one_that_arrived_late_holds_back_the_tenth_after_it(clock: Clock) -> None:
    for _ in range(pace.USUAL):
        call(clock, took=0.05)
    clock.now += 10
    late = pace.passage(1)
    late.wait_s()
    for _ in range(9):
        pace.passage(1).wait_s()
    clock.now += 0.35
    late.answered()  # 0.3 s more than usual: so late it arrived
    assert pace.passage(1).wait_s() == pytest.approx(pace.WIDTH_S - 0.05)


def test_before_the_usual_time_is_known_the_answer_counts(clock: Clock) -> None:
    first = pace.passage(1)
    first.wait_s()
    for _ in range(9):
        pace.passage(1).wait_s()
    clock.now += 0.4
    first.answered()
    assert pace.passage(1).wait_s() == pytest.approx(pace.WIDTH_S)


def test_one_that_is_still_on_its_way_holds_back_the_tenth_after_it(clock: Clock) -> None:
    for _ in range(pace.USUAL):
        call(clock, took=0.05)
    clock.now += 10
    for _ in range(10):
        pace.passage(1).wait_s()
    clock.now += 0.8  # no answer yet: 0.75 s beyond what is usual
    assert pace.passage(1).wait_s() == pytest.approx(pace.WIDTH_S - 0.05)


def test_accounts_do_not_wait_for_each_other(clock: Clock) -> None:
    for _ in range(10):
        pace.passage(1).wait_s()
    assert pace.passage(2).wait_s() == 0.0
