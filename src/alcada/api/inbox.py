"""What waits for the caller, and answering it. A decision is a person's, bound to the revision that they read."""

from typing import Annotated, Any, Literal

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema
from pydantic import Field

from alcada.api import contents
from alcada.api.caller import caller, token_of
from alcada.api.contents import ContentOut
from alcada.api.paging import USUAL, Cursor, Limit, page
from alcada.api.parsing import Day, In, Key, Kind, Moment, Money, Named
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.approval import queries as approvals
from alcada.approval.models import Decision, Step
from alcada.flow import actions as flow
from alcada.flow import shipped
from alcada.flow.queries import visible_steps
from alcada.people.guards import company_for

router = Router(tags=["inbox"])

Verdict = Literal["approve", "reject", "send_back"]


class DecisionOut(Schema):
    verdict: Verdict
    comment: str
    by: Named
    at: Moment


class StepLine(Schema):
    id: int
    name: str
    why: str = Field(description=noop("Why it is asked, in your language; empty where it always is."))
    company: Named
    entry: int
    number: int
    kind: Kind
    correction: bool = Field(description=noop("It changes what is posted already."))
    party_name: str
    description: str
    amount: Money
    currency: str
    due_date: Day
    asked_at: Moment | None
    entered_by: Named
    revision: int
    revision_hash: str = Field(
        description=noop("Names the revision that is judged. Send it with your decision.")
    )


class StepPage(Schema):
    items: list[StepLine]
    next: str | None


class StepOut(StepLine):
    state: Literal["waiting", "open", "approved", "rejected", "sent_back", "ended"]
    content: ContentOut
    decision: DecisionOut | None


class DecisionIn(In):
    verdict: Verdict
    comment: Annotated[str, Field(max_length=2000)] = Field(
        "", description=noop("Needed to reject or send back: whoever entered it reads this.")
    )
    revision_hash: Annotated[str, Field(min_length=64, max_length=64)] = Field(
        description=noop("Of the revision that you read. Refused where another is judged.")
    )


class DecidedOut(StepOut):
    entry_status: str = Field(
        description=noop("What became of the round: open, approved, rejected, sent_back.")
    )


@router.get(
    "", auth=Bearer("entries:read"), response=StepPage, summary=noop("What waits for me, due first on top")
)
def list_inbox(
    request: HttpRequest,
    company: Annotated[Key | None, Query()] = None,
    limit: Limit = USUAL,
    cursor: Cursor = "",
) -> dict[str, Any]:
    asked = approvals.inbox(caller(request)).values("pk")
    found = Step.objects.filter(pk__in=asked).select_related(
        "round__company", "round__entered_by", "round__revision__entry"
    )
    if company:
        found = found.filter(round__company=company)
    return page(request, found, ["round__due_date", "pk"], show=_line, limit=limit, cursor=cursor)


@router.get("/{step}", auth=Bearer("entries:read"), response=StepOut, summary=noop("Read one question"))
def read_step(request: HttpRequest, step: Key) -> dict[str, Any]:
    return _shown(_step(request, step))


@router.post(
    "/{step}/decision",
    auth=Bearer("decisions:write"),
    response=DecidedOut,
    summary=noop("Approve, reject or send back"),
)
def decide(request: HttpRequest, step: Key, given: DecisionIn) -> dict[str, Any]:
    user, token, found = caller(request), token_of(request), _step(request, step)
    company_for(user, found.round.company_id, "step.decide")
    if user.is_service:
        raise Problem("not_asked", _("A decision is a person's: a service never decides."), reason="service")
    if given.revision_hash != found.round.revision.content_hash:
        raise Problem("changed_meanwhile", _("Another revision is judged here: read it, then decide."))
    result = flow.decide(
        found.pk,
        by=user,
        verdict=Decision.Verdict(given.verdict),
        comment=given.comment,
        channel=f"api:{token.prefix}",
    )
    theirs = result.decision
    if result.already and (theirs.by_id, theirs.verdict) != (user.pk, given.verdict):
        told = DecisionOut.from_orm(theirs).dict() | {"at": theirs.at.isoformat()}
        raise Problem("already_decided", _("Nothing changed."), decision=told)
    return _shown(_step(request, step)) | {"entry_status": result.round.state}


def _step(request: HttpRequest, pk: int) -> Step:
    """For whoever is asked or may see the entry. For all others there is none."""
    related = (
        "round__company",
        "round__entered_by",
        "round__revision__entry",
        "round__revision__bank_account",
        "decision__by",
    )
    found = visible_steps(caller(request)).select_related(*related).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _line(step: Step) -> dict[str, Any]:
    round_ = step.round
    revision = round_.revision
    return {
        "id": step.pk,
        "name": step.name,
        "why": shipped.reason(step.why, step.because),
        "company": round_.company,
        "entry": revision.entry_id,
        "number": revision.entry.number,
        "kind": revision.entry.kind,
        "correction": revision.kind == "correction",
        "due_date": round_.due_date,
        "asked_at": step.opened_at,
        "entered_by": round_.entered_by,
        "revision": revision.number,
        "revision_hash": revision.content_hash,
        **{name: getattr(revision, name) for name in ("party_name", "description", "amount", "currency")},
    }


def _shown(step: Step) -> dict[str, Any]:
    return _line(step) | {
        "state": step.state,
        "content": contents.of_revision(step.round.revision),
        "decision": approvals.answer(step),
    }
