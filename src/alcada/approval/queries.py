"""What waits for whom, and who decided what."""

from django.db.models import QuerySet

from alcada.approval.models import Decision, Round, Step
from alcada.approval.rules import (
    ApprovalError,
    LastOneError,
    NotAskedError,
    NotOpenError,
    NotYetError,
    OwnEntryError,
    SamePersonError,
    can_be_answered,
)
from alcada.people.models import User


def inbox(user: User) -> QuerySet[Step]:
    """The steps that ask this person now, what expires first on top. Own entries never appear."""
    return (
        Step.objects.filter(
            state=Step.State.OPEN,
            asked__user=user,
            round__state=Round.State.OPEN,
            round__company__memberships__user=user,
        )
        .exclude(round__entered_by=user)
        .exclude(round__submitted_by=user)
        .exclude(round__steps__decision__by=user)
        .select_related("round", "round__company", "round__entered_by")
        .order_by("round__due_date", "round__id")
        .distinct()
    )


def obstacle(step: Step, user: User) -> ApprovalError | None:
    """Why this person can't answer this step now, or None: they can. Says nothing of an answer already given."""
    round_ = step.round
    if user.pk in (round_.entered_by_id, round_.submitted_by_id):
        return OwnEntryError()
    asked = step.asked.filter(user=user).exists()
    if not user.is_active or not asked or not user.memberships.filter(company=round_.company_id).exists():
        return NotAskedError()
    if step.state == Step.State.WAITING:
        return NotYetError()
    if step.state != Step.State.OPEN:
        return NotOpenError()
    used = set(Decision.objects.filter(step__round=round_).values_list("by", flat=True))
    if user.pk in used:
        return SamePersonError()
    later = [
        [asked.user_id for asked in following.asked.all() if asked.user_id not in used | {user.pk}]
        for following in round_.steps.filter(order__gt=step.order).prefetch_related("asked")
    ]
    return None if can_be_answered(later) else LastOneError()


def decisions_of(round_: Round) -> QuerySet[Decision]:
    """The round's decisions in the order they were taken."""
    return Decision.objects.filter(step__round=round_).select_related("by", "step").order_by("at")


def open_step(round_: Round) -> Step | None:
    """The step that is being asked, if any."""
    return round_.steps.filter(state=Step.State.OPEN).first()
