"""What a correction changes, who makes each change, and which are to be sent now. Pure.

The API changes instalments that are there: due date, value, method, account, description. It changes nothing of the
entry around them, and neither adds nor removes one: that a person does in Conta Azul. Some of what is approved was
never sent.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from alcada.intake.rules import Content, differences
from alcada.ledger.comparing import Expected, Part
from alcada.ledger.models import Status

INSTALMENT_FIELDS: Final = ("due_date", "amount", "bank_account_name", "payment_method", "description")


class How(StrEnum):
    """Who makes a change."""

    OURS = "ours"  # we do, through the API
    THERE = "there"  # a person, in Conta Azul
    HERE = "here"  # nobody: it was never sent


_HOW: Final = {
    "amount": How.OURS,
    "payment_method": How.OURS,
    "bank_account_name": How.OURS,
    "bank_account_id": How.OURS,
    "payment_details": How.HERE,
    "party_email": How.HERE,
    "documents": How.HERE,
    "custom": How.HERE,
}


def changes(before: Content, after: Content) -> list[dict[str, Any]]:
    """`intake.rules.differences`, each with `how`."""
    same_count = len(before.instalments) == len(after.instalments)
    same_party = before.party_id == after.party_id
    found = []
    for row in differences(before, after):
        group, name = row["field"].split(".")[0], row["field"].rsplit(".", 1)[-1]
        how = How.OURS if group == "instalments" else _HOW.get(group, How.THERE)
        if how == How.OURS and not same_count:
            how = How.THERE
        if group == "payment_method" and not row["new"]:
            how = How.THERE  # a change leaves alone what it does not name: nothing can be taken away
        if group.startswith("party_") and same_party:
            how = How.HERE  # named otherwise in our directory since: nobody else
        if group == "splits" and name != "amount" and _same_things(before, after):
            how = How.HERE
        found.append({**row, "how": how.value})
    return found


def _same_things(before: Content, after: Content) -> bool:
    """The same categories and cost centres, be they called otherwise by now."""
    return [(one.category_id, one.cost_centre_id) for one in before.splits] == [
        (one.category_id, one.cost_centre_id) for one in after.splits
    ]


@dataclass(frozen=True)
class Standing:
    """An instalment as it was just read; None: the read doesn't tell."""

    remote_id: str
    version: int | None
    status: Status
    due_date: date | None
    amount: Decimal | None
    bank_account: str | None
    method: str  # empty: none is set
    description: str | None

    def value(self, name: str) -> Any:
        return {
            "due_date": self.due_date,
            "amount": self.amount,
            "bank_account_name": self.bank_account,
            "payment_method": self.method,
            "description": self.description,
        }[name]


@dataclass(frozen=True)
class Patch:
    """What of one instalment is to be changed, and the version that it was read with."""

    number: int
    remote_id: str
    version: int
    wanted: Mapping[str, Any]


@dataclass(frozen=True)
class Conflict:
    """What stands there is neither what was approved before nor what is now: somebody changed it there."""

    number: int
    name: str
    approved: Any
    wanted: Any
    theirs: Any

    def as_data(self) -> dict[str, Any]:
        """As history tells changes: the field's path, before, wanted and what stands there."""
        path = f"instalments.{self.number - 1}.{self.name}"
        return {
            "field": path,
            "old": _plain(self.theirs),
            "new": _plain(self.wanted),
            "approved": _plain(self.approved),
        }


@dataclass
class Plan:
    patches: list[Patch] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)


def plan(
    old: Expected,
    new: Expected,
    standing: Mapping[int, Standing],
    *,
    known: Collection[tuple[str, str]] = (),
    taken: Collection[str] = (),
) -> Plan:
    """What to send now. `known`: (field path, value there) that a person let stand, or said to write over.

    `taken`: instalments for which Conta Azul took our change already; what still isn't so there is left to a person.
    What is paid, even in part, or closed otherwise, is never changed by us.
    """
    found = Plan()
    if len(old.instalments) != len(new.instalments):
        return found
    lowering: list[Patch] = []
    for before, after in zip(old.instalments, new.instalments, strict=True):
        there = standing.get(after.number)
        if there is None or there.status != Status.OPEN or there.remote_id in taken or there.version is None:
            continue
        wanted: dict[str, Any] = {}
        for name, was, to_be in _fields(old, new, before, after):
            theirs = there.value(name)
            if theirs is None or same(theirs, to_be):
                continue
            path = f"instalments.{after.number - 1}.{name}"
            if was and not same(theirs, was) and (path, str(_plain(theirs))) not in known:
                found.conflicts.append(Conflict(after.number, name, was, to_be, theirs))
            wanted[name] = to_be
        if wanted:
            patch = Patch(after.number, there.remote_id, there.version, wanted)
            (lowering if after.amount < before.amount else found.patches).append(patch)
    # What becomes less goes first: at no moment does more stand there than was approved.
    found.patches = lowering + found.patches
    return found


def _fields(old: Expected, new: Expected, before: Part, after: Part) -> Iterator[tuple[str, Any, Any]]:
    """What the correction changes of an instalment: name, old, new; nothing that isn't known or can't be sent."""
    rows: Sequence[tuple[str, Any, Any]] = (
        ("due_date", before.due_date, after.due_date),
        ("amount", before.amount, after.amount),
        ("bank_account_name", old.bank_account, new.bank_account),
        ("payment_method", old.method, new.method),
        ("description", before.description, after.description),
    )
    return (row for row in rows if row[2] and not same(row[1], row[2]))


def same(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.split() == other.split()
    return bool(one == other)


def left(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of `changes`, what a person has to do in Conta Azul."""
    return [row for row in rows if row["how"] == How.THERE]


def not_here(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Of `changes`, all that Conta Azul has to show in the end, whoever makes it."""
    return [row for row in rows if row["how"] != How.HERE]


def _plain(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else str(value)
