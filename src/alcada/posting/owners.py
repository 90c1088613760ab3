"""Who has to act on a posting. The one rule: pages, counts and the diagnosis ask here.

Nobody, as long as it goes on by itself. Who entered the entry, where it can't be sent as it is. The company's
finance, or its administrators where it has none, for all else that a person has to mend: at Conta Azul, on the
connection, or by a decision.
"""

from enum import StrEnum
from typing import Any, Final

from django.db.models import Case, CharField, Q, QuerySet, Value, When

from alcada.connections.models import Connection
from alcada.posting.models import STUCK, Posting, State


class Owner(StrEnum):
    NOBODY = ""
    OFFICE = "office"
    ENTERED = "entered"


# Conta Azul would not take the entry as it is: only a change of it helps.
_TO_CHANGE: Final = Q(state=State.REFUSED, reason="cannot_be_sent")
# By its account, with all others that wait for it.
HELD: Final = Q(state__in=[State.QUEUED, State.UNKNOWN]) & ~Q(connection__state=Connection.State.CONNECTED)
NEEDS_PERSON: Final = STUCK | HELD


def that_need_a_person(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """As NEEDS_PERSON, from the side where there are few: each of its halves has an index, the two together none."""
    few = Posting.objects.filter(STUCK).order_by().values("pk")
    return postings.filter(pk__in=few.union(Posting.objects.filter(HELD).order_by().values("pk")))


def with_owner(postings: QuerySet[Posting]) -> QuerySet[Any]:
    """Postings with `owner`, one of Owner."""
    owner = Case(
        When(_TO_CHANGE, then=Value(Owner.ENTERED.value)),
        When(NEEDS_PERSON, then=Value(Owner.OFFICE.value)),
        default=Value(Owner.NOBODY.value),
        output_field=CharField(),
    )
    return postings.annotate(owner=owner)
