"""The list of entries: what is found, in which order, page after page both ways, and what it adds up to."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from cast import make_person
from django.db import connection
from django.test import Client
from django.utils import timezone
from integration.pages.world import VERDICT, World

from alcada.directory.actions import save_party
from alcada.flow import actions as flow
from alcada.flow import list_pages, listing
from alcada.flow.queries import STATUSES, with_status
from alcada.intake import actions as intake
from alcada.intake import drafts
from alcada.intake.models import Entry
from alcada.intake.rules import read_day
from alcada.people.models import Company, User
from alcada.people.scopes import scope_of
from alcada.posting.models import Posting
from alcada.posting.rules import ASKED
from alcada.web import intake_list

pytestmark = pytest.mark.django_db
Sign = Callable[[User], Client]


def found(client: Client, **asked: str) -> list[int]:
    """The numbers of the entries on the page, in order."""
    answer = client.get("/entries", asked or {"saved": "none"})
    assert answer.status_code == 200
    return [row["entry"].number for row in answer.context["rows"]]


@pytest.fixture
def several(world: World) -> World:
    """1: posted, R$ 1.234,56; 2: a draft; 3: another vendor, in approval; 4: refused."""
    world.posted(description="Papel A4", document_number="NF 000831")
    world.typed(party="", party_name="Açougue São Jorge", description="Carne", amount="99,90")
    other = save_party(
        world.company, name="Elétrica Ágil Ltda", document="19131243000197", is_vendor=True, is_customer=False
    )
    world.submitted(
        party=other.pk, party_name=other.name, description="Quadro de luz", amount="150,00", due_in=40
    )
    world.refused(description="Tinta", amount="5.000,00", due_in=2)
    return world


@pytest.mark.parametrize(
    ("typed", "numbers"),
    [
        ("papelaria", [4, 1]),
        ("PAPELARIA central", [4, 1]),
        ("acougue", [2]),
        ("são jor", [2]),
        ("eletrica agil", [3]),
        ("19.131.243/0001-97", [3]),
        ("19131243", [3]),
        ("831", [1]),
        ("NF 000831", [1]),
        ("NF000831", [1]),
        ("#3", [3]),
        ("1.234,56", [1]),
        ("1234.56", [1]),
        ("R$ 1.234,56", [1]),
        ("100..200", [3]),
        ("1000..", [4, 1]),
        ("..100", [2]),
        ("papel 1000..2000", [1]),
        ("99,90", [2]),
        ("tinta papelaria", [4]),
        ("nada disso", []),
        ("'; drop table", []),
        ("🧾", []),
    ],
)
def test_a_search_finds(several: World, as_: Sign, typed: str, numbers: list[int]) -> None:
    assert found(as_(several.bruno), q=typed) == numbers


def test_a_posting_is_found_by_its_reference(several: World, as_: Sign) -> None:
    reference = several.posting(Entry.objects.get(number=1)).reference
    assert found(as_(several.bruno), q=reference.lower()) == [1]


def test_filters_narrow(several: World, as_: Sign) -> None:
    bruno = as_(several.bruno)
    day = timezone.localdate()
    assert found(bruno, state="draft") == [2]
    assert found(bruno, state="round.open") == [3]
    assert found(bruno, state="posting.refused") == [4]
    assert found(bruno, state="posting.posted") == [1]
    assert found(bruno, kind="receivable") == []
    assert found(bruno, centre=str(several.centre.pk), state="posting.refused") == [4]
    assert found(bruno, category=str(several.category.pk)) == [4, 3, 2, 1]
    assert found(bruno, category="999999") == []
    assert found(bruno, bank=str(several.account.pk)) == [4, 3, 2, 1]
    assert found(bruno, account=str(several.connection.pk)) == [4, 3, 1]
    assert found(bruno, by=str(several.ana.pk)) == [4, 3, 2, 1]
    assert found(bruno, by=str(several.bruno.pk)) == []
    assert found(bruno, month=f"{day:%m/%Y}") == [4, 3, 2, 1]
    assert found(bruno, month="01/2001") == []
    assert found(bruno, until=drafts.day(day + timedelta(days=3))) == [4]
    assert found(bruno, **{"from": drafts.day(day + timedelta(days=30))}) == [3]
    within = {"from": drafts.day(day + timedelta(days=9)), "until": drafts.day(day + timedelta(days=11))}
    assert found(bruno, **within) == [2, 1]


def test_every_state_s_filter_agrees_with_what_the_rows_say(several: World, as_: Sign) -> None:
    several.unknown()
    several.undecided()
    several.approved()
    several.decided(several.submitted(), several.bruno, VERDICT.REJECT, comment="Não")
    back = several.submitted()
    several.decided(back, several.bruno, VERDICT.SEND_BACK, comment="Falta a nota")
    flow.withdraw(several.submitted(), by=several.ana)
    intake.discard(several.typed(), by=several.ana)
    asked = several.posting(several.refused())
    Posting.objects.filter(pk=asked.pk).update(reason=sorted(ASKED)[0])
    corrected = several.posted()
    shown = {}
    for entry in with_status(Entry.objects.all()):
        shown.setdefault(entry.status, set()).add(entry.number)
    assert len(shown) >= 11
    assert corrected.number in shown["posting.posted"]
    for state in STATUSES:
        assert set(found(as_(several.bruno), state=state)) == shown.get(state, set()), state


def test_a_period_between_two_instalments_finds_nothing(world: World, as_: Sign) -> None:
    day = timezone.localdate()
    apart = [{"due_date": drafts.day(day + timedelta(days=n)), "amount": "500,00"} for n in (10, 40)]
    world.submitted(amount="1.000,00", instalments=apart)
    bruno = as_(world.bruno)
    between = {"from": drafts.day(day + timedelta(days=20)), "until": drafts.day(day + timedelta(days=30))}
    assert found(bruno, **between) == []
    assert found(bruno, **{"from": drafts.day(day + timedelta(days=35))}) == [1]


def test_every_order(several: World, as_: Sign) -> None:
    bruno = as_(several.bruno)
    assert found(bruno, sort="old") == [1, 2, 3, 4]
    assert found(bruno, sort="due") == [4, 1, 2, 3]
    assert found(bruno, sort="-value") == [4, 1, 3, 2]
    assert found(bruno, sort="name") == [2, 3, 1, 4]  # accents count for nothing


@pytest.mark.parametrize("sort", list(list_pages.SORTS))
def test_pages_follow_one_another_both_ways(
    world: World, as_: Sign, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    monkeypatch.setattr(intake_list, "PAGE", 3)
    for number in range(8):  # alike in value and name, so that only the key tells them apart
        world.typed(amount="10,00" if number % 2 else "20,00", due_in=number % 3)
    client = as_(world.bruno)
    keys = list_pages.page(listing.find(scope_of(world.bruno), {}), sort, size=100).keys
    numbers_of = dict(Entry.objects.values_list("pk", "number"))
    whole = [numbers_of[pk] for pk in keys]
    assert len(whole) == 8
    seen, address = [], f"/entries?saved=none&sort={sort}"
    pages = []
    while address:
        context = client.get(address).context
        numbers = [row["entry"].number for row in context["rows"]]
        seen += numbers
        pages.append(numbers)
        last, address = context, f"/entries{context['older']}" if context["older"] else ""
    assert seen == whole
    back = client.get(f"/entries{last['newer']}").context
    assert [row["entry"].number for row in back["rows"]] == pages[-2]
    assert back["older"]
    first = client.get(f"/entries{back['newer']}").context
    assert [row["entry"].number for row in first["rows"]] == pages[0]
    assert first["newer"] == ""


@pytest.mark.parametrize("key", ["x", "~", "1~", "9999-99-99~4", "a" * 500, "\x00", "-1", "'"])
def test_a_key_that_is_none_begins_at_the_first_page(several: World, as_: Sign, key: str) -> None:
    for sort in list_pages.SORTS:
        assert len(found(as_(several.bruno), sort=sort, after=key)) in (0, 4)


def test_it_adds_up(several: World, as_: Sign) -> None:
    page = as_(several.bruno).get("/entries/totals?state=posting.posted").content.decode()
    assert "1 entry" in page
    assert "R$\xa01,234.56" in page
    page = as_(several.bruno).get("/entries?totals=1&saved=none").content.decode()
    assert "R$\xa06,484.46" in page


def test_more_than_are_counted_is_said_and_nothing_summed(
    several: World, as_: Sign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_pages, "COUNTED", 3)
    page = as_(several.bruno).get("/entries/totals").content.decode()
    assert "More than" in page
    assert "R$" not in page


def test_a_requester_finds_adds_up_and_sees_their_own_only(
    several: World, as_: Sign, company: Company
) -> None:
    dora = make_person("Dora Pinto", company, "requester")
    several.ana = dora
    several.submitted(description="Papel da Dora")
    assert found(as_(dora)) == [5]
    assert found(as_(dora), q="papel") == [5]
    assert found(as_(dora), by=str(several.clara.pk)) == []
    assert "1 entry" in as_(dora).get("/entries/totals").content.decode()
    assert (
        "Papelaria"
        not in as_(dora).get(f"/entries?party={several.vendor.pk}&q=nada").content.decode().split("<h2>")[-1]
    )


def test_another_companys_list_shows_none_of_ours(several: World, as_: Sign, carla: User) -> None:
    client = as_(carla)
    for asked in (
        {},
        {"q": "papelaria"},
        {"company": str(several.company.pk)},
        {"category": str(several.category.pk)},
    ):
        assert found(client, **asked) == []
    page = client.get(f"/entries?company={several.company.pk}").content.decode()
    assert several.category.name not in page
    assert "0 entries" in client.get(f"/entries/totals?company={several.company.pk}").content.decode()


def test_the_list_is_the_database_s_own_doing(world: World) -> None:
    """Whoever writes an entry, by whichever way, it is listed."""
    entry = world.typed()
    Entry.objects.filter(pk=entry.pk).update(draft=world.draft(amount="7,00", party_name="Outra"))
    entry.refresh_from_db()
    assert (entry.list_value, entry.list_name) == (Decimal("7.00"), "outra")


@pytest.mark.parametrize(
    "typed",
    [
        "31/12/2026",
        "1/2/26",
        "31122026",
        "311226",
        "2026-12-31",
        "31.12.2026",
        "31/02/2026",
        "00/01/2026",
        "x",
        "",
        "1/1/1999",
    ],
)
def test_days_are_read_as_the_form_reads_them(db: None, typed: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT intake_read_day(%s)", [typed])
        assert cursor.fetchone()[0] == read_day(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "1.234,56",
        "1234.56",
        "R$ 1.234,56",
        "1,234.56",
        "1.234",
        "12",
        "1234,5",
        "-3",
        "",
        "abc",
        "9" * 30,
        "0",
        "1.2.3",
    ],
)
def test_values_are_read_as_the_form_reads_them(db: None, typed: str) -> None:
    from alcada import money

    try:
        expected: Any = money.parse_brl(typed)
    except money.AmountError:
        expected = None
    with connection.cursor() as cursor:
        cursor.execute("SELECT intake_read_amount(%s)", [typed])
        assert cursor.fetchone()[0] == expected


@pytest.mark.parametrize("typed", ["x" * 5000, "🧾 Padaria 🥐", "' \\ \" %", "\u0301\u0302", "ÁÉÍ" * 300])
def test_any_name_can_be_typed_into_a_draft(world: World, as_: Sign, typed: str) -> None:
    world.typed(party="", party_name=typed, description=typed, document_number=typed)
    assert found(as_(world.bruno)) == [1]


def test_an_empty_list_says_what_to_do_first(world: World, as_: Sign) -> None:
    page = as_(world.ana).get("/entries").content.decode()
    assert "Enter the first bill to pay" in page
    assert re.search(r'href="/entries/new/payable[^"]*"', page)
