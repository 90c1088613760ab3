"""Two people press at the same moment, on real connections: one receivable, whoever comes first."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from integration.sales.conftest import Shop, open_shop

from alcada.connections.models import Connection
from alcada.flow import selling
from alcada.intake.models import Entry, Revision
from alcada.people.models import Company, User
from alcada.posting import actions as posting
from alcada.posting.models import Posting, State
from alcada.sales import pipelines
from alcada.sales.models import Deal
from alcada.sales.rules import DealError, Problems, StageError


@pytest.fixture
def shop(transactional_db: None, company: Company) -> Shop:
    return open_shop(company)


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call returned, or raised; all begin together."""
    barrier, results = threading.Barrier(len(calls)), [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            barrier.wait()
            results[place] = call()
        except Exception as exc:
            results[place] = exc  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_people_win_it_at_once(shop: Shop, ana: User, clara: User) -> None:
    for _ in range(5):
        deal = shop.deal(ana)
        calls = [lambda who=who, deal=deal: selling.win(deal.pk, by=who) for who in (ana, clara, ana, clara)]
        results = at_once(*calls)
        assert sorted(won.already for won in results) == [False, True, True, True]
    assert (Entry.objects.count(), Revision.objects.count(), Posting.objects.count()) == (5, 5, 5)
    assert sorted(Entry.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5]


def test_won_and_reopened_at_once_leaves_one_receivable_or_none(shop: Shop, ana: User, clara: User) -> None:
    for _ in range(5):
        deal = shop.deal(ana)
        selling.win(deal.pk, by=ana)
        results = at_once(
            lambda deal=deal: selling.reopen(deal.pk, by=ana),
            lambda deal=deal: selling.win(deal.pk, by=clara),
        )
        assert not [one for one in results if isinstance(one, Exception)]
        deal.refresh_from_db()
        live = Posting.objects.filter(entry=deal.entry).exclude(state=State.CANCELLED).count()
        assert live == (1 if deal.state == "won" else 0)
    assert Entry.objects.count() == 5


def test_reopened_while_a_worker_takes_it(shop: Shop, ana: User) -> None:
    """Either the worker has it and the deal stays won, or the deal is open and nobody sends anything."""
    account = Connection.objects.get()
    for _ in range(8):
        deal = shop.deal(ana)
        selling.win(deal.pk, by=ana)
        reopened, (_token, taken) = at_once(
            lambda deal=deal: selling.reopen(deal.pk, by=ana), lambda: posting.claim(account.pk, 1)
        )
        deal.refresh_from_db()
        one = Posting.objects.get(entry=deal.entry)
        if isinstance(reopened, DealError):
            assert (deal.state, one.state, len(taken)) == ("won", State.SENDING, 1)
        else:
            assert (deal.state, one.state, len(taken)) == ("open", State.CANCELLED, 0)


def test_first_deals_of_a_company_at_once_make_one_pipeline(shop: Shop, ana: User) -> None:
    results = at_once(*[lambda: shop.deal(ana)] * 4)
    assert sorted(deal.number for deal in results) == [1, 2, 3, 4]
    assert shop.company.pipelines.count() == 1


def test_a_stage_is_removed_while_a_deal_comes_in(shop: Shop, ana: User, clara: User) -> None:
    for _ in range(5):
        deal = shop.deal(ana)
        stage = pipelines.add_stage(deal.stage.pipeline, f"Fechamento {deal.number}", by=clara)
        moved, removed = at_once(
            lambda deal=deal, stage=stage: selling.move(deal.pk, stage, by=ana),
            lambda stage=stage: pipelines.remove_stage(stage, by=clara),
        )
        stage.refresh_from_db()
        deal.refresh_from_db()
        if stage.removed_at:
            assert isinstance(moved, Problems)
            assert deal.stage != stage
        else:
            assert isinstance(removed, StageError)
            assert deal.stage == stage
    assert Deal.objects.filter(state="open", stage__removed_at__isnull=False).count() == 0
