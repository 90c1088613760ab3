"""What a person has to confirm before a draft goes on, and why the flow refuses one, in words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from alcada.flow.checking import check
from alcada.flow.confirming import Odd, odd
from alcada.flow.queries import status_of
from alcada.intake.drafts import Draft
from alcada.intake.models import Entry
from alcada.intake.queries import entry_or_none
from alcada.intake.rules import Content
from alcada.people.models import User
from alcada.web import routing_words


@dataclass(frozen=True)
class Asked:
    """What a person has to confirm before this draft goes on."""

    odd: Odd = field(default_factory=Odd)
    twins: Sequence[dict[str, Any]] = ()  # of `odd`, as this person may see them
    refused: str = ""  # why it goes to no account
    account: str = ""  # where it goes, where there is a choice
    reason: str = ""


def ask(entry: Entry, user: User) -> Asked:
    """Raises Problems, SubmissionRefusedError: what can't be read, or goes nowhere, can't be asked about."""
    checked = check(entry)
    account = "" if checked.routed.sole else checked.routed.account
    reason = routing_words.reason(checked.routed.told)
    return asked_of(entry, checked.content, entry.draft, user, account=account, reason=reason)


def asked_of(entry: Entry, content: Content, draft: Draft | None, user: User, **where: str) -> Asked:
    """What is odd about this content, and which of it the draft says to be right."""
    found = odd(entry, content, draft)
    # Another person's entry is named by its number only: that it exists is a warning, what it says is theirs.
    twins = [
        {
            "entry": twin.entry,
            "status": status_of(twin.entry),
            "reasons": twin.reasons,
            "seen": entry_or_none(user, twin.entry.pk) is not None,
        }
        for twin in found.twins
    ]
    return Asked(found, twins, **where)
