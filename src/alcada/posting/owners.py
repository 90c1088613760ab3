"""Who has to act on a posting. The one rule: pages, counts and the diagnosis ask here.

Nobody, as long as it goes on by itself. Who entered the entry, where it can't be sent as it is. The company's
finance, or its administrators where it has none, for all else that a person has to mend: at Conta Azul, on the
connection, or by a decision.
"""

from enum import StrEnum
from typing import Any, Final

from django.db.models import Case, CharField, Q, QuerySet, Value, When

from alcada.connections.models import Connection
from alcada.posting.models import BY_HAND, LOUD, Posting, State


class Owner(StrEnum):
    NOBODY = ""
    OFFICE = "office"
    ENTERED = "entered"


# Conta Azul would not take the entry as it is: only a change of it helps.
_TO_CHANGE: Final = Q(state=State.REFUSED, reason="cannot_be_sent")
# Marked as posted by hand, and nobody said yet as which entry: it can't be followed there.
WITHOUT_ID: Final = Q(state=State.POSTED, reason=BY_HAND, remote_event_id="")
# By itself: whatever becomes of its account.
STUCK: Final = Q(state__in=[State.REFUSED, State.UNDECIDED]) | Q(reason__in=LOUD) | WITHOUT_ID
# By its account, with all others that wait for it.
HELD: Final = Q(state__in=[State.QUEUED, State.UNKNOWN]) & ~Q(connection__state=Connection.State.CONNECTED)
NEEDS_PERSON: Final = STUCK | HELD


def with_owner(postings: QuerySet[Posting]) -> QuerySet[Any]:
    """Postings with `owner`, one of Owner."""
    owner = Case(
        When(_TO_CHANGE, then=Value(Owner.ENTERED.value)),
        When(NEEDS_PERSON, then=Value(Owner.OFFICE.value)),
        default=Value(Owner.NOBODY.value),
        output_field=CharField(),
    )
    return postings.annotate(owner=owner)
