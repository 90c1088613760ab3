"""The machine: all moves, their beginning, what must hold after each, and the end that all must come to."""

from django.conf import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant
from machine import checks, stepping
from machine.base import Account
from machine.checks import Notebook
from machine.outside import Outside
from machine.people import People
from machine.stepping import Worker
from machine.workers import LAGS, Workers

from alcada.flow import posting as flow_posting
from alcada.posting import actions
from alcada.posting.models import Posting, State

# Few and long pauses between looks, so that few steps lead to an end. 20 would be too much evidence to gather here.
KNOBS = {"first_look_s": 100.0, "look_spacing_s": 600.0, "absence_span_s": 600.0, "look_for_s": 1200.0}


class Machine(People, Workers, Outside):
    @initialize(lag=LAGS, parts=st.integers(1, 2), evidence=st.sampled_from([0, 0, 0, 1]))
    def begin(self, lag: int, parts: int, evidence: int) -> None:
        self.office.reset()
        settings.POSTING = settings.POSTING | KNOBS | {"absence_evidence": evidence}
        self.notes, self.backed_up, self.restored, self.entries = Notebook(), None, False, []
        self.lag(lag)
        self.enter(vendor=0, cents=1, parts=parts, kind="payable", verdict="approve")

    @invariant()
    def books_agree(self) -> None:
        self.refresh()
        checks.after_a_step(self.books, self.postings, self.notes)

    def teardown(self) -> None:
        try:
            if hasattr(self, "notes"):
                self._calm_down()
                checks.at_the_end(self.office, self.notes)
        finally:
            stepping.bury()

    def _calm_down(self) -> None:
        stepping.world.database_away = False
        self.office.lose_refreshes(False)
        self.lag(0)
        for look in list(stepping.world.looks):
            while not look.dead:
                look.step("ok")
        for _ in range(120):
            for worker in list(stepping.world.workers):
                worker.settle()
                self.run_out(worker)
            self.refresh()
            if not stepping.world.workers and not self._going_on():
                return
            self.mend()
            actions.expire_claims()
            if actions.anything_due(self.account):
                self.run_out(Worker(self.account))
            if self.connection().state == Account.CONNECTED:
                flow_posting.look_for_due(self.account)
            # No further than what a look counts: most of what the clock goes on between two looks is not believed.
            self.office.advance(700)

    def _going_on(self) -> list[Posting]:
        on = (State.QUEUED, State.SENDING, State.UNKNOWN)
        return [posting for posting in self.postings if posting.state in on]
