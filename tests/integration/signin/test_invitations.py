"""Inviting somebody: asked, sent, accepted once, sent again, taken back; and what others may see and do of it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from cast import PASSWORD
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from postbox import Postbox, send_queued
from postbox import text_of as text_in

from alcada.history import queries as history
from alcada.history.actions import record
from alcada.people import invitations, queries
from alcada.people.models import Company, Invitation, Membership, Role, User

pytestmark = pytest.mark.django_db

EMAIL = "davi@exemplo.com.br"
CHOSEN = "pão de queijo quente"


def text_of(answer: Any) -> str:
    return re.sub(r"\s+", " ", answer.content.decode())


def invite(browser: Client, company: Company, *roles: str, email: str = EMAIL) -> Any:
    form = {"name": "Davi Novo", "email": email, "company": company.pk, "roles": roles or ["requester"]}
    return browser.post("/people/new", form)


def link_on(answer: Any) -> str:
    found = re.search(r'id="invitation-link" value="http://[^/]+(/invitation/[^"]+)"', text_of(answer))
    return found[1] if found else ""


def handed_out(browser: Client, company: Company, *roles: str) -> str:
    return link_on(browser.get(invite(browser, company, *roles).headers["Location"]))


@pytest.fixture
def office(clara: User) -> Client:
    browser = Client()
    browser.force_login(clara)
    return browser


def test_by_mail_from_the_form_to_the_first_page(office: Client, company: Company, letters: Postbox) -> None:
    page = invite(office, company, "requester", "approver")
    assert not User.objects.filter(email=EMAIL).exists()  # nobody is here before they come
    assert "O convite está a caminho de davi@exemplo.com.br." in text_of(office.get(page.headers["Location"]))
    assert send_queued() == 1
    (letter,) = letters.taken
    assert (letter["To"], letter["Subject"]) == (EMAIL, "Clara Mendes convida você para o Alçada")
    assert company.name in text_in(letter)
    link, davi = letters.link("invitation"), Client()
    for _ in range(2):  # a mail scanner's look uses nothing up
        shown = text_of(davi.get(link))
        assert company.name in shown
        assert "Solicitante, Aprovador" in shown
    weak = davi.post(link, {"name": "Davi Novo", "password": "curta"})
    assert weak.status_code == 422
    assert 'value="Davi Novo"' in text_of(weak)
    assert davi.post(link, {"name": "Davi Souza", "password": CHOSEN}).headers["Location"] == "/"
    assert "Davi Souza" in text_of(davi.get("/"))
    user = User.objects.get(email=EMAIL)
    assert queries.roles_of(user, company) == [Role.REQUESTER, Role.APPROVER]
    assert Client().post("/sign-in", {"email": EMAIL, "password": CHOSEN}).status_code == 302
    # single use
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"name": "Eva", "password": CHOSEN}).status_code == 410
    assert User.objects.get(email=EMAIL).name == "Davi Souza"


def test_without_a_mail_server_the_link_is_handed_out_and_shown_once(
    office: Client, company: Company
) -> None:
    page = invite(office, company).headers["Location"]
    link = link_on(office.get(page))
    assert link
    assert link_on(office.get(page)) == ""
    assert "Send" not in text_of(office.get(page))
    assert Client().post(link, {"name": "Davi", "password": CHOSEN}).status_code == 302


def test_what_was_done_is_in_the_history(office: Client, company: Company, clara: User) -> None:
    link = handed_out(office, company)
    Client().post(link, {"name": "Davi Novo", "password": CHOSEN})
    davi = User.objects.get(email=EMAIL)
    told = [(one.event, one.actor) for one in history.of(company)]
    assert told == [
        ("person.invited", clara),
        ("person.invitation_sent", clara),
        ("person.role_given", clara),
    ]
    (joined,) = history.of(davi)
    assert (joined.event, joined.actor, joined.data["how"]) == ("person.joined", davi, "password")


def test_no_token_is_kept_anywhere(office: Client, company: Company, letters: Postbox) -> None:
    invite(office, company)
    send_queued()
    token = letters.link("invitation").rpartition("/")[2]
    from procrastinate.contrib.django.models import ProcrastinateJob

    kept = str(list(Invitation.objects.values())) + str([job.args for job in ProcrastinateJob.objects.all()])
    kept += str([one.data for one in history.of(company)])
    assert token not in kept


def test_who_is_here_gets_the_roles_at_once(office: Client, company: Company, carla: User) -> None:
    answer = invite(office, company, "approver", email="CARLA@exemplo.com.br")
    assert answer.headers["Location"] == f"/people/{carla.pk}"
    assert queries.roles_of(carla, company) == [Role.APPROVER]
    assert not Invitation.objects.exists()


def test_sent_again_the_link_before_is_worth_nothing(
    office: Client, company: Company, letters: Postbox
) -> None:
    page = invite(office, company).headers["Location"]
    send_queued()
    first = letters.link("invitation")
    Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert Client().get(first).status_code == 410
    assert "Expirou" in text_of(office.get("/people/invitations"))
    office.post(f"{page}/send")
    send_queued()
    send_queued()  # the jobs a second time
    assert len(letters.taken) == 2
    assert Client().get(first).status_code == 410
    assert Client().get(letters.link("invitation")).status_code == 200
    assert "Enviado por e-mail" in text_of(office.get("/people/invitations"))


def test_taken_back_it_lets_nobody_in(office: Client, company: Company) -> None:
    page = invite(office, company).headers["Location"]
    link = link_on(office.get(page))
    office.post(f"{page}/take-back")
    assert Client().get(link).status_code == 410
    assert Client().post(link, {"name": "Davi", "password": CHOSEN}).status_code == 410
    assert not User.objects.filter(email=EMAIL).exists()
    assert EMAIL not in text_of(office.get("/people/invitations"))
    shown = text_of(office.get("/people/invitations?show=taken_back"))
    assert EMAIL in shown
    assert '<span class="pill" data-tone="grey">Retirado' in shown
    assert office.post(f"{page}/send").status_code == 404  # no mail server here
    assert office.post(f"{page}/take-back", follow=True).status_code == 200
    assert invite(office, company).status_code == 302  # and anew
    assert Invitation.objects.count() == 2


def test_two_companies_invite_one_person_and_see_their_own_part(
    office: Client, company: Company, other_company: Company, carla: User, letters: Postbox
) -> None:
    invite(office, company, "requester")
    elsewhere = Client()
    elsewhere.force_login(carla)
    page = invite(elsewhere, other_company, "approver").headers["Location"]
    invitation = Invitation.objects.get()
    shown = text_of(elsewhere.get(page))
    assert company.name not in shown
    assert "Convidado também para mais uma empresa" in shown
    assert elsewhere.post(f"{page}/link").status_code == 404  # she would come into the first company with it
    office.post(f"{page}/take-back")
    assert [one.company for one in invitation.roles.all()] == [other_company]
    assert office.get(page).status_code == 404
    send_queued()
    Client().post(letters.link("invitation"), {"name": "Davi", "password": CHOSEN})
    davi = User.objects.get(email=EMAIL)
    assert not davi.memberships.filter(company=company).exists()
    assert queries.roles_of(davi, other_company) == [Role.APPROVER]


def test_a_link_that_was_handed_out_opens_no_company_that_invites_later(
    office: Client, company: Company, other_company: Company, carla: User, installer: User
) -> None:
    """Else who administers the first company, and holds the link, would come into the second as somebody else."""
    link = handed_out(office, company, "requester")
    elsewhere = Client()
    elsewhere.force_login(carla)
    page = invite(elsewhere, other_company, "approver").headers["Location"]
    assert Client().post(link, {"name": "Davi", "password": CHOSEN}).status_code == 410
    assert not User.objects.filter(email=EMAIL).exists()
    assert "Ninguém tem um link que funcione" in text_of(office.get(page))
    assert office.post(f"{page}/link").status_code == 404
    above = Client()
    above.force_login(installer)
    above.post(f"{page}/link")
    assert Client().post(link_on(above.get(page)), {"name": "Davi", "password": CHOSEN}).status_code == 302


def test_a_stranger_sees_and_changes_no_invitation(
    office: Client, company: Company, carla: User, ana: User
) -> None:
    page = invite(office, company).headers["Location"]
    for person, code in ((carla, 404), (ana, 403)):
        browser = Client()
        browser.force_login(person)
        assert browser.get(page).status_code == code
        for verb in ("send", "link", "take-back"):
            assert browser.post(f"{page}/{verb}").status_code == code
        assert browser.post(f"{page}/roles/{company.pk}", {"roles": ["administrator"]}).status_code == code
        assert EMAIL not in text_of(browser.get("/people/invitations"))
    assert list(Invitation.objects.get().roles.values_list("role", flat=True)) == ["requester"]


def test_roles_are_changed_before_they_come(office: Client, company: Company) -> None:
    page = invite(office, company).headers["Location"]
    link = link_on(office.get(page))
    office.post(f"{page}/roles/{company.pk}", {"roles": ["auditor"]})
    Client().post(link, {"name": "Davi", "password": CHOSEN})
    assert queries.roles_of(User.objects.get(email=EMAIL), company) == [Role.AUDITOR]


def test_somebody_else_who_is_signed_in_does_not_accept(office: Client, company: Company, ana: User) -> None:
    link = handed_out(office, company)
    browser = Client()
    browser.force_login(ana)
    assert "Saia para aceitar" in text_of(browser.get(link))
    browser.post(link, {"name": "Davi", "password": CHOSEN})
    assert not User.objects.filter(email=EMAIL).exists()
    assert browser.post("/sign-out", {"next": link}).headers["Location"] == link


def test_who_was_made_meanwhile_and_never_came_becomes_the_person(office: Client, company: Company) -> None:
    link = handed_out(office, company)
    made = User.objects.create_user(email=EMAIL, name="?")  # by a bulk set-up, say
    Client().post(link, {"name": "Davi", "password": CHOSEN})
    made.refresh_from_db()
    assert (made.name, made.check_password(CHOSEN)) == ("Davi", True)


def test_who_has_a_sign_in_of_their_own_keeps_it(office: Client, company: Company) -> None:
    link = handed_out(office, company)
    made = User.objects.create_user(email=EMAIL, name="Davi", password=PASSWORD)
    assert Client().post(link, {"name": "Mallory", "password": CHOSEN}).status_code == 410
    made.refresh_from_db()
    assert (made.name, made.check_password(PASSWORD)) == ("Davi", True)


def test_the_database_keeps_one_open_invitation_per_address(clara: User) -> None:
    def make() -> Invitation:
        return Invitation.objects.create(
            email=EMAIL, name="Davi", invited_by=clara, expires_at=timezone.now() + timedelta(days=1)
        )

    first = make()
    with pytest.raises(IntegrityError), transaction.atomic():
        make()
    first.taken_back_at = timezone.now()
    first.save()
    make()


def test_what_fails_after_the_person_is_made_makes_nobody(clara: User, company: Company) -> None:
    asked = invitations.invite(
        email=EMAIL,
        name="Davi",
        company=company,
        roles=[Role.REQUESTER],
        by=clara,
        record=record,
        by_mail=False,
    )
    assert isinstance(asked, Invitation)
    token = invitations.make_link(asked, by=clara, record=record)

    def fail(_user: User) -> None:
        raise RuntimeError("the passkey could not be kept")

    found = invitations.find(token)
    assert found
    with pytest.raises(RuntimeError):
        invitations.accept(found, name="Davi", how="passkey", record=record, then=fail)
    assert not User.objects.filter(email=EMAIL).exists()
    assert not Membership.objects.filter(company=company, role=Role.REQUESTER).exists()
    assert invitations.find(token)
