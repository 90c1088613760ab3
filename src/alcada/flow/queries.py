"""What a page shows of an entry, worked out from its draft, round and posting; nobody stores it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Concat, TruncDate
from django.utils.translation import gettext_lazy as _

from alcada.approval.models import Round, Step
from alcada.connections.models import Connection
from alcada.intake.models import Entry
from alcada.intake.queries import visible_entries
from alcada.people.models import User
from alcada.people.scopes import Scope, scope_of
from alcada.posting.models import Posting, State
from alcada.posting.rules import ASKED

# status -> (label, colour of its pill: grey neutral, blue under way, green done, yellow a person, red refused)
STATUSES = {
    "draft": (_("Draft"), "grey"),
    "discarded": (_("Discarded"), "grey"),
    "round.open": (_("In approval"), "blue"),
    "round.rejected": (_("Rejected"), "red"),
    "round.sent_back": (_("Sent back"), "yellow"),
    "round.withdrawn": (_("Withdrawn"), "grey"),
    "round.approved": (_("Approved"), "blue"),
    "posting.queued": (_("Waiting to be posted"), "blue"),
    "posting.sending": (_("Being posted"), "blue"),
    "posting.posted": (_("Posted"), "green"),
    "posting.refused": (_("Refused by Conta Azul"), "red"),
    "posting.asked": (_("Waits for an answer"), "yellow"),  # refused by us: nothing was sent
    "posting.unknown": (_("Checking whether it arrived"), "blue"),
    "posting.undecided": (_("Needs a person"), "yellow"),
    "posting.cancelled": (_("Posting cancelled"), "grey"),
}


@dataclass(frozen=True)
class Status:
    code: str

    @property
    def label(self) -> str:
        return str(STATUSES[self.code][0])

    @property
    def colour(self) -> str:
        return STATUSES[self.code][1]


def status_of_posting(posting: Posting) -> Status:
    asked = posting.state == State.REFUSED and posting.reason in ASKED
    return Status("posting.asked" if asked else f"posting.{posting.state}")


def with_status(entries: QuerySet[Entry]) -> QuerySet[Any]:
    """Entries with `status` (a key of STATUSES), so that a list filters and shows it in one query."""
    latest_round = Round.objects.filter(entry=OuterRef("pk")).order_by("-pk")
    # What is posted stays its posting when a correction made another revision current.
    live = Q(revision=OuterRef("current")) | Q(state=State.POSTED)
    of_current = Posting.objects.filter(live, entry=OuterRef("pk")).order_by("-pk")
    return entries.annotate(
        round_state=Subquery(latest_round.values("state")[:1]),
        posting_state=Subquery(of_current.values("state")[:1]),
        posting_reason=Subquery(of_current.values("reason")[:1]),
        status=Case(
            When(discarded_at__isnull=False, then=Value("discarded")),
            When(draft__isnull=False, round_state="sent_back", then=Value("round.sent_back")),
            When(draft__isnull=False, then=Value("draft")),
            When(posting_state=State.REFUSED, posting_reason__in=ASKED, then=Value("posting.asked")),
            When(posting_state__isnull=False, then=Concat(Value("posting."), F("posting_state"))),
            default=Concat(Value("round."), F("round_state")),
            output_field=CharField(),
        ),
    )


def status_of(entry: Entry) -> Status:
    code = with_status(Entry.objects.filter(pk=entry.pk)).values_list("status", flat=True).get()
    return Status(code or "draft")


def visible_postings(user: User) -> QuerySet[Posting]:
    """The postings of what the person may see: as intake's visible_entries, told from the side of their accounts."""
    scope = scope_of(user)
    accounts = accounts_of(scope)
    everything, own = _accounts_in(accounts, scope.everything), _accounts_in(accounts, scope.own)
    seen = Q(connection__in=everything)
    return Posting.objects.filter(seen | Q(connection__in=own, entry__created_by=user) if own else seen)


def visible_steps(user: User) -> QuerySet[Step]:
    """The steps that ask the person, and those of what they may see. For all others there are none."""
    asked = Q(asked__user=user, round__company__memberships__user=user)
    may_see = Q(round__entry__in=visible_entries(user))
    return Step.objects.filter(asked | may_see).distinct()


def posted_by_day(
    scope: Scope, accounts: Mapping[int, int], since: datetime
) -> dict[tuple[str, date], tuple[int, Decimal]]:
    """How many postings of each kind, and what they posted, on each of our days; of what the person may see.

    Of those who see all of a company its account says so: what it posted lately is summed up from an index alone.
    `accounts`: as accounts_of.
    """
    done = Posting.objects.filter(state=State.POSTED, posted_at__gte=since).order_by()
    found: dict[tuple[str, date], tuple[int, Decimal]] = {}
    for seen in (
        done.filter(connection__in=_accounts_in(accounts, scope.everything)),
        done.filter(connection__in=_accounts_in(accounts, scope.own), entry__created_by=scope.user),
    ):
        days = seen.annotate(day=TruncDate("posted_at")).values("kind", "day")
        for row in days.annotate(count=Count("pk"), total=Sum("amount")):
            count, total = found.get((row["kind"], row["day"]), (0, Decimal(0)))
            found[row["kind"], row["day"]] = (count + row["count"], total + row["total"])
    return found


def accounts_of(scope: Scope) -> dict[int, int]:
    """The company of each account in the person's companies."""
    return dict(Connection.objects.filter(company__in=scope.roles).values_list("pk", "company"))


def _accounts_in(accounts: Mapping[int, int], companies: Collection[int]) -> list[int]:
    return [account for account, company in accounts.items() if company in companies]
