"""Writes about pipelines and their stages, one verb each. Recorded in the pipeline's history."""

from typing import Final

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from alcada.history.actions import record
from alcada.people.models import Company, User
from alcada.people.queries import may
from alcada.sales.models import Deal, Pipeline, Stage
from alcada.sales.queries import stages_of
from alcada.sales.rules import NotYoursError, StageError

MOST_STAGES: Final = 20


def shipped_stages(language: str = "pt-br") -> tuple[str, list[str]]:
    """The first pipeline's name and stages, in the company's language: its own words from then on."""
    with override(language):
        return _("Sales"), [_("First contact"), _("Qualified"), _("Proposal sent"), _("Negotiation")]


def ensure(company: Company, *, by: User) -> Pipeline:
    """The company's first pipeline; made with the shipped stages when there is none. Whoever makes a deal may."""
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        found = Pipeline.objects.filter(company=company).order_by("pk").first()
        return found or _create(company, *shipped_stages(), by=by)


def add(company: Company, name: str, *, by: User) -> Pipeline:
    """One more pipeline, with the shipped stages. Raises NotYoursError, StageError."""
    _may_manage(company, by)
    name = _name(name, 80)
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        if Pipeline.objects.filter(company=company, name__iexact=name).exists():
            raise StageError("taken")
        return _create(company, name, shipped_stages()[1], by=by)


def _create(company: Company, name: str, stages: list[str], *, by: User) -> Pipeline:
    pipeline = Pipeline.objects.create(company=company, name=name)
    Stage.objects.bulk_create(
        Stage(pipeline=pipeline, name=stage, order=order) for order, stage in enumerate(stages, start=1)
    )
    record("pipeline.created", pipeline, by=by, company=company, data={"name": name, "stages": stages})
    return pipeline


def rename(pipeline: Pipeline, name: str, *, by: User) -> None:
    """Raises NotYoursError, StageError."""
    name = _name(name, 80)
    with transaction.atomic():
        locked = _locked(pipeline, by)
        others = Pipeline.objects.filter(company=locked.company, name__iexact=name).exclude(pk=locked.pk)
        if others.exists():
            raise StageError("taken")
        before, locked.name = locked.name, name
        if before != name:
            locked.save(update_fields=["name"])
            _record("pipeline.renamed", locked, by, before=before, name=name)


def add_stage(pipeline: Pipeline, name: str, *, by: User) -> Stage:
    """After the last one. Raises NotYoursError, StageError."""
    name = _name(name, 60)
    with transaction.atomic():
        locked = _locked(pipeline, by)
        stages = list(stages_of(locked))
        if len(stages) >= MOST_STAGES:
            raise StageError("many")
        _free(name, stages)
        last = Stage.objects.filter(pipeline=locked).aggregate(last=Max("order"))["last"] or 0
        stage = Stage.objects.create(pipeline=locked, name=name, order=last + 1)
        _record("pipeline.stage_added", locked, by, stage=name)
        return stage


def rename_stage(stage: Stage, name: str, *, by: User) -> None:
    """Raises NotYoursError, StageError."""
    name = _name(name, 60)
    with transaction.atomic():
        pipeline = _locked(stage.pipeline, by)
        stages = list(stages_of(pipeline))
        found = _of(stage, stages)
        _free(name, [one for one in stages if one.pk != found.pk])
        before, found.name = found.name, name
        if before != name:
            found.save(update_fields=["name"])
            _record("pipeline.stage_renamed", pipeline, by, before=before, stage=name)


def shift_stage(stage: Stage, *, up: bool, by: User) -> None:
    """One place towards the beginning or the end; at the end it stays. Raises NotYoursError, StageError."""
    with transaction.atomic():
        pipeline = _locked(stage.pipeline, by)
        stages = list(stages_of(pipeline))
        found = _of(stage, stages)
        at = next(i for i, one in enumerate(stages) if one.pk == found.pk)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(stages):
            return
        stages[at].order, stages[to].order = stages[to].order, stages[at].order
        Stage.objects.bulk_update([stages[at], stages[to]], ["order"])
        _record("pipeline.stage_moved", pipeline, by, stage=found.name, place=to + 1)


def remove_stage(stage: Stage, *, by: User) -> None:
    """One without open deals; what was won or lost in it keeps its name. Raises NotYoursError, StageError."""
    with transaction.atomic():
        pipeline = _locked(stage.pipeline, by)
        stages = list(stages_of(pipeline))
        # No deal comes in meanwhile: whoever puts one there locks the stage's row too (actions.take_stage).
        found = Stage.objects.select_for_update().get(pk=_of(stage, stages).pk)
        if len(stages) == 1:
            raise StageError("last")
        if Deal.objects.filter(stage=found, state=Deal.State.OPEN).exists():
            raise StageError("used")
        found.removed_at = timezone.now()
        found.save(update_fields=["removed_at"])
        _record("pipeline.stage_removed", pipeline, by, stage=found.name)


def _may_manage(company: Company, by: User) -> None:
    if not may(by, "pipeline.manage", company):
        raise NotYoursError


def _locked(pipeline: Pipeline, by: User) -> Pipeline:
    found = Pipeline.objects.select_for_update(of=("self",)).select_related("company").get(pk=pipeline.pk)
    _may_manage(found.company, by)
    return found


def _of(stage: Stage, stages: list[Stage]) -> Stage:
    found = next((one for one in stages if one.pk == stage.pk), None)
    if found is None:
        raise StageError("gone")
    return found


def _name(text: str, longest: int) -> str:
    name = " ".join(text.replace("\x00", "").split())
    if not name or len(name) > longest:
        raise StageError("name")
    return name


def _free(name: str, others: list[Stage]) -> None:
    if any(one.name.casefold() == name.casefold() for one in others):
        raise StageError("taken")


def _record(event: str, pipeline: Pipeline, by: User, **data: object) -> None:
    record(event, pipeline, by=by, company=pipeline.company, data=data)
