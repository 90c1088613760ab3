"""Keeping to the moments that were given out, in this process: what was held up must not meet what comes after it.

Moments are spaced so that no eleven calls reach Conta Azul within a second. A machine under load lets some leave, or
arrive, late; those that follow on time would then be too close. So each call's arrival is estimated when its answer is
there (what it took beyond the quickest call so far it spent on the way), and the tenth call after it waits for that.
"""

import threading
import time
from collections import deque
from typing import Final

from alcada.connections import rate

WIDTH_S: Final = 1.02
_lock = threading.Lock()
_roads: dict[int, "_Road"] = {}


class _Road:
    """One account's latest calls from this process."""

    def __init__(self, per_second: int) -> None:
        self.calls: deque[Passage] = deque(maxlen=per_second)
        self.quickest_s = float("inf")


class Passage:
    """One call on its way."""

    def __init__(self, road: _Road | None) -> None:
        self._road = road
        self._left = self.arrived = time.monotonic()

    def wait_s(self) -> float:
        """Reserve the departure and say how many seconds are left until it. Called once."""
        if self._road is None:
            return 0.0
        with _lock:
            now, calls = time.monotonic(), self._road.calls
            full = len(calls) == calls.maxlen
            self._left = self.arrived = max(now, calls[0].arrived + WIDTH_S) if full else now
            calls.append(self)
            return self._left - now

    def answered(self) -> None:
        """The answer, or the failure, is there: by now it has surely arrived."""
        if self._road is None:
            return
        with _lock:
            now = time.monotonic()
            self._road.quickest_s = min(self._road.quickest_s, now - self._left)
            self.arrived = max(self.arrived, now - self._road.quickest_s)


def passage(connection_id: int) -> Passage:
    """For the account's next call from this process."""
    per_second = rate.limits().per_second
    if not per_second:
        return Passage(None)
    with _lock:
        road = _roads.get(connection_id)
        if road is None or road.calls.maxlen != per_second:
            road = _roads[connection_id] = _Road(per_second)
        return Passage(road)
