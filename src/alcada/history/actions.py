"""The one way to add to history. Called inside the transaction of the change that it records."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from alcada.history.models import Chain, Record
from alcada.history.rules import EVENTS, fingerprint
from alcada.people.models import Company, User


class UnknownEventError(ValueError):
    """The event's name is not registered in history/rules.py."""


def record(
    event: str,
    subject: models.Model,
    *,
    by: User | None = None,
    company: Company | None = None,
    channel: str = "",
    data: Mapping[str, Any] | None = None,
) -> Record:
    """Append one record to the subject's chain and return it.

    `by` is None for what the product did itself. Decimal, dates and date-times in `data` become text. Raises
    UnknownEventError for a name that is not registered, and refuses to run outside a transaction: the record and the
    change that it tells of stand or fall together.
    """
    if event not in EVENTS:
        raise UnknownEventError(event)
    connection = transaction.get_connection()
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("history is recorded in the transaction of its change")
    kind, key = subject._meta.label_lower, int(subject.pk)
    Chain.objects.bulk_create([Chain(kind=kind, key=key, company=company)], ignore_conflicts=True)
    chain = Chain.objects.select_for_update().get(kind=kind, key=key)
    content: dict[str, Any] = {name: _plain(value) for name, value in (data or {}).items()}
    row = Record(
        chain=chain,
        sequence=chain.length + 1,
        event=event,
        at=timezone.now(),
        actor=by,
        actor_name=by.name if by else "",
        channel=channel,
        data=content,
        previous=chain.head,
    )
    row.hash = fingerprint(
        previous=row.previous,
        kind=kind,
        key=key,
        sequence=row.sequence,
        event=event,
        at=row.at,
        actor=by.pk if by else None,
        actor_name=row.actor_name,
        channel=channel,
        data=content,
    )
    row.save(force_insert=True)
    chain.length, chain.head = row.sequence, row.hash
    chain.save(update_fields=["length", "head"])
    return row


def _plain(value: Any) -> Any:
    """JSON has no decimals or dates that survive a round trip exactly; text does."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(item) for item in value]
    return value
