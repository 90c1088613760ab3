"""Managers, cost centres' owners and budgets; and what finance and an auditor may."""

from decimal import Decimal

import pytest
from cast import make_person
from django.db import IntegrityError, transaction
from django.urls import reverse

from alcada.directory.models import CostCentre
from alcada.history.models import Record
from alcada.people import queries
from alcada.people.models import Manager


@pytest.fixture
def fabio(company):
    return make_person("Fábio Reis", company, "finance")


@pytest.fixture
def alice(company):
    return make_person("Alice Prado", company, "auditor")


@pytest.fixture
def as_clara(client, clara):
    client.force_login(clara)
    client.cookies["django_language"] = "en"
    return client


def test_a_person_has_a_manager_in_a_company(as_clara, company, ana, bruno, clara, carla):
    address = reverse("person-manager", args=[ana.pk, company.pk])
    as_clara.post(address, {"manager": bruno.pk})
    assert queries.manager_of(ana, company) == bruno
    assert "Bruno Lima" in as_clara.get(reverse("person", args=[ana.pk])).content.decode()
    for nobody in (ana, carla):  # oneself; who has no role here
        assert as_clara.post(address, {"manager": nobody.pk}).status_code == 404
    as_clara.post(address, {"manager": ""})
    assert queries.manager_of(ana, company) is None
    told = Record.objects.filter(event="person.manager_changed").order_by("pk").values_list("data", flat=True)
    assert [(data["from"], data["to"]) for data in told] == [("", "Bruno Lima"), ("Bruno Lima", "")]


def test_the_database_lets_nobody_be_their_own_manager(company, ana, bruno):
    with pytest.raises(IntegrityError), transaction.atomic():
        Manager.objects.create(company=company, person=ana, manager=ana)
    Manager.objects.create(company=company, person=ana, manager=bruno)
    with pytest.raises(IntegrityError), transaction.atomic():
        Manager.objects.create(company=company, person=ana, manager=bruno)


def test_only_who_manages_people_sets_a_manager(client, company, ana, bruno, fabio):
    client.force_login(fabio)
    assert (
        client.post(reverse("person-manager", args=[ana.pk, company.pk]), {"manager": bruno.pk}).status_code
        == 403
    )


def test_a_cost_centre_has_an_owner_and_a_budget(as_clara, company, bruno, carla):
    address = reverse("directory-cost-centre-new") + f"?company={company.pk}"
    wrong = as_clara.post(address, {"name": "Loja", "monthly_budget": "mil", "active": "on"})
    assert wrong.status_code == 422
    assert 'value="mil"' in wrong.content.decode()
    stranger = as_clara.post(address, {"name": "Loja", "owner": carla.pk, "active": "on"})
    assert stranger.status_code == 422
    as_clara.post(address, {"name": "Loja", "owner": bruno.pk, "monthly_budget": "12.000,00", "active": "on"})
    centre = CostCentre.objects.get()
    assert (centre.owner, centre.monthly_budget) == (bruno, Decimal("12000.00"))
    page = as_clara.get(reverse("directory-cost-centres")).content.decode()
    assert "Bruno Lima" in page
    assert "R$\xa012,000.00" in page


def test_finance_mends_and_maps_and_administers_nothing(client, company, fabio):
    client.force_login(fabio)
    for name in ("entries", "postings", "differences", "directory", "flows", "inbox"):
        assert client.get(reverse(name)).status_code == 200, name
    for name in ("connections", "people"):
        assert client.get(reverse(name)).status_code == 403, name
    assert queries.may(fabio, "posting.mend", company)
    assert queries.may(fabio, "mapping.manage", company)
    assert queries.menders(company) == [fabio]


def test_without_finance_the_administrators_are_told(company, clara):
    assert queries.menders(company) == [clara]


def test_an_auditor_reads_and_changes_nothing(client, company, alice):
    client.force_login(alice)
    for name in ("entries", "postings", "differences", "directory", "flows", "home"):
        assert client.get(reverse(name)).status_code == 200, name
    new = client.get(reverse("entry-new", args=["payable"]))
    assert new.status_code == 403
    home = client.get(reverse("home")).content.decode()
    assert reverse("inbox") not in home
    for ability in ("entry.create", "step.decide", "directory.change", "posting.mend", "people.manage"):
        assert not queries.may(alice, ability, company), ability


def test_a_bureau_sees_its_companies_in_one_list_with_what_waits_in_each(
    client, company, other_company, fabio, installer
):
    other_company.memberships.create(user=fabio, role="auditor")
    client.force_login(fabio)
    client.cookies["django_language"] = "en"
    page = client.get(reverse("companies")).content.decode()
    for one in (company, other_company):
        assert f"{reverse('home')}?company={one.pk}" in page
    assert reverse("company", args=[company.pk]) not in page  # finance sets nothing up
    assert reverse("company-new") not in page
    client.force_login(installer)
    page = client.get(reverse("companies")).content.decode()
    assert reverse("company", args=[company.pk]) in page
    assert f"{reverse('home')}?company={company.pk}" not in page  # without a role there, none of its figures


def test_a_requester_has_no_list_of_companies(client, company, ana):
    client.force_login(ana)
    assert client.get(reverse("companies")).status_code == 403
    assert reverse("companies") not in client.get(reverse("home")).content.decode()
