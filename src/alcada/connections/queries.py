"""Which account a company's entries go to, and how each connection is."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db import connection as database
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from alcada.connections import routing
from alcada.connections.models import (
    Application,
    AuthorisationRequest,
    Connection,
    ConsentLink,
    Routing,
    RoutingRule,
)
from alcada.connections.rules import explain, state_hash
from alcada.people.models import Company, User
from alcada.people.queries import companies_of


@dataclass(frozen=True)
class Table:
    """What decides for a company: its accounts, its rules in order, its default. `version` rises with each change."""

    accounts: dict[int, Connection]
    rules: list[RoutingRule]
    default: routing.Default
    version: int

    @property
    def sole(self) -> Connection | None:
        """The account that every entry goes to, whatever it says."""
        pk = routing.sole(self.rules, self.default, self.accounts)
        return self.accounts[pk] if pk is not None else None


@dataclass(frozen=True)
class Routed:
    """Where one entry goes and why (`choice`). No connection: nowhere; `choice` says why.

    The connection may need a person (authorise again, plan, paused): postings wait for it.
    """

    choice: routing.Choice
    connection: Connection | None
    account: str  # the chosen account's name, also of one that can't be used yet
    version: int
    sole: bool  # there was nothing to choose

    @property
    def told(self) -> dict[str, Any]:
        """For history, and to be kept with what was routed: plain values."""
        rule = self.choice.rule
        named = {"rule": rule.name, "number": rule.order} if rule else {}
        return {"by": self.choice.by, "account": self.account, "rules": self.version, **named}


def table(company: Company) -> Table:
    """The company's routing as it stands."""
    accounts = {row.pk: row for row in company.connections.accounts()}
    row = Routing.objects.filter(company=company).first()
    if row is None:
        return Table(accounts, [], routing.Default(), 0)
    rules = list(RoutingRule.objects.filter(company=company).select_related("connection").order_by("order"))
    default = routing.Default(row.default_connection_id, row.default_refusal)
    return Table(accounts, rules, default, row.version)


def route(company: Company, facts: routing.Facts, found: Table | None = None) -> Routed:
    """The connection that an entry with these facts is posted through, or why it is posted nowhere.

    `found` is the company's table where it was read already.
    """
    found = found or table(company)
    choice = routing.choose(found.rules, found.default, found.accounts, facts)
    chosen = found.accounts.get(choice.connection_id or 0)
    named = chosen or Connection.objects.filter(pk=choice.connection_id or 0).first()
    return Routed(
        choice=choice,
        connection=chosen,
        account=named.name if named else "",
        version=found.version,
        sole=found.sole is not None,
    )


def undecided(companies: QuerySet[Company]) -> QuerySet[Company]:
    """Those with several accounts, where an entry that no rule takes would be refused because nothing was chosen."""
    accounts = Count("connections", Q(connections__authorised_at__isnull=False), distinct=True)
    chosen = Routing.objects.filter(company=OuterRef("pk")).exclude(
        default_connection=None, default_refusal=""
    )
    several = Company.objects.filter(pk__in=companies.values("pk")).annotate(accounts=accounts)
    return several.filter(~Exists(chosen), accounts__gt=1).order_by("name", "pk")


def connections_of(user: User) -> list[Connection]:
    """The connections of the companies in which the person has a role."""
    found = Connection.objects.filter(company__in=companies_of(user)).select_related(
        "company", "authorised_by"
    )
    return list(found.order_by("company__name", "name", "id"))


def application_for(connection: Connection | None = None) -> Application | None:
    """The connection's own application, else the installation's; None before one is registered."""
    if connection is not None and connection.application is not None:
        return connection.application
    return Application.objects.filter(is_default=True).first()


def asked_for(state: str, user: User) -> Connection | None:
    """The connection of a consent that this person began; None for an unknown state or somebody else's."""
    request = AuthorisationRequest.objects.filter(state_hash=state_hash(state), user=user)
    found = request.select_related("connection__company").first()
    return found.connection if found else None


def link_asked_for(state: str) -> ConsentLink | None:
    """The consent link through which this consent was begun; None for a user's, or an unknown state."""
    request = AuthorisationRequest.objects.filter(state_hash=state_hash(state), link__isnull=False)
    found = request.select_related("link__connection__company", "link__created_by").first()
    return found.link if found else None


@dataclass(frozen=True)
class DirectoryCounts:
    """How many of each are in use in the account."""

    categories: int
    accounts: int
    cost_centres: int


def directory_counts(connection: Connection) -> DirectoryCounts:
    """What our copy of the account holds."""
    return DirectoryCounts(
        **connection.counterparts.filter(active=True).aggregate(
            categories=Count("pk", filter=Q(category__isnull=False)),
            accounts=Count("pk", filter=Q(bank_account__isnull=False)),
            cost_centres=Count("pk", filter=Q(cost_centre__isnull=False)),
        )
    )


def now() -> datetime:
    """The time by the clock that the connection's times are written with: the database's."""
    with database.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


@dataclass(frozen=True)
class Health:
    """What a page says of a connection. `todo` is a stable code of what a person has to do, or empty."""

    connection: Connection
    state: str
    label: str
    account: str
    todo: str
    last_good_call_at: datetime | None
    access_expires_at: datetime | None
    last_error: str
    last_error_at: datetime | None
    directory_synced_at: datetime | None

    @property
    def receives(self) -> Literal["all", "some", "nothing"]:
        """Which of the company's entries are posted here? Asks the database: for a page of one connection."""
        found = table(self.connection.company)
        if found.sole is not None:
            return "all" if found.sole.pk == self.connection.pk else "nothing"
        targets = {rule.connection_id for rule in found.rules} | {found.default.connection_id}
        fallback = len(found.accounts) == 1 and not found.default.refusal
        here = self.connection.pk in targets or (fallback and self.connection.pk in found.accounts)
        return "some" if here else "nothing"

    @property
    def good(self) -> bool:
        return self.state == Connection.State.CONNECTED


_TODO = {
    Connection.State.NEW: "connect",
    Connection.State.AUTHORISE: "authorise",
    Connection.State.WRONG_COMPANY: "authorise_right_company",
    Connection.State.PLAN_REFUSED: "mend_plan",
    Connection.State.PAUSED: "resume",
}


def health(connection: Connection) -> Health:
    """The connection's state as a person should read it."""
    state = Connection.State(connection.state)
    return Health(
        connection=connection,
        state=state.value,
        label=str(state.label),
        account=connection.remote_name,
        todo=_TODO.get(state, ""),
        last_good_call_at=connection.last_good_call_at,
        access_expires_at=connection.access_expires_at,
        last_error=explain(connection.last_error) if connection.last_error else "",
        last_error_at=connection.last_error_at,
        directory_synced_at=connection.directory_synced_at,
    )
