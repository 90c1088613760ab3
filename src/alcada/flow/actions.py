"""The story: submit → decide → post → follow. The one room that hands over between rooms; a hand-over commits whole."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from alcada.approval import actions as approval
from alcada.approval import queries as approvals
from alcada.approval.models import Decision, Round, Step
from alcada.approval.rules import NotOpenError, Question
from alcada.directory.models import EntryKind
from alcada.flow import content as contents
from alcada.flow import corrected, telling, twins
from alcada.flow.models import Run, Trigger
from alcada.flow.rules import SubmissionRefusedError
from alcada.flow.ways import Way, find_ways
from alcada.history.actions import Chains, Line, head_in, line, record_all
from alcada.intake import actions as intake
from alcada.intake import correcting, freezing
from alcada.intake.models import Entry, Revision
from alcada.intake.rules import NotYoursError
from alcada.notify.actions import settle, tell_all
from alcada.people.models import Role, User
from alcada.people.queries import holders, may
from alcada.posting import actions as posting
from alcada.posting import mending
from alcada.posting.models import State
from alcada.sales.models import Deal


def submit(entry: Entry, *, by: User) -> Revision:
    """Freeze what was typed as a revision and ask the first people.

    Raises intake.rules.Problems (beside the fields) or rules.SubmissionRefusedError (nobody to ask, no account, …);
    ChangedMeanwhileError when the draft was saved since `entry` was read. All leave everything as it was.
    """
    return submit_all([entry], by=by)[0]


def submit_all(entries: Sequence[Entry], *, by: User) -> list[Revision]:
    """As `submit`, of several entries of one company in few statements: all of them, or none."""
    receivables = [entry.pk for entry in entries if entry.kind == EntryKind.RECEIVABLE]
    if receivables and Deal.objects.filter(entry__in=receivables).exists():
        raise SubmissionRefusedError("of_deal")  # what it says is the deal's, and winning that submits it
    return send_all(entries, by=by)


def send_all(entries: Sequence[Entry], *, by: User, trigger: Trigger | None = None) -> list[Revision]:
    """As `submit_all`, of whatever is submitted; `trigger`: what set them off, where that is not their submission."""
    ways = find_ways(entries, by, trigger)
    with transaction.atomic():
        revisions = freezing.freeze_all([(way.entry, way.content) for way in ways], by=by)
        frozen = list(zip(ways, revisions, strict=True))
        runs = Run.objects.bulk_create(
            Run(
                version=way.version,
                revision=revision,
                connection=way.connection,
                path=way.path,
                routing=way.routed.told,
            )
            for way, revision in frozen
        )
        record_all([_routed(way, revision, by) for way, revision in frozen if not way.routed.sole])
        twins.begin([(revision, way.connection) for way, revision in frozen])
        ask_all([(run, way.due_date) for run, way in zip(runs, ways, strict=True)], by=by)
        return revisions


def _routed(way: Way, revision: Revision, by: User) -> Line:
    told = {"revision": revision.number, **way.routed.told}
    return line("entry.routed", way.entry, by=by, company=way.entry.company, data=told)


def ask_all(runs: Sequence[tuple[Run, date]], *, by: User) -> None:
    """Open the rounds of runs' revisions, in the transaction that froze them, and ask their first people.

    With each run the day on which its first instalment is due.
    """
    opened = approval.open_rounds([_opening(run, due_date) for run, due_date in runs], submitted_by=by)
    asked = []
    for (run, due_date), one in zip(runs, opened, strict=True):
        if one.step is None:
            _approved(run, one.round, one.chains)
        else:
            asked.append((one.step, one.people, run.revision, due_date))
    telling.tell_asked(asked)


def _opening(run: Run, due_date: date) -> approval.Opening:
    entry = run.revision.entry
    return approval.Opening(
        entry=entry,
        revision=run.revision,
        company=entry.company,
        entered_by_id=entry.created_by_id,
        due_date=due_date,
        questions=[_question(step) for step in run.path if step["type"] == "approval"],
        reason=next((step["without_approval"] for step in run.path if step.get("without_approval")), ""),
    )


def _question(step: dict[str, Any]) -> Question:
    return Question(
        key=step["key"],
        name=step["name"],
        why=step["why"],
        because=step["because"],
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
        settle(telling.asked_key(step_id))
        runs = Run.objects.select_for_update(of=("self",)).select_related(
            "revision__entry__company", "revision__bank_account", "connection__company"
        )
        run = runs.get(revision_id=round_.revision_id)
        if round_.state == Round.State.APPROVED:
            _approved(run, round_, result.chains)
        elif round_.state == Round.State.OPEN:
            assert result.next_step is not None  # or the round would have ended
            telling.tell_step(result.next_step)
            telling.tell_advanced(run, result.next_step, who=by.name)
        else:
            end(run)
            if round_.state == Round.State.SENT_BACK:
                _reopen(run, by=by)
            what = "correction" if corrected.is_correction(run) else "entry"
            telling.tell_requester(
                run, f"{what}_{round_.state}", comment=result.decision.comment, who=by.name
            )
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
        take_back(entry, by=by)


def take_back(entry: Entry, *, by: User) -> None:
    """As `withdraw`, with the entry's row locked, of one that is submitted; by whoever the caller says may.

    Raises NotOpenError.
    """
    round_ = entry.rounds.order_by("-pk").first()
    if round_ and round_.revision_id != entry.current_id:
        raise NotOpenError
    if round_ and round_.state == Round.State.OPEN:
        for step in round_.steps.filter(state=Step.State.OPEN):
            settle(telling.asked_key(step.pk))
        approval.withdraw(round_.pk, by=by)
        end(Run.objects.select_for_update().get(revision_id=round_.revision_id))
    elif entry.postings.exclude(state__in=[State.REFUSED, State.CANCELLED]).exists():
        raise NotOpenError
    mending.replace_refused(entry.pk, by=by)
    intake.reopen(entry, by=by)


def _approved(run: Run, round_: Round, chains: Chains) -> None:
    """The last decision: the intent to post is saved with it, or neither is. `chains`: where it stands in history."""
    head = head_in(chains, run.revision.entry)
    run.state = Run.State.POSTING
    run.save(update_fields=["state"])
    if corrected.is_correction(run):
        corrected.approved(run, round_, head)
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
        content=contents.frozen_copy(run.revision, round_, head),
        chains=chains,
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
        .only(*telling.READ)
        .prefetch_related("revision__instalments")
        .order_by("pk")
    )
    _follow(runs)


def _follow(runs: Sequence[Run]) -> None:
    """Do what is left of the paths after posting. Runs with the runs locked."""
    if not runs:
        return
    told = [run for run in runs if {"post", "notify"} <= {step["type"] for step in run.path}]
    tell_all([telling.of_run(run, "entry_posted") for run in told])
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
                telling.tell_step(step)
                found += 1
    return found


def end(run: Run) -> None:
    run.state, run.ended_at = Run.State.ENDED, timezone.now()
    run.save(update_fields=["state", "ended_at"])
