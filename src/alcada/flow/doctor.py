"""The examination: is everything as it should be, and what is to be done where it is not."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from django.db import connection as database
from django.db.models import Count, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.approval import queries as approvals
from alcada.connections.models import Application, Connection
from alcada.connections.queries import health, undecided
from alcada.flow import doctor_mapping
from alcada.flow.posting import due_dates
from alcada.history import queries as history
from alcada.ledger import search as books
from alcada.people.models import Company
from alcada.posting.models import Attempt, Posting, State
from alcada.posting.rules import ASKED

HEARTBEAT = timedelta(seconds=60)
QUEUE_AGE = timedelta(minutes=5)
NOTES_CHECKED = 2000  # postings per connection, the latest first
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


@dataclass(frozen=True)
class Finding:
    """One thing examined. `level` is "ok", "warning" or "problem"; `todo` is empty when there is nothing to do."""

    level: str
    area: str
    sentence: str
    todo: str = ""


def examine(*, online: bool) -> list[Finding]:
    """Examine all of it; `online` also asks Conta Azul what its copies say."""
    checks = [
        _database,
        _workers,
        _application,
        _connections,
        _routing,
        _queue,
        _stuck,
        _unanswerable,
        _late_answers,
        _chains,
    ]
    findings = [finding for check in checks for finding in check()]
    findings.extend(Finding(*found) for found in doctor_mapping.findings())
    if online:
        findings.extend(_notes_there())
    return findings


def _database() -> Iterator[Finding]:
    with database.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version')")
        version = cursor.fetchone()[0]
    yield Finding("ok", "database", _("PostgreSQL %(version)s answers.") % {"version": version})


def _workers() -> Iterator[Finding]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %s",
            [timezone.now() - HEARTBEAT],
        )
        alive = cursor.fetchone()[0]
    if alive:
        yield Finding("ok", "workers", _("Workers running: %(count)s.") % {"count": alive})
    else:
        yield Finding(
            "problem",
            "workers",
            _("No worker has given a sign of life for a minute: nothing is being posted."),
            _("Start one with `alcada worker`, or start the product again."),
        )


def _application() -> Iterator[Finding]:
    if not Application.objects.filter(is_default=True).exists():
        yield Finding(
            "warning",
            "connections",
            _("The application at Conta Azul is not registered yet."),
            _("Open Connections and follow the guide."),
        )


def _connections() -> Iterator[Finding]:
    for connection in Connection.objects.select_related("company"):
        state = health(connection)
        named = {"company": connection.company.name, "name": connection.name, "state": state.label}
        if state.good:
            yield Finding("ok", "connections", _("%(company)s, %(name)s: connected.") % named)
        else:
            waiting = connection.postings.filter(state=State.QUEUED).count()
            yield Finding(
                "problem" if waiting else "warning",
                "connections",
                _("%(company)s, %(name)s: %(state)s. Postings waiting: %(count)s.")
                % {**named, "count": waiting},
                _("Open the connection: its page says what to do."),
            )


def _routing() -> Iterator[Finding]:
    for company in undecided(Company.objects.all()):
        yield Finding(
            "warning",
            "connections",
            _("%(company)s has several accounts and no default: what no routing rule takes is refused.")
            % {"company": company.name},
            _("Open Connections, Routing, and choose where such entries go."),
        )


def _queue() -> Iterator[Finding]:
    due = Posting.objects.filter(
        state=State.QUEUED, connection__state=Connection.State.CONNECTED, next_try_at__lt=timezone.now()
    ).aggregate(count=Count("pk"), oldest=Min("next_try_at"))
    if due["oldest"] and timezone.now() - due["oldest"] > QUEUE_AGE:
        yield Finding(
            "problem",
            "postings",
            _("%(count)s postings could leave and do not; the oldest waits since %(since)s.")
            % {"count": due["count"], "since": timezone.localtime(due["oldest"]).strftime("%d/%m/%Y %H:%M")},
            _("See whether a worker runs, and whether Conta Azul answers."),
        )
    else:
        yield Finding("ok", "postings", _("Nothing that could be posted is kept waiting."))


def _stuck() -> Iterator[Finding]:
    for state, sentence in (
        (State.UNDECIDED, _("Postings that a person has to decide: %(count)s.")),
        (State.REFUSED, _("Postings that Conta Azul refused: %(count)s.")),
    ):
        count = Posting.objects.filter(state=state).exclude(reason__in=ASKED).count()
        if count:
            yield Finding(
                "warning", "postings", sentence % {"count": count}, _("Open Postings: each says what to do.")
            )


def _unanswerable() -> Iterator[Finding]:
    """A question that nobody can answer waits for ever, and nobody would notice."""
    for step in approvals.unanswerable().select_related("round__entry")[:50]:
        yield Finding(
            "problem",
            "postings",
            _("%(company)s, entry %(number)s: nobody can answer “%(step)s”.")
            % {
                "company": step.round.company.name,
                "number": step.round.entry.number,
                "step": step.name,
            },
            _("Give somebody the role who did not enter it; they are asked within a minute."),
        )


def _late_answers() -> Iterator[Finding]:
    """An entry that stands in Conta Azul beside what we believe: the loudest thing there is."""
    created = Attempt.objects.filter(kind=Attempt.Kind.ENTRY, outcome=Attempt.Outcome.POSTED)
    for attempt in created.select_related("posting__entry"):
        if attempt.remote_id != attempt.posting.remote_event_id:
            yield Finding(
                "problem",
                "postings",
                _("Entry %(number)s: Conta Azul holds event %(event)s, which is not the posting's own.")
                % {"number": attempt.posting.entry.number, "event": attempt.remote_id},
                _("Look at both in Conta Azul; remove the one too many there."),
            )


def _chains() -> Iterator[Finding]:
    broken = list(islice(history.breaks(), 50))
    for place in broken:
        yield Finding(
            "problem",
            "history",
            _("The history of %(kind)s %(key)s does not hold at record %(sequence)s (%(what)s).")
            % {"kind": place.kind, "key": place.key, "sequence": place.sequence, "what": place.what},
            _("Somebody changed the database by hand. Compare with a backup."),
        )
    if not broken:
        yield Finding("ok", "history", _("Every chain of history holds."))


def _notes_there() -> Iterator[Finding]:
    """Conta Azul's copy of each chain's head: who rewrote our database whole did not rewrite theirs."""
    for connection in Connection.objects.filter(state=Connection.State.CONNECTED).select_related("company"):
        for kind in ("payable", "receivable"):
            posted = Posting.objects.filter(connection=connection, kind=kind, state=State.POSTED)
            latest = list(posted.select_related("revision", "entry").order_by("-pk")[:NOTES_CHECKED])
            if latest:
                yield from _compare(connection, kind, latest)


def _compare(connection: Connection, kind: str, postings: list[Posting]) -> Iterator[Finding]:
    days = [day for posting in postings for day in due_dates(posting)]
    try:
        events = books.events(connection.pk, kind=kind, due_from=min(days), due_to=max(days))
    except books.FAILURES as exc:
        yield Finding(
            "warning",
            "history",
            _("%(name)s could not be asked: %(why)s") % {"name": connection.name, "why": exc},
        )
        return
    notes = {event.id: event.note or "" for event in events}
    standing = Counter(event.reference for event in events)
    parted = 0
    for posting in postings:
        if sentence := _parts(posting, notes.get(posting.remote_event_id)):
            parted += 1
            yield Finding(
                "problem", "history", sentence, _("Compare the entry here with the one in Conta Azul.")
            )
        if standing[posting.reference] > 1:
            parted += 1
            yield _twice(posting, standing[posting.reference])
    if not parted:
        yield Finding(
            "ok",
            "history",
            _("%(name)s: Conta Azul's copy agrees with %(count)s histories.")
            % {"name": connection.name, "count": len(postings)},
        )


def _twice(posting: Posting, times: int) -> Finding:
    named = {"number": posting.entry.number, "reference": posting.reference, "times": times}
    return Finding(
        "problem",
        "postings",
        _("Entry %(number)s (%(reference)s) stands %(times)s times in Conta Azul.") % named,
        _("Look at them in Conta Azul; keep one and remove the others there."),
    )


def _parts(posting: Posting, note: str | None) -> str:
    """Where our history and Conta Azul's copy part; empty where they agree."""
    named = {"number": posting.entry.number, "reference": posting.reference}
    if note is None:
        return _("Entry %(number)s (%(reference)s) is not found in Conta Azul.") % named
    hashes = _HASH.findall(note)
    if not hashes:
        return (
            _("Entry %(number)s (%(reference)s): its notes in Conta Azul no longer carry the history's mark.")
            % named
        )
    if not history.holds(posting.entry, hashes[-1]):
        return _("Entry %(number)s (%(reference)s): the history here is not the one that was posted.") % named
    return ""
