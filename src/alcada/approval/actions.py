"""Opening a round, deciding a step, ending a round. Each locks, checks, writes and records in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connection, transaction
from django.utils import timezone

from alcada.approval import queries
from alcada.approval.models import Asked, Decision, Round, Step
from alcada.approval.rules import (
    CommentRequiredError,
    NotAskedError,
    NotOpenError,
    OwnEntryError,
    Question,
)
from alcada.history.actions import Chains, Line, line, record, record_all
from alcada.people.models import Company, User

if TYPE_CHECKING:
    from django.db.models import Model


@dataclass(frozen=True)
class Opening:
    """A revision to be judged: the questions in their order, or the `reason` why nobody need be asked."""

    entry: "Model"
    revision: "Model"
    company: Company
    entered_by_id: int
    due_date: date
    questions: Sequence[Question]
    reason: str = ""


@dataclass(frozen=True)
class Opened:
    """A round, and whom its first step asks; no step where nobody need be asked."""

    round: Round
    step: Step | None
    people: Sequence[User]
    chains: Chains  # of history, locked by the caller's transaction


@dataclass(frozen=True)
class Result:
    """What a decision led to. `already` is the earlier decision when this one came second."""

    round: Round
    decision: Decision
    already: bool
    next_step: Step | None
    chains: Chains = field(default_factory=dict)  # of history, locked by the caller's transaction


def open_rounds(openings: Sequence[Opening], *, submitted_by: User) -> list[Opened]:
    """Open the rounds of revisions and ask the first step of each. One without questions is complete at once.

    Runs in the caller's transaction (the one that freezes the revisions).
    """
    now = timezone.now()
    rounds = Round.objects.bulk_create(_round(one, submitted_by, now) for one in openings)
    asked = [one.questions for one in openings]
    steps = Step.objects.bulk_create(
        Step(
            round=round_,
            order=order,
            key=one.key,
            name=one.name,
            why=one.why,
            because=one.because,
            role=one.role,
            state=Step.State.OPEN if order == 1 else Step.State.WAITING,
            opened_at=now if order == 1 else None,
        )
        for round_, questions in zip(rounds, asked, strict=True)
        for order, one in enumerate(questions, start=1)
    )
    wanted = [question.people for questions in asked for question in questions]
    Asked.objects.bulk_create(
        Asked(step=step, user_id=person)
        for step, people in zip(steps, wanted, strict=True)
        for person in people
    )
    known = User.objects.in_bulk({person for people in wanted for person in people})
    first = {step.round_id: step for step in steps if step.order == 1}
    begun = [
        (round_, first.get(round_.pk), [known[person] for person in questions[0].people] if questions else [])
        for round_, questions in zip(rounds, asked, strict=True)
    ]
    chains = record_all([_begun(*one) for one in begun])
    return [Opened(*one, chains) for one in begun]


def _round(opening: Opening, submitted_by: User, now: datetime) -> Round:
    if not (opening.questions or opening.reason):
        raise ValueError("a round without questions needs the reason")
    judged: dict[str, Any] = {"entry": opening.entry, "revision": opening.revision}  # who goes on reads them
    return Round(
        **judged,
        company=opening.company,
        entered_by_id=opening.entered_by_id,
        submitted_by=submitted_by,
        due_date=opening.due_date,
        reason="" if opening.questions else opening.reason,
        state=Round.State.OPEN if opening.questions else Round.State.APPROVED,
        opened_at=now,
        closed_at=None if opening.questions else now,
    )


def _begun(round_: Round, step: Step | None, people: Sequence[User]) -> Line:
    if step is None:
        told = {"reason": round_.reason}
        return line("approval.not_needed", round_.entry, company=round_.company, data=told)
    return _asked(step, round_, [person.name for person in people])


def decide(
    step_id: int, *, by: User, verdict: Decision.Verdict, comment: str = "", channel: str = "web"
) -> Result:
    """Answer a step. The second answer changes nothing and gets the first back (`already`).

    Raises a subclass of ApprovalError: OwnEntryError, NotAskedError, SamePersonError, LastOneError,
    CommentRequiredError, NotOpenError, NotYetError.
    """
    comment = comment.strip()
    with transaction.atomic(savepoint=False):  # what fails here fails for the caller as a whole
        rounds = Round.objects.select_for_update(of=("self",)).select_related("entry", "revision", "company")
        round_ = rounds.prefetch_related(*queries.WHOLE).get(steps=step_id)
        step = next(one for one in round_.steps.all() if one.pk == step_id)
        earlier = queries.answer(step)
        problem = queries.obstacle(step, by)
        if earlier and not isinstance(problem, OwnEntryError | NotAskedError):
            return Result(round_, earlier, already=True, next_step=None)
        if problem:
            raise problem
        if verdict != Decision.Verdict.APPROVE and not comment:
            raise CommentRequiredError
        decision = Decision.objects.create(
            step=step, by=by, verdict=verdict, comment=comment, channel=channel
        )
        told = {"step": step.name, "revision": round_.revision.number, "comment": comment}
        answered = line(
            f"approval.step.{_STEP_STATE[verdict].value}",
            round_.entry,
            by=by,
            company=round_.company,
            channel=channel,
            data=told,
        )
        following, written = _follow(step, verdict, answered)
        return Result(round_, decision, already=False, next_step=following, chains=written)


def ask_also(step_id: int, people: Sequence[User]) -> bool:
    """Ask further people an open step, for nobody of those asked is left. False when it was answered meanwhile."""
    with transaction.atomic():
        round_ = Round.objects.select_for_update().get(steps=step_id)
        step = round_.steps.get(pk=step_id)
        if step.state != Step.State.OPEN:
            return False
        Asked.objects.bulk_create([Asked(step=step, user=person) for person in people], ignore_conflicts=True)
        names = [person.name for person in people]
        data = {"step": step.name, "people": names}
        record("approval.asked", round_.entry, company=round_.company, data=data)
        return True


def withdraw(round_id: int, *, by: User) -> Round:
    """End an open round because its entry is going to change. Raises NotOpenError if it ended meanwhile."""
    with transaction.atomic():
        round_ = Round.objects.select_for_update().get(pk=round_id)
        if round_.state != Round.State.OPEN:
            raise NotOpenError
        _end(round_, Round.State.WITHDRAWN)
        record("approval.withdrawn", round_.entry, by=by, company=round_.company)
        return round_


_STEP_STATE = {
    Decision.Verdict.APPROVE: Step.State.APPROVED,
    Decision.Verdict.REJECT: Step.State.REJECTED,
    Decision.Verdict.SEND_BACK: Step.State.SENT_BACK,
}
_ROUND_STATE = {
    Decision.Verdict.REJECT: Round.State.REJECTED,
    Decision.Verdict.SEND_BACK: Round.State.SENT_BACK,
}


def _follow(step: Step, verdict: Decision.Verdict, answered: Line) -> tuple[Step | None, Chains]:
    """Close the step; what the answer leads to is written into history with the answer."""
    round_ = step.round
    following = next((one for one in round_.steps.all() if one.state == Step.State.WAITING), None)
    if verdict != Decision.Verdict.APPROVE:
        _close_step(step, _STEP_STATE[verdict])
        _end(round_, _ROUND_STATE[verdict])
        return None, record_all([answered])
    if following is not None:
        _close_step(step, Step.State.APPROVED)
        return following, record_all([answered, _ask(following, round_)])
    _close_both(step, round_)
    told = {"revision": round_.revision.number}
    completed = line("approval.completed", round_.entry, company=round_.company, data=told)
    return None, record_all([answered, completed])


def _ask(step: Step, round_: Round) -> Line:
    """Open the step; the line tells whom it asks."""
    step.state, step.opened_at = Step.State.OPEN, timezone.now()
    step.save(update_fields=["state", "opened_at"])
    return _asked(step, round_, list(step.asked.values_list("user__name", flat=True)))


def _asked(step: Step, round_: Round, names: Sequence[str]) -> Line:
    told = {"step": step.name, "people": sorted(names)}
    return line("approval.asked", round_.entry, company=round_.company, data=told)


def _close_step(step: Step, state: Step.State) -> None:
    step.state, step.closed_at = state, timezone.now()
    step.save(update_fields=["state", "closed_at"])


def _close_both(step: Step, round_: Round) -> None:
    """The last step is approved, and the round with it: one statement, as nearly every decision is one of these."""
    step.state, round_.state = Step.State.APPROVED, Round.State.APPROVED
    step.closed_at = round_.closed_at = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_BOTH, {"step": step.pk, "round": round_.pk, "at": step.closed_at})


_CLOSE_BOTH: Final = """
    WITH closed AS (
        UPDATE approval_step SET state = 'approved', closed_at = %(at)s WHERE id = %(step)s
    )
    UPDATE approval_round SET state = 'approved', closed_at = %(at)s WHERE id = %(round)s
"""


def _end(round_: Round, state: Round.State) -> None:
    round_.steps.filter(state__in=[Step.State.OPEN, Step.State.WAITING]).update(
        state=Step.State.ENDED, closed_at=timezone.now()
    )
    _close(round_, state)


def _close(round_: Round, state: Round.State) -> None:
    round_.state, round_.closed_at = state, timezone.now()
    round_.save(update_fields=["state", "closed_at"])
