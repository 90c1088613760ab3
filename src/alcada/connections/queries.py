"""Which account a company's entries go to, and how each connection is."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection as database
from django.db.models import Count, Q

from alcada.connections.models import Application, AuthorisationRequest, Connection
from alcada.connections.rules import explain, state_hash
from alcada.people.models import Company, User
from alcada.people.queries import companies_of


def route(company: Company, kind: str) -> Connection | None:
    """The connection that the company's entries of this kind are posted through; None when there is none yet.

    It is returned also when it needs a person (authorise again, plan, paused): postings wait for it.
    """
    return company.connections.routed()


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
    def routed(self) -> bool:
        """Are the company's entries posted here? Asks the database: for a page of one connection."""
        chosen = self.connection.company.connections.routed()
        return chosen is not None and chosen.pk == self.connection.pk

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
