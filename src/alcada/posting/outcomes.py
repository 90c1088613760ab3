"""From what a call raised to an outcome: the one place that says what each failure means for a posting.

A 2xx is never *refused* or *not sent*; a 5xx to a create is *unknown*: the client's errors keep these apart.
"""

from alcada.connections import standing
from alcada.connections.access import NeedsAuthorisationError, PausedError, TemporaryAccessError
from alcada.posting.models import Attempt
from alcada.posting.rules import Outcome
from conta_azul import errors

Kind = Attempt.Outcome


def of(exc: BaseException) -> Outcome:
    """The outcome of a write that raised. What nobody thought of is *unknown*: it may have arrived."""
    match exc:
        case errors.TooManyRequests():
            return Outcome(
                Kind.NOT_SENT,
                "too_many_requests",
                exc.sentence,
                429,
                exc.body or "",
                retry_after_s=standing.asked_to_wait(exc.retry_after),
            )
        case errors.NotSent():
            return Outcome(Kind.NOT_SENT, "not_sent", exc.sentence, unreached=True)
        case TemporaryAccessError():  # no token yet: another worker refreshes, or the token's address is away
            return Outcome(Kind.NOT_SENT, "not_sent", str(exc), unreached=True)
        case NeedsAuthorisationError():
            return Outcome(Kind.CONNECTION, "needs_authorisation", str(exc))
        case PausedError():
            return Outcome(Kind.CONNECTION, "paused", str(exc))
        case errors.NotAuthorised():
            return Outcome(Kind.CONNECTION, "needs_authorisation", exc.sentence, exc.status, exc.body or "")
        case errors.PlanNotAllowed():
            return Outcome(Kind.CONNECTION, "plan_refused", exc.sentence, exc.status, exc.body or "")
        case errors.Refused():
            return Outcome(Kind.REFUSED, "refused", exc.sentence, exc.status, exc.body or "")
        case errors.ContaAzulError():
            return Outcome(Kind.UNKNOWN, "may_have_arrived", exc.sentence, exc.status, exc.body or "")
        case _:
            return Outcome(Kind.UNKNOWN, "may_have_arrived", type(exc).__name__)
