"""Checkpoints: how many records a company's history has, and one hash over the heads of all its chains.

It goes out by e-mail. Who rewrites the database whole, every hash included, is still found by the mailbox: the line
that stands there says what the history was, and `verify` works that out anew.

Of all records up to one key, `upto`, below which nothing can appear any more: records are never changed or deleted, so
what the line says can be worked out at any later time, whatever was added since.
"""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from alcada.history.models import Checkpoint, Record
from alcada.history.queries import breaks
from alcada.people.models import Company

WRITERS: Final = timedelta(seconds=20)  # how long to wait for transactions that were under way
FRESH: Final = timedelta(hours=1)  # several people's digests carry the same one
_WORD: Final = "alcada-checkpoint"
_LINE: Final = re.compile(
    rf"{_WORD}\s+(?P<company>\d{{1,18}})\s+(?P<upto>\d{{1,18}})\s+(?P<count>\d{{1,18}})\s+(?P<at>[0-9TZ:.+-]{{10,40}})\s+"
    r"(?P<hash>[0-9a-f\s>]{64,200})"
)


class BusyError(Exception):
    """Something that writes history does not end: no checkpoint can be made now."""


@dataclass(frozen=True)
class Said:
    """What a line from a mailbox says."""

    company_id: int
    upto: int
    count: int
    at: str
    hash: str


@dataclass(frozen=True)
class Verdict:
    """`what`: "agrees"; "rewritten": the records are not those; "missing": there are fewer; "unknown": no such company.

    `count` is what the database has up to that key. `stored`: the database itself remembers having sent it.
    """

    said: Said
    what: str
    count: int
    stored: bool

    @property
    def good(self) -> bool:
        return self.what == "agrees"


def make(company: Company, *, horizon: int | None = None) -> Checkpoint | None:
    """The company's checkpoint of now, kept; one that was made within the hour is given again. None: no history yet.

    Raises BusyError. Not within a transaction that writes.
    """
    fresh = Checkpoint.objects.filter(company=company, made_at__gt=timezone.now() - FRESH).first()
    if fresh is not None:
        return fresh
    upto = horizon if horizon is not None else settled()
    count, hash_ = state(company.pk, upto)
    if not count:
        return None
    return Checkpoint.objects.create(company=company, upto=upto, count=count, hash=hash_)


def line(checkpoint: Checkpoint) -> str:
    """What stands in the mail, and what `said` reads."""
    at = checkpoint.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = (checkpoint.company_id, checkpoint.upto, checkpoint.count, at, checkpoint.hash)
    return " ".join([_WORD, *(str(value) for value in values)])


def said(text: str) -> list[Said]:
    """Every checkpoint's line in a text, be it a whole mail, quoted and wrapped."""
    unquoted = re.sub(r"\n[> ]*", "\n", text.replace("\r", ""))
    found = []
    for match in _LINE.finditer(unquoted):
        hash_ = re.sub(r"[^0-9a-f]", "", match["hash"])[:64]
        if len(hash_) == 64:
            found.append(
                Said(int(match["company"]), int(match["upto"]), int(match["count"]), match["at"], hash_)
            )
    return found


def verify(one: Said, *, whole: bool = True) -> Verdict:
    """Does the database still say what it said then? `whole`: each hash of the company's chains is recomputed as well.

    Not `whole` believes the hashes, for whoever checks the chains anyway.
    """
    stored = Checkpoint.objects.filter(
        company=one.company_id, upto=one.upto, count=one.count, hash=one.hash
    ).exists()
    if not Company.objects.filter(pk=one.company_id).exists():
        return Verdict(one, "unknown", 0, stored)
    last = Record.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    count, hash_ = state(one.company_id, one.upto)
    if (count, hash_) == (one.count, one.hash):
        broken = whole and next(breaks(company_id=one.company_id), None) is not None
        return Verdict(one, "rewritten" if broken else "agrees", count, stored)
    # Fewer, with nothing after: an older backup was restored, or the end was cut off.
    return Verdict(one, "missing" if last < one.upto else "rewritten", count, stored)


def verify_stored(company: Company) -> Verdict | None:
    """As `verify`, of the company's latest checkpoint that the database remembers."""
    kept = Checkpoint.objects.filter(company=company).first()
    if kept is None:
        return None
    return verify(Said(company.pk, kept.upto, kept.count, kept.made_at.isoformat(), kept.hash), whole=False)


def state(company_id: int, upto: int) -> tuple[int, str]:
    """How many records the company's chains had up to this key, and the hash over their heads."""
    count, hashed = 0, hashlib.sha256(f"{_WORD} {company_id} {upto}\n".encode())
    for kind, key, length, head in _heads(company_id, upto):
        count += length
        hashed.update(json.dumps([kind, key, length, head], separators=(",", ":")).encode() + b"\n")
    return count, hashed.hexdigest()


def settled() -> int:
    """The latest record's key, once whatever was being written when it was looked up has ended. Raises BusyError.

    A record's key is given before its transaction commits: one with a smaller key may appear after one with a greater.
    Who appends locked a chain before, so it had its own number by then: a number drawn after the latest key was read
    is greater than that of each transaction that may still write below it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(max(id), 0), pg_current_xact_id()::text::bigint FROM history_record")
        upto, drawn = cursor.fetchone()
        deadline = time.monotonic() + WRITERS.total_seconds()
        while True:
            cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint > %s", [drawn])
            if cursor.fetchone()[0]:
                return int(upto)
            if time.monotonic() > deadline:
                raise BusyError
            time.sleep(0.05)


def _heads(company_id: int, upto: int) -> Iterator[tuple[str, int, int, str]]:
    """Each chain as it was then: what it is now, without the records that came after."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_HEADS, [upto, company_id])
        while rows := cursor.fetchmany(2000):
            yield from rows


# Of a chain that went on since: what stood before the first of its later records.
_HEADS: Final = """
    SELECT chain.kind, chain.key, coalesce(later.sequence - 1, chain.length), coalesce(later.previous, chain.head)
    FROM history_chain chain
    LEFT JOIN (
        SELECT DISTINCT ON (record.chain_id) record.chain_id, record.sequence, record.previous
        FROM history_record record WHERE record.id > %s ORDER BY record.chain_id, record.sequence
    ) later ON later.chain_id = chain.id
    WHERE chain.company_id = %s AND coalesce(later.sequence - 1, chain.length) > 0
    ORDER BY chain.kind COLLATE "C", chain.key
"""
