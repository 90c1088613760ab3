"""Which account a company's entries go to: rules in order, and the default.

Each change names the version of the table that was read, for a rule means what it means by its place among the others.
"""

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema, Status
from pydantic import Field

from alcada.api.caller import caller
from alcada.api.parsing import Id, In, Key, Kind, Named, Version
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.connections import queries, routing, routing_actions
from alcada.connections.models import Connection, RoutingRule
from alcada.connections.routing_actions import Target
from alcada.directory.models import Category, CostCentre, Party
from alcada.people.guards import company_for
from alcada.people.models import Company

router = Router(tags=["routing"])
READ, WRITE = Bearer("setup:read"), Bearer("setup:write")
MANAGE = "connection.manage"

FieldName = Literal["kind", "amount", "party", "document", "category", "cost_centre", "instalments", "flow"]
assert set(FieldName.__args__) == set(routing.FIELDS)  # type: ignore[attr-defined]
_OF_DIRECTORY = {"party": Party, "category": Category, "cost_centre": CostCentre}


class Row(In):
    field: FieldName
    is_: Literal[">", ">=", "<", "<=", "=", "!="] = Field(alias="is")
    value: Annotated[str, Field(max_length=250)] = Field(
        description=noop("An amount as 1500.00; of party, category and cost_centre the key, as text.")
    )


class RuleIn(In):
    version: Version
    name: Annotated[str, Field(min_length=1, max_length=80)]
    match: Literal["all", "any"] = "all"
    rows: Annotated[list[Row], Field(min_length=1, max_length=20)]
    account: Id | None = Field(None, description=noop("Where such entries go; or `refusal`."))
    refusal: Annotated[str, Field(max_length=300)] = Field(
        "", description=noop("Why such entries are refused, for whoever submits one.")
    )


class DefaultIn(In):
    version: Version
    account: Id | None = None
    refusal: Annotated[str, Field(max_length=300)] = ""


class Move(In):
    version: Version
    direction: Literal["up", "down"]


class RuleOut(Schema):
    id: int
    order: int
    name: str
    match: Literal["all", "any"]
    rows: list[dict[str, Any]]
    account: Named | None
    refusal: str


class DefaultOut(Schema):
    account: Named | None
    refusal: str


class RoutingOut(Schema):
    version: int
    accounts: list[Named] = Field(description=noop("Those that were connected once."))
    rules: list[RuleOut] = Field(description=noop("In order: the first that holds decides."))
    default: DefaultOut


@router.get("/{company}/routing", auth=READ, response=RoutingOut, summary=noop("Read a company's routing"))
def read_routing(request: HttpRequest, company: Key) -> dict[str, Any]:
    return _shown(company_for(caller(request), company, MANAGE))


@router.post(
    "/{company}/routing/rules",
    auth=WRITE,
    response={201: RoutingOut},
    summary=noop("Add a rule behind the others"),
)
def add_rule(request: HttpRequest, company: Key, given: RuleIn) -> Any:
    user = caller(request)
    found = company_for(user, company, MANAGE)
    routing_actions.add_rule(
        found,
        name=given.name,
        conditions=_conditions(found, given),
        target=_target(found, given.account, given.refusal),
        version=given.version,
        by=user,
    )
    return Status(201, _shown(found))


@router.put(
    "/{company}/routing/rules/{rule}",
    auth=WRITE,
    response=RoutingOut,
    summary=noop("Change a rule; it keeps its place"),
)
def change_rule(request: HttpRequest, company: Key, rule: Key, given: RuleIn) -> Any:
    user = caller(request)
    found = company_for(user, company, MANAGE)
    routing_actions.change_rule(
        _rule(found, rule),
        name=given.name,
        conditions=_conditions(found, given),
        target=_target(found, given.account, given.refusal),
        version=given.version,
        by=user,
    )
    return _shown(found)


@router.post(
    "/{company}/routing/rules/{rule}/move",
    auth=WRITE,
    response=RoutingOut,
    summary=noop("Move a rule up or down"),
)
def move_rule(request: HttpRequest, company: Key, rule: Key, given: Move) -> Any:
    user = caller(request)
    found = company_for(user, company, MANAGE)
    routing_actions.move_rule(_rule(found, rule), up=given.direction == "up", version=given.version, by=user)
    return _shown(found)


@router.delete(
    "/{company}/routing/rules/{rule}", auth=WRITE, response={204: None}, summary=noop("Remove a rule")
)
def remove_rule(
    request: HttpRequest,
    company: Key,
    rule: Key,
    version: Annotated[int, Query(ge=0, le=2**31 - 1, description=noop("Of the routing that you read."))],
) -> HttpResponse:
    user = caller(request)
    found = company_for(user, company, MANAGE)
    routing_actions.remove_rule(_rule(found, rule), version=version, by=user)
    return HttpResponse(status=204)


@router.put(
    "/{company}/routing/default", auth=WRITE, response=RoutingOut, summary=noop("Say where all others go")
)
def set_default(request: HttpRequest, company: Key, given: DefaultIn) -> Any:
    user = caller(request)
    found = company_for(user, company, MANAGE)
    target = _target(found, given.account, given.refusal)
    routing_actions.set_default(found, target, version=given.version, by=user)
    return _shown(found)


def _rule(company: Company, pk: int) -> RoutingRule:
    found = RoutingRule.objects.select_related("company", "connection").filter(company=company, pk=pk).first()
    if found is None:
        raise Http404
    return found


def _target(company: Company, account: int | None, refusal: str) -> Target:
    if account is None:
        return Target(None, refusal)
    found = Connection.objects.filter(company=company, pk=account).first()
    if found is None:
        raise Problem("invalid", errors={"account": [_("Choose an account of this company.")]})
    return Target(found, refusal)


def _conditions(company: Company, given: RuleIn) -> dict[str, Any]:
    """As the rules keep them. What a row names of the directory has to be the company's."""
    errors = {}
    for index, row in enumerate(given.rows):
        if model := _OF_DIRECTORY.get(row.field):
            key = int(row.value) if row.value.isascii() and row.value.isdigit() and len(row.value) < 19 else 0
            if not model._default_manager.filter(company=company, pk=key).exists():
                errors[f"rows.{index}.value"] = [_("This is none of the company's.")]
        elif row.field == "kind" and row.value not in Kind.__args__:  # type: ignore[attr-defined]
            errors[f"rows.{index}.value"] = [_("Choose one of the list.")]
    if errors:
        raise Problem("invalid", errors=errors)
    rows = [{"field": row.field, "is": row.is_, "value": row.value} for row in given.rows]
    return {"match": given.match, "rows": rows}


def _shown(company: Company) -> dict[str, Any]:
    table = queries.table(company)
    default = table.default
    account = Connection.objects.filter(pk=default.connection_id or 0).first()
    return {
        "version": table.version,
        "accounts": list(table.accounts.values()),
        "rules": [
            {
                "id": rule.pk,
                "order": rule.order,
                "name": rule.name,
                "match": rule.conditions.get("match", "all"),
                "rows": rule.conditions["rows"],
                "account": rule.connection,
                "refusal": rule.refusal,
            }
            for rule in table.rules
        ],
        "default": {"account": account, "refusal": default.refusal},
    }
