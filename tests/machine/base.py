"""What all moves share: what is seen of the world between two steps."""

from typing import Any

from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from machine.checks import Notebook
from machine.office import Office

from alcada.approval.models import Round
from alcada.connections.models import Connection
from alcada.intake.models import Entry
from alcada.posting.models import Posting, State

PICK = st.integers(0, 5)  # one of those that there are
Account = Connection.State


class Base(RuleBasedStateMachine):
    office: Office  # set by the test
    notes: Notebook
    backed_up: set[int] | None
    restored: bool

    entries: list[tuple[int, Any]]

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
        self.due = self.state == Account.CONNECTED and any(one.next_try_at <= now for one in waits)

    @property
    def account(self) -> int:
        return self.office.account.pk

    def connection(self) -> Connection:
        return Connection.objects.get(pk=self.account)


def one_of(things: Any, pick: int) -> Any:
    return things[pick % len(things)]
