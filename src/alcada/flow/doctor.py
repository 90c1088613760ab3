"""The examination: is everything as it should be, and what is to be done where it is not."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final

from django.db import connection as database
from django.db.models import Count, F, Min, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.approval import queries as approvals
from alcada.connections.models import Application, Connection
from alcada.connections.queries import health, undecided
from alcada.connections.rules import code_of
from alcada.flow import (
    doctor_books,
    doctor_corrections,
    doctor_database,
    doctor_mapping,
    doctor_notices,
    doctor_setup,
    shipped,
)
from alcada.flow.findings import Finding
from alcada.people.models import Company
from alcada.posting.models import WITHOUT_ID, Attempt, Posting, State
from alcada.posting.rules import ASKED

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=60)
QUEUE_AGE = timedelta(minutes=5)


def examine(*, online: bool, whole: bool = True) -> list[Finding]:
    """Examine all of it; `online` also asks Conta Azul for its clock, and what its copies say.

    Not `whole`: of history the latest only, so that a page is there soon. A check that fails is told as such, and the
    others go on; without a database none can.
    """
    if found := doctor_database.unusable():
        return found
    checks = [
        *_HERE,
        *(_THERE if online else ()),
        doctor_database.chains if whole else doctor_database.latest_chains,
        *((doctor_notices.sent_checkpoints,) if whole else ()),
    ]
    return [finding for check in checks for finding in _made(check)]


def _made(check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    name = f"{check.__module__.rpartition('.')[2]}.{check.__name__.strip('_')}"
    try:
        return list(check())
    except Exception as exc:
        log.exception("the check %s failed", name)
        return [
            Finding(
                "problem",
                "database",
                _("The check “%(name)s” could not be made: %(error)s.")
                % {"name": name, "error": type(exc).__name__},
                _("The log says more. Should it happen again, send the report to whoever supports you."),
                code="check_failed",
                facts={"check": name, "error": type(exc).__name__},
            )
        ]


def _workers() -> Iterator[Finding]:
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %s",
            [timezone.now() - HEARTBEAT],
        )
        alive = cursor.fetchone()[0]
    if alive:
        yield Finding(
            "ok",
            "workers",
            _("Workers running: %(count)s.") % {"count": alive},
            code="workers",
            facts={"count": alive},
        )
    else:
        yield Finding(
            "problem",
            "workers",
            _("No worker has given a sign of life for a minute: nothing is being posted."),
            _("Start one with `alcada worker`, or start the product again."),
            code="no_worker",
        )


def _application() -> Iterator[Finding]:
    if not Application.objects.filter(is_default=True).exists():
        yield Finding(
            "warning",
            "connections",
            _("The application at Conta Azul is not registered yet."),
            _("Open Connections and follow the guide."),
            code="no_application",
        )


def _connections() -> Iterator[Finding]:
    for connection in Connection.objects.select_related("company"):
        state = health(connection)
        named = {"company": connection.company.name, "name": connection.name, "state": state.label}
        waiting = connection.postings.filter(state=State.QUEUED).count()
        facts: dict[str, int | float | str] = {
            "connection": connection.pk,
            "state": state.state,
            "error": code_of(connection.last_error),
            "waiting": waiting,
        }
        if state.good and connection.unreached_since:
            since = timezone.localtime(connection.unreached_since).strftime("%d/%m/%Y %H:%M")
            yield Finding(
                "problem" if waiting else "warning",
                "connections",
                _(
                    "%(company)s, %(name)s: Conta Azul does not answer since %(since)s. Postings waiting: %(count)s."
                )
                % {**named, "since": since, "count": waiting},
                _("It is tried again by itself. See whether this machine is online, or Conta Azul away."),
                code="connection_unreached",
                facts=facts,
            )
        elif state.good:
            yield Finding(
                "ok",
                "connections",
                _("%(company)s, %(name)s: connected.") % named,
                code="connection",
                facts=facts,
            )
        else:
            yield Finding(
                "problem" if waiting else "warning",
                "connections",
                _("%(company)s, %(name)s: %(state)s. Postings waiting: %(count)s.")
                % {**named, "count": waiting},
                _("Open the connection: its page says what to do."),
                code="connection_stopped",
                facts=facts,
            )


def _routing() -> Iterator[Finding]:
    for company in undecided(Company.objects.all()):
        yield Finding(
            "warning",
            "connections",
            _("%(company)s has several accounts and no default: what no routing rule takes is refused.")
            % {"company": company.name},
            _("Open Connections, Routing, and choose where such entries go."),
            code="routing_undecided",
            facts={"company": company.pk},
        )


def _queue() -> Iterator[Finding]:
    now = timezone.now()
    usable = Posting.objects.filter(connection__state=Connection.State.CONNECTED)
    # Not kept for long by a worker that works, whatever its heartbeat says.
    looked_for = Q(state=State.UNKNOWN, next_try_at__lt=now - QUEUE_AGE)
    claimed = Q(state=State.SENDING, claim_until__lt=now - QUEUE_AGE)
    if left := usable.filter(looked_for | claimed).count():
        yield Finding(
            "problem",
            "postings",
            _("Postings that may have arrived and are not looked for, though it is time: %(count)s.")
            % {"count": left},
            _("See whether a worker runs, and whether Conta Azul answers."),
            code="postings_not_looked_for",
            facts={"count": left},
        )
    due = usable.filter(state=State.QUEUED, next_try_at__lt=now).aggregate(
        count=Count("pk"), oldest=Min("next_try_at")
    )
    if due["oldest"] and now - due["oldest"] > QUEUE_AGE:
        yield Finding(
            "problem",
            "postings",
            _("%(count)s postings could leave and do not; the oldest waits since %(since)s.")
            % {"count": due["count"], "since": timezone.localtime(due["oldest"]).strftime("%d/%m/%Y %H:%M")},
            _("See whether a worker runs, and whether Conta Azul answers."),
            code="postings_kept",
            facts={"count": due["count"], "oldest_s": round((now - due["oldest"]).total_seconds())},
        )
    elif not left:
        yield Finding(
            "ok", "postings", _("Nothing that could be posted is kept waiting."), code="postings_flow"
        )


def _stuck() -> Iterator[Finding]:
    postings = Posting.objects.all()
    for code, found, sentence in (
        (
            "undecided",
            postings.filter(state=State.UNDECIDED),
            _("Postings that a person has to decide: %(count)s."),
        ),
        (
            "refused",
            postings.filter(state=State.REFUSED).exclude(reason__in=ASKED),
            _("Postings that Conta Azul refused: %(count)s."),
        ),
        (
            "by_hand_without_id",
            postings.filter(WITHOUT_ID),
            _("Postings marked by hand, without the id of their entry in Conta Azul: %(count)s."),
        ),
    ):
        if count := found.count():
            yield Finding(
                "warning",
                "postings",
                sentence % {"count": count},
                _("Open Postings: each says what to do."),
                code=code,
                facts={"count": count},
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
                "step": shipped.shown(step.name),
            },
            _("Give somebody the role who did not enter it; they are asked within a minute."),
            code="unanswerable",
            facts={"entry": step.round.entry_id},
        )


def _late_answers() -> Iterator[Finding]:
    """An entry that stands in Conta Azul beside what we believe: the loudest thing there is."""
    created = Attempt.objects.filter(kind=Attempt.Kind.ENTRY, outcome=Attempt.Outcome.POSTED)
    others = created.exclude(remote_id=F("posting__remote_event_id"))
    for attempt in others.select_related("posting__entry").defer("posting__content", "request", "response"):
        yield Finding(
            "problem",
            "postings",
            _("Entry %(number)s: Conta Azul holds event %(event)s, which is not the posting's own.")
            % {"number": attempt.posting.entry.number, "event": attempt.remote_id},
            _("Look at both in Conta Azul; remove the one too many there."),
            code="second_event",
            facts={"entry": attempt.posting.entry_id},
        )


_HERE: Final[tuple[Callable[[], Iterator[Finding]], ...]] = (
    doctor_database.answers,
    doctor_setup.clock,
    _workers,
    doctor_setup.jobs,
    _application,
    _connections,
    _routing,
    doctor_setup.mapping,
    doctor_mapping.findings,
    _queue,
    _stuck,
    doctor_corrections.examine,
    _unanswerable,
    _late_answers,
    doctor_books.followed,
    doctor_notices.letters,
)
_THERE: Final[tuple[Callable[[], Iterator[Finding]], ...]] = (doctor_setup.their_clock, doctor_books.examine)
