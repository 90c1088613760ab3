"""E-mails over a real SMTP server: to whom, what they say, once, and what happens when something fails in between."""

import os
import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.translation import override
from integration.pages.world import VERDICT, World
from postbox import Postbox, html_of, subject_of, text_of
from running import database_url, until

from alcada.flow import actions as flow
from alcada.flow.sweep import sweep
from alcada.intake import actions as intake
from alcada.notify import gathering, letters, mail, notice_letters, rules
from alcada.notify.models import Letter, Notice
from alcada.people.models import Role, User
from alcada.posting import mending
from alcada.posting.models import Posting, State


def subjects(box: Postbox, user: User) -> list[str]:
    return [subject_of(one) for one in box.to(user.email)]


def later() -> None:
    """All that waits for a moment to come is due now."""
    Letter.objects.filter(state="waiting").update(due_at=timezone.now() - timedelta(seconds=1))
    Letter.objects.filter(state="sending").update(claim_until=timezone.now() - timedelta(seconds=1))


# --- To whom, and what ---------------------------------------------------------------------------------------


def test_the_next_approver_gets_the_facts_needed_to_decide(office: World, postbox: Postbox) -> None:
    entry = office.submitted(amount="12.345,67")
    mail.run()
    assert subjects(postbox, office.clara) == []  # her step comes second
    (letter,) = postbox.to(office.bruno.email)
    due = timezone.localdate() + timedelta(days=10)
    assert subject_of(letter) == f"Approve? Papelaria Central Ltda, R$\xa012,345.67, due {due:%d/%m/%Y}"
    for told in (text_of(letter), html_of(letter)):
        for fact in (
            "Papelaria Central Ltda",
            "R$\xa012,345.67",
            f"{due:%d/%m/%Y}",
            "Papel A4, 10 caixas",
            "Material de escritório",
            "Ana Souza",
            "Approver",
            "https://alcada.exemplo.com.br/decisions/",
        ):
            assert fact in told, fact
        for secret in ("11222333000181", "11.222.333/0001-81", "financeiro@papelaria.example", "1234-5"):
            assert secret not in told, secret
    office.decided(entry, office.bruno)
    mail.run()
    (asks,) = postbox.to(office.clara.email)
    assert "Why you are asked: Value above R$\xa010,000.00" in text_of(asks)
    assert subjects(postbox, office.ana)[-1].startswith("Approved by Bruno Lima: Papelaria Central Ltda")


def test_a_notice_tells_why_from_what_was_written_then(office: World, postbox: Postbox) -> None:
    entry = office.submitted(amount="12.345,67")
    office.decided(entry, office.bruno)
    notice = Notice.objects.get(user=office.clara, template="asked")
    document = {"match": "all", "rows": [{"field": "document", "is": "=", "value": "11222333000181"}]}
    for written, told in (
        ({"why": "Valor acima de R$ 10.000,00", "because": {}}, "Value above R$\xa010,000.00"),
        ({"why": "Compra grande"}, "Compra grande"),
        ({"why": "", "because": document}, "CPF/CNPJ is 11.***.***/0001-**"),
    ):
        notice.data |= written
        with override("en"):
            letter = notice_letters.content_of([notice])
            assert f"Why you are asked: {told}" in letters.text_of(letter)
            assert told in letters.html_of(letter)


def test_the_requester_is_told_at_each_turn(office: World, postbox: Postbox) -> None:
    back = office.submitted(description="Volta")
    office.decided(back, office.bruno, VERDICT.SEND_BACK, "Falta a nota.\nE o centro de custo.")
    no = office.submitted(description="Nunca")
    office.decided(no, office.bruno, VERDICT.REJECT, "Não é nosso.")
    posted = office.posted(description="Vai")
    flow.after_posting(office.posting(posted).pk)
    mail.run()
    assert [one.partition(":")[0] for one in subjects(postbox, office.ana)] == [
        "Sent back",
        "Rejected",
        "Posted to Conta Azul",
    ]
    first = text_of(postbox.to(office.ana.email)[0])
    assert "Comment by Bruno Lima" in first
    assert "> Falta a nota.\n> E o centro de custo." in first


def test_an_entry_that_comes_back_to_a_step_tells_again(office: World, postbox: Postbox) -> None:
    entry = office.submitted()
    mail.run()
    office.decided(entry, office.beatriz, VERDICT.SEND_BACK, "Outra data")
    entry.refresh_from_db()
    intake.save_draft(entry, by=office.ana, draft=office.draft(amount="99,00"))
    entry.refresh_from_db()
    flow.submit(entry, by=office.ana)
    mail.run()
    mail.run()
    sweep()
    assert len(postbox.to(office.bruno.email)) == 2
    assert "R$\xa099.00" in subjects(postbox, office.bruno)[1]
    assert len(set(postbox.ids)) == len(postbox.taken)


def test_finance_is_told_when_a_posting_needs_a_hand_and_again_when_it_stops_again(
    office: World, postbox: Postbox
) -> None:
    felix = User.objects.create_user(email="felix@exemplo.com.br", name="Félix Prado", language="en")
    office.company.memberships.create(user=felix, role=Role.FINANCE)
    entry = office.refused()
    mail.run()
    (letter,) = [one for one in postbox.to(felix.email) if subject_of(one).startswith("Needs a hand")]
    told = text_of(letter)
    assert "Conta Azul refused the entry." in told
    assert "A conta financeira informada está inativa." in told
    assert f"https://alcada.exemplo.com.br/entries/{entry.pk}#posting" in told
    assert subjects(postbox, office.clara) == []  # there is somebody for it
    assert subjects(postbox, office.ana)[-1].startswith("Not in Conta Azul yet")
    mending.post_again(office.posting(entry).pk, by=office.clara)
    assert not Notice.objects.filter(template="posting_stopped", read_at=None).exists()
    office.sent(entry, _refusal())
    mail.run()
    assert len(postbox.to(felix.email)) == 2


def test_administrators_stand_in_where_there_is_no_finance(office: World, postbox: Postbox) -> None:
    office.undecided()
    mail.run()
    assert subjects(postbox, office.clara)[-1].startswith("Needs a hand: Papelaria Central Ltda")


def _refusal() -> Any:
    from alcada.posting.models import Attempt
    from alcada.posting.rules import Outcome

    return Outcome(Attempt.Outcome.REFUSED, "refused", "Conta Azul refused: Conta inativa.", 400, "{}")


def test_what_was_answered_before_the_mail_left_is_not_mailed(office: World, postbox: Postbox) -> None:
    entry = office.submitted()
    office.decided(entry, office.bruno)
    mail.run()
    assert subjects(postbox, office.bruno) == subjects(postbox, office.beatriz) == []
    assert not Letter.objects.filter(about="asked").exists()


def test_who_left_the_company_gets_nothing_of_it(office: World, postbox: Postbox) -> None:
    office.submitted()
    office.company.memberships.filter(user=office.beatriz).delete()
    User.objects.filter(pk=office.bruno.pk).update(is_active=False)
    mail.run()
    assert postbox.taken == []
    assert set(Letter.objects.values_list("state", flat=True)) == {"dropped"}


def test_without_a_mail_server_nothing_breaks_and_nothing_is_kept_for_one(
    office: World, settings: Any
) -> None:
    settings.EMAIL_CONFIGURED = False
    office.posted()
    office.refused()
    assert mail.run() == 0
    sweep()
    assert not Letter.objects.exists()
    assert Notice.objects.filter(to_mail=True).count() == 0
    assert Notice.objects.filter(user=office.bruno).count() == 2


# --- Hostile names -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Papelaria\r\nBcc: todos@exemplo.com.br",
        "<script>alert(1)</script> & Filhos",
        "Padaria 🥖 👩‍👩‍👧",
        "شركة النور للتجارة",
        "\u202egnp.eliforp\u202c Ltda",
        "x" * 200,
        '"Aspas" <fora@exemplo.com.br>',
    ],
)
def test_hostile_names_stay_names(office: World, postbox: Postbox, name: str) -> None:
    entry = office.submitted()
    notice = Notice.objects.get(user=office.bruno)
    notice.data |= {
        "party": name,
        "description": name,
        "company": name,
        "entered_by": name,
        "documents": [name],
    }
    notice.save()
    User.objects.filter(pk=office.bruno.pk).update(name=name[:150])
    mail.run()
    (letter,) = postbox.to(office.bruno.email)
    assert letter["Bcc"] is None
    assert str(letter["To"]) == office.bruno.email
    assert "\n" not in subject_of(letter)
    assert len(subject_of(letter)) <= 124
    assert "<script" not in html_of(letter)
    assert "\u202e" not in text_of(letter) + html_of(letter) + subject_of(letter)
    assert f"/decisions/{office.step(entry).pk}" in text_of(letter)
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (
        str(letter["List-Unsubscribe"])
        .strip()
        .startswith("<https://alcada.exemplo.com.br/notices/unsubscribe/")
    )


# --- Once ----------------------------------------------------------------------------------------------------


def test_two_workers_at_once_send_each_once(
    office: World, postbox: Postbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        office.submitted()
    Notice.objects.filter(to_mail=True).exclude(user=office.bruno).update(to_mail=False)
    wanted = gathering.gather()
    begin, opened, waited = threading.Barrier(4), mail._opened, threading.local()

    def at_once(server: Any) -> bool:
        """All stand before the first letter together."""
        there = opened(server)
        if not getattr(waited, "done", False):
            waited.done = True
            begin.wait(20)
        return there

    monkeypatch.setattr(mail, "_opened", at_once)

    def work() -> None:
        mail.run()
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(postbox.taken) == wanted == len(set(postbox.ids))
    assert set(Letter.objects.values_list("state", flat=True)) == {"sent"}


def worker(box: Postbox) -> subprocess.Popen[bytes]:
    """A process of its own that sends what is due."""
    code = "import django; django.setup(); from alcada.notify import mail; mail.run()"
    url = f"smtp://127.0.0.1:{box.port}"
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "ALCADA_SMTP_URL": url,
        "ALCADA_MAIL_FROM": settings.DEFAULT_FROM_EMAIL,
    }
    return subprocess.Popen([sys.executable, "-c", code], env=environment)


def test_a_worker_killed_before_the_server_took_it_loses_nothing(office: World, postbox: Postbox) -> None:
    office.submitted()
    Notice.objects.exclude(user=office.bruno).update(to_mail=False)
    postbox.answers = ["451 wait"]  # what it is killed for was not taken
    postbox.hold = True
    process = worker(postbox)
    assert postbox.arrived.wait(30)
    process.kill()
    process.wait()
    postbox.hold = False
    postbox.gate.set()
    assert Letter.objects.get().state == "sending"
    assert mail.run() == 0  # its claim still holds
    assert postbox.taken == []
    later()
    assert mail.run() == 1
    later()
    assert mail.run() == 0
    assert len(postbox.to(office.bruno.email)) == 1
    assert Notice.objects.get(user=office.bruno).mailed_at


def test_a_worker_killed_after_the_server_took_it_sends_the_same_letter_at_most_once_more(
    office: World, postbox: Postbox
) -> None:
    office.submitted()
    Notice.objects.exclude(user=office.bruno).update(to_mail=False)
    postbox.hold = True
    process = worker(postbox)
    assert postbox.arrived.wait(30)
    process.kill()
    process.wait()
    postbox.hold = False
    postbox.gate.set()
    assert len(postbox.taken) == 1
    later()
    mail.run()
    later()
    mail.run()
    sweep()
    assert len(postbox.taken) == 2
    assert len(set(postbox.ids)) == 1  # a repeat that is recognised as one
    assert Letter.objects.get().doubts == 1


def test_a_letter_that_may_have_arrived_twice_is_not_tried_a_third_time(
    office: World, postbox: Postbox
) -> None:
    office.submitted()
    Notice.objects.exclude(user=office.bruno).update(to_mail=False)
    for _ in range(2):
        postbox.arrived.clear()
        postbox.gate.clear()
        postbox.hold = True
        process = worker(postbox)
        assert postbox.arrived.wait(30)
        process.kill()
        process.wait()
        postbox.gate.set()
        later()
    postbox.hold = False
    mail.run()
    assert len(postbox.taken) == 2
    letter = Letter.objects.get()
    assert (letter.state, letter.error) == ("failed", "unclear")


# --- When the server does not want it ------------------------------------------------------------------------


def test_a_server_that_is_away_is_tried_again_without_a_claim(
    office: World, postbox: Postbox, settings: Any
) -> None:
    office.submitted()
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    assert mail.run() == 0
    assert set(Letter.objects.values_list("state", "tries", "error")) == {("waiting", 0, "server_away")}
    settings.EMAIL_PORT = port
    assert mail.run() == 0  # not at once: whoever asked found nobody
    later()
    assert mail.run() == 2
    assert len(postbox.taken) == 2


def test_not_now_is_tried_again_and_never_is_not(office: World, postbox: Postbox) -> None:
    office.submitted()
    postbox.refused = {
        office.bruno.email: "450 try later",
        office.beatriz.email: "550 no such person",
    }
    mail.run()
    assert {(one.user.email, one.state, one.error) for one in Letter.objects.select_related("user")} == {
        (office.bruno.email, "waiting", "recipient_refused"),
        (office.beatriz.email, "failed", "recipient_refused"),
    }
    postbox.refused = {}
    later()
    mail.run()
    assert [one["To"] for one in postbox.taken] == [office.bruno.email]


def test_many_at_once_come_in_a_handful_of_letters(office: World, postbox: Postbox) -> None:
    entries = [office.typed(description=f"Conta {number}") for number in range(30)]
    flow.submit_all(entries, by=office.ana)
    mail.run()
    (letter,) = postbox.to(office.bruno.email)
    assert subject_of(letter) == "30 notices: Decisions asked of me"
    told = text_of(letter)
    assert told.count("/decisions/") == 25
    assert "… and 5 more" in told
    for _ in range(rules.TOGETHER + 3):
        office.submitted()
        mail.run()
    assert len(postbox.to(office.bruno.email)) == rules.TOGETHER  # the rest waits a little, to come together
    Notice.objects.filter(to_mail=True).update(created_at=timezone.now() - rules.QUIET)
    mail.run()
    assert len(postbox.to(office.bruno.email)) == rules.TOGETHER + 1
    assert not Notice.objects.filter(to_mail=True, user=office.bruno).exists()


def test_what_waited_for_a_server_for_days_is_not_sent_any_more(office: World, postbox: Postbox) -> None:
    office.submitted()
    Notice.objects.update(created_at=timezone.now() - timedelta(days=3))
    mail.run()
    assert postbox.taken == []


def test_telling_many_takes_the_same_few_statements(office: World, settings: Any) -> None:
    """The hot path: ten thousand postings are told of in batches."""
    from django.test.utils import CaptureQueriesContext

    from alcada.notify.actions import Message, tell_all

    settings.EMAIL_CONFIGURED = True

    def cost(count: int, key: str) -> int:
        told = [
            Message(office.bruno, "asked", f"{key}:{number}", office.company, "/", {"party": "x"})
            for number in range(count)
        ]
        with CaptureQueriesContext(connection) as statements:
            tell_all(told)
        return len(statements)

    assert cost(1, "one") == cost(500, "many") <= 2
    assert Notice.objects.filter(key__startswith="many").count() == 500


def test_a_real_worker_sends_by_itself(office: World, postbox: Postbox) -> None:
    """From the decision to the letter, through the queue."""
    from running import alcada

    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "ALCADA_SMTP_URL": f"smtp://127.0.0.1:{postbox.port}",
    }
    process = alcada("worker", environment=environment)
    try:
        office.submitted()
        until(lambda: len(postbox.taken) == 2, "both approvers' letters", 40)
    finally:
        process.terminate()
        process.wait(40)
    assert Posting.objects.filter(state=State.POSTED).count() == 0
