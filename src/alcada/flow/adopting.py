"""A person says which entry of the account a posting is: found or pasted, read there, compared, and only then believed.

The reads come first, without a transaction; what they told is then kept under the posting's lock (posting/byhand.py).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from alcada.connections import gateway
from alcada.directory import documents
from alcada.ledger import rules
from alcada.ledger import search as books
from alcada.posting import byhand
from alcada.posting.byhand import Claimed
from alcada.posting.models import Posting, State
from alcada.posting.parties import party_ids
from conta_azul import errors
from conta_azul.calls import instalments
from conta_azul.calls.instalments import Instalment

if TYPE_CHECKING:
    from alcada.people.models import User

SHOWN: Final = 20
CENT: Final = Decimal("0.01")
ABOUT: Final = (Decimal("0.9"), Decimal("1.1"))  # who typed it may have seen a discount, or a fine
FAILURES: Final = books.FAILURES
_ID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class NotThereError(Exception):
    """The account has no such entry."""


class OtherKindError(Exception):
    """A receivable is no payable, whatever a person says."""


class ForeignError(Exception):
    """It carries the reference of another posting."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"it carries {reference}")
        self.reference = reference


@dataclass(frozen=True)
class Candidate:
    """An instalment of the account that may be the posting's entry, or part of it."""

    id: str
    description: str
    due_date: date
    amount: Decimal
    party: str
    likely: bool  # same party, value and about the same date
    ours: int | None  # the entry here that was posted as this one


@dataclass(frozen=True)
class Read:
    """An entry of the account as it stands there, beside the posting. `different`: codes, in this order of weight."""

    event_id: str
    instalment_ids: Sequence[str]
    description: str
    amount: Decimal
    due_dates: Sequence[date]
    ours: bool
    different: Sequence[str]  # "amount", "due_dates", "instalments"


def candidates(posting: Posting) -> list[Candidate]:
    """What the account holds about the due dates, of about such a value; the likely ones first. Raises FAILURES."""
    wanted = _wanted(posting)
    about = [(due, (amount * factor).quantize(CENT)) for due, amount in wanted.parts for factor in ABOUT]
    listed = books.listed(posting.connection_id, kind=posting.kind, wanted=[replace(wanted, parts=about)])
    likely = {item.id for item in rules.likely_twins(wanted, listed)}
    ours = _ours(posting.connection_id, [item.id for item in listed])
    marked = f"[{posting.reference}]"
    listed.sort(
        key=lambda item: (
            marked not in item.description,
            item.id in ours,  # another posting's: shown, so that nobody looks for it in vain
            item.id not in likely,
            item.party_name != wanted.party_name,
            item.due_date,
        )
    )
    return [
        Candidate(
            id=item.id,
            description=item.description,
            due_date=item.due_date,
            amount=item.amount,
            party=item.party_name,
            likely=item.id in likely or marked in item.description,
            ours=ours.get(item.id),
        )
        for item in listed[:SHOWN]
    ]


def read(posting: Posting, pasted: str) -> Read:
    """The entry that an id names: its own, or that of one of its instalments. An address of Conta Azul may hold it.

    Raises NotThereError, OtherKindError, ForeignError, byhand.TakenError; FAILURES when the account can't be asked.
    """
    found = _ID.findall(pasted)
    parts = _parts(posting.connection_id, found[-1]) if found else ()
    if not parts or parts[0].event is None:
        raise NotThereError
    event = parts[0].event
    kind = rules.KIND_OF.get((event.kind or "").upper())
    if kind is not None and kind != posting.kind:
        raise OtherKindError
    others = Posting.objects.filter(connection_id=posting.connection_id, remote_event_id=event.id)
    if other := others.exclude(pk=posting.pk).first():
        raise byhand.TakenError(other.reference)
    texts = " ".join(f"{part.description} {part.note}" for part in parts)
    for reference in set(books.REFERENCE.findall(texts)) - {posting.reference}:
        if Posting.objects.filter(reference=reference).exclude(entry=posting.entry_id).exists():
            raise ForeignError(reference)
    return Read(
        event_id=event.id,
        instalment_ids=[part.id for part in parts],
        description=parts[0].description or "",
        amount=sum((_gross(part) for part in parts), Decimal(0)),
        due_dates=[part.due_date for part in parts if part.due_date],
        ours=posting.reference in texts,
        different=_different(posting, parts),
    )


def adopt(posting: Posting, seen: Read, *, by: "User", reason: str) -> Posting:
    """The person confirmed it. What was undecided is adopted; what was refused, or waits, was typed by hand.

    Raises as byhand.adopt; FAILURES when the account can't be asked about what else carries the reference.
    """
    claimed = Claimed(
        event_id=seen.event_id,
        instalment_ids=seen.instalment_ids,
        ours=seen.ours,
        different=seen.different,
        beside=_still_beside(posting, seen.event_id),
    )
    if posting.state in (State.QUEUED, State.REFUSED):
        return byhand.mark(posting.pk, by=by, reason=reason, claimed=claimed)
    return byhand.adopt(posting.pk, claimed, by=by, reason=reason)


def _wanted(posting: Posting) -> rules.Wanted:
    content = posting.content
    party = content["party"]
    known = party_ids(posting.connection_id, posting.kind, [party["id"]])
    return rules.Wanted(
        party_name=documents.normalise_name(party["name"]),
        party_remote_id=known.get(party["id"], ""),
        parts=[
            (date.fromisoformat(part["due_date"]), Decimal(part["amount"])) for part in content["instalments"]
        ],
    )


def _ours(connection_id: int, instalment_ids: list[str]) -> dict[str, int]:
    """Those that postings are known to be: instalment -> entry here."""
    known = Posting.objects.filter(
        connection_id=connection_id, remote_instalment_ids__has_any_keys=instalment_ids
    )
    return {pk: entry for ids, entry in known.values_list("remote_instalment_ids", "entry_id") for pk in ids}


def _parts(connection_id: int, some_id: str) -> tuple[Instalment, ...]:
    """All instalments of the entry, whichever of the ids it is; none when there is no such entry."""
    try:
        if parts := gateway.send(connection_id, instalments.of_event(some_id)):
            return parts
    except errors.NotFound:
        pass
    try:
        part = gateway.send(connection_id, instalments.get(some_id))
    except errors.NotFound:
        return ()
    return gateway.send(connection_id, instalments.of_event(part.event.id)) if part.event else ()


def _still_beside(posting: Posting, event_id: str) -> list[str]:
    """Where the looking had found several: those of the others that still stand there, with our reference."""
    if posting.reason != "several_found":
        return []
    others = [one for one in posting.detail.split(", ") if one and one != event_id]
    return [one for one in others if _stands(posting, one)]


def _stands(posting: Posting, event_id: str) -> bool:
    parts = _parts(posting.connection_id, event_id)
    return any(posting.reference in f"{part.description} {part.note}" for part in parts)


def _different(posting: Posting, parts: Sequence[Instalment]) -> list[str]:
    ours = posting.content["instalments"]
    due = sorted(date.fromisoformat(part["due_date"]) for part in ours)
    found = []
    if sum((_gross(part) for part in parts), Decimal(0)) != Decimal(posting.content["amount"]):
        found.append("amount")
    if len(parts) != len(ours):
        found.append("instalments")
    elif sorted(part.due_date for part in parts if part.due_date) != due:
        found.append("due_dates")
    return found


def _gross(part: Instalment) -> Decimal:
    whole = part.composition
    return (whole.gross if whole and whole.gross is not None else part.net_amount) or Decimal(0)
