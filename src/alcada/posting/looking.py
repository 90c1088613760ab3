"""What a look for an unknown posting led to. Each locks, checks, writes and records in one transaction."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from alcada import queue
from alcada.history.actions import record
from alcada.posting import moves, telling
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import Evidence, Outcome, Patience, Verdict, judge_absence, next_look_s, watch

TAKEN_FOR_S: Final = 120.0  # longer than a look takes, short enough when its worker dies


def take_due(connection_id: int, most: int) -> list[int]:
    """The account's postings to look for now; for a while no other worker takes them."""
    with transaction.atomic():
        due = Posting.objects.select_for_update(skip_locked=True).filter(
            connection_id=connection_id, state=State.UNKNOWN, next_try_at__lte=timezone.now()
        )
        ids = list(due.order_by("next_try_at").values_list("pk", flat=True)[:most])
        later = timezone.now() + timedelta(seconds=TAKEN_FOR_S)
        Posting.objects.filter(pk__in=ids).update(next_try_at=later)
    return ids


def begin(posting_id: int) -> Posting | None:
    """A look begins: the posting, with the time counted for which it was watched until now. None: it isn't looked for.

    Before the searches, for what they see is as old as their beginning, however long they take.
    """
    with transaction.atomic():
        rows = Posting.objects.select_for_update(of=("self",)).select_related("connection")
        posting = rows.get(pk=posting_id)
        if posting.state != State.UNKNOWN or posting.sent_at is None:
            return None
        now = timezone.now()
        watched = watch(posting.watched_at, now, planned_s=_planned_s(posting.looks - 1))
        posting.watched_s, posting.watched_at = posting.watched_s + watched.seconds, now
        if watched.set_back_s and posting.may_stand_since:
            # By the clock of now it was sent so much earlier, and the change feed is read from then on.
            posting.may_stand_since -= timedelta(seconds=watched.set_back_s)
        posting.save(update_fields=["watched_s", "watched_at", "may_stand_since"])
        return posting


def found(
    posting_id: int, event_ids: list[str], instalment_ids: Mapping[str, list[str]], look: Mapping[str, Any]
) -> Posting:
    """The looking found the reference: one event is adopted, more than one goes to a person, loudly.

    Also where the posting went on meanwhile (another look, a person): what stands there stands there, and is not sent
    again.
    """
    with transaction.atomic():
        posting = Posting.objects.select_for_update().get(pk=posting_id)
        several = len(event_ids) > 1
        kind = Attempt.Outcome.SEVERAL if several else Attempt.Outcome.FOUND
        _record_look(posting, Outcome(kind, remote_id=event_ids[0]), look)
        if not several and _is_anothers(posting, event_ids[0]):
            if posting.state == State.UNKNOWN:
                _ask(posting, {**look, "unclear": event_ids})
            return posting
        if posting.state not in (State.UNKNOWN, State.UNDECIDED):
            for event_id in event_ids:
                moves.believe(posting, event_id, instalment_ids.get(event_id, []), "posting.found")
            return posting
        if several:
            if posting.state != State.UNDECIDED:
                moves.move(posting, State.UNDECIDED, reason="several_found", detail=", ".join(event_ids))
                telling.stopped(posting)
            record(
                "posting.undecided",
                posting.entry,
                company=posting.connection.company,
                data={"reason": "several_found", "events": event_ids},
            )
            return posting
        moves.mark_posted(posting, event_ids[0], instalment_ids.get(event_ids[0], []), "posting.found")
        return posting


def _is_anothers(posting: Posting, event_id: str) -> bool:
    """Another posting is known to be this event (a person said so): which of them is, only a person can tell."""
    same = Posting.objects.filter(connection_id=posting.connection_id, remote_event_id=event_id)
    return same.exclude(pk=posting.pk).exists()


def not_found(
    posting_id: int,
    look: Mapping[str, Any],
    *,
    sent_at: datetime,
    watched_s: float,
    conclusive: bool,
    evidence: Evidence,
) -> Posting:
    """The looking found nothing: look on, send again (absence is believed), or ask a person (`rules.Verdict`).

    `watched_s` is from the sending to the *beginning* of the look (`begin`). A look at an earlier sending than the
    posting's last (`sent_at`) says nothing about this one, and changes nothing. `conclusive`: all was searched, and
    nothing that was changed since could be ours.
    """
    with transaction.atomic():
        posting = Posting.objects.select_for_update().get(pk=posting_id)
        if posting.state != State.UNKNOWN or posting.sent_at != sent_at:
            return posting
        _record_look(posting, Outcome(Attempt.Outcome.NOT_FOUND), look)
        _CONSEQUENCES[_judge(posting, evidence, watched_s, conclusive)](posting, look)
        return posting


def absent_means(posting: Posting, evidence: Evidence) -> Verdict:
    """What would follow if the look that has begun (`begin`) found nothing anywhere."""
    return _judge(posting, evidence, posting.watched_s, conclusive=True)


def _judge(posting: Posting, evidence: Evidence, watched_s: float, conclusive: bool) -> Verdict:
    patience = Patience(
        absence_evidence=int(settings.POSTING["absence_evidence"]),
        absence_span_s=settings.POSTING["absence_span_s"],
        look_for_s=settings.POSTING["look_for_s"],
        resends=int(settings.POSTING["resends"]),
    )
    return judge_absence(
        evidence, patience, watched_s=watched_s, resent=posting.resent, all_searched=conclusive
    )


def _send_again(posting: Posting, look: Mapping[str, Any]) -> None:
    posting.resent = True
    posting.save(update_fields=["resent"])
    moves.move(posting, State.QUEUED, reason="surely_absent")
    record(
        "posting.queued_again",
        posting.entry,
        company=posting.connection.company,
        data={"reason": "surely_absent", **look},
    )
    queue.wake(posting.connection_id)


def _ask(posting: Posting, look: Mapping[str, Any]) -> None:
    reason = "unclear" if look.get("unclear") else "not_found"
    moves.move(posting, State.UNDECIDED, reason=reason, detail=", ".join(look.get("unclear", [])))
    data = {"reason": reason, **look}
    record("posting.undecided", posting.entry, company=posting.connection.company, data=data)
    telling.stopped(posting)


def _look_on(posting: Posting, look: Mapping[str, Any]) -> None:
    posting.next_try_at = timezone.now() + timedelta(seconds=_planned_s(posting.looks))
    posting.looks += 1
    posting.save(update_fields=["looks", "next_try_at"])


def _planned_s(looks: int) -> float:
    """The pause after so many looks that led to nothing; before the first one it is that of a first look."""
    if looks < 0:
        return float(settings.POSTING["first_look_s"])
    return next_look_s(
        looks, first_s=settings.POSTING["first_look_s"], spacing_s=settings.POSTING["look_spacing_s"]
    )


_CONSEQUENCES: Final = {Verdict.SEND_AGAIN: _send_again, Verdict.ASK: _ask, Verdict.LOOK_ON: _look_on}


def doubt_all() -> int:
    """After a restore: whatever was not posted when the backup was made may have been posted since. Look for it first.

    Left alone: what is posted or cancelled, and a refused revision that another has taken the place of.
    """
    count = 0
    doubtful = Posting.objects.exclude(state__in=[State.POSTED, State.CANCELLED])
    for pk in doubtful.order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            posting = Posting.objects.select_for_update(of=("self",)).select_related("entry").get(pk=pk)
            replaced = posting.entry.current_id != posting.revision_id or posting.entry.draft is not None
            if posting.state == State.REFUSED and replaced:
                continue
            # Sent, if at all, at an unknown moment before now: the time to wait for it to show begins here.
            posting.sent_at, posting.looks = timezone.now(), 0
            posting.watched_s, posting.watched_at = 0.0, posting.sent_at
            posting.may_stand_since = posting.created_at
            posting.save(update_fields=["sent_at", "looks", "watched_s", "watched_at", "may_stand_since"])
            if posting.state != State.UNKNOWN:
                moves.move(posting, State.UNKNOWN, reason="restored")
            company = posting.connection.company
            record(
                "posting.unknown", posting.entry, company=company, data={"detail": "", "reason": "restored"}
            )
            count += 1
    return count


def _record_look(posting: Posting, outcome: Outcome, look: Mapping[str, Any]) -> None:
    Attempt.objects.create(
        connection_id=posting.connection_id,
        posting=posting,
        kind=Attempt.Kind.LOOK_UP,
        request=dict(look),
        finished_at=timezone.now(),
        outcome=outcome.kind,
        remote_id=outcome.remote_id,
    )
