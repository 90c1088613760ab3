"""The dispatcher's places: taken by the handful, in turn, and never lost."""

import asyncio

from alcada.flow.room import HANDFUL, Room


def test_takes_what_is_free_up_to_what_is_wanted() -> None:
    async def story() -> list[int]:
        room = Room(40)
        return [await room.take(32), await room.take(1)]

    assert asyncio.run(story()) == [32, 1]


def test_waits_for_a_handful_and_in_turn() -> None:
    async def story() -> None:
        room = Room(HANDFUL)
        assert await room.take(32) == HANDFUL
        first, second = asyncio.create_task(room.take(32)), asyncio.create_task(room.take(1))
        await asyncio.sleep(0)
        room.give_back(HANDFUL - 1)
        await asyncio.sleep(0)
        assert not first.done()
        assert not second.done()  # it wants one only, but came later
        room.give_back(2)
        assert await first == HANDFUL + 1
        room.give_back()
        assert await second == 1

    asyncio.run(story())


def test_who_gives_up_waiting_keeps_no_place() -> None:
    async def story() -> int:
        room = Room(HANDFUL)
        await room.take(HANDFUL)
        gone, granted = asyncio.create_task(room.take(32)), asyncio.create_task(room.take(4))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)
        room.give_back(HANDFUL)
        granted.cancel()  # it has its places already, and nobody to use them
        await asyncio.gather(gone, granted, return_exceptions=True)
        return await room.take(HANDFUL)

    assert asyncio.run(asyncio.wait_for(story(), 5)) == HANDFUL
