"""Postings: on their way to Conta Azul, or there; and what somebody may do about one that stopped."""

from typing import Annotated, Any, Literal

from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema
from pydantic import Field

from alcada.api.caller import caller
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import In, Key, Kind, Moment, Money, Named
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.flow.queries import status_of_posting, visible_postings
from alcada.people.guards import require
from alcada.posting import mending
from alcada.posting.models import Posting
from alcada.posting.models import State as PostingState
from alcada.posting.owners import Owner, that_need_a_person, with_owner

router = Router(tags=["postings"])
READ, MEND = Bearer("postings:read"), Bearer("postings:mend")

State = Literal["queued", "sending", "posted", "refused", "unknown", "undecided", "cancelled"]
Whose = Literal["", "office", "entered"]
assert set(State.__args__) == {*PostingState.values}  # type: ignore[attr-defined]
assert set(Whose.__args__) == {*Owner}  # type: ignore[attr-defined]


class PostingOut(Schema):
    id: int
    reference: str = Field(description=noop("Names it here and in Conta Azul."))
    entry: int
    number: int
    company: Named
    account: Named
    kind: Kind
    state: State
    state_label: str
    reason: str = Field(description=noop("A stable code: docs/posting.md."))
    detail: str
    waits_for: Whose = Field(
        description=noop("Who has to act on it; empty: it goes on by itself, or is done.")
    )
    party_name: str
    amount: Money
    currency: str
    created_at: Moment
    next_try_at: Moment | None
    posted_at: Moment | None
    remote_event_id: str = Field(description=noop("Its id in Conta Azul."))
    remote_instalment_ids: list[str]


class PostingPage(Schema):
    items: list[PostingOut]
    next: str | None


class Again(In):
    sure: bool = Field(
        False,
        description=noop("Needed of an undecided one: you looked for the reference, and it is not there."),
    )


class GivenUp(In):
    reason: Annotated[str, Field(min_length=1, max_length=300)]


@router.get("", auth=READ, response=PostingPage, summary=noop("List postings, the newest first"))
def list_postings(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    account: Annotated[Key | None, Query()] = None,
    entry: Annotated[Key | None, Query()] = None,
    state: Annotated[State | None, Query()] = None,
    reason: Annotated[str, Query(max_length=60)] = "",
    reference: Annotated[str, Query(max_length=20)] = "",
    waiting: Annotated[bool, Query(description=noop("Only those on which somebody has to act."))] = False,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    found = visible_postings(caller(request))
    wanted = {
        "entry__company": company,
        "connection": account,
        "entry": entry,
        "state": state,
        "reason": reason,
        "reference": reference,
    }
    found = found.filter(**{name: value for name, value in wanted.items() if value})
    if waiting:
        found = that_need_a_person(found)
    return page(request, _whole(found), ["-pk"], show=_shown, limit=limit, cursor=cursor)


@router.get("/{pk}", auth=READ, response=PostingOut, summary=noop("Read a posting"))
def read_posting(request: HttpRequest, pk: Key) -> dict[str, Any]:
    return _shown(_posting(request, pk))


@router.post("/{pk}/again", auth=MEND, response=PostingOut, summary=noop("Post again"))
def post_again(request: HttpRequest, pk: Key, given: Again = Again(sure=False)) -> dict[str, Any]:  # noqa: B008
    posting = _to_mend(request, pk)
    if posting.state == PostingState.UNDECIDED and not given.sure:
        detail = _("Look for the reference in Conta Azul first. Not there: send “sure”: true.")
        raise Problem("confirmation_required", detail, reference=posting.reference)
    try:
        with transaction.atomic():
            mending.post_again(posting.pk, by=caller(request), urgent=False)
    except IntegrityError as exc:  # the database says it: see posting's migration 0004
        detail = _("Its entry was taken back, or has another posting by now.")
        raise Problem("wrong_state", detail) from exc
    return _shown(_posting(request, pk))


@router.post("/{pk}/look", auth=MEND, response=PostingOut, summary=noop("Look for it in Conta Azul again"))
def look_again(request: HttpRequest, pk: Key) -> dict[str, Any]:
    mending.look_again(_to_mend(request, pk).pk, by=caller(request))
    return _shown(_posting(request, pk))


@router.post("/{pk}/cancel", auth=MEND, response=PostingOut, summary=noop("Give a posting up"))
def cancel_posting(request: HttpRequest, pk: Key, given: GivenUp) -> dict[str, Any]:
    posting = _to_mend(request, pk)
    if not given.reason.strip():
        raise Problem("invalid", errors={"reason": [_("Say why it is given up: history keeps it.")]})
    mending.cancel(posting.pk, by=caller(request), reason=given.reason.strip())
    return _shown(_posting(request, pk))


def _whole(found: Any) -> Any:
    return with_owner(found).select_related("entry__company", "revision", "connection")


def _posting(request: HttpRequest, pk: int) -> Any:
    found = _whole(visible_postings(caller(request))).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _to_mend(request: HttpRequest, pk: int) -> Posting:
    """404 for another company's, 403 where the caller may only see it."""
    posting: Posting = _posting(request, pk)
    require(caller(request), "posting.mend", posting.entry.company)
    return posting


def _shown(posting: Any) -> dict[str, Any]:
    same = ("reference", "kind", "state", "reason", "detail", "created_at", "next_try_at", "posted_at")
    return {
        **{name: getattr(posting, name) for name in (*same, "remote_event_id", "remote_instalment_ids")},
        "id": posting.pk,
        "entry": posting.entry_id,
        "number": posting.entry.number,
        "company": posting.entry.company,
        "account": posting.connection,
        "state_label": status_of_posting(posting).label,
        "waits_for": posting.owner,
        "party_name": posting.revision.party_name,
        "amount": posting.revision.amount,
        "currency": posting.revision.currency,
    }
