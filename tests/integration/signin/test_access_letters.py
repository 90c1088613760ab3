"""Letters about somebody's access: the look of the notices, whole in plain text, in the reader's language."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from postbox import Postbox, html_of, send_queued, subject_of, text_of

from alcada.people.models import Company, User

pytestmark = pytest.mark.django_db

LOOK = "border-radius:12px"  # the white sheet that each notice stands on


def invite(clara: User, company: Company, name: str = "Davi Novo") -> None:
    browser = Client()
    browser.force_login(clara)
    form = {"name": name, "email": "davi@exemplo.com.br", "company": company.pk, "roles": ["requester"]}
    assert browser.post("/people/new", form).status_code == 302
    send_queued()


def ask_for_a_new_password(user: User) -> None:
    Client().post("/sign-in/forgotten", {"email": user.email})
    send_queued()


def hand_out_a_link(clara: User, user: User) -> None:
    browser = Client()
    browser.force_login(clara)
    browser.post(f"/people/{user.pk}/link")


@pytest.mark.parametrize(
    ("language", "subject", "asks", "button", "warning"),
    [
        (
            "en",
            "Clara Mendes invites you to Alçada",
            "Hello, Davi Novo. Clara Mendes invites you",
            "Accept, and choose how to sign in",
            "You did not expect this?",
        ),
        (
            "pt-br",
            "Clara Mendes convida você para o Alçada",
            "Olá, Davi Novo. Clara Mendes convida você",
            "Aceitar e escolher como entrar",
            "Você não esperava este convite?",
        ),
    ],
)
def test_an_invitation(
    clara: User,
    company: Company,
    letters: Postbox,
    language: str,
    subject: str,
    asks: str,
    button: str,
    warning: str,
) -> None:
    clara.language = language
    clara.save(update_fields=["language"])
    invite(clara, company)
    (letter,) = letters.taken
    text, html = text_of(letter), html_of(letter)
    assert (subject_of(letter), letter["Auto-Submitted"]) == (subject, "auto-generated")
    for part in (text, html):
        assert [words for words in (asks, company.name, button, warning) if words not in part] == []
        assert letters.link("invitation") in part
    assert f"{button}:\nhttp" in text
    assert "<" not in text
    assert LOOK in html


@pytest.mark.parametrize(
    ("language", "subject", "button", "until"),
    [
        ("en", "A new password for Alçada", "Choose a new password", "within two hours"),
        ("pt-br", "Uma nova senha para o Alçada", "Escolher uma nova senha", "por duas horas"),
    ],
)
def test_a_forgotten_password(
    ana: User, letters: Postbox, language: str, subject: str, button: str, until: str
) -> None:
    ana.language = language
    ana.save(update_fields=["language"])
    ask_for_a_new_password(ana)
    (letter,) = letters.taken
    assert (subject_of(letter), letter["To"]) == (subject, ana.email)
    for part in (text_of(letter), html_of(letter)):
        assert [words for words in (ana.name, button, until) if words not in part] == []
        assert letters.link("welcome") in part
    assert LOOK in html_of(letter)


@pytest.mark.parametrize(
    ("language", "subject", "button"),
    [
        ("en", "Your access to Alçada", "Choose your password"),
        ("pt-br", "Seu acesso ao Alçada", "Escolher sua senha"),
    ],
)
def test_a_link_that_is_handed_out(
    clara: User, ana: User, letters: Postbox, language: str, subject: str, button: str
) -> None:
    ana.language = language
    ana.save(update_fields=["language"])
    hand_out_a_link(clara, ana)
    (letter,) = letters.to(ana.email)
    assert subject_of(letter) == subject
    for part in (text_of(letter), html_of(letter)):
        assert [words for words in (ana.name, clara.name, button) if words not in part] == []
    link = letters.link("welcome")
    assert Client().get(link).status_code == 200
    assert reverse("welcome", args=["x"]).rpartition("/")[0] in link


def test_none_can_be_unsubscribed_from(ana: User, clara: User, company: Company, letters: Postbox) -> None:
    invite(clara, company)
    ask_for_a_new_password(ana)
    hand_out_a_link(clara, ana)
    assert len(letters.taken) == 3
    for letter in letters.taken:
        assert letter["List-Unsubscribe"] is None
        assert reverse("notice-settings") not in text_of(letter) + html_of(letter)


def test_a_name_stays_a_name(clara: User, company: Company, letters: Postbox) -> None:
    hostile: Any = "Eva <script>alert(1)</script> & Filhas"
    invite(clara, company, name=hostile)
    (letter,) = letters.taken
    assert f"Olá, {hostile}." in text_of(letter)
    assert "<script>" not in html_of(letter)
    assert "Eva &lt;script&gt;" in html_of(letter)
