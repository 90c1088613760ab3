"""What is here already of the companies that a file names: read at once, whatever their number."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from alcada.connections import names
from alcada.connections.models import Connection, Prepared, Routing, RoutingRule
from alcada.connections.names import Names
from alcada.directory.models import Counterpart, Defaults, Theirs
from alcada.people.models import Company, Membership, Role, User


@dataclass
class World:
    companies: dict[str, Company]  # by document
    administered: set[int]
    connections: dict[int, list[Connection]]  # by company
    users: dict[str, User]  # by e-mail
    memberships: set[tuple[int, int, str]]  # user, company, role
    rules: dict[tuple[int, str], RoutingRule]  # by company and name
    tables: dict[int, Routing]
    defaults: dict[tuple[int, str], Defaults]  # by company and kind
    prepared: dict[tuple[int, str, str], Prepared]  # by company, kind and key
    names: dict[int, Names]
    theirs: dict[int, list[Theirs]]  # by connection
    counterparts: dict[tuple[int, str, int], Counterpart]  # by connection, kind and ours


def load(documents: Collection[str], emails: Collection[str], mapped: Collection[str], by: User) -> World:
    """`mapped`: the documents of companies that have mapping lines."""
    companies = {row.document: row for row in Company.objects.filter(document__in=documents)}
    ids = [row.pk for row in companies.values()]
    connections = defaultdict(list)
    for row in Connection.objects.filter(company__in=ids).order_by("id"):
        connections[row.company_id].append(row)
    users = {user.email: user for user in User.objects.filter(email__in=emails)}
    held = Membership.objects.filter(company__in=ids, user__in=[user.pk for user in users.values()])
    mine = Membership.objects.filter(company__in=ids, user=by, role=Role.ADMINISTRATOR)
    wanted = [companies[each].pk for each in mapped if each in companies]
    theirs = defaultdict(list)
    for one in Theirs.objects.filter(connection__company__in=wanted, active=True):
        theirs[one.connection_id].append(one)
    counterparts = {}
    for counterpart in Counterpart.objects.filter(connection__company__in=wanted, party=None):
        for kind in Theirs.Kind.values:
            if ours := getattr(counterpart, f"{kind}_id"):
                counterparts[counterpart.connection_id, kind, ours] = counterpart
    return World(
        companies=companies,
        administered=set(mine.values_list("company_id", flat=True)) if by.is_active else set(),
        connections=connections,
        users=users,
        memberships=set(held.values_list("user_id", "company_id", "role")),
        rules={(rule.company_id, rule.name): rule for rule in RoutingRule.objects.filter(company__in=ids)},
        tables={row.company_id: row for row in Routing.objects.filter(company__in=ids)},
        defaults={(row.company_id, row.kind): row for row in Defaults.objects.filter(company__in=ids)},
        prepared={
            (row.company_id, row.kind, row.key): row for row in Prepared.objects.filter(company__in=ids)
        },
        names=names.load(ids),
        theirs=theirs,
        counterparts=counterparts,
    )
