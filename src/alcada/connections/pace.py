"""Keeping to the moments that were given out, in this process: what was held up must not meet what comes after it.

Moments are spaced so that no eleven calls reach Conta Azul within a second. A machine under load lets some leave, or
arrive, late; those that follow on time would then be too close. So each call's arrival is estimated when its answer is
there (what it took beyond the quickest of the latest calls it spent on the way), and the tenth call after it waits for
that.
"""

import threading
import time
from collections import deque
from typing import Final

from alcada.connections import rate

WIDTH_S: Final = 1.01
USUAL: Final = 20  # calls by which the usual time of one is known
_lock = threading.Lock()
_roads: dict[int, "_Road"] = {}


class _Road:
    """One account's latest calls from this process."""

    def __init__(self, per_second: int) -> None:
        self.calls: deque[Passage] = deque(maxlen=per_second)
        self.took_s: deque[float] = deque(maxlen=USUAL)

    def late_s(self, took: float) -> float:
        """How late a call may have arrived that takes so long: beyond what the quickest of the latest ones took.

        Before there are enough of them nothing is known of what is usual (opening a connection takes its time too):
        then it may have arrived just now.
        """
        return max(0.0, took - min(self.took_s)) if len(self.took_s) == USUAL else took


class Passage:
    """One call on its way."""

    def __init__(self, road: _Road | None) -> None:
        self._road = road
        self._left = time.monotonic()
        self._arrived: float | None = None

    def wait_s(self) -> float:
        """Reserve the departure and say how many seconds are left until it. Called once."""
        if self._road is None:
            return 0.0
        with _lock:
            now, calls = time.monotonic(), self._road.calls
            full = len(calls) == calls.maxlen
            self._left = max(now, calls[0].arrived(now) + WIDTH_S) if full else now
            calls.append(self)
            return self._left - now

    def arrived(self, now: float) -> float:
        """When it arrived, as far as is known; it may still be on its way."""
        if self._arrived is not None or self._road is None:
            return self._arrived or self._left
        return self._left + self._road.late_s(max(0.0, now - self._left))

    def answered(self) -> None:
        """The answer, or the failure, is there: by now it has surely arrived."""
        if self._road is None:
            return
        with _lock:
            took = time.monotonic() - self._left
            self._road.took_s.append(took)
            self._arrived = self._left + self._road.late_s(took)


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
