"""What the frame around every page needs: navigation, companies, counts. Worked out when asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from alcada.people.models import Company, Membership, User
from alcada.people.rules import ABILITIES
from alcada.people.scopes import Scope, scope_from

Count = Callable[[User], int]

# Rooms hang the number beside their item in here: `register_count("inbox", queries.count_waiting_for)`.
_counts: dict[str, Count] = {}


def register_count(url_name: str, count: Count) -> None:
    """Show `count(user)` beside the navigation's item with this url name. 0 shows nothing."""
    _counts[url_name] = count


@dataclass(frozen=True)
class Place:
    """An item of the navigation. `ability`: who sees it, having it in any company; empty: everybody."""

    url_name: str
    label: str | Promise
    icon: str
    ability: str = ""


PLACES: Final = (
    Place("home", _("Home"), "home"),
    Place("inbox", _("Inbox"), "inbox", "step.decide"),
    Place("notices", _("Notices"), "bell"),
    Place("entries", _("Entries"), "file-invoice", "entry.see"),
    Place("sales", _("Sales"), "coin", "deal.see"),
    Place("postings", _("Postings"), "send", "entry.see_all"),
    Place("differences", _("Differences"), "flag", "entry.see_all"),
    Place("directory", _("Directory"), "address-book", "directory.see"),
    Place("flows", _("Flows"), "git-branch", "flow.see"),
    Place("connections", _("Connections"), "plug", "connection.manage"),
    Place("people", _("People"), "users", "people.manage"),
    Place("companies", _("Companies"), "building", "companies"),
    Place("doctor", _("Diagnosis"), "stethoscope", "installation"),
)


@dataclass(frozen=True)
class Item:
    """A place as one person sees it on one page."""

    place: Place
    url: str
    active: bool
    count: int


class Frame:
    """`frame` in every template, and one for a request. Each property costs at most one query, and none when nobody
    asks."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @classmethod
    def of(cls, request: HttpRequest) -> "Frame":
        """The request's own: a view and its template count nothing twice."""
        frame: Frame | None = request.__dict__.get("_frame")
        if frame is None:
            frame = request.__dict__["_frame"] = cls(request)
        return frame

    @property
    def user(self) -> User | None:
        user = getattr(self._request, "user", None)
        return user if isinstance(user, User) else None

    @cached_property
    def _memberships(self) -> list[Membership]:
        if self.user is None:
            return []
        rows = Membership.objects.filter(user=self.user).select_related("company")
        return list(rows.order_by("company__name", "company_id"))

    @cached_property
    def companies(self) -> list[Company]:
        """Where the person has a role, by name."""
        return list({m.company_id: m.company for m in self._memberships}.values())

    @cached_property
    def company(self) -> Company | None:
        """The one that `?company=` chooses; None: all of them. Another's company is no choice."""
        chosen = self._request.GET.get("company", "")
        return next((c for c in self.companies if str(c.pk) == chosen), None)

    @property
    def query(self) -> str:
        """What a link adds so that the next page is about the chosen company too."""
        return f"?company={self.company.pk}" if self.company else ""

    @cached_property
    def scope(self) -> Scope:
        """What the person may do, and where; in all of their companies."""
        assert self.user
        return scope_from(self.user, ((m.company_id, m.role) for m in self._memberships))

    @cached_property
    def roles(self) -> set[str]:
        return {m.role for m in self._memberships}

    @cached_property
    def items(self) -> list[Item]:
        return [self._item(place) for place in PLACES if self._sees(place)]

    @property
    def here(self) -> str:
        """Where the company switcher leads: the list of the room that the page is in, else the first page."""
        return next((reverse(item.place.url_name) for item in self.items if item.active), "/")

    def _sees(self, place: Place) -> bool:
        if self.user is None:
            return False
        if place.ability == "installation":
            return self.user.is_administrator
        if place.ability == "companies":  # a list of one is none, but for who sets it up
            several = len(self.companies) > 1 and bool(self.roles & ABILITIES["entry.see_all"])
            return self.user.is_administrator or several or bool(self.roles & ABILITIES["company.manage"])
        if not place.ability:
            return True
        return bool(self.roles & ABILITIES[place.ability]) or self.count(place.url_name) > 0

    def _item(self, place: Place) -> Item:
        address = reverse(place.url_name)
        path = self._request.path
        active = path == address or (address != "/" and path.startswith(address.rstrip("/") + "/"))
        return Item(place, address + self.query, active, self.count(place.url_name))

    @cached_property
    def _counted(self) -> dict[str, int]:
        return {}

    def count(self, url_name: str) -> int:
        """The figure beside this item of the navigation."""
        count = _counts.get(url_name)
        if count is None or self.user is None:
            return 0
        if url_name not in self._counted:
            self._counted[url_name] = count(self.user)
        return self._counted[url_name]


def around_every_page(request: HttpRequest) -> dict[str, Any]:
    return {
        "demo": settings.DEMO,
        "version": settings.VERSION,
        "languages": settings.LANGUAGES,
        "frame": Frame.of(request),
    }
