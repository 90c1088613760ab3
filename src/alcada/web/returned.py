"""What became of a posted entry in Conta Azul, as its page shows it: its instalments, and what differs."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.directory.models import EntryKind
from alcada.ledger.models import Difference, InstalmentState, Poll, Status
from alcada.posting.models import Posting, State
from alcada.web import frozen, moments

# Without a good poll for this long the page says so: what it shows may be old.
STALE: Final = timedelta(minutes=15)
Words = tuple[str | Promise, str]  # label, tone
OVERDUE: Final[Words] = (lazy("Overdue"), "red")
PAYABLE: Final[dict[Status, Words]] = {
    Status.OPEN: (lazy("Open"), "grey"),
    Status.PARTLY_PAID: (lazy("Partly paid"), "blue"),
    Status.PAID: (lazy("Paid"), "green"),
    Status.LOST: (lazy("Written off"), "yellow"),
    Status.RENEGOTIATED: (lazy("Renegotiated"), "yellow"),
    Status.CANCELLED: (lazy("Cancelled"), "yellow"),
    Status.GONE: (lazy("Gone from Conta Azul"), "red"),
}
RECEIVABLE: Final = PAYABLE | {
    Status.PARTLY_PAID: (lazy("Partly received"), "blue"),
    Status.PAID: (lazy("Received"), "green"),
}


@dataclass(frozen=True)
class Part:
    """An instalment as it stands there. `paid_on` is None until it is known."""

    number: int
    due_date: date
    amount: Decimal
    label: str
    tone: str
    paid: Decimal
    paid_on: date | None
    late: str  # "Overdue by 3 days", or empty


@dataclass(frozen=True)
class Told:
    """A difference, in words. `what` alone tells of something that is gone."""

    difference: Difference
    label: str
    old: str
    new: str
    gone: bool

    @property
    def to_do(self) -> bool:
        """What a correction left to a person, as long as nobody did it or let it stand."""
        one = self.difference
        return one.correction_id is not None and not one.settled_at and not one.accepted_at

    @property
    def tone(self) -> str:
        if self.difference.settled_at or self.difference.accepted_at:
            return "grey"
        return "red" if self.gone else "yellow"


def of(posting: Posting | None) -> dict[str, Any]:
    """The page's context; empty before anything is followed."""
    if posting is None or posting.state != State.POSTED:
        return {}
    parts = list(InstalmentState.objects.filter(entry__posting=posting).order_by("number"))
    if not parts:
        return {}
    standing = Difference.objects.filter(posting=posting, settled_at=None).select_related("accepted_by")
    return {
        "there": [part(one, posting.kind) for one in parts],
        "different": [told(one) for one in standing.filter(correction=None).order_by("number", "pk")],
        "left": [told(one) for one in standing.exclude(correction=None).order_by("number", "pk")],
        "unread_since": unread_since(posting.connection_id),
    }


def token(posting: Posting | None) -> list[object]:
    """What changes when the page should: not the time of the last look, which changes all the time."""
    shown = of(posting)
    if not shown:
        return []
    differences = [
        (one.difference.pk, one.difference.accepted_at) for one in shown["different"] + shown["left"]
    ]
    return [shown["there"], differences, bool(shown["unread_since"])]


def part(one: InstalmentState, kind: str) -> Part:
    words = RECEIVABLE if kind == EntryKind.RECEIVABLE else PAYABLE
    label, tone = words[Status(one.status)]
    late = overdue(one)
    if late and one.status == Status.OPEN:
        label, tone = OVERDUE
    return Part(
        number=one.number,
        due_date=one.due_date,
        amount=one.amount,
        label=str(label),
        tone=tone,
        paid=one.paid,
        paid_on=one.paid_on,
        late=moments.due(one.due_date).words if late else "",
    )


def overdue(one: InstalmentState) -> bool:
    """Open, or paid in part, and due before today in São Paulo: it follows from the calendar, no call tells it."""
    return one.status in (Status.OPEN, Status.PARTLY_PAID) and one.due_date < timezone.localdate()


def told(one: Difference) -> Told:
    gone = one.kind == Difference.Kind.GONE
    path = f"instalments.{one.number - 1}.{one.kind}" if one.number else str(one.kind)
    if gone and not one.number:
        return Told(one, _("The entry is not in Conta Azul any more"), "", "", gone)
    if gone:
        text = _("Instalment %(number)s is not in Conta Azul any more") % {"number": one.number}
        return Told(one, text, "", "", gone)
    return Told(
        one, frozen.label(path), frozen.shown(path, one.approved), frozen.shown(path, one.theirs), gone
    )


def settled(posting: Posting) -> bool:
    """Is everything of it paid?"""
    parts = InstalmentState.objects.filter(entry__posting=posting)
    return parts.exists() and not parts.exclude(status=Status.PAID).exists()


def unread_since(connection_id: int) -> datetime | None:
    """Since when the account could not be read, if that is long ago."""
    poll = Poll.objects.filter(connection_id=connection_id).first()
    if poll is None:
        return None
    since = poll.polled_at or poll.seen_until
    return since if timezone.now() - since > STALE else None
