"""Dates and times in the words that people use for them: "10:02", "overdue by 3 days", "due tomorrow"."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

SOON_DAYS = 3  # a due date this near is marked


def moment(at: datetime | None, *, now: datetime | None = None) -> str:
    """Local time: the clock alone today, with the day otherwise. Empty for none."""
    if at is None:
        return ""
    local, today = timezone.localtime(at), timezone.localtime(now or timezone.now()).date()
    return local.strftime("%H:%M") if local.date() == today else local.strftime("%d/%m/%Y %H:%M")


def at_moment(at: datetime, *, now: datetime | None = None) -> str:
    """As `moment`, to stand in a sentence: "at 10:02", "on 31/12/2026 10:02"."""
    text = moment(at, now=now)
    return (_("at %(time)s") if len(text) == 5 else _("on %(time)s")) % {"time": text}


@dataclass(frozen=True)
class Due:
    """How near a due date is. `colour` as in flow.queries.STATUSES; `words` are empty when it is far off."""

    day: date
    words: str
    colour: str


def due(day: date, *, today: date | None = None) -> Due:
    days = (day - (today or timezone.localdate())).days
    if days < 0:
        text = ngettext("Overdue by %(count)s day", "Overdue by %(count)s days", -days) % {"count": -days}
        return Due(day, text, "red")
    if days == 0:
        return Due(day, _("Due today"), "red")
    if days == 1:
        return Due(day, _("Due tomorrow"), "yellow")
    if days <= SOON_DAYS:
        return Due(day, _("Due in %(count)s days") % {"count": days}, "yellow")
    return Due(day, "", "grey")
