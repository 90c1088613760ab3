"""What stands in Conta Azul against what was approved. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from alcada.directory.documents import normalise_name
from alcada.ledger.models import Difference, Status
from alcada.ledger.seen import Seen

Kind = Difference.Kind
Name = Callable[[str], str]  # of an id of theirs
# A state in which the account's books say something that nobody here approved.
UNAPPROVED: Final = (Status.LOST, Status.RENEGOTIATED, Status.CANCELLED)


@dataclass(frozen=True)
class Compared:
    """One thing compared. `same` False: a difference, from `approved` to `theirs`. Number 0: of the whole entry.

    `key` names theirs where `theirs` is only what it is called.
    """

    number: int
    kind: Kind
    same: bool
    approved: str = ""
    theirs: str = ""
    key: str = ""


@dataclass(frozen=True)
class Share:
    category: str
    category_name: str
    cost_centre: str  # "" for none
    cost_centre_name: str
    amount: Decimal


@dataclass(frozen=True)
class Part:
    number: int
    due_date: date
    amount: Decimal
    description: str


@dataclass(frozen=True)
class Expected:
    """What was approved, in the account's own ids; an empty id is one that we don't know, and is not compared.

    Nor are empty words: an entry that a person typed there has their own, and no reference of ours.
    """

    party: str
    party_name: str
    description: str
    reference: str
    competence_date: date
    bank_account: str
    bank_account_name: str
    method: str
    shares: tuple[Share, ...]
    instalments: tuple[Part, ...]
    # The value was corrected: what the entry there is split by may still make up the old one, and is compared too.
    revalued: bool = False

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> "Expected":
        """From `EntryState.expected`."""
        return cls(
            party=data["party"],
            party_name=data["party_name"],
            description=data["description"],
            reference=data["reference"],
            competence_date=date.fromisoformat(data["competence_date"]),
            bank_account=data["bank_account"],
            bank_account_name=data["bank_account_name"],
            method=data["method"],
            shares=tuple(Share(**{**row, "amount": Decimal(row["amount"])}) for row in data["shares"]),
            instalments=tuple(
                Part(
                    row["number"],
                    date.fromisoformat(row["due_date"]),
                    Decimal(row["amount"]),
                    row["description"],
                )
                for row in data["instalments"]
            ),
            revalued=bool(data.get("revalued")),
        )

    def part(self, number: int) -> Part | None:
        """None: a correction left it out, and it still stands there."""
        return next((part for part in self.instalments if part.number == number), None)


def compare(expected: Expected, seen: Mapping[int, Seen], name: Name) -> list[Compared]:
    """All that the seen instalments (by our number) tell, compared. What they don't tell is not in the answer."""
    found = [
        row
        for number, one in seen.items()
        if (part := expected.part(number))
        for row in _instalment(part, expected, one, name)
    ]
    entry: dict[Kind, Compared] = {}
    for one in seen.values():
        for row in _entry(expected, one, name):
            entry[row.kind] = row
    return found + list(entry.values())


def _instalment(part: Part, expected: Expected, seen: Seen, name: Name) -> Iterator[Compared]:
    number = part.number
    if seen.amount is not None:
        same = seen.amount == part.amount
        yield Compared(number, Kind.AMOUNT, same, f"{part.amount:.2f}", f"{seen.amount:.2f}")
    if seen.due_date is not None:
        same = seen.due_date == part.due_date
        yield Compared(number, Kind.DUE_DATE, same, part.due_date.isoformat(), seen.due_date.isoformat())
    if seen.description is not None and part.description:
        same = _text(seen.description) == _text(part.description)
        yield Compared(number, Kind.DESCRIPTION, same, part.description, seen.description)
    lost = seen.status in UNAPPROVED
    yield Compared(number, Kind.STATUS, not lost, Status.OPEN.value, seen.status.value)
    if seen.status != Status.OPEN:
        return  # a payment may go through another account, in another way: that is no edit
    if seen.account and expected.bank_account:
        same = seen.account == expected.bank_account
        yield Compared(
            number, Kind.ACCOUNT, same, expected.bank_account_name, name(seen.account), seen.account
        )
    if seen.method and expected.method:
        yield Compared(number, Kind.METHOD, seen.method == expected.method, expected.method, seen.method)


def _entry(expected: Expected, seen: Seen, name: Name) -> Iterator[Compared]:
    if seen.party and expected.party:
        same = seen.party == expected.party
        yield Compared(0, Kind.PARTY, same, expected.party_name, name(seen.party), seen.party)
    elif seen.party and normalise_name(name(seen.party)) == normalise_name(expected.party_name):
        # A correction named one that the account did not have then: a person made them there, under that name.
        yield Compared(0, Kind.PARTY, True)
    if seen.competence_date is not None:
        same = seen.competence_date == expected.competence_date
        old, new = expected.competence_date.isoformat(), seen.competence_date.isoformat()
        yield Compared(0, Kind.COMPETENCE, same, old, new)
    if seen.entry_description is not None and expected.description:
        same = _text(seen.entry_description) == _text(expected.description)
        yield Compared(0, Kind.DESCRIPTION, same, expected.description, seen.entry_description)
    if seen.reference is not None and expected.reference:
        same = seen.reference == expected.reference
        yield Compared(0, Kind.REFERENCE, same, expected.reference, seen.reference)
    yield from _split(expected, seen, name)


def _split(expected: Expected, seen: Seen, name: Name) -> Iterator[Compared]:
    shares = expected.shares
    if not shares or any(not share.category for share in shares):
        return
    categories = {share.category: share.category_name for share in shares}
    centres = {share.cost_centre: share.cost_centre_name for share in shares if share.cost_centre}
    same_names = True
    if seen.categories is not None:
        same = seen.categories == set(categories)
        same_names = same_names and same
        theirs = _list(map(name, seen.categories))
        yield Compared(0, Kind.CATEGORY, same, _list(categories.values()), theirs, _list(seen.categories))
    if seen.cost_centres is not None and all(
        share.cost_centre or not share.cost_centre_name for share in shares
    ):
        same = seen.cost_centres == set(centres)
        same_names = same_names and same
        yield Compared(
            0, Kind.COST_CENTRE, same, _list(centres.values()), _list(map(name, seen.cost_centres))
        )
    if seen.shares is None:
        return
    ours: dict[tuple[str, str], Decimal] = {}
    for share in shares:
        key = (share.category, share.cost_centre)
        ours[key] = ours.get(key, Decimal(0)) + share.amount
    # Another total is a difference of value, another name one of category: neither is told a second time.
    same_total = sum(ours.values()) == sum(seen.shares.values())
    comparable = same_names and (same_total or expected.revalued)
    same = not comparable or dict(seen.shares) == ours
    yield Compared(
        0, Kind.SPLIT, same, _shares(ours, name), _shares(seen.shares, name), _shares(seen.shares, str)
    )


def _shares(shares: Mapping[tuple[str, str], Decimal], name: Name) -> str:
    rows = [
        f"{name(category)}{f' / {name(centre)}' if centre else ''}: {amount:.2f}"
        for (category, centre), amount in shares.items()
    ]
    return "; ".join(sorted(rows))


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _text(text: str) -> str:
    return " ".join(text.split())
