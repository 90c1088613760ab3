"""Who is told that a posting stopped, in the transaction that stops it; and that nobody need look any more."""

from typing import TYPE_CHECKING, Final

from django.utils import timezone

from alcada import links
from alcada.notify.actions import Message, settle_all, tell_all
from alcada.people.queries import menders
from alcada.posting.models import Posting
from conta_azul import sentences

if TYPE_CHECKING:
    from alcada.people.models import User

TO_CHANGE: Final = "cannot_be_sent"  # only a change of the entry helps: whoever submitted it is asked


def stopped(posting: Posting) -> None:
    """It goes on only with a person: who mends postings is told, each time anew; so is whoever submitted it."""
    author = posting.revision.created_by
    if posting.reason == TO_CHANGE:
        told: list[tuple[User, str]] = [(author, "entry_to_change")]
    else:
        people = menders(posting.connection.company)
        told = [(one, "posting_stopped") for one in people]
        told += [(author, "entry_stopped")] if author.pk not in {one.pk for one in people} else []
    key, data = f"{_beginning(posting)}{timezone.now().isoformat()}", _facts(posting)
    link = links.entry(posting.entry_id, "posting")
    company = posting.connection.company
    tell_all([Message(to, template, key, company, link, data) for to, template in told if to.is_active])


def goes_on(posting: Posting) -> None:
    """It is not where it stopped any more: nobody's attention is needed."""
    settle_all(_beginning(posting))


def _beginning(posting: Posting) -> str:
    return f"stopped:{posting.pk}:"


def _facts(posting: Posting) -> dict[str, str]:
    content = posting.content
    theirs = sentences.taken_apart(posting.detail)
    return {
        "number": str(posting.entry.number),
        "party": content["party"]["name"],
        "description": content["description"],
        "amount": content["amount"],
        "due": min(part["due_date"] for part in content["instalments"]),
        "account": posting.connection.name,
        "company": posting.connection.company.name,
        "reason": posting.reason,
        "theirs": theirs.words if theirs else "",
    }
