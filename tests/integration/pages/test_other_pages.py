"""Home, flows, the examination and the notices."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from integration.pages.world import VERDICT, World

from alcada.connections.models import Connection
from alcada.flow.models import Flow
from alcada.flow.versions import publish
from alcada.notify.models import Notice
from alcada.people.models import Company, User

if TYPE_CHECKING:
    from django.test import Client

Sign = Callable[[User], "Client"]


def home(client: "Client") -> str:
    answer = client.get(reverse("home"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_home_shows_each_their_part(world: World, as_: Sign, carla: User) -> None:
    world.submitted(description="To be decided")
    world.posted(amount="1.000,00")
    world.refused()
    back = world.submitted()
    world.decided(back, world.beatriz, VERDICT.SEND_BACK, "?")
    bruno = home(as_(world.bruno))
    assert "1 decision waits for you." in bruno
    assert "To be decided" in bruno
    assert "Needs a hand" not in bruno
    assert "R$\xa01,000.00" in bruno
    clara = home(as_(world.clara))
    assert "A conta financeira informada está inativa." in clara
    ana = home(as_(world.ana))
    assert "Somebody asked you to change it." in ana
    assert "In approval" in ana
    stranger = home(as_(carla))
    assert "Papelaria" not in stranger


def test_home_names_an_account_that_stopped(world: World, as_: Sign) -> None:
    Connection.objects.update(state=Connection.State.AUTHORISE)
    assert "stopped: what is approved waits for it" in home(as_(world.clara))
    assert "stopped: what is approved waits for it" not in home(as_(world.bruno))


def test_home_says_what_to_do_first(world: World, as_: Sign, installer: User, carla: User) -> None:
    assert "Begin with a company" in home(as_(installer))
    nobody = User.objects.create_user(email="novo@exemplo.com.br", name="Novo", password="x")
    assert "You have no role in a company yet" in home(as_(nobody))
    assert "Connect Conta Azul" in home(as_(carla))
    ana = home(as_(world.ana))
    assert "Drop in a first NF-e" in ana
    assert reverse("person-new") not in ana


def test_home_asks_for_a_second_person(as_: Sign, carla: User, other_company: Company) -> None:
    """Without whom nothing can be approved."""
    add = f'href="{reverse("person-new")}"'
    assert add in home(as_(carla))
    davi = User.objects.create_user(email="davi@exemplo.com.br", name="Davi", password="x")
    other_company.memberships.create(user=davi, role="requester")
    assert add not in home(as_(carla))
    carla.memberships.filter(role="approver").delete()
    assert add in home(as_(carla))


def test_lists_narrow_to_the_company_chosen(world: World, as_: Sign, other_company: Company) -> None:
    other_company.memberships.create(user=world.bruno, role="approver")
    world.submitted(description="To be decided")
    client = as_(world.bruno)
    for name in ("home", "inbox"):
        assert "To be decided" in client.get(reverse(name), {"company": world.company.pk}).content.decode()
        assert (
            "To be decided" not in client.get(reverse(name), {"company": other_company.pk}).content.decode()
        )
        assert client.get(reverse(name), {"company": "x"}).status_code == 200


def test_flows_are_told_as_a_sentence(world: World, as_: Sign, carla: User, other_company: Company) -> None:
    world.submitted()
    text = as_(world.bruno).get(reverse("flows")).content.decode()
    told = (
        "When a payable is submitted → asks an Approver → if Value above R$\xa010,000.00: asks an Administrator"
        " → posts to Conta Azul → tells whoever entered it"
    )
    assert told in text
    assert "Version 1, published" in text
    assert "it becomes version 1" in text  # the receivable's, which nobody has used yet
    assert other_company.name not in text
    assert world.company.name not in as_(carla).get(reverse("flows")).content.decode()
    assert as_(world.ana).get(reverse("flows")).status_code == 403


def test_a_flow_with_two_branches_is_told_whole(world: World, as_: Sign) -> None:
    world.submitted()
    made = Flow.objects.get(company=world.company)

    def step(key: str, role: str) -> dict[str, object]:
        properties = {"role": role}
        return {"id": key, "componentType": "task", "type": "approval", "name": key, "properties": properties}

    rows = [
        {"field": "amount", "is": "<=", "value": "500.00"},
        {"field": "party", "is": "=", "value": "Enel"},
    ]
    definition = {
        "sequence": [
            {
                "id": "if",
                "componentType": "switch",
                "type": "if",
                "name": "Small",
                "properties": {"match": "any", "rows": rows},
                "branches": {"true": [step("a", "approver")], "false": [step("b", "administrator")]},
            }
        ]
    }
    publish(made, definition, by=world.clara)
    text = as_(world.clara).get(reverse("flows")).content.decode()
    assert "if Value up to R$\xa0500.00 or Vendor or customer is Enel: asks an Approver" in text
    assert "otherwise: asks an Administrator" in text
    assert "Version 2, published" in text
    assert "by Clara Mendes" in text


def test_the_examination_is_for_the_installation(
    world: World, as_: Sign, installer: User, carla: User
) -> None:
    for person in (world.ana, world.clara, carla):
        assert as_(person).get(reverse("doctor")).status_code == 403
        assert as_(person).post(reverse("doctor")).status_code == 403
    text = as_(installer).get(reverse("doctor")).content.decode()
    assert "No worker has given a sign of life" in text
    assert "The latest chains of history hold." in text


def test_a_notice_is_opened_by_a_post_and_is_read_then(world: World, as_: Sign, carla: User) -> None:
    entry = world.submitted()
    told = Notice.objects.get(user=world.bruno)
    client = as_(world.bruno)
    page = client.get(reverse("notices")).content.decode()
    assert "Asks for your decision" in page
    assert "Papelaria Central Ltda" in page
    address = reverse("notice-open", args=[told.pk])
    assert client.get(address).status_code == 405
    assert as_(carla).post(address).status_code == 404
    told.refresh_from_db()
    assert told.read_at is None
    assert client.post(address).headers["Location"] == reverse("decide", args=[world.step(entry).pk])
    told.refresh_from_db()
    assert told.read_at is not None


def test_an_answered_question_asks_nobody_any_more(world: World, as_: Sign) -> None:
    step = world.step(world.submitted())
    assert Notice.objects.filter(user=world.beatriz, read_at=None).exists()
    as_(world.bruno).post(reverse("decide", args=[step.pk]), {"verdict": "approve"})
    assert not Notice.objects.filter(user=world.beatriz, read_at=None).exists()


def test_all_are_marked_as_read_at_once(world: World, as_: Sign) -> None:
    world.submitted()
    world.submitted()
    client = as_(world.bruno)
    assert client.get(reverse("notices-read")).status_code == 405
    client.post(reverse("notices-read"))
    assert not Notice.objects.filter(user=world.bruno, read_at=None).exists()
    assert Notice.objects.filter(user=world.beatriz, read_at=None).count() == 2


def test_pages_in_portuguese_say_money_and_dates_as_people_write_them(world: World, as_: Sign) -> None:
    world.submitted()
    client = as_(world.bruno)
    client.cookies["django_language"] = "pt-br"
    assert "R$\xa01.234,56" in client.get(reverse("inbox")).content.decode()


def test_the_report_is_for_the_installation_and_downloads(world: World, as_: Sign, installer: User) -> None:
    world.refused()
    assert as_(world.clara).get(reverse("doctor-report")).status_code == 403
    answer = as_(installer).get(reverse("doctor-report"))
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="alcada-')
    told = answer.json()
    assert {"state": "refused", "reason": "refused"}.items() <= told["postings"][0].items()
    assert world.company.name not in answer.content.decode()
    assert reverse("doctor-report") in as_(installer).get(reverse("doctor")).content.decode()


def test_home_tells_what_is_due_soon_and_not_approved(world: World, as_: Sign) -> None:
    world.submitted(description="Due soon", due_in=3)
    world.submitted(description="Due late", due_in=20)
    page = home(as_(world.clara))
    assert "Due soon and not approved" in page
    due = page.split("Due soon and not approved")[1].split("</section>")[0]
    assert due.count("<li>") == 1
    assert "Asked: Beatriz Rocha, Bruno Lima" in due
    assert "Due soon and not approved" not in home(as_(world.bruno)).split("Waits for your decision")[0]


def test_home_plots_the_months_postings_and_tells_them_as_a_table(world: World, as_: Sign) -> None:
    assert "bars" not in home(as_(world.bruno)).split("posted-title")[2].split("</section>")[0]
    world.posted(amount="1.000,00")
    world.posted(amount="500,00")
    card = home(as_(world.bruno)).split('id="posted-title"')[1].split("</section>")[0]
    today = timezone.localdate()
    assert card.count("<rect") == 1
    assert f"{today:%d/%m} · To pay: R$\xa01,500.00" in card
    assert f'<th scope="row">{today:%d/%m}</th><td>R$\xa01,500.00</td><td>R$\xa00.00</td>' in card
