"""What waits for whom, and who decided what."""

from typing import Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, prefetch_related_objects

from alcada.approval.models import Asked, Decision, Round, Step
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
from alcada.people.models import Membership, User

# A round's steps in order, each with its answer, and whom each asks.
WHOLE: Final = (
    Prefetch("steps", Step.objects.select_related("decision__by")),
    "steps__asked",
)


def inbox(user: User) -> QuerySet[Step]:
    """The steps that ask this person now, what expires first on top. Own entries never appear."""
    held: dict[str, set[int]] = {"": set()}
    for company, role in Membership.objects.filter(user=user).values_list("company", "role"):
        held.setdefault(role, set()).add(company)
        held[""].add(company)
    # The one role that a step asks for, held in its company. As values: a list of thousands asks for no row twice.
    may_answer = Q()
    for role, companies in held.items():
        may_answer |= Q(role=role, round__company__in=companies)
    used = Decision.objects.filter(step__round=OuterRef("round"), by=user)
    return (
        Step.objects.filter(
            may_answer,
            state=Step.State.OPEN,
            pk__in=Asked.objects.filter(user=user).values("step"),
            round__state=Round.State.OPEN,
        )
        .exclude(round__entered_by=user)
        .exclude(round__submitted_by=user)
        .filter(~Exists(used))
        .select_related("round", "round__company", "round__entered_by")
        .order_by("round__due_date", "round__id")
    )


def unanswerable() -> QuerySet[Step]:
    """Open steps of which nobody who was asked can answer: they left, or lost the role."""
    used = Decision.objects.filter(step__round=OuterRef("step__round"), by=OuterRef("user"))
    able = (
        Asked.objects.filter(
            _may_answer(OuterRef("user"), "step__"), step=OuterRef("pk"), user__is_active=True
        )
        .exclude(user=OuterRef("round__entered_by"))
        .exclude(user=OuterRef("round__submitted_by"))
        .exclude(Exists(used))
    )
    return Step.objects.filter(~Exists(able), state=Step.State.OPEN).select_related("round__company")


def _may_answer(user: int | OuterRef, path: str) -> Q:
    """The person has a role in the step's company: the one that was asked, where the step asks for one."""
    here = Membership.objects.filter(user=user, company=OuterRef(f"{path}round__company"))
    with_role = Exists(here.filter(role=OuterRef(f"{path}role")))
    return Q(with_role) | Q(Q(**{f"{path}role": ""}), Exists(here))


def obstacle(step: Step, user: User) -> ApprovalError | None:
    """Why this person can't answer this step now, or None: they can. Says nothing of an answer already given."""
    round_ = step.round
    if user.pk in (round_.entered_by_id, round_.submitted_by_id):
        return OwnEntryError()
    prefetch_related_objects([round_], *WHOLE)  # not again where it is known
    steps = list(round_.steps.all())
    people = {one.pk: [asked.user_id for asked in one.asked.all()] for one in steps}
    here = user.memberships.filter(company=round_.company_id)
    if step.role:
        here = here.filter(role=step.role)
    if not user.is_active or user.pk not in people[step.pk] or not here.exists():
        return NotAskedError()
    if step.state == Step.State.WAITING:
        return NotYetError()
    if step.state != Step.State.OPEN:
        return NotOpenError()
    used = {decision.by_id for one in steps if (decision := answer(one))}
    if user.pk in used:
        return SamePersonError()
    later = [
        [one for one in people[after.pk] if one not in used] for after in steps if after.order > step.order
    ]
    without = [[one for one in able if one != user.pk] for able in later]
    # What nobody could answer anyway is no reason: others are asked when it comes to that step.
    return LastOneError() if can_be_answered(later) and not can_be_answered(without) else None


def answer(step: Step) -> Decision | None:
    """How the step was answered, if it was."""
    return getattr(step, "decision", None)


def decisions_of(round_: Round) -> QuerySet[Decision]:
    """The round's decisions in the order they were taken."""
    return Decision.objects.filter(step__round=round_).select_related("by", "step").order_by("at")


def open_step(round_: Round) -> Step | None:
    """The step that is being asked, if any."""
    return round_.steps.filter(state=Step.State.OPEN).first()
