"""Writes about deals, one verb each. What happens to a deal's receivable is `flow.selling`'s to know."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Model, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada import money
from alcada.directory.models import BankAccount, Category, CostCentre, EntryKind, Party
from alcada.directory.queries import bank_accounts_for, categories_for, cost_centres_for
from alcada.history.actions import line, record, record_all
from alcada.people.models import Company, User
from alcada.people.queries import may
from alcada.sales import pipelines
from alcada.sales.models import Deal, Stage
from alcada.sales.queries import may_change, owners_for, stages_of
from alcada.sales.rules import (
    ClosedError,
    DealChangedError,
    NotYoursError,
    Problems,
    TermsError,
    instalments,
    read_terms,
)


@dataclass(frozen=True)
class Content:
    """What was agreed. `terms` as typed; what the receivable needs may be missing while the deal is open."""

    title: str
    customer: Party
    value: Decimal
    owner: User
    terms: str = ""
    stage: Stage | None = None  # None: the first of the company's first pipeline, or where it is
    category: Category | None = None
    cost_centre: CostCentre | None = None
    bank_account: BankAccount | None = None
    expected_on: date | None = None
    notes: str = ""


def create(company: Company, content: Content, *, by: User, form: UUID | None = None) -> Deal:
    """A new open deal, with the company's next number; or the one that this form made already.

    Raises NotYoursError, Problems.
    """
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        made = Deal.objects.filter(form=form, company=company, created_by=by).first() if form else None
        if made is None:
            (made,) = create_all(company, [content], by=by)
            if form:
                made.form = form
                made.save(update_fields=["form"])
        return made


def create_all(
    company: Company, contents: Sequence[Content], *, by: User, origins: Sequence[Mapping[str, Any]] = ()
) -> list[Deal]:
    """As `create`, of many in a few statements. `origins`: of each what history says of where it came from."""
    if not may(by, "deal.create", company):
        raise NotYoursError
    choices = _Choices(company, by)
    contents = [_checked(company, content, choices) for content in contents]
    with transaction.atomic():
        # The company's row is the lock under which numbers are counted, as those of entries are.
        Company.objects.select_for_update().get(pk=company.pk)
        last = Deal.objects.filter(company=company).aggregate(last=Max("number"))["last"] or 0
        deals: list[Deal] = []
        taken = _Stages(company, by)
        for number, content in enumerate(contents, start=last + 1):
            deal = Deal(company=company, number=number, created_by=by, stage=taken.take(content.stage))
            _fill(deal, content)
            deals.append(deal)
        Deal.objects.bulk_create(deals)
        begun = []
        for index, deal in enumerate(deals):
            data = {"number": deal.number, **_facts(deal), **(origins[index] if origins else {})}
            begun.append(line("deal.created", deal, by=by, company=company, data=data))
        record_all(begun)
        return deals


def change(deal_id: int, content: Content, *, version: int, by: User) -> Deal:
    """Replace what was agreed. `version` is that of the deal when the form was opened.

    Raises NotYoursError, Problems, ClosedError, DealChangedError.
    """
    with transaction.atomic():
        deal = locked(deal_id, by=by)
        if deal.state != Deal.State.OPEN:
            raise ClosedError
        if deal.version != version:
            raise DealChangedError
        content = _checked(deal.company, content, _Choices(deal.company, by), deal)
        before, stage = _facts(deal), deal.stage
        _fill(deal, content)
        if content.stage is not None and content.stage.pk != stage.pk:
            deal.stage = take_stage(deal.company, content.stage)
        after = _facts(deal)
        changes = [
            {"field": name, "old": before[name], "new": after[name]}
            for name in after
            if before[name] != after[name]
        ]
        if changes:
            deal.version += 1
            deal.save()
            record("deal.changed", deal, by=by, company=deal.company, data={"changes": changes})
        return deal


def locked(deal_id: int, *, by: User) -> Deal:
    """The deal's row, locked, for who may change it. Raises NotYoursError. In the caller's transaction."""
    related = ("company", "stage__pipeline", "customer", "owner", "category", "cost_centre", "bank_account")
    deal = Deal.objects.select_for_update(of=("self",)).select_related(*related).get(pk=deal_id)
    if not may_change(by, deal):
        raise NotYoursError
    return deal


def take_stage(company: Company, stage: Stage) -> Stage:
    """The stage, if a deal may be put there, so that it is not removed meanwhile. Raises Problems."""
    found = (
        Stage.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=stage.pk, pipeline__company=company, removed_at=None)
        .first()
    )
    if found is None:
        raise Problems({"stage": [_("This stage is not there any more. Choose another.")]})
    return found


class _Stages:
    """Stages as new deals take them, each locked once. None named: the first of the company's first pipeline."""

    def __init__(self, company: Company, by: User) -> None:
        self._company, self._by = company, by
        self._taken: dict[int | None, Stage] = {}

    def take(self, stage: Stage | None) -> Stage:
        """Raises Problems, as `take_stage`."""
        key = stage.pk if stage else None
        if key not in self._taken:
            self._taken[key] = take_stage(self._company, stage or self._first())
        return self._taken[key]

    def _first(self) -> Stage:
        first = stages_of(pipelines.ensure(self._company, by=self._by)).first()
        assert first is not None  # the last stage of a pipeline can't be removed
        return first


# --- With the deal locked by the caller (`locked`), in its transaction -------------------------------------------


def move(deal: Deal, stage: Stage, *, by: User) -> None:
    """To another stage. Raises Problems, ClosedError."""
    if deal.state != Deal.State.OPEN:
        raise ClosedError
    if deal.stage_id == stage.pk:
        return
    before, deal.stage = deal.stage.name, take_stage(deal.company, stage)
    deal.save(update_fields=["stage"])
    record("deal.moved", deal, by=by, company=deal.company, data={"before": before, "stage": deal.stage.name})


def mark_won(deal: Deal, entry_id: int, *, by: User, data: dict[str, Any]) -> None:
    deal.entry_id = entry_id
    _close(deal, Deal.State.WON, by)
    deal.save(update_fields=["entry", "state", "closed_at", "closed_by"])
    record("deal.won", deal, by=by, company=deal.company, data=data)


def mark_open(deal: Deal, *, by: User) -> None:
    """Won or lost no more. A stage that was removed meanwhile is replaced by its pipeline's first."""
    before, deal.state = deal.state, Deal.State.OPEN
    deal.closed_at, deal.closed_by, deal.lost_reason = None, None, ""
    if deal.stage.removed_at is not None:
        first = stages_of(deal.stage.pipeline).first()
        assert first is not None
        deal.stage = first
    deal.save(update_fields=["state", "closed_at", "closed_by", "lost_reason", "stage"])
    record("deal.reopened", deal, by=by, company=deal.company, data={"before": before})


def mark_lost(deal: Deal, reason: str, *, by: User) -> None:
    """Raises Problems without a reason."""
    reason = " ".join(reason.replace("\x00", "").split())
    if not reason:
        raise Problems({"reason": [_("Say why it was lost.")]})
    if len(reason) > 300:
        raise Problems({"reason": [_("At most %(longest)s characters.") % {"longest": 300}]})
    deal.lost_reason = reason
    _close(deal, Deal.State.LOST, by)
    deal.save(update_fields=["lost_reason", "state", "closed_at", "closed_by"])
    record("deal.lost", deal, by=by, company=deal.company, data={"reason": reason})


def _close(deal: Deal, state: Deal.State, by: User) -> None:
    deal.state, deal.closed_at, deal.closed_by = state, timezone.now(), by


# --- What was agreed ---------------------------------------------------------------------------------------------


class _Choices:
    """What somebody may choose for a company's deals; each thing is asked about once."""

    def __init__(self, company: Company, by: User) -> None:
        self._offered: dict[str, QuerySet[Any]] = {
            "category": categories_for(company, EntryKind.RECEIVABLE),
            "cost_centre": cost_centres_for(company),
            "bank_account": bank_accounts_for(company, EntryKind.RECEIVABLE),
            "owner": owners_for(company, by),
        }
        self._has: dict[tuple[str, int], bool] = {}

    def has(self, name: str, chosen: Model) -> bool:
        key = (name, int(chosen.pk))
        if key not in self._has:
            self._has[key] = self._offered[name].filter(pk=chosen.pk).exists()
        return self._has[key]


def _checked(company: Company, content: Content, choices: _Choices, deal: Deal | None = None) -> Content:
    """Of this company, readable, and somebody's who may have it. What the deal has already is not asked anew."""
    wrong: dict[str, list[str]] = {}
    content = replace(
        content,
        title=_line(content.title),
        terms=_line(content.terms),
        notes=content.notes.replace("\x00", "").strip(),
    )
    if not content.title or len(content.title) > 200:
        wrong["title"] = [_("Say in a few words what is sold; 200 characters at most.")]
    if content.customer.company_id != company.pk:
        wrong["party_name"] = [_("Choose the customer.")]
    if not 0 < content.value <= money.LARGEST:
        wrong["amount"] = [_("The value must be more than zero.")]
    elif content.terms:
        try:
            instalments(read_terms(content.terms), content.value, timezone.localdate())
        except TermsError as exc:
            wrong["terms"] = [exc.sentence]
    chosen: dict[str, Model | None] = {
        "category": content.category,
        "cost_centre": content.cost_centre,
        "bank_account": content.bank_account,
        "owner": content.owner,
    }
    for name, thing in chosen.items():
        kept = deal is not None and thing is not None and getattr(deal, f"{name}_id") == thing.pk
        if thing is not None and not kept and not choices.has(name, thing):
            wrong[name] = [_("This can't be chosen here any more.")]
    if len(content.notes) > 1000:
        wrong["notes"] = [_("At most %(longest)s characters.") % {"longest": 1000}]
    if wrong:
        raise Problems(wrong)
    return content


def _line(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())


def _fill(deal: Deal, content: Content) -> None:
    deal.title, deal.customer, deal.value, deal.terms = (
        content.title,
        content.customer,
        content.value,
        content.terms,
    )
    deal.category, deal.cost_centre, deal.bank_account = (
        content.category,
        content.cost_centre,
        content.bank_account,
    )
    deal.owner, deal.expected_on, deal.notes = content.owner, content.expected_on, content.notes


def _facts(deal: Deal) -> dict[str, str]:
    """What history keeps of it, by name: never a document."""
    return {
        "title": deal.title,
        "customer": deal.customer.name,
        "value": f"{deal.value:.2f}",
        "terms": deal.terms,
        "stage": deal.stage.name,
        "category": str(deal.category or ""),
        "cost_centre": str(deal.cost_centre or ""),
        "bank_account": str(deal.bank_account or ""),
        "owner": deal.owner.name,
        "expected_on": deal.expected_on.isoformat() if deal.expected_on else "",
        "notes": deal.notes,
    }
