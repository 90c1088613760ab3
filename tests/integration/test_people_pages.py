"""Signing in, the first run, people and companies: as somebody at the pages notices it."""

import re
from datetime import timedelta

import pytest
from cast import PASSWORD
from django.core import mail
from django.test import Client
from django.utils import timezone

from alcada.history import queries as history
from alcada.people import actions, queries
from alcada.people.models import Company, Membership, Role, SignInAttempt, User

pytestmark = pytest.mark.django_db


def sign_in(client: Client, email: str, password: str, **extra: str) -> int:
    return client.post("/sign-in", {"email": email, "password": password}, **extra).status_code


def text_of(response) -> str:
    return re.sub(r"\s+", " ", response.content.decode())


# --- Signing in ----------------------------------------------------------------------------------------------


def test_pages_ask_to_sign_in_and_lead_back(client: Client, ana: User) -> None:
    asked = client.get("/profile")
    assert asked.headers["Location"] == "/sign-in?next=/profile"
    done = client.post(
        asked.headers["Location"], {"email": "ANA@exemplo.com.br ", "password": PASSWORD, "next": "/profile"}
    )
    assert done.headers["Location"] == "/profile"
    assert client.get("/profile").status_code == 200


def test_fragment_of_a_signed_out_page_sends_the_whole_page_to_sign_in(client: Client, ana: User) -> None:
    answer = client.get("/profile", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in")


def test_sign_in_leads_to_no_other_site(client: Client, ana: User) -> None:
    form = {"email": ana.email, "password": PASSWORD, "next": "https://evil.example/"}
    assert client.post("/sign-in", form).headers["Location"] == "/"


def test_wrong_password_says_so_and_keeps_the_email(client: Client, ana: User) -> None:
    answer = client.post("/sign-in", {"email": ana.email, "password": "errada"})
    assert answer.status_code == 422
    assert "E-mail e senha não conferem." in text_of(answer)
    assert f'value="{ana.email}"' in text_of(answer)


def test_the_demo_lets_choose_who_to_be_and_nothing_else_does(client: Client, ana: User, settings) -> None:
    clara = User.objects.create_user(email="clara@padaria.example", name="Clara Nogueira", password="demo")
    Membership.objects.create(user=clara, company=Company.objects.get(), role=Role.ADMINISTRATOR)
    page = text_of(client.get("/sign-in"))
    assert "demo" not in page.casefold()
    assert clara.name not in page
    settings.DEMO = True
    page = text_of(client.get("/sign-in?next=/profile"))
    assert clara.name in page
    assert "Administrador" in page
    assert ana.email not in page  # not one of the demo's people
    fields = dict(
        re.findall(r'type="hidden" name="(next|email|password)" value="([^"]*)"', page.split("</section>")[0])
    )
    assert client.post("/sign-in", fields).headers["Location"] == "/profile"


def test_five_wrong_passwords_lock_the_email_out_from_that_address(
    client: Client, ana: User, bruno: User
) -> None:
    assert [sign_in(client, ana.email, "errada") for _ in range(6)] == [422] * 5 + [429]
    assert (
        sign_in(client, ana.email, PASSWORD) == 429
    )  # the right one too: or guessing would show which it is
    assert sign_in(client, bruno.email, PASSWORD) == 302
    assert sign_in(Client(), ana.email, PASSWORD, REMOTE_ADDR="10.0.0.9") == 302


def test_the_lock_ends_by_itself(client: Client, ana: User) -> None:
    for _ in range(5):
        sign_in(client, ana.email, "errada")
    SignInAttempt.objects.update(at=timezone.now() - actions.LOCK_FOR - timedelta(seconds=1))
    assert sign_in(client, ana.email, PASSWORD) == 302


def test_a_good_sign_in_forgets_the_wrong_ones(client: Client, ana: User) -> None:
    for _ in range(4):
        sign_in(client, ana.email, "errada")
    assert sign_in(client, ana.email, PASSWORD) == 302
    assert not SignInAttempt.objects.exists()


def test_many_emails_from_one_address_are_stopped_too(client: Client, ana: User) -> None:
    answers = [
        sign_in(client, f"x{n}@exemplo.com.br", "errada") for n in range(actions.TRIES_PER_ADDRESS + 1)
    ]
    assert answers == [422] * actions.TRIES_PER_ADDRESS + [429]


def test_signing_out_needs_a_post(client: Client, ana: User) -> None:
    client.force_login(ana)
    assert client.get("/sign-out").status_code == 405
    assert client.get("/profile").status_code == 200
    client.post("/sign-out")
    assert client.get("/profile").status_code == 302


def test_whoever_lost_access_is_out_at_once(client: Client, ana: User) -> None:
    client.force_login(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert client.get("/profile").status_code == 302
    assert sign_in(client, ana.email, PASSWORD) == 422


# --- The first run -------------------------------------------------------------------------------------------

FIRST = {"name": "Inês Prado", "email": "Ines@exemplo.com.br", "password": "trigo farinha forno"}


def test_an_empty_installation_makes_its_administrator_and_first_company(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/first-run"
    assert client.post("/first-run", FIRST).headers["Location"] == "/companies/new"
    made = client.post("/companies/new", {"name": "Padaria Aurora", "document": "11.222.333/0001-81"})
    assert made.headers["Location"] == "/"
    user, company = User.objects.get(), Company.objects.get()
    assert (user.email, user.is_administrator, company.document) == (
        "ines@exemplo.com.br",
        True,
        "11222333000181",
    )
    assert queries.roles_of(user, company) == [Role.ADMINISTRATOR]
    assert [r.event for r in history.of(company)] == ["company.created", "person.role_given"]


def test_the_first_run_is_over_once_somebody_is_there(client: Client, ana: User) -> None:
    assert client.get("/first-run").headers["Location"] == "/sign-in"
    assert client.post("/first-run", FIRST).headers["Location"] == "/sign-in"
    assert User.objects.count() == 1
    with pytest.raises(actions.FirstRunOverError):
        actions.make_first_administrator(**FIRST)


def test_a_weak_password_is_refused_beside_its_field(client: Client) -> None:
    answer = client.post("/first-run", FIRST | {"password": "12345"})
    assert answer.status_code == 422
    assert 'id="id_password_error"' in text_of(answer)
    assert 'aria-describedby="id_password_helptext id_password_error"' in text_of(answer)
    assert not User.objects.exists()


# --- People --------------------------------------------------------------------------------------------------


def add(client: Client, company: Company, email: str = "novo@exemplo.com.br", *roles: str):
    form = {"name": "Davi Novo", "email": email, "company": company.pk, "roles": roles or ["requester"]}
    return client.post("/people/new", form)


def link_on(page) -> str:
    found = re.search(r'id="welcome-link" value="http://[^/]+(/welcome/[^"]+)"', text_of(page))
    return found[1] if found else ""


def test_a_link_for_the_password_works_once(client: Client, clara: User, ana: User) -> None:
    client.force_login(clara)
    client.post(f"/people/{ana.pk}/link")
    link = link_on(client.get(f"/people/{ana.pk}"))
    assert link
    assert link_on(client.get(f"/people/{ana.pk}")) == ""  # shown once

    stranger = Client()
    for _ in range(2):  # a mail scanner's look uses nothing up
        assert stranger.get(link).status_code == 200
    assert stranger.post(link, {"password": "pão de queijo quente"}).headers["Location"] == "/"
    assert stranger.get("/profile").status_code == 200
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"password": "outra senha comprida"}).status_code == 410
    assert sign_in(Client(), ana.email, "pão de queijo quente") == 302
    assert [r.event for r in history.of(ana)] == ["person.link_made", "person.password_set"]


def test_what_was_done_to_roles_is_in_the_history(
    client: Client, clara: User, ana: User, company: Company
) -> None:
    client.force_login(clara)
    client.post(f"/people/{ana.pk}/roles/{company.pk}", {"roles": ["approver"]})
    told = [(r.event, r.actor, r.data["name"], r.data["role"]) for r in history.of(company)]
    assert told == [
        ("person.role_given", clara, "Ana Souza", "approver"),
        ("person.role_taken", clara, "Ana Souza", "requester"),
    ]


def test_who_is_here_already_keeps_name_and_password(
    client: Client, clara: User, company: Company, carla: User
) -> None:
    client.force_login(clara)
    answer = add(client, company, carla.email)
    page = client.get(answer.headers["Location"])
    assert link_on(page) == ""
    assert "Carla Dias já estava aqui" in text_of(page)
    carla.refresh_from_db()
    assert carla.name == "Carla Dias"
    assert queries.roles_of(carla, company) == [Role.REQUESTER]


def test_no_link_to_somebody_who_has_roles_elsewhere(
    client: Client, clara: User, company: Company, carla: User
) -> None:
    """Whoever holds the link becomes the person: in the other company too."""
    client.force_login(clara)
    add(client, company, carla.email)
    assert "/link" not in text_of(client.get(f"/people/{carla.pk}"))
    assert client.post(f"/people/{carla.pk}/link").status_code == 404


def test_no_link_to_an_administrator_of_the_installation(
    client: Client, clara: User, company: Company, installer: User
) -> None:
    client.force_login(clara)
    add(client, company, installer.email)
    assert client.post(f"/people/{installer.pk}/link").status_code == 404


def test_the_link_goes_by_email_where_that_is_set_up(
    client: Client, clara: User, ana: User, settings
) -> None:
    settings.EMAIL_CONFIGURED = True
    client.force_login(clara)
    client.post(f"/people/{ana.pk}/link")
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == ([ana.email], "Seu acesso ao Alçada")
    assert "/welcome/" in sent.body


def test_the_last_administrator_stays_one(client: Client, clara: User, bruno: User, company: Company) -> None:
    client.force_login(clara)
    own = f"/people/{clara.pk}/roles/{company.pk}"
    answer = client.post(own, {"roles": ["requester"]})
    assert answer.status_code == 422
    assert "torne outra pessoa administradora" in text_of(answer)
    assert queries.roles_of(clara, company) == [Role.ADMINISTRATOR]
    client.post(f"/people/{bruno.pk}/roles/{company.pk}", {"roles": ["administrator"]})
    assert client.post(own, {"roles": []}).status_code == 302
    assert queries.roles_of(clara, company) == []


def test_a_stranger_sees_and_changes_nobody(
    client: Client, carla: User, ana: User, clara: User, company: Company
) -> None:
    client.force_login(carla)
    assert "Ana Souza" not in text_of(client.get("/people"))
    assert client.get(f"/people/{ana.pk}").status_code == 404
    assert client.post(f"/people/{ana.pk}/roles/{company.pk}", {"roles": ["approver"]}).status_code == 404
    assert client.post(f"/people/{carla.pk}/roles/{company.pk}", {"roles": ["approver"]}).status_code == 404
    assert add(client, company).status_code == 422
    assert client.post(f"/people/{ana.pk}/link").status_code == 404
    assert not Membership.objects.filter(user=carla, company=company).exists()


def test_a_link_for_a_password_opens_no_company_that_came_later(
    client: Client, ana: User, clara: User, other_company: Company
) -> None:
    """Who administers the first company may hold it still."""
    token = actions.welcome_token(ana)
    assert actions.person_of_token(token) == ana
    Membership.objects.create(user=ana, company=other_company, role="approver")
    assert actions.person_of_token(token) is None
    assert client.get(f"/welcome/{token}").status_code == 410


@pytest.mark.parametrize("path", ["/people", "/people/new", "/companies", "/companies/new"])
def test_without_the_role_the_page_says_so(client: Client, ana: User, path: str) -> None:
    client.force_login(ana)
    answer = client.get(path)
    assert answer.status_code == 403
    assert "Você não pode fazer isto" in text_of(answer)
    assert f'href="{path}"' not in text_of(client.get("/profile"))


def test_only_an_administrator_of_the_installation_ends_access(
    client: Client, clara: User, ana: User, installer: User
) -> None:
    client.force_login(clara)
    assert client.post(f"/people/{ana.pk}/deactivate").status_code == 403
    client.force_login(installer)
    client.post(f"/people/{ana.pk}/deactivate")
    assert not User.objects.get(pk=ana.pk).is_active
    client.post(f"/people/{ana.pk}/reactivate")
    assert User.objects.get(pk=ana.pk).is_active
    assert [r.event for r in history.of(ana)] == ["person.deactivated", "person.reactivated"]


def test_access_of_a_companys_last_administrator_does_not_end(
    client: Client, clara: User, installer: User
) -> None:
    client.force_login(installer)
    client.post(f"/people/{clara.pk}/deactivate")
    assert "Ninguém mais administra Padaria Aurora Ltda" in text_of(client.get(f"/people/{clara.pk}"))
    assert User.objects.get(pk=clara.pk).is_active


# --- Companies, profile, language ----------------------------------------------------------------------------


def test_one_company_per_cnpj(client: Client, installer: User, company: Company) -> None:
    client.force_login(installer)
    answer = client.post("/companies/new", {"name": "Outra", "document": "11.222.333/0001-81"})
    assert answer.status_code == 422
    assert "Já existe aqui uma empresa com este CNPJ." in text_of(answer)
    assert 'value="11.222.333/0001-81"' in text_of(answer)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("11.222.333/0001-82", "Os dígitos verificadores não conferem"),
        ("123", "Um CNPJ tem 14 caracteres"),
        ("", "Este campo é obrigatório"),
    ],
)
def test_a_wrong_cnpj_is_explained(client: Client, installer: User, typed: str, said: str) -> None:
    client.force_login(installer)
    answer = client.post("/companies/new", {"name": "Outra", "document": typed})
    assert said in text_of(answer)
    assert not Company.objects.exists()


def test_an_alphanumeric_cnpj_is_taken(client: Client, installer: User) -> None:
    client.force_login(installer)
    client.post("/companies/new", {"name": "Nova", "document": "12.abc.345/01de-35"})
    assert Company.objects.get().document == "12ABC34501DE35"


def test_renaming_a_company_is_recorded_and_not_for_others(
    client: Client, clara: User, carla: User, company: Company
) -> None:
    client.force_login(carla)
    assert client.post(f"/companies/{company.pk}", {"name": "Minha"}).status_code == 404
    client.force_login(clara)
    client.post(f"/companies/{company.pk}", {"name": "Padaria Aurora e Filhos"})
    (told,) = history.of(company)
    assert (told.event, told.data) == (
        "company.changed",
        {"from": "Padaria Aurora Ltda", "to": "Padaria Aurora e Filhos"},
    )


def test_language_is_chosen_and_remembered(client: Client, ana: User) -> None:
    assert "Entrar" in text_of(client.get("/sign-in"))  # whatever the browser asks for
    client.post("/language", {"language": "en", "next": "/sign-in"})
    assert "Sign in" in text_of(client.get("/sign-in"))
    client.force_login(ana)
    client.post("/language", {"language": "en"})
    assert "Password" in text_of(Client().get("/sign-in")) or User.objects.get(pk=ana.pk).language == "en"
    elsewhere = Client()
    elsewhere.force_login(User.objects.get(pk=ana.pk))
    page = elsewhere.get("/profile")
    assert '<html lang="en">' in text_of(page)


def test_changing_the_password_needs_the_current_one(client: Client, ana: User) -> None:
    other = Client()
    other.force_login(ana)
    client.force_login(ana)
    wrong = client.post("/profile/password", {"current": "errada", "password": "uma nova bem comprida"})
    assert "Esta não é sua senha atual." in text_of(wrong)
    client.post("/profile/password", {"current": PASSWORD, "password": "uma nova bem comprida"})
    assert client.get("/profile").status_code == 200
    assert other.get("/profile").status_code == 302
    assert sign_in(Client(), ana.email, "uma nova bem comprida") == 302


def test_a_post_without_its_token_is_explained(ana: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post("/sign-in", {"email": ana.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert "Esta página ficou aberta tempo demais" in text_of(answer)


def test_a_page_that_is_not_there(client: Client, ana: User) -> None:
    client.force_login(ana)
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert "Não há nada aqui" in text_of(answer)
    assert "script-src" not in answer.headers["Content-Security-Policy"]  # default-src 'self' is all there is
