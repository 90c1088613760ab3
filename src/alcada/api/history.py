"""An entry's history, with the hashes by which anybody can check that nobody rewrote it."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_noop as noop
from ninja import Router, Schema
from pydantic import Field

from alcada.api.entries import entry_for
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import Key, Moment
from alcada.api.scopes import Bearer
from alcada.history import queries as history
from alcada.history.models import Chain, Record
from alcada.intake.models import Entry

router = Router(tags=["history"])


class Actor(Schema):
    id: int
    name: str = Field(description=noop("As it was then."))


class RecordOut(Schema):
    sequence: int
    event: str
    at: Moment
    actor: Actor | None = Field(description=noop("Nobody: the product itself."))
    channel: str
    data: dict[str, Any]
    previous: str = Field(description=noop("The hash of the record before; empty for the first."))
    hash: str


class ChainOut(Schema):
    kind: str
    key: int
    length: int
    head: str = Field(description=noop("The hash of the latest record."))


class HistoryPage(Schema):
    chain: ChainOut
    items: list[RecordOut]
    next: str | None


@router.get(
    "/{pk}/history",
    auth=Bearer("history:read"),
    response=HistoryPage,
    summary=noop("An entry's history, the oldest first"),
)
def entry_history(request: HttpRequest, pk: Key, limit: Limit = USUAL, cursor: Cursor = "") -> dict[str, Any]:
    entry = entry_for(request, pk)
    kind = Entry._meta.label_lower
    chain = Chain.objects.filter(kind=kind, key=entry.pk).first()
    told = {"kind": kind, "key": entry.pk, "length": 0, "head": ""}
    if chain is not None:
        told |= {"length": chain.length, "head": chain.head}
    found = page(request, history.of(entry), ["sequence"], show=_shown, limit=limit, cursor=cursor)
    return {"chain": told, **found}


def _shown(record: Record) -> dict[str, Any]:
    same = ("sequence", "event", "at", "channel", "data", "previous", "hash")
    actor = {"id": record.actor_id, "name": record.actor_name} if record.actor_id else None
    return {**{name: getattr(record, name) for name in same}, "actor": actor}
