"""What the lists and the change feed see. It may lag behind the books, as a search index does."""

import heapq
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from dataclasses import dataclass

from conta_azul_sandbox.model import Event, Instalment


@dataclass(frozen=True, slots=True)
class Row:
    event: Event
    instalment: Instalment
    text: str  # descriptions in lower case, for the text filter


class DueDates:
    """Instalments of one kind by due date: a window is found without looking at the others."""

    def __init__(self) -> None:
        self._days: list[str] = []
        self._rows: dict[str, dict[str, Row]] = {}

    def add(self, row: Row) -> None:
        day = row.instalment.due
        if day not in self._rows:
            self._rows[day] = {}
            insort(self._days, day)
        self._rows[day][row.instalment.id] = row

    def remove(self, instalment: Instalment) -> None:
        self._rows[instalment.due].pop(instalment.id, None)

    def between(self, first: str, last: str) -> Iterator[Row]:
        for day in self._days[bisect_left(self._days, first) : bisect_right(self._days, last)]:
            yield from self._rows[day].values()


class SearchIndex:
    def __init__(self) -> None:
        self._by_kind = {"payable": DueDates(), "receivable": DueDates()}
        self._seen: dict[str, Event] = {}
        self._changes: list[tuple[float, str]] = []
        self._waiting: list[tuple[float, int, str, Event | None]] = []
        self._gone: set[str] = set()
        self._order = 0

    def put(self, event_id: str, event: Event | None, *, visible_at: float, now: float) -> None:
        """Show this state of the entry (None: deleted) from `visible_at` on."""
        if visible_at <= now and not self._waiting:
            self._show(event_id, event)
            return
        self._order += 1
        heapq.heappush(self._waiting, (visible_at, self._order, event_id, event))

    def rows(self, kind: str, first: str, last: str, now: float) -> Iterator[Row]:
        self._catch_up(now)
        return self._by_kind[kind].between(first, last)

    def changed(self, start: float, end: float, now: float) -> list[str]:
        """Ids of the entries last saved in the window, oldest save first."""
        self._catch_up(now)
        window = self._changes[
            bisect_left(self._changes, (start, "")) : bisect_right(self._changes, (end, "~"))
        ]
        latest = (event_id for moment, event_id in window if self._is_latest(moment, event_id))
        return list(dict.fromkeys(latest))

    def seen(self, now: float) -> dict[str, Event]:
        self._catch_up(now)
        return self._seen

    def _catch_up(self, now: float) -> None:
        while self._waiting and self._waiting[0][0] <= now:
            _, _, event_id, event = heapq.heappop(self._waiting)
            self._show(event_id, event)

    def _show(self, event_id: str, event: Event | None) -> None:
        if event_id in self._gone:
            return
        before = self._seen.get(event_id)
        if before and event and before.version > event.version:
            return  # a later state with a shorter lag is already shown
        if before:
            for instalment in before.instalments:
                self._by_kind[before.kind].remove(instalment)
        if event is None:
            self._seen.pop(event_id, None)
            self._gone.add(event_id)
            return
        self._seen[event_id] = event
        for instalment in event.instalments:
            text = f"{event.description}\n{instalment.description}".lower()
            self._by_kind[event.kind].add(Row(event, instalment, text))
        self._note_change(event)

    def _note_change(self, event: Event) -> None:
        entry = (event.updated_at, event.id)
        if not self._changes or self._changes[-1] <= entry:
            self._changes.append(entry)
        else:
            insort(self._changes, entry)

    def _is_latest(self, moment: float, event_id: str) -> bool:
        event = self._seen.get(event_id)
        return event is not None and event.updated_at == moment
