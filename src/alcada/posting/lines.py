"""What history says of a posting's way: the lines that one posting and a whole batch write alike."""

from collections.abc import Sequence
from typing import Final

from alcada.history.actions import Line
from alcada.posting.models import Attempt, Posting
from alcada.posting.rules import Outcome

ENTRY: Final = "intake.entry"  # whose history it is: the entry's


def attempted(posting: Posting, attempt: Attempt) -> Line:
    """A write is about to leave."""
    return Line(
        "posting.attempted",
        ENTRY,
        posting.entry_id,
        posting.connection.company_id,
        data={
            "attempt": attempt.pk,
            "kind": str(attempt.kind),
            "reference": posting.reference,
            "request": attempt.request,
        },
    )


def ended(posting: Posting, attempt_id: int, kind: str, outcome: Outcome) -> Line:
    """How it ended."""
    return Line(
        "posting.outcome",
        ENTRY,
        posting.entry_id,
        posting.connection.company_id,
        data={
            "attempt": attempt_id,
            "kind": str(kind),
            "outcome": outcome.kind.value,
            "status": outcome.status,
            "detail": outcome.detail,
            "remote_id": outcome.remote_id,
        },
    )


def posted(posting: Posting, event: str, event_id: str, instalment_ids: Sequence[str]) -> Line:
    """The entry stands in Conta Azul: `event` says whether the answer told it, or a look found it."""
    return Line(
        event,
        ENTRY,
        posting.entry_id,
        posting.connection.company_id,
        data={
            "reference": posting.reference,
            "event": event_id,
            "instalments": list(instalment_ids),
            "account": posting.connection.remote_name,
        },
    )
