"""A connection's history as sentences."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections.authorisation import CHANNEL
from alcada.connections.models import Connection
from alcada.connections.rules import explain, their_words
from alcada.history.models import Record
from alcada.history.queries import of

# event -> what happened, tone, icon
WORDS: Final[dict[str, tuple[str | Promise, str, str]]] = {
    "connection.created": (lazy("Added"), "grey", "plus"),
    "connection.authorised": (lazy("Connected to %(account)s"), "green", "plug"),
    "connection.wrong_company": (lazy("%(authorised)s was authorised instead of %(expected)s"), "red", "ban"),
    "connection.needs_authorisation": (lazy("Needs authorisation again"), "yellow", "alert-triangle"),
    "connection.plan_refused": (lazy("The plan refused the API"), "red", "ban"),
    "connection.plan_allowed": (lazy("The plan allows the API again"), "green", "circle-check"),
    "connection.directory_synced": (lazy("Categories, accounts or cost centres changed"), "grey", "refresh"),
    "connection.owner_changed": (lazy("The account's owner is %(owner)s"), "grey", "user"),
    "connection.link_made": (lazy("Consent link made for %(owner)s"), "grey", "link"),
    "connection.link_revoked": (lazy("Consent link of %(owner)s revoked"), "grey", "unlink"),
    "mapping.confirmed": (lazy("%(name)s confirmed as %(now)s"), "green", "check"),
    "mapping.confirmed_sure": (lazy("Mappings confirmed: %(count)s"), "green", "check"),
    "mapping.chosen": (lazy("%(name)s mapped to %(now)s"), "green", "link"),
    "mapping.removed": (lazy("%(name)s: its mapping was taken away"), "grey", "unlink"),
    "mapping.renamed_there": (
        lazy("%(name)s was renamed there: %(before)s is now %(now)s"),
        "yellow",
        "alert-triangle",
    ),
    "mapping.gone_there": (lazy("%(name)s was deactivated or deleted there"), "red", "alert-triangle"),
    "mapping.back_there": (lazy("%(name)s is there again"), "green", "circle-check"),
    "connection.paused": (lazy("Paused"), "grey", "player-pause"),
    "connection.resumed": (lazy("Resumed"), "green", "player-play"),
}


@dataclass(frozen=True)
class Line:
    text: str
    tone: str
    icon: str
    who: str
    at: datetime
    comment: str


def lines(connection: Connection, limit: int = 12) -> list[Line]:
    """The latest first."""
    return [_line(record) for record in of(connection).order_by("-sequence")[:limit]]


def _line(record: Record) -> Line:
    words, tone, icon = WORDS.get(record.event, (record.event, "grey", "history"))
    data = record.data | {"owner": record.data.get("owner") or _("the account's owner")}
    text = str(words) % data if "%(" in str(words) else str(words)
    comment = explain(data["reason"]) if "reason" in data else their_words(data.get("words", ""))
    who = record.actor_name
    if record.channel == CHANNEL:
        who = _("%(owner)s, by the consent link") % data
    return Line(text, tone, icon, who, record.at, comment)
