"""Our copy of an account's categories, bank accounts and cost centres, brought up to date by a reading.

Nothing is deleted: entries point at it. What is gone, or inactive there, becomes inactive here. An empty list
changes nothing: every account has categories and accounts, so that an empty answer is a fault rather than
news.

Ours are shared by the company's accounts, so one account alone does not decide: a name of ours follows theirs once all
accounts that have it agree, and ours goes out of use when none has it any more. One of theirs is made ours, or matched
with ours by name, the first time that it is seen; from then on the mapping (by id) is people's.
"""

from collections import Counter
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q

from alcada.connections import mirror_people
from alcada.connections.mirror_rows import Alarm, Rows, normalised, renamed_everywhere
from alcada.connections.models import Connection
from alcada.connections.reading import Reading, TheirAccount, TheirCategory, TheirCostCentre
from alcada.directory.models import (
    BankAccount,
    Category,
    CostCentre,
    Counterpart,
    Defaults,
    EntryKind,
    Theirs,
)

Match, Trouble = Counterpart.Match, Counterpart.Trouble


@dataclass
class Applied:
    """What a reading changed: counted by name, and what of that somebody has to know."""

    changes: Counter[str] = field(default_factory=Counter)
    alarms: list[Alarm] = field(default_factory=list)


def apply(connection: Connection, reading: Reading) -> Applied:
    """Write the reading, in the caller's transaction."""
    applied = Applied()
    if reading.categories:
        _categories(connection, reading, applied)
    if reading.accounts:
        _accounts(connection, reading, applied)
    _cost_centres(connection, reading, applied)
    mirror_people.apply(connection, reading, applied.alarms)
    return applied


def _categories(connection: Connection, reading: Reading, applied: Applied) -> None:
    rows = Rows(connection, Theirs.Kind.CATEGORY, reading.since)
    fresh = rows.keep(
        Theirs(remote_id=one.id, name=one.name, parent_name=one.parent_name, type=one.kind)
        for one in reading.categories
    )
    free = list(Category.objects.filter(company_id=connection.company_id).exclude(pk__in=rows.taken))
    for theirs in reading.categories:
        if theirs.id in rows.known:
            _follow_category(rows, theirs, applied)
        elif theirs.id in fresh:
            ours = _same_category(free, theirs)
            match = Match.NAME if ours else Match.FETCHED
            if ours is None:
                ours = Category(company_id=connection.company_id, kind=theirs.kind)
                ours.name, ours.parent_name = theirs.name, theirs.parent_name
                ours.save()
                applied.changes["categories_added"] += 1
            _in_use(ours)
            rows.add(ours, theirs.id, theirs.name, match, parent=theirs.parent_name)
    for row in rows.missing({theirs.id for theirs in reading.categories}):
        rows.lost(row, Trouble.MISSING)
        _out_of_use(row.category)
        applied.changes["categories_gone"] += 1
    applied.alarms.extend(rows.finish())


def _follow_category(rows: Rows, theirs: TheirCategory, applied: Applied) -> None:
    for row in rows.known[theirs.id]:
        ours, before = row.category, (row.remote_name, row.remote_parent)
        back = rows.seen(row, theirs.name, parent=theirs.parent_name)
        if ours is None or row.removed_at:
            continue
        renamed = False
        if ours.name == before[0] != theirs.name and renamed_everywhere(row, "remote_name"):
            ours.name, renamed = theirs.name, True
        if ours.parent_name == before[1] != theirs.parent_name and renamed_everywhere(row, "remote_parent"):
            ours.parent_name, renamed = theirs.parent_name, True
        if renamed:
            ours.save(update_fields=["name", "parent_name"])
        applied.changes["categories_renamed"] += before[0] not in ("", theirs.name) or renamed
        applied.changes["categories_back"] += back and _in_use(ours)


def _same_category(free: list[Category], theirs: TheirCategory) -> Category | None:
    """Ours, from another of the company's accounts: same kind and name, and parent if there is a choice."""
    name = normalised(theirs.name)
    same = [row for row in free if row.kind == theirs.kind and normalised(row.name) == name]
    same.sort(key=lambda row: (row.name != theirs.name, row.parent_name != theirs.parent_name))
    if not same:
        return None
    free.remove(same[0])
    return same[0]


def _accounts(connection: Connection, reading: Reading, applied: Applied) -> None:
    rows = Rows(connection, Theirs.Kind.BANK_ACCOUNT, reading.since)
    fresh = rows.keep(
        Theirs(remote_id=one.id, name=one.name, type=one.type, usual=one.usual, active=one.active)
        for one in reading.accounts
    )
    free = list(BankAccount.objects.filter(company_id=connection.company_id).exclude(pk__in=rows.taken))
    for theirs in reading.accounts:
        if theirs.id in rows.known:
            _follow_account(rows, theirs, applied)
        elif theirs.id in fresh and theirs.active:
            ours = _same_account(free, theirs)
            match = Match.NAME if ours else Match.FETCHED
            if ours is None:
                ours = BankAccount(company_id=connection.company_id, name=theirs.name, type=theirs.type)
                ours.save()
                applied.changes["accounts_added"] += 1
            _in_use(ours)
            rows.add(ours, theirs.id, theirs.name, match)
            if theirs.usual:
                _use_by_default(connection, ours)
    for row in rows.missing({theirs.id for theirs in reading.accounts}):
        rows.lost(row, Trouble.MISSING)
        _out_of_use(row.bank_account)
        applied.changes["accounts_gone"] += 1
    applied.alarms.extend(rows.finish())
    _mark_usual(connection)


def _follow_account(rows: Rows, theirs: TheirAccount, applied: Applied) -> None:
    for row in rows.known[theirs.id]:
        ours, before = row.bank_account, row.remote_name
        if not theirs.active:
            if rows.lost(row, Trouble.INACTIVE, theirs.name):
                _out_of_use(ours)
                applied.changes["accounts_gone"] += 1
            continue
        back = rows.seen(row, theirs.name)
        if ours is None or row.removed_at:
            continue
        if ours.name == before != theirs.name and renamed_everywhere(row, "remote_name"):
            ours.name = theirs.name
            ours.save(update_fields=["name"])
        applied.changes["accounts_renamed"] += before not in ("", theirs.name)
        applied.changes["accounts_back"] += back and _in_use(ours)


def _same_account(free: list[BankAccount], theirs: TheirAccount) -> BankAccount | None:
    """Ours of the same name, and no card account for a current account: what may be paid from it differs."""
    kind = BankAccount(type=theirs.type).takes_payables
    same = [
        row for row in free if normalised(row.name) == normalised(theirs.name) and row.takes_payables == kind
    ]
    same.sort(key=lambda row: (row.name != theirs.name, row.pk))
    if not same:
        return None
    free.remove(same[0])
    return same[0]


def _mark_usual(connection: Connection) -> None:
    """Usual is what any of the company's accounts calls so, whichever was read last."""
    named = Theirs.objects.filter(
        connection=OuterRef("connection"),
        remote_id=OuterRef("remote_id"),
        kind=Theirs.Kind.BANK_ACCOUNT,
        usual=True,
        active=True,
    )
    rows = Counterpart.objects.filter(Exists(named), bank_account=OuterRef("pk"), active=True)
    ours = BankAccount.objects.filter(company_id=connection.company_id).annotate(usual=Exists(rows))
    ours.filter(usual=True, is_default=False).update(is_default=True)
    ours.filter(usual=False, is_default=True).update(is_default=False)


def _use_by_default(connection: Connection, account: BankAccount) -> None:
    """Their usual account is ours, until somebody chooses another."""
    for kind in EntryKind:
        if kind == EntryKind.PAYABLE and not account.takes_payables:
            continue
        row, _created = Defaults.objects.get_or_create(company_id=connection.company_id, kind=kind)
        if row.bank_account_id is None:
            row.bank_account = account
            row.save(update_fields=["bank_account"])


def _cost_centres(connection: Connection, reading: Reading, applied: Applied) -> None:
    rows = Rows(connection, Theirs.Kind.COST_CENTRE, reading.since)
    fresh = rows.keep(
        Theirs(remote_id=one.id, name=one.name, code=one.code, active=one.active)
        for one in reading.cost_centres
    )
    ours_all = list(CostCentre.objects.filter(company_id=connection.company_id))
    # Active ones first: of two with one name, the one in use is the counterpart.
    for theirs in sorted(reading.cost_centres, key=lambda each: not each.active):
        if theirs.id in rows.known:
            _follow_cost_centre(rows, theirs, ours_all, applied)
        elif theirs.active and theirs.id in fresh:
            ours, match = _same_cost_centre(ours_all, theirs)
            if ours is None:
                ours = _new_cost_centre(connection, theirs)
                ours_all.append(ours)
                applied.changes["cost_centres_added"] += 1
            elif ours.pk in rows.taken:
                continue  # theirs of the same name is there twice; ours is mapped to the first
            rows.add(ours, theirs.id, theirs.name, match)
    for row in rows.missing({theirs.id for theirs in reading.cost_centres}):
        rows.lost(row, Trouble.MISSING)
        _out_of_use(row.cost_centre)
        applied.changes["cost_centres_gone"] += 1
    applied.alarms.extend(rows.finish())


def _follow_cost_centre(
    rows: Rows, theirs: TheirCostCentre, others: list[CostCentre], applied: Applied
) -> None:
    for row in rows.known[theirs.id]:
        ours, before = row.cost_centre, row.remote_name
        if not theirs.active:
            if rows.lost(row, Trouble.INACTIVE, theirs.name):
                _out_of_use(ours)
                applied.changes["cost_centres_gone"] += 1
            continue
        back = rows.seen(row, theirs.name)
        if ours is None or row.removed_at:
            continue
        if ours.name == before[:200] and before != theirs.name and renamed_everywhere(row, "remote_name"):
            _rename_cost_centre(ours, theirs.name[:200], others)
        applied.changes["cost_centres_renamed"] += before not in ("", theirs.name)
        applied.changes["cost_centres_back"] += back and _in_use(ours)


def _rename_cost_centre(ours: CostCentre, name: str, others: list[CostCentre]) -> None:
    key = normalised(name)
    if not any(each.pk != ours.pk and each.normalised_name == key for each in others):
        ours.name, ours.normalised_name = name, key
        ours.save(update_fields=["name", "normalised_name"])


def _same_cost_centre(
    ours_all: list[CostCentre], theirs: TheirCostCentre
) -> tuple[CostCentre | None, Counterpart.Match]:
    """Ours, by code, else by name as names are compared; and why that one."""
    for ours in ours_all:
        if theirs.code and ours.code == theirs.code:
            return ours, Match.CODE
    key = normalised(theirs.name)
    found = next((ours for ours in ours_all if ours.normalised_name == key), None)
    return found, Match.NAME if found else Match.FETCHED


def _new_cost_centre(connection: Connection, theirs: TheirCostCentre) -> CostCentre:
    code = theirs.code if len(theirs.code) <= 20 else ""
    name = theirs.name[:200]
    return CostCentre.objects.create(
        company_id=connection.company_id, code=code, name=name, normalised_name=normalised(name)
    )


def _in_use(ours: Category | BankAccount | CostCentre) -> bool:
    """It may be chosen again; False when it could be all the time."""
    changed = not ours.active
    if changed:
        ours.active = True
        ours.save(update_fields=["active"])
    return changed


def _out_of_use(ours: Category | BankAccount | CostCentre | None) -> None:
    """Where no account has it any more; the row that is lost is not saved yet, and is left out by its trouble."""
    if ours is None or not ours.active:
        return
    still = ours.counterparts.filter(Q(active=True)).exists()
    if not still:
        ours.active = False
        ours.save(update_fields=["active"])
