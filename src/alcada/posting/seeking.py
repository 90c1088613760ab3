"""A vendor, customer or cost centre whose create may have arrived: looked for as a posting is, once for all that wait.

Whoever looks holds its lease. Each function runs in one transaction of its own; none calls out.
"""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from alcada.connections.models import Connection
from alcada.history.actions import record_all
from alcada.posting import lines
from alcada.posting.models import Attempt, Sought
from alcada.posting.moves import FAR
from alcada.posting.rules import Evidence, Outcome, Patience, Verdict, judge_absence, next_look_s, watch

Ended = Sought.Ended

_NEVER_ARRIVED: Final = (Attempt.Outcome.NOT_SENT, Attempt.Outcome.CONNECTION)
_LEARNT: Final = {
    Ended.THERE: Attempt.Outcome.FOUND,
    Ended.ABSENT: Attempt.Outcome.NOT_FOUND,
    Ended.RELEASED: Attempt.Outcome.NOT_FOUND,
}


def of(connection_id: int, kind: str, key: str) -> Sought | None:
    """What is in doubt by this name. Who holds its lease finds here also what a worker that died left."""
    if sought := Sought.objects.filter(connection_id=connection_id, kind=kind, key=key, ended="").first():
        return sought
    tried = Attempt.objects.filter(connection_id=connection_id, kind=kind, key=key)
    last = tried.exclude(outcome__in=_NEVER_ARRIVED).last()
    # With the lease in our hands, an attempt without an outcome is one whose worker died.
    in_doubt = last is not None and last.outcome in ("", Attempt.Outcome.UNKNOWN)
    return start(last, first_look_s=0.0) if last is not None and in_doubt else None


def start(attempt: Attempt, *, first_look_s: float) -> Sought:
    """It may have arrived: look for it, for the first time in so many seconds."""
    sought, _new = (
        Sought.objects.get_or_create(  # there already: whoever took our lease over found it in doubt
            attempt=attempt,
            defaults={
                "connection_id": attempt.connection_id,
                "kind": attempt.kind,
                "key": attempt.key,
                "watched_at": attempt.started_at,
                "next_look_at": timezone.now() + timedelta(seconds=first_look_s),
            },
        )
    )
    return sought


def restored_lately(connection_id: int) -> bool:
    """Was a backup restored so lately that something made after it, and forgotten here, may not show there yet?"""
    span = timedelta(seconds=settings.POSTING["absence_span_s"])
    return Connection.objects.filter(pk=connection_id, restored_at__gt=Now() - span).exists()


def wait_s(sought: Sought) -> float:
    """Seconds until the next look; zero when it is due. Further ahead than any pause is due: the clock was set back."""
    ahead = sought.next_look_at - timezone.now()
    longest = timedelta(seconds=settings.POSTING["look_spacing_s"]) + FAR
    return ahead.total_seconds() if timedelta() < ahead <= longest else 0.0


def begin(sought_id: int) -> None:
    """A look begins: the time counts until now, for what it sees is as old as its beginning."""
    with transaction.atomic():
        sought = Sought.objects.select_for_update().get(pk=sought_id)
        now = timezone.now()
        sought.watched_s += watch(sought.watched_at, now, planned_s=_pause_s(sought.looks - 1)).seconds
        sought.watched_at = now
        sought.save(update_fields=["watched_s", "watched_at"])


def not_found(sought_id: int, evidence: Evidence) -> Verdict:
    """A whole look found nothing: look on, believe that it is absent (it may be created again), or ask a person.

    As a posting's absence, but for two things: a person is asked as soon as it could have been believed, for others
    wait; and once a person is asked it is for them to say.
    """
    with transaction.atomic():
        sought = Sought.objects.select_for_update(of=("self",)).select_related("attempt").get(pk=sought_id)
        if sought.ended:
            return Verdict.LOOK_ON
        span = settings.POSTING["absence_span_s"]
        verdict = judge_absence(
            evidence,
            Patience(
                absence_evidence=int(settings.POSTING["absence_evidence"]),
                absence_span_s=span,
                look_for_s=span,
                resends=int(settings.POSTING["resends"]),
            ),
            watched_s=sought.watched_s,
            resent=_believed_before(sought),
            all_searched=True,
        )
        if sought.asked_at is not None:
            verdict = Verdict.ASK
        if verdict == Verdict.SEND_AGAIN:
            _end(sought, Ended.ABSENT)
            return verdict
        if verdict == Verdict.ASK and sought.asked_at is None:
            sought.asked_at = timezone.now()
        sought.next_look_at = timezone.now() + timedelta(seconds=_pause_s(sought.looks))
        sought.looks += 1
        sought.save(update_fields=["asked_at", "next_look_at", "looks"])
        return verdict


def end(sought_id: int, how: Sought.Ended, *, remote_id: str = "") -> None:
    """It is there (found, or its answer came after all), or a person says that it is not."""
    with transaction.atomic():
        sought = Sought.objects.select_for_update(of=("self",)).select_related("attempt").get(pk=sought_id)
        if not sought.ended:
            _end(sought, how, remote_id)


def look_now(posting_id: int) -> None:
    """Somebody presses: what the posting asks a person about is looked for next, whenever the last look was."""
    asked = Sought.objects.filter(ended="", questions__answer="", questions__postings=posting_id)
    Sought.objects.filter(pk__in=list(asked.values_list("pk", flat=True))).update(next_look_at=timezone.now())


def answered(attempt_id: int, remote_id: str) -> None:
    """The create's answer came after all, to a worker that was taken for dead."""
    late = Sought.objects.filter(attempt_id=attempt_id, ended="").first()
    if late is not None:
        end(late.pk, Ended.THERE, remote_id=remote_id)


def watch_anew() -> None:
    """After a restore: how long it was looked for says nothing of what was made since the backup."""
    now = timezone.now()
    Sought.objects.filter(ended="").update(watched_s=0.0, watched_at=now, looks=0, next_look_at=now)


def _end(sought: Sought, how: Sought.Ended, remote_id: str = "") -> None:
    sought.ended, sought.ended_at = how, timezone.now()
    sought.save(update_fields=["ended", "ended_at"])
    outcome = Outcome(_LEARNT[how], remote_id=remote_id)
    changed = Attempt.objects.filter(pk=sought.attempt_id, outcome__in=["", Attempt.Outcome.UNKNOWN]).update(
        outcome=outcome.kind, remote_id=remote_id, finished_at=timezone.now()
    )
    if changed:
        attempt = Attempt.objects.select_related("posting__connection").get(pk=sought.attempt_id)
        record_all([lines.ended(attempt.posting, attempt.pk, attempt.kind, outcome)])


def _believed_before(sought: Sought) -> bool:
    named = Sought.objects.filter(connection_id=sought.connection_id, kind=sought.kind, key=sought.key)
    return named.filter(ended=Ended.ABSENT).exists()


def _pause_s(looks: int) -> float:
    """As a posting's: soon at first, then at the spacing."""
    first, spacing = settings.POSTING["first_look_s"], settings.POSTING["look_spacing_s"]
    return float(first) if looks < 0 else next_look_s(looks, first_s=first, spacing_s=spacing)
