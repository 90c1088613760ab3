"""An entry's history as a story: each record a sentence for a controller, the evidence folded behind it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections import call_words
from alcada.history import queries as history
from alcada.history.models import Record
from alcada.intake.models import Entry
from alcada.posting.models import Attempt
from alcada.web import frozen
from alcada.web.history_words import sentence
from conta_azul import sentences

Data = Mapping[str, Any]

# Where a decision or a change came from, as people say it.
CHANNELS: Final[dict[str, str | Promise]] = {
    "web": lazy("on the web page"),
    "email": lazy("by e-mail"),
    "api": lazy("through the API"),
    "whatsapp": lazy("by WhatsApp"),
}


@dataclass(frozen=True)
class Line:
    """One thing that happened. `colour` as in flow.queries.STATUSES; the lists and texts are the evidence."""

    sequence: int
    event: str
    at: datetime
    who: str  # empty: the product itself
    sentence: str
    colour: str = "grey"
    comment: str = ""
    channel: str = ""
    facts: list[tuple[str, str]] = field(default_factory=list)
    changes: list[frozen.Change] = field(default_factory=list)
    texts: list[tuple[str, str]] = field(default_factory=list)
    hash: str = ""


def of(entry: Entry) -> list[Line]:
    """The entry's story, what happened last on top. A call to Conta Azul and its outcome are one line."""
    records = list(history.of(entry))
    attempts = {a.pk: a for a in Attempt.objects.filter(posting__entry=entry)}
    outcomes = {r.data.get("attempt"): r for r in records if r.event == "posting.outcome"}
    told = {r.data.get("attempt") for r in records if r.event == "posting.attempted"}
    lines = []
    for record in records:
        number = record.data.get("attempt")
        if record.event == "posting.outcome" and number in told:
            continue  # told in the line of its attempt
        outcome = outcomes.get(number) if record.event == "posting.attempted" else None
        lines.append(_line(record, outcome, attempts.get(number) if number else None))
    return lines[::-1]


def _line(record: Record, outcome: Record | None, attempt: Attempt | None) -> Line:
    data = record.data
    result = (outcome or record).data.get("outcome", "")
    return Line(
        sequence=record.sequence,
        event=record.event,
        at=record.at,
        who=record.actor_name,
        sentence=sentence(record.event, {**data, **(outcome.data if outcome else {})}),
        colour=_OUTCOME_COLOURS.get(result) or COLOURS.get(record.event, "grey"),
        comment=str(data.get("comment") or ""),
        channel=_channel(record.channel),
        facts=_facts(record.event, {**data, **(outcome.data if outcome else {})}),
        changes=frozen.changes(data.get("changes") or data.get("left") or []),
        texts=_texts(data, attempt),
        hash=record.hash,
    )


def _channel(channel: str) -> str:
    """In words; of the API with the token: "api:k3f9x2ab"."""
    name, _colon, token = channel.partition(":")
    words = str(CHANNELS.get(name, name))
    which = _("token %(prefix)s…") % {"prefix": token}
    return f"{words} ({which})" if token else words


def _facts(event: str, data: Data) -> list[tuple[str, str]]:
    if event in ("entry.submitted", "correction.submitted"):
        return frozen.facts(data.get("content") or {})
    data = {**data, **_ended(data)}
    pairs = [
        (str(name), places(data.get(key)) if key in ("searched", "failed") else _plain(data.get(key)))
        for key, name in EVIDENCE.items()
    ]
    return [(name, value) for name, value in pairs if value]


def _ended(data: Data) -> dict[str, str]:
    """How a call ended, as recorded in the client's English: what Conta Azul said, and what went wrong on the way."""
    told = sentences.taken_apart(str(data.get("detail") or ""))
    return {"detail": told.words, "cause": told.cause} if told else {}


# Evidence that a record may carry, in the order in which it is shown.
EVIDENCE: Final[dict[str, str | Promise]] = {
    "reference": lazy("Reference"),
    "account": lazy("Account"),
    "event": lazy("Id in Conta Azul"),
    "remote_id": lazy("Id in Conta Azul"),
    "events": lazy("Ids in Conta Azul"),
    "instalments": lazy("Ids of the instalments"),
    "status": lazy("HTTP status"),
    "detail": lazy("What Conta Azul said"),
    "cause": lazy("Technical cause"),
    "nfe_key": lazy("NF-e key"),
    "sha256": "SHA-256",
    "size": lazy("Size in bytes"),
    "searched": lazy("Looked in"),
    "failed": lazy("Could not be searched"),
}


def _texts(data: Data, attempt: Attempt | None) -> list[tuple[str, str]]:
    request = data.get("request") or (attempt.request if attempt else None)
    texts = [(_("Sent to Conta Azul"), pretty(request))] if request else []
    if attempt and attempt.response:
        texts.append((_("Answer of Conta Azul"), pretty(attempt.response)))
    return texts


def pretty(value: Any) -> str:
    """JSON, laid out to be read; other text as it came."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, ensure_ascii=False, indent=2)


# Where a look searched (ledger.search), in words.
_PLACES: Final[dict[str, str | Promise]] = {
    "newer list": lazy("the list of entries"),
    "search": lazy("the search of instalments"),
    "change feed": lazy("every entry changed since it was sent"),
}


def places(names: Any) -> str:
    """ "newer list", "change feed: <how the call ended>" and the like as people read them."""
    shown = []
    for name in names if isinstance(names, list) else []:
        place, _colon, ended = str(name).partition(": ")
        why = f" ({call_words.failure(ended)})" if ended else ""
        shown.append(f"{_PLACES.get(place, place)}{why}")
    return "; ".join(shown)


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    if isinstance(value, dict):
        return pretty(value)
    return "" if value is None else str(value)


COLOURS: Final = {
    "entry.discarded": "grey",
    "approval.step.approved": "green",
    "approval.completed": "green",
    "approval.not_needed": "green",
    "approval.step.rejected": "red",
    "approval.step.sent_back": "yellow",
    "approval.asked": "blue",
    "entry.submitted": "blue",
    "posting.intended": "blue",
    "posting.attempted": "blue",
    "posting.posted": "green",
    "posting.found": "green",
    "posting.refused": "red",
    "posting.unknown": "yellow",
    "posting.undecided": "yellow",
    "posting.cancelled": "grey",
    "posting.adopted": "green",
    "posting.by_hand": "green",
    "posting.settled": "green",
    "correction.submitted": "blue",
    "correction.intended": "blue",
    "correction.asked": "yellow",
    "correction.made": "green",
    "correction.left": "yellow",
    "correction.done_there": "green",
    "ledger.paid": "green",
    "ledger.partly_paid": "blue",
    "ledger.payment_undone": "yellow",
    "ledger.edited": "yellow",
    "ledger.gone": "red",
    "ledger.as_approved": "green",
}
_OUTCOME_COLOURS: Final = {
    "posted": "green",
    "found": "green",
    "refused": "red",
    "unknown": "yellow",
    "several": "yellow",
    "connection": "yellow",
    "not_sent": "grey",
}
