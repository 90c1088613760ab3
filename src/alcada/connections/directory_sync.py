"""Fetching an account's categories, bank accounts, cost centres: all is read first, then written."""

from collections import Counter
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from alcada.connections import gateway, mirror, prepared, rules
from alcada.connections.models import Connection
from alcada.directory.models import EntryKind
from alcada.history.actions import record
from conta_azul import Activity, errors
from conta_azul import EntryKind as TheirKind
from conta_azul.calls import accounts, categories, cost_centres

_KINDS: Final[dict[str, EntryKind]] = {
    TheirKind.REVENUE.value: EntryKind.RECEIVABLE,
    TheirKind.EXPENSE.value: EntryKind.PAYABLE,
}


def fetch(connection_id: int) -> Counter[str]:
    """Bring our copy up to date and return what changed, counted.

    Raises conta_azul.errors.ContaAzulError and access.AccessError when the account could not be read: then
    nothing was written but the reason.
    """
    try:
        reading = _read(connection_id)
    except errors.ContaAzulError as exc:
        _note_failure(connection_id, exc.sentence)
        raise
    with transaction.atomic():
        connection = Connection.objects.select_for_update().get(pk=connection_id)
        changes = mirror.apply(connection, reading)
        connection.directory_synced_at = Now()
        if rules.code_of(connection.last_error) in ("directory_failed", "not_reached"):
            connection.last_error, connection.last_error_at = "", None
        connection.save(update_fields=["directory_synced_at", "last_error", "last_error_at"])
        if changes:
            record("connection.directory_synced", connection, company=connection.company, data=dict(changes))
    prepared.settle(connection.company)  # what a bulk set-up named, and is known now
    return changes


def _read(connection_id: int) -> mirror.Reading:
    since = timezone.now()
    listed = list(gateway.walk(connection_id, categories.list()))
    parents = {row.parent_id for row in listed if row.parent_id}
    names = {row.id: row.name for row in listed}
    leaves = [
        mirror.TheirCategory(
            id=row.id,
            kind=_KINDS[row.kind or ""],
            name=row.name[:200],
            parent_name=names.get(row.parent_id or "", "")[:200],
        )
        for row in listed
        if row.id not in parents and row.kind in _KINDS  # only a leaf takes entries
    ]
    money = [
        mirror.TheirAccount(
            id=row.id,
            name=row.name[:200],
            type=(row.kind or "")[:40],
            active=row.active is not False,
            usual=bool(row.default),
        )
        for row in gateway.walk(connection_id, accounts.list())
    ]
    centres = [
        mirror.TheirCostCentre(
            id=row.id, code=row.code or "", name=row.name or "", active=row.active is not False
        )
        for row in gateway.walk(connection_id, cost_centres.list(activity=Activity.ALL))
    ]
    return mirror.Reading(since, leaves, money, centres)


def _note_failure(connection_id: int, words: str) -> None:
    """Only where nothing weightier is noted already."""
    Connection.objects.filter(pk=connection_id, state=Connection.State.CONNECTED).update(
        last_error=rules.note("directory_failed", words), last_error_at=Now()
    )
