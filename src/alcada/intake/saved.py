"""Filters of a list kept under a name: a person's own, and those shared with a company."""

from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from alcada.intake.models import SavedFilter
from alcada.people.models import Company, User
from alcada.people.queries import companies_where, may

MOST = 50  # of one person


class SavedFilterError(ValueError):
    """It can't be saved. `code`: "name", "taken", "too_many"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotYoursToShareError(Exception):
    """Sharing with a company is for its finance people and administrators."""


def visible(user: User) -> QuerySet[SavedFilter]:
    """The person's own, and what is shared in companies where they have a role."""
    shared = Q(company__in=companies_where(user, "entry.see"))
    return SavedFilter.objects.filter(Q(owner=user) | shared).select_related("owner", "company")


def changeable(user: User, saved: SavedFilter) -> bool:
    """Its owner's; a shared one also whoever may share there."""
    if saved.owner_id == user.pk:
        return True
    return saved.company is not None and may(user, "filter.share", saved.company)


def keep(
    name: str,
    filters: Mapping[str, str],
    *,
    by: User,
    share_with: Company | None = None,
    default: bool = False,
) -> SavedFilter:
    """Save the filters under the name; the same name again replaces what it held.

    Raises SavedFilterError, NotYoursToShareError.
    """
    name = " ".join(name.replace("\x00", "").split())
    if not name or len(name) > 60:
        raise SavedFilterError("name")
    if share_with is not None and not may(by, "filter.share", share_with):
        raise NotYoursToShareError
    kept = {key: value for key, value in filters.items() if value}
    try:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=by.pk)
            others = SavedFilter.objects.filter(owner=by).exclude(name=name)
            if others.count() >= MOST:
                raise SavedFilterError("too_many")
            if default:
                others.update(is_default=False)
            saved, _new = SavedFilter.objects.update_or_create(
                owner=by,
                name=name,
                defaults={"filters": kept, "company": share_with, "is_default": default},
            )
            return saved
    except IntegrityError as exc:
        raise SavedFilterError("taken") from exc


def remove(saved: SavedFilter, *, by: User) -> None:
    """Raises NotYoursToShareError for one that is somebody else's."""
    if not changeable(by, saved):
        raise NotYoursToShareError
    saved.delete()


def default_of(user: User) -> SavedFilter | None:
    return SavedFilter.objects.filter(owner=user, is_default=True).first()
