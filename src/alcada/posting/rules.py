"""What an outcome means, and when absence may be believed. Pure."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from alcada.posting.models import TRANSITIONS, Attempt, State

# Without vowels and look-alikes: no words, no "O or 0?". 28 letters and digits.
_ALPHABET = "23456789BCDFGHJKLMNPQRSTVWXZ"


class TransitionNotAllowedError(Exception):
    """A posting can't go from the one state to the other."""

    def __init__(self, before: State, after: State) -> None:
        super().__init__(f"a posting does not go from {before.value} to {after.value}")
        self.before, self.after = before, after


class BusyError(Exception):
    """The posting is claimed or still being looked for: whatever could make a second one is refused."""


def new_reference() -> str:
    """A short, unguessable, printable name for a posting, e.g. ALC-7F3K2Q: what both systems call it."""
    return "ALC-" + "".join(secrets.choice(_ALPHABET) for _ in range(6))


def check_transition(before: State, after: State) -> None:
    if after not in TRANSITIONS[before]:
        raise TransitionNotAllowedError(before, after)


@dataclass(frozen=True)
class Candidate:
    """One of theirs that ours may be, as a person who chooses sees it. The document is masked."""

    id: str
    name: str
    active: bool = True
    document: str = ""
    profiles: tuple[str, ...] = ()
    code: str = ""
    why: str = ""  # "document", "code", "name" or empty


@dataclass(frozen=True)
class Asks:
    """What only a person can say: which of theirs is ours (`kind` and key `thing`), or whether to create one."""

    kind: str
    thing: int
    name: str
    profile: str = ""
    candidates: tuple[Candidate, ...] = ()
    sought: int | None = None  # key of the Sought, where one may have been created already


# Of what may have been created and did not show: who answers says whether it is there.
IN_DOUBT: Final = ("person_unknown", "cost_centre_unknown")
# The reasons for which a posting stops with a question. Nothing was sent, and it goes on once that is answered.
ASKED: Final = (
    "party_ambiguous",
    "party_inactive",
    "party_gone",
    "cost_centre_ambiguous",
    "cost_centre_inactive",
    "cost_centre_gone",
    "category_gone",
    "bank_account_gone",
    "vendor_held",
    *IN_DOUBT,
)


def storable(text: str) -> str:
    """The text as PostgreSQL takes it: without NUL, and with a question mark for half of a surrogate pair."""
    return text.replace("\x00", "").encode(errors="replace").decode()


@dataclass(frozen=True)
class Outcome:
    """How one write to Conta Azul ended."""

    kind: Attempt.Outcome
    reason: str = ""  # a stable code
    detail: str = ""  # the sentence that came with it
    status: int | None = None
    body: str = ""
    remote_id: str = ""
    remote_instalment_ids: tuple[str, ...] = ()
    retry_after_s: float | None = None
    unreached: bool = False  # of the connection: nobody answered at all
    asks: Asks | None = None  # with a reason of ASKED

    def __post_init__(self) -> None:
        """An answer holds whatever it likes; a database takes neither NUL nor half a character."""
        for name in ("detail", "body"):
            text = getattr(self, name)
            object.__setattr__(self, name, storable(text))


@dataclass(frozen=True)
class Evidence:
    """What the connection's own postings taught about how late a new entry shows in the searches."""

    seen: int  # postings that came back in the search
    longest_lag_s: float


@dataclass(frozen=True)
class Patience:
    """The knobs of looking (settings.POSTING; reasons in docs/posting.md). Seconds."""

    absence_evidence: int
    absence_span_s: float
    look_for_s: float
    resends: int = 1
    lag_factor: float = 10.0


class Verdict(StrEnum):
    LOOK_ON = "look_on"
    SEND_AGAIN = "send_again"
    ASK = "ask"


def judge_absence(
    evidence: Evidence, patience: Patience, *, watched_s: float, resent: bool, all_searched: bool
) -> Verdict:
    """Not found: look on, believe that it is absent and send again, or ask a person.

    Absence is believed once per posting, with enough of the connection's own postings seen to come back, and only
    after ten times the longest lag seen and at least the span. A search that failed proves nothing.
    """
    enough = evidence.seen >= patience.absence_evidence and patience.resends > 0 and not resent
    span = max(patience.absence_span_s, patience.lag_factor * evidence.longest_lag_s)
    if enough and all_searched and watched_s >= span:
        return Verdict.SEND_AGAIN
    if watched_s >= max(patience.look_for_s, span):
        return Verdict.ASK
    return Verdict.LOOK_ON


@dataclass(frozen=True)
class Watched:
    """How much longer a posting was surely watched for; at the most by how much the clock was set back meanwhile."""

    seconds: float
    set_back_s: float = 0.0


# A look begins later than planned: the worker looks around, others of the account have their turn before it.
WATCH_MARGIN: Final = timedelta(seconds=60)


def watch(since: datetime | None, now: datetime, *, planned_s: float) -> Watched:
    """The time from the sending, or the look before, to this look's beginning, as far as it surely passed.

    It counts as long as it was planned and a margin, no longer: the rest may be a clock that was put forward (or a
    machine that slept; then it is watched a little longer than need be). A clock that was set back counts for nothing.
    """
    if since is None:
        return Watched(0.0)
    most = planned_s + WATCH_MARGIN.total_seconds()
    passed = (now - since).total_seconds()
    if passed < 0:
        return Watched(0.0, set_back_s=most - passed)
    return Watched(min(passed, most))


def next_look_s(looks: int, *, first_s: float, spacing_s: float) -> float:
    """Seconds until the next look: soon at first (most lost answers show at once), then at the spacing."""
    return float(min(first_s * 2 ** min(looks, 20), spacing_s))


LONGEST_BACKOFF_S: Final = 900.0


def backoff_s(failures: int, *, base_s: float, ceiling_s: float = LONGEST_BACKOFF_S) -> float:
    """Seconds until a posting that surely never arrived is tried again."""
    return float(min(base_s * 2 ** min(failures, 10), ceiling_s))
