"""Places for what is under way: whoever comes waits for a handful at once, in turn, not for single ones."""

import asyncio
from collections import deque
from typing import Final

HANDFUL: Final = 16  # taken together a posting costs a few statements; taken one by one, thirty


class Room:
    """So many places. Of one event loop."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: deque[tuple[asyncio.Future[int], int]] = deque()

    async def take(self, most: int) -> int:
        """Between a handful (or `most`, where that is less) and `most` places, as soon as there are so many."""
        granted: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append((granted, most))
        self._grant()
        try:
            return await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.give_back(granted.result())
            raise

    @property
    def is_full(self) -> bool:
        """Does somebody wait for places?"""
        return bool(self._waiting)

    def give_back(self, places: int = 1) -> None:
        self._free += places
        self._grant()

    def _grant(self) -> None:
        while self._waiting:
            granted, most = self._waiting[0]
            if not granted.cancelled() and self._free < min(most, HANDFUL):
                return
            self._waiting.popleft()
            if not granted.cancelled():
                given = min(most, self._free)
                self._free -= given
                granted.set_result(given)
