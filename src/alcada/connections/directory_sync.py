"""Fetching an account's categories, bank accounts, cost centres: all is read first, then written."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from alcada.connections import gateway, mirror, mirror_people, prepared, rules
from alcada.connections.mirror_rows import Alarm
from alcada.connections.models import Connection
from alcada.connections.reading import Reading, TheirAccount, TheirCategory, TheirCostCentre
from alcada.directory.models import EntryKind
from alcada.history.actions import Line, record, record_all
from conta_azul import Activity, errors
from conta_azul import EntryKind as TheirKind
from conta_azul.calls import accounts, categories, cost_centres

_KINDS: Final[dict[str, EntryKind]] = {
    TheirKind.REVENUE.value: EntryKind.RECEIVABLE,
    TheirKind.EXPENSE.value: EntryKind.PAYABLE,
}


Tell = Callable[[Connection, Sequence[Alarm]], None]


def fetch(connection_id: int, *, tell: Tell | None = None) -> Counter[str]:
    """Bring our copy up to date and return what changed, counted.

    `tell` is called, in the transaction that writes it, with what somebody has to know: something that is mapped was
    renamed there, deactivated or deleted.

    Raises conta_azul.errors.ContaAzulError and access.AccessError when the account could not be read: then
    nothing was written but the reason.
    """
    try:
        reading = _read(connection_id)
    except errors.ContaAzulError as exc:
        _note_failure(connection_id, exc.sentence)
        raise
    with transaction.atomic():
        connection = Connection.objects.select_for_update(no_key=True).get(pk=connection_id)
        applied = mirror.apply(connection, reading)
        changes = +applied.changes  # without those that are 0
        connection.directory_synced_at = Now()
        if rules.code_of(connection.last_error) in ("directory_failed", "not_reached"):
            connection.last_error, connection.last_error_at = "", None
        connection.save(update_fields=["directory_synced_at", "last_error", "last_error_at"])
        if changes:
            record("connection.directory_synced", connection, company=connection.company, data=dict(changes))
        record_all([_line(connection, alarm) for alarm in applied.alarms])
        loud = [alarm for alarm in applied.alarms if not alarm.is_back]
        if loud and tell is not None:
            tell(connection, loud)
    prepared.settle(connection.company)  # what a bulk set-up named, and is known now
    return changes


def _line(connection: Connection, alarm: Alarm) -> Line:
    event = {"renamed": "mapping.renamed_there", "back": "mapping.back_there"}.get(
        alarm.what, "mapping.gone_there"
    )
    kind = connection._meta.label_lower
    return Line(event, kind, connection.pk, connection.company_id, data=alarm.told())


def _read(connection_id: int) -> Reading:
    since = timezone.now()
    listed = list(gateway.walk(connection_id, categories.list()))
    parents = {row.parent_id for row in listed if row.parent_id}
    names = {row.id: row.name for row in listed}
    leaves = [
        TheirCategory(
            id=row.id,
            kind=_KINDS[row.kind or ""],
            name=row.name[:200],
            parent_name=names.get(row.parent_id or "", "")[:200],
        )
        for row in listed
        if row.id not in parents and row.kind in _KINDS  # only a leaf takes entries
    ]
    money = [
        TheirAccount(
            id=row.id,
            name=row.name[:200],
            type=(row.kind or "")[:40],
            active=row.active is not False,
            usual=bool(row.default),
        )
        for row in gateway.walk(connection_id, accounts.list())
    ]
    centres = [
        TheirCostCentre(id=row.id, code=row.code or "", name=row.name or "", active=row.active is not False)
        for row in gateway.walk(connection_id, cost_centres.list(activity=Activity.ALL))
    ]
    found, gone = mirror_people.read(connection_id)
    return Reading(since, leaves, money, centres, found, gone)


def _note_failure(connection_id: int, words: str) -> None:
    """Only where nothing weightier is noted already."""
    Connection.objects.filter(pk=connection_id, state=Connection.State.CONNECTED).update(
        last_error=rules.note("directory_failed", words), last_error_at=Now()
    )
