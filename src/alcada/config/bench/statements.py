"""What one posting costs the database: statements and round trips, from the claim to the written outcome."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.db.backends.signals import connection_created

from alcada.connections import remote
from alcada.flow.dispatcher import Dispatcher

if TYPE_CHECKING:
    from alcada.config.bench.office import Account, Office

TOGETHER: Final = (1, 2, 4, 8, 16, 32)  # how many wait when the dispatcher comes


class Counter:
    """Counts on every connection that is opened while it is in use."""

    def __init__(self) -> None:
        self.statements = self.commits = 0

    def __enter__(self) -> "Counter":
        connection_created.connect(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        connection_created.disconnect(self._watch)

    def round_trips(self) -> int:
        """A transaction is opened and committed by a message of its own each."""
        return self.statements + 2 * self.commits

    def _watch(self, sender: Any, connection: Any, **_: Any) -> None:
        if self._count not in connection.execute_wrappers:
            connection.execute_wrappers.append(self._count)
            commit = connection.commit

            def counted() -> None:
                self.commits += 1
                commit()

            connection.commit = counted

    def _count(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)


def measure(office: "Office", account: "Account", numbers: Sequence[int] = TOGETHER) -> dict[str, Any]:
    """Per posting, by how many wait together on one account, vendors and cost centres known, nothing else running.

    The sandbox must not limit its calls meanwhile.
    """
    settings.POSTING = settings.POSTING | {"calls_per_second": 0}
    statements, round_trips = {}, {}
    office.accounts = [account]
    with Counter() as counter:
        for number in numbers:
            for step in list(office.submit(number)):
                office.approve(step)
            before, trips_before = counter.statements, counter.round_trips()
            asyncio.run(_drain(account.connection.pk))
            statements[str(number)] = round((counter.statements - before) / number, 1)
            round_trips[str(number)] = round((counter.round_trips() - trips_before) / number, 1)
    return {"statements_per_posting": statements, "round_trips_per_posting": round_trips}


async def _drain(connection_id: int) -> None:
    try:
        await Dispatcher().drain(connection_id)
    finally:
        await remote.close()
