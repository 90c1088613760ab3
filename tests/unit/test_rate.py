"""The moments that are given out for calls: never more than either window allows, and hardly fewer."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from alcada.connections.rate import HORIZON_S, Bucket, Limits, give

LIMITS = Limits(per_second=10, per_minute=600)


@dataclass(frozen=True)
class Asked:
    """After so many seconds somebody asks for so many."""

    after_s: float
    most: int


asked = st.builds(Asked, st.floats(0, 3), st.integers(1, 40))


def moments(requests: list[Asked], limits: Limits = LIMITS) -> list[float]:
    bucket, now, found = Bucket(), 1_000_000.0, []
    for request in requests:
        now += request.after_s
        bucket, given_out = give(bucket, limits, now=now, most=request.most, until=now + HORIZON_S)
        assert all(now <= moment <= now + HORIZON_S for moment in given_out)
        found += given_out
    return found


def most_within(found: list[float], seconds: float) -> int:
    """The most of them in any closed window of this length."""
    return max((sum(first <= moment <= first + seconds for moment in found) for first in found), default=0)


@given(st.lists(asked, max_size=60))
def test_no_second_holds_more_than_ten(requests: list[Asked]) -> None:
    assert most_within(moments(requests), 1.0) <= 10


@given(st.lists(st.builds(Asked, st.floats(0, 1.2), st.integers(5, 40)), min_size=60, max_size=90))
def test_no_minute_holds_more_than_six_hundred(requests: list[Asked]) -> None:
    assert most_within(moments(requests), 60.0) <= 600


@given(st.lists(st.builds(Asked, st.floats(0, 1.2), st.integers(5, 40)), min_size=60, max_size=90))
def test_a_smaller_minute_is_kept_too(requests: list[Asked]) -> None:
    found = moments(requests, Limits(per_second=10, per_minute=120))
    assert most_within(found, 60.0) <= 120
    assert most_within(found, 1.0) <= 10


@given(st.lists(st.floats(0.2, 0.9), min_size=100, max_size=100))
def test_a_queue_that_never_ends_gets_nearly_all_of_the_allowance(pauses: list[float]) -> None:
    found = moments([Asked(pause, 40) for pause in pauses])
    assert len(found) / (found[-1] - found[0]) > 9.5


def test_after_a_429_nothing_leaves_before_its_end() -> None:
    bucket = Bucket(not_before=1_000_030.0)
    _, given_out = give(bucket, LIMITS, now=1_000_000.0, most=3, until=float("inf"))
    assert given_out[0] == 1_000_030.0


def test_no_limit_gives_all_at_once() -> None:
    _, given_out = give(Bucket(), Limits(0, 0), now=5.0, most=40, until=6.0)
    assert given_out == [5.0] * 40
