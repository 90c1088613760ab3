"""Corrections in words: who makes which change, where one is, and why it stopped."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.flow.correcting_rules import How
from alcada.posting.models import Correction
from alcada.posting.models import CorrectionState as State
from alcada.web import frozen, reasons
from conta_azul import sentences

Words = str | Promise

# state -> label, tone
STATES: Final[dict[State, tuple[Words, str]]] = {
    State.QUEUED: (lazy("Waiting to be made"), "blue"),
    State.SENDING: (lazy("Being made"), "blue"),
    State.UNKNOWN: (lazy("Checking whether it arrived"), "blue"),
    State.REFUSED: (lazy("Refused by Conta Azul"), "red"),
    State.UNDECIDED: (lazy("Needs a person"), "yellow"),
    State.DONE: (lazy("Made in Conta Azul"), "green"),
    State.LEFT: (lazy("Left to a person"), "yellow"),
}
# reason -> what happened, what to do about it
_REASONS: Final[dict[str, tuple[Words, Words]]] = {
    "edited_there": (
        lazy("Somebody changed in Conta Azul what this correction changes. Nothing more was sent."),
        lazy(
            "Look at both. Write the correction over it, or leave it as it is and do there what is missing."
        ),
    ),
    "gone_there": (
        lazy("The entry, or an instalment of it, is not in Conta Azul any more."),
        lazy("Look for it there. What is to be done then, a person does."),
    ),
    "no_clear_answer": (
        lazy("The correction was sent, and for too long no clear answer came."),
        lazy("Look at the entry in Conta Azul. Try again, or do it there."),
    ),
    "refused": (
        lazy("Conta Azul refused the correction."),
        lazy("Read what Conta Azul says. Mend the cause and try again, or do it there."),
    ),
    "version_conflict": (
        lazy("The entry was saved in Conta Azul between reading and changing it."),
        lazy("Nothing to do: it is read again, then changed."),
    ),
    "may_have_arrived": (
        lazy("The correction was sent, and no clear answer came back."),
        lazy("Nothing to do: the entry is read before anything is sent again."),
    ),
    "worker_lost": (
        lazy("The program that was making it stopped half-way."),
        lazy("Nothing to do: the entry is read before anything is sent again."),
    ),
    "not_reached": (
        lazy("Conta Azul could not be asked how the entry stands. Nothing was sent."),
        lazy("Nothing to do: it is tried again by itself."),
    ),
}


@dataclass(frozen=True)
class Group:
    """Changes that are made in the same way."""

    how: str
    title: str
    changes: list[frozen.Change]


_TITLES: Final[dict[How, Words]] = {
    How.OURS: lazy("Alçada changes this in Conta Azul"),
    How.THERE: lazy("A person has to do this in Conta Azul"),
    How.HERE: lazy("Only kept here: Conta Azul never had it"),
}


def groups(rows: Iterable[Mapping[str, Any]]) -> list[Group]:
    """`flow.correcting_rules.changes` by who makes them, those that need nobody first."""
    rows = list(rows)
    found = []
    for how, title in _TITLES.items():
        mine = [row for row in rows if row["how"] == how]
        if mine:
            found.append(Group(how.value, str(title), frozen.changes(mine)))
    return found


@dataclass(frozen=True)
class Conflict:
    """What stands there although neither the one nor the other was approved."""

    label: str
    approved: str
    theirs: str
    wanted: str


def conflicts(correction: Correction, names: Mapping[str, str]) -> list[Conflict]:
    """`names`: what the account's bank accounts are called, by their ids."""

    def shown(path: str, value: str) -> str:
        return frozen.shown(path, names.get(value, value))

    return [
        Conflict(
            frozen.label(row["field"]),
            shown(row["field"], row["approved"]),
            shown(row["field"], row["old"]),
            shown(row["field"], row["new"]),
        )
        for row in correction.conflicts
    ]


def reason(correction: Correction) -> reasons.Reason | None:
    """Why it is where it is; None when there is nothing to say."""
    account = reasons.account_reason(correction.connection)
    if account and correction.state == State.QUEUED:
        return account
    if not correction.reason:
        return None
    known = _REASONS.get(correction.reason) or reasons.REASONS.get(correction.reason)
    told = sentences.taken_apart(correction.detail)
    detail = told.words if told else ""
    if known is None:
        return reasons.Reason("", "", detail or correction.reason)
    return reasons.Reason(str(known[0]), str(known[1]), detail)


def next_of(correction: Correction, when: str, waits: bool) -> str:
    """What happens next with it, in one sentence."""
    if correction.state == State.QUEUED:
        if reasons.account_reason(correction.connection):
            return _("The correction waits for the account %(account)s.") % {
                "account": correction.connection.name
            }
        return (
            _("The correction is tried again %(when)s.") % {"when": when}
            if waits
            else _("It is corrected in Conta Azul in a moment.")
        )
    if correction.state == State.SENDING:
        return _("It is being corrected in Conta Azul now.")
    return _("The correction may have arrived. The entry is read again %(when)s.") % {"when": when}
