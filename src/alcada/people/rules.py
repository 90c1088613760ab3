"""What each role may do. A permission not stated is a refusal."""

from datetime import datetime, timedelta
from typing import Final

from alcada.people.models import Invitation, Role

_EVERYBODY: Final = frozenset(Role)
_WRITERS: Final = _EVERYBODY - {Role.AUDITOR}
_OFFICE: Final = frozenset({Role.FINANCE, Role.ADMINISTRATOR})
_SEE_ALL: Final = _EVERYBODY - {Role.REQUESTER}

ABILITIES: Final[dict[str, frozenset[Role]]] = {
    "entry.see": _EVERYBODY,  # those that are theirs
    "entry.see_all": _SEE_ALL,
    "entry.create": _WRITERS,
    "filter.share": _OFFICE,  # a list's filters, with everybody in the company
    "step.decide": _WRITERS,  # where a flow asks them
    "directory.see": _EVERYBODY,
    "directory.change": _OFFICE,
    "posting.mend": _OFFICE,
    "mapping.manage": _OFFICE,
    "connection.manage": frozenset({Role.ADMINISTRATOR}),
    "people.manage": frozenset({Role.ADMINISTRATOR}),
    "company.manage": frozenset({Role.ADMINISTRATOR}),
    "flow.see": _SEE_ALL,
    "deal.see": _EVERYBODY,  # those that they own
    "deal.see_all": _SEE_ALL,
    "deal.create": _WRITERS,
    "deal.change": _WRITERS,  # those that they own; also winning, losing, reopening
    "deal.change_all": _OFFICE,
    "pipeline.manage": frozenset({Role.ADMINISTRATOR}),
}

INVITATION_GOOD_FOR: Final = timedelta(days=7)
INVITATION_OPEN: Final = frozenset({"waiting", "sent", "link", "expired"})


def invitation_state(invitation: Invitation, now: datetime) -> str:
    """accepted · taken_back · expired · waiting (its e-mail is about to leave) · sent · link (handed out by hand)."""
    if invitation.accepted_at:
        return "accepted"
    if invitation.taken_back_at:
        return "taken_back"
    if invitation.expires_at <= now:
        return "expired"
    if not invitation.by_mail:
        return "link"
    return "sent" if invitation.sent_at else "waiting"
