"""The examination of the books: are they followed, do their copies of our histories' marks agree, is nothing twice?"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from alcada.connections import call_words
from alcada.connections.models import Connection
from alcada.flow.findings import Finding
from alcada.flow.posting import due_dates
from alcada.history import queries as history
from alcada.ledger import search as books
from alcada.ledger.models import InstalmentState, Poll
from alcada.posting.models import BY_HAND, Posting, State

LATE_S: Final = 1800.0
NOTES_CHECKED = 2000  # postings per connection, the latest first
_HASH = re.compile(r"\b[0-9a-f]{64}\b")


def followed() -> Iterator[Finding]:
    """What became of our postings is asked every two minutes or so: an account of which nothing was heard for long."""
    late = timedelta(seconds=max(LATE_S, 10 * settings.RETURNING["every_s"]))
    silent = [
        poll
        for poll in Poll.objects.filter(connection__state=Connection.State.CONNECTED)
        .select_related("connection__company")
        .order_by("pk")
        if (poll.polled_at or poll.seen_until) < timezone.now() - late
    ]
    for poll in silent:
        since = timezone.localtime(poll.polled_at or poll.seen_until).strftime("%d/%m/%Y %H:%M")
        yield Finding(
            "warning",
            "postings",
            _("%(company)s, %(name)s: what became of the postings is not known since %(since)s.")
            % {"company": poll.connection.company.name, "name": poll.connection.name, "since": since},
            _("See whether a worker runs; the account's page says what was wrong last."),
            code="not_followed",
            facts={"connection": poll.connection_id},
        )
    if not silent:
        yield Finding("ok", "postings", _("What became of the postings is known."), code="followed")


def examine() -> Iterator[Finding]:
    """Conta Azul's copy of each chain's head: who rewrote our database whole did not rewrite theirs."""
    for connection in Connection.objects.filter(state=Connection.State.CONNECTED).select_related("company"):
        for kind in ("payable", "receivable"):
            posted = Posting.objects.filter(connection=connection, kind=kind, state=State.POSTED)
            posted = posted.exclude(reason=BY_HAND)  # typed there by a person, without our mark
            latest = list(posted.select_related("revision", "entry").order_by("-pk")[:NOTES_CHECKED])
            if latest:
                yield from _compare(connection, kind, latest)


def _compare(connection: Connection, kind: str, postings: list[Posting]) -> Iterator[Finding]:
    days = [day for posting in postings for day in due_dates(posting)]
    # Where they are due by now: corrected, or moved there.
    days += InstalmentState.objects.filter(entry__posting__in=postings).values_list("due_date", flat=True)
    named = {"company": connection.company.name, "name": connection.name}
    kinds = {"payable": _("payables"), "receivable": _("receivables")}
    try:
        events = books.events(connection.pk, kind=kind, due_from=min(days), due_to=max(days))
    except books.FAILURES as exc:
        yield Finding(
            "warning",
            "history",
            _("%(company)s, %(name)s could not be asked: %(why)s.")
            % {**named, "why": call_words.failure(str(exc))},
            code="books_not_asked",
            facts={"connection": connection.pk},
        )
        return
    notes = {event.id: event.note or "" for event in events}
    standing = Counter(event.reference for event in events)
    parted = 0
    for posting in postings:
        if sentence := _parts(posting, notes.get(posting.remote_event_id)):
            parted += 1
            yield Finding(
                "problem",
                "history",
                sentence,
                _("Compare the entry here with the one in Conta Azul."),
                code="books_part",
                facts={"entry": posting.entry_id},
            )
        if standing[posting.reference] > 1:
            parted += 1
            yield _twice(posting, standing[posting.reference])
    if not parted:
        yield Finding(
            "ok",
            "history",
            ngettext(
                "%(company)s, %(name)s: Conta Azul's copy agrees with %(count)s history (%(kind)s).",
                "%(company)s, %(name)s: Conta Azul's copy agrees with %(count)s histories (%(kind)s).",
                len(postings),
            )
            % {**named, "count": len(postings), "kind": kinds[kind]},
            code="books_agree",
            facts={"connection": connection.pk, "count": len(postings)},
        )


def _twice(posting: Posting, times: int) -> Finding:
    named = {"number": posting.entry.number, "reference": posting.reference, "times": times}
    return Finding(
        "problem",
        "postings",
        _("Entry %(number)s (%(reference)s) stands %(times)s times in Conta Azul.") % named,
        _("Look at them in Conta Azul; keep one and remove the others there."),
        code="stands_twice",
        facts={"entry": posting.entry_id, "times": times},
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
