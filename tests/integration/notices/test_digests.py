"""The daily digest: what it says to whom, and that each person gets one a day, whatever the clock does."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from integration.pages.world import VERDICT, World
from postbox import Postbox, html_of, text_of

from alcada.connections.models import Connection
from alcada.flow import digest
from alcada.history import checkpoints
from alcada.notify import digests, mail
from alcada.notify.actions import tell, wish, wishes_of
from alcada.notify.models import Choice, Digest, Letter, Notice, Schedule
from alcada.notify.rules import Kind, Way
from alcada.people.models import Company, Role, User

TODAY = date(2026, 11, 30)
FRIDAY = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)  # its first hours, in all of Brazil


def made(user: User, day: date = TODAY) -> str:
    """The text of the person's digest of this day, sent; empty where there was nothing to say."""
    digest.make(user.pk, day)
    letter = Digest.objects.get(user=user, day=day).letter
    if letter is None:
        return ""
    message = mail.compose(letter)
    assert message is not None
    return str(message.body)


# --- What it says --------------------------------------------------------------------------------------------


def test_each_reads_what_is_theirs(office: World, postbox: Postbox) -> None:
    office.submitted(description="Espera decisão", due_in=2)
    back = office.submitted(description="Voltou")
    office.decided(back, office.bruno, VERDICT.SEND_BACK, "?")
    office.refused(description="Parou")
    office.posted(description="Foi")
    Connection.objects.update(state=Connection.State.AUTHORISE)
    day = timezone.localdate()
    bruno = made(office.bruno, day)
    assert "Waits for your decision (1)" in bruno
    assert "Espera decisão" in bruno
    assert "/decisions/" in bruno
    assert "1 payable, R$\xa01,234.56" in bruno
    assert "Parou" not in bruno
    assert "alcada-checkpoint" not in bruno
    ana = made(office.ana, day)
    assert "Came back to you (1)" in ana
    assert "Voltou" in ana
    assert "Due within a week, and not approved (1)" in ana
    assert "Waits for your decision" not in ana
    clara = made(office.clara, day)
    assert "Postings that need a hand (1)" in clara
    assert "Conta Azul refused the entry." in clara
    assert "Accounts that stopped (1)" in clara
    assert "Due within a week, and not approved (1)" in clara
    assert clara.count("alcada-checkpoint") == 1


def test_of_many_the_first_are_told_and_all_are_counted(
    office: World, postbox: Postbox, other_company: Company
) -> None:
    soon = [office.submitted(description=f"Conta {n:02}", due_in=n % 6) for n in range(digest.SHOWN + 2)]
    for told in (
        made(office.bruno, timezone.localdate()),  # waits for his decision
        made(office.clara, timezone.localdate()),  # due, and not approved
    ):
        assert f"({len(soon)})" in told
        assert told.count("Conta 0") == digest.SHOWN
        assert "Conta 05" not in told  # the two that are due last
        assert told.index("Conta 06") < told.index("Conta 01")


def test_what_showed_after_a_digest_was_made_is_in_the_next_one_and_in_no_third(
    office: World, postbox: Postbox
) -> None:
    """A long transaction, an import's say, makes its notices before the digest is made, and shows them after it."""
    office.submitted(due_in=2)  # so that there is a digest in any case
    assert "Also" not in made(office.ana, TODAY)
    tell(
        [office.ana],
        template="entry_paid",
        key="late",
        company=office.company,
        link="/entries/1",
        data={"party": "Enel", "amount": "812.30", "company": office.company.name, "number": "1"},
    )
    Notice.objects.filter(key="late").update(created_at=timezone.now() - timedelta(minutes=5))
    assert "Also (1)" in made(office.ana, TODAY + timedelta(days=1))
    assert "Also" not in made(office.ana, TODAY + timedelta(days=2))


def test_it_leaves_as_one_letter_in_the_persons_language(office: World, postbox: Postbox) -> None:
    User.objects.filter(pk=office.bruno.pk).update(language="pt-br")
    office.submitted(due_in=2)
    Notice.objects.update(to_mail=False)
    digest.make(office.bruno.pk, TODAY)
    mail.run()
    (letter,) = postbox.taken
    assert letter["To"] == office.bruno.email
    assert "30/11/2026" in str(letter["Subject"])
    assert "R$\xa01.234,56" in text_of(letter)
    assert "Papelaria Central Ltda" in html_of(letter)
    for secret in ("11222333000181", "financeiro@papelaria.example"):
        assert secret not in text_of(letter) + html_of(letter)


def test_nothing_to_say_is_no_letter(office: World, postbox: Postbox) -> None:
    assert made(office.bruno) == ""
    assert not Letter.objects.exists()
    assert digest.make(office.bruno.pk, TODAY) is False  # and it is not worked out again that day


def test_what_the_person_wants_only_in_the_product_is_left_out(office: World, postbox: Postbox) -> None:
    office.submitted(due_in=30)
    Choice.objects.create(user=office.bruno, kind="asked", way="product")
    assert made(office.bruno) == ""


def test_a_kind_for_the_digest_comes_in_it_and_not_at_once(office: World, postbox: Postbox) -> None:
    def settled(key: str) -> None:
        tell(
            [office.ana],
            template="entry_paid",
            key=key,
            company=office.company,
            link="/entries/1",
            data={"party": "Enel", "amount": "812.30", "company": office.company.name, "number": "1"},
        )

    settled("one")
    mail.run()
    assert postbox.taken == []
    assert "Enel, R$\xa0812.30 (Settled in Conta Azul)" in made(office.ana)
    assert made(office.ana, TODAY + timedelta(days=1)) == ""  # told once
    settled("two")
    Notice.objects.filter(key="two").update(read_at=timezone.now())
    assert made(office.ana, TODAY + timedelta(days=2)) == ""  # read in the product


def test_a_company_that_was_left_is_not_told_of_though_it_was_written(
    office: World, postbox: Postbox
) -> None:
    office.submitted(due_in=2)
    digest.make(office.bruno.pk, TODAY)
    Notice.objects.update(to_mail=False)
    office.company.memberships.filter(user=office.bruno).delete()
    mail.run()
    assert postbox.taken == []
    assert Letter.objects.get().state == "dropped"


def test_another_companys_things_are_in_no_digest(
    office: World, postbox: Postbox, carla: User, other_company: Company
) -> None:
    office.submitted(due_in=2)
    office.posted()
    assert made(carla) == ""


def test_administrators_and_auditors_get_the_checkpoint_when_there_is_something_new(
    office: World, postbox: Postbox
) -> None:
    dora = User.objects.create_user(email="dora@exemplo.com.br", name="Dora", language="en")
    office.company.memberships.create(user=dora, role=Role.AUDITOR)
    entry = office.submitted(due_in=300)
    office.decided(entry, office.bruno, VERDICT.REJECT, "Não")
    for one in (office.clara, dora):
        (said,) = checkpoints.said(made(one))
        assert checkpoints.verify(said).what == "agrees"
        assert checkpoints.verify(said).stored
    Digest.objects.update(made_at=timezone.now() + timedelta(seconds=1))
    assert made(dora, TODAY + timedelta(days=1)) == ""


# --- Once a day ----------------------------------------------------------------------------------------------


def walk(user: User, begin: datetime, hours: int, minutes: int = 10) -> list[datetime]:
    """The moments at which a digest was made, the timetable looking every so many minutes."""
    moments = []
    for step in range(hours * 60 // minutes):
        now = begin + timedelta(minutes=step * minutes)
        for pk, day in digests.due(now):
            if pk == user.pk and digests.keep(pk, day, None, made_at=now):
                moments.append(now)
    return moments


def schedule(user: User, **fields: Any) -> Schedule:
    return Schedule.objects.update_or_create(user=user, defaults=fields)[0]


def test_on_workdays_at_eight_in_sao_paulo_unless_chosen_otherwise(office: World) -> None:
    found = walk(office.bruno, FRIDAY, 24 * 5)
    assert found == [
        datetime(2026, 11, 27, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 30, 11, 0, tzinfo=UTC),
        datetime(2026, 12, 1, 11, 0, tzinfo=UTC),
    ]
    schedule(office.clara, at=time(17, 30), days=[6, 7], zone="America/Manaus")
    assert walk(office.clara, FRIDAY, 24 * 5) == [
        datetime(2026, 11, 28, 21, 30, tzinfo=UTC),
        datetime(2026, 11, 29, 21, 30, tzinfo=UTC),
    ]
    schedule(office.ana, wanted=False)
    assert walk(office.ana, FRIDAY, 24 * 5) == []


@pytest.mark.parametrize(
    ("at", "begin"),
    [
        (time(1, 30), datetime(2026, 10, 31, 12, tzinfo=UTC)),  # an hour that comes twice
        (time(2, 30), datetime(2026, 3, 7, 12, tzinfo=UTC)),  # an hour that does not come
    ],
    ids=["set back", "set forward"],
)
def test_a_clock_change_makes_neither_two_nor_none(office: World, at: time, begin: datetime) -> None:
    schedule(office.bruno, at=at, days=[1, 2, 3, 4, 5, 6, 7], zone="America/New_York")
    found = walk(office.bruno, begin, 72)
    days = Counter(moment.astimezone(ZoneInfo("America/New_York")).date() for moment in found)
    assert list(days.values()) == [1, 1, 1, 1]  # of the first day at once: its hour was past


def test_travelling_to_another_zone_makes_no_second_of_a_day(office: World) -> None:
    schedule(office.bruno, at=time(8), days=[1, 2, 3, 4, 5], zone="Asia/Tokyo")
    first = walk(office.bruno, datetime(2026, 11, 29, 20, tzinfo=UTC), 6)
    schedule(office.bruno, zone="America/Sao_Paulo")
    assert len(first) == 1
    assert walk(office.bruno, datetime(2026, 11, 30, 3, tzinfo=UTC), 20) == []  # it is the same Monday


def test_a_worker_that_was_away_makes_it_when_it_is_back(office: World) -> None:
    assert walk(office.bruno, datetime(2026, 11, 30, 20, 5, tzinfo=UTC), 1) == [
        datetime(2026, 11, 30, 20, 5, tzinfo=UTC)
    ]


def test_two_workers_at_once_make_one(office: World, postbox: Postbox) -> None:
    office.submitted(due_in=2)
    begin = threading.Barrier(4)

    def work() -> None:
        begin.wait()
        digest.make(office.bruno.pk, TODAY)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Digest.objects.filter(user=office.bruno).count() == 1
    assert Letter.objects.filter(about="digest").count() == 1


def test_the_timetable_queues_who_is_due_and_nobody_without_a_mail_server(
    office: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alcada.notify.digests.timezone.now", lambda: datetime(2026, 11, 30, 12, tzinfo=UTC))
    settings.EMAIL_CONFIGURED = False
    assert digest.queue_due() == 0
    settings.EMAIL_CONFIGURED = True
    assert digest.queue_due() == 4


def test_a_way_that_would_hide_what_waits_is_refused(office: World) -> None:
    wishes = wishes_of(office.bruno)
    with pytest.raises(ValueError, match="asked"):
        wish(office.bruno, type(wishes)({Kind.ASKED: Way.OFF}, True, time(8), [1], "America/Sao_Paulo"))
