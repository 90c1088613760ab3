"""What a connection's troubles are called. Pure.

`Connection.last_error` holds a stable code from here, and after a line's end Conta Azul's own words where it
gave any: the sentence is made for whoever reads it, in their language.
"""

import hashlib
from datetime import datetime
from typing import Final, Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from conta_azul import sentences

REASONS = {
    "grant_refused": gettext_noop(
        "Conta Azul does not accept the stored authorisation any more: it was revoked, or used up."
    ),
    "answer_lost": gettext_noop("The answer to a token refresh was lost: the pair may be spent."),
    "holder_died": gettext_noop("A token refresh was cut off in the middle: the pair may be spent."),
    "wrong_company": gettext_noop("Another company was authorised."),
    "plan_refused": gettext_noop("The plan of this Conta Azul account does not allow the API."),
    "not_reached": gettext_noop("Conta Azul could not be reached."),
    "application_refused": gettext_noop(
        "Conta Azul does not accept the application's id and secret: check the application."
    ),
    "not_authorised": gettext_noop("Conta Azul refused the access although the token was fresh."),
    "directory_failed": gettext_noop("Categories and accounts could not be fetched."),
}


def note(code: str, words: str = "") -> str:
    """What is stored: the code, and their words."""
    return f"{code}\n{words.strip()[:500]}" if words.strip() else code


def code_of(stored: str) -> str:
    """The stable code of a stored note."""
    return stored.split("\n", 1)[0]


def explain(stored: str) -> str:
    """The sentence for a person, with Conta Azul's own words after it."""
    code, _newline, words = stored.partition("\n")
    sentence = _(REASONS[code]) if code in REASONS else code
    words = their_words(words)
    return f"{sentence} ({words})" if words else sentence


def their_words(ended: str) -> str:
    """What Conta Azul itself said, out of the client's English sentence about how a call ended; other text as it is."""
    told = sentences.taken_apart(ended)
    return told.words if told else ended


def state_hash(state: str) -> str:
    """What is kept of a consent's `state`: whoever reads the database can't finish one."""
    return hashlib.sha256(state.encode()).hexdigest()


class Link(Protocol):
    """A consent link, as the database has it."""

    token_hash: str | None
    expires_at: datetime
    sent_at: datetime | None
    opened_at: datetime | None
    used_at: datetime | None
    revoked_at: datetime | None


LINK_OVER: Final = frozenset({"used", "revoked", "expired"})


def link_state(link: Link, now: datetime) -> str:
    """waiting (its e-mail has not left yet), made, sent, opened; or over: used, revoked, expired."""
    if link.used_at:
        return "used"
    if link.revoked_at:
        return "revoked"
    if link.expires_at <= now:
        return "expired"
    if link.opened_at:
        return "opened"
    if link.sent_at:
        return "sent"
    return "made" if link.token_hash else "waiting"
