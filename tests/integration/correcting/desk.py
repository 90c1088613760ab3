"""What is done with a posted entry: corrected, approved, made; and what stands in the sandbox's books afterwards."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from stories import Account, approve, approved, books, post

from alcada.flow import correcting, patching, returning
from alcada.history import queries as history
from alcada.intake import correcting as intake
from alcada.intake.models import Entry, Revision
from alcada.ledger.models import Difference, Poll
from alcada.people.models import User
from alcada.posting.models import Correction, Posting, State

PATCH = "/v1/financeiro/eventos-financeiros/parcelas/"
TWICE = [{"due_date": "10/12/2026", "amount": "1.000,00"}, {"due_date": "10/01/2027", "amount": "500,00"}]


@dataclass
class Desk:
    account: Account
    sandbox: Any
    ana: User
    bruno: User
    clara: User

    def posted(self, **changes: Any) -> Entry:
        posting = approved(self.account.connection.company, ana=self.ana, bruno=self.bruno, **changes)
        post(self.account)
        posting.refresh_from_db()
        assert posting.state == State.POSTED
        return posting.entry

    def submitted(self, entry: Entry, **changes: Any) -> Revision:
        """`changes` of the draft that holds what was approved last."""
        entry = correcting.begin(entry, by=self.ana)
        entry = intake.save_draft(
            entry, by=self.ana, draft={**(entry.correction or {}), **changes}, based_on=entry.current_id
        )
        return correcting.submit(entry, by=self.ana)

    def approved(self, entry: Entry, **changes: Any) -> Correction:
        revision = self.submitted(entry, **changes)
        approve(revision, by=self.bruno)
        return Correction.objects.get(revision=revision)

    def made(self, entry: Entry, **changes: Any) -> Correction:
        return self.make(self.approved(entry, **changes))

    def make(self, correction: Correction) -> Correction:
        """Do what its job does, at once, whatever the timetable says."""
        Correction.objects.filter(pk=correction.pk, next_try_at__isnull=False).update(
            next_try_at=timezone.now()
        )
        patching.correct(correction.pk)
        return Correction.objects.get(pk=correction.pk)

    def poll(self) -> None:
        if not Poll.objects.filter(connection_id=self.account.pk).exists():
            returning.queue_polls()
        Poll.objects.filter(connection_id=self.account.pk).update(next_at=timezone.now())
        returning.poll(self.account.pk)

    def later(self, seconds: float) -> None:
        """The polls' watermark moves on as if so much time had passed."""
        for poll in Poll.objects.filter(connection_id=self.account.pk):
            poll.seen_until += timedelta(seconds=seconds)
            poll.save(update_fields=["seen_until"])

    def act(self, action: str, **details: Any) -> Any:
        return self.sandbox.act(self.account.remote["id"], action, **details)

    @property
    def books(self) -> list[dict[str, Any]]:
        return list(books(self.sandbox, self.account.connection.company.document)["payables"])

    def parts(self, *names: str) -> list[tuple[Any, ...]]:
        """The fields of all instalments of the only entry in the account's books."""
        (event,) = self.books
        return [tuple(part[name] for name in names) for part in event["condicao_pagamento"]["parcelas"]]

    def calls(self, method: str) -> list[dict[str, Any]]:
        return [call for call in self.sandbox.calls() if call["method"] == method and PATCH in call["path"]]


def to_do(entry: Entry) -> list[tuple[int, str, str, str]]:
    rows = Difference.objects.filter(posting__entry=entry, settled_at=None, correction__isnull=False)
    return [(row.number, row.kind, row.approved, row.theirs) for row in rows.order_by("number", "kind")]


def edited(entry: Entry) -> list[tuple[int, str, str, str]]:
    rows = Difference.objects.filter(posting__entry=entry, settled_at=None, correction=None)
    return [(row.number, row.kind, row.approved, row.theirs) for row in rows.order_by("number", "kind")]


def events(entry: Entry, *prefixes: str) -> list[str]:
    return [one.event for one in history.of(entry) if one.event.startswith(prefixes)]


def posting_of(entry: Entry) -> Posting:
    return Posting.objects.get(entry=entry)
