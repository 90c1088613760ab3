"""Our copy of an account's categories, bank accounts and cost centres, brought up to date by a reading.

Nothing is deleted: entries point at it. What is gone, or inactive there, becomes inactive here. An empty list
changes nothing: every account has categories and accounts, so that an empty answer is a fault rather than
news.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from alcada.connections.models import Connection
from alcada.directory import documents
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Defaults, EntryKind


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
class Reading:
    """What the account said, and since when: what we got to know after that is not missing from it."""

    since: datetime
    categories: Sequence[TheirCategory]
    accounts: Sequence[TheirAccount]
    cost_centres: Sequence[TheirCostCentre]


def apply(connection: Connection, reading: Reading) -> Counter[str]:
    """Write the reading, in the caller's transaction; return what changed, counted by name."""
    changes: Counter[str] = Counter()
    if reading.categories:
        _categories(connection, reading, changes)
    if reading.accounts:
        _accounts(connection, reading, changes)
    _cost_centres(connection, reading, changes)
    return changes


def _categories(connection: Connection, reading: Reading, changes: Counter[str]) -> None:
    known = {
        row.remote_id: row
        for row in connection.counterparts.filter(category__isnull=False).select_related("category")
    }
    taken = {row.category_id for row in known.values()}
    free = [
        row for row in Category.objects.filter(company_id=connection.company_id) if row.pk not in taken
    ]  # from another of the company's accounts
    for theirs in reading.categories:
        row = known.get(theirs.id)
        ours = row.category if row else _same_category(free, theirs)
        if ours is None:
            ours = Category(company_id=connection.company_id, kind=theirs.kind)
            changes["categories_added"] += 1
        elif (ours.name, ours.parent_name) != (theirs.name, theirs.parent_name):
            changes["categories_renamed"] += 1
        elif not ours.active:
            changes["categories_back"] += 1
        ours.name, ours.parent_name, ours.active = theirs.name, theirs.parent_name, True
        ours.save()
        row = row or Counterpart(connection=connection, category=ours, remote_id=theirs.id)
        _seen(row, theirs.name)
    for row in _missing(known, {theirs.id for theirs in reading.categories}, reading.since):
        _gone(row)
        if row.category and not row.category.counterparts.filter(active=True).exists():
            row.category.active = False
            row.category.save(update_fields=["active"])
        changes["categories_gone"] += 1


def _same_category(free: list[Category], theirs: TheirCategory) -> Category | None:
    """Ours, from another of the company's accounts: same kind and name, and parent if there is a choice."""
    same = [row for row in free if (row.kind, row.name) == (theirs.kind, theirs.name)]
    same.sort(key=lambda row: row.parent_name != theirs.parent_name)
    if not same:
        return None
    free.remove(same[0])
    return same[0]


def _accounts(connection: Connection, reading: Reading, changes: Counter[str]) -> None:
    known = {
        row.remote_id: row
        for row in connection.counterparts.filter(bank_account__isnull=False).select_related("bank_account")
    }
    taken = {row.bank_account_id for row in known.values() if row.bank_account_id is not None}
    free = {
        row.name: row
        for row in BankAccount.objects.filter(company_id=connection.company_id).exclude(pk__in=taken)
    }
    active = [theirs for theirs in reading.accounts if theirs.active]
    for theirs in active:
        row = known.get(theirs.id)
        ours = row.bank_account if row else free.pop(theirs.name, None)
        if ours is None:
            ours = BankAccount(company_id=connection.company_id)
            changes["accounts_added"] += 1
        elif ours.name != theirs.name:
            changes["accounts_renamed"] += 1
        elif not ours.active:
            changes["accounts_back"] += 1
        ours.name, ours.type, ours.is_default, ours.active = theirs.name, theirs.type, theirs.usual, True
        ours.save()
        row = row or Counterpart(connection=connection, bank_account=ours, remote_id=theirs.id)
        _seen(row, theirs.name)
        if theirs.usual:
            _use_by_default(connection, ours)
    for row in _missing(known, {theirs.id for theirs in active}, reading.since):
        _gone(row)
        if row.bank_account and not row.bank_account.counterparts.filter(active=True).exists():
            row.bank_account.active = False
            row.bank_account.save(update_fields=["active"])
        changes["accounts_gone"] += 1


def _use_by_default(connection: Connection, account: BankAccount) -> None:
    """Their usual account is ours, until somebody chooses another."""
    for kind in EntryKind:
        if kind == EntryKind.PAYABLE and not account.takes_payables:
            continue
        row, _created = Defaults.objects.get_or_create(company_id=connection.company_id, kind=kind)
        if row.bank_account_id is None:
            row.bank_account = account
            row.save(update_fields=["bank_account"])


def _cost_centres(connection: Connection, reading: Reading, changes: Counter[str]) -> None:
    known = {
        row.remote_id: row
        for row in connection.counterparts.filter(cost_centre__isnull=False).select_related("cost_centre")
    }
    ours_all = list(CostCentre.objects.filter(company_id=connection.company_id))
    mapped = {row.cost_centre_id for row in known.values()}
    # Active ones first: of two with one name, the one in use is the counterpart.
    for theirs in sorted(reading.cost_centres, key=lambda each: not each.active):
        row = known.get(theirs.id)
        if row is not None and row.cost_centre is not None:
            _follow_cost_centre(row, row.cost_centre, theirs, ours_all, changes)
        elif theirs.active:
            ours = _same_cost_centre(ours_all, theirs)
            if ours is None:
                ours = _new_cost_centre(connection, theirs)
                ours_all.append(ours)
                changes["cost_centres_added"] += 1
            elif ours.pk in mapped:
                continue  # theirs of the same name is there twice; ours is mapped to the first
            mapped.add(ours.pk)
            _seen(Counterpart(connection=connection, cost_centre=ours, remote_id=theirs.id), theirs.name)
    for row in _missing(known, {theirs.id for theirs in reading.cost_centres}, reading.since):
        _gone(row)
        _switch_cost_centre(row.cost_centre, False)
        changes["cost_centres_gone"] += 1


def _follow_cost_centre(
    row: Counterpart,
    ours: CostCentre,
    theirs: TheirCostCentre,
    others: list[CostCentre],
    changes: Counter[str],
) -> None:
    """A rename there renames ours; ours keeps its own name and state as long as theirs doesn't change."""
    name = theirs.name[:200]
    if row.remote_name != theirs.name and ours.name != name:
        normalised = _normalised(name)
        if not any(each.pk != ours.pk and each.normalised_name == normalised for each in others):
            ours.name, ours.normalised_name = name, normalised
            ours.save(update_fields=["name", "normalised_name"])
            changes["cost_centres_renamed"] += 1
    if row.active != theirs.active:
        _switch_cost_centre(ours, theirs.active)
        changes["cost_centres_back" if theirs.active else "cost_centres_gone"] += 1
    _seen(row, theirs.name, active=theirs.active)


def _same_cost_centre(ours_all: list[CostCentre], theirs: TheirCostCentre) -> CostCentre | None:
    """Ours, by code, else by name as names are compared."""
    for ours in ours_all:
        if theirs.code and ours.code == theirs.code:
            return ours
    normalised = _normalised(theirs.name)
    return next((ours for ours in ours_all if ours.normalised_name == normalised), None)


def _new_cost_centre(connection: Connection, theirs: TheirCostCentre) -> CostCentre:
    code = theirs.code if len(theirs.code) <= 20 else ""
    name = theirs.name[:200]
    return CostCentre.objects.create(
        company_id=connection.company_id, code=code, name=name, normalised_name=_normalised(name)
    )


def _switch_cost_centre(ours: CostCentre | None, active: bool) -> None:
    if ours is not None and ours.active != active:
        ours.active = active
        ours.save(update_fields=["active"])


def _normalised(name: str) -> str:
    """A name of signs only is compared as it is."""
    return documents.normalise_name(name) or name.strip().lower()


def _missing(known: dict[str, Counterpart], seen: set[str], since: datetime) -> list[Counterpart]:
    """Those that were not in the reading, and were known before it began."""
    return [row for id_, row in known.items() if id_ not in seen and row.active and row.seen_at < since]


def _gone(row: Counterpart) -> None:
    row.active = False
    row.save(update_fields=["active"])


def _seen(row: Counterpart, name: str, *, active: bool = True) -> None:
    row.remote_name, row.active, row.seen_at = name[:255], active, timezone.now()
    row.save()
