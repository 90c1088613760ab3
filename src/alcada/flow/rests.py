"""Accounts that can't be reached are left alone for a while, longer each time."""

import asyncio
from dataclasses import dataclass
from typing import Final

LONGEST_S: Final = 60.0


@dataclass
class _Rest:
    seconds: float = 0.5
    until: float = 0.0


class Rests:
    """The accounts that this process could not reach. Of one event loop."""

    def __init__(self) -> None:
        self._rests: dict[int, _Rest] = {}

    def begin(self, connection_id: int) -> None:
        """It could not be reached. While it rests already, that is no news: its other calls were under way."""
        now = asyncio.get_running_loop().time()
        rest = self._rests.setdefault(connection_id, _Rest())
        if rest.until <= now:
            rest.seconds = min(2 * rest.seconds, LONGEST_S)
            rest.until = now + rest.seconds

    def end(self, connection_id: int) -> None:
        """It answered."""
        self._rests.pop(connection_id, None)

    def holds(self, connection_id: int) -> bool:
        """Is it to be left alone now?"""
        rest = self._rests.get(connection_id)
        return rest is not None and rest.until > asyncio.get_running_loop().time()

    def __contains__(self, connection_id: int) -> bool:
        """Was it not reached the last time?"""
        return connection_id in self._rests

    def __bool__(self) -> bool:
        return bool(self._rests)
