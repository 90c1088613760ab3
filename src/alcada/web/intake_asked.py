"""What a person has to confirm before a draft goes on, and why the flow refuses one, in words."""

from dataclasses import dataclass, field
from typing import Any

from alcada.flow.checking import check
from alcada.flow.queries import status_of
from alcada.intake import drafts, duplicates, rules
from alcada.intake.drafts import Draft
from alcada.intake.models import Entry
from alcada.intake.queries import entry_or_none
from alcada.people.models import User
from alcada.web import routing_words


@dataclass
class Asked:
    """What a person has to confirm before this draft goes on."""

    questions: list[rules.Question] = field(default_factory=list)
    twins: list[dict[str, Any]] = field(default_factory=list)
    twins_key: str = ""
    confirmed: frozenset[str] = frozenset()
    refused: str = ""  # why it goes to no account
    account: str = ""  # where it goes, where there is a choice
    reason: str = ""

    @property
    def open(self) -> bool:
        keys = [question.key for question in self.questions] + ([self.twins_key] if self.twins else [])
        return any(key not in self.confirmed for key in keys)


def ask(entry: Entry, user: User) -> Asked:
    """Raises Problems, SubmissionRefusedError: what can't be read, or goes nowhere, can't be asked about."""
    checked = check(entry)
    account = "" if checked.routed.sole else checked.routed.account
    reason = routing_words.reason(checked.routed.told)
    return asked_of(entry, checked.content, entry.draft, user, account=account, reason=reason)


def asked_of(entry: Entry, content: rules.Content, draft: Draft | None, user: User, **where: str) -> Asked:
    """What is odd about this content, and which of it the draft says to be right."""
    found = duplicates.probable(entry.company, content, excluding=entry)
    # Another person's entry is named by its number only: that it exists is a warning, what it says is theirs.
    twins = [
        {
            "entry": twin.entry,
            "status": status_of(twin.entry),
            "reasons": twin.reasons,
            "seen": entry_or_none(user, twin.entry.pk) is not None,
        }
        for twin in found
    ]
    return Asked(
        questions=rules.questions(content, drafts.today()),
        twins=twins,
        twins_key=duplicates.confirmation(found),
        confirmed=frozenset((draft or {}).get("confirmed", [])),
        **where,
    )
