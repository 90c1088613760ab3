"""What a token may be for, how one looks, and whether it is good. Pure.

A scope narrows, it gives nothing: what the roles of the person (or of the service) don't allow, no scope does.
"""

import hashlib
import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alcada.people.models import Role

DECIDE: Final = "decisions:write"
SCOPES: Final[Mapping[str, str | Promise]] = {
    "entries:read": _("See entries, their documents, and what waits for me"),
    "entries:write": _("Enter, change, submit and take back entries"),
    DECIDE: _("Approve, reject and send back what is asked of me"),
    "postings:read": _("See postings"),
    "postings:mend": _("Post again, look again, give up a posting"),
    "history:read": _("See the history of entries"),
    "deals:read": _("See deals, and pipelines with their stages"),
    "deals:write": _("Enter, change, move, win, lose and reopen deals"),
    "directory:read": _("See vendors, customers, categories, cost centres, bank accounts"),
    "directory:write": _("Add vendors, customers and cost centres"),
    "setup:read": _("See companies, accounts, routing and mappings"),
    "setup:write": _("Create companies; change routing and mappings"),
}
SERVICE_SCOPES: Final = {scope: words for scope, words in SCOPES.items() if scope != DECIDE}
# An approver is somebody who decides, and a service never does.
SERVICE_ROLES: Final = (Role.REQUESTER, Role.FINANCE, Role.ADMINISTRATOR, Role.AUDITOR)
DAYS: Final = (30, 90, 180, 365)  # how long one may be good for; none is good for ever
MOST: Final = 50  # good ones of one person, or of one company's services

_PREFIX_LENGTH: Final = 8
_SHAPE: Final = re.compile(r"alcada_([0-9a-z]{8})_[0-9A-Za-z_-]{43}")
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"


def new() -> tuple[str, str]:
    """A token, and its prefix. "alcada_" lets scanners of code and chats recognise one that leaked."""
    prefix = "".join(secrets.choice(_LETTERS) for _each in range(_PREFIX_LENGTH))
    return f"alcada_{prefix}_{secrets.token_urlsafe(32)}", prefix


def prefix_of(text: str) -> str:
    """The part by which it is found; empty for what is no token of ours."""
    found = _SHAPE.fullmatch(text)
    return found[1] if found else ""


def hash_of(text: str) -> str:
    """256 random bits need no slow hash."""
    return hashlib.sha256(text.encode()).hexdigest()


State = Literal["good", "revoked", "expired"]


def state(*, revoked_at: datetime | None, expires_at: datetime, now: datetime) -> State:
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at <= now else "good"
