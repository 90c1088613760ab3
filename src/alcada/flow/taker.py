"""Taking postings: one transaction for all accounts that asked while the last was being taken."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Final, NamedTuple

from alcada.background import in_database, in_network
from alcada.connections import access
from alcada.posting import taking
from alcada.posting.taking import Group

log = logging.getLogger(__name__)

TOGETHER: Final = 16  # accounts; their rows are locked until the last of them is served


class Taken(NamedTuple):
    """What was taken of one account, and the token to send it with."""

    group: Group
    usable: access.Usable


class _Asked(NamedTuple):
    """Up to `most` of an account's postings; `usable`: the token that was got for them, where none was at hand."""

    connection_id: int
    most: int
    usable: access.Usable | None
    answer: "asyncio.Future[Taken | None]"


class Taker:
    """Two hundred accounts with a handful of postings each cost a few statements an account, not twenty."""

    def __init__(self) -> None:
        self._asked: asyncio.Queue[_Asked] = asyncio.Queue()

    async def take(self, connection_id: int, most: int) -> Taken:
        """Up to `most` postings of the account. Raises access.AccessError, and what the database raises."""
        if (taken := await self._ask(connection_id, most, None)) is not None:
            return taken
        usable = await in_network(access.usable, connection_id)  # refreshed, or it says why it can't be used
        taken = await self._ask(connection_id, most, usable)
        assert taken is not None  # whoever brings a token is served
        return taken

    async def _ask(self, connection_id: int, most: int, usable: access.Usable | None) -> Taken | None:
        asked = _Asked(connection_id, most, usable, asyncio.get_running_loop().create_future())
        self._asked.put_nowait(asked)
        return await asked.answer

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            asked = [await self._asked.get()]
            while len(asked) < TOGETHER and not self._asked.empty():
                asked.append(self._asked.get_nowait())
            if len(asked) > 1 and await self._serve(asked):
                continue
            for one in asked:  # one account's trouble is not the others'
                await self._serve([one])

    @staticmethod
    async def _serve(asked: Sequence[_Asked]) -> bool:
        """Answer them all. Several are left unanswered where they can't be taken together."""
        try:
            taken = await in_database(_take, asked)
        except Exception as exc:
            if len(asked) > 1:
                log.exception("could not take postings of %s accounts together", len(asked))
                return False
            _answer(asked[0].answer, exc)
            return True
        for one in asked:
            _answer(one.answer, taken.get(one.connection_id))
        return True


def _answer(answer: "asyncio.Future[Taken | None]", given: Taken | Exception | None) -> None:
    if answer.done():  # nobody waits for it any more
        return
    if isinstance(given, Exception):
        answer.set_exception(given)
    else:
        answer.set_result(given)


def _take(asked: Sequence[_Asked]) -> dict[int, Taken]:
    """Of the accounts that have a token; the token first, so that none is claimed without."""
    brought = {one.connection_id: one.usable for one in asked if one.usable is not None}
    usable = access.at_hand([one.connection_id for one in asked if one.usable is None]) | brought
    groups = taking.take({one.connection_id: one.most for one in asked if one.connection_id in usable})
    return {pk: Taken(group, usable[pk]) for pk, group in groups.items()}
