"""Workers and looks, step by step; and the time that passes meanwhile."""

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine import stepping
from machine.base import PICK, Account, Base, one_of
from machine.office import FAULTS
from machine.stepping import Gate, Look, Worker

from alcada.flow import posting as flow_posting
from alcada.posting import actions
from alcada.posting.models import Posting, State

# What may have arrived is what all this is about, so it is what mostly befalls a create.
HOW = st.sampled_from([*["ok"] * 4, *["answer lost"] * 6, *["500 before"] * 2, *FAULTS, "no connection"])
READ = st.sampled_from(
    ["ok", "ok", "ok", "500 before", "dropped before", "answer cut", "429", "401", "no connection"]
)
SECONDS = st.sampled_from([1, 7, 35, 65, 130, 320, 650, 1300, 3700, 8000])
STRUCK = st.sampled_from(["nothing", "nothing", "nothing", "search", "feed", "rest", "all"])
LAGS = st.sampled_from([0, 20, 200, 500])  # all shorter than the span: that is assumed


class Workers(Base):
    @precondition(lambda self: self.due and len(stepping.world.workers) < 2)
    @rule()
    def worker_takes(self) -> None:
        Worker(self.account)

    @precondition(lambda self: self._gates())
    @rule(pick=PICK, how=HOW)
    def worker_steps(self, pick: int, how: str) -> None:
        worker, gate = one_of(self._gates(), pick)
        worker.step(gate, how if gate.point == "leave" else "ok")

    @precondition(lambda self: self._waiting() and len(stepping.world.workers) < 2)
    @rule(how=HOW)
    def worker_posts(self, how: str) -> None:
        """One that nothing stops from its claim to its end; `how` its last create goes."""
        self._until_due(State.QUEUED)
        self.run_out(Worker(self.account), how)

    @precondition(lambda self: stepping.world.workers)
    @rule(pick=PICK)
    def worker_dies(self, pick: int) -> None:
        one_of(stepping.world.workers, pick).die()

    @precondition(lambda self: self._overdue())
    @rule()
    def claims_run_out(self) -> None:
        actions.expire_claims()

    def _waiting(self) -> bool:
        return self.state == Account.CONNECTED and any(one.state == State.QUEUED for one in self.postings)

    def _until_due(self, state: State) -> None:
        """A worker that lives turns to the next of them when its time comes."""
        times = [one.next_try_at for one in self.postings if one.state == state and one.next_try_at]
        if times and (wait := (min(times) - timezone.now()).total_seconds()) > 0:
            self.office.advance(wait + 1)

    def _overdue(self) -> bool:
        now = timezone.now()
        return any(one.claim_until and one.claim_until < now for one in self.postings)

    def _gates(self) -> list[tuple[Worker, Gate]]:
        return [(worker, gate) for worker in stepping.world.workers for gate in worker.gates]

    @staticmethod
    def run_out(worker: Worker, how: str = "ok") -> None:
        while worker.gates:
            gate = worker.gates[0]
            create = gate.point == "leave" and "/financeiro/" in gate.what
            worker.step(gate, how if create else "ok")

    # --- Looking ----------------------------------------------------------------------------------------------

    @precondition(
        lambda self: self.state == Account.CONNECTED and len(stepping.world.looks) < 2 and self._lost()
    )
    @rule()
    def look_begins(self) -> None:
        Look(self.account)

    @precondition(lambda self: stepping.world.looks)
    @rule(pick=PICK, how=READ)
    def look_steps(self, pick: int, how: str) -> None:
        one_of(stepping.world.looks, pick).step(how)

    @precondition(lambda self: stepping.world.looks or (self.state == Account.CONNECTED and self._lost()))
    @rule(pick=PICK, how=READ, struck=STRUCK)
    def look_ends(self, pick: int, how: str, struck: str) -> None:
        """One under way, or a whole one, as soon as it is due; which of its calls go `how`, and the others well."""
        if not stepping.world.looks:
            self._until_due(State.UNKNOWN)
        look = one_of(stepping.world.looks, pick) if stepping.world.looks else Look(self.account)
        while not look.dead and look.at:
            search, feed = "buscar" in look.at.what, "alteracoes" in look.at.what
            asks = "search" if search else "feed" if feed else "rest"
            look.step(how if struck in (asks, "all") else "ok")

    @precondition(lambda self: stepping.world.looks)
    @rule(pick=PICK)
    def look_dies(self, pick: int) -> None:
        one_of(stepping.world.looks, pick).die()

    @precondition(lambda self: self.state == Account.CONNECTED and self._posted())
    @rule()
    def sight(self) -> None:
        flow_posting.sight(self.account)

    def _lost(self) -> list[Posting]:
        return [posting for posting in self.postings if posting.state == State.UNKNOWN]

    def _posted(self) -> list[Posting]:
        return [posting for posting in self.postings if posting.state == State.POSTED]

    # --- Time -------------------------------------------------------------------------------------------------

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        """A worker that lives sees now and then which of ours show by now: ten times what it learns is the span."""
        while seconds > 0:
            if self.state == Account.CONNECTED and self._posted():
                flow_posting.sight(self.account)
            self.office.advance(min(seconds, 400))
            seconds -= 400

    @rule(seconds=LAGS)
    def lag(self, seconds: int) -> None:
        """So late, from now on, whatever is written shows in lists, search and feed."""
        self.office.sandbox.settings(search_lag=seconds)
