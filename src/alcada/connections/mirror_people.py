"""The people that our vendors and customers are mapped to: some are looked at in each fetch, those in doubt first."""

from collections.abc import Iterable
from typing import Final

from django.db.models import Case, IntegerField, Value, When

from alcada.connections import gateway
from alcada.connections.mirror_rows import Alarm, Rows
from alcada.connections.models import Connection
from alcada.connections.reading import Reading, TheirPerson
from alcada.directory.models import Counterpart
from conta_azul import errors
from conta_azul.calls import people

Trouble = Counterpart.Trouble

LOOKED_AT: Final = (
    50  # by one search: in a day every one of 4,800 is looked at, at a call per quarter of an hour
)
ASKED_SINGLY: Final = 10  # those that the search leaves out: only a 404 says that somebody is gone


def read(connection_id: int) -> tuple[list[TheirPerson], frozenset[str]]:
    """Those whose turn it is, and who of them is not there any more. Raises as `gateway.send`."""
    wanted = _turn(connection_id)
    if not wanted:
        return [], frozenset()
    found = [
        _person(one)
        for one in gateway.walk(connection_id, people.search(ids=wanted, page_size=LOOKED_AT))
        if one.id in wanted
    ]
    gone = set()
    shown = {one.id for one in found}
    for key in [key for key in wanted if key not in shown][:ASKED_SINGLY]:
        try:
            found.append(_person(gateway.send(connection_id, people.get(key))))
        except errors.NotFound:
            gone.add(key)
    return found, frozenset(gone)


def apply(connection: Connection, reading: Reading, alarms: list[Alarm]) -> None:
    """Write what was seen of them. One row per profile that we know of."""
    if not reading.people and not reading.people_gone:
        return
    rows = Rows(connection, "party", reading.since)
    for person in reading.people:
        for row in rows.known.get(person.id, []):
            _look_at(rows, row, person)
    for row in _of(rows, reading.people_gone):
        rows.lost(row, Trouble.MISSING)
    alarms.extend(rows.finish())


def _look_at(rows: Rows, row: Counterpart, person: TheirPerson) -> None:
    if not person.active:
        rows.lost(row, Trouble.INACTIVE, person.name)
    elif row.profile not in person.profiles:
        rows.lost(row, Trouble.PROFILE, person.name)
    else:
        rows.seen(row, person.name)


def _of(rows: Rows, keys: Iterable[str]) -> Iterable[Counterpart]:
    return (row for key in keys for row in rows.known.get(key, []) if row.seen_at < rows.since)


def _turn(connection_id: int) -> list[str]:
    rows = Counterpart.objects.filter(connection_id=connection_id, party__isnull=False, removed_at=None)
    first = Case(When(trouble=Trouble.DOUBT, then=Value(0)), default=Value(1), output_field=IntegerField())
    keys = rows.order_by(first, "seen_at", "pk").values_list("remote_id", flat=True)
    return list(dict.fromkeys(keys[:LOOKED_AT]))


def _person(one: people.Person) -> TheirPerson:
    return TheirPerson(one.id, one.name or "", one.active is not False, one.profiles)
