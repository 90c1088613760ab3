"""A link lets an account's owner connect one account, and nothing else: every way in which it must not."""

import io
import logging
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core import mail
from django.core.cache import cache
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from integration.connections.office import REDIRECT, Account, Office, member

from alcada.config.logs import Line
from alcada.connections import actions, authorisation, consent_links
from alcada.connections.authorisation import AuthorisationError
from alcada.connections.models import AuthorisationRequest, Connection, ConsentLink
from alcada.history.queries import of
from alcada.notify import consent_mail

State = Connection.State


@pytest.fixture(autouse=True)
def _fresh_counts(db: None) -> None:
    cache.clear()


@pytest.fixture
def owner() -> Client:
    """A browser in which nobody is signed in, and which keeps the forms' token as strictly as a real one."""
    return Client(enforce_csrf_checks=True)


def made(office: Office, connection: Connection) -> consent_links.Made:
    return consent_links.make([connection], by=office.ana)[0]


def press(browser: Client, path: str, /, **fields: str) -> Any:
    """A form's button, with the token of the page that it stands on."""
    page = browser.get(path.rsplit("/", 1)[0]).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    return browser.post(path, {**fields, "csrfmiddlewaretoken": found[1]})


def state_in(answer: Any) -> str:
    """The consent's state in the address of Conta Azul's page."""
    found = re.search(r'(?:url=|href=")([^"]*/oauth2/authorize[^"]*)"', answer.content.decode())
    assert found
    return parse_qs(urlsplit(found[1].replace("&amp;", "&")).query)["state"][0]


def pasted(code: str, state: str) -> str:
    return f"https://www.contaazul.com/?code={code}&state={state}"


def test_the_owner_connects_by_pasting_and_the_link_is_used_up(office: Office, owner: Client) -> None:
    connection = office.new(office.first)
    actions.set_owner(connection, name="Marta Reis", email="marta@exemplo.com.br", by=office.ana)
    link = made(office, connection)
    page = owner.get(f"/consent/{link.token}")
    assert page.status_code == 200
    assert office.first.name in page.content.decode()
    began = press(owner, f"/consent/{link.token}/begin")
    address = pasted(office.code(office.first), state_in(began))
    done = press(owner, f"/consent/{link.token}/finish", address=address)
    assert done.status_code == 200
    connection.refresh_from_db()
    assert (connection.state, connection.remote_id) == (State.CONNECTED, office.first.id)
    assert (connection.authorised_by, connection.authorised_name) == (None, "Marta Reis")
    record = of(connection).get(event="connection.authorised")
    assert (record.channel, record.actor, record.data["owner"]) == ("consent link", None, "Marta Reis")
    link.link.refresh_from_db()
    assert link.link.used_at is not None
    for again in (owner.get(f"/consent/{link.token}"), press_blind(owner, f"/consent/{link.token}/begin")):
        assert again.status_code == 410


def press_blind(browser: Client, path: str, /, **fields: str) -> Any:
    """As press, where the page itself has no form of its own any more."""
    token = browser.cookies["csrftoken"].value
    return browser.post(path, {**fields, "csrfmiddlewaretoken": token})


def test_the_owner_comes_back_by_the_callback_without_signing_in(
    office: Office, owner: Client, settings: Any
) -> None:
    settings.ALCADA_URL = REDIRECT.removesuffix("/connections/callback")
    connection = office.new(office.first)
    link = made(office, connection)
    began = press(owner, f"/consent/{link.token}/begin")
    state, code = state_in(began), office.code(office.first)
    done = owner.get("/connections/callback", {"code": code, "state": state})
    assert done.status_code == 200
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED
    assert "sessionid" not in owner.cookies
    assert settings.SESSION_COOKIE_NAME not in owner.cookies
    # Loaded again, it says so and does nothing.
    assert owner.get("/connections/callback", {"code": code, "state": state}).status_code == 410


def test_a_consent_that_failed_leads_back_to_its_page(office: Office, owner: Client, settings: Any) -> None:
    settings.ALCADA_URL = REDIRECT.removesuffix("/connections/callback")
    link = made(office, office.new(office.first))
    state = state_in(press(owner, f"/consent/{link.token}/begin"))
    refused = owner.get("/connections/callback", {"error": "access_denied", "state": state})
    assert refused.status_code == 400
    assert f"/consent/{link.token}/begin" in refused.content.decode()
    # In another browser, which did not come from the page, the token is nowhere to be seen.
    elsewhere = Client().get("/connections/callback", {"error": "access_denied", "state": state})
    assert link.token not in elsewhere.content.decode()


def test_a_get_changes_nothing(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    before = list(ConsentLink.objects.values()), list(Connection.objects.values())
    for address in ("", "/begin", "/finish", "/seen"):
        owner.get(f"/consent/{link.token}{address}")
        owner.head(f"/consent/{link.token}{address}")
    assert (list(ConsentLink.objects.values()), list(Connection.objects.values())) == before
    assert not AuthorisationRequest.objects.exists()
    assert {
        owner.get(f"/consent/{link.token}/{verb}").status_code for verb in ("begin", "finish", "seen")
    } == {405}


def test_a_browser_that_shows_the_page_says_so_by_itself(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    assert consent_links.state_of(link.link) == "made"
    assert press(owner, f"/consent/{link.token}/seen").status_code == 204
    link.link.refresh_from_db()
    assert consent_links.state_of(link.link) == "opened"


def test_nothing_is_done_without_the_forms_token(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    owner.get(f"/consent/{link.token}")
    for verb in ("begin", "finish", "seen"):
        assert owner.post(f"/consent/{link.token}/{verb}").status_code == 403
    assert not AuthorisationRequest.objects.exists()


def test_another_company_is_refused_and_the_link_stays_good(office: Office, owner: Client) -> None:
    connection = office.new(office.first)
    link = made(office, connection)
    state = state_in(press(owner, f"/consent/{link.token}/begin"))
    address = pasted(office.code(office.second), state)
    refused = press(owner, f"/consent/{link.token}/finish", address=address)
    assert refused.status_code == 422
    page = refused.content.decode()
    assert office.second.name in page
    assert office.first.name in page
    connection.refresh_from_db()
    assert (connection.state, connection.refresh_token) == (State.WRONG_COMPANY, None)
    record = of(connection).get(event="connection.wrong_company")
    assert (record.channel, record.actor) == ("consent link", None)
    state = state_in(press(owner, f"/consent/{link.token}/begin"))
    address = pasted(office.code(office.first), state)
    assert press(owner, f"/consent/{link.token}/finish", address=address).status_code == 200


def test_a_link_takes_no_consent_that_somebody_else_began(office: Office) -> None:
    first, second = office.new(office.first), office.new(office.second)
    one, other = made(office, first).link, made(office, second).link
    code = office.code(office.first)
    users = office.begin(first)
    address = authorisation.begin(by=other, connection=second)
    others = parse_qs(urlsplit(address).query)["state"][0]
    for state in (users, others):
        with pytest.raises(AuthorisationError) as refused:
            authorisation.finish_pasted(by=one, connection=first, text=pasted(code, state))
        assert refused.value.code == "state_foreign"
    # Nor does a user take a link's.
    with pytest.raises(AuthorisationError) as refused:
        authorisation.finish(by=office.ana, state=others, code=code)
    assert refused.value.code == "state_foreign"
    # A bare code belongs to what this link began: nothing.
    with pytest.raises(AuthorisationError) as refused:
        authorisation.finish_pasted(by=one, connection=first, text=code)
    assert refused.value.code == "state_unknown"


def test_the_database_lets_a_link_begin_for_its_own_connection_only(office: Office) -> None:
    link = made(office, office.new(office.first)).link
    other = office.new(office.second)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthorisationRequest.objects.create(state_hash="x", connection=other, link=link)
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthorisationRequest.objects.create(state_hash="y", connection=other)  # nobody's
    with pytest.raises(IntegrityError), transaction.atomic():
        AuthorisationRequest.objects.create(
            state_hash="z", connection=link.connection, link=link, user=office.ana
        )


@pytest.mark.parametrize("end", ["revoked", "expired", "replaced", "connected"])
def test_a_link_that_is_over_opens_nothing(office: Office, owner: Client, end: str) -> None:
    connection = office.new(office.first)
    link = made(office, connection)
    state = state_in(press(owner, f"/consent/{link.token}/begin"))
    if end == "revoked":
        assert consent_links.revoke(connection, by=office.ana)
    elif end == "expired":
        ConsentLink.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif end == "replaced":
        made(office, connection)
    else:  # by a user, meanwhile
        authorisation.finish(by=office.ana, state=office.begin(connection), code=office.code(office.first))
    before = Connection.objects.values().get(pk=connection.pk)
    assert owner.get(f"/consent/{link.token}").status_code == 410
    address = pasted(office.code(office.first), state)
    assert press_blind(owner, f"/consent/{link.token}/finish", address=address).status_code == 410
    assert press_blind(owner, f"/consent/{link.token}/begin").status_code == 410
    code = office.code(office.first)
    assert owner.get("/connections/callback", {"code": code, "state": state}).status_code == 410
    with pytest.raises(AuthorisationError) as refused:
        authorisation.finish(
            by=link.link, state=state, code=code
        )  # it ended while the owner was at Conta Azul
    assert refused.value.code == "link_over"
    assert Connection.objects.values().get(pk=connection.pk) == before


def test_a_paused_connection_stays_paused(office: Office) -> None:
    connection = office.connect(office.first)
    actions.pause(by=office.ana, connection=connection)
    link = made(office, connection).link
    state = parse_qs(urlsplit(authorisation.begin(by=link, connection=connection)).query)["state"][0]
    done = authorisation.finish(by=link, state=state, code=office.code(office.first))
    assert done.state == State.PAUSED


def test_the_page_tells_only_what_its_reader_has_to_know(office: Office, owner: Client) -> None:
    company = office.first.company
    office.connect(office.second)
    connection = office.new(office.first)
    link = made(office, connection)
    page = owner.get(f"/consent/{link.token}").content.decode()
    assert company.name in page
    assert company.document not in re.sub(r"\W", "", page)  # masked
    assert office.ana.name in page
    for hidden in (office.second.name, office.ana.email, "our-app", "/sign-in", "/connections"):
        assert hidden not in page


def test_an_account_that_is_connected_under_another_name_is_not_named(office: Office, owner: Client) -> None:
    office.connect(office.first)  # called "Matriz"
    second = actions.create_connection(by=office.ana, company=office.first.company, name="Filial")
    link = made(office, second)
    state = state_in(press(owner, f"/consent/{link.token}/begin"))
    address = pasted(office.code(office.first), state)
    refused = press(owner, f"/consent/{link.token}/finish", address=address)
    assert refused.status_code == 422
    assert "Matriz" not in refused.content.decode()


def test_only_a_hash_of_the_token_is_kept(office: Office) -> None:
    link = made(office, office.new(office.first))
    kept = str(list(ConsentLink.objects.values()))
    kept += str([record.data for record in of(link.link.connection)])
    assert link.token not in kept
    assert link.token.split(".")[0] not in kept


def test_a_forged_token_is_refused_without_asking_the_database(
    office: Office, owner: Client, django_assert_num_queries: Any
) -> None:
    link = made(office, office.new(office.first))
    random, _dot, signature = link.token.rpartition(".")
    for token in (random, f"{random}x.{signature}", f"{random}.{signature[:-1]}", "x", "."):
        with django_assert_num_queries(0):
            assert consent_links.find(token) is None
        assert owner.get(f"/consent/{token}").status_code == 404


def test_who_guesses_is_made_to_wait_and_others_are_not(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    answers = [owner.get(f"/consent/wrong-{number}").status_code for number in range(40)]
    assert (answers[0], answers[-1]) == (404, 429)
    assert owner.get(f"/consent/{link.token}").status_code == 429
    assert owner.get(f"/consent/{link.token}", REMOTE_ADDR="198.51.100.7").status_code == 200


def test_a_link_is_no_hammer(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    owner.get(f"/consent/{link.token}")
    answers = [
        press_blind(owner, f"/consent/{link.token}/begin").status_code
        for _each in range(consent_links.TRIES + 2)
    ]
    assert (answers[0], answers[-1]) == (200, 429)
    assert AuthorisationRequest.objects.count() == consent_links.TRIES
    ConsentLink.objects.update(tries_since=timezone.now() - timedelta(minutes=11))
    assert press_blind(owner, f"/consent/{link.token}/begin").status_code == 200


def test_a_link_leads_nowhere_else(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    for more in ("?next=https://evil.example/", "?redirect_uri=https://evil.example/"):
        page = owner.get(f"/consent/{link.token}{more}")
        assert page.status_code == 200
        assert "evil.example" not in page.content.decode()
    began = press(
        owner, f"/consent/{link.token}/begin", next="https://evil.example/", address="https://evil.example/"
    )
    assert "evil.example" not in began.content.decode()
    assert began.headers["Referrer-Policy"] == "same-origin"  # the address, which is the key, stays here
    assert "no-store" in began.headers["Cache-Control"]


def test_the_log_does_not_hold_the_link(office: Office, owner: Client) -> None:
    link = made(office, office.new(office.first))
    consent_links.revoke(link.link.connection, by=office.ana)
    (handler,) = [one for one in logging.getLogger().handlers if isinstance(one.formatter, Line)]
    assert isinstance(handler, logging.StreamHandler)
    written = io.StringIO()
    before = handler.setStream(written)
    owner.get(f"/consent/{link.token}")
    owner.post(f"/consent/{link.token}/begin")
    handler.setStream(before)
    assert written.getvalue().count("/consent/[…]") == 2
    assert link.token not in written.getvalue()


# --- Whoever makes them --------------------------------------------------------------------------------------


@pytest.fixture
def ana_browser(office: Office) -> Client:
    browser = Client()
    browser.force_login(office.ana)
    return browser


def test_only_administrators_of_the_company_make_and_revoke_links(
    office: Office, ana_browser: Client
) -> None:
    connection = office.new(office.first)
    stranger, requester = Client(), Client()
    stranger.force_login(member("Otto Lima", office.second.company, "administrator"))
    requester.force_login(member("Rita Alves", office.first.company, "requester"))
    for path in (f"/connections/{connection.pk}/link", f"/connections/{connection.pk}/link/revoke"):
        assert stranger.post(path).status_code == 404
        assert requester.post(path).status_code == 403
        assert Client().post(path).status_code == 302
    assert requester.get("/connections/links").status_code == 403
    assert not ConsentLink.objects.exists()
    page = stranger.get("/connections/links?show=")
    assert office.first.name not in page.content.decode()
    # A tick on somebody else's connection counts for nothing.
    answer = stranger.post("/connections/links/make", {"which": "ticked", "pick": [connection.pk]})
    assert answer.status_code == 302
    assert not ConsentLink.objects.exists()


def test_a_link_is_shown_once_and_its_owner_noted(office: Office, ana_browser: Client) -> None:
    connection = office.new(office.first)
    path = f"/connections/{connection.pk}/link"
    answer = ana_browser.post(path, {"owner_name": "Marta Reis", "owner_email": "MARTA@exemplo.com.br"})
    found = re.search(r'value="(http[^"]*/consent/[^"]+)"', answer.content.decode())
    assert found
    assert Client().get(urlsplit(found[1]).path).status_code == 200
    connection.refresh_from_db()
    assert (connection.owner_name, connection.owner_email) == ("Marta Reis", "marta@exemplo.com.br")
    assert "/consent/" not in ana_browser.get(path).content.decode()
    page = ana_browser.get(f"/connections/{connection.pk}").content.decode()
    assert "Marta Reis" in page
    assert ana_browser.post(f"{path}/revoke").status_code == 302
    assert Client().get(urlsplit(found[1]).path).status_code == 410


def test_many_links_come_as_a_table_that_no_spreadsheet_evaluates(
    office: Office, ana_browser: Client
) -> None:
    first, second = office.new(office.first), office.new(office.second)
    actions.set_owner(first, name="=HYPERLINK(1)", email="marta@exemplo.com.br", by=office.ana)
    text = ana_browser.post("/connections/links/make", {"which": "all"}).content.decode("utf-8-sig")
    lines = text.strip().split("\r\n")
    assert len(lines) == 3
    (of_first,) = [line for line in lines if office.first.name in line]
    assert ";'=HYPERLINK(1);" in of_first
    links = re.findall(r"/consent/[^;]+", text)
    assert len(set(links)) == 2
    for link in links:
        assert Client().get(link).status_code == 200
    # One of them alone, anew: only its earlier link is over.
    ana_browser.post("/connections/links/make", {"which": "ticked", "pick": [second.pk]})
    states = sorted(Client().get(link).status_code for link in links)
    assert states == [200, 410]


def test_a_link_goes_out_by_mail_and_no_queue_holds_it(office: Office, settings: Any) -> None:
    settings.EMAIL_CONFIGURED = True
    connection, silent = office.new(office.first), office.new(office.second)
    actions.set_owner(connection, name="Marta Reis", email="marta@exemplo.com.br", by=office.ana)
    browser = Client()
    browser.force_login(office.ana)
    assert browser.post("/connections/links/send", {"which": "all"}).status_code == 302
    link = ConsentLink.objects.get()  # the other owner has no address
    assert (link.connection, link.token_hash) == (connection, None)
    assert not silent.consent_links.exists()
    assert consent_links.state_of(link) == "waiting"
    consent_mail.send(link.pk)
    consent_mail.send(link.pk)  # the job a second time
    (sent,) = mail.outbox
    assert sent.to == ["marta@exemplo.com.br"]
    assert office.first.name in sent.subject
    found = re.search(r"/consent/\S+", str(sent.body))
    assert found
    assert Client().get(found[0]).status_code == 200
    link.refresh_from_db()
    assert consent_links.state_of(link) == "sent"


def test_a_mail_that_failed_is_made_anew_with_another_token(office: Office, monkeypatch: Any) -> None:
    connection = office.new(office.first)
    actions.set_owner(connection, name="", email="marta@exemplo.com.br", by=office.ana)
    (link,) = consent_links.send([connection], by=office.ana)
    first = consent_links.draw_token(link.pk)  # the mail server was away after this
    consent_mail.send(link.pk)
    assert first
    assert consent_links.find(first.token) is None
    assert len(mail.outbox) == 1
    consent_links.revoke(connection, by=office.ana)
    assert consent_links.draw_token(link.pk) is None


def test_links_have_their_state_in_the_list(office: Office, ana_browser: Client) -> None:
    accounts: list[Account] = [office.first, office.second]
    connections = [office.new(account) for account in accounts]
    made(office, connections[0])
    ConsentLink.objects.update(expires_at=timezone.now() - timedelta(days=1))
    made(office, connections[1])
    ana_browser.cookies["django_language"] = "en"
    office.ana.language = "en"
    office.ana.save()
    page = ana_browser.get("/connections/links").content.decode()
    assert ">Expired<" in page
    assert ">Made<" in page
    narrowed = ana_browser.get(f"/connections/links?q={office.first.name[:9]}").content.decode()
    shown = [f'/connections/{connection.pk}"' in narrowed for connection in connections]
    assert shown == [True, False]
