"""What waits for whom, and who decided what."""

from django.db.models import QuerySet

from alcada.approval.models import Decision, Round, Step
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


def decisions_of(round_: Round) -> QuerySet[Decision]:
    """The round's decisions in the order they were taken."""
    return Decision.objects.filter(step__round=round_).select_related("by", "step").order_by("at")


def open_step(round_: Round) -> Step | None:
    """The step that is being asked, if any."""
    return round_.steps.filter(state=Step.State.OPEN).first()
