"""What each of ours is called in one account: listed, confirmed, chosen, taken away.

`seen` names what was read: where somebody, or the account, changed it since, nothing is done.
"""

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema
from pydantic import Field

from alcada.api.caller import caller
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import In, Key, Moment
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.connections import mapping, mapping_actions
from alcada.connections.mirror_rows import Ours
from alcada.connections.models import Connection
from alcada.directory.models import Party
from alcada.flow import mapping as flow
from alcada.people.guards import require

router = Router(tags=["mappings"])
READ, WRITE = Bearer("setup:read"), Bearer("setup:write")

Thing = Literal["category", "bank_account", "cost_centre", "party"]
Profile = Literal["", "Fornecedor", "Cliente"]
assert set(Thing.__args__) == set(mapping.KINDS)  # type: ignore[attr-defined]  # a Literal has them
assert set(Profile.__args__) == {"", *mapping.PROFILES.values()}  # type: ignore[attr-defined]  # a Literal has them


class Theirs(Schema):
    id: str
    name: str


class SuggestionOut(Theirs):
    why: str
    sure: bool


class MappingOut(Schema):
    thing: int = Field(description=noop("The key of ours."))
    name: str
    profile: Profile = Field(description=noop("Of a party: the side that is mapped. Else empty."))
    state: str = Field(
        description=noop("confirmed, suggested, renamed, gone, inactive, profile, doubt, removed, missing")
    )
    theirs: Theirs | None
    confirmed_at: Moment | None
    suggestion: SuggestionOut | None
    seen: str


class MappingPage(Schema):
    items: list[MappingOut]
    next: str | None


class ChoicePage(Schema):
    items: list[Theirs]
    next: str | None


class Confirmed(In):
    profile: Profile = ""
    seen: Annotated[str, Field(max_length=16)]


class Chosen(In):
    remote_id: Annotated[str, Field(min_length=1, max_length=64)]
    profile: Profile = ""
    seen: Annotated[str, Field(max_length=16)]


class Count(Schema):
    count: int


@router.get("/{account}/mappings/{kind}", auth=READ, response=MappingPage, summary=noop("List mappings"))
def list_mappings(
    request: HttpRequest,
    account: Key,
    kind: Thing,
    which: Annotated[Literal["look", "unconfirmed", "confirmed", "missing"] | None, Query()] = None,
    q: Annotated[str, Query(max_length=100)] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    connection = _account(request, account)
    found = mapping.ours_of(connection, kind, text=q, which=which or "")
    listed = page(request, found, ["pk"], show=lambda one: one, limit=limit, cursor=cursor)
    return listed | {"items": [_shown(line) for line in mapping.lines(connection, kind, listed["items"])]}


@router.get(
    "/{account}/mappings/{kind}/{thing}/choices",
    auth=READ,
    response=ChoicePage,
    summary=noop("What of theirs it may be; of vendors and customers none are listed"),
)
def list_choices(
    request: HttpRequest,
    account: Key,
    kind: Thing,
    thing: Key,
    q: Annotated[str, Query(max_length=100)] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    connection = _account(request, account)
    ours = _ours(connection, kind, thing)
    if isinstance(ours, Party):
        return {"items": [], "next": None}
    found = mapping.choosable(connection, kind, ours, q)
    return page(
        request,
        found,
        ["pk"],
        show=lambda one: {"id": one.remote_id, "name": str(one)},
        limit=limit,
        cursor=cursor,
    )


@router.post(
    "/{account}/mappings/{kind}/confirm-sure",
    auth=WRITE,
    response=Count,
    summary=noop("Confirm all that leave no doubt"),
)
def confirm_sure(request: HttpRequest, account: Key, kind: Thing) -> dict[str, int]:
    connection = _account(request, account)
    return {"count": mapping_actions.confirm_sure(connection, kind, by=caller(request))}


@router.post(
    "/{account}/mappings/{kind}/{thing}/confirm",
    auth=WRITE,
    response=list[MappingOut],
    summary=noop("Confirm that it is the right one"),
)
def confirm(request: HttpRequest, account: Key, kind: Thing, thing: Key, given: Confirmed) -> list[Any]:
    connection = _account(request, account)
    ours = _ours(connection, kind, thing)
    mapping_actions.confirm(connection, ours, profile=given.profile, seen=given.seen, by=caller(request))
    return [_shown(line) for line in mapping.lines(connection, kind, [ours])]


@router.put(
    "/{account}/mappings/{kind}/{thing}",
    auth=WRITE,
    response=list[MappingOut],
    summary=noop("Map it to one of theirs; postings that wait for it go on"),
)
def choose(request: HttpRequest, account: Key, kind: Thing, thing: Key, given: Chosen) -> list[Any]:
    """A vendor or customer is looked at in the account: PUT, so that no transaction stays open meanwhile."""
    user, connection = caller(request), _account(request, account)
    ours = _ours(connection, kind, thing)
    if given.profile not in mapping.profiles_of(ours):
        raise Problem("invalid", errors={"profile": [_("Choose one of the list.")]})
    if isinstance(ours, Party):
        flow.choose_person(connection, ours, given.remote_id, profile=given.profile, seen=given.seen, by=user)
    else:
        flow.choose(connection, ours, given.remote_id, seen=given.seen, by=user)
    return [_shown(line) for line in mapping.lines(connection, kind, [ours])]


@router.delete(
    "/{account}/mappings/{kind}/{thing}",
    auth=WRITE,
    response={204: None},
    summary=noop("Take a mapping away"),
)
def remove(
    request: HttpRequest,
    account: Key,
    kind: Thing,
    thing: Key,
    seen: Annotated[str, Query(max_length=16)],
    profile: Annotated[Profile, Query()] = "",
) -> HttpResponse:
    connection = _account(request, account)
    ours = _ours(connection, kind, thing)
    mapping_actions.remove(connection, ours, profile=profile, seen=seen, by=caller(request))
    return HttpResponse(status=204)


def _account(request: HttpRequest, pk: int) -> Connection:
    found = Connection.objects.select_related("company").filter(pk=pk).first()
    if found is None:
        raise Http404
    require(caller(request), "mapping.manage", found.company)
    return found


def _ours(connection: Connection, kind: str, thing: int) -> Ours:
    model = mapping.model_of(kind)
    found: Ours | None = model._default_manager.filter(company=connection.company_id, pk=thing).first()
    if found is None:
        raise Http404
    return found


def _shown(line: mapping.Line) -> dict[str, Any]:
    row, may_be = line.row, line.suggestion
    there = row if row is not None and row.removed_at is None else None
    return {
        "thing": line.ours.pk,
        "name": str(line.ours),
        "profile": line.profile,
        "state": line.state,
        "theirs": {"id": there.remote_id, "name": there.remote_name} if there else None,
        "confirmed_at": there.confirmed_at if there else None,
        "suggestion": {
            "id": may_be.theirs.remote_id,
            "name": str(may_be.theirs),
            "why": may_be.why,
            "sure": may_be.sure,
        }
        if may_be
        else None,
        "seen": line.seen,
    }
