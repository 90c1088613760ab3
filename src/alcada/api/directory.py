"""The directory: vendors and customers, categories, cost centres, bank accounts."""

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema, Status
from pydantic import Field

from alcada.api.caller import caller
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import Id, In, Key, Kind, Named
from alcada.api.scopes import Bearer
from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import BankAccount, Category, CostCentre, Party
from alcada.directory.queries import parties_of
from alcada.people.guards import company_for
from alcada.people.models import Company
from alcada.people.queries import companies_where

router = Router(tags=["directory"])
READ, WRITE = Bearer("directory:read"), Bearer("directory:write")


class PartyOut(Schema):
    id: int
    company: Named
    name: str
    document: str = Field(description=noop("CPF or CNPJ without punctuation; empty where it isn't known."))
    email: str
    is_vendor: bool
    is_customer: bool


class PartyPage(Schema):
    items: list[PartyOut]
    next: str | None


class NewParty(In):
    company: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    document: Annotated[str, Field(max_length=30)] = ""
    email: Annotated[str, Field(max_length=100)] = ""
    is_vendor: bool = False
    is_customer: bool = False


class CategoryOut(Schema):
    id: int
    company: Named
    kind: Kind
    name: str
    parent_name: str
    active: bool


class CategoryPage(Schema):
    items: list[CategoryOut]
    next: str | None


class CostCentreOut(Schema):
    id: int
    company: Named
    code: str
    name: str
    active: bool


class CostCentrePage(Schema):
    items: list[CostCentreOut]
    next: str | None


class NewCostCentre(In):
    company: Id
    name: Annotated[str, Field(min_length=1, max_length=200)]
    code: Annotated[str, Field(max_length=20)] = ""


class BankAccountOut(Schema):
    id: int
    company: Named
    name: str
    type: str
    is_default: bool
    takes_payables: bool
    active: bool


class BankAccountPage(Schema):
    items: list[BankAccountOut]
    next: str | None


@router.get("/parties", auth=READ, response=PartyPage, summary=noop("List vendors and customers"))
def list_parties(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    side: Annotated[Literal["vendor", "customer"] | None, Query()] = None,
    q: Annotated[
        str, Query(max_length=200, description=noop("Part of a name, or how a CPF or CNPJ begins."))
    ] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    found = parties_of(_companies(request, company), side or "", q).select_related("company")
    return page(request, found, ["pk"], show=_same, limit=limit, cursor=cursor)


@router.post(
    "/parties",
    auth=WRITE,
    response={201: PartyOut},
    summary=noop("Add a vendor or customer; one with the same document is found"),
)
def create_party(request: HttpRequest, given: NewParty) -> Any:
    user = caller(request)
    company = company_for(user, given.company, "directory.change")
    return Status(201, save_party(company, **given.dict(exclude={"company"}), by=user))


@router.get("/parties/{pk}", auth=READ, response=PartyOut, summary=noop("Read a vendor or customer"))
def read_party(request: HttpRequest, pk: Key) -> Party:
    found = Party.objects.filter(company__in=_companies(request, None), pk=pk).first()
    if found is None:
        raise Http404
    return found


@router.get("/categories", auth=READ, response=CategoryPage, summary=noop("List categories"))
def list_categories(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    kind: Annotated[Kind | None, Query()] = None,
    active: Annotated[bool | None, Query()] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    found = Category.objects.filter(company__in=_companies(request, company)).select_related("company")
    found = found.filter(kind=kind) if kind else found
    found = found.filter(active=active) if active is not None else found
    return page(request, found, ["pk"], show=_same, limit=limit, cursor=cursor)


@router.get("/cost-centres", auth=READ, response=CostCentrePage, summary=noop("List cost centres"))
def list_cost_centres(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    active: Annotated[bool | None, Query()] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    found = CostCentre.objects.filter(company__in=_companies(request, company)).select_related("company")
    found = found.filter(active=active) if active is not None else found
    return page(request, found, ["pk"], show=_same, limit=limit, cursor=cursor)


@router.post("/cost-centres", auth=WRITE, response={201: CostCentreOut}, summary=noop("Add a cost centre"))
def create_cost_centre(request: HttpRequest, given: NewCostCentre) -> Any:
    user = caller(request)
    company = company_for(user, given.company, "directory.change")
    return Status(201, save_cost_centre(company, name=given.name, code=given.code, by=user))


@router.get("/bank-accounts", auth=READ, response=BankAccountPage, summary=noop("List bank accounts"))
def list_bank_accounts(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    active: Annotated[bool | None, Query()] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    found = BankAccount.objects.filter(company__in=_companies(request, company)).select_related("company")
    found = found.filter(active=active) if active is not None else found
    return page(request, found, ["pk"], show=_same, limit=limit, cursor=cursor)


def _companies(request: HttpRequest, company: int | None) -> list[Company]:
    """Those in which the caller sees the directory; of one that isn't theirs: 404."""
    user = caller(request)
    if company is not None:
        return [company_for(user, company, "directory.see")]
    return list(companies_where(user, "directory.see"))


def _same(row: Any) -> Any:
    return row
