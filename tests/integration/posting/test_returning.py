"""What becomes of a posted entry in Conta Azul comes back: paid, overdue, edited, gone; in few calls, told once."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from stories import Account, approved, post

from alcada.config import settings as settings_module
from alcada.flow import posting as flow_posting
from alcada.flow import returning
from alcada.history import queries as history
from alcada.ledger import differing, polling, states
from alcada.ledger.models import Difference, EntryState, InstalmentState, Poll, Status
from alcada.ledger.seen import Seen
from alcada.notify.models import Notice
from alcada.posting.models import Posting, State
from conta_azul.calls import company

KINDS = Difference.Kind
TWICE = [{"due_date": "10/12/2026", "amount": "1.000,00"}, {"due_date": "10/01/2027", "amount": "500,00"}]


@pytest.fixture
def follow(account: Account, settings: Any) -> "Follow":
    """Without the look at the rest, which finds much of what the windows should: it has tests of its own."""
    settings.RETURNING = settings.RETURNING | {"check_every_s": 3600.0}
    return Follow(account)


@pytest.fixture
def checking(follow: "Follow", settings: Any) -> None:
    """Each poll looks at all the rest too."""
    settings.RETURNING = settings.RETURNING | {"check_every_s": 0.0}


class Follow:
    """Posts, and polls at once whatever the timetable says."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __call__(self) -> Poll:
        if not Poll.objects.filter(connection_id=self.account.pk).exists():
            returning.queue_polls()
        Poll.objects.filter(connection_id=self.account.pk).update(next_at=timezone.now())
        returning.poll(self.account.pk)
        return Poll.objects.get(connection_id=self.account.pk)

    def posted(self, **changes: Any) -> Posting:
        posting = approved(self.account.connection.company, **changes)
        post(self.account)
        posting.refresh_from_db()
        assert posting.state == State.POSTED
        return posting


@pytest.fixture
def posted(follow: Follow, sandbox: Any, ana: Any, bruno: Any) -> Any:
    """Posts one and follows it: nothing differs yet. What people do there they do some seconds later."""

    def make(**changes: Any) -> Posting:
        posting = follow.posted(ana=ana, bruno=bruno, **changes)
        follow()
        assert not Difference.objects.filter(posting=posting).exists()
        sandbox.clock(advance_seconds=3)
        return posting

    return make


@pytest.fixture
def act(account: Account, sandbox: Any) -> Any:
    def act(action: str, **details: Any) -> Any:
        return sandbox.act(account.remote["id"], action, **details)

    return act


def instalments(posting: Posting) -> list[InstalmentState]:
    return list(InstalmentState.objects.filter(entry__posting=posting))


def events(posting: Posting, prefix: str = "ledger.") -> list[str]:
    found = [record.event for record in history.of(posting.entry)]
    return [event for event in found if event.startswith(prefix) and event != "ledger.twins_searched"]


def open_differences(posting: Posting) -> list[tuple[int, str, str, str]]:
    rows = Difference.objects.filter(posting=posting, settled_at=None).order_by("number", "kind")
    return [(row.number, row.kind, row.approved, row.theirs) for row in rows]


def calls(sandbox: Any, since: int) -> list[str]:
    """The API's paths called since there were so many calls."""
    return [call["path"] for call in sandbox.calls()[since:] if call["path"].startswith("/v1/")]


@pytest.mark.parametrize("kind", ["payable", "receivable"])
def test_a_payment_shows_with_its_day_and_is_told_once(
    posted: Any, follow: Follow, act: Any, ana: Any, clara: Any, kind: str
) -> None:
    posting = posted(kind=kind)
    (part,) = instalments(posting)
    assert (part.status, part.paid, part.amount) == (Status.OPEN, 0, 1500)
    act("pay", instalment=part.remote_id, date="2026-12-05")
    for _again in range(3):
        follow()
    (part,) = instalments(posting)
    assert (part.status, part.paid, str(part.paid_on)) == (Status.PAID, 1500, "2026-12-05")
    assert events(posting) == ["ledger.paid"]
    paid = Notice.objects.filter(template="entry_paid")
    assert [notice.user for notice in paid] == [ana]
    assert not Difference.objects.exists()
    assert not Notice.objects.filter(user=clara, template__startswith="entry_").exists()


def test_paid_in_part_then_undone_then_whole(posted: Any, follow: Follow, act: Any) -> None:
    posting = posted(instalments=TWICE)
    first, second = instalments(posting)
    act("pay_in_part", instalment=first.remote_id, amount=400, date="2026-12-01")
    follow()
    first, second = instalments(posting)
    assert (first.status, first.paid, second.status) == (Status.PARTLY_PAID, 400, Status.OPEN)
    act("undo_payment", instalment=first.remote_id)
    follow()
    first, _ = instalments(posting)
    assert (first.status, first.paid, first.paid_on) == (Status.OPEN, 0, None)
    for one in (first, second):
        act("pay", instalment=one.remote_id)
        follow()
    assert events(posting) == ["ledger.partly_paid", "ledger.payment_undone", "ledger.paid", "ledger.paid"]
    assert Notice.objects.filter(template="entry_paid").count() == 1
    assert not Difference.objects.exists()


def test_an_edited_value_and_day_are_differences_told_once(
    posted: Any, follow: Follow, act: Any, ana: Any, clara: Any, bruno: Any
) -> None:
    posting = posted(instalments=TWICE)
    _first, second = instalments(posting)
    act("edit", instalment=second.remote_id, changes={"valor": 650, "data_vencimento": "2027-01-20"})
    for _again in range(3):
        follow()
        EntryState.objects.update(changed=True)  # read once more
    assert open_differences(posting) == [
        (2, KINDS.AMOUNT, "500.00", "650.00"),
        (2, KINDS.DUE_DATE, "2027-01-10", "2027-01-20"),
    ]
    _first, second = instalments(posting)
    assert (second.amount, str(second.due_date), second.status) == (650, "2027-01-20", Status.OPEN)
    assert events(posting) == ["ledger.edited"]
    told = Notice.objects.filter(template="entry_changed")
    assert {notice.user for notice in told} == {ana, clara}
    assert told.count() == 2
    assert bruno not in {notice.user for notice in told}

    # Another value there: the earlier difference is over, a new one begins, and is told.
    act("edit", instalment=second.remote_id, changes={"valor": 700})
    follow()
    assert (2, KINDS.AMOUNT, "500.00", "700.00") in open_differences(posting)
    assert Difference.objects.filter(kind=KINDS.AMOUNT).count() == 2
    assert Notice.objects.filter(template="entry_changed").count() == 4

    # As approved again.
    act("edit", instalment=second.remote_id, changes={"valor": 500, "data_vencimento": "2027-01-10"})
    follow()
    assert not open_differences(posting)
    assert events(posting) == ["ledger.edited", "ledger.edited", "ledger.as_approved"]
    assert Notice.objects.filter(template="entry_changed").count() == 4


def test_every_other_edit_is_a_difference(
    checking: None, posted: Any, follow: Follow, act: Any, account: Account, sandbox: Any
) -> None:
    posting = posted()
    (part,) = instalments(posting)
    other = act(
        "add", kind="person", entry={"nome": "Outro Fornecedor", "perfis": [{"tipo_perfil": "Fornecedor"}]}
    )
    there = sandbox.books(account.remote["id"])
    used = posting.content["splits"][0]["category"]["name"]
    leaf = next(
        one
        for one in there["categories"]
        if one["tipo"] == "DESPESA" and one["nome"] != used and one["categoria_pai"]
    )
    act(
        "edit",
        instalment=part.remote_id,
        changes={"metodo_pagamento": "DINHEIRO", "descricao": "Outra coisa"},
    )
    act(
        "edit",
        event=posting.remote_event_id,
        changes={
            "id_fornecedor": other["id"],
            "data_competencia": "2026-10-01",
            "id_categoria": leaf["id"],
            "descricao": "Nova descrição",
            "referencia_externa": "X",
        },
    )
    follow()
    found = {(row[0], row[1]): row[3] for row in open_differences(posting)}
    assert found[0, KINDS.PARTY] == "Outro Fornecedor"
    assert found[0, KINDS.COMPETENCE] == "2026-10-01"
    assert found[0, KINDS.CATEGORY] == leaf["nome"]
    assert found[0, KINDS.COST_CENTRE] == ""
    assert found[0, KINDS.DESCRIPTION] == "Nova descrição"
    assert found[0, KINDS.REFERENCE] == "X"
    assert found[1, KINDS.METHOD] == "DINHEIRO"
    assert found[1, KINDS.DESCRIPTION] == "Outra coisa"
    assert len(found) == 8
    follow()
    assert len(open_differences(posting)) == 8


def test_an_edit_of_the_entry_alone_is_found_by_the_feed(
    posted: Any, follow: Follow, act: Any, sandbox: Any
) -> None:
    """The search by alteration is by the instalment; the feed names the entry. Twice within the windows' overlap."""
    posting = posted()
    for seconds, day in ((20, "2026-09-30"), (40, "2026-08-31")):
        # So much later: the last poll was ten seconds before the edit.
        sandbox.clock(advance_seconds=20)
        Poll.objects.update(seen_until=timezone.now() + timedelta(seconds=seconds - 10))
        act("edit", event=posting.remote_event_id, changes={"data_competencia": day})
        follow()
        assert [row[1:] for row in open_differences(posting)] == [
            (KINDS.COMPETENCE, posting.content["competence_date"], day)
        ]


def test_saved_without_a_change_is_no_difference(posted: Any, follow: Follow, act: Any) -> None:
    posting = posted()
    act("touch", event=posting.remote_event_id)
    follow()
    assert not Difference.objects.exists()
    assert events(posting) == []


def test_a_deleted_entry_is_gone_and_said_so_once(
    checking: None, posted: Any, follow: Follow, act: Any, ana: Any, clara: Any
) -> None:
    posting = posted(instalments=TWICE)
    kept = posted(description="Toner")
    act("delete", event=posting.remote_event_id)
    for _again in range(2):
        follow()
    assert [part.status for part in instalments(posting)] == [Status.GONE, Status.GONE]
    assert open_differences(posting) == [(0, KINDS.GONE, "", "")]
    assert events(posting) == ["ledger.gone"]
    told = Notice.objects.filter(template="entry_gone")
    assert {notice.user for notice in told} == {ana, clara}
    assert told.count() == 2
    assert [part.status for part in instalments(kept)] == [Status.OPEN]


def test_a_list_of_what_stands_as_approved_costs_the_same_however_long(
    posted: Any, follow: Follow, checking: None
) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            follow()
        return len(captured)

    posted()
    statements()
    alone = statements()
    for number in range(4):
        posted(document_number=f"NF {number}")
    InstalmentState.objects.update(seen_at=timezone.now() - timedelta(days=1))
    assert statements() <= alone
    assert not InstalmentState.objects.filter(seen_at__lt=timezone.now() - timedelta(hours=1)).exists()
    assert not Difference.objects.exists()


def test_an_accepted_difference_stays_accepted(
    checking: None, posted: Any, follow: Follow, act: Any, clara: Any
) -> None:
    posting = posted()
    (part,) = instalments(posting)
    act("edit", instalment=part.remote_id, changes={"valor": 1400})
    follow()
    difference = Difference.objects.get()
    differing.accept(difference.pk, by=clara, note="Desconto combinado")
    follow()
    with pytest.raises(differing.AlreadySettledError):
        differing.accept(difference.pk, by=clara, note="Outra vez")
    difference.refresh_from_db()
    assert (difference.accepted_by, difference.note, difference.settled_at) == (
        clara,
        "Desconto combinado",
        None,
    )
    assert events(posting) == ["ledger.edited", "ledger.accepted"]
    assert Difference.objects.count() == 1


def test_a_search_that_lags_takes_nothing_back(
    checking: None, posted: Any, follow: Follow, act: Any, sandbox: Any
) -> None:
    """The feed and the lists still show it open while a read by its id shows it paid."""
    posting = posted()
    (part,) = instalments(posting)
    sandbox.settings(search_lag=60)
    act("pay", instalment=part.remote_id)
    EntryState.objects.update(changed=True)
    follow()
    follow()
    (part,) = instalments(posting)
    assert part.status == Status.PAID
    assert events(posting) == ["ledger.paid"]
    sandbox.settings(search_lag=0)


def test_a_row_older_than_what_is_known_is_let_alone(posted: Any, follow: Follow, act: Any) -> None:
    posting = posted(instalments=TWICE)
    first, second = instalments(posting)
    assert first.changed_at
    act("pay", instalment=first.remote_id)
    follow()
    late = Seen(first.remote_id, Status.OPEN, changed_at=first.changed_at)
    news = Seen(second.remote_id, Status.PAID, paid=second.amount, changed_at=timezone.now())
    with transaction.atomic():
        states.take_rows(first.entry_id, [late, news], to_read=False)
    assert [part.status for part in instalments(posting)] == [Status.PAID, Status.PAID]


def test_a_failure_leaves_the_watermark(posted: Any, follow: Follow, act: Any, sandbox: Any) -> None:
    posting = posted()
    (part,) = instalments(posting)
    before = Poll.objects.get()
    act("pay", instalment=part.remote_id)
    searches = "/v1/financeiro/eventos-financeiros/contas-a-pagar/buscar"
    sandbox.faults({"method": "GET", "path": searches, "kind": "error_before", "status": 500, "count": 10})
    failed = follow()
    assert failed.seen_until == before.seen_until
    assert failed.failed_at
    assert failed.problem
    assert failed.polled_at == before.polled_at
    assert instalments(posting)[0].status == Status.OPEN
    sandbox.faults()
    well = follow()
    assert well.seen_until > before.seen_until
    assert (well.failed_at, well.problem) == (None, "")
    assert instalments(posting)[0].status == Status.PAID


def test_one_entry_that_can_not_be_read_holds_up_no_other(
    posted: Any, follow: Follow, act: Any, sandbox: Any
) -> None:
    bad, good = posted(), posted(description="Toner")
    path = f"/v1/financeiro/eventos-financeiros/{bad.remote_event_id}/parcelas"
    sandbox.faults({"method": "GET", "path": path, "kind": "error_before", "status": 500, "count": 10})
    for posting in (bad, good):
        act("pay", instalment=instalments(posting)[0].remote_id, date="2026-12-02")
    follow()
    # What the search tells of it is known; its day of payment comes with the next read.
    assert [(p.status, p.paid_on) for p in instalments(bad)] == [(Status.PAID, None)]
    assert [(p.status, str(p.paid_on)) for p in instalments(good)] == [(Status.PAID, "2026-12-02")]
    EntryState.objects.update(changed=True)
    follow()
    assert [row.posting for row in EntryState.objects.filter(changed=True)] == [bad]
    sandbox.faults()
    follow()
    assert str(instalments(bad)[0].paid_on) == "2026-12-02"
    assert events(bad) == ["ledger.paid"]


def test_windows_overlap_for_clocks_that_differ(posted: Any, follow: Follow, act: Any) -> None:
    """A change that was written before the watermark, and shows only now, is found."""
    posting = posted()
    act("pay", instalment=instalments(posting)[0].remote_id)
    Poll.objects.update(seen_until=timezone.now() + timedelta(seconds=200))
    follow()
    assert instalments(posting)[0].status == Status.PAID


def test_without_an_overlap_it_would_be_missed(posted: Any, follow: Follow, act: Any, settings: Any) -> None:
    settings.RETURNING = settings.RETURNING | {"overlap_s": 0.0}
    posting = posted()
    act("pay", instalment=instalments(posting)[0].remote_id)
    Poll.objects.update(seen_until=timezone.now() + timedelta(seconds=200))
    follow()
    assert instalments(posting)[0].status == Status.OPEN


def test_after_a_standstill_it_goes_on_day_by_day(
    posted: Any, follow: Follow, act: Any, sandbox: Any
) -> None:
    posting = posted()
    act("pay", instalment=instalments(posting)[0].remote_id)
    Poll.objects.update(seen_until=timezone.now() - timedelta(days=3, hours=1))
    since = len(sandbox.calls())
    polled = follow()
    assert instalments(posting)[0].status == Status.PAID
    feeds = [path for path in calls(sandbox, since) if path.endswith("/alteracoes")]
    assert len(feeds) == 4
    assert timezone.now() - polled.seen_until < timedelta(minutes=1)


def test_postings_go_first(
    posted: Any, follow: Follow, account: Account, sandbox: Any, ana: Any, bruno: Any, settings: Any
) -> None:
    posted()
    approved(account.connection.company, ana=ana, bruno=bruno, description="Waits")
    since = len(sandbox.calls())
    follow()
    assert calls(sandbox, since) == []
    assert Poll.objects.get().next_at > timezone.now()
    # Given way for too long: a few calls, and no more.
    long_ago = timezone.now() - timedelta(seconds=settings.RETURNING["yield_for_s"] + 1)
    Poll.objects.update(polled_at=long_ago)
    EntryState.objects.update(changed=True)
    follow()
    assert 0 < len(calls(sandbox, since)) <= returning.WHILE_POSTING


def test_its_time_has_to_come(posted: Any, account: Account, sandbox: Any) -> None:
    posted()
    since = len(sandbox.calls())
    returning.poll(account.pk)
    assert calls(sandbox, since) == []


def test_among_5000_open_instalments_a_poll_takes_a_handful_of_calls(
    posted: Any, follow: Follow, act: Any, account: Account, sandbox: Any, settings: Any
) -> None:
    # That they were all made just now is not the point: the windows begin after it.
    settings.RETURNING = settings.RETURNING | {"overlap_s": 0.0}
    many(account, sandbox, 5000)
    posting, edited = posted(), posted(description="Toner")
    follow()
    # A window is two calls. Whole seconds decide whether it reaches back to our own creations: a read or two more.
    handful = 5
    since = len(sandbox.calls())
    polled = follow()
    assert len(calls(sandbox, since)) == polled.calls <= handful
    act("pay", instalment=instalments(posting)[0].remote_id)
    act("edit", instalment=instalments(edited)[0].remote_id, changes={"valor": 99})
    since = len(sandbox.calls())
    polled = follow()
    assert len(calls(sandbox, since)) == polled.calls <= handful + 2
    assert instalments(posting)[0].status == Status.PAID
    assert [row[1] for row in open_differences(edited)] == [KINDS.AMOUNT]


def test_our_own_new_postings_cost_no_read_each(
    follow: Follow, account: Account, sandbox: Any, ana: Any, bruno: Any, settings: Any
) -> None:
    for number in range(6):
        approved(account.connection.company, ana=ana, bruno=bruno, description=f"Papel {number}")
    post(account)
    for _again in range(3):
        since = len(sandbox.calls())
        follow()
        assert not [path for path in calls(sandbox, since) if path.endswith("/parcelas")]
    assert InstalmentState.objects.exclude(seen_at=None).count() == 6


def test_the_others_companies_entries_are_left_alone(
    checking: None, posted: Any, follow: Follow, act: Any, account: Account, sandbox: Any
) -> None:
    posted()
    many(account, sandbox, 50)
    follow()
    assert InstalmentState.objects.count() == 1


def test_an_adopted_entrys_instalments_are_told_apart(
    follow: Follow, act: Any, account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    """Found by its reference, its ids come in no order: they are read before anything is said of one."""
    posting = approved(account.connection.company, ana=ana, bruno=bruno, instalments=TWICE)
    sandbox.faults(
        {"method": "POST", "path": "/v1/financeiro/contas-a-pagar", "kind": "drop_after", "count": 1}
    )
    post(account)
    flow_posting.look([posting.pk])
    posting.refresh_from_db()
    assert posting.state == State.POSTED
    Posting.objects.filter(pk=posting.pk).update(remote_instalment_ids=posting.remote_instalment_ids[::-1])
    follow()
    there = {
        part["id"]: part["data_vencimento"]
        for part in sandbox.books(account.remote["id"])["payables"][0]["parcelas"]
    }
    assert [there[part.remote_id] for part in instalments(posting)] == ["2026-12-10", "2027-01-10"]
    assert not Difference.objects.exists()


def test_a_posting_that_comes_meanwhile_goes_first(
    posted: Any, follow: Follow, account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    """The windows are asked; what they named waits for the next poll."""
    several = [posted(description=f"Papel {number}") for number in range(4)]
    for posting in several:
        sandbox.act(account.remote["id"], "pay", instalment=instalments(posting)[0].remote_id)
    caller = polling.Caller(account.pk, lambda calls: returning._may(account.pk, calls))
    for _call in range(returning.WHILE_POSTING):
        assert caller.left()
        caller.calls += 1
    approved(account.connection.company, ana=ana, bruno=bruno, description="Meanwhile")
    assert not caller.left()
    with pytest.raises(polling.SpentError):
        caller.send(company.connected())


def test_the_timetable_begins_and_takes_up_what_got_lost(
    follow: Follow, account: Account, ana: Any, bruno: Any, transactional_db: None
) -> None:
    returning.queue_polls()
    assert not Poll.objects.exists()  # nothing was posted there
    follow.posted(ana=ana, bruno=bruno)
    returning.queue_polls()
    assert queued("poll", account) == 1
    returning.queue_polls()
    assert queued("poll", account) == 1
    Poll.objects.update(next_at=timezone.now() - timedelta(minutes=2))
    returning.queue_polls()
    assert queued("poll", account) == 2
    returning.poll(account.pk)  # plans the next by itself
    assert queued("poll", account) == 3


def test_polls_are_at_most_two_minutes_apart_by_default() -> None:
    assert settings_module.RETURNING["every_s"] <= 120


def queued(task: str, account: Account) -> int:
    jobs = ProcrastinateJob.objects.filter(task_name=f"alcada.jobs.tasks.{task}", status="todo")
    return jobs.filter(args={"connection_id": account.pk}).count()


def many(account: Account, sandbox: Any, count: int) -> None:
    """So many open instalments of somebody else's in the account, fifty to an entry."""
    there = account.remote
    category = next(one for one in there["categories"] if one["tipo"] == "DESPESA" and one["categoria_pai"])
    bank, person = there["bank_accounts"][0]["id"], None
    person = sandbox.act(
        there["id"],
        "add",
        kind="person",
        entry={"nome": "Muitas Ltda", "perfis": [{"tipo_perfil": "Fornecedor"}]},
    )["id"]
    first = timezone.localdate()
    for number in range(count // 50):
        parts = [
            {
                "descricao": f"Conta {number}/{index}",
                "data_vencimento": (first + timedelta(days=(number * 7 + index) % 365)).isoformat(),
                "conta_financeira": bank,
                "detalhe_valor": {"valor_bruto": 10, "valor_liquido": 10},
            }
            for index in range(50)
        ]
        entry = {
            "descricao": f"Conta {number}",
            "data_competencia": first.isoformat(),
            "valor": 500,
            "conta_financeira": bank,
            "id_fornecedor": person,
            "rateio": [{"id_categoria": category["id"], "valor": 500}],
            "condicao_pagamento": {"parcelas": parts},
        }
        sandbox.act(there["id"], "add", kind="payable", entry=entry)
