"""The one way to add to history. Called inside the transaction of the change that it records."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, models, transaction
from django.utils import timezone

from alcada.history.models import Chain
from alcada.history.rules import EVENTS, fingerprint
from alcada.people.models import Company, User


class UnknownEventError(ValueError):
    """The event's name is not registered in history/rules.py."""


@dataclass(frozen=True)
class Line:
    """What happened to one subject, by its model's label and its key."""

    event: str
    kind: str
    key: int
    company_id: int | None = None
    by: User | None = None
    channel: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


Chains = Mapping[tuple[str, int], Chain]

# Through what a change came that doesn't say so itself: the API's door names itself and the token.
_channel: ContextVar[str] = ContextVar("channel", default="")


@contextmanager
def through(channel: str) -> Iterator[None]:
    """What is recorded in here came through this channel, unless it names one."""
    before = _channel.set(channel)
    try:
        yield
    finally:
        _channel.reset(before)


def record(
    event: str,
    subject: models.Model,
    *,
    by: User | None = None,
    company: Company | None = None,
    channel: str = "",
    data: Mapping[str, Any] | None = None,
) -> None:
    """Append one record to the subject's chain.

    `by` is None for what the product did itself. Decimal, dates and date-times in `data` become text. Raises
    UnknownEventError for a name that is not registered, and refuses to run outside a transaction: the record and the
    change that it tells of stand or fall together.
    """
    record_all([line(event, subject, by=by, company=company, channel=channel, data=data)])


def line(
    event: str,
    subject: models.Model,
    *,
    by: User | None = None,
    company: Company | None = None,
    channel: str = "",
    data: Mapping[str, Any] | None = None,
) -> Line:
    """What `record` would append: for whoever appends several at once."""
    company_id = company.pk if company else None
    kind, key = subject._meta.label_lower, int(subject.pk)
    return Line(event, kind, key, company_id, by=by, channel=channel, data=data or {})


def record_all(lines: Sequence[Line], *, held: Chains | None = None) -> Chains:
    """Append many records in the order given, each to its subject's chain; two statements for all. As `record`.

    Returns the chains with their new heads, locked until the transaction's end. `held`: those that an earlier call in
    this transaction returned, where nothing was recorded of their subjects since.
    """
    for one in lines:
        if one.event not in EVENTS:
            raise UnknownEventError(one.event)
    if not _in_transaction():
        raise transaction.TransactionManagementError("history is recorded in the transaction of its change")
    if not lines:
        return {}
    chains = _chains(lines, held or {})
    rows = [_appended(chains[one.kind, one.key], one) for one in lines]
    heads = [{"id": chain.pk, "length": chain.length, "head": chain.head} for chain in chains.values()]
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [json.dumps(rows), json.dumps(heads)])
    return chains


def _in_transaction() -> bool:
    return bool(transaction.get_connection().in_atomic_block)


def head_in(chains: Chains, subject: models.Model) -> str:
    """The hash of the subject's latest record, of chains that `record_all` returned."""
    return chains[subject._meta.label_lower, int(subject.pk)].head


def _chains(lines: Sequence[Line], held: Chains) -> dict[tuple[str, int], Chain]:
    """The subjects' chains, locked in one order whoever locks them; those that are new are begun."""
    companies = {(one.kind, one.key): one.company_id for one in lines}
    found = {pair: held[pair] for pair in companies if pair in held}
    found |= _locked([pair for pair in companies if pair not in held])
    missing = [pair for pair in companies if pair not in found]
    if missing:
        begun = [Chain(kind=kind, key=key, company_id=companies[kind, key]) for kind, key in sorted(missing)]
        Chain.objects.bulk_create(begun, ignore_conflicts=True)
        found |= _locked(missing)
    return found


def _locked(pairs: list[tuple[str, int]]) -> dict[tuple[str, int], Chain]:
    if not pairs:
        return {}
    wanted = json.dumps([{"kind": kind, "key": key} for kind, key in pairs])
    return {(chain.kind, chain.key): chain for chain in Chain.objects.raw(_LOCK, [wanted])}


def _appended(chain: Chain, line: Line) -> dict[str, Any]:
    """The record's columns; the chain is moved on to it."""
    at, data = timezone.now(), {name: _plain(value) for name, value in line.data.items()}
    sequence, previous = chain.length + 1, chain.head
    actor, actor_name = (line.by.pk, line.by.name) if line.by else (None, "")
    channel = line.channel or _channel.get()
    chain.length = sequence
    chain.head = fingerprint(
        previous=previous,
        kind=line.kind,
        key=line.key,
        sequence=sequence,
        event=line.event,
        at=at,
        actor=actor,
        actor_name=actor_name,
        channel=channel,
        data=data,
    )
    return {
        "chain_id": chain.pk,
        "sequence": sequence,
        "event": line.event,
        "at": at.isoformat(),
        "actor_id": actor,
        "actor_name": actor_name,
        "channel": channel,
        "data": data,
        "previous": previous,
        "hash": chain.head,
    }


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


# As one JSON text: in an array of texts the driver looks for what to escape item by item, an eighth of a busy
# worker's time.
_LOCK: Final = """
    SELECT chain.* FROM history_chain chain
    JOIN json_to_recordset(%s::json) AS wanted(kind text, key bigint) USING (kind, key)
    ORDER BY chain.id FOR UPDATE OF chain
"""
_APPEND: Final = """
    WITH appended AS (
        INSERT INTO history_record
            (chain_id, sequence, event, at, actor_id, actor_name, channel, data, previous, hash)
        SELECT * FROM json_to_recordset(%s::json) AS given(
            chain_id bigint, sequence int, event text, at timestamptz, actor_id bigint, actor_name text, channel text,
            data jsonb, previous text, hash text)
    )
    UPDATE history_chain chain SET length = now.length, head = now.head
    FROM json_to_recordset(%s::json) AS now(id bigint, length int, head text) WHERE chain.id = now.id
"""
