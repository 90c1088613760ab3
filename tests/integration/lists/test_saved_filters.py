"""Filters under a name: a person's own, one of them their first view, and what a company shares."""

from collections.abc import Callable
from typing import Any

import pytest
from cast import make_person
from django.test import Client
from integration.pages.world import World

from alcada.intake.models import SavedFilter
from alcada.people.models import Company, User

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


def save(client: Client, name: str, **fields: Any) -> Any:
    return client.post("/entries/filters", {"name": name, **fields})


def test_a_filter_is_saved_opened_and_removed(world: World, as_: Sign) -> None:
    ana = as_(world.ana)
    answer = save(ana, "  Papel  caro ", q="papel", sort="-value")
    saved = SavedFilter.objects.get()
    assert (saved.name, saved.filters, saved.company) == (
        "Papel caro",
        {"q": "papel", "sort": "-value"},
        None,
    )
    page = ana.get(answer.headers["Location"])
    assert (page.context["wanted"]["q"], page.context["sort"]) == ("papel", "-value")
    assert "Papel caro" in page.content.decode()
    assert ana.post(f"/entries/filters/{saved.pk}/remove").status_code == 302
    assert not SavedFilter.objects.exists()


def test_the_same_name_replaces_what_it_held(world: World, as_: Sign) -> None:
    save(as_(world.ana), "Papel", q="papel")
    save(as_(world.ana), "Papel", q="papel A4")
    assert SavedFilter.objects.get().filters == {"q": "papel A4"}


def test_one_may_be_what_the_list_begins_with(world: World, as_: Sign) -> None:
    ana = as_(world.ana)
    save(ana, "Rascunhos", state="draft", default="1")
    save(ana, "Papel", q="papel", default="1")
    assert list(SavedFilter.objects.filter(is_default=True).values_list("name", flat=True)) == ["Papel"]
    assert "q=papel" in ana.get("/entries").headers["Location"]
    assert ana.get("/entries?saved=none").status_code == 200
    assert as_(world.bruno).get("/entries").status_code == 200


@pytest.mark.parametrize("name", ["", "   ", "x" * 500])
def test_a_wrong_name_is_told_beside_the_field_and_comes_back(world: World, as_: Sign, name: str) -> None:
    ana = as_(world.ana)
    page = ana.get(save(ana, name, q="papel").headers["Location"]).content.decode()
    assert "Write a name of 1 to 60 characters." in page
    assert 'aria-describedby="filter-name-wrong"' in page
    assert 'value="papel"' in page
    assert not SavedFilter.objects.exists()


def test_finance_shares_with_the_company_and_others_see_it(
    world: World, as_: Sign, company: Company, carla: User
) -> None:
    fabia = make_person("Fábia Nunes", company, "finance")
    assert save(as_(fabia), "Recusados", state="posting.refused", share=company.pk).status_code == 302
    shared = SavedFilter.objects.get()
    assert shared.company == company
    assert "Recusados" in as_(world.ana).get("/entries").content.decode()
    assert "Recusados" not in as_(carla).get("/entries").content.decode()
    assert as_(carla).post(f"/entries/filters/{shared.pk}/remove").status_code == 404
    assert as_(world.ana).post(f"/entries/filters/{shared.pk}/remove").status_code == 403
    assert as_(world.clara).post(f"/entries/filters/{shared.pk}/remove").status_code == 302


def test_who_is_not_of_the_office_shares_nothing(
    world: World, as_: Sign, company: Company, carla: User
) -> None:
    assert save(as_(world.ana), "Meus", q="papel", share=company.pk).status_code == 403
    assert save(as_(carla), "Deles", q="papel", share=company.pk).status_code == 404
    assert not SavedFilter.objects.exists()


def test_anothers_own_filter_does_not_exist(world: World, as_: Sign) -> None:
    save(as_(world.ana), "Meus", q="papel")
    pk = SavedFilter.objects.get().pk
    assert "Meus" not in as_(world.clara).get(f"/entries?saved={pk}").content.decode()
    assert as_(world.clara).post(f"/entries/filters/{pk}/remove").status_code == 404
    assert as_(world.ana).get(f"/entries/filters/{pk}/remove").status_code == 405
