"""The pages of sales: whose they are, what they show, and what stands beside a field that is wrong."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cast import make_person
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from integration.sales.conftest import Shop, Sign

from alcada.directory.actions import save_party
from alcada.directory.models import Defaults, Party
from alcada.flow import selling
from alcada.history.rules import EVENTS
from alcada.intake.models import Entry
from alcada.people.models import Company, User
from alcada.sales import actions
from alcada.sales.models import Deal, Stage
from alcada.sales.rules import DealChangedError
from alcada.web import deal_words


def read(client: Client, name: str, *args: int, **query: Any) -> str:
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


@pytest.fixture
def typed(shop: Shop) -> Callable[..., dict[str, str]]:
    """What the form sends."""

    def fields(**changes: str) -> dict[str, str]:
        return {
            "company": str(shop.company.pk),
            "party": str(shop.customer.pk),
            "party_name": shop.customer.name,
            "title": "Coffee break",
            "amount": "1.000,00",
            "terms": "30/60/90",
            "category": str(shop.desk.sales.pk),
            "bank_account": str(shop.desk.account.pk),
            "do": "save",
            **({"stage": str(first.pk)} if (first := Stage.objects.first()) else {}),
            **changes,
        }

    return fields


# --- Who sees what -----------------------------------------------------------------------------------------------


def test_a_salesperson_sees_their_own_and_finance_sees_all(
    shop: Shop, as_: Sign, ana: User, bruno: User, clara: User
) -> None:
    dora = make_person("Dora Alves", shop.company, "requester")
    felipe = make_person("Felipe Reis", shop.company, "finance")
    augusto = make_person("Augusto Pena", shop.company, "auditor")
    mine, other = shop.deal(ana, title="Minha venda"), shop.deal(dora, title="Venda da Dora")
    for page in ("sales", "deals"):
        text = read(as_(ana), page)
        assert "Minha venda" in text
        assert "Venda da Dora" not in text
        for who in (bruno, clara, felipe, augusto):
            assert "Venda da Dora" in read(as_(who), page)
    assert as_(ana).get(reverse("deal", args=[other.pk])).status_code == 404
    assert as_(ana).post(reverse("deal-move", args=[other.pk]), {"to": "won"}).status_code == 404
    # Who sees all changes only where they may.
    for who, status in ((bruno, 403), (augusto, 403), (felipe, 302)):
        client = as_(who)
        assert client.get(reverse("deal", args=[mine.pk])).status_code == 200
        got = client.post(reverse("deal-move", args=[mine.pk]), {"to": f"stage-{mine.stage_id}"})
        assert got.status_code == status
    assert as_(augusto).get(reverse("deal-new")).status_code == 403
    assert as_(augusto).post(reverse("deal-terms"), {"terms": "3x"}).status_code == 403


def test_another_companys_deal_is_not_there(
    shop: Shop, as_: Sign, ana: User, carla: User, typed: Callable[..., dict[str, str]]
) -> None:
    deal = shop.deal(ana)
    client = as_(carla)
    for name in ("deal", "deal-edit", "deal-receivable"):
        assert client.get(reverse(name, args=[deal.pk])).status_code == 404
    for to in ("won", "lost", "open", f"stage-{deal.stage_id}"):
        answer = client.post(reverse("deal-move", args=[deal.pk]), {"to": to, "reason": "x"})
        assert answer.status_code == 404
    assert client.post(reverse("deal-edit", args=[deal.pk]), typed()).status_code == 404
    assert client.post(reverse("deal-new"), typed()).status_code == 404
    assert "Coffee" not in read(client, "sales", company=shop.company.pk)
    assert "Coffee" not in read(client, "deals", company=shop.company.pk)
    assert Deal.objects.count() == 1


def test_what_is_another_companys_is_no_choice(
    shop: Shop, as_: Sign, ana: User, other_company: Company, typed: Callable[..., dict[str, str]]
) -> None:
    """A stage, a customer, a category by id in the form."""
    stranger = make_person("Zeca Lobo", other_company, "requester")
    theirs = save_party(other_company, name="Cliente de lá", is_customer=True)
    answer = as_(ana).post(reverse("deal-new"), typed(party=str(theirs.pk), party_name="x"))
    assert answer.status_code == 422
    answer = as_(ana).post(reverse("deal-new"), typed(owner=str(stranger.pk)))
    deal = Deal.objects.get()  # there is no choice of owner for ana: it is hers
    assert deal.owner == ana
    there = actions.create(
        other_company,
        actions.Content("Lá", theirs, Decimal("1.00"), stranger),
        by=stranger,
    )
    answer = as_(ana).post(reverse("deal-move", args=[deal.pk]), {"to": f"stage-{there.stage_id}"})
    assert answer.status_code == 404


# --- The form ----------------------------------------------------------------------------------------------------


def test_a_deal_is_entered_with_a_new_customer(
    shop: Shop, as_: Sign, ana: User, typed: Callable[..., dict[str, str]]
) -> None:
    new = {"party": "", "new_party": "1", "party_name": "Hotel Sol", "party_document": "11.444.777/0001-61"}
    answer = as_(ana).post(reverse("deal-new"), typed(**new), follow=True)
    deal = Deal.objects.get()
    assert (deal.customer.name, deal.customer.document) == ("Hotel Sol", "11444777000161")
    assert deal.customer.is_customer
    assert (deal.value, deal.number, deal.owner, deal.state) == (Decimal("1000.00"), 1, ana, "open")
    text = answer.content.decode()
    assert "3 instalments, if it is won today" in text
    assert "R$\xa0333.34" in text
    assert "Instalment 1 carries the odd cent." in text
    assert "Deal entered" in text


def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    shop: Shop, as_: Sign, ana: User, typed: Callable[..., dict[str, str]]
) -> None:
    wrong = typed(title="", amount="1.234", terms="when I like", expected_on="soon", notes="Falar com 🙂")
    answer = as_(ana).post(reverse("deal-new"), wrong)
    assert answer.status_code == 422
    text = answer.content.decode()
    for sentence in (
        "This can be read in two ways",
        "These terms can&#x27;t be read",
        "This field is required",
    ):
        assert sentence in text
    for value in ("1.234", "when I like", "Falar com 🙂", "Festa &amp; Cia Ltda"):
        assert value in text
    assert not Deal.objects.exists()
    answer = as_(ana).post(reverse("deal-new"), typed(party="", party_name="Ninguém", title="x" * 201))
    assert "Choose the customer." in answer.content.decode()
    assert "x" * 201 in answer.content.decode()
    new = {"party": "", "new_party": "1", "party_name": "Novo", "party_document": "123"}
    answer = as_(ana).post(reverse("deal-new"), typed(**new))
    assert 'value="123"' in answer.content.decode()
    assert not Party.objects.filter(name="Novo").exists()


def test_what_the_company_usually_has_is_filled_in(shop: Shop, as_: Sign, ana: User) -> None:
    Defaults.objects.create(
        company=shop.company, kind="receivable", category=shop.desk.sales, cost_centre=shop.desk.centre
    )
    text = read(as_(ana), "deal-new")
    for chosen in (shop.desk.sales, shop.desk.centre, shop.desk.account):
        assert f'<option value="{chosen.pk}" selected>' in text


def test_a_preview_beside_the_terms(shop: Shop, as_: Sign, ana: User) -> None:
    later = timezone.localdate() + timedelta(days=40)

    def preview(**fields: str) -> str:
        return as_(ana).post(reverse("deal-terms"), fields).content.decode()

    text = preview(terms="3x", amount="100,00", expected_on=later.isoformat())
    assert f"3 instalments, if it is won on {later:%d/%m/%Y}" in text
    assert "R$\xa033.34" in text
    assert "Write them like" in preview(terms="nope", amount="100,00")
    assert "Write 3x or 3 days" in preview(terms="3", amount="100,00")
    assert "fewer cents" in preview(terms="3x", amount="0,02")
    assert "120 instalments" in preview(terms="120x", amount="100.000,00")
    assert preview(terms="", amount="1").strip() == ""
    assert "—" in preview(terms="2x", amount="what")
    assert "2 instalments" in preview(terms="2x", amount="1,00", expected_on="2026-99-99")


def test_two_people_change_one_deal(
    shop: Shop, as_: Sign, ana: User, clara: User, typed: Callable[..., dict[str, str]]
) -> None:
    deal = shop.deal(ana)
    address = reverse("deal-edit", args=[deal.pk])
    assert (
        as_(clara).post(address, typed(version="1", title="Da Clara", owner=str(ana.pk))).status_code == 302
    )
    answer = as_(ana).post(address, typed(version="1", title="Da Ana"))
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Somebody changed this deal since you opened it" in text
    assert 'value="Da Ana"' in text
    assert 'name="version" value="2"' in text
    assert as_(ana).post(address, typed(version="2", title="Da Ana")).status_code == 302
    deal.refresh_from_db()
    assert (deal.title, deal.version) == ("Da Ana", 3)
    with pytest.raises(DealChangedError):
        actions.change(deal.pk, actions.Content("x", shop.customer, deal.value, ana), version=1, by=ana)
    text = read(as_(ana), "deal", deal.pk)
    assert "Da Clara" in text  # its history


def test_small_buttons_of_the_customer_keep_what_was_typed(
    shop: Shop, as_: Sign, ana: User, typed: Callable[..., dict[str, str]]
) -> None:
    client, address = as_(ana), reverse("deal-new")
    text = client.post(address, typed(do="party-search", title="Palestra")).content.decode()
    assert 'value="Palestra"' in text
    assert 'role="combobox"' in text
    fields = typed(do="party-new", party="", party_name="11.444.777/0001-61", title="Palestra")
    text = client.post(address, fields).content.decode()
    assert 'name="party_document" value="11.444.777/0001-61"' in text
    shop.customer.default_cost_centre = shop.desk.centre
    shop.customer.save()
    fields = typed(do=f"party-{shop.customer.pk}", party="", party_name="Fes", title="Palestra")
    text = client.post(address, fields).content.decode()
    assert f'<option value="{shop.desk.centre.pk}" selected>' in text
    assert not Deal.objects.exists()


# --- Winning, losing, reopening on the pages ---------------------------------------------------------------------


def test_winning_on_the_page_and_the_way_between_deal_and_entry(shop: Shop, as_: Sign, ana: User) -> None:
    deal = shop.deal(ana)
    client = as_(ana)
    answer = client.post(reverse("deal-move", args=[deal.pk]), {"to": "won"}, follow=True)
    text = answer.content.decode()
    entry = Entry.objects.get()
    assert "Won. Receivable #1 was made." in text
    assert f'href="{reverse("entry", args=[entry.pk])}"' in text
    assert "Waiting to be posted" in text
    text = read(client, "entry", entry.pk)
    assert f'href="{reverse("deal", args=[deal.pk])}"' in text
    assert "No approval needed: Made from a sale that was won" in text
    assert "Take it back" not in text
    # What it says is changed on the deal.
    answer = client.post(reverse("entry-withdraw", args=[entry.pk]), follow=True)
    assert answer.redirect_chain[-1][0] == reverse("deal", args=[deal.pk])
    text = client.post(reverse("deal-move", args=[deal.pk]), {"to": "won"}, follow=True).content.decode()
    assert "It was won already: receivable #1." in text
    text = client.post(reverse("deal-move", args=[deal.pk]), {"to": "open"}, follow=True).content.decode()
    assert "is set aside" in text
    assert "Its deal is open again" in read(client, "entry", entry.pk)
    assert client.get(reverse("entry-edit", args=[entry.pk])).url == reverse("deal", args=[deal.pk])
    client.post(reverse("entry-discard", args=[entry.pk]))
    assert Entry.objects.get().draft is not None


def test_what_stands_in_the_way_of_winning_is_told_beside_the_field(shop: Shop, as_: Sign, ana: User) -> None:
    deal = shop.deal(ana, category=None, terms="")
    answer = as_(ana).post(reverse("deal-move", args=[deal.pk]), {"to": "won"}, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain[-1][0] == reverse("deal-edit", args=[deal.pk]) + "?check=1"
    assert "the deal stays open" in text
    assert "Say how it is paid" in text
    Deal.objects.filter(pk=deal.pk).update(terms="3x")
    text = read(as_(ana), "deal-edit", deal.pk, check=1)
    assert "Choose the category." in text
    shop.company.connections.update(authorised_at=None, state="new")
    Deal.objects.filter(pk=deal.pk).update(category=shop.desk.sales)
    assert "no Conta Azul account yet" in read(as_(ana), "deal-edit", deal.pk, check=1)
    assert not Entry.objects.exists()


def test_saved_and_won_in_one_press(
    shop: Shop, as_: Sign, ana: User, typed: Callable[..., dict[str, str]]
) -> None:
    as_(ana).post(reverse("deal-new"), typed(do="win"))
    assert Deal.objects.get().state == "won"
    as_(ana).post(reverse("deal-new"), typed(do="win", category=""))
    assert Deal.objects.get(number=2).state == "open"  # saved, and the form says what is missing


def test_one_form_sent_twice_makes_one_deal_and_one_receivable(
    as_: Sign, company: Company, ana: User, typed: Callable[..., dict[str, str]]
) -> None:
    """Pressed twice, or sent again with the browser's way back: what is won posts itself."""
    client = as_(ana)
    opened = client.get(reverse("deal-new"), {"company": company.pk}).content.decode()
    key = re.search(r'name="form" value="([0-9a-f-]{36})"', opened)
    assert key
    first, second = (client.post(reverse("deal-new"), typed(form=key[1], do="win")) for _ in range(2))
    assert first.headers["Location"] == second.headers["Location"]
    (deal,) = Deal.objects.all()
    assert (deal.state, Entry.objects.count()) == ("won", 1)
    client.post(reverse("deal-new"), typed(do="win"))  # another one, as alike as it may be
    assert Deal.objects.count() == 2


def test_lost_needs_a_reason_and_may_be_reopened(shop: Shop, as_: Sign, ana: User) -> None:
    deal = shop.deal(ana)
    address = reverse("deal-move", args=[deal.pk])
    answer = as_(ana).post(address, {"to": "lost", "reason": " "})
    assert answer.status_code == 422
    assert "Say why it was lost." in answer.content.decode()
    as_(ana).post(address, {"to": "lost", "reason": "Comprou do concorrente"})
    text = read(as_(ana), "deal", deal.pk)
    assert "Comprou do concorrente" in text
    answer = as_(ana).get(reverse("deal-edit", args=[deal.pk]))
    assert answer.url == reverse("deal", args=[deal.pk])
    as_(ana).post(address, {"to": "open"})
    deal.refresh_from_db()
    assert (deal.state, deal.lost_reason) == ("open", "")


def test_one_that_cannot_be_reopened_says_why_with_the_way_to_its_entry(
    shop: Shop, as_: Sign, ana: User
) -> None:
    from alcada.posting.models import Posting

    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    Posting.objects.update(state="posted", remote_event_id="evt-1", next_try_at=None)
    text = as_(ana).post(reverse("deal-move", args=[deal.pk]), {"to": "open"}, follow=True).content.decode()
    assert "so the deal stays won" in text
    assert reverse("entry", args=[Entry.objects.get().pk]) in text
    assert ">Reopen<" not in text


# --- Board and list ----------------------------------------------------------------------------------------------


def test_a_stage_with_very_many_deals_shows_the_first_and_the_total(
    shop: Shop, as_: Sign, ana: User, django_assert_max_num_queries: Any
) -> None:
    first = shop.deal(ana, expected_on=timezone.localdate(), title="Vence hoje")
    rows = [
        Deal(
            company=shop.company,
            number=number,
            stage=first.stage,
            title=f"Venda {number}",
            customer=shop.customer,
            value=Decimal("10.00"),
            owner=ana,
            created_by=ana,
        )
        for number in range(2, 3002)
    ]
    Deal.objects.bulk_create(rows)
    client = as_(ana)
    with django_assert_max_num_queries(45):
        text = read(client, "sales")
    assert "R$\xa030,100.00" in text
    assert "3001 open deals" in text.replace(",", "")
    assert text.count('class="deal-card"') == 20
    assert text.index("Vence hoje") < text.index("Venda 2")
    assert "2981 more" in text.replace(",", "")
    # The list has them all, page after page.
    text = read(client, "deals", stage=first.stage_id)
    assert text.count("row-link") == 50
    assert "Venda 3001" in text
    last = Deal.objects.order_by("-pk")[49].pk
    text = read(client, "deals", stage=first.stage_id, before=last)
    assert "Venda 3001" not in text
    assert "Venda 2951" in text


def test_the_list_finds_and_filters(shop: Shop, as_: Sign, ana: User, clara: User) -> None:
    one = shop.deal(ana, title="Casamento no sítio", value=Decimal("1234.50"))
    two = shop.deal(
        clara, title="Almoço", customer=save_party(shop.company, name="Açaí Bom", is_customer=True)
    )
    selling.lose(two.pk, "Caro", by=clara)
    client = as_(clara)

    def found(**query: Any) -> set[str]:
        text = read(client, "deals", **query)
        return {deal.title for deal in (one, two) if deal.title in text}

    assert found() == {one.title, two.title}
    assert found(q="sítio") == {one.title}
    assert found(q="acai") == {two.title}
    assert found(q="1.234,50") == {one.title}
    assert found(q="19.131.243") == {one.title}
    assert found(q=f"#{two.number}") == {two.title}
    assert found(state="lost") == {two.title}
    assert found(stage=one.stage_id) == {one.title}  # what is lost stands in no stage
    assert found(owner=clara.pk) == {two.title}
    assert found(owner=ana.pk, state="lost") == set()
    assert found(q="x\x00") == set()
    for odd in ("²", "9" * 30, "x\x00"):
        assert found(stage=odd, owner=odd, before=odd, company=odd) is not None


def test_the_board_moves_a_card_and_answers_with_itself(shop: Shop, as_: Sign, ana: User) -> None:
    deal = shop.deal(ana)
    second = deal.stage.pipeline.stages.order_by("order")[1]
    answer = as_(ana).post(
        reverse("deal-move", args=[deal.pk]), {"to": f"stage-{second.pk}"}, headers={"HX-Request": "true"}
    )
    text = answer.content.decode()
    assert text.lstrip().startswith('<div id="board">')
    assert "data-focus" in text
    assert f"Moved to {second.name}." in answer["HX-Trigger"].encode().decode("unicode_escape", "ignore") or (
        "Moved to" in answer["HX-Trigger"]
    )
    deal.refresh_from_db()
    assert deal.stage == second
    # What can't be won leads to the form that says why.
    Deal.objects.update(category=None)
    answer = as_(ana).post(
        reverse("deal-move", args=[deal.pk]), {"to": "won"}, headers={"HX-Request": "true"}
    )
    assert answer["HX-Redirect"] == reverse("deal-edit", args=[deal.pk]) + "?check=1"


def test_a_company_without_deals_says_what_to_do(company: Company, as_: Sign, ana: User) -> None:
    text = read(as_(ana), "sales")
    assert "Primeiro contato" in text
    assert "New deal" in text
    assert "No deals yet" in read(as_(ana), "deals")


def test_every_event_of_a_deal_has_words(shop: Shop) -> None:
    assert {name for name in EVENTS if name.startswith("deal.")} == deal_words.EVENTS_WITH_WORDS


def test_what_is_read_is_escaped(shop: Shop, as_: Sign, ana: User) -> None:
    deal = shop.deal(ana, title="<script>alert(1)</script>", notes="<img src=x>")
    for page in ("sales", "deals"):
        assert "<script>alert" not in read(as_(ana), page)
    assert "<script>alert" not in read(as_(ana), "deal", deal.pk)
    assert "<img src=x" not in read(as_(ana), "deal", deal.pk)
