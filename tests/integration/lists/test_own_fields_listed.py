"""A company's own fields beyond the form: in the list and its search, in exports, on paper."""

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from cast import make_person
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from integration.pages.world import World

from alcada.flow import exporting
from alcada.intake import custom
from alcada.intake.models import CustomField, Entry, Export
from alcada.people.models import Company, User
from alcada.web import intake_list

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]
TYPE = CustomField.Type


@pytest.fixture
def own(world: World, clara: User) -> dict[str, CustomField]:
    def make(name: str, type_: str = "text", **more: Any) -> CustomField:
        return custom.save(world.company, name=name, type_=type_, by=clara, **more)

    return {
        "text": make("Projeto", in_list=True),
        "number": make("Horas", TYPE.NUMBER),
        "money": make("Multa", TYPE.MONEY, in_list=True),
        "date": make("Prazo", TYPE.DATE),
        "choice": make("Loja", TYPE.CHOICE, choices=["Centro", "Praia"], in_list=True),
    }


def typed(own: dict[str, CustomField], **values: str) -> dict[str, str]:
    return {str(own[name].pk): value for name, value in values.items()}


def rows(client: Client, **asked: str) -> dict[int, Any]:
    answer = client.get("/entries", {"saved": "none", **asked})
    assert answer.status_code == 200
    return {row["entry"].number: row["own"] for row in answer.context["rows"]}


def test_the_row_shows_those_that_the_list_has(
    world: World, as_: Sign, own: dict[str, CustomField], clara: User
) -> None:
    world.submitted(custom=typed(own, text="Obra nova", number="12", money="1.000,50", choice="Praia"))
    world.typed(custom=typed(own, text="Reforma", money="mil"))
    world.submitted()
    client = as_(world.bruno)
    assert rows(client) == {
        3: [],
        2: [("Projeto", "Reforma"), ("Multa", "mil")],
        1: [("Projeto", "Obra nova"), ("Multa", "R$\xa01,000.50"), ("Loja", "Praia")],
    }
    page = client.get("/entries", {"saved": "none"}).content.decode()
    assert "Obra nova" in page
    assert "Horas" not in page
    custom.save(world.company, name="Obra", type_="text", in_list=True, field=own["text"], by=clara)
    custom.retire(own["choice"], by=clara)
    assert rows(client)[1] == [("Obra", "Obra nova"), ("Multa", "R$\xa01,000.50")]


def test_what_the_rows_show_costs_one_statement_however_many(
    world: World, own: dict[str, CustomField]
) -> None:
    keys = [world.submitted(custom=typed(own, text="Obra")).pk for _each in range(2)]
    with CaptureQueriesContext(connection, ) as two:
        intake_list.shown(keys)
    keys += [world.submitted(custom=typed(own, text="Obra", choice="Praia")).pk for _each in range(4)]
    with CaptureQueriesContext(connection) as six:
        intake_list.shown(keys)
    assert len(two) == len(six)


def test_the_search_finds_texts_and_choices_as_they_are_typed_and_frozen(
    world: World, as_: Sign, own: dict[str, CustomField]
) -> None:
    world.submitted(custom=typed(own, text="Fundação Ágil", number="777", choice="Praia"))
    world.typed(custom=typed(own, text="Fundição"))
    client = as_(world.bruno)
    assert set(rows(client, q="fundacao")) == {1}
    assert set(rows(client, q="agil praia")) == {1}
    assert set(rows(client, q="fund")) == {1, 2}
    assert set(rows(client, q="777")) == set()
    assert set(rows(client, q="papelaria agil")) == {1}  # beside the words that were there already


def test_another_companys_field_in_a_draft_finds_nothing(
    world: World, as_: Sign, other_company: Company, carla: User
) -> None:
    theirs = custom.save(other_company, name="Segredo", type_="text", in_list=True, by=carla)
    world.typed(custom={str(theirs.pk): "sigiloso", "x": "y", "999999999999999999999": "z"})
    client = as_(world.bruno)
    assert rows(client, q="sigiloso") == {}
    assert rows(client) == {1: []}
