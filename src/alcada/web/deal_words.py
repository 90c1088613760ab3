"""What pages say of a deal: its states, why it can't be reopened, and its history in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada import money
from alcada.history import queries as history
from alcada.sales.models import Deal

Data = Mapping[str, Any]

COLOURS: Final = {Deal.State.OPEN: "blue", Deal.State.WON: "green", Deal.State.LOST: "grey"}

# Of a stage or a pipeline.
STAGE_REFUSALS: Final[Mapping[str, str | Promise]] = {
    "taken": lazy("There is one with this name already."),
    "name": lazy("Give it a name: 60 characters at most."),
    "many": lazy("A pipeline has 20 stages at most."),
    "last": lazy("A pipeline keeps at least one stage."),
    "used": lazy("There are open deals in it. Move them to another stage first."),
    "gone": lazy("This stage is not there any more."),
}
_FIELDS: Final[Mapping[str, str | Promise]] = {
    "title": lazy("What is sold"),
    "customer": lazy("Customer"),
    "value": lazy("Value"),
    "terms": lazy("Payment terms"),
    "stage": lazy("Stage"),
    "category": lazy("Category"),
    "cost_centre": lazy("Cost centre"),
    "bank_account": lazy("Received in"),
    "owner": lazy("Owner"),
    "expected_on": lazy("Expected to close on"),
    "notes": lazy("Notes"),
}


@dataclass(frozen=True)
class Line:
    """One thing that happened."""

    at: datetime
    who: str
    sentence: str
    tone: str = "grey"
    icon: str = "circle-dashed"
    comment: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)  # field, before, after


def lines(deal: Deal) -> list[Line]:
    """The deal's story, what happened last on top."""
    return [_line(record.event, record.data, record.at, record.actor_name) for record in history.of(deal)][
        ::-1
    ]


def _line(event: str, data: Data, at: datetime, who: str) -> Line:
    words, tone, icon = _EVENTS.get(event, (None, "grey", "circle-dashed"))
    changes = [_change(one) for one in data.get("changes") or []]
    comment = str(data.get("reason") or "")
    return Line(at, who, words(data) if words else event, tone, icon, comment, changes)


def _change(change: Data) -> tuple[str, str, str]:
    name = str(change["field"])
    return str(_FIELDS.get(name, name)), _shown(name, change["old"]), _shown(name, change["new"])


def _shown(name: str, value: str) -> str:
    if not value:
        return "—"
    if name == "value":
        return money.format_brl(Decimal(value), "BRL", get_language() or "pt-br")
    if name == "expected_on":
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    return value


def _created(data: Data) -> str:
    if data.get("source") == "sheet":
        told = {"file": data.get("file", ""), "line": data.get("line", "")}
        return _("Deal entered by import of %(file)s, line %(line)s") % told
    return _("Deal entered")


def _won(data: Data) -> str:
    if int(data.get("revision") or 1) > 1:
        text = _("Won again: receivable #%(entry)s, revision %(revision)s")
        return text % {"entry": data.get("entry"), "revision": data.get("revision")}
    return _("Won: receivable #%(entry)s made") % {"entry": data.get("entry")}


def _moved(data: Data) -> str:
    return _("Moved from %(before)s to %(stage)s") % {
        "before": data.get("before", ""),
        "stage": data.get("stage", ""),
    }


def _reopened(data: Data) -> str:
    if data.get("before") == Deal.State.WON:
        return _("Reopened: its receivable was taken back")
    return _("Reopened")


_EVENTS: Final[dict[str, tuple[Callable[[Data], str], str, str]]] = {
    "deal.created": (_created, "grey", "plus"),
    "deal.changed": (lambda _data: _("Changed"), "grey", "edit"),
    "deal.moved": (_moved, "blue", "arrow-right"),
    "deal.won": (_won, "green", "check"),
    "deal.reopened": (_reopened, "yellow", "arrow-back-up"),
    "deal.lost": (lambda _data: _("Lost"), "grey", "x"),
}
EVENTS_WITH_WORDS: Final = frozenset(_EVENTS)
