"""From notices that wait to be mailed to letters: one each, or one for many that come close together.

Somebody submits two thousand entries at once; their approver gets a handful of e-mails and one with the rest, not two
thousand.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Final

from django.db import transaction
from django.utils import timezone

from alcada.notify import words
from alcada.notify.models import Letter, Notice
from alcada.notify.rules import KEEP_TRYING, QUIET, TOGETHER

AT_ONCE: Final = 2000  # notices looked at in one transaction


def gather() -> int:
    """Put what waits into letters; how many. Two at once take different notices."""
    with transaction.atomic():
        waiting = Notice.objects.select_for_update(skip_locked=True, of=("self",)).filter(to_mail=True)
        rows = list(waiting.order_by("created_at", "pk")[:AT_ONCE])
        now = timezone.now()
        # Seen or answered meanwhile; or so old (no server was set for days) that nobody waits for it.
        over = [one.pk for one in rows if one.read_at or now - one.created_at > KEEP_TRYING]
        Notice.objects.filter(pk__in=over).update(to_mail=False)
        rest = sorted((one for one in rows if one.pk not in over), key=_whose)
        return sum(_gather(user, kind, list(found), now) for (user, kind), found in groupby(rest, _whose))


def _whose(notice: Notice) -> tuple[int, str]:
    return notice.user_id, words.kind_of(notice.template).value


def _gather(user_id: int, kind: str, notices: Sequence[Notice], now: datetime) -> int:
    lately = Letter.objects.filter(user_id=user_id, about=kind, created_at__gt=now - QUIET).count()
    if len(notices) + lately <= TOGETHER:
        parts = [[one] for one in notices]
    elif lately >= TOGETHER and now - min(one.created_at for one in notices) < QUIET:
        return 0  # they had a handful: what comes now comes together, a little later
    else:
        parts = [list(notices)]
    for part in parts:
        letter = Letter.objects.create(user_id=user_id, about=kind, due_at=part[0].created_at)
        Notice.objects.filter(pk__in=[one.pk for one in part]).update(to_mail=False, letter=letter)
    return len(parts)
