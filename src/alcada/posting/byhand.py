"""What a person says of an entry that is in Conta Azul already. Refused while it is claimed or looked for.

What they say was read there and compared before (flow/adopting.py): no transaction is open across that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from django.db import IntegrityError, transaction

from alcada import queue
from alcada.history.actions import record
from alcada.posting import moves
from alcada.posting.models import ADOPTED, BY_HAND, LOUD, Posting, State
from alcada.posting.rules import BusyError, TransitionNotAllowedError

if TYPE_CHECKING:
    from alcada.people.models import User

# Whoever may give a posting up may instead say that the entry was typed at Conta Azul.
MAY_BE_BY_HAND: Final = (State.QUEUED, State.REFUSED, State.UNDECIDED)


class TakenError(Exception):
    """The event is another posting's."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"the event is the one of {reference}")
        self.reference = reference


@dataclass(frozen=True)
class Claimed:
    """An event of the account that a person says is the posting."""

    event_id: str
    instalment_ids: Sequence[str]
    ours: bool  # it carries the posting's reference
    different: Sequence[str] = field(default_factory=list)  # what differs from what was approved, confirmed
    beside: Sequence[str] = field(
        default_factory=list
    )  # further events that carry the reference, still there


def adopt(posting_id: int, claimed: Claimed, *, by: "User", reason: str = "") -> Posting:
    """The posting is this event of its account: of one that was looked for without an end, or marked without an id.

    Raises BusyError, TransitionNotAllowedError, TakenError.
    """
    with transaction.atomic():
        posting = _locked(posting_id)
        if posting.state != State.UNDECIDED and not _without_id(posting):
            raise TransitionNotAllowedError(State(posting.state), State.POSTED)
        _check_free(posting, claimed.event_id)
        if _without_id(posting):
            posting.remote_event_id = claimed.event_id
            posting.remote_instalment_ids = list(claimed.instalment_ids)
            posting.reason = ADOPTED if claimed.ours else BY_HAND
            posting.save(update_fields=["remote_event_id", "remote_instalment_ids", "reason"])
        else:
            _settle(posting, claimed, reason)
        _record(posting, "posting.adopted", by, reason, claimed)
    return posting


def mark(posting_id: int, *, by: "User", reason: str, claimed: Claimed | None = None) -> Posting:
    """Somebody typed the entry at Conta Azul: it counts as posted, as this event, or as one that nobody named yet.

    Raises BusyError, TransitionNotAllowedError, TakenError.
    """
    with transaction.atomic():
        posting = _locked(posting_id)
        if posting.state not in MAY_BE_BY_HAND or not _is_current(posting):
            raise TransitionNotAllowedError(State(posting.state), State.POSTED)
        if claimed:
            _check_free(posting, claimed.event_id)
            _settle(posting, claimed, reason)
        else:
            moves.settle(posting, "", [], reason=BY_HAND, detail=reason)
        _record(posting, "posting.by_hand", by, reason, claimed)
        queue.defer("follow", posting_id=posting.pk)
    return posting


def settle_loud(posting_id: int, *, by: "User", reason: str) -> Posting:
    """Somebody looked at what stands beside the posting, and says what they did: it needs nobody any more.

    `alcada doctor` goes on naming the entry. Raises TransitionNotAllowedError when there is nothing to settle.
    """
    with transaction.atomic():
        posting = Posting.objects.select_for_update().get(pk=posting_id)
        if posting.reason not in LOUD:
            raise TransitionNotAllowedError(State(posting.state), State(posting.state))
        data = {"was": posting.reason, "event": posting.detail}
        made = posting.attempts.filter(remote_id=posting.remote_event_id).exists()
        posting.reason = "" if made or posting.state != State.POSTED else BY_HAND
        posting.detail = ""
        posting.save(update_fields=["reason", "detail"])
        _record(posting, "posting.settled", by, reason, None, **data)
    return posting


def _locked(posting_id: int) -> Posting:
    """The entry's row first, as whoever takes the entry back locks them. Raises BusyError."""
    Posting.objects.select_related("entry").select_for_update(of=("entry",)).get(pk=posting_id)
    posting = Posting.objects.select_for_update().get(pk=posting_id)
    if posting.state in (State.SENDING, State.UNKNOWN):
        raise BusyError
    return posting


def _is_current(posting: Posting) -> bool:
    entry = posting.entry
    return entry.current_id == posting.revision_id and entry.draft is None


def _without_id(posting: Posting) -> bool:
    return posting.state == State.POSTED and posting.reason == BY_HAND and not posting.remote_event_id


def _check_free(posting: Posting, event_id: str) -> None:
    others = Posting.objects.filter(connection_id=posting.connection_id, remote_event_id=event_id)
    if other := others.exclude(pk=posting.pk).first():
        raise TakenError(other.reference)


def _settle(posting: Posting, claimed: Claimed, reason: str) -> None:
    words, detail = ADOPTED if claimed.ours else BY_HAND, reason
    if claimed.beside:  # chosen from several, and the others still stand: nothing may hide that
        words, detail = "second_event", ", ".join(claimed.beside)
    try:
        with transaction.atomic():
            moves.settle(posting, claimed.event_id, list(claimed.instalment_ids), reason=words, detail=detail)
    except IntegrityError as exc:  # another took it between the check and now
        raise TakenError("") from exc
    queue.defer("follow", posting_id=posting.pk)


def _record(
    posting: Posting, what: str, by: "User", reason: str, claimed: Claimed | None, **data: Any
) -> None:
    if claimed:
        data |= {
            "event": claimed.event_id,
            "instalments": list(claimed.instalment_ids),
            "different": list(claimed.different),
            "events": list(claimed.beside),
        }
    told = {"reference": posting.reference, "comment": reason, **{k: v for k, v in data.items() if v}}
    record(what, posting.entry, by=by, company=posting.connection.company, data=told)
