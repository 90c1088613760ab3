"""What an account says of its categories, bank accounts, cost centres and people, as it was read."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from datetime import datetime

from alcada.directory.models import EntryKind


@dataclass(frozen=True)
class TheirCategory:
    """A leaf."""

    id: str
    kind: EntryKind
    name: str
    parent_name: str


@dataclass(frozen=True)
class TheirAccount:
    id: str
    name: str
    type: str
    active: bool
    usual: bool


@dataclass(frozen=True)
class TheirCostCentre:
    id: str
    code: str
    name: str
    active: bool


@dataclass(frozen=True)
class TheirPerson:
    id: str
    name: str
    active: bool
    profiles: tuple[str, ...]


@dataclass(frozen=True)
class Reading:
    """What the account said, and since when: what we got to know after that is not missing from it."""

    since: datetime
    categories: Sequence[TheirCategory]
    accounts: Sequence[TheirAccount]
    cost_centres: Sequence[TheirCostCentre]
    # Some of the people that ours are mapped to, and those of them that are surely not there any more.
    people: Sequence[TheirPerson] = ()
    people_gone: Set[str] = field(default_factory=frozenset)
