"""Two sliding windows per connected company (docs/conta-azul-api.md §2.5)."""

import math
from collections import deque

from conta_azul_sandbox.settings import Settings


class RateLimit:
    def __init__(self) -> None:
        self._second: deque[float] = deque()
        self._minute: deque[float] = deque()

    def admit(self, now: float, settings: Settings) -> float | None:
        """None when the call may pass, else the seconds to wait. Assumed: a refused call is not counted."""
        wait = 0.0
        for window, span, most in (
            (self._second, 1.0, settings.rate_per_second),
            (self._minute, 60.0, settings.rate_per_minute),
        ):
            while window and window[0] <= now - span:
                window.popleft()
            if len(window) >= most:
                wait = max(wait, window[len(window) - most] + span - now if most else span)
        if wait:
            return wait
        self._second.append(now)
        self._minute.append(now)
        return None


def retry_after(wait: float) -> str:
    return str(max(1, math.ceil(wait)))
