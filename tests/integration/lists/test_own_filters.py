"""The list of entries filtered by a company's own fields: each type, drafts and frozen, saved, exported, retired."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from cast import make_person
from django.db import connection
from django.test import Client
from integration.pages.world import World

from alcada.flow import actions as flow
from alcada.flow import exporting, list_pages
from alcada.intake import actions, custom
from alcada.intake.models import CustomField, Entry, Export, OwnNumber, SavedFilter
from alcada.people.models import Company, Membership, User

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]
TYPE = CustomField.Type


@pytest.fixture
def own(world: World, clara: User) -> dict[str, CustomField]:
    def make(name: str, type_: str = "text", **more: Any) -> CustomField:
        return custom.save(world.company, name=name, type_=type_, by=clara, **more)

    return {
        "text": make("Projeto"),
        "number": make("Horas", TYPE.NUMBER),
        "money": make("Multa", TYPE.MONEY),
        "date": make("Prazo", TYPE.DATE),
        "choice": make("Loja", TYPE.CHOICE, choices=["Centro", "Praia", "Praia Norte"]),
    }


@pytest.fixture
def several(world: World, own: dict[str, CustomField]) -> World:
    """1 and 2 submitted, 3 a draft, 4 with nothing in its own fields."""

    def typed(**values: str) -> dict[str, str]:
        return {str(own[name].pk): value for name, value in values.items()}

    world.submitted(
        custom=typed(text="Fundação Ágil", number="-1,5", money="1.000,50", date="31/12/2026", choice="Praia")
    )
    world.submitted(
        custom=typed(
            text="Reforma da loja", number="12", money="99,90", date="01/02/2027", choice="Praia Norte"
        )
    )
    world.typed(
        custom=typed(text="fundição", number="1.234,5", money="R$ 2.000,00", date="5/1/27", choice="Centro")
    )
    world.submitted()
    return world


def found(client: Client, own: dict[str, CustomField], **asked: str) -> set[int]:
    """`number_from="1"`: as it stands in the address."""
    answer = client.get("/entries", {"saved": "none", **addressed(own, **asked)})
    assert answer.status_code == 200
    return {row["entry"].number for row in answer.context["rows"]}


def addressed(own: dict[str, CustomField], **asked: str) -> dict[str, str]:
    told = {}
    for name, value in asked.items():
        which, dash, side = name.partition("_")
        told[f"own_{own[which].pk}{dash}{side}" if which in own else name] = value
    return told


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({"choice": "Praia"}, {1}),
        ({"choice": "Praia Norte"}, {2}),
        ({"choice": "Centro"}, {3}),
        ({"choice": "praia"}, set()),
        ({"choice": "Serra"}, set()),
        ({"text": "fundacao"}, {1}),
        ({"text": "FUND"}, {1, 3}),
        ({"text": "agil fund"}, {1}),
        ({"text": "loja"}, {2}),
        ({"text": "papelaria"}, set()),  # the vendor's name is not in the field
        ({"text": "praia"}, set()),  # nor is another field
        ({"text": "!?"}, set()),
        ({"number_from": "12"}, {2, 3}),
        ({"number_from": "12,01"}, {3}),
        ({"number_until": "0"}, {1}),
        ({"number_from": "-1,5", "number_until": "12"}, {1, 2}),
        ({"number_from": "12", "number_until": "-1,5"}, {1, 2}),
        ({"number_from": "-1,4", "number_until": "11,9"}, set()),
        ({"money_from": "1.000"}, {1, 3}),  # in a range it can only be a thousand
        ({"money_from": "1000,51"}, {3}),
        ({"money_until": "R$ 99,90"}, {2}),
        ({"date_from": "01/01/2027"}, {2, 3}),
        ({"date_until": "05/01/2027"}, {1, 3}),
        ({"date_from": "31/12/2026", "date_until": "31/12/2026"}, {1}),
        ({"date_from": "2027-01-31"}, {2}),
        ({"choice": "Praia", "money_from": "1000"}, {1}),
        ({"choice": "Praia", "money_from": "1001"}, set()),
        ({"text": "fund", "q": "papelaria", "state": "draft"}, {3}),
    ],
)
@pytest.mark.parametrize("many", [False, True])
def test_each_type_is_asked_for_in_its_way(
    several: World,
    as_: Sign,
    own: dict[str, CustomField],
    asked: dict[str, str],
    numbers: set[int],
    many: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if many:  # found by walking the list, as where there are thousands
        monkeypatch.setattr(list_pages, "RARE", 0)
    assert found(as_(several.bruno), own, **asked) == numbers


def test_what_is_found_follows_what_is_changed(
    several: World, as_: Sign, own: dict[str, CustomField], ana: User
) -> None:
    bruno = as_(several.bruno)
    draft = Entry.objects.get(number=3)
    assert draft.draft is not None
    custom_now = {str(own["choice"].pk): "Praia", str(own["number"].pk): "", str(own["date"].pk): "amanhã"}
    actions.save_draft(draft, by=ana, draft=draft.draft | {"custom": custom_now})
    assert found(bruno, own, choice="Praia") == {1, 3}
    assert found(bruno, own, number_from="1000") == set()
    assert found(bruno, own, date_from="01/01/2027") == {2}
    assert found(bruno, own, text="fund") == {1}


@pytest.mark.parametrize(
    "text",
    ["12", "-12", "+3", "1234,5", "1.234,5", "1234.5", "1.234", "0,001", "1e3", "1e400", "NaN", "-", "", "1,2,3",
     "12 345", "12\u00a0345,6", "5.", ".5", "9" * 16, "9" * 60, "1e-15", "doze", "٣", "-1.234.567", "0"],
)  # fmt: skip
def test_the_database_reads_a_number_as_the_form_does(own: dict[str, CustomField], text: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT intake_read_number(%s)", [text])
        (theirs,) = cursor.fetchone()
    try:
        ours = Decimal(custom.read(own["number"], text)) if text else None
    except custom.ValueRefusedError:
        ours = None
    if len(text) == 16:  # what no spreadsheet keeps exactly is refused by the form alone
        assert ours is None
    else:
        assert theirs == ours


@pytest.mark.parametrize("text", ["9" * 60, "1e99", "-1e99", "1e-99", "0" * 70, "1e999999999"])
def test_no_number_keeps_a_draft_from_being_saved(
    world: World, own: dict[str, CustomField], text: str
) -> None:
    entry = world.typed(custom={str(own["number"].pk): text, str(own["money"].pk): text})
    assert entry.draft is not None
    assert entry.draft["custom"][str(own["number"].pk)] == text


def test_another_companys_field_finds_nothing_and_says_nothing(
    several: World, as_: Sign, own: dict[str, CustomField], other_company: Company, carla: User
) -> None:
    theirs = custom.save(other_company, name="Segredo", type_="text", by=carla)
    actions.start(other_company, "payable", by=carla, draft={"custom": {str(theirs.pk): "sigiloso"}})
    answer = as_(several.bruno).get("/entries", {"saved": "none", f"own_{theirs.pk}": "sigiloso"})
    assert answer.context["rows"] == []
    assert "Segredo" not in answer.content.decode()
    assert found(as_(several.bruno), own, own_999999999999="x") == set()
    assert len(found(as_(several.bruno), own, own_0="x", own_x="y", own_1_to="z")) == 4  # no filters at all
    # Who sees both companies finds each company's by its own field.
    bureau = make_person("Bia", several.company, "auditor")
    Membership.objects.create(user=bureau, company=other_company, role="auditor")
    assert found(as_(bureau), own, **{f"own_{theirs.pk}": "sigilo"}) == {1}
    assert found(as_(bureau), own, choice="Praia") == {1}


def test_who_sees_their_own_alone_finds_their_own(
    several: World, as_: Sign, own: dict[str, CustomField], company: Company
) -> None:
    zeca = make_person("Zeca", company, "requester")
    actions.start(company, "payable", by=zeca, draft={"custom": {str(own["choice"].pk): "Praia"}})
    assert found(as_(zeca), own, choice="Praia") == {5}
    assert found(as_(zeca), own, choice="Centro") == set()


def test_the_page_offers_them_and_says_what_it_cannot_read(
    several: World, as_: Sign, own: dict[str, CustomField]
) -> None:
    bruno = as_(several.bruno)
    page = bruno.get("/entries?saved=none").content.decode()
    assert f'name="own_{own["date"].pk}_until"' in page
    assert '<details class="more-filters">' in page
    asked = addressed(own, choice="Praia", money_from="mil", number_until="1.000")
    page = bruno.get("/entries", {"saved": "none", **asked}).content.decode()
    assert '<details class="more-filters" open>' in page
    assert '<option value="Praia" selected>' in page
    assert "Multa: This is no amount in reais." in page
    assert "Horas: Is this a thousand, or one and a part?" in page
    assert 'value="mil"' in page
    assert found(bruno, own, choice="Praia", money_from="mil") == {1}  # what can't be read is left out


def test_a_choice_that_is_no_longer_offered_is_still_asked_for(
    several: World, as_: Sign, own: dict[str, CustomField], clara: User
) -> None:
    custom.save(
        several.company, name="Loja", type_="choice", choices=["Centro"], field=own["choice"], by=clara
    )
    assert found(as_(several.bruno), own, choice="Praia") == {1}
    page = as_(several.bruno).get("/entries", addressed(own, choice="Praia")).content.decode()
    assert '<option value="Praia" selected>' in page


def test_a_saved_filter_goes_on_when_its_field_is_renamed_and_retired(
    several: World, as_: Sign, own: dict[str, CustomField], clara: User
) -> None:
    bruno = as_(several.bruno)
    asked = addressed(own, choice="Praia", money_from="1.000", text="fund", kind="payable")
    saved = bruno.post("/entries/filters", {"name": "Praia cara", **asked})
    assert saved.status_code == 302
    assert SavedFilter.objects.get().filters == asked
    custom.save(several.company, name="Obra", type_="text", field=own["text"], by=clara)
    for name in ("choice", "money", "text"):
        custom.retire(own[name], by=clara)
    answer = bruno.get(saved.url)
    assert [row["entry"].number for row in answer.context["rows"]] == [1]
    page = answer.content.decode()
    assert page.count("(no longer on the form)") == 3
    assert "1.000 – …" in page
    # It is kept when something else is chosen on the page, and taken away by its own cross.
    assert f'type="hidden" name="own_{own["choice"].pk}" value="Praia"' in page
    crosses = {chip.name: chip.without for chip in answer.context["own"].chips}
    without = bruno.get("/entries" + crosses["Obra"]).context["wanted"]
    assert f"own_{own['text'].pk}" not in without
    assert without[f"own_{own['choice'].pk}"] == "Praia"


def test_a_field_that_is_off_the_form_is_found_where_it_was_frozen(
    several: World, as_: Sign, own: dict[str, CustomField], clara: User, ana: User
) -> None:
    custom.retire(own["choice"], by=clara)
    flow.withdraw(Entry.objects.get(number=1), by=ana)
    assert found(as_(several.bruno), own, choice="Praia") == {1}


def test_the_export_has_what_the_list_shows(several: World, as_: Sign, own: dict[str, CustomField]) -> None:
    bruno = as_(several.bruno)
    bruno.post("/entries/exports/new", {"format": "csv", **addressed(own, money_from="1000")})
    made = Export.objects.get()
    exporting.run(made.pk)
    made.refresh_from_db()
    assert made.done == 2
    assert made.filters[f"own_{own['money'].pk}_from"] == "1000"


def test_totals_are_of_what_is_asked_for(several: World, as_: Sign, own: dict[str, CustomField]) -> None:
    bruno = as_(several.bruno)
    for asked, count in (({"choice": "Praia"}, 1), ({"number_from": "12"}, 2)):
        answer = bruno.get("/entries/totals", addressed(own, **asked))
        assert answer.context["totals"].count == count


def test_a_number_stands_once_beside_its_entry(
    several: World, own: dict[str, CustomField], ana: User
) -> None:
    flow.withdraw(Entry.objects.get(number=2), by=ana)
    flow.submit(Entry.objects.get(number=2), by=ana)
    found = OwnNumber.objects.filter(entry__number=2).order_by("field").values_list("field", "value")
    assert dict(found) == {own["number"].pk: 12, own["money"].pk: Decimal("99.90"), own["date"].pk: 20270201}
