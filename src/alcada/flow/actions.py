"""The story: submit → decide → post → follow. The one room that hands over between rooms; a hand-over commits whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alcada import links, queue
from alcada.approval import actions as approval
from alcada.approval import queries as approvals
from alcada.approval.models import Decision, Round, Step
from alcada.approval.rules import NotOpenError, Question
from alcada.connections.models import Connection
from alcada.connections.queries import Routed
from alcada.flow import content as contents
from alcada.flow import corrected, rules, shipped
from alcada.flow.checking import check
from alcada.flow.models import Flow, FlowVersion, Run, Trigger
from alcada.history.actions import record
from alcada.intake import actions as intake
from alcada.intake import correcting
from alcada.intake.models import Entry, Revision
from alcada.intake.rules import Content, Problems
from alcada.ledger.models import TwinSearch
from alcada.notify.actions import Message, settle, tell, tell_all
from alcada.people.models import Company, Role, User
from alcada.people.queries import holders, may
from alcada.posting import actions as posting
from alcada.posting import mending
from alcada.posting.models import State


class NotYoursError(Exception):
    """Only who entered it (or an administrator) changes it."""


@dataclass(frozen=True)
class _Way:
    """Where a submission will go, worked out before anything is saved."""

    content: Content
    routed: Routed
    connection: Connection
    version: FlowVersion
    path: list[dict[str, Any]]


def submit(entry: Entry, *, by: User) -> Revision:
    """Freeze what was typed as a revision and ask the first people.

    Raises intake.rules.Problems (beside the fields) or rules.SubmissionRefusedError (nobody to ask, no account, …);
    ChangedMeanwhileError when the draft was saved since `entry` was read. All leave everything as it was.
    """
    way = _find_way(entry, by)
    with transaction.atomic():
        revision = intake.freeze(entry, way.content, by=by)
        run = Run.objects.create(
            version=way.version,
            revision=revision,
            connection=way.connection,
            path=way.path,
            routing=way.routed.told,
        )
        if not way.routed.sole:
            told = {"revision": revision.number, **way.routed.told}
            record("entry.routed", entry, by=by, company=entry.company, data=told)
        TwinSearch.objects.create(revision=revision, connection=way.connection)
        queue.defer("search_twins", priority=5, revision_id=revision.pk)
        return ask(run, by=by, due_date=min(part.due_date for part in way.content.instalments))


def ask(run: Run, *, by: User, due_date: date) -> Revision:
    """Open the round of a run's revision, in the transaction that froze it, and ask its first people."""
    revision = run.revision
    entry = revision.entry
    round_ = approval.open_round(
        entry=entry,
        revision=revision,
        company=entry.company,
        entered_by_id=entry.created_by_id,
        submitted_by=by,
        due_date=due_date,
        questions=[_question(step) for step in run.path if step["type"] == "approval"],
        reason=next((step["without_approval"] for step in run.path if step.get("without_approval")), ""),
    )
    if round_.state == Round.State.APPROVED:
        _approved(run, round_)
    else:
        _tell_asked(round_)
    return revision


def what_would_happen(entry: Entry, *, by: User) -> list[dict[str, Any]]:
    """The way that submitting would take, without effect. Raises as `submit` does."""
    return _find_way(entry, by).path


def _find_way(entry: Entry, by: User) -> _Way:
    if not may(by, "entry.create", entry.company):
        raise NotYoursError
    try:
        checked = check(entry)
    except Problems as exc:
        if entry.company.connections.accounts().exists():
            raise
        raise rules.SubmissionRefusedError("no_account") from exc  # nothing typed would help
    content = checked.content
    version = current_version(entry.company, Trigger.of(entry.kind))
    facts = rules.Facts(
        kind=entry.kind,
        amount=content.amount,
        party=content.party_name,
        document=content.party_document,
        instalments=len(content.instalments),
    )
    theirs = {by.pk, entry.created_by_id}
    path = rules.plan(version.definition, facts, lambda who: people(entry.company, who, but=theirs))
    return _Way(content, checked.routed, checked.connection, version, path)


def people(company: Company, who: Mapping[str, Any], *, but: set[int]) -> list[int]:
    """Whom a step asks, never who entered or submitted it."""
    return [person.pk for person in holders(company, Role(who["role"])) if person.pk not in but]


def _question(step: dict[str, Any]) -> Question:
    return Question(
        key=step["key"],
        name=step["name"],
        why=step["why"],
        people=tuple(step["people"]),
        role=step.get("role", ""),
    )


def decide(
    step_id: int, *, by: User, verdict: Decision.Verdict, comment: str = "", channel: str = "web"
) -> approval.Result:
    """Record a person's decision and, when it was the last one, the intent to post: in one transaction.

    Raises approval.rules.ApprovalError. A second decision returns the first (`already`).
    """
    with transaction.atomic():
        # The entry before its round, as in `withdraw`: both at once would wait for each other.
        Entry.objects.select_for_update(of=("self",)).get(rounds__steps=step_id)
        result = approval.decide(step_id, by=by, verdict=verdict, comment=comment, channel=channel)
        if result.already:
            return result
        round_ = result.round
        settle(asked_key(step_id))
        runs = Run.objects.select_for_update(of=("self",)).select_related(
            "revision__entry__company", "revision__bank_account", "connection__company"
        )
        run = runs.get(revision_id=round_.revision_id)
        if round_.state == Round.State.APPROVED:
            _approved(run, round_)
        elif round_.state == Round.State.OPEN:
            _tell_asked(round_)
        else:
            end(run)
            if round_.state == Round.State.SENT_BACK:
                _reopen(run, by=by)
            what = "correction" if corrected.is_correction(run) else "entry"
            _tell_requester(run, f"{what}_{round_.state}", comment=result.decision.comment, who=by.name)
        return result


def _reopen(run: Run, *, by: User) -> None:
    if corrected.is_correction(run):
        correcting.reopen(run.revision)
    else:
        intake.reopen(run.revision.entry, by=by)


def withdraw(entry: Entry, *, by: User) -> None:
    """Take an entry back to change it: its round ends, and what was submitted is a draft again.

    Also for a rejected one, and one whose posting was refused: whatever changes goes through approval anew. For a
    correction of what is posted there is `correcting.withdraw`.
    Raises NotYoursError, or NotOpenError when it is approved and on its way, or posted.
    """
    with transaction.atomic():
        entry = Entry.objects.select_for_update(of=("self",)).select_related("company").get(pk=entry.pk)
        if entry.created_by_id != by.pk and not may(by, "posting.mend", entry.company):
            raise NotYoursError
        if entry.current is None or entry.draft is not None:
            return
        round_ = entry.rounds.order_by("-pk").first()
        if round_ and round_.revision_id != entry.current_id:
            raise NotOpenError
        if round_ and round_.state == Round.State.OPEN:
            for step in round_.steps.filter(state=Step.State.OPEN):
                settle(asked_key(step.pk))
            approval.withdraw(round_.pk, by=by)
            end(Run.objects.select_for_update().get(revision_id=round_.revision_id))
        elif entry.postings.exclude(state__in=[State.REFUSED, State.CANCELLED]).exists():
            raise NotOpenError
        mending.replace_refused(entry.pk, by=by)
        intake.reopen(entry, by=by)


def current_version(company: Company, trigger: Trigger) -> FlowVersion:
    """The version that a new run takes; the shipped flow is published the first time a company needs it."""
    flow = Flow.objects.select_related("current").filter(company=company, trigger=trigger).first()
    if flow and flow.current:
        return flow.current
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        flow, _ = Flow.objects.get_or_create(
            company=company, trigger=trigger, defaults={"name": str(trigger.label)}
        )
        return flow.current or publish(flow, shipped.definition(trigger), by=None)


def publish(flow: Flow, definition: dict[str, Any], *, by: User | None) -> FlowVersion:
    """Make a definition the current version. What runs keeps its own. Raises rules.DefinitionError."""
    rules.check_definition(definition)
    with transaction.atomic():
        flow = Flow.objects.select_for_update().get(pk=flow.pk)
        number = flow.versions.count() + 1
        version = FlowVersion.objects.create(flow=flow, number=number, definition=definition, published_by=by)
        flow.current = version
        flow.save(update_fields=["current"])
        record(
            "flow.published",
            flow,
            by=by,
            company=flow.company,
            data={"version": number, "definition": definition},
        )
        return version


def _approved(run: Run, round_: Round) -> None:
    """The last decision: the intent to post is saved with it, or neither is."""
    run.state = Run.State.POSTING
    run.save(update_fields=["state"])
    if corrected.is_correction(run):
        corrected.approved(run, round_)
        return
    if not any(step["type"] == "post" for step in run.path):
        _follow([run])
        return
    assert run.connection is not None  # submit refuses an entry without an account
    posting.intend(
        entry=run.revision.entry,
        revision=run.revision,
        round_=round_,
        connection_=run.connection,
        kind=run.revision.entry.kind,
        content=contents.frozen_copy(run.revision, round_),
    )


def after_posting(posting_id: int) -> None:
    """Go on with the run of a posting that is posted: what stands after `post` in the flow. Safe to call again."""
    with transaction.atomic():
        follow_all([posting_id])


def follow_all(posting_ids: Sequence[int]) -> None:
    """As `after_posting` for many, in the caller's transaction."""
    done = Q(revision__postings__in=posting_ids, revision__postings__state=State.POSTED)
    runs = list(
        Run.objects.select_for_update(of=("self",))
        .filter(done, state=Run.State.POSTING)
        .select_related("revision__entry__company", "revision__created_by")
        .prefetch_related("revision__instalments")
        .order_by("pk")
    )
    _follow(runs)


def _follow(runs: Sequence[Run]) -> None:
    """Do what is left of the paths after posting. Runs with the runs locked."""
    if not runs:
        return
    told = [run for run in runs if {"post", "notify"} <= {step["type"] for step in run.path}]
    tell_all([_message(run, "entry_posted") for run in told])
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(state=Run.State.DONE, ended_at=timezone.now())


def ask_anew() -> int:
    """Ask whoever has the role now, where nobody who was asked can answer any more. Returns in how many steps.

    Where nobody has it, the doctor says so.
    """
    found = 0
    for step in approvals.unanswerable().exclude(role=""):
        round_ = step.round
        used = set(Decision.objects.filter(step__round=round_).values_list("by", flat=True))
        used |= {round_.entered_by_id, round_.submitted_by_id}
        people = [one for one in holders(round_.company, Role(step.role)) if one.pk not in used]
        with transaction.atomic():
            if people and approval.ask_also(step.pk, people):
                _tell_asked(round_)
                found += 1
    return found


def end(run: Run) -> None:
    run.state, run.ended_at = Run.State.ENDED, timezone.now()
    run.save(update_fields=["state", "ended_at"])


def _tell_asked(round_: Round) -> None:
    step = round_.steps.get(state=Step.State.OPEN)
    tell(
        [asked.user for asked in step.asked.select_related("user")],
        template="asked" if round_.revision.kind == Revision.Kind.ORDINARY else "correction_asked",
        key=asked_key(step.pk),
        company=round_.company,
        link=links.decide(step.pk),
        data={"step": step.name, **_facts(round_.revision)},
    )


def asked_key(step_id: int) -> str:
    return f"asked:{step_id}"


def _tell_requester(run: Run, template: str, **data: str) -> None:
    tell_all([_message(run, template, **data)])


def _message(run: Run, template: str, **data: str) -> Message:
    revision = run.revision
    return Message(
        to=revision.created_by,
        template=template,
        key=f"{template}:{revision.pk}",
        company=revision.entry.company,
        link=links.entry(revision.entry_id),
        data={**_facts(revision), **data},
    )


def _facts(revision: Revision) -> dict[str, str]:
    return {
        "number": str(revision.entry.number),
        "party": revision.party_name,
        "description": revision.description,
        "amount": str(revision.amount),
        "due": min(part.due_date for part in revision.instalments.all()).isoformat(),
        "company": revision.entry.company.name,
    }
