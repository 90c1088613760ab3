"""Whose digest is due, and writing down that a day's was made: once per person and day, whatever happens."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from alcada import queue
from alcada.notify import rules
from alcada.notify.models import Digest, Letter, Notice, Schedule
from alcada.notify.rules import DIGEST, Way
from alcada.people.models import Membership, User

FIRST: Final = timedelta(days=1)  # how far back a first digest looks
# A notice says when it was made, and shows when its transaction ends: a large import's takes minutes.
LONGEST_WRITING: Final = timedelta(hours=1)


def due(now: datetime | None = None) -> list[tuple[int, date]]:
    """Whose digest is due now, with their day. A few statements, one per time zone, however many people there are."""
    now = now or timezone.now()
    zones = set(Schedule.objects.values_list("zone", flat=True)) | {rules.ZONE}
    found: list[tuple[int, date]] = []
    for zone in sorted(zones):
        found += _due_in(zone, now)
    return found


def _due_in(zone: str, now: datetime) -> list[tuple[int, date]]:
    local = now.astimezone(rules.zone_of(zone))
    weekday, day = local.isoweekday(), local.date()
    theirs = Schedule.objects.filter(
        user=OuterRef("pk"), zone=zone, wanted=True, days__contains=[weekday], at__lte=local.time()
    )
    wanted: Q = Q(Exists(theirs))
    if zone == rules.ZONE and rules.digest_day(now, zone=zone, at=rules.DIGEST_AT, days=rules.WORKDAYS):
        wanted |= ~Q(Exists(Schedule.objects.filter(user=OuterRef("pk"))))
    people = User.objects.filter(
        wanted, Exists(Membership.objects.filter(user=OuterRef("pk"))), is_active=True
    )
    without = people.exclude(Exists(Digest.objects.filter(user=OuterRef("pk"), day=day)))
    return [(pk, day) for pk in without.order_by("pk").values_list("pk", flat=True)]


def since(user_id: int) -> datetime:
    """Until when the person's digests told."""
    last = Digest.objects.filter(user=user_id).order_by("-day").values_list("made_at", flat=True).first()
    return last or timezone.now() - FIRST


def keep(
    user_id: int,
    day: date,
    content: Mapping[str, Any] | None,
    *,
    made_at: datetime,
    told: Sequence[Notice] = (),
) -> bool:
    """The day's digest is made: its letter goes, with the notices `told` in it, or there was nothing to say.

    False: another worker made it.
    """
    with transaction.atomic():
        digest, new = Digest.objects.get_or_create(user_id=user_id, day=day, defaults={"made_at": made_at})
        if not new:
            return False
        if content:
            digest.letter = Letter.objects.create(user_id=user_id, about=DIGEST, content=dict(content))
            digest.save(update_fields=["letter"])
            Notice.objects.filter(pk__in=[one.pk for one in told]).update(letter=digest.letter)
            queue.defer("send_mails")
        return True


def told_since(user_id: int, moment: datetime) -> list[Notice]:
    """What the person wants in the digest, has not read yet, and was in none: also what was being written then."""
    begun = moment - LONGEST_WRITING
    found = Notice.objects.filter(
        user=user_id, way=Way.DIGEST.value, read_at=None, letter=None, created_at__gt=begun
    )
    return list(found.select_related("user", "company").order_by("pk"))


def made(user_id: int, day: date) -> bool:
    return Digest.objects.filter(user=user_id, day=day).exists()
