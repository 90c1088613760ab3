"""Deals: listed, read, entered, changed, moved, won, lost, reopened; and the pipelines in which they stand."""

from collections.abc import Iterable
from typing import Annotated, Any

from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Status

from alcada.api import deal_shapes
from alcada.api.caller import caller
from alcada.api.deal_shapes import (
    ChangedDeal,
    DealOut,
    DealPage,
    DealState,
    Loss,
    Move,
    NewDeal,
    PipelinePage,
    Winning,
)
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import Key
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.flow import queries as statuses
from alcada.flow import selling
from alcada.flow.queries import STATUSES, with_status
from alcada.intake.models import Entry
from alcada.people.guards import company_for
from alcada.people.queries import companies_where
from alcada.sales import actions
from alcada.sales.models import Deal, Pipeline, Stage
from alcada.sales.queries import deal_or_none, may_change, search, visible_deals
from alcada.sales.rules import DealChangedError

router = Router(tags=["deals"])
READ, WRITE = Bearer("deals:read"), Bearer("deals:write")


@router.get("/deals", auth=READ, response=DealPage, summary=noop("List deals, the newest first"))
def list_deals(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    stage: Annotated[
        Key | None, Query(description=noop("What was won or lost keeps its stage: ask for state=open too."))
    ] = None,
    state: Annotated[DealState | None, Query()] = None,
    owner: Annotated[Key | None, Query()] = None,
    q: Annotated[str, Query(max_length=200, description=noop("Number, title, customer, CNPJ, value."))] = "",
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    found = search(visible_deals(caller(request)), q)
    asked = {"company": company, "stage": stage, "state": state, "owner": owner}
    found = found.filter(**{name: value for name, value in asked.items() if value is not None})
    found = found.select_related("company", "customer", "owner", "stage")
    listed = page(request, found, ["-pk"], show=_same, limit=limit, cursor=cursor)
    owed = _receivables(listed["items"])
    return listed | {"items": [deal_shapes.line(one, owed.get(one.entry_id)) for one in listed["items"]]}


@router.post("/deals", auth=WRITE, response={201: DealOut}, summary=noop("Enter a deal"))
def create_deal(request: HttpRequest, given: NewDeal) -> Any:
    user = caller(request)
    company = company_for(user, given.company, "deal.create")
    with transaction.atomic():  # a new customer stays only with the deal
        content = deal_shapes.content(given.dict(exclude_unset=True), company, user)
        made = actions.create(company, content, by=user)
    return Status(201, _shown(request, made.pk))


@router.get("/deals/{pk}", auth=READ, response=DealOut, summary=noop("Read a deal"))
def read_deal(request: HttpRequest, pk: Key) -> Any:
    return _shown(request, pk)


@router.patch("/deals/{pk}", auth=WRITE, response=DealOut, summary=noop("Change an open deal"))
def change_deal(request: HttpRequest, pk: Key, given: ChangedDeal) -> Any:
    user = caller(request)
    _deal(request, pk)
    with transaction.atomic():
        # What is left out stays as it is now: read under the lock, or somebody's change would be undone.
        deal = actions.locked(pk, by=user)
        content = deal_shapes.content(given.dict(exclude_unset=True), deal.company, user, deal)
        actions.change(pk, content, version=given.version, by=user)
    return _shown(request, pk)


@router.post(
    "/deals/{pk}/move",
    auth=WRITE,
    response=DealOut,
    summary=noop("Move a deal to a stage; one that is won or lost is reopened there"),
)
def move_deal(request: HttpRequest, pk: Key, given: Move) -> Any:
    wrong: dict[str, list[str]] = {}
    stage = deal_shapes.stage_of(_deal(request, pk).company, given.stage, wrong)
    if stage is None:
        raise Problem("invalid", errors=wrong)
    selling.move(pk, stage, by=caller(request))
    return _shown(request, pk)


@router.post(
    "/deals/{pk}/win",
    auth=WRITE,
    response=DealOut,
    summary=noop("Win a deal: its receivable is made, once, and goes through the flow for sales"),
)
def win_deal(request: HttpRequest, pk: Key, given: Winning = Winning(version=None)) -> Any:  # noqa: B008  (only read)
    user = caller(request)
    _deal(request, pk)
    with transaction.atomic():
        if given.version is not None and actions.locked(pk, by=user).version != given.version:
            raise DealChangedError
        selling.win(pk, by=user)
    return _shown(request, pk)


@router.post(
    "/deals/{pk}/lose",
    auth=WRITE,
    response=DealOut,
    summary=noop("Lose a deal; of one that was won the receivable is taken back"),
)
def lose_deal(request: HttpRequest, pk: Key, given: Loss) -> Any:
    _deal(request, pk)
    selling.lose(pk, given.reason, by=caller(request))
    return _shown(request, pk)


@router.post(
    "/deals/{pk}/reopen",
    auth=WRITE,
    response=DealOut,
    summary=noop("Reopen a deal; of one that was won the receivable is taken back"),
)
def reopen_deal(request: HttpRequest, pk: Key) -> Any:
    _deal(request, pk)
    selling.reopen(pk, by=caller(request))
    return _shown(request, pk)


@router.get(
    "/pipelines",
    auth=READ,
    response=PipelinePage,
    summary=noop("List pipelines with their stages; a company's first deal makes its first one"),
)
def list_pipelines(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    user = caller(request)
    seen = [company_for(user, company, "deal.see")] if company else companies_where(user, "deal.see")
    there = Stage.objects.filter(removed_at=None).order_by("order")
    found = Pipeline.objects.filter(company__in=seen).select_related("company")
    found = found.prefetch_related(Prefetch("stages", there, to_attr="there"))
    return page(request, found, ["pk"], show=_pipeline, limit=limit, cursor=cursor)


def _pipeline(found: Any) -> dict[str, Any]:
    return {"id": found.pk, "company": found.company, "name": found.name, "stages": found.there}


def _deal(request: HttpRequest, pk: int) -> Deal:
    """One that isn't the caller's to see looks like one that isn't there."""
    found = deal_or_none(caller(request), pk)
    if found is None:
        raise Http404
    return found


def _shown(request: HttpRequest, pk: int) -> dict[str, Any]:
    deal = _deal(request, pk)
    owed = _receivables([deal]).get(deal.entry_id)
    return deal_shapes.whole(deal, owed, may_change=may_change(caller(request), deal))


def _receivables(deals: Iterable[Deal]) -> dict[int | None, dict[str, Any]]:
    """What their entries are called and where they are, in one query."""
    entries = with_status(Entry.objects.filter(pk__in=[deal.entry_id for deal in deals if deal.entry_id]))
    return {
        pk: {
            "id": pk,
            "number": number,
            "status": (code := status if status in STATUSES else "draft"),
            "status_label": statuses.Status(code).label,
        }
        for pk, number, status in entries.values_list("pk", "number", "status")
    }


def _same(row: Any) -> Any:
    return row
