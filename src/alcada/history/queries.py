"""Reading history, and checking that nobody rewrote it."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models

from alcada.history.models import Chain, Record
from alcada.history.rules import fingerprint


@dataclass(frozen=True)
class Break:
    """A chain that does not hold: where, and what is wrong ("content", "order", "missing", "head")."""

    kind: str
    key: int
    sequence: int
    what: str


def of(subject: models.Model) -> models.QuerySet[Record]:
    """The subject's records, oldest first."""
    return Record.objects.filter(chain__kind=subject._meta.label_lower, chain__key=subject.pk).select_related(
        "actor"
    )


def holds(subject: models.Model, hash_: str) -> bool:
    """Is this hash, known from elsewhere (Conta Azul's copy, a mailbox), a link of the subject's chain?"""
    return of(subject).filter(hash=hash_).exists()


def breaks() -> Iterator[Break]:
    """Every place where a chain parts from its own arithmetic."""
    for chain in Chain.objects.order_by("id").iterator(chunk_size=500):
        yield from breaks_of(chain)


def breaks_of(chain: Chain) -> Iterator[Break]:
    previous, expected = "", 0
    for row in chain.records.order_by("sequence").iterator(chunk_size=500):
        expected += 1
        if row.sequence != expected:
            yield Break(chain.kind, chain.key, expected, "missing")
            expected = row.sequence
        if row.previous != previous:
            yield Break(chain.kind, chain.key, row.sequence, "order")
        if row.hash != _recomputed(chain, row):
            yield Break(chain.kind, chain.key, row.sequence, "content")
        previous = row.hash
    if (chain.length, chain.head) != (expected, previous):
        yield Break(chain.kind, chain.key, expected, "head")


def _recomputed(chain: Chain, row: Record) -> str:
    return fingerprint(
        previous=row.previous,
        kind=chain.kind,
        key=chain.key,
        sequence=row.sequence,
        event=row.event,
        at=row.at,
        actor=row.actor_id,
        actor_name=row.actor_name,
        channel=row.channel,
        data=row.data,
    )
