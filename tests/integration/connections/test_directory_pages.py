"""The directory's pages: found, made, changed, and only by who may."""

from collections.abc import Callable

import pytest
from django.test import Client
from integration.connections.office import member

from alcada.directory.actions import DirectoryError, save_cost_centre, save_party
from alcada.directory.models import CostCentre, Party
from alcada.directory.queries import defaults_for, find_party, search_parties
from alcada.people.models import Company, User

Browser = Callable[[User], Client]
pytestmark = pytest.mark.django_db

VENDOR = "11444777000161"
PERSON = "52998224725"


@pytest.fixture
def browser_of() -> Browser:
    def signed_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return signed_in


def test_the_same_document_is_the_same_party_and_gains_a_side(company: Company) -> None:
    first = save_party(company, name="Imobiliária Horizonte", document=VENDOR, is_vendor=True)
    again = save_party(company, name="Horizonte Imóveis", document="11.444.777/0001-61", is_customer=True)
    assert first.pk == again.pk
    assert (again.name, again.is_vendor, again.is_customer) == ("Imobiliária Horizonte", True, True)


def test_differing_documents_are_different_parties_whatever_their_names(company: Company) -> None:
    one = save_party(company, name="José Silva", document=VENDOR, is_vendor=True)
    two = save_party(company, name="Jose Silva", document=PERSON, is_vendor=True)
    assert one.pk != two.pk
    assert find_party(company, name="JOSÉ SILVA") is None  # two of that name: nobody is guessed
    assert find_party(company, document=PERSON) == two


def test_a_name_alone_meets_the_one_party_of_that_name(company: Company) -> None:
    one = save_party(company, name="Café da Praça Ltda", is_vendor=True)
    assert save_party(company, name="CAFE DA PRACA LIMITADA", document=VENDOR, is_vendor=True).pk == one.pk
    one.refresh_from_db()
    assert one.document == VENDOR


def test_a_wrong_document_is_refused(company: Company) -> None:
    with pytest.raises(DirectoryError) as refusal:
        save_party(company, name="Alguém", document="11444777000162", is_vendor=True)
    assert refusal.value.field == "document"


def test_search_finds_by_name_without_accents_and_by_document(
    company: Company, other_company: Company
) -> None:
    ours = save_party(company, name="Água & Luz São João", document=VENDOR, is_vendor=True)
    save_party(other_company, name="Água & Luz São João", document=VENDOR, is_vendor=True)
    for text in ("agua", "sao joao", "11.444", "11444777"):
        assert search_parties(company, "payable", text) == [ours]


def test_a_new_vendor_with_a_wrong_cnpj_loses_nothing_typed(
    company: Company, clara: User, browser_of: Browser
) -> None:
    typed = {"name": "Padaria Nova", "document": "11.444.777/0001-62", "is_vendor": "on"}
    answer = browser_of(clara).post(f"/directory/parties/new?company={company.pk}", typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "Padaria Nova" in page
    assert "11.444.777/0001-62" in page
    assert not Party.objects.exists()


def test_a_new_vendor_that_is_there_already_is_not_changed_by_mistake(
    company: Company, clara: User, browser_of: Browser
) -> None:
    save_party(company, name="Imobiliária Horizonte", document=VENDOR, is_vendor=True)
    typed = {"name": "Outro nome", "document": VENDOR, "is_vendor": "on", "email": "novo@exemplo.com.br"}
    answer = browser_of(clara).post(f"/directory/parties/new?company={company.pk}", typed)
    assert answer.status_code == 422
    assert Party.objects.get().email == ""


def test_a_vendor_is_made_and_changed(company: Company, clara: User, browser_of: Browser) -> None:
    browser = browser_of(clara)
    typed = {"name": "Padaria Nova", "document": VENDOR, "is_vendor": "on"}
    assert browser.post(f"/directory/parties/new?company={company.pk}", typed).status_code == 302
    party = Party.objects.get()
    changed = {**typed, "name": "Padaria Nova e Filhos", "is_customer": "on"}
    assert browser.post(f"/directory/parties/{party.pk}", changed).status_code == 302
    party.refresh_from_db()
    assert (party.name, party.is_customer) == ("Padaria Nova e Filhos", True)
    assert "Padaria Nova e Filhos" in browser.get("/directory?q=filhos").content.decode()


def test_a_requester_sees_and_does_not_change(company: Company, ana: User, browser_of: Browser) -> None:
    party = save_party(company, name="Padaria Nova", document=VENDOR, is_vendor=True)
    browser = browser_of(ana)
    assert browser.get(f"/directory/parties/{party.pk}").status_code == 200
    typed = {"name": "Outra", "is_vendor": "on"}
    assert browser.post(f"/directory/parties/{party.pk}", typed).status_code == 403
    assert browser.get(f"/directory/parties/new?company={company.pk}").status_code == 403
    party.refresh_from_db()
    assert party.name == "Padaria Nova"


def test_another_companys_directory_is_not_there(company: Company, carla: User, browser_of: Browser) -> None:
    party = save_party(company, name="Padaria Nova", document=VENDOR, is_vendor=True)
    centre = save_cost_centre(company, name="Loja")
    browser = browser_of(carla)
    for path in (
        f"/directory/parties/{party.pk}",
        f"/directory/cost-centres/{centre.pk}",
        f"/directory/parties/new?company={company.pk}",
        f"/directory/cost-centres/new?company={company.pk}",
    ):
        assert browser.get(path).status_code == 404
    for path in (
        "/directory",
        "/directory/cost-centres",
        "/directory/from-conta-azul",
        "/directory/defaults",
    ):
        page = browser.get(path).content.decode()
        assert "Padaria Nova" not in page
        assert company.name not in page


def test_a_cost_centre_is_made_once_per_name_and_code(
    company: Company, clara: User, browser_of: Browser
) -> None:
    browser, path = browser_of(clara), f"/directory/cost-centres/new?company={company.pk}"
    assert browser.post(path, {"name": "Obra Norte", "code": "10", "active": "on"}).status_code == 302
    assert browser.post(path, {"name": "OBRA NORTE", "code": "11", "active": "on"}).status_code == 422
    assert browser.post(path, {"name": "Obra Sul", "code": "10", "active": "on"}).status_code == 422
    assert CostCentre.objects.count() == 1


def test_with_several_companies_a_new_vendor_asks_for_which(
    company: Company, other_company: Company, browser_of: Browser
) -> None:
    user = member("Duda Reis", company, "administrator")
    other_company.memberships.create(user=user, role="administrator")
    page = browser_of(user).get("/directory/parties/new").content.decode()
    assert company.name in page
    assert other_company.name in page


def test_a_companys_defaults_are_kept_per_kind(company: Company, clara: User, browser_of: Browser) -> None:
    centre = save_cost_centre(company, name="Loja")
    browser = browser_of(clara)
    answer = browser.post("/directory/defaults", {"kind": "payable", "cost_centre": str(centre.pk)})
    assert answer.status_code == 302
    payable, receivable = defaults_for(company, "payable"), defaults_for(company, "receivable")
    assert payable is not None
    assert payable.cost_centre == centre
    assert receivable is None


def test_a_requester_does_not_set_the_defaults(company: Company, ana: User, browser_of: Browser) -> None:
    assert browser_of(ana).post("/directory/defaults", {"kind": "payable"}).status_code == 403
