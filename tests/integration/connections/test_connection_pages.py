"""Who may open which page, that a GET changes nothing, and that nothing typed is lost."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from integration.connections.office import Office, member

from alcada.connections import actions, authorisation, directory_sync
from alcada.connections.models import AuthorisationRequest, Connection
from alcada.people.models import Company, User

State = Connection.State


@pytest.fixture
def ana_browser(office: Office) -> Client:
    browser = Client()
    browser.force_login(office.ana)
    return browser


def test_somebody_of_another_company_finds_nothing(office: Office, carla: User) -> None:
    connection = office.connect(office.first)
    browser = Client()
    browser.force_login(carla)
    for path in (f"/connections/{connection.pk}", f"/connections/{connection.pk}/paste"):
        assert browser.get(path).status_code == 404
    for verb in ("begin", "fetch", "pause", "resume"):
        assert browser.post(f"/connections/{connection.pk}/{verb}").status_code == 404
    assert browser.get(f"/connections/new?company={office.first.company.pk}").status_code == 404
    assert office.first.name not in browser.get("/connections").content.decode()


def test_a_role_that_does_not_manage_connections_is_told_so(office: Office) -> None:
    connection = office.connect(office.first)
    browser = Client()
    browser.force_login(member("Rita Alves", office.first.company, "requester", "approver"))
    for path in ("/connections", f"/connections/{connection.pk}", "/connections/application"):
        assert browser.get(path).status_code == 403


def test_only_an_administrator_of_the_installation_registers_the_application(office: Office) -> None:
    browser = Client()
    browser.force_login(member("Rita Alves", office.first.company, "administrator"))
    assert browser.get("/connections").status_code == 200
    assert browser.get("/connections/application").status_code == 403


def test_a_get_begins_nothing(office: Office, ana_browser: Client) -> None:
    connection = office.new(office.first)
    for verb in ("begin", "fetch", "pause", "resume"):
        assert ana_browser.get(f"/connections/{connection.pk}/{verb}").status_code == 405
    assert not AuthorisationRequest.objects.exists()


def test_the_way_to_conta_azul_is_no_redirect_of_a_form(
    office: Office, ana_browser: Client, settings: object
) -> None:
    settings.ALCADA_URL = "https://alcada.example"  # type: ignore[attr-defined]
    connection = office.new(office.first)
    answer = ana_browser.post(f"/connections/{connection.pk}/begin")
    page = answer.content.decode()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert f'content="0;url={office.sandbox.url}/oauth2/authorize' in page


def test_the_callback_finishes_for_who_began_and_for_nobody_else(
    office: Office, ana_browser: Client, carla: User
) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    path = f"/connections/callback?code={code}&state={state}"
    other = Client()
    other.force_login(carla)
    refused = other.get(path)
    assert refused.status_code == 400
    assert office.first.name not in refused.content.decode()
    assert Client().get(path).status_code == 302  # signed out: signs in first
    done = ana_browser.get(path)
    assert done.headers["Location"] == f"/connections/{connection.pk}"
    assert Connection.objects.get().state == State.CONNECTED
    assert ana_browser.get(path).status_code == 400  # opened again: nothing more happens


def test_who_lost_the_role_in_between_cannot_finish(office: Office, ana_browser: Client) -> None:
    connection = office.new(office.first)
    state, code = office.begin(connection), office.code(office.first)
    office.first.company.memberships.all().delete()
    assert ana_browser.get(f"/connections/callback?code={code}&state={state}").status_code == 404
    assert Connection.objects.get().state == State.NEW


def test_a_pasted_code_that_is_too_old_says_so_and_stays_in_the_field(
    office: Office, ana_browser: Client
) -> None:
    connection = office.new(office.first)
    address = authorisation.begin(by=office.ana, connection=connection)
    state = parse_qs(urlsplit(address).query)["state"][0]
    pasted = f"https://www.contaazul.com/?code={office.code(office.first)}&state={state}"
    office.sandbox.clock(advance_seconds=200)
    answer = ana_browser.post(f"/connections/{connection.pk}/paste", {"address": pasted})
    assert answer.status_code == 422
    assert pasted.replace("&", "&amp;") in answer.content.decode()


def test_the_fetch_is_followed_until_it_is_done(office: Office, ana_browser: Client) -> None:
    connection = office.connect(office.first)
    headers = {"HX-Request": "true"}
    began = ana_browser.post(f"/connections/{connection.pk}/fetch", headers=headers).content.decode()
    assert "/progress?since=" in began
    more = began.split('hx-get="')[1].split('"')[0].replace("&amp;", "&")
    assert "/progress?since=" in ana_browser.get(more, headers=headers).content.decode()
    directory_sync.fetch(connection.pk)
    done = ana_browser.get(more, headers=headers).content.decode()
    assert "/progress?since=" not in done
    listed = office.sandbox.books(office.first.id)["categories"]
    parents = {row["categoria_pai"] for row in listed}
    leaves = sum(row["id"] not in parents for row in listed)  # only a leaf takes entries
    assert f'data-count="categories">{leaves}<' in done


def test_the_list_asks_as_often_for_many_connections_as_for_few(office: Office, ana_browser: Client) -> None:
    def asked(first: int, beyond: int) -> int:
        for number in range(first, beyond):
            company = Company.objects.create(name=f"Loja {number}", document=f"{number:014d}")
            company.memberships.create(user=office.ana, role="administrator")
            Connection.objects.create(company=company, name="Matriz")
        with CaptureQueriesContext(database) as queries:
            assert ana_browser.get("/connections").status_code == 200
        return len(queries)

    ana_browser.get("/profile")  # a browser's first page notes that it is seen
    few = asked(0, 2)
    assert asked(2, 14) == few < 20


def test_the_demo_does_not_warn_of_its_own_address(installer: User, settings: object) -> None:
    browser = Client()
    browser.force_login(installer)
    browser.cookies["django_language"] = "en"
    refuses = "This installation has no HTTPS address"
    assert refuses in browser.get("/connections/application").content.decode()
    settings.DEMO = True  # type: ignore[attr-defined]
    page = browser.get("/connections/application").content.decode()
    assert "In the demo this address is right" in page
    assert refuses not in page


def test_hundreds_of_connections_are_paged_and_found_by_name(office: Office, ana_browser: Client) -> None:
    wanted = [(office.first.company, f"Conta {number:03}", "", "") for number in range(120)]
    actions.create_connections(wanted, by=office.ana)
    first = ana_browser.get("/connections").content.decode()
    assert first.count('class="row-link"') == 50
    assert "Conta 007" in ana_browser.get("/connections?q=conta 007").content.decode()
    assert ana_browser.get("/connections?page=3").content.decode().count('class="row-link"') == 20
    assert office.second.name in ana_browser.get(f"/connections?q={office.second.name[:9]}").content.decode()
