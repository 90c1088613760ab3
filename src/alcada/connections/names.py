"""What the names in a bulk set-up mean in a company's directory: a category, a cost centre, a bank account."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from alcada.connections.mirror_rows import normalised
from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind, Theirs

Register = Literal["payable_category", "receivable_category", "category", "cost_centre", "bank_account"]
Thing = Category | CostCentre | BankAccount
CATEGORY_OF: Final[dict[str, EntryKind]] = {
    "payable_category": EntryKind.PAYABLE,
    "receivable_category": EntryKind.RECEIVABLE,
}


class NotFoundError(LookupError):
    """The directory has no such thing, or several. `code` says which and of what; `name` is what was asked for."""

    def __init__(self, code: str, name: str) -> None:
        super().__init__(code)
        self.code, self.name = code, name


@dataclass
class Names:
    """One company's directory, by name. A category goes by its own name, or by its group's and its own."""

    things: dict[tuple[str, str], list[Thing]] = field(default_factory=lambda: defaultdict(list))

    def add(self, thing: Thing) -> None:
        if isinstance(thing, Category):
            own = next(name for name, kind in CATEGORY_OF.items() if kind == thing.kind)
            for register in ("category", own):
                for name in {normalised(thing.name), normalised(f"{thing.parent_name} {thing.name}")}:
                    self.things[register, name].append(thing)
        elif isinstance(thing, CostCentre):
            for name in {
                normalised(thing.name),
                normalised(thing.code),
                normalised(f"{thing.code} {thing.name}"),
            }:
                self.things["cost_centre", name].append(thing)
        else:
            self.things["bank_account", normalised(thing.name)].append(thing)

    def find(self, register: Register, name: str) -> Thing:
        """The one that is meant. Raises NotFoundError."""
        found = self.things.get((register, normalised(name)), [])
        if len(found) == 1:
            return found[0]
        what = "category" if register.endswith("category") else register
        raise NotFoundError(f"several_{what}" if found else f"no_{what}", name)


def kind_of(register: str) -> str:
    """The kind of thing (`Theirs.Kind`) that a mapping's register names."""
    return "category" if register in CATEGORY_OF else register


def theirs(rows: Iterable[Theirs], register: str, name: str) -> Theirs:
    """The one of an account's own that is called so there, in use. Raises NotFoundError (not_there, several_there)."""
    wanted, kind = normalised(name), kind_of(register)
    type_ = CATEGORY_OF[register].value if register in CATEGORY_OF else ""
    found = [
        row
        for row in rows
        if row.kind == kind
        and row.active
        and (not type_ or row.type == type_)
        and wanted in (normalised(row.name), normalised(f"{row.parent_name} {row.name}"))
    ]
    if len(found) != 1:
        raise NotFoundError("several_there" if found else "not_there", name)
    return found[0]


def load(companies: Iterable[int]) -> dict[int, Names]:
    """The directories of these companies, what is in use of them."""
    ids = list(companies)
    found: dict[int, Names] = {pk: Names() for pk in ids}
    for model in (Category, CostCentre, BankAccount):
        for thing in model.objects.filter(company__in=ids, active=True):
            found[thing.company_id].add(thing)
    return found
