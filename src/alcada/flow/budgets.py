"""What stands against a cost centre's monthly budget: the approved payables of a competence month."""

from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Sum

from alcada.approval.models import Round
from alcada.directory.models import CostCentre, EntryKind
from alcada.intake import searching
from alcada.intake.models import Entry, Split
from alcada.posting.models import Posting, State


def approved(centre: CostCentre, month: date) -> Decimal:
    """The centre's shares of what is approved and not given up. `month`: any day of it.

    What is taken back to be changed, and what was approved and then given up, counts no more; a receivable never did.
    """
    marks = [
        searching.tagged("@c", [centre.company_id]),
        searching.tagged("@x", [centre.pk]),
        searching.tagged("@m", [f"{month:%Y%m}"]),
    ]
    entries = Entry.objects.filter(
        Exists(Round.objects.filter(revision=OuterRef("current"), state=Round.State.APPROVED)),
        company=centre.company_id,
        kind=EntryKind.PAYABLE,
        draft__isnull=True,
        discarded_at=None,
        list_words=searching.Having(searching.all_of(*marks)),
    ).exclude(Exists(Posting.objects.filter(revision=OuterRef("current"), state=State.CANCELLED)))
    shares = Split.objects.filter(revision__in=entries.values("current"), cost_centre=centre)
    return shares.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
