"""People here: who enters, who decides, and who mends."""

import contextlib
from typing import Any

from django.db import IntegrityError
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from machine.base import PICK, Base, one_of
from machine.checks import Approved, surely_told
from machine.office import VENDORS
from stories import draft, open_step

from alcada.approval.models import Decision, Round
from alcada.approval.rules import NotOpenError
from alcada.flow import actions as flow
from alcada.flow import adopting, mapping
from alcada.intake import actions as intake
from alcada.intake.models import Entry
from alcada.posting import byhand, mending
from alcada.posting.models import ENDED, Attempt, Posting, Question, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError

VERDICTS = st.sampled_from([*["approve"] * 5, "reject", "send_back", "later"])
REFUSED = (BusyError, TransitionNotAllowedError, IntegrityError)  # what a person is told
TO_MEND = (State.UNDECIDED, State.REFUSED, State.UNKNOWN, State.QUEUED)


class People(Base):
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
            self._submit_changed(Entry.objects.get(pk=one_of(self.drafts, pick)), cents, verdict)
        elif self.open and verdict != "later":
            self._decide(Round.objects.get(pk=one_of(self.open, pick)), verdict)
        else:
            with contextlib.suppress(NotOpenError):
                flow.withdraw(Entry.objects.get(pk=one_of(self.entries, pick)[0]), by=self.office.ana)

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

    # --- Who mends --------------------------------------------------------------------------------------------

    @precondition(lambda self: any(one.state in TO_MEND for one in self.postings))
    @rule(
        pick=PICK,
        press=st.sampled_from(["look", "again", "again", "cancel", "by hand", "adopt", "not there"]),
    )
    def pressed(self, pick: int, press: str) -> None:
        if press == "adopt" and self._mine():
            self._adopt(*one_of(self._mine(), pick))
        elif press == "by hand" and self._typable():
            self._type(one_of(self._typable(), pick))
        elif press == "not there" and (asked := self._in_doubt()):
            mapping.release(one_of(asked, pick), by=self.office.clara)
            self.notes.settled_people = True  # whether they looked or not
        elif press in ("look", "again", "cancel"):
            self._press(one_of(self.postings, pick), press)

    def _press(self, posting: Posting, press: str) -> None:
        told = surely_told(posting)
        try:
            match press:
                case "look":
                    mending.look_again(posting.pk, by=self.office.clara)
                    return
                case "again":
                    mending.post_again(posting.pk, by=self.office.clara)
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

    @staticmethod
    def _in_doubt() -> list[Question]:
        """Vendors of which a person is asked whether they are there."""
        return list(Question.objects.filter(answer="", sought__isnull=False).order_by("pk"))

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


def _in_their_words(posting: Posting) -> dict[str, Any]:
    from integration.posting.hands import sent

    body = sent(posting) | {"descricao": "Papel", "observacao": None, "referencia_externa": None}
    for part in body["condicao_pagamento"]["parcelas"]:
        part |= {"descricao": "Papel", "nota": None}
    return body
