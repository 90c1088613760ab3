"""Ways in besides the password: the second step, recovery codes, a link by e-mail; sessions seen and ended."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cast import PASSWORD
from django.test import Client
from django.urls import get_resolver
from postbox import Postbox, send_queued

from alcada.history import queries as history
from alcada.people import actions
from alcada.people.models import User
from alcada.tokens import actions as tokens

pytestmark = pytest.mark.django_db

UNWANTED = [
    "/accounts/login/",
    "/accounts/signup/",
    "/signup/",
    "/sign-in/signup",
    "/accounts/email/",
    "/email/",
    "/accounts/password/reset/",
    "/accounts/confirm-email/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/3rdparty/",
    "/sign-in/code",
]


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def signed_in(user: User, **extra: str) -> Client:
    browser = Client(**extra)
    assert browser.post("/sign-in", {"email": user.email, "password": PASSWORD}).status_code == 302
    return browser


def code_of(secret: str, *, later: int = 0) -> str:
    """What the person's app shows; `later`: in so many half minutes."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def turn_on(browser: Client) -> tuple[str, list[str]]:
    """As a person does it: the secret is read off the page. Returns it and the recovery codes."""
    page = text_of(browser.get("/profile/two-steps"))
    found = re.search(r'id="secret" value="([A-Z2-7 ]+)"', page)
    assert found
    secret = found[1].replace(" ", "")
    done = browser.post("/profile/two-steps", {"code": code_of(secret)})
    assert done.headers["Location"] == "/profile/recovery-codes"
    return secret, re.findall(r"<li>(\d{8})", text_of(browser.get("/profile/recovery-codes")))


@pytest.mark.parametrize("path", UNWANTED)
def test_what_django_allauth_brings_besides_has_no_address(client: Client, ana: User, path: str) -> None:
    client.force_login(ana)
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_only_these_of_its_names_have_an_address() -> None:
    names = {name for name in get_resolver().reverse_dict if isinstance(name, str)}
    theirs = {
        n for n in names if n.startswith(("account_", "mfa_", "socialaccount_", "openid_", "usersessions_"))
    }
    assert theirs == {"account_login", "mfa_authenticate", "openid_connect_login", "openid_connect_callback"}


# --- The second step -----------------------------------------------------------------------------------------


def test_a_password_asks_for_a_code_once_that_is_turned_on(ana: User) -> None:
    secret, codes = turn_on(signed_in(ana))
    assert len(codes) == 10
    browser = Client()
    asked = browser.post("/sign-in", {"email": ana.email, "password": PASSWORD, "next": "/profile"})
    assert asked.headers["Location"] == "/sign-in/second"
    assert browser.get("/profile").status_code == 302  # not in yet
    wrong = browser.post("/sign-in/second", {"code": "000000"})
    assert wrong.status_code == 422
    assert "Este código não está certo" in text_of(wrong)
    code = code_of(secret, later=1)
    assert browser.post("/sign-in/second", {"code": code}).headers["Location"] == "/profile"
    assert browser.get("/profile").status_code == 200
    other = Client()  # a code that was seen over a shoulder
    other.post("/sign-in", {"email": ana.email, "password": PASSWORD})
    assert other.post("/sign-in/second", {"code": code}).status_code == 422


def test_a_recovery_code_opens_it_once(ana: User) -> None:
    _secret, codes = turn_on(signed_in(ana))
    for expected in (302, 422):
        browser = Client()
        browser.post("/sign-in", {"email": ana.email, "password": PASSWORD})
        assert browser.post("/sign-in/second", {"code": codes[0]}).status_code == expected
    page = text_of(signed_in_with(ana, codes[1]).get("/profile/signing-in"))
    assert "restam 8 códigos de recuperação" in page.casefold() or "8 códigos de recuperação" in page


def signed_in_with(user: User, code: str) -> Client:
    browser = Client()
    browser.post("/sign-in", {"email": user.email, "password": PASSWORD})
    assert browser.post("/sign-in/second", {"code": code}).status_code == 302
    return browser


def test_guessing_codes_is_stopped_from_wherever(ana: User) -> None:
    secret, _codes = turn_on(signed_in(ana))
    answers = []
    for number in range(7):
        browser = Client(REMOTE_ADDR=f"10.0.0.{number}")
        browser.post("/sign-in", {"email": ana.email, "password": PASSWORD})
        answers.append(browser.post("/sign-in/second", {"code": "000000"}).status_code)
    assert answers == [422] * 5 + [429] * 2
    assert browser.post("/sign-in/second", {"code": code_of(secret, later=1)}).status_code == 429


def test_the_second_step_has_no_page_without_the_first(client: Client, ana: User) -> None:
    assert client.get("/sign-in/second").headers["Location"] == "/sign-in"
    assert client.post("/sign-in/second", {"code": "000000"}).headers["Location"] == "/sign-in"


def test_secrets_are_encrypted_in_the_database(ana: User) -> None:
    secret, codes = turn_on(signed_in(ana))
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert codes[0] not in kept


def test_turned_off_the_password_is_enough_again_and_history_tells(ana: User) -> None:
    browser = signed_in(ana)
    _secret, codes = turn_on(browser)
    browser.post("/profile/recovery-codes/new")
    fresh = re.findall(r"<li>(\d{8})", text_of(browser.get("/profile/recovery-codes")))
    assert not set(fresh) & set(codes)
    browser.post("/profile/two-steps/off")
    assert not Authenticator.objects.exists()
    signed_in(ana)
    told = [one.event for one in history.of(ana)]
    assert told == ["person.two_steps_on", "person.recovery_codes_made", "person.two_steps_off"]


def test_what_changes_the_way_in_asks_once_more_who_it_is(client: Client, ana: User) -> None:
    client.force_login(ana)  # as with a session of hours ago
    asked = client.get("/profile/two-steps")
    assert asked.headers["Location"] == "/profile/confirm?next=%2Fprofile%2Ftwo-steps"
    assert client.post("/profile/two-steps/off").headers["Location"].startswith("/profile/confirm")
    form = {"how": "password", "next": "/profile/two-steps"}
    assert client.post("/profile/confirm", form | {"password": "errada"}).status_code == 422
    done = client.post("/profile/confirm", form | {"password": PASSWORD})
    assert done.headers["Location"] == "/profile/two-steps"
    assert client.get("/profile/two-steps").status_code == 200


def test_asking_who_it_is_is_no_way_to_guess_a_password(client: Client, ana: User) -> None:
    client.force_login(ana)
    form = {"how": "password", "password": "errada"}
    assert [client.post("/profile/confirm", form).status_code for _ in range(6)] == [422] * 5 + [429]


def test_a_link_for_the_password_does_not_get_past_the_second_step(
    ana: User, clara: User, client: Client
) -> None:
    turn_on(signed_in(ana))
    client.force_login(clara)
    client.post(f"/people/{ana.pk}/link")
    page = text_of(client.get(f"/people/{ana.pk}"))
    found = re.search(r'id="welcome-link" value="http://[^/]+(/welcome/[^"]+)"', page)
    assert found
    browser = Client()
    done = browser.post(found[1], {"password": "outra senha comprida"})
    assert done.headers["Location"] == "/sign-in/second"
    assert browser.get("/").status_code == 302


def test_who_lost_everything_is_let_in_by_their_administrator(
    ana: User, clara: User, carla: User, client: Client
) -> None:
    phone = signed_in(ana)
    turn_on(phone)
    token = tokens.make_personal(ana, name="Planilha", scopes=["entries:read"], days=365).token
    client.force_login(carla)
    assert client.post(f"/people/{ana.pk}/reset").status_code == 404
    client.force_login(clara)
    client.post(f"/people/{ana.pk}/reset")
    page = text_of(client.get(f"/people/{ana.pk}"))
    found = re.search(r'id="welcome-link" value="http://[^/]+(/welcome/[^"]+)"', page)
    assert found
    assert phone.get("/profile").status_code == 302  # whoever has the phone is out
    assert Client().post("/sign-in", {"email": ana.email, "password": PASSWORD}).status_code == 422
    browser = Client()
    assert browser.post(found[1], {"password": "outra senha comprida"}).headers["Location"] == "/"
    token.refresh_from_db()
    assert token.revoked_at
    assert "person.sign_in_reset" in [one.event for one in history.of(ana)]
    assert not Authenticator.objects.exists()


# --- Forgotten -----------------------------------------------------------------------------------------------


def test_a_forgotten_password_is_chosen_anew_by_mail(ana: User, letters: Postbox) -> None:
    browser = Client()
    said = text_of(browser.post("/sign-in/forgotten", {"email": "ANA@exemplo.com.br"}))
    assert "ana@exemplo.com.br" in said
    assert send_queued() == 1
    link = letters.link("welcome")
    assert browser.post(link, {"password": "pão de queijo quente"}).headers["Location"] == "/"
    assert Client().get(link).status_code == 410
    assert Client().post("/sign-in", {"email": ana.email, "password": PASSWORD}).status_code == 422


def test_whoever_asks_does_not_learn_who_is_here(ana: User, letters: Postbox) -> None:
    known = text_of(Client().post("/sign-in/forgotten", {"email": ana.email}))
    unknown = text_of(Client().post("/sign-in/forgotten", {"email": "nada@exemplo.com.br"}))

    def without(page: str, email: str) -> str:
        return re.sub(r'value="[^"]{64}"|"X-CSRFToken": "\w+"', "", page).replace(email, "")

    assert without(known, ana.email) == without(unknown, "nada@exemplo.com.br")
    assert send_queued() == 1


def test_a_link_of_two_hours_ago_is_over(ana: User, letters: Postbox, monkeypatch: Any) -> None:
    Client().post("/sign-in/forgotten", {"email": ana.email})
    send_queued()
    link = letters.link("welcome")
    later = actions._forgotten_tokens._now() + timedelta(hours=2, minutes=1)
    monkeypatch.setattr(actions._ForgottenTokens, "_now", lambda self: later)
    assert Client().get(link).status_code == 410


def test_asking_often_for_one_address_is_stopped(ana: User, letters: Postbox) -> None:
    answers = [Client().post("/sign-in/forgotten", {"email": ana.email}).status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]


def test_without_a_mail_server_there_is_no_such_page(client: Client, ana: User) -> None:
    assert client.get("/sign-in/forgotten").status_code == 404
    assert "/sign-in/forgotten" not in text_of(client.get("/sign-in"))


# --- Sessions ------------------------------------------------------------------------------------------------

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
)


def test_a_session_is_ended_from_another_browser(ana: User, bruno: User) -> None:
    desk = signed_in(ana, HTTP_USER_AGENT=CHROME, REMOTE_ADDR="203.0.113.5")
    phone = signed_in(ana, HTTP_USER_AGENT=IPHONE, REMOTE_ADDR="198.51.100.7")
    page = text_of(desk.get("/profile/signing-in"))
    for told in ("Chrome, Windows", "203.0.113.5", "Safari, iPhone", "198.51.100.7", "Este navegador"):
        assert told in page
    ends = re.findall(r"/profile/browsers/\d+/end", page)
    stranger = signed_in(bruno)
    assert stranger.post(ends[1]).status_code == 404
    assert phone.get("/profile").status_code == 200
    desk.post(ends[1])
    assert phone.get("/profile").status_code == 302
    assert desk.get("/profile").status_code == 200
    assert "Safari, iPhone" not in text_of(desk.get("/profile/signing-in"))


def test_all_the_others_are_ended_at_once(ana: User) -> None:
    here, *others = [signed_in(ana) for _ in range(3)]
    here.post("/profile/browsers/end-others")
    assert [each.get("/profile").status_code for each in (here, *others)] == [200, 302, 302]


def test_a_new_password_leaves_this_browser_alone_in_the_list(ana: User) -> None:
    here, other = signed_in(ana, HTTP_USER_AGENT=CHROME), signed_in(ana, HTTP_USER_AGENT=IPHONE)
    here.post("/profile/password", {"current": PASSWORD, "password": "pão de queijo quente"})
    page = text_of(here.get("/profile/signing-in"))
    assert "Chrome, Windows" in page
    assert "iPhone" not in page
    assert other.get("/profile").status_code == 302


def test_a_session_from_before_the_update_is_listed_too(ana: User) -> None:
    browser = Client(HTTP_USER_AGENT=CHROME)
    browser.force_login(ana)
    assert "Chrome, Windows" in text_of(browser.get("/profile/signing-in"))


# --- Passkeys: what needs no browser --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "secure", "works"),
    [
        ("localhost:8000", False, True),
        ("127.0.0.1:8000", False, False),
        ("alcada.exemplo.com.br", True, True),
        ("alcada.exemplo.com.br", False, False),
    ],
)
def test_where_passkeys_do_not_work_a_sentence_says_so(
    client: Client, ana: User, settings: Any, host: str, secure: bool, works: bool
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    page = text_of(client.get("/sign-in", headers={"Host": host}, secure=secure))
    assert ("Entrar com uma passkey" in page) is works
    assert ("As passkeys precisam de um endereço que comece com https://" in page) is not works


@pytest.mark.parametrize(
    "sent", ["", "nothing", "{}", "[]", '{"response": 1}', '{"id": "x", "response": {}}']
)
def test_a_made_up_passkey_lets_nobody_in(client: Client, ana: User, sent: str) -> None:
    client.post("/sign-in/passkey/options")
    answer = client.post("/sign-in/passkey", {"credential": sent})
    assert answer.headers["Location"] == "/sign-in"
    assert client.get("/profile").status_code == 302
    assert "A passkey não foi aceita" in text_of(client.get("/sign-in"))
