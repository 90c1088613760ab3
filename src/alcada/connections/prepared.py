"""What a bulk set-up prepared is done as soon as the names in it are known: at once, or at an account's first fetch.

What can't be done says why, and stays until a person gives it up, or the file says otherwise. A rule that waits holds
back no other: it names what no entry can have yet.
"""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from alcada.connections import names, prepared_rules
from alcada.connections.mapping_actions import NotThereError, choose_listed
from alcada.connections.models import Connection, Prepared
from alcada.connections.names import CATEGORY_OF, Names, NotFoundError
from alcada.connections.routing_actions import RoutingError, RulesChangedError
from alcada.directory.actions import DirectoryError, Usual, set_defaults
from alcada.directory.models import BankAccount, Category, CostCentre, Defaults, EntryKind
from alcada.history.actions import record
from alcada.people.models import Company, User

Kind = Prepared.Kind


def settle(company: Company) -> None:
    """Do what can be done by now; note of the rest what is in its way, or that it waits."""
    settle_all([company], lambda _done: None)


def settle_all(companies: Sequence[Company], report: Callable[[int], None]) -> None:
    """As `settle`, for many at once; `report` is told how many settings are through."""
    with transaction.atomic():
        undone = Prepared.objects.select_for_update(of=("self",)).filter(company__in=companies, done_at=None)
        items = list(undone.select_related("company", "connection", "created_by").order_by("company", "id"))
        ids = {item.company_id for item in items}
        known = names.load(ids)
        unfetched: dict[int, set[int]] = {pk: set() for pk in ids}
        for pk, of in Connection.objects.filter(company__in=ids, directory_synced_at=None).values_list(
            "pk", "company_id"
        ):
            unfetched[of].add(pk)
        through = 0
        for company_id, group in groupby(items, key=lambda item: item.company_id):
            whole = list(group)
            rules = [
                item
                for item in whole
                if _settle(item, known[company_id], unfetched[company_id]) and item.kind == Kind.RULE
            ]
            if rules:
                prepared_rules.put_in_order(rules[-1].company, rules[-1].created_by)
            through += len(whole)
            report(through)


def drop(company: Company, pk: int, *, by: User) -> bool:
    """Give up one that is not done; False where there is none."""
    with transaction.atomic():
        item = Prepared.objects.select_for_update().filter(company=company, pk=pk, done_at=None).first()
        if item is None:
            return False
        data = {"kind": item.kind, "key": item.key, "content": item.content}
        item.delete()
        record("setup.dropped", company, by=by, company=company, data=data)
    return True


def undone(connection: Connection) -> list[Prepared]:
    """What waits for this account or its company, or could not be done."""
    found = Prepared.objects.filter(company_id=connection.company_id, done_at=None)
    return [item for item in found if item.connection_id in (None, connection.pk)]


def troubled(companies: QuerySet[Company]) -> QuerySet[Connection]:
    """The connections whose pages tell of something that could not be done; of a company's own, its first one."""
    stuck = Prepared.objects.filter(done_at=None).exclude(problem={})
    of_company = stuck.filter(company=OuterRef("company"), connection=None)
    earlier = Connection.objects.filter(company=OuterRef("company"), pk__lt=OuterRef("pk"))
    found = Connection.objects.filter(company__in=companies.values("pk")).select_related("company")
    mine = Exists(stuck.filter(connection=OuterRef("pk")))
    return found.filter(mine | (Exists(of_company) & ~Exists(earlier))).order_by(
        "company__name", "name", "pk"
    )


def _settle(item: Prepared, known: Names, unfetched: set[int]) -> bool:
    problem: dict[str, Any] = {}
    try:
        write = _resolved(item, known)
        with transaction.atomic():
            write()
    except NotFoundError as error:
        if not _waits(item, error, unfetched):
            problem = {"code": error.code, "name": error.name}
    except RulesChangedError:
        pass  # somebody is changing them right now: at the next fetch
    except NotThereError:  # of another kind than ours, such as an account that takes no payables
        problem = {"code": "not_fitting", "name": item.content["there"]}
    except (RoutingError, DirectoryError) as error:
        problem = {"code": "refused", "words": error.message}
    else:
        Prepared.objects.filter(pk=item.pk).update(done_at=Now(), problem={})
        return True
    if problem != item.problem:
        Prepared.objects.filter(pk=item.pk).update(problem=problem)
    return False


def _waits(item: Prepared, error: NotFoundError, unfetched: set[int]) -> bool:
    """May it be there after a fetch that has not been yet? Theirs only in the account that the mapping is of."""
    if error.code.startswith("several"):
        return False
    if error.code == "not_there":
        return item.connection_id in unfetched
    return bool(unfetched)


def _resolved(item: Prepared, known: Names) -> Callable[[], None]:
    """What is to be written once all that it names is known. Raises NotFoundError before anything is."""
    if item.kind == Kind.RULE:
        return prepared_rules.resolved(item, known)
    return _usual(item, known) if item.kind == Kind.USUAL else _mapping(item, known)


def _usual(item: Prepared, known: Names) -> Callable[[], None]:
    thing = known.find(item.key, item.content["name"])  # type: ignore[arg-type]
    kinds = [CATEGORY_OF[item.key]] if item.key in CATEGORY_OF else list(EntryKind)

    def write() -> None:
        for kind in kinds:
            if isinstance(thing, BankAccount) and kind == EntryKind.PAYABLE and not thing.takes_payables:
                continue
            row = Defaults.objects.filter(company=item.company, kind=kind).first()
            before = Usual(row.category, row.cost_centre, row.bank_account) if row else Usual()
            after = Usual(
                thing if isinstance(thing, Category) else before.category,
                thing if isinstance(thing, CostCentre) else before.cost_centre,
                thing if isinstance(thing, BankAccount) else before.bank_account,
            )
            if after != before:
                set_defaults(item.company, kind, after, by=item.created_by)

    return write


def _mapping(item: Prepared, known: Names) -> Callable[[], None]:
    """Ours is called so there: by the id of what the account's last fetch showed under that name."""
    assert item.connection is not None
    connection, register = item.connection, item.content["register"]
    listed = connection.theirs.filter(kind=names.kind_of(register), active=True)
    theirs = names.theirs(listed, register, item.content["there"])
    ours = known.find(register, item.content["here"])
    return lambda: choose_listed(connection, ours, theirs.remote_id, seen=None, by=item.created_by)
