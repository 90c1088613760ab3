"""Reading deals, each person what is theirs to see."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum

from alcada import money
from alcada.directory import documents
from alcada.directory.models import EntryKind, Party
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for, defaults_for
from alcada.people.models import Company, Membership, User
from alcada.people.queries import companies_where, may
from alcada.people.rules import ABILITIES
from alcada.sales.models import Deal, Pipeline, Stage


def visible_deals(user: User) -> QuerySet[Deal]:
    """What the person owns, and all of the companies in which they may see all."""
    own = Q(owner=user, company__in=companies_where(user, "deal.see"))
    return Deal.objects.filter(own | Q(company__in=companies_where(user, "deal.see_all")))


def deal_or_none(user: User, pk: int) -> Deal | None:
    """The deal, if the person may see it. One that isn't theirs looks like one that isn't there."""
    related = ("company", "stage__pipeline", "customer", "owner", "category", "cost_centre", "bank_account")
    return visible_deals(user).select_related(*related, "closed_by", "entry").filter(pk=pk).first()


def may_change(user: User, deal: Deal) -> bool:
    """Its owner, as long as they may there; else finance and the company's administrators."""
    own = deal.owner_id == user.pk and may(user, "deal.change", deal.company)
    return own or may(user, "deal.change_all", deal.company)


def owners_for(company: Company, by: User) -> QuerySet[User]:
    """Whose a deal may be: everybody who may have one there, for who may change all; else only one's own."""
    roles = ABILITIES["deal.change"]
    theirs = Membership.objects.filter(company=company, role__in=roles).values("user")
    found = User.objects.filter(Q(is_service=False) | Q(pk=by.pk), is_active=True, pk__in=theirs)
    if not may(by, "deal.change_all", company):
        found = found.filter(pk=by.pk)
    return found.order_by("name", "pk")


class Offered:
    """What may be chosen for a company's deals, and what they usually have. Read once, for however many."""

    def __init__(self, company: Company) -> None:
        kind = EntryKind.RECEIVABLE
        self._defaults = defaults_for(company, kind)
        choices: dict[str, QuerySet[Any]] = {
            "category": categories_for(company, kind),
            "cost_centre": cost_centres_for(company),
            "bank_account": bank_accounts_for(company, kind),
        }
        self.choices: dict[str, dict[int, Any]] = {
            name: {one.pk: one for one in found} for name, found in choices.items()
        }

    def usual(self, customer: Party | None = None) -> dict[str, Any]:
        """What a new deal usually has, by field: the customer's, else the company's, of what may be chosen."""
        usual: dict[str, Any] = {}
        for name, offered in self.choices.items():
            keys = [
                getattr(customer, f"default_{name}_id", None),
                getattr(self._defaults, f"{name}_id", None),
            ]
            usual[name] = next((offered[key] for key in keys if key in offered), None)
        accounts = self.choices["bank_account"].values()
        usual["bank_account"] = usual["bank_account"] or next(
            (one for one in accounts if one.is_default), None
        )
        return usual


def usual_for(company: Company, customer: Party | None = None) -> dict[str, Any]:
    """As `Offered.usual`, of one deal."""
    return Offered(company).usual(customer)


def pipelines_of(company: Company) -> QuerySet[Pipeline]:
    return Pipeline.objects.filter(company=company).order_by("pk")


def stages_of(pipeline: Pipeline) -> QuerySet[Stage]:
    """In their order, without those that were removed."""
    return Stage.objects.filter(pipeline=pipeline, removed_at=None).order_by("order")


def search(deals: QuerySet[Deal], text: str) -> QuerySet[Deal]:
    """Those that the text may mean: number, title, customer, CPF/CNPJ, value."""
    text = text.strip()
    if not text:
        return deals
    match = Q(title__icontains=text) | Q(customer__name__icontains=text)
    if name := documents.normalise_name(text):
        match |= Q(customer__normalised_name__contains=name)
    digits = documents.normalise(text)
    if len(digits) >= 4 and any(c.isdigit() for c in digits):
        match |= Q(customer__document__startswith=digits)
    number = text.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 9:
        match |= Q(number=int(number))
    with suppress(money.AmountError):
        match |= Q(value=money.parse_brl(text))
    return deals.filter(match)


@dataclass(frozen=True)
class Column:
    """Of a board: the first deals, and how many there are with which sum."""

    deals: list[Deal]
    count: int
    total: Decimal


def open_columns(deals: QuerySet[Deal], stages: list[Stage], *, most: int) -> dict[int, Column]:
    """The open deals by stage, soonest expected first."""
    found = deals.filter(state=Deal.State.OPEN, stage__in=[stage.pk for stage in stages])
    sums = {
        row["stage"]: (row["count"], row["total"])
        for row in found.order_by().values("stage").annotate(count=Count("pk"), total=Sum("value"))
    }
    columns = {}
    for stage in stages:
        count, total = sums.get(stage.pk, (0, Decimal(0)))
        soonest = found.filter(stage=stage).order_by(F("expected_on").asc(nulls_last=True), "pk")
        shown = list(soonest.select_related("customer", "owner")[:most]) if count else []
        columns[stage.pk] = Column(shown, count, total)
    return columns


def closed_column(
    deals: QuerySet[Deal], pipeline: Pipeline | None, state: str, *, since: datetime, most: int
) -> Column:
    """The deals won, or lost, since then; the latest first."""
    found = deals.filter(state=state, closed_at__gte=since, stage__pipeline=pipeline)
    sums = found.aggregate(count=Count("pk"), total=Sum("value"))
    shown = list(found.order_by("-closed_at").select_related("customer", "owner", "entry")[:most])
    return Column(shown, sums["count"], sums["total"] or Decimal(0))
