"""The list of entries through the API: what the page's list finds, page after page."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.utils import timezone

from alcada.directory.actions import save_party
from alcada.people.models import User

# As the API is asked, and as the page is; `{…}` are keys of what the world has.
ASKED = [
    ({"q": "papelar"}, {"q": "papelar"}),
    ({"q": "acougue jorge"}, {"q": "acougue jorge"}),
    ({"q": "ougue"}, {"q": "ougue"}),
    ({"q": "19131243"}, {"q": "19131243"}),
    ({"q": "100..2000"}, {"q": "100..2000"}),
    ({"q": "831"}, {"q": "831"}),
    ({"q": "#2"}, {"q": "#2"}),
    ({"status": "draft"}, {"state": "draft"}),
    ({"status": "posting.posted"}, {"state": "posting.posted"}),
    ({"status": "discarded"}, {"state": "discarded"}),
    ({"company": "{company}"}, {"company": "{company}"}),
    ({"category": "{category}"}, {"category": "{category}"}),
    ({"cost_centre": "{centre}", "q": "quadro"}, {"centre": "{centre}", "q": "quadro"}),
    ({"bank_account": "{bank}"}, {"bank": "{bank}"}),
    ({"account": "{connection}"}, {"account": "{connection}"}),
    ({"party": "{vendor}"}, {"party": "{vendor}"}),
    ({"created_by": "{ana}"}, {"by": "{ana}"}),
    ({"created_by": "{bruno}"}, {"by": "{bruno}"}),
    ({"month": "{month}"}, {"month": "{month}"}),
    ({"due_from": "{soon}"}, {"from": "{soon}"}),
    ({"due_until": "{soon}"}, {"until": "{soon}"}),
    ({"due_from": "{soon}", "due_until": "{late}"}, {"from": "{soon}", "until": "{late}"}),
]


@pytest.fixture
def several(world: Any) -> Any:
    """1: posted; 2: a draft; 3: another vendor's, due late, in approval; 4: thrown away."""
    from alcada.intake import actions

    world.posted(description="Papel A4", document_number="NF 000831", due_in=2)
    world.typed(party="", party_name="Açougue São Jorge", description="Carne", amount="99,90")
    other = save_party(
        world.company, name="Elétrica Ágil Ltda", document="19131243000197", is_vendor=True, is_customer=False
    )
    world.submitted(
        party=other.pk, party_name=other.name, description="Quadro de luz", amount="150,00", due_in=40
    )
    actions.discard(world.typed(description="Engano"), by=world.ana)
    return world


@pytest.mark.parametrize(("api", "page"), ASKED)
def test_the_list_finds_what_the_page_finds(
    call: Any, several: Any, api: dict[str, str], page: dict[str, str]
) -> None:
    today = timezone.localdate()
    there = {
        "company": several.company.pk,
        "category": several.category.pk,
        "centre": several.centre.pk,
        "bank": several.account.pk,
        "connection": several.connection.pk,
        "vendor": several.vendor.pk,
        "ana": several.ana.pk,
        "bruno": several.bruno.pk,
        "month": f"{today:%Y-%m}",
        "soon": today + timedelta(days=5),
        "late": today + timedelta(days=20),
    }
    browser = Client()
    browser.force_login(several.bruno)
    asked = {name: value.format(**there) for name, value in page.items()}
    shown = [row["entry"].pk for row in browser.get("/entries", asked).context["rows"]]
    query = urlencode({name: value.format(**there) for name, value in api.items()})
    found = call(several.bruno).read(f"/entries?{query}")["items"]
    assert [one["id"] for one in found] == shown
    nothing = {("q", "ougue"), ("created_by", "{bruno}")}
    assert bool(found) != bool(nothing & api.items())


def test_a_filter_that_is_no_filter_is_refused(call: Any, several: Any) -> None:
    bruno = call(several.bruno)
    for asked in ("state=draft", "month=12/2026", "month=2026-13", "category=x", "due_from=10/12/2026"):
        answer = bruno.get(f"/entries?{asked}")
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [asked.partition("=")[0]]), asked
    # A key that nothing has finds nothing, however long it is.
    for name in ("account", "category", "company", "party"):
        assert bruno.read(f"/entries?{name}={2**63 - 1}")["items"] == [], name


def test_a_search_goes_on_by_cursor(call: Any, several: Any) -> None:
    bruno = call(several.bruno)
    more = [several.typed(description=f"Papel {number}").pk for number in range(3)]
    first = bruno.read("/entries?q=papel&limit=2")
    several.typed(description="Papel novo")
    second = bruno.read(f"/entries?q=papel&limit=2&cursor={first['next']}")
    assert [one["id"] for one in first["items"]] == more[:0:-1]
    assert [one["description"] for one in second["items"]] == ["Papel 0", "Papel A4"]
    assert second["next"] is None
    assert bruno.get(f"/entries?q=papel+a4&cursor={first['next']}").status_code == 422


def test_it_holds_nothing_of_another_company(call: Any, several: Any, carla: User) -> None:
    assert call(carla).read("/entries")["items"] == []
    assert call(carla).read(f"/entries?company={several.company.pk}")["items"] == []


def test_the_description_tells_what_each_filter_means(db: None) -> None:
    from integration.api.calling import described

    told = {
        one["name"]: one.get("description", "")
        for one in described()["paths"]["/api/v1/entries"]["get"]["parameters"]
    }
    assert told.keys() >= {"q", "status", "due_from", "month", "account", "cost_centre", "limit", "cursor"}
    assert "by how they begin" in told["q"]
    assert "2026-12" in told["month"]
