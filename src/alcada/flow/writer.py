"""Writing outcomes down: one transaction for all that came in while the last was being written."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final

from django.db import transaction

from alcada.background import AWAY, PATIENCE, in_database
from alcada.flow import actions as flow
from alcada.flow.room import Room
from alcada.posting import finishing
from alcada.posting.finishing import Arrival

log = logging.getLogger(__name__)

TOGETHER: Final = 64


class Writer:
    """Gives `room` a place back for each outcome that is written."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._arrivals: asyncio.Queue[Arrival] = asyncio.Queue()

    def put(self, arrival: Arrival) -> None:
        self._arrivals.put_nowait(arrival)

    async def written(self) -> None:
        """Until all that was put is written, or given up."""
        await self._arrivals.join()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            arrivals = [await self._arrivals.get()]
            while len(arrivals) < TOGETHER and not self._arrivals.empty():
                arrivals.append(self._arrivals.get_nowait())
            await self._write(arrivals)
            self._room.give_back(len(arrivals))
            for _ in arrivals:
                self._arrivals.task_done()

    async def _write(self, arrivals: Sequence[Arrival]) -> None:
        """Together; if that fails one by one, again and again while the database is away.

        What can't be written in the end is left to its claim's end, and is looked for.
        """
        try:
            await in_database(_record, arrivals)
            return
        except Exception:
            log.exception("could not write %s outcomes together", len(arrivals))
        for arrival in arrivals:
            for _ in range(PATIENCE):
                try:
                    await in_database(_record, [arrival])
                    break
                except AWAY as exc:
                    log.error(
                        "could not write the outcome of posting %s: %s",
                        arrival.posting_id,
                        type(exc).__name__,
                    )
                    await asyncio.sleep(1)
                except Exception:  # it would fail again, and the others' outcomes wait
                    log.exception("could not write the outcome of posting %s", arrival.posting_id)
                    break


def _record(arrivals: Sequence[Arrival]) -> None:
    with transaction.atomic():
        flow.follow_all(finishing.finish(arrivals))
