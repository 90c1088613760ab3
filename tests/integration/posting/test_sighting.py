"""What an account that nobody asked for a while teaches about how late its entries show: nothing."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from stories import Account, approved, post

from alcada.flow import posting as flow_posting
from alcada.posting.models import Posting


def sent_so_long_ago(posting: Posting, **ago: float) -> None:
    at = timezone.now() - timedelta(**ago)
    Posting.objects.filter(pk=posting.pk).update(sent_at=at, posted_at=at)


def test_a_night_in_which_nobody_looked_is_no_lag(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    """Else no lost answer of the account would be decided upon, or asked about, for ten nights."""
    first = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    sent_so_long_ago(first, hours=5)
    flow_posting.sight(account.pk)
    assert flow_posting.evidence(account.pk).seen == 0

    approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 2")
    post(account)
    flow_posting.sight(account.pk)
    evidence = flow_posting.evidence(account.pk)
    assert evidence.seen == 1
    assert evidence.longest_lag_s < 60


def test_a_lag_is_as_long_as_it_is_while_somebody_looks(
    account: Account, sandbox: Any, ana: Any, bruno: Any
) -> None:
    posting = approved(account.connection.company, ana=ana, bruno=bruno)
    sandbox.settings(search_lag=3600)
    post(account)
    sent_so_long_ago(posting, minutes=40)
    assert flow_posting.sight(account.pk) == flow_posting.Sight.MISSED  # it does not show yet
    sandbox.clock(3600)
    flow_posting.sight(account.pk)
    evidence = flow_posting.evidence(account.pk)
    assert evidence.seen == 1
    assert evidence.longest_lag_s >= 40 * 60


def test_what_the_first_look_after_a_minute_shows_counts_where_too_few_were_looked_for_sooner(
    account: Account, sandbox: Any, settings: Any, ana: Any, bruno: Any
) -> None:
    """Whether a posting teaches something must not depend on how late it showed: long lags would be left out."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 1}
    seen = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    sent_so_long_ago(seen, seconds=90)
    assert flow_posting.sight(account.pk) == flow_posting.Sight.DONE
    bounded = flow_posting.evidence(account.pk)
    assert (bounded.seen, bounded.longest_lag_s >= 90) == (1, True)
    missed = approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 2")
    sandbox.settings(search_lag=600)
    post(account)
    sent_so_long_ago(missed, seconds=90)
    assert flow_posting.sight(account.pk) == flow_posting.Sight.MISSED
    sandbox.clock(600)
    assert flow_posting.sight(account.pk) == flow_posting.Sight.DONE
    evidence = flow_posting.evidence(account.pk)
    assert evidence.seen == 1
    assert evidence.longest_lag_s >= 90


def test_those_looked_at_soon_are_enough_where_there_are_enough(
    account: Account, settings: Any, ana: Any, bruno: Any
) -> None:
    """One look that came late, for whatever reason, makes no lost answer wait ten times as long."""
    settings.POSTING = settings.POSTING | {"absence_evidence": 1}
    late = approved(account.connection.company, ana=ana, bruno=bruno)
    post(account)
    sent_so_long_ago(late, seconds=90)
    flow_posting.sight(account.pk)
    approved(account.connection.company, ana=ana, bruno=bruno, document_number="NF 2")
    post(account)
    flow_posting.sight(account.pk)
    evidence = flow_posting.evidence(account.pk)
    assert (evidence.seen, evidence.longest_lag_s < 30) == (1, True)
    settings.POSTING = settings.POSTING | {"absence_evidence": 2}
    evidence = flow_posting.evidence(account.pk)
    assert (evidence.seen, evidence.longest_lag_s >= 90) == (2, True)
