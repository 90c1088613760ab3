"""A company's own fields through the API: which there are, read and written in an entry by name."""

from typing import Any
from urllib.parse import urlencode

import pytest
from integration.api.test_api_entries import body

from alcada.intake import custom
from alcada.intake.models import CustomField, Entry
from alcada.people.models import Company, User

TYPE = CustomField.Type
VALUES = {
    "Projeto": "Obra nova",
    "Horas": "-1234.5",
    "Multa": "1000.50",
    "Prazo": "2026-12-31",
    "Loja": "Praia",
}


@pytest.fixture
def own(world: Any, clara: User) -> dict[str, CustomField]:
    def make(name: str, type_: str = "text", **more: Any) -> CustomField:
        return custom.save(world.company, name=name, type_=type_, by=clara, **more)

    return {
        "Projeto": make("Projeto", required=True),
        "Horas": make("Horas", TYPE.NUMBER),
        "Multa": make("Multa", TYPE.MONEY),
        "Prazo": make("Prazo", TYPE.DATE),
        "Loja": make("Loja", TYPE.CHOICE, choices=["Centro", "Praia"]),
    }


def test_they_are_written_and_read_by_name(call: Any, world: Any, own: dict[str, CustomField]) -> None:
    ana = call(world.ana)
    made = ana.post("/entries", body(world, custom=VALUES))
    assert made.status_code == 201, made.content
    entry = made.json()
    assert (entry["draft"]["custom"], entry["problems"]) == (VALUES, {})
    row = Entry.objects.get()
    assert row.draft is not None
    assert row.draft["custom"] == {  # as the form has it
        str(own[name].pk): typed
        for name, typed in zip(own, ["Obra nova", "-1234,5", "1000,50", "31/12/2026", "Praia"], strict=True)
    }
    changed = ana.patch(
        f"/entries/{entry['id']}", {"version": entry["version"], "custom": {"HORAS": None, "Loja": "Centro"}}
    ).json()
    kept = {name: value for name, value in VALUES.items() if name != "Horas"} | {"Loja": "Centro"}
    assert changed["draft"]["custom"] == kept
    sent = ana.post(f"/entries/{entry['id']}/submit", {"version": changed["version"]})
    assert sent.status_code == 200, sent.content
    assert sent.json()["content"]["custom"] == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Horas", "1.234,5"),
        ("Horas", "1e400"),
        ("Multa", "-1"),
        ("Multa", "1.000,50"),
        ("Prazo", "31/12/2026"),
        ("Prazo", "2026-02-31"),
        ("Loja", "Serra"),
        ("Nada", "x"),
        ("Projeto", "x" * 501),
        ("Horas", 12),
    ],
)
def test_what_does_not_fit_is_said_beside_it(
    call: Any, world: Any, own: dict[str, CustomField], name: str, value: Any
) -> None:
    refused = call(world.ana).post("/entries", body(world, custom={name: value}))
    assert refused.status_code == 422
    (where,) = refused.json()["errors"]
    assert where.startswith(f"custom.{name}")
    assert not Entry.objects.exists()


def test_a_required_one_that_is_missing_is_a_problem_by_its_name(
    call: Any, world: Any, own: dict[str, CustomField]
) -> None:
    ana = call(world.ana)
    entry = ana.post("/entries", body(world)).json()
    assert set(entry["problems"]) == {"custom.Projeto"}
    refused = ana.post(f"/entries/{entry['id']}/submit")
    assert (refused.status_code, set(refused.json()["errors"])) == (422, {"custom.Projeto"})


def test_another_companys_are_nobodys(call: Any, world: Any, other_company: Company, carla: User) -> None:
    custom.save(other_company, name="Segredo", type_="text", by=carla)
    ana = call(world.ana)
    assert ana.post("/entries", body(world, custom={"Segredo": "x"})).status_code == 422
    assert ana.get(f"/companies/{other_company.pk}/fields").status_code == 404


def test_the_administrator_adds_one_and_others_list_them(call: Any, world: Any, clara: User) -> None:
    address = f"/companies/{world.company.pk}/fields"
    new = {"name": "Loja", "type": "choice", "choices": ["Centro", "Praia"], "kind": "payable"}
    made = call(clara).post(address, new)
    assert made.status_code == 201, made.content
    told = {**new, "required": False, "in_list": False}
    assert made.json() == told
    assert call(world.ana).get(address).json() == {"items": [told]}
    assert call(world.ana).post(address, {**new, "name": "Outra"}).status_code == 403
    twice = call(clara).post(address, new)
    assert (twice.status_code, set(twice.json()["errors"])) == (422, {"name"})
    for wrong in ({"name": "B", "type": "choice"}, {"name": "B", "type": "text", "choices": ["x"]}):
        assert set(call(clara).post(address, wrong).json()["errors"]) == {"choices"}


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        (["Loja:Praia"], [1]),
        (["loja: Praia", "Projeto:obra"], [1]),
        (["Projeto:nova"], [2, 1]),
        (["Horas:..0"], [1]),
        (["Horas:-1234.5"], [1]),
        (["Multa:1000.5..1001"], [1]),
        (["Multa:2000.00.."], [2]),
        (["Prazo:2026-12-31"], [1]),
        (["Prazo:2027-01-01..2027-12-31"], [2]),
        (["Loja:Centro", "Prazo:..2026-12-31"], []),
    ],
)
def test_a_list_is_narrowed_by_them(
    call: Any, world: Any, own: dict[str, CustomField], asked: list[str], numbers: list[int]
) -> None:
    ana = call(world.ana)
    second = {
        "Projeto": "Nova sede",
        "Horas": "3",
        "Multa": "2000.00",
        "Prazo": "2027-05-01",
        "Loja": "Centro",
    }
    for values in (VALUES, second):
        assert ana.post("/entries", body(world, custom=values)).status_code == 201
    address = "/entries?" + urlencode({"company": world.company.pk, "own": asked}, doseq=True)
    assert [one["number"] for one in ana.read(address)["items"]] == numbers


@pytest.mark.parametrize(
    "asked", ["Nada:x", "Praia", "Horas:1.234,5", "Multa:mil..", "Prazo:31/12/2026", "Segredo:x", "x" * 600]
)
def test_a_filter_that_means_nothing_is_refused(
    call: Any, world: Any, own: dict[str, CustomField], asked: str, other_company: Company, carla: User
) -> None:
    custom.save(other_company, name="Segredo", type_="text", by=carla)
    refused = call(world.ana).get("/entries?" + urlencode({"company": world.company.pk, "own": asked}))
    assert refused.status_code == 422
    (where,) = refused.json()["errors"]
    assert where.startswith("own")
    without = call(world.ana).get("/entries?" + urlencode({"own": "Loja:Praia"}))
    assert (without.status_code, set(without.json()["errors"])) == (422, {"company"})


def test_one_that_is_off_the_form_is_still_asked_for(
    call: Any, world: Any, own: dict[str, CustomField], clara: User
) -> None:
    call(world.ana).post("/entries", body(world, custom=VALUES))
    custom.retire(own["Loja"], by=clara)
    address = f"/entries?company={world.company.pk}&own=Loja:Praia"
    assert len(call(world.ana).read(address)["items"]) == 1
