"""Companies, and the Conta Azul accounts that each has."""

from typing import Annotated, Any, Literal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema, Status
from pydantic import Field

from alcada.api.caller import caller
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import In, Key, Moment, Named
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.connections.models import Connection
from alcada.connections.queries import health
from alcada.directory import documents
from alcada.history.actions import record
from alcada.people import actions
from alcada.people.guards import company_for
from alcada.people.models import Company, User
from alcada.people.queries import companies_of, companies_where, roles_of
from alcada.sentences import document_sentence

router = Router(tags=["companies"])
READ, WRITE = Bearer("setup:read"), Bearer("setup:write")
Role = Literal["requester", "approver", "finance", "administrator", "auditor"]


class CompanyOut(Schema):
    id: int
    name: str
    document: str
    created_at: Moment
    my_roles: list[Role] = Field(
        description=noop("None: an administrator of the installation sees that it is there.")
    )


class CompanyPage(Schema):
    items: list[CompanyOut]
    next: str | None


class NewCompany(In):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    document: Annotated[str, Field(min_length=1, max_length=30)] = Field(description=noop("CNPJ, or a CPF."))


class AccountOut(Schema):
    id: int
    name: str
    company: Named
    state: Literal["new", "connected", "authorise", "wrong_company", "plan_refused", "paused"]
    state_label: str
    todo: str = Field(
        description=noop("What a person has to do: connect, authorise, resume, …; empty: nothing.")
    )
    remote_name: str
    authorised_at: Moment | None
    last_good_call_at: Moment | None


class AccountPage(Schema):
    items: list[AccountOut]
    next: str | None


@router.get("/companies", auth=READ, response=CompanyPage, summary=noop("List companies"))
def list_companies(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=200, description=noop("Part of a name, or how a CNPJ begins."))] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    user = caller(request)
    found = Company.objects.filter(pk__in=_seen_by(user))
    if q.strip():
        number = documents.normalise(q)
        by_number = Q(document__startswith=number) if number else Q(pk=None)
        found = found.filter(Q(name__icontains=q.strip()) | by_number)
    return page(request, found, ["pk"], show=lambda row: _shown(user, row), limit=limit, cursor=cursor)


@router.post(
    "/companies",
    auth=WRITE,
    response={201: CompanyOut},
    summary=noop("Create a company, and administer it"),
)
def create_company(request: HttpRequest, given: NewCompany) -> Any:
    user = caller(request)
    if not user.is_administrator:
        raise PermissionDenied(_("Only an administrator of the installation creates companies."))
    try:
        document = documents.check(given.document)
    except documents.DocumentError as exc:
        raise Problem("invalid", errors={"document": [document_sentence(exc.code)]}) from exc
    if not given.name.strip():
        raise Problem("invalid", errors={"name": [_("Give a name.")]})
    try:
        with transaction.atomic():
            made = actions.create_company(name=given.name, document=document, by=user, record=record)
    except IntegrityError as exc:
        taken = _("A company with this CNPJ is here already.")
        raise Problem("invalid", errors={"document": [taken]}) from exc
    return Status(201, _shown(user, made))


@router.get("/companies/{pk}", auth=READ, response=CompanyOut, summary=noop("Read a company"))
def read_company(request: HttpRequest, pk: Key) -> dict[str, Any]:
    user = caller(request)
    found = Company.objects.filter(pk__in=_seen_by(user)).filter(pk=pk).first()
    if found is None:
        raise Http404
    return _shown(user, found)


@router.get("/accounts", auth=READ, response=AccountPage, summary=noop("List Conta Azul accounts"))
def list_accounts(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    user = caller(request)
    found = Connection.objects.select_related("company")
    if company is not None:
        found = found.filter(company=company_for(user, company, "mapping.manage"))
    else:
        found = found.filter(company__in=companies_where(user, "mapping.manage"))
    return page(request, found, ["pk"], show=_account, limit=limit, cursor=cursor)


def _seen_by(user: User) -> Any:
    """An administrator of the installation sees which companies are here; of their books, nothing."""
    return (Company.objects.all() if user.is_administrator else companies_of(user)).values("pk")


def _shown(user: User, company: Company) -> dict[str, Any]:
    same = {name: getattr(company, name) for name in ("name", "document", "created_at")}
    return {"id": company.pk, **same, "my_roles": [role.value for role in roles_of(user, company)]}


def _account(connection: Connection) -> dict[str, Any]:
    found = health(connection)
    return {
        "id": connection.pk,
        "name": connection.name,
        "company": connection.company,
        "state": found.state,
        "state_label": found.label,
        "todo": found.todo,
        "remote_name": connection.remote_name,
        "authorised_at": connection.authorised_at,
        "last_good_call_at": connection.last_good_call_at,
    }
