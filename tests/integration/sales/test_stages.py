"""Pipelines and stages: set up by themselves, changed by an administrator, removed when nothing is in them."""

import pytest
from django.test import Client
from django.urls import reverse
from integration.sales.conftest import Shop, Sign

from alcada.flow import selling
from alcada.history import queries as history
from alcada.people.models import Company, User
from alcada.sales import pipelines
from alcada.sales.models import Pipeline
from alcada.sales.queries import stages_of
from alcada.sales.rules import NotYoursError, StageError

SHIPPED = ["Primeiro contato", "Qualificado", "Proposta enviada", "Negociação"]


def names(pipeline: Pipeline) -> list[str]:
    return [stage.name for stage in stages_of(pipeline)]


@pytest.fixture
def pipeline(company: Company, clara: User) -> Pipeline:
    return pipelines.ensure(company, by=clara)


def test_a_company_begins_with_the_shipped_stages(pipeline: Pipeline, clara: User) -> None:
    assert (pipeline.name, names(pipeline)) == ("Vendas", SHIPPED)
    assert pipelines.ensure(pipeline.company, by=clara) == pipeline


def test_stages_are_added_renamed_moved_and_removed(pipeline: Pipeline, clara: User) -> None:
    first, second, *_ = stages_of(pipeline)
    added = pipelines.add_stage(pipeline, "  Contrato  ", by=clara)
    pipelines.rename_stage(second, "Visita", by=clara)
    pipelines.shift_stage(added, up=True, by=clara)
    pipelines.shift_stage(first, up=True, by=clara)  # it is the first: it stays
    assert names(pipeline) == ["Primeiro contato", "Visita", "Proposta enviada", "Contrato", "Negociação"]
    pipelines.remove_stage(first, by=clara)
    assert names(pipeline) == ["Visita", "Proposta enviada", "Contrato", "Negociação"]
    assert [record.event.removeprefix("pipeline.") for record in history.of(pipeline)] == [
        "created",
        "stage_added",
        "stage_renamed",
        "stage_moved",
        "stage_removed",
    ]
    # Its name is free again, and one that was removed is not there.
    pipelines.add_stage(pipeline, "Primeiro contato", by=clara)
    with pytest.raises(StageError, match="gone"):
        pipelines.rename_stage(first, "Outra", by=clara)


@pytest.mark.parametrize(
    ("name", "code"), [("visita", "taken"), ("", "name"), (" ", "name"), ("x" * 61, "name")]
)
def test_a_name_is_refused(pipeline: Pipeline, clara: User, name: str, code: str) -> None:
    pipelines.add_stage(pipeline, "Visita", by=clara)
    with pytest.raises(StageError, match=code):
        pipelines.add_stage(pipeline, name, by=clara)


def test_a_stage_with_open_deals_and_the_last_one_stay(shop: Shop, ana: User, clara: User) -> None:
    deal = shop.deal(ana)
    stage = deal.stage
    with pytest.raises(StageError, match="used"):
        pipelines.remove_stage(stage, by=clara)
    selling.win(deal.pk, by=ana)
    pipelines.remove_stage(stage, by=clara)  # what was won in it keeps its name
    selling.reopen(deal.pk, by=ana)
    deal.refresh_from_db()
    assert deal.stage.name == "Qualificado"
    for other in list(stages_of(stage.pipeline))[1:]:
        pipelines.remove_stage(other, by=clara)
    with pytest.raises(StageError, match="last"):
        pipelines.remove_stage(deal.stage, by=clara)


def test_only_an_administrator_changes_them(pipeline: Pipeline, ana: User, bruno: User, carla: User) -> None:
    for who in (ana, bruno, carla):
        with pytest.raises(NotYoursError):
            pipelines.add_stage(pipeline, "Visita", by=who)


def test_the_page(company: Company, as_: Sign, clara: User, ana: User, carla: User) -> None:
    client, address = as_(clara), reverse("sales-stages")
    assert "Primeiro contato" in client.get(address).content.decode()
    assert not Pipeline.objects.exists()  # a GET changes nothing
    client.post(address, {"do": "begin"})
    pipeline = Pipeline.objects.get(company=company)
    first = stages_of(pipeline)[0]
    press(client, address, f"add-{pipeline.pk}", "Contrato")
    press(client, address, f"rename-{first.pk}", "Chegou")
    press(client, address, f"down-{first.pk}", "")
    assert names(pipeline) == ["Qualificado", "Chegou", "Proposta enviada", "Negociação", "Contrato"]
    answer = client.post(address, {"do": f"add-{pipeline.pk}", f"add-{pipeline.pk}": "chegou"})
    assert answer.status_code == 422
    assert "There is one with this name already." in answer.content.decode()
    press(client, address, "pipeline", "Atacado")
    press(client, address, f"remove-{first.pk}", "")
    assert Pipeline.objects.count() == 2
    assert as_(ana).get(address).status_code == 403
    assert as_(ana).post(address, {"do": "begin", "company": company.pk}).status_code == 403
    assert as_(carla).get(address, {"company": company.pk}).status_code == 404
    assert as_(carla).post(address, {"do": f"remove-{stages_of(pipeline)[0].pk}"}).status_code == 404


def press(client: Client, address: str, do: str, value: str) -> None:
    assert client.post(address, {"do": do, do: value}).status_code == 302
