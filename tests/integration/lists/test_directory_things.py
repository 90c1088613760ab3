"""The directory for every role: lists, each thing's own page with its names and its entries, the way to the mapping."""

from collections.abc import Callable

import pytest
from cast import make_person
from django.test import Client
from integration.pages.world import World

from alcada.directory.actions import save_cost_centre, save_party
from alcada.directory.models import Category, Counterpart
from alcada.people.models import Company, Role, User
from alcada.web import directory

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


def addresses(world: World) -> list[str]:
    return [
        f"/directory/parties/{world.vendor.pk}",
        f"/directory/cost-centres/{world.centre.pk}",
        f"/directory/categories/{world.category.pk}",
        f"/directory/accounts/{world.account.pk}",
    ]


@pytest.mark.parametrize("role", list(Role))
def test_every_role_reads_the_directory(world: World, as_: Sign, company: Company, role: str) -> None:
    person = make_person("Zeca Melo", company, role)
    client = as_(person)
    for path in ("/directory", "/directory/cost-centres", "/directory/categories", "/directory/accounts"):
        assert client.get(path).status_code == 200
    for path in addresses(world):
        page = client.get(path)
        assert page.status_code == 200, path
        changes = role in (Role.FINANCE, Role.ADMINISTRATOR)
        assert ("/mapping/" in page.content.decode()) is changes, path
    assert client.post(f"/directory/cost-centres/{world.centre.pk}", {"name": "X"}).status_code in (
        {422, 302} if role in (Role.FINANCE, Role.ADMINISTRATOR) else {403}
    )


def test_a_thing_says_what_it_is_called_there_and_who_uses_it(world: World, as_: Sign) -> None:
    Counterpart.objects.filter(category=world.category).update(
        remote_name="Material de expediente", remote_parent="Administrativas"
    )
    world.posted(description="Papel A4")
    page = as_(world.bruno).get(f"/directory/categories/{world.category.pk}").content.decode()
    assert "Material de expediente" in page
    assert "Administrativas" in page
    assert "Papel A4" in page
    assert f"category={world.category.pk}" in page
    for path in addresses(world):
        assert "Papel A4" in as_(world.bruno).get(path).content.decode(), path


def test_the_entries_of_a_thing_are_those_that_the_person_may_see(
    world: World, as_: Sign, company: Company
) -> None:
    world.posted(description="Papel da Ana")
    dora = make_person("Dora Pinto", company, "requester")
    for path in addresses(world):
        page = as_(dora).get(path).content.decode()
        assert "Papel da Ana" not in page
        assert "No entry that you may see uses it yet." in page


def test_another_companys_things_are_not_there(world: World, as_: Sign, carla: User) -> None:
    for path in addresses(world):
        assert as_(carla).get(path).status_code == 404
    for path in ("/directory/categories", "/directory/accounts", "/directory/cost-centres", "/directory"):
        page = as_(carla).get(path).content.decode()
        for name in (world.category.name, world.account.name, world.centre.name, world.vendor.name):
            assert name not in page
    assert as_(carla).get(f"/connections/{world.connection.pk}/mapping").status_code == 404


def test_finance_gets_from_the_directory_to_the_mapping(world: World, as_: Sign, company: Company) -> None:
    fabia = as_(make_person("Fábia Nunes", company, "finance"))
    assert "/directory/mapping" in fabia.get("/directory").content.decode()
    page = fabia.get("/directory/mapping").content.decode()
    assert f"/connections/{world.connection.pk}/mapping" in page
    assert fabia.get(f"/connections/{world.connection.pk}/mapping").status_code == 200
    assert "/directory/mapping" not in as_(world.bruno).get("/directory").content.decode()
    assert as_(world.bruno).get("/directory/mapping").status_code == 403


def test_lists_are_searched(world: World, as_: Sign) -> None:
    save_cost_centre(world.company, code="OB1", name="Obra São José")
    Category.objects.create(company=world.company, kind="receivable", name="Vendas")
    ana = as_(world.ana)
    assert "Obra São José" in ana.get("/directory/cost-centres?q=sao").content.decode()
    assert "Obra São José" in ana.get("/directory/cost-centres?q=ob1").content.decode()
    assert "No cost centre found" in ana.get("/directory/cost-centres?q=nada").content.decode()
    page = ana.get("/directory/categories?kind=receivable").content.decode()
    assert "Vendas" in page
    assert world.category.name not in page
    assert "No category found" in ana.get("/directory/categories?q=nada").content.decode()


def test_vendors_page_by_key_both_ways(world: World, as_: Sign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PAGE", 2)
    for name in ("Alfa", "Gama", "Delta"):
        save_party(world.company, name=name, is_vendor=True, is_customer=False)
    save_party(world.company, name="Beta", document="11444777000161", is_vendor=True, is_customer=False)
    save_party(world.company, name="Beta", document="19131243000197", is_vendor=True, is_customer=False)
    ana, address, pages = as_(world.ana), "/directory", []
    while address:
        page = ana.get(address).context["page"]
        pages.append([party.name for party in page.rows])
        address = f"/directory{page.older}" if page.older else ""
    assert pages == [["Alfa", "Beta"], ["Beta", "Delta"], ["Gama", "Papelaria Central Ltda"]]
    back = ana.get(f"/directory{page.newer}").context["page"]
    assert [party.name for party in back.rows] == pages[1]
    assert [party.name for party in ana.get(f"/directory{back.newer}").context["page"].rows] == pages[0]
    for wrong in ("[1]", '["a"]', "{", '["a", 0]', '[["a"], 3]', "x" * 3000):
        assert ana.get("/directory", {"after": wrong}).status_code == 200
