"""The moves of the model (models/README.md), made with the real code."""

import contextlib
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from machine import checks, stepping
from machine.checks import Approved, Notebook, surely_told
from machine.office import FAULTS, VENDORS, Office
from machine.stepping import Gate, Look, Worker
from stories import draft, open_step

from alcada.approval.models import Decision, Round
from alcada.approval.rules import NotOpenError
from alcada.connections import actions as connections
from alcada.connections import authorisation, gateway
from alcada.connections.models import Connection
from alcada.flow import actions as flow
from alcada.flow import adopting, restored
from alcada.flow import posting as flow_posting
from alcada.intake import actions as intake
from alcada.intake.models import Entry
from alcada.posting import actions, byhand, mending
from alcada.posting.models import ENDED, Attempt, Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError
from conta_azul.calls import company as company_calls

VERDICTS = st.sampled_from([*["approve"] * 5, "reject", "send_back", "later"])
PICK = st.integers(0, 5)
HOW = st.sampled_from([*["ok"] * 6, *["answer lost", "500 before"] * 3, *FAULTS, "no connection"])
READ = st.sampled_from(
    ["ok", "ok", "ok", "500 before", "dropped before", "answer cut", "429", "401", "no connection"]
)
SECONDS = st.sampled_from([1, 7, 35, 65, 130, 320, 650, 1300, 3700, 8000])
LAGS = st.sampled_from([0, 0, 20, 200, 500])  # all shorter than the span: that is assumed
REFUSED = (BusyError, TransitionNotAllowedError, IntegrityError)  # what a person is told
# Few and long pauses between looks, so that few steps lead to an end; 20 would be too many to post here.
KNOBS = {"first_look_s": 300.0, "look_spacing_s": 600.0, "absence_span_s": 600.0, "look_for_s": 1800.0}
TO_MEND = (State.UNDECIDED, State.REFUSED, State.UNKNOWN, State.QUEUED)
State_ = Connection.State


class Machine(RuleBasedStateMachine):
    office: Office  # set by the test

    @initialize(lag=LAGS, parts=st.integers(1, 2), evidence=st.sampled_from([0, 0, 1, 2]))
    def begin(self, lag: int, parts: int, evidence: int) -> None:
        self.office.reset()
        settings.POSTING = settings.POSTING | {
            "absence_evidence": evidence
        }  # 20 would be too many to post here
        self.notes = Notebook()
        self.backed_up: set[int] | None = None
        self.restored = False
        self.entries: list[tuple[int, Any]] = []
        self.lag(lag)
        self.enter(vendor=0, cents=1, parts=parts, kind="payable", verdict="approve")

    def teardown(self) -> None:
        try:
            if hasattr(self, "notes"):
                self._calm_down()
                checks.at_the_end(self.office, self.notes)
        finally:
            stepping.bury()

    @invariant()
    def books_agree(self) -> None:
        if hasattr(self, "notes"):
            self.refresh()
            checks.after_a_step(self.books, self.postings, self.notes)

    def refresh(self) -> None:
        """What the checks and the preconditions ask for."""
        self.entries = list(Entry.objects.order_by("pk").values_list("pk", "draft"))
        self.drafts = [pk for pk, typed in self.entries if typed]
        self.postings = list(Posting.objects.order_by("pk"))
        self.open = list(
            Round.objects.filter(state=Round.State.OPEN).order_by("pk").values_list("pk", flat=True)
        )
        self.state = Connection.objects.values_list("state", flat=True).get(pk=self.account)
        self.books = self.office.books() if self.postings else []
        waits = [one for one in self.postings if one.state == State.QUEUED]
        now = timezone.now()
        self.due = self.state == State_.CONNECTED and any(one.next_try_at <= now for one in waits)

    @property
    def account(self) -> int:
        return self.office.account.pk

    # --- People enter and decide ------------------------------------------------------------------------------

    @precondition(lambda self: len(self.entries) < 3)
    @rule(vendor=st.integers(0, len(VENDORS) - 1), cents=st.integers(1, 3), parts=st.integers(1, 2),
          kind=st.sampled_from(["payable", "payable", "receivable"]), verdict=VERDICTS)  # fmt: skip
    def enter(self, vendor: int, cents: int, parts: int, kind: str, verdict: str) -> None:
        party = self.office.parties[vendor]
        typed = draft(
            self.office.company,
            kind,
            party=str(party.pk),
            party_name=party.name,
            document_number=f"NF {len(self.entries)}",
            amount=f"{cents * 100 * parts},00",
            instalments=[
                {"due_date": f"{10 + n}/12/2026", "amount": f"{cents * 100},00"} for n in range(parts)
            ],
        )
        entry = intake.start(self.office.company, kind, by=self.office.ana, draft=typed)
        self._submit(entry, verdict)

    def _submit(self, entry: Entry, verdict: str) -> None:
        revision = flow.submit(entry, by=self.office.ana)
        if verdict != "later":
            self._decide(revision.rounds.get(), verdict)

    @precondition(lambda self: self.open or self.drafts or self._ended())
    @rule(pick=PICK, cents=st.integers(4, 6), verdict=VERDICTS)
    def change(self, pick: int, cents: int, verdict: str) -> None:
        """What waits is decided; what was taken back is changed, and submitted anew; what has ended is taken back."""
        if self.drafts:
            self._submit_changed(Entry.objects.get(pk=_one(self.drafts, pick)), cents, verdict)
        elif self.open and verdict != "later":
            self._decide(Round.objects.get(pk=_one(self.open, pick)), verdict)
        else:
            with contextlib.suppress(NotOpenError):
                flow.withdraw(Entry.objects.get(pk=_one(self.entries, pick)[0]), by=self.office.ana)

    def _ended(self) -> bool:
        return any(posting.state in ENDED for posting in self.postings)

    def _submit_changed(self, entry: Entry, cents: int, verdict: str) -> None:
        changed = draft(
            self.office.company, entry.kind, party=entry.draft["party"], party_name=entry.draft["party_name"],
            document_number=f"NF {entry.pk}", amount=f"{cents * 100},00",
        )  # fmt: skip
        entry = intake.save_draft(entry, by=self.office.ana, draft=changed)
        self._submit(entry, verdict)

    def _decide(self, round_: Round, verdict: str) -> None:
        flow.decide(
            open_step(round_.revision).pk,
            by=self.office.bruno,
            verdict=Decision.Verdict(verdict),
            comment=".",
        )
        posting = Posting.objects.filter(revision=round_.revision_id).first()
        if posting:
            revision = round_.revision
            self.notes.approved[posting.reference] = Approved(
                entry=revision.entry_id,
                kind=revision.entry.kind,
                party=revision.party_name,
                amount=float(revision.amount),
                parts=tuple(
                    (p.due_date.isoformat(), float(p.amount)) for p in revision.instalments.order_by("number")
                ),
                words=revision.description,
            )

    # --- Workers ------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.due and len(stepping.world.workers) < 2)
    @rule()
    def worker_takes(self) -> None:
        Worker(self.account)

    @precondition(lambda self: self._gates())
    @rule(pick=PICK, how=HOW)
    def worker_steps(self, pick: int, how: str) -> None:
        worker, gate = _one(self._gates(), pick)
        worker.step(gate, how if gate.point == "leave" else "ok")

    @precondition(lambda self: self.due and len(stepping.world.workers) < 2)
    @rule(how=HOW)
    def worker_posts(self, how: str) -> None:
        """One that nothing stops from its claim to its end; `how` its last create goes."""
        self._run(Worker(self.account), how)

    @precondition(lambda self: stepping.world.workers)
    @rule(pick=PICK)
    def worker_dies(self, pick: int) -> None:
        _one(stepping.world.workers, pick).die()

    @precondition(lambda self: self._overdue())
    @rule()
    def claims_run_out(self) -> None:
        actions.expire_claims()

    def _overdue(self) -> bool:
        now = timezone.now()
        return any(one.claim_until and one.claim_until < now for one in self.postings)

    def _gates(self) -> list[tuple[Worker, Gate]]:
        return [(worker, gate) for worker in stepping.world.workers for gate in worker.gates]

    @staticmethod
    def _run(worker: Worker, how: str = "ok") -> None:
        while worker.gates:
            gate = worker.gates[0]
            create = gate.point == "leave" and "/financeiro/" in gate.what
            worker.step(gate, how if create else "ok")

    # --- Looking ------------------------------------------------------------------------------------------------

    @precondition(
        lambda self: self.state == State_.CONNECTED and len(stepping.world.looks) < 2 and self._lost()
    )
    @rule()
    def look_begins(self) -> None:
        Look(self.account)

    @precondition(lambda self: stepping.world.looks)
    @rule(pick=PICK, how=READ)
    def look_steps(self, pick: int, how: str) -> None:
        _one(stepping.world.looks, pick).step(how)

    @precondition(lambda self: stepping.world.looks or (self.state == State_.CONNECTED and self._lost()))
    @rule(pick=PICK, how=READ, last=READ)
    def look_ends(self, pick: int, how: str, last: str) -> None:
        """One under way, or a whole one: its next call goes `how`, and the feed, if it comes to that, `last`."""
        look = _one(stepping.world.looks, pick) if stepping.world.looks else Look(self.account)
        while not look.dead and look.at:
            look.step(last if "alteracoes" in look.at.what else how)
            how = "ok"

    @precondition(lambda self: stepping.world.looks)
    @rule(pick=PICK)
    def look_dies(self, pick: int) -> None:
        _one(stepping.world.looks, pick).die()

    @precondition(lambda self: self.state == State_.CONNECTED and self._posted())
    @rule()
    def sight(self) -> None:
        flow_posting.sight(self.account)

    def _lost(self) -> list[Posting]:
        return [posting for posting in self.postings if posting.state == State.UNKNOWN]

    def _posted(self) -> list[Posting]:
        return [posting for posting in self.postings if posting.state == State.POSTED]

    # --- Time, and the account ----------------------------------------------------------------------------------

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        """A worker that lives sees now and then which of ours show by now: ten times what it learns is the span."""
        while seconds > 0:
            if self.state == State_.CONNECTED and self._posted():
                flow_posting.sight(self.account)
            self.office.advance(min(seconds, 400))
            seconds -= 400

    @rule(seconds=LAGS)
    def lag(self, seconds: int) -> None:
        """So late, from now on, whatever is written shows in lists, search and feed."""
        self.office.sandbox.settings(search_lag=seconds)

    @precondition(lambda self: self.state == State_.CONNECTED)
    @rule(what=st.sampled_from(["pause", "take back", "database away", "database back"]))
    def account_stops(self, what: str) -> None:
        match what:
            case "pause":
                connections.pause(by=self.office.clara, connection=self._connection())
            case "take back":
                self.office.act("disconnect")
            case _:  # the database, when outcomes are to be written down
                stepping.world.database_away = what == "database away"
                for worker in list(stepping.world.workers):
                    worker.settle()

    @precondition(lambda self: self.state != State_.CONNECTED)
    @rule()
    def account_is_mended(self) -> None:
        self._mend()

    def _mend(self) -> None:
        if self.state == State_.AUTHORISE:
            self._authorise()
        elif self.state == State_.PLAN_REFUSED:
            with contextlib.suppress(adopting.FAILURES):
                gateway.send(self.account, company_calls.connected())
        elif self.state == State_.PAUSED:
            connections.resume(by=self.office.clara, connection=self._connection())

    def _authorise(self) -> None:
        address = authorisation.begin(by=self.office.clara, connection=self._connection())
        state = address.split("state=")[1].split("&")[0]
        code = self.office.sandbox.codes(self.office.account.remote["id"])["code"]
        authorisation.finish(by=self.office.clara, state=state, code=code)

    def _connection(self) -> Connection:
        return Connection.objects.get(pk=self.account)

    # --- Somebody at Conta Azul ---------------------------------------------------------------------------------

    @precondition(lambda self: self.books)
    @rule(pick=PICK, what=st.sampled_from(["due", "value", "words", "title", "pay", "touch", "delete"]))
    def changed_there(self, pick: int, what: str) -> None:
        event = _one(self.books, pick)
        if what == "delete":
            self.office.act("delete", event=event["id"])
            self.notes.gone.add(event["id"])
            return
        part = event["parcelas"][0]["id"]
        match what:
            case "due":
                for one in event["parcelas"]:
                    self._edit(instalment=one["id"], changes={"data_vencimento": "2028-03-01"})
            case "value":
                self._edit(instalment=part, changes={"valor": 77.7})
            case "words":
                for one in event["parcelas"]:
                    self._edit(instalment=one["id"], changes={"descricao": "Papel", "nota": None})
            case "title":
                self._edit(event=event["id"], changes={"descricao": "Papel", "referencia_externa": None})
            case "pay":
                if event["parcelas"][0]["status"] != "QUITADO":
                    self._paid(part)
            case _:
                self.office.act("touch", event=event["id"])
        self._note_traces(event["id"])

    def _edit(self, **details: Any) -> None:
        self.office.act("edit", **details)

    def _paid(self, part: str) -> None:
        with contextlib.suppress(ValueError):  # paid already
            self.office.act("pay", instalment=part)

    def _note_traces(self, event_id: str) -> None:
        event = next(event for event in self.office.books() if event["id"] == event_id)
        for reference, approved in self.notes.approved.items():
            if approved.entry == self.notes.whose[event_id] and checks.traceless(event, approved, reference):
                self.notes.blurred.add(approved.entry)

    # --- Who mends ----------------------------------------------------------------------------------------------

    @precondition(lambda self: any(one.state in TO_MEND for one in self.postings))
    @rule(pick=PICK, press=st.sampled_from(["look", "again", "again", "cancel", "by hand", "adopt"]))
    def pressed(self, pick: int, press: str) -> None:
        if press == "adopt" and self._mine():
            self._adopt(*_one(self._mine(), pick))
        elif press == "by hand" and self._typable():
            self._type(_one(self._typable(), pick))
        elif press in ("look", "again", "cancel"):
            self._press(_one(self.postings, pick), press)

    def _press(self, posting: Posting, press: str) -> None:
        told = surely_told(posting)
        try:
            match press:
                case "look":
                    mending.look_again(posting.pk, by=self.office.clara)
                    return
                case "again":
                    mending.post_again(posting.pk, by=self.office.clara)
                    self.notes.settled_people |= posting.reason == "person_unknown"
                case _:
                    mending.cancel(posting.pk, by=self.office.clara, reason="typed twice")
        except REFUSED:
            return
        if not told:
            self.notes.warned.add(posting.entry_id)

    def _adopt(self, posting: Posting, event: str) -> None:
        try:
            seen = adopting.read(posting, event)
            adopting.adopt(posting, seen, by=self.office.clara, reason="it is this one")
        except (*REFUSED, *adopting.FAILURES, adopting.NotThereError, byhand.TakenError):
            pass

    def _mine(self) -> list[tuple[Posting, str]]:
        """Postings that a person may name an event for, each with one that is theirs."""
        return [
            (posting, event["id"])
            for posting in self.postings
            if posting.state == State.UNDECIDED
            or (posting.reason == "by_hand" and not posting.remote_event_id)
            for event in self.books
            if self.notes.whose[event["id"]] == posting.entry_id
        ]

    def _type(self, posting: Posting) -> None:
        if not posting.attempts.filter(kind=Attempt.Kind.ENTRY).exists():
            return  # whose body would be typed
        told = surely_told(posting)
        try:
            byhand.mark(posting.pk, by=self.office.clara, reason="typed at Conta Azul")
        except REFUSED:
            return
        if not told:
            self.notes.warned.add(posting.entry_id)
        event = self.office.act("add", kind=posting.kind, entry=_in_their_words(posting))
        self.notes.whose[event["id"]] = posting.entry_id

    def _typable(self) -> list[Posting]:
        return [
            posting for posting in self.postings if posting.state in byhand.MAY_BE_BY_HAND and posting.sent_at
        ]

    # --- A backup -----------------------------------------------------------------------------------------------

    @precondition(lambda self: not self.restored and self.postings)
    @rule()
    def backed_up_now(self) -> None:
        self.office.back_up()
        self.backed_up = {posting.pk for posting in self.postings}

    @precondition(lambda self: self.backed_up and self.backed_up == {posting.pk for posting in self.postings})
    @rule()
    def backup_restored(self) -> None:
        """Once, and not one older than an approval: whoever approves again is shown the account's books."""
        for one in [*stepping.world.looks, *stepping.world.workers]:
            one.die()
        self.office.restore()
        restored.doubt()
        self.backed_up, self.restored = None, True

    # --- The end ------------------------------------------------------------------------------------------------

    def _calm_down(self) -> None:
        stepping.world.database_away = False
        self.lag(0)
        for look in list(stepping.world.looks):
            while not look.dead:
                look.step("ok")
        for _ in range(500):
            for worker in list(stepping.world.workers):
                worker.settle()
                self._run(worker)
            self.refresh()
            if not stepping.world.workers and not self._going_on():
                return
            self._mend()
            actions.expire_claims()
            if actions.anything_due(self.account):
                self._run(Worker(self.account))
            if self._connection().state == State_.CONNECTED:
                flow_posting.look_for_due(self.account)
            # No further than what a look counts: most of what the clock goes on between two looks is not believed.
            self.office.advance(700)

    def _going_on(self) -> list[Posting]:
        on = (State.QUEUED, State.SENDING, State.UNKNOWN)
        return [posting for posting in self.postings if posting.state in on]


def _one(things: Any, pick: int) -> Any:
    return things[pick % len(things)]


def _in_their_words(posting: Posting) -> dict[str, Any]:
    from integration.posting.hands import sent

    body = sent(posting) | {"descricao": "Papel", "observacao": None, "referencia_externa": None}
    for part in body["condicao_pagamento"]["parcelas"]:
        part |= {"descricao": "Papel", "nota": None}
    return body
