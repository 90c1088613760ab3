"""Deals of a pipeline as a board, and all of them as a list. One deal's own pages are in deals.py."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from alcada.flow.queries import Status, with_status
from alcada.intake.models import Entry
from alcada.people.models import Company, User
from alcada.people.queries import companies_where, may
from alcada.sales.models import Deal, Pipeline, Stage
from alcada.sales.pipelines import shipped_stages
from alcada.sales.queries import (
    Column,
    closed_column,
    open_columns,
    pipelines_of,
    search,
    stages_of,
    visible_deals,
)
from alcada.web import deal_words
from alcada.web.guards import companies_in_view, person

SHOWN: Final = 20  # cards of a column; the list has the others
CLOSED_DAYS: Final = 30
PAGE: Final = 50
COUNTED: Final = 10_000
FILTERS: Final = ("q", "stage", "owner", "state", "company")


@dataclass(frozen=True)
class Card:
    """A deal as the board shows it: with its receivable's status, and whether this person may move it."""

    deal: Deal
    status: Status | None
    movable: bool


@dataclass
class Shown:
    """A column as the board shows it. `key` is where a card that is dropped there goes; empty: nowhere yet."""

    key: str
    name: str
    column: Column
    tone: str = ""
    more: str = ""  # the list's address with all of them
    cards: list[Card] = field(default_factory=list)

    @property
    def left(self) -> int:
        return self.column.count - len(self.column.deals)


@require_safe
def board(request: HttpRequest) -> HttpResponse:
    user = person(request)
    companies = list(companies_in_view(request, "deal.see").order_by("name", "pk"))
    company = _company(user, companies)
    context = {
        **_board(request, user, company),
        "companies": list(companies_where(user, "deal.see").order_by("name", "pk")),
        "may_create": may(user, "deal.create", company),
        "may_manage": may(user, "pipeline.manage", company),
    }
    return render(request, "sales/board.html", context)


def _company(user: User, companies: list[Company]) -> Company:
    """The one chosen, or the only one; else where the person's latest deal is."""
    if len(companies) == 1:
        return companies[0]
    latest = visible_deals(user).filter(company__in=companies).order_by("-pk").first()
    return next((one for one in companies if latest and one.pk == latest.company_id), companies[0])


def board_fragment(request: HttpRequest, deal: Deal) -> HttpResponse:
    """The board anew after a card moved, which keeps the focus."""
    user = person(request)
    return render(request, "sales/_board.html", _board(request, user, deal.company, moved=deal))


def _board(request: HttpRequest, user: User, company: Company, moved: Deal | None = None) -> dict[str, Any]:
    pipelines = list(pipelines_of(company))
    chosen = request.GET.get("pipeline", "")
    # After a move the board is that of the card, whatever the address says.
    chosen = str(moved.stage.pipeline_id) if moved else chosen
    pipeline = next((one for one in pipelines if str(one.pk) == chosen), pipelines[0] if pipelines else None)
    sees_all = may(user, "deal.see_all", company)
    owner = request.GET.get("owner", "") if sees_all else ""
    deals = visible_deals(user).filter(company=company)
    if owner:
        deals = deals.filter(owner=int(owner)) if _is_key(owner) else deals.none()
    columns = _columns(deals, company, pipeline, owner)
    _deal_out(user, company, columns)
    open_total = sum((shown.column.total for shown in columns if not shown.tone), Decimal(0))
    return {
        "company": company,
        "pipelines": pipelines,
        "pipeline": pipeline,
        "columns": columns,
        "open_count": sum(shown.column.count for shown in columns if not shown.tone),
        "open_total": open_total,
        "owners": _owners(company) if sees_all else [],
        "owner": owner,
        "sees_all": sees_all,
        "moved": moved.pk if moved else 0,
        "closed_days": CLOSED_DAYS,
        "today": timezone.localdate(),
    }


def _deal_out(user: User, company: Company, columns: list[Shown]) -> None:
    """Each column's deals as cards."""
    shown_deals = [deal for shown in columns for deal in shown.column.deals]
    won = [deal.entry_id for deal in shown_deals if deal.state == Deal.State.WON and deal.entry_id]
    statuses = dict(with_status(Entry.objects.filter(pk__in=won)).values_list("pk", "status"))
    changes_all = may(user, "deal.change_all", company)
    changes_own = may(user, "deal.change", company)
    for shown in columns:
        for deal in shown.column.deals:
            code = statuses.get(deal.entry_id) if deal.entry_id else None
            movable = changes_all or (changes_own and deal.owner_id == user.pk)
            shown.cards.append(Card(deal, Status(code) if code else None, movable))


def _columns(deals: QuerySet[Deal], company: Company, pipeline: Pipeline | None, owner: str) -> list[Shown]:
    nothing = Column([], 0, Decimal(0))
    if pipeline is None:  # the first deal makes it
        open_ = [Shown("", name, nothing) for name in shipped_stages()[1]]
    else:
        stages = list(stages_of(pipeline))
        found = open_columns(deals, stages, most=SHOWN)
        open_ = [
            Shown(
                f"stage-{stage.pk}",
                stage.name,
                found[stage.pk],
                more=_address({"stage": str(stage.pk), "owner": owner, "company": str(company.pk)}),
            )
            for stage in stages
        ]
    since = timezone.now() - timedelta(days=CLOSED_DAYS)
    closed = []
    for state, name, tone in ((Deal.State.WON, _("Won"), "green"), (Deal.State.LOST, _("Lost"), "grey")):
        column = closed_column(deals, pipeline, state, since=since, most=SHOWN) if pipeline else nothing
        more = _address({"state": state.value, "owner": owner, "company": str(company.pk)})
        closed.append(Shown(state.value if pipeline else "", name, column, tone, more))
    return [*open_, *closed]


def _owners(company: Company) -> list[User]:
    """Whose deals there are or may be, for the filter."""
    people = User.objects.filter(memberships__company=company).distinct()
    return list((people | User.objects.filter(deals__company=company).distinct()).order_by("name", "pk"))


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 18


# --- The list ----------------------------------------------------------------------------------------------------


@require_safe
def deals(request: HttpRequest) -> HttpResponse:
    """Newest first, of all companies or the chosen one; page after page by key."""
    user = person(request)
    companies = list(companies_where(user, "deal.see").order_by("name", "pk"))
    if not companies:
        raise PermissionDenied
    wanted = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in FILTERS}
    before = request.GET.get("before", "")
    found = _filtered(user, companies, wanted)
    # Of very many the sum is not worth the wait: so many are counted, no more.
    counted = found.order_by().values("pk", "value")[: COUNTED + 1]
    sums = counted.aggregate(count=Count("pk"), total=Sum("value"))
    if _is_key(before):
        found = found.filter(pk__lt=before)
    page = list(found.select_related("company", "customer", "owner", "stage").order_by("-pk")[: PAGE + 1])
    shown = page[:PAGE]
    company = next((one for one in companies if str(one.pk) == wanted["company"]), None)
    only = company or (companies[0] if len(companies) == 1 else None)
    context = {
        "rows": [(deal, deal_words.COLOURS[Deal.State(deal.state)]) for deal in shown],
        "wanted": wanted,
        "filtered": any(value for name, value in wanted.items() if name != "company"),
        "first_page": not _is_key(before),
        "older": _address(wanted, shown[-1].pk) if len(page) > PAGE else "",
        "newest": _address(wanted),
        "companies": companies,
        "states": Deal.State.choices,
        "stages": _stages(only),
        "owners": _owners(only) if only and may(user, "deal.see_all", only) else [],
        "several": len(companies) > 1 and company is None,
        "may_create": companies_where(user, "deal.create").exists(),
        "counted": COUNTED,
        "too_many": sums["count"] > COUNTED,
        "count": sums["count"],
        "total": sums["total"] or Decimal(0),
    }
    return render(request, "sales/list.html", context)


def _filtered(user: User, companies: list[Company], wanted: dict[str, str]) -> QuerySet[Deal]:
    found = search(visible_deals(user), wanted["q"])
    if wanted["company"]:
        found = found.filter(company__in=[one for one in companies if str(one.pk) == wanted["company"]])
    if wanted["state"] in Deal.State.values:
        found = found.filter(state=wanted["state"])
    if _is_key(wanted["stage"]):  # what was won or lost left its stage
        found = found.filter(stage=int(wanted["stage"]))
        found = found if wanted["state"] else found.filter(state=Deal.State.OPEN)
    if _is_key(wanted["owner"]):
        found = found.filter(owner=int(wanted["owner"]))
    return found


def _stages(company: Company | None) -> list[tuple[str, str]]:
    if company is None:
        return []
    stages = Stage.objects.filter(pipeline__company=company, removed_at=None).select_related("pipeline")
    ordered = list(stages.order_by("pipeline_id", "order"))
    several = len({stage.pipeline_id for stage in ordered}) > 1
    return [
        (str(stage.pk), f"{stage.pipeline.name} › {stage.name}" if several else stage.name)
        for stage in ordered
    ]


def _address(wanted: dict[str, str], before: int = 0) -> str:
    query = QueryDict(mutable=True)
    query.update({name: value for name, value in wanted.items() if value})
    if before:
        query["before"] = str(before)
    return "?" + query.urlencode()
