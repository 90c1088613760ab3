"""Won, undone, won again: one receivable, one live posting; refused without a trace where it can't be made."""

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import InternalError
from django.utils import timezone
from integration.sales.conftest import Shop

from alcada.approval.models import Decision, Round, Step
from alcada.connections.models import Connection, Routing
from alcada.directory.models import Counterpart
from alcada.flow import actions as flow
from alcada.flow import selling, shipped, versions
from alcada.flow.models import Run, Trigger
from alcada.flow.queries import status_of
from alcada.flow.rules import SubmissionRefusedError
from alcada.history import queries as history
from alcada.intake import actions as intake
from alcada.intake import custom
from alcada.intake.models import Entry, Revision
from alcada.intake.queries import entry_or_none
from alcada.intake.rules import NotBeingEditedError
from alcada.people.models import User
from alcada.posting import actions as posting
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Outcome
from alcada.sales.models import Deal
from alcada.sales.rules import ClosedError, NotOpenableError, NotYoursError, Problems


def events(deal: Deal) -> list[str]:
    return [record.event for record in history.of(deal)]


def claim() -> tuple[uuid.UUID, Posting]:
    # The database's clock stands still within a test's transaction: what is due now would be due later.
    Posting.objects.filter(state=State.QUEUED).update(next_try_at=timezone.now() - timedelta(hours=1))
    token, (one,) = posting.claim(Connection.objects.get().pk, 1)
    return token, one


def posted() -> Posting:
    token, one = claim()
    attempt = posting.start_attempt(one.pk, token, kind=Attempt.Kind.ENTRY, request={})
    return posting.finish_create(
        attempt, token, Outcome(Attempt.Outcome.POSTED, remote_id="evt-1", status=201)
    )


@pytest.fixture
def asking(shop: Shop, bruno: User) -> None:
    """The company's flow for sales asks an approver: one line before `post`."""
    version = versions.current_version(shop.company, Trigger.DEAL_WON)
    definition = version.definition
    definition["sequence"].insert(0, shipped.definition(Trigger.RECEIVABLE_SUBMITTED)["sequence"][0])
    versions.publish(version.flow, definition, by=None)


def test_a_won_deal_makes_its_receivable(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana, cost_centre=shop.desk.centre)
    won = selling.win(deal.pk, by=ana)
    assert not won.already

    deal.refresh_from_db()
    entry = deal.entry
    assert entry
    assert (deal.state, deal.closed_by) == ("won", ana)
    assert (entry.kind, entry.created_by, entry.company) == ("receivable", ana, shop.company)
    revision = entry.current
    assert revision
    assert (revision.party, revision.description) == (shop.customer, "Coffee break de novembro")
    assert (revision.amount, revision.bank_account) == (Decimal("100.00"), shop.desk.account)
    today = timezone.localdate()
    assert revision.competence_date == today
    assert [(part.amount, (part.due_date - today).days) for part in revision.instalments.all()] == [
        (Decimal("33.34"), 30),
        (Decimal("33.33"), 60),
        (Decimal("33.33"), 90),
    ]
    (split,) = revision.splits.all()
    assert (split.category, split.cost_centre) == (shop.desk.sales, shop.desk.centre)
    # Nobody is asked, and the round says so and why.
    round_ = Round.objects.get(entry=entry)
    assert round_.state == Round.State.APPROVED
    assert (
        round_.reason == "Feito a partir de uma venda ganha; o fluxo de vendas da empresa não pede aprovação."
    )
    assert Run.objects.get(revision=revision).version.flow.trigger == "deal.won"
    assert Posting.objects.get(entry=entry).state == State.QUEUED
    assert events(deal) == ["deal.created", "deal.won"]


def test_pressed_again_nothing_more_is_made(shop: Shop, ana: User, clara: User) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    assert selling.win(deal.pk, by=ana).already
    assert selling.win(deal.pk, by=clara).already
    assert (Entry.objects.count(), Posting.objects.count()) == (1, 1)
    assert events(deal).count("deal.won") == 1


def test_undone_and_won_again_it_is_the_same_entry_with_a_new_revision(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    first = Entry.objects.get()

    selling.reopen(deal.pk, by=ana)
    deal.refresh_from_db()
    assert (deal.state, deal.closed_at) == ("open", None)
    assert Posting.objects.get().state == State.CANCELLED
    assert Run.objects.get().state == Run.State.ENDED
    assert status_of(Entry.objects.get()).code == "discarded"

    Deal.objects.filter(pk=deal.pk).update(value=Decimal("250.00"), terms="2x")
    selling.win(deal.pk, by=ana)
    deal.refresh_from_db()
    assert deal.entry == first == Entry.objects.get()
    revision = Entry.objects.get().current
    assert revision
    assert (revision.number, revision.amount, revision.instalments.count()) == (2, Decimal("250.00"), 2)
    live = Posting.objects.exclude(state=State.CANCELLED).get()
    assert (live.revision, live.state) == (revision, State.QUEUED)
    for _ in range(3):
        selling.reopen(deal.pk, by=ana)
        selling.win(deal.pk, by=ana)
    assert (Entry.objects.count(), Revision.objects.count()) == (1, 5)
    assert Posting.objects.exclude(state=State.CANCELLED).count() == 1


def test_what_is_set_aside_is_nobodys_to_change_or_send(shop: Shop, ana: User, clara: User) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    selling.reopen(deal.pk, by=ana)
    entry = Entry.objects.get()
    with pytest.raises(NotBeingEditedError):
        intake.save_draft(entry, by=clara, draft={})
    with pytest.raises(SubmissionRefusedError) as refusal:
        flow.submit(entry, by=clara)
    assert refusal.value.code == "of_deal"


def test_what_is_posted_is_not_undone(shop: Shop, ana: User, clara: User) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    posted()
    for who in (ana, clara):
        with pytest.raises(NotOpenableError) as refusal:
            selling.reopen(deal.pk, by=who)
        assert refusal.value.code == "posted"
    deal.refresh_from_db()
    assert deal.state == "won"
    with pytest.raises(NotOpenableError):
        selling.lose(deal.pk, "Desistiu", by=ana)
    with pytest.raises(NotOpenableError):
        selling.move(deal.pk, deal.stage, by=ana)


def test_what_is_on_its_way_is_not_undone(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    claim()
    with pytest.raises(NotOpenableError) as refusal:
        selling.reopen(deal.pk, by=ana)
    assert refusal.value.code == "sending"
    deal.refresh_from_db()
    assert (deal.state, Posting.objects.get().state) == ("won", State.SENDING)


def test_what_conta_azul_refused_may_be_undone_and_won_again(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    token, one = claim()
    attempt = posting.start_attempt(one.pk, token, kind=Attempt.Kind.ENTRY, request={})
    posting.finish_create(attempt, token, Outcome(Attempt.Outcome.REFUSED, "refused", "Não", 400))
    selling.reopen(deal.pk, by=ana)
    selling.win(deal.pk, by=ana)
    assert sorted(Posting.objects.values_list("state", flat=True)) == ["cancelled", "queued"]
    assert Entry.objects.count() == 1


def test_one_that_stands_there_beside_it_keeps_the_deal_from_being_won_again(
    shop: Shop, ana: User, clara: User
) -> None:
    """Cancelled, and then the answer came after all: winning again would make a second entry in the books."""
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    selling.reopen(deal.pk, by=ana)
    Posting.objects.update(reason="late_answer", detail="evt-9")
    with pytest.raises(NotOpenableError) as refusal:
        selling.win(deal.pk, by=clara)
    assert refusal.value.code == "loud"
    assert Posting.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"category": None}, "category"),
        ({"bank_account": None}, "bank_account"),
        ({"terms": ""}, "terms"),
    ],
)
def test_what_is_missing_is_told_beside_its_field_and_nothing_is_done(
    shop: Shop, ana: User, changes: dict[str, object], field: str
) -> None:
    deal = shop.deal(ana, **changes)
    with pytest.raises(Problems) as refusal:
        selling.win(deal.pk, by=ana)
    assert list(refusal.value.fields) == [field]
    with pytest.raises(Problems):
        selling.check(deal, by=ana)
    deal.refresh_from_db()
    assert (deal.state, deal.entry, Entry.objects.count()) == ("open", None, 0)


def test_a_category_that_the_account_lost_is_told_beside_the_field(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana)
    Counterpart.objects.filter(category=shop.desk.sales).update(active=False)
    with pytest.raises(Problems) as refusal:
        selling.win(deal.pk, by=ana)
    assert list(refusal.value.fields) == ["category"]


def test_without_an_account_or_a_route_the_deal_stays_open(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana)
    Routing.objects.create(company=shop.company, default_refusal="Vendas só em janeiro.")
    with pytest.raises(SubmissionRefusedError) as refusal:
        selling.win(deal.pk, by=ana)
    assert refusal.value.code == "route_refused_by_default"
    Routing.objects.all().delete()
    Connection.objects.update(authorised_at=None, state=Connection.State.NEW)
    with pytest.raises(SubmissionRefusedError) as refusal:
        selling.win(deal.pk, by=ana)
    assert refusal.value.code == "no_account"
    deal.refresh_from_db()
    assert (deal.state, Entry.objects.count()) == ("open", 0)


def test_a_flow_with_an_approval_asks_and_posts_after_it(
    shop: Shop, asking: None, ana: User, bruno: User
) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    step = Step.objects.get(state=Step.State.OPEN)
    assert [asked.user for asked in step.asked.all()] == [bruno]
    assert not Posting.objects.exists()
    flow.decide(step.pk, by=bruno, verdict=Decision.Verdict.APPROVE)
    assert Posting.objects.get().state == State.QUEUED


@pytest.mark.parametrize("verdict", [None, Decision.Verdict.REJECT, Decision.Verdict.SEND_BACK])
def test_what_is_in_approval_or_came_back_may_be_undone(
    shop: Shop, asking: None, ana: User, bruno: User, verdict: Decision.Verdict | None
) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=ana)
    if verdict:
        step = Step.objects.get(state=Step.State.OPEN)
        flow.decide(step.pk, by=bruno, verdict=verdict, comment="Valor errado")
    selling.reopen(deal.pk, by=ana)
    assert not Step.objects.filter(state=Step.State.OPEN).exists()
    selling.win(deal.pk, by=ana)
    assert Step.objects.filter(state=Step.State.OPEN).count() == 1
    assert (Entry.objects.count(), Revision.objects.count()) == (1, 2)


def test_who_owns_it_has_its_receivable_whoever_presses(
    shop: Shop, ana: User, bruno: User, clara: User
) -> None:
    deal = shop.deal(ana)
    selling.win(deal.pk, by=clara)
    entry = Entry.objects.get()
    assert entry.created_by == ana
    assert entry_or_none(ana, entry.pk)
    # Given to another: what is made of it next is theirs.
    selling.reopen(deal.pk, by=ana)
    Deal.objects.update(owner=bruno)
    with pytest.raises(NotYoursError):
        selling.win(deal.pk, by=ana)
    selling.win(deal.pk, by=bruno)
    assert Entry.objects.get().created_by == bruno


def test_only_its_owner_finance_or_an_administrator_wins_it(
    shop: Shop, ana: User, bruno: User, carla: User
) -> None:
    deal = shop.deal(ana)
    for who in (bruno, carla):
        with pytest.raises(NotYoursError):
            selling.win(deal.pk, by=who)


def test_a_lost_deal_is_reopened_before_it_is_won(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana)
    with pytest.raises(Problems):
        selling.lose(deal.pk, "  ", by=ana)
    selling.lose(deal.pk, "Achou mais barato", by=ana)
    with pytest.raises(ClosedError):
        selling.win(deal.pk, by=ana)
    selling.reopen(deal.pk, by=ana)
    selling.win(deal.pk, by=ana)
    assert events(deal) == ["deal.created", "deal.lost", "deal.reopened", "deal.won"]


def test_the_database_keeps_one_entry_per_deal(shop: Shop, ana: User) -> None:
    one, other = shop.deal(ana), shop.deal(ana)
    selling.win(one.pk, by=ana)
    selling.win(other.pk, by=ana)
    entries = dict(Deal.objects.values_list("pk", "entry"))
    for change in (
        {"entry": None, "state": "open", "closed_at": None, "closed_by": None},
        {"entry": entries[other.pk]},
    ):
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            Deal.objects.filter(pk=one.pk).update(**change)
    third = shop.deal(ana)
    for change in ({"state": "won"}, {"entry": entries[one.pk]}, {"state": "lost"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Deal.objects.filter(pk=third.pk).update(**change)
    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        Deal.objects.filter(pk=third.pk).delete()


def test_due_dates_count_from_the_day_it_is_won(shop: Shop, ana: User) -> None:
    deal = shop.deal(ana, terms="à vista", expected_on=date(2030, 1, 1))
    selling.win(deal.pk, by=ana)
    revision = Entry.objects.get().current
    assert revision
    assert [part.due_date for part in revision.instalments.all()] == [timezone.localdate()]


def test_a_required_field_of_the_companys_own_keeps_no_deal_from_being_won(
    shop: Shop, ana: User, clara: User
) -> None:
    custom.save(shop.company, name="Projeto", type_="text", kind="receivable", required=True, by=clara)
    deal = shop.deal(ana)
    selling.check(deal, by=ana)
    entry = selling.win(deal.pk, by=ana).deal.entry
    assert entry
    assert entry.current
    assert entry.current.custom == []
