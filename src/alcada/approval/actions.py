"""Opening a round, deciding a step, ending a round. Each locks, checks, writes and records in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db import transaction
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
from alcada.history.actions import Line, line, record, record_all
from alcada.people.models import Company, User

if TYPE_CHECKING:
    from django.db.models import Model


@dataclass(frozen=True)
class Result:
    """What a decision led to. `already` is the earlier decision when this one came second."""

    round: Round
    decision: Decision
    already: bool
    next_step: Step | None


def open_round(
    *,
    entry: "Model",
    revision: "Model",
    company: Company,
    entered_by_id: int,
    submitted_by: User,
    due_date: date,
    questions: Sequence[Question],
    reason: str = "",
) -> Round:
    """Open the round of a revision and ask its first step. Without questions it is complete at once, with `reason`.

    Runs in the caller's transaction (the one that freezes the revision).
    """
    judged: dict[str, Any] = {"entry": entry, "revision": revision}  # themselves: who goes on reads them
    round_ = Round.objects.create(
        **judged,
        company=company,
        entered_by_id=entered_by_id,
        submitted_by=submitted_by,
        due_date=due_date,
        reason=reason,
    )
    steps = Step.objects.bulk_create(
        Step(round=round_, order=order, key=one.key, name=one.name, why=one.why, role=one.role)
        for order, one in enumerate(questions, start=1)
    )
    Asked.objects.bulk_create(
        Asked(step=step, user_id=person)
        for step, question in zip(steps, questions, strict=True)
        for person in question.people
    )
    if not questions:
        if not reason:
            raise ValueError("a round without questions needs the reason")
        _close(round_, Round.State.APPROVED)
        record("approval.not_needed", round_.entry, company=company, data={"reason": reason})
        return round_
    record_all([_ask(steps[0], round_)])
    return round_


def decide(
    step_id: int, *, by: User, verdict: Decision.Verdict, comment: str = "", channel: str = "web"
) -> Result:
    """Answer a step. The second answer changes nothing and gets the first back (`already`).

    Raises a subclass of ApprovalError: OwnEntryError, NotAskedError, SamePersonError, LastOneError,
    CommentRequiredError, NotOpenError, NotYetError.
    """
    comment = comment.strip()
    with transaction.atomic():
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
        _close_step(step, _STEP_STATE[verdict])
        told = {"step": step.name, "revision": round_.revision.number, "comment": comment}
        answered = line(
            f"approval.step.{_STEP_STATE[verdict].value}",
            round_.entry,
            by=by,
            company=round_.company,
            channel=channel,
            data=told,
        )
        return Result(round_, decision, already=False, next_step=_follow(round_, verdict, answered))


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


def _follow(round_: Round, verdict: Decision.Verdict, answered: Line) -> Step | None:
    """What the answer leads to, written into history with the answer."""
    following = next((one for one in round_.steps.all() if one.state == Step.State.WAITING), None)
    if verdict != Decision.Verdict.APPROVE:
        _end(round_, _ROUND_STATE[verdict])
        record_all([answered])
        return None
    if following is not None:
        record_all([answered, _ask(following, round_)])
        return following
    _close(round_, Round.State.APPROVED)
    told = {"revision": round_.revision.number}
    record_all([answered, line("approval.completed", round_.entry, company=round_.company, data=told)])
    return None


def _ask(step: Step, round_: Round) -> Line:
    """Open the step; the line tells whom it asks."""
    step.state, step.opened_at = Step.State.OPEN, timezone.now()
    step.save(update_fields=["state", "opened_at"])
    names = list(step.asked.order_by("user__name").values_list("user__name", flat=True))
    told = {"step": step.name, "people": names}
    return line("approval.asked", round_.entry, company=round_.company, data=told)


def _close_step(step: Step, state: Step.State) -> None:
    step.state, step.closed_at = state, timezone.now()
    step.save(update_fields=["state", "closed_at"])


def _end(round_: Round, state: Round.State) -> None:
    round_.steps.filter(state__in=[Step.State.OPEN, Step.State.WAITING]).update(
        state=Step.State.ENDED, closed_at=timezone.now()
    )
    _close(round_, state)


def _close(round_: Round, state: Round.State) -> None:
    round_.state, round_.closed_at = state, timezone.now()
    round_.save(update_fields=["state", "closed_at"])
