"""Registering the application, connecting a company, pausing. Who may do it is asked by the page."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from alcada import queue
from alcada.connections import crypto, incidents
from alcada.connections.models import Application, Connection
from alcada.history.actions import Line, record, record_all
from alcada.people.models import Company, User

State = Connection.State


class NotAllowedHereError(Exception):
    """The connection's state does not allow this. The message names the state."""


def register_application(
    *, by: User, client_id: str, client_secret: str, redirect_uri: str, name: str = ""
) -> Application:
    """Keep the installation's application, as registered at the Developer Portal. Its secret is never shown.

    An empty secret keeps the one that is stored; ValueError when there is none.
    """
    with transaction.atomic():
        application = Application.objects.select_for_update().filter(is_default=True).first()
        if application is None:
            application = Application(is_default=True)
        if client_secret.strip():
            application.client_secret = crypto.encrypt(client_secret.strip())
        elif not application.client_secret:
            raise ValueError("an application needs its secret")
        application.client_id, application.redirect_uri = client_id.strip(), redirect_uri.strip()
        application.name, application.updated_at = name.strip(), timezone.now()
        application.save()
        data = {"client_id": application.client_id, "redirect_uri": application.redirect_uri}
        record("application.registered", application, by=by, data=data)
    return application


def create_connection(*, by: User, company: Company, name: str) -> Connection:
    """A connection that still has to be authorised."""
    with transaction.atomic():
        connection = Connection.objects.create(company=company, name=name.strip() or company.name)
        record("connection.created", connection, by=by, company=company, data={"name": connection.name})
    return connection


def create_connections(wanted: Sequence[tuple[Company, str, str, str]], *, by: User) -> list[Connection]:
    """As `create_connection`, many in a few statements: by company, name, and the owner's name and e-mail."""
    with transaction.atomic():
        made = Connection.objects.bulk_create(
            [
                Connection(company=company, name=name, owner_name=owner_name, owner_email=owner_email)
                for company, name, owner_name, owner_email in wanted
            ]
        )
        kind = Connection._meta.label_lower
        record_all(
            [
                Line("connection.created", kind, row.pk, row.company_id, by=by, data={"name": row.name})
                for row in made
            ]
        )
    return made


def set_owner(connection: Connection, *, name: str, email: str, by: User) -> bool:
    """Note who owns the account: whom a consent link greets, and where it is sent. False: they were noted already."""
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        name, email = " ".join(name.split()), email.strip().lower()
        changed = (row.owner_name, row.owner_email) != (name, email)
        if changed:
            row.owner_name, row.owner_email = name, email
            row.save(update_fields=["owner_name", "owner_email"])
            record("connection.owner_changed", row, by=by, company=row.company, data={"owner": name})
    connection.owner_name, connection.owner_email = name, email
    return changed


def pause(*, by: User, connection: Connection) -> None:
    """Let nothing through until somebody resumes: postings wait. Raises NotAllowedHereError."""
    _move(connection, {State.CONNECTED, State.PLAN_REFUSED}, State.PAUSED, "connection.paused", by)


def resume(*, by: User, connection: Connection) -> None:
    """Go on where it was paused; what waits is posted. Raises NotAllowedHereError."""
    _move(connection, {State.PAUSED}, State.CONNECTED, "connection.resumed", by)


def _move(connection: Connection, before: set[State], after: State, event: str, by: User) -> None:
    with transaction.atomic():
        row = Connection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        if row.state not in before:
            raise NotAllowedHereError(row.state)
        row.state = after
        row.save(update_fields=["state"])
        record(event, row, by=by, company=row.company)
        if after == State.CONNECTED:
            incidents.end(row.pk)  # it is tried: what stops it now is another incident
            queue.wake(row.pk)
    connection.state = after
