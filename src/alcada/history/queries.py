"""Reading history, and checking that nobody rewrote it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from operator import attrgetter
from typing import Any, Final

from django.db import models

from alcada.history.models import Chain, Record
from alcada.history.rules import fingerprint

TOGETHER: Final = 500  # chains whose records are read in one statement, and records held at a time
_NONE: Final[tuple[Any, Iterable[Record]]] = (None, ())


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


def breaks(*, latest: int | None = None, company_id: int | None = None) -> Iterator[Break]:
    """Every place where a chain parts from its own arithmetic; of all chains, of a company's, or of so many that were
    begun last.
    """
    chosen = Chain.objects.filter(company=company_id) if company_id else Chain.objects.all()
    chains = chosen.order_by("-pk")[:latest] if latest else chosen.order_by("pk")
    found = chains.iterator(chunk_size=TOGETHER)
    while some := sorted(islice(found, TOGETHER), key=attrgetter("pk")):
        records = Record.objects.filter(chain__in=some).order_by("chain_id", "sequence")
        groups = groupby(records.iterator(chunk_size=TOGETHER), key=attrgetter("chain_id"))
        key, rows = next(groups, _NONE)
        for chain in some:
            if key != chain.pk:
                yield from _breaks(chain, ())
            else:
                yield from _breaks(chain, rows)
                key, rows = next(groups, _NONE)


def breaks_of(chain: Chain) -> Iterator[Break]:
    yield from _breaks(chain, chain.records.order_by("sequence").iterator(chunk_size=TOGETHER))


def _breaks(chain: Chain, rows: Iterable[Record]) -> Iterator[Break]:
    previous, expected = "", 0
    for row in rows:
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
