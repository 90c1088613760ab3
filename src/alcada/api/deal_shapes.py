"""What requests about deals and their answers are made of, and what was agreed as a request says it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Schema
from pydantic import Field

from alcada.api.contents import PartyIn
from alcada.api.entry_shapes import StatusCode
from alcada.api.parsing import AmountIn, Day, Id, In, Moment, Money, Named, Version
from alcada.api.problems import Problem
from alcada.directory.actions import DirectoryError, save_party
from alcada.directory.models import BankAccount, Category, CostCentre, Party
from alcada.people.models import Company, User
from alcada.sales.actions import Content
from alcada.sales.models import Deal, Stage
from alcada.sales.queries import owners_for, usual_for
from alcada.sales.rules import LONGEST_TERMS

DealState = Literal["open", "won", "lost"]
assert set(DealState.__args__) == set(Deal.State.values)  # type: ignore[attr-defined]  # a Literal has them

Title = Annotated[str, Field(max_length=200)]
Reason = Annotated[str, Field(min_length=1, max_length=300)]


class DealFields(In):
    """What was agreed. What is left out stays as it is; a new deal begins with what is usual."""

    title: Title | None = Field(None, description=noop("What is sold."))
    customer: Id | None = Field(None, description=noop("By its key in the directory."))
    new_customer: PartyIn | None = Field(
        None,
        description=noop(
            "Instead of `customer`: found by its document, else put into the directory with the deal."
        ),
    )
    value: AmountIn | None = None
    terms: Annotated[str, Field(max_length=LONGEST_TERMS)] | None = Field(
        None, description=noop("Payment terms as people write them: 30/60/90, cash, 10x, entry + 3, 28 ddl.")
    )
    category: Id | None = None
    cost_centre: Id | None = None
    bank_account: Id | None = Field(None, description=noop("The account in which it is received."))
    owner: Id | None = Field(
        None,
        description=noop("Whose it is. Finance and administrators may choose another."),
    )
    expected_on: Day | None = Field(None, description=noop("The day on which it is expected to close."))
    notes: Annotated[str, Field(max_length=1000)] | None = Field(
        None, description=noop("They stay here: they are not sent to Conta Azul.")
    )


class NewDeal(DealFields):
    company: Id
    title: Title
    value: AmountIn
    stage: Id | None = Field(None, description=noop("Left out: the first one."))


class ChangedDeal(DealFields):
    version: Version = Field(description=noop("That of the deal that you read."))


class Move(In):
    stage: Id


class Winning(In):
    version: Version | None = Field(
        None, description=noop("Refused where the deal is not the one that you read.")
    )


class Loss(In):
    reason: Reason


class Receivable(Schema):
    """What is owed: an entry. There is one for each deal, for good; of one that was reopened it is set aside."""

    id: int
    number: int
    status: StatusCode
    status_label: str


class DealLine(Schema):
    id: int
    number: int = Field(description=noop("Counted per company: what people say to each other."))
    company: Named
    title: str
    customer: Named
    value: Money
    currency: str
    stage: Named
    state: DealState
    state_label: str
    owner: Named
    expected_on: Day | None
    closed_at: Moment | None = Field(description=noop("When it was won or lost."))
    receivable: Receivable | None


class DealPage(Schema):
    items: list[DealLine]
    next: str | None


class DealOut(DealLine):
    version: int = Field(description=noop("Names what you read. Send it back when you change it."))
    may_change: bool
    pipeline: Named
    terms: str
    category: Named | None
    cost_centre: Named | None
    bank_account: Named | None
    notes: str
    lost_reason: str
    closed_by: Named | None
    created_by: Named
    created_at: Moment


class PipelineOut(Schema):
    id: int
    company: Named
    name: str
    stages: list[Named] = Field(description=noop("In their order."))


class PipelinePage(Schema):
    items: list[PipelineOut]
    next: str | None


def line(deal: Deal, receivable: Mapping[str, Any] | None) -> dict[str, Any]:
    same = ["number", "company", "title", "customer", "value", "currency", "stage"]
    same += ["state", "owner", "expected_on", "closed_at"]
    return {
        **{name: getattr(deal, name) for name in same},
        "id": deal.pk,
        "state_label": str(Deal.State(deal.state).label),
        "receivable": receivable,
    }


def whole(deal: Deal, receivable: Mapping[str, Any] | None, *, may_change: bool) -> dict[str, Any]:
    same = ["version", "terms", "category", "cost_centre", "bank_account", "notes"]
    same += ["lost_reason", "closed_by", "created_by", "created_at"]
    return {
        **line(deal, receivable),
        **{name: getattr(deal, name) for name in same},
        "may_change": may_change,
        "pipeline": deal.stage.pipeline,
    }


# --- What was agreed, from a request ----------------------------------------------------------------------------

_KEYED: Final = {"category": Category, "cost_centre": CostCentre, "bank_account": BankAccount}


def content(given: Mapping[str, Any], company: Company, by: User, deal: Deal | None = None) -> Content:
    """`given` has only what the request named; None empties what may be empty. Raises Problem, by field.

    Of what may be chosen the room decides (sales.actions); here is found what the keys mean, of this company alone.
    A customer who is new is put into the directory: in the caller's transaction, which a Problem undoes.
    """
    wrong: dict[str, list[str]] = {}
    found: dict[str, Any] = _held(deal) if deal else {"owner": by}
    for name in ("title", "value"):
        if name in given and given[name] is None:
            wrong[name] = [_("This field is required.")]
    found |= {name: given[name] or "" for name in ("title", "terms", "notes") if name in given}
    if given.get("value"):
        found["value"] = Decimal(given["value"])
    if "expected_on" in given:
        found["expected_on"] = given["expected_on"]
    if customer := _whose(given, company, by, deal, wrong):
        found["customer"] = customer
    if deal is None and found.get("customer"):
        found |= usual_for(company, found["customer"])
    for name, model in _KEYED.items():
        if name in given:
            chosen = model.objects.filter(company=company, pk=given[name] or 0).first()  # type: ignore[attr-defined]  # each has
            if given[name] and chosen is None:
                wrong[name] = [_("This can't be chosen here any more.")]
            found[name] = chosen
    if given.get("owner"):
        found["owner"] = _owner(given["owner"], company, by, deal, wrong)
    if given.get("stage"):
        found["stage"] = stage_of(company, given["stage"], wrong)
    if wrong:
        raise Problem("invalid", errors=wrong)
    return Content(**found)


def _held(deal: Deal) -> dict[str, Any]:
    """Its stage is not among it: to change a deal moves nothing."""
    kept = ("title", "customer", "value", "owner", "terms", *_KEYED, "expected_on", "notes")
    return {name: getattr(deal, name) for name in kept}


def _whose(
    given: Mapping[str, Any], company: Company, by: User, deal: Deal | None, wrong: dict[str, list[str]]
) -> Party | None:
    """The customer that the request names, by key or as a new one; None where it names none."""
    new, pk = given.get("new_customer"), given.get("customer")
    if new and pk:
        wrong["new_customer"] = [_("Name the customer by its key or as a new one, not both.")]
    elif new:
        return _new_customer(new, company, by, wrong)
    elif pk:
        return _customer(pk, company, deal, wrong)
    elif deal is None or "customer" in given:
        wrong["customer"] = [_("This field is required.")]
    return None


def _new_customer(
    new: Mapping[str, Any], company: Company, by: User, wrong: dict[str, list[str]]
) -> Party | None:
    """As the form does it: found by document, else by a name that is one party's, else created."""
    try:
        return save_party(
            company,
            name=new["name"],
            document=new.get("document") or "",
            email=new.get("email") or "",
            is_customer=True,
            by=by,
        )
    except DirectoryError as exc:
        wrong[f"new_customer.{exc.field}"] = [exc.message]
        return None


def _customer(pk: int, company: Company, deal: Deal | None, wrong: dict[str, list[str]]) -> Party | None:
    found = Party.objects.filter(company=company, pk=pk).first()
    if found is None:
        wrong["customer"] = [_("Choose the customer.")]
    elif not found.is_customer and not (deal and deal.customer_id == pk):
        text = _("%(name)s is registered as a vendor only. Register it as a customer too.")
        wrong["customer"] = [text % {"name": found.name}]
    return found


def _owner(
    pk: int, company: Company, by: User, deal: Deal | None, wrong: dict[str, list[str]]
) -> User | None:
    if deal and deal.owner_id == pk:
        return deal.owner
    found = owners_for(company, by).filter(pk=pk).first()
    if found is None:
        wrong["owner"] = [_("This can't be chosen here any more.")]
    return found


def stage_of(company: Company, pk: int, wrong: dict[str, list[str]]) -> Stage | None:
    found = Stage.objects.filter(pipeline__company=company, pk=pk).first()
    if found is None:
        wrong["stage"] = [_("This stage is not there any more. Choose another.")]
    return found
