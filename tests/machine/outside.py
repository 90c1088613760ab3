"""What happens to the account, at Conta Azul, and to the whole installation."""

import contextlib
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine import checks, stepping
from machine.base import PICK, Account, Base, one_of

from alcada.connections import actions as connections
from alcada.connections import authorisation, gateway
from alcada.flow import adopting, restored
from conta_azul.calls import company as company_calls


class Outside(Base):
    @precondition(lambda self: self.state == Account.CONNECTED)
    @rule(what=st.sampled_from(["pause", "take back", "lose refreshes", "database away", "database back"]))
    def account_stops(self, what: str) -> None:
        match what:
            case "pause":
                connections.pause(by=self.office.clara, connection=self.connection())
            case "take back":
                self.office.act("disconnect")
            case "lose refreshes":
                self.office.lose_refreshes(True)
            case _:  # the database, when outcomes are to be written down
                stepping.world.database_away = what == "database away"
                for worker in list(stepping.world.workers):
                    worker.settle()

    @precondition(lambda self: self.state != Account.CONNECTED)
    @rule()
    def account_is_mended(self) -> None:
        self.mend()

    def mend(self) -> None:
        self.office.lose_refreshes(False)
        if self.state == Account.AUTHORISE:
            self._authorise()
        elif self.state == Account.PLAN_REFUSED:
            with contextlib.suppress(adopting.FAILURES):
                gateway.send(self.account, company_calls.connected())
        elif self.state == Account.PAUSED:
            connections.resume(by=self.office.clara, connection=self.connection())

    def _authorise(self) -> None:
        address = authorisation.begin(by=self.office.clara, connection=self.connection())
        state = address.split("state=")[1].split("&")[0]
        code = self.office.sandbox.codes(self.office.account.remote["id"])["code"]
        authorisation.finish(by=self.office.clara, state=state, code=code)

    # --- Somebody at Conta Azul -------------------------------------------------------------------------------

    @precondition(lambda self: self.books)
    @rule(
        pick=PICK,
        what=st.sampled_from(["due", "due", "due", "value", "words", "title", "pay", "touch", "delete"]),
    )
    def changed_there(self, pick: int, what: str) -> None:
        event = one_of(self.books, pick)
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

    # --- A backup ---------------------------------------------------------------------------------------------

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
