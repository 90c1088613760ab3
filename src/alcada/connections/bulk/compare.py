"""Does a rule, a usual value or a mapping of the file stand already, does it wait, or can it never be?"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from alcada.connections import names, prepared_rules
from alcada.connections.bulk.lines import MappingLine, RuleLine
from alcada.connections.bulk.world import World
from alcada.connections.mapping import fits
from alcada.connections.models import Connection, Prepared
from alcada.connections.names import CATEGORY_OF, Names, NotFoundError
from alcada.directory.models import BankAccount, EntryKind
from alcada.people.models import Company

Kind = Prepared.Kind
USUAL_COLUMNS: Final = {
    "payable_category": "payable_category",
    "receivable_category": "receivable_category",
    "cost_centre": "usual_cost_centre",
    "bank_account": "usual_bank_account",
}


@dataclass(frozen=True)
class State:
    """How something of the file stands to what is here."""

    stands: bool = False  # it is so already
    exists: bool = False  # there is something else in its place
    waits: bool = False  # until an account was fetched
    asked: bool = False  # it waits already, for the same
    problem: str = ""  # it can't be: a code
    name: str = ""  # the name that is in the way
    column: str = ""


def usual(world: World, company: Company | None, fetched: bool, register: str, name: str) -> State:
    before = _prepared(world, company, Kind.USUAL, register)
    try:
        thing = _names(world, company).find(register, name)  # type: ignore[arg-type]
    except NotFoundError as error:
        return _absent(error, fetched, before, {"name": name}, USUAL_COLUMNS[register])
    assert company is not None
    kinds: Sequence[EntryKind] = [CATEGORY_OF[register]] if register in CATEGORY_OF else list(EntryKind)
    field = "category" if register in CATEGORY_OF else register
    if isinstance(thing, BankAccount) and not thing.takes_payables:
        kinds = [EntryKind.RECEIVABLE]
    rows = [world.defaults.get((company.pk, kind)) for kind in kinds]
    now = [getattr(row, f"{field}_id") if row else None for row in rows]
    return State(stands=all(each == thing.pk for each in now), exists=any(now))


def rule(
    world: World, company: Company | None, fetched: bool, account: Connection | None, key: str, asks: RuleLine
) -> State:
    before = _prepared(world, company, Kind.RULE, key)
    if key == prepared_rules.DEFAULT_KEY:
        return _default(world, company, account, asks)
    try:
        rows = prepared_rules.conditions(asks.content, _names(world, company))
    except NotFoundError as error:
        column = "category" if error.code.endswith("category") else "cost_centre"
        same_target = before is not None and before.connection_id == (account.pk if account else None)
        return _absent(error, fetched, before if same_target else None, asks.content, column)
    found = world.rules.get((company.pk, key)) if company else None
    same_place = before is not None and before.content.get("order") == asks.order
    made_already = account is not None or asks.refusal != ""
    stands = made_already and same_place and prepared_rules.stands(found, rows, account, asks.refusal)
    return State(stands=stands, exists=found is not None)


def mapping(
    world: World, company: Company | None, fetched: bool, account: Connection | None, asks: MappingLine
) -> State:
    known = _names(world, company)
    key = f"{asks.register}:{account.name.casefold()}:{asks.here.casefold()}" if account else ""
    before = _prepared(world, company, Kind.MAPPING, key)
    content = {"register": asks.register, "here": asks.here, "there": asks.there}
    there = account is not None and account.directory_synced_at is not None
    try:
        theirs = names.theirs(world.theirs[account.pk] if account else (), asks.register, asks.there)
    except NotFoundError as error:
        return _absent(error, there, before, content, "there")
    try:
        ours = known.find(asks.register, asks.here)  # type: ignore[arg-type]
    except NotFoundError as error:
        return _absent(error, fetched, before, content, "here")
    if not fits(ours, theirs):
        return State(problem="not_fitting", name=asks.there, column="there")
    assert account is not None
    row = world.counterparts.get((account.pk, names.kind_of(asks.register), ours.pk))
    stands = (
        row is not None and row.active and row.confirmed_at is not None and row.remote_id == theirs.remote_id
    )
    return State(stands=stands, exists=True)


def _default(world: World, company: Company | None, account: Connection | None, asks: RuleLine) -> State:
    table = world.tables.get(company.pk) if company else None
    if table is None:
        return State()
    same = table.default_connection_id == (account.pk if account else None)
    chosen = table.default_connection_id is not None or table.default_refusal != ""
    known = (
        account is not None or asks.refusal != ""
    )  # an account that the file makes is nobody's default yet
    return State(stands=known and same and table.default_refusal == asks.refusal, exists=chosen)


def _absent(
    error: NotFoundError, fetched: bool, before: Prepared | None, content: dict[str, Any], column: str
) -> State:
    """A name that is not there: wrong where everything was fetched, else it waits."""
    if fetched or error.code.startswith("several"):
        return State(problem=error.code, name=error.name, column=column)
    same = before is not None and before.done_at is None and before.content == content
    return State(waits=True, asked=same, exists=before is not None, name=error.name, column=column)


def _names(world: World, company: Company | None) -> Names:
    return world.names[company.pk] if company else Names()


def _prepared(world: World, company: Company | None, kind: Kind, key: str) -> Prepared | None:
    return world.prepared.get((company.pk, kind, key)) if company else None
