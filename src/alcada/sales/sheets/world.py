"""What the lines of a file of deals may name in a company, read once for all of them."""

from collections.abc import Sequence

from alcada.directory.models import BankAccount, Category, CostCentre
from alcada.people.models import Company, User
from alcada.people.queries import may
from alcada.sales.models import Pipeline, Stage
from alcada.sales.pipelines import shipped_stages
from alcada.sales.queries import Offered, owners_for
from alcada.sheets.names import Names


class World:
    """The company's stages, whose a deal may be, and what else may be chosen."""

    def __init__(self, company: Company, by: User) -> None:
        self.company, self.by = company, by
        self.offered = Offered(company)
        choices = self.offered.choices
        self.categories: Names[Category] = Names(
            (one, (str(one), one.name)) for one in choices["category"].values()
        )
        self.cost_centres: Names[CostCentre] = Names(
            (one, (str(one), one.name, *((one.code,) if one.code else ())))
            for one in choices["cost_centre"].values()
        )
        self.bank_accounts: Names[BankAccount] = Names(
            (one, (one.name,)) for one in choices["bank_account"].values()
        )
        self.owners: Names[User] = Names((one, (one.name, one.email)) for one in owners_for(company, by))
        self.chooses_owner = may(by, "deal.change_all", company)
        stages = Stage.objects.filter(pipeline__company=company, removed_at=None)
        found = list(stages.select_related("pipeline").order_by("pipeline_id", "order"))
        # The first deal makes the first pipeline: until then its stages stand in for themselves.
        self.to_come = not found
        self._stages = found or _to_come(company)
        self.pipelines: Names[Pipeline] = Names((one.pipeline, (one.pipeline.name,)) for one in self._stages)
        self._named: dict[int | None, Names[Stage]] = {}

    @property
    def first_stage(self) -> Stage:
        return self._stages[0]

    def all_stages(self) -> list[str]:
        """By their names, where there is more than one pipeline with that of theirs."""
        several = len({one.pipeline_id for one in self._stages}) > 1
        return [f"{one.pipeline.name} › {one.name}" if several else one.name for one in self._stages]

    def stages_of(self, pipeline: Pipeline) -> list[Stage]:
        return [one for one in self._stages if one.pipeline_id == pipeline.pk]

    def stages(self, pipeline: Pipeline | None) -> Names[Stage]:
        """Those of one pipeline, else of all, also with their pipeline's name before them."""
        key = pipeline.pk if pipeline else 0
        if key not in self._named:
            stages: Sequence[Stage] = self.stages_of(pipeline) if pipeline else self._stages
            self._named[key] = Names((one, (one.name, f"{one.pipeline.name} › {one.name}")) for one in stages)
        return self._named[key]


def _to_come(company: Company) -> list[Stage]:
    name, stages = shipped_stages()
    pipeline = Pipeline(company=company, name=name)
    return [Stage(pipeline=pipeline, name=one, order=order) for order, one in enumerate(stages, start=1)]
