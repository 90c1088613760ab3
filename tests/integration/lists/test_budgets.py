"""A cost centre's owner and budget, and what of this month is approved against it, for who may see that."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from cast import make_person
from django.test import Client
from django.utils import timezone
from integration.pages.world import World

from alcada.directory.actions import save_cost_centre
from alcada.flow import actions as flow
from alcada.flow import budgets
from alcada.intake import drafts
from alcada.people.models import User
from alcada.posting import mending

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


@pytest.fixture
def budgeted(world: World) -> World:
    world.centre.owner, world.centre.monthly_budget = world.beatriz, Decimal("2000.00")
    world.centre.save()
    return world


def page(client: Client, world: World) -> str:
    text = client.get(f"/directory/cost-centres/{world.centre.pk}").content.decode()
    return " ".join(text.split())


def test_what_is_approved_in_the_month_stands_against_it(budgeted: World) -> None:
    world, today = budgeted, timezone.localdate()
    other = save_cost_centre(world.company, code="X", name="Outro")
    splits = [
        {"category": world.category.pk, "cost_centre": world.centre.pk, "amount": "300,00"},
        {"category": world.category.pk, "cost_centre": other.pk, "amount": "700,00"},
    ]
    world.approved(amount="1.000,00", splits=splits)
    world.posted(amount="100,00")
    world.submitted(amount="7,00")  # still in approval
    world.typed(amount="9,00")
    last_month = today.replace(day=1) - timedelta(days=1)
    world.approved(amount="40,00", competence_date=drafts.day(last_month), due_in=11)
    assert budgets.approved(world.centre, today) == Decimal("400.00")
    assert budgets.approved(world.centre, last_month) == Decimal("40.00")
    assert budgets.approved(other, today) == Decimal("700.00")


def test_what_is_taken_back_or_given_up_counts_no_more(budgeted: World) -> None:
    world = budgeted
    entry = world.refused(amount="100,00")
    assert budgets.approved(world.centre, timezone.localdate()) == Decimal("100.00")
    mending.cancel(world.posting(entry).pk, by=world.clara, reason="engano")
    assert budgets.approved(world.centre, timezone.localdate()) == 0
    again = world.refused(amount="200,00", due_in=20)
    flow.withdraw(again, by=world.ana)
    assert budgets.approved(world.centre, timezone.localdate()) == 0


def test_who_may_read_sees_owner_budget_and_what_is_taken(budgeted: World, as_: Sign) -> None:
    world = budgeted
    world.approved(amount="500,00")
    auditor = make_person("Alice Prado", world.company, "auditor")
    text = page(as_(auditor), world)
    for told in ("Beatriz Rocha", "R$ 2,000.00", "R$ 500.00", "(25%)", "R$ 1,500.00 left"):
        assert told in text, told
    assert 'value="500.000000"' in text
    world.approved(amount="1.750,00", due_in=25)
    assert "R$ 250.00 over the budget" in page(as_(auditor), world)


def test_a_requester_sees_the_budget_and_not_the_sum_of_others_entries(
    budgeted: World, as_: Sign, carla: User
) -> None:
    world = budgeted
    world.approved(amount="500,00")
    requester = make_person("Rita Nunes", world.company, "requester")
    text = page(as_(requester), world)
    assert "R$ 2,000.00" in text
    assert "500.00" not in text.replace("R$ 2,000.00", "")
    assert as_(carla).get(f"/directory/cost-centres/{world.centre.pk}").status_code == 404


def test_who_may_change_it_has_the_form_and_the_bar(budgeted: World, as_: Sign) -> None:
    text = page(as_(budgeted.clara), budgeted)
    assert "<progress" in text
    assert 'name="monthly_budget"' in text
