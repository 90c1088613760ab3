"""What the list of postings is narrowed to, as the address says it. What makes no sense there is ignored."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from alcada.intake import searching
from alcada.posting.models import Posting, State
from alcada.posting.owners import that_need_a_person

PERSON: Final = "person"  # beside the states: whatever its state, somebody has to act
AGES: Final[dict[str, tuple[str | Promise, timedelta]]] = {
    "hour": (lazy("Older than an hour"), timedelta(hours=1)),
    "day": (lazy("Older than a day"), timedelta(days=1)),
    "week": (lazy("Older than a week"), timedelta(weeks=1)),
}
_NAMES: Final = ("state", "company", "account", "reason", "age", "q", "before")


@dataclass(frozen=True)
class Filter:
    state: str = ""
    company: str = ""
    account: str = ""
    reason: str = ""
    age: str = ""
    text: str = ""
    before: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> "Filter":
        got = {name: query.get(name, "").replace("\x00", "").strip() for name in _NAMES}
        return cls(
            state=got["state"] if got["state"] in (*State.values, PERSON) else "",
            company=_key(got["company"]),
            account=_key(got["account"]),
            reason=got["reason"] if _is_code(got["reason"]) else "",
            age=got["age"] if got["age"] in AGES else "",
            text=got["q"][:100],
            before=_key(got["before"]),
        )

    @property
    def narrowed(self) -> bool:
        """By anything but the state's tab?"""
        return bool(self.company or self.account or self.reason or self.age or self.text)

    def base(self, found: QuerySet[Posting]) -> QuerySet[Posting]:
        """All but reason, state and the place in the list: what those choose from."""
        if self.company:
            found = found.filter(entry__company=int(self.company))
        if self.account:
            found = found.filter(connection=int(self.account))
        if self.age:
            found = found.filter(created_at__lt=timezone.now() - AGES[self.age][1])
        return _matching(found, self.text) if self.text else found

    def narrow(self, found: QuerySet[Posting]) -> QuerySet[Posting]:
        """All but the state and the place in the list."""
        found = self.base(found)
        return found.filter(reason=self.reason) if self.reason else found

    def of_state(self, narrowed: QuerySet[Posting]) -> QuerySet[Posting]:
        if self.state == PERSON:
            return that_need_a_person(narrowed)
        return narrowed.filter(state=self.state) if self.state else narrowed

    def address(self, **changed: str) -> str:
        wanted = replace(self, **{"before": "", **changed})
        values = {
            "state": wanted.state,
            "company": wanted.company,
            "account": wanted.account,
            "reason": wanted.reason,
            "age": wanted.age,
            "q": wanted.text,
            "before": wanted.before,
        }
        return "?" + urlencode({name: value for name, value in values.items() if value})


def _matching(found: QuerySet[Posting], text: str) -> QuerySet[Posting]:
    """By a reference, whole or how it begins; else as the list of entries is searched, by the same index."""
    bare = text.upper().removeprefix("ALC-")
    if text.upper().startswith("ALC-"):
        return found.filter(reference__startswith=f"ALC-{bare}")
    if found.filter(reference=f"ALC-{bare}").exists():
        return found.filter(reference=f"ALC-{bare}")
    search = searching.read(text)
    if search.words:
        found = found.filter(entry__list_words=searching.Having(search.words))
    if search.least is not None:
        found = found.filter(entry__list_value__gte=search.least)
    if search.most is not None:
        found = found.filter(entry__list_value__lte=search.most)
    return found


def _key(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) < 18 else ""


def _is_code(text: str) -> bool:
    return len(text) <= 60 and text.isascii() and text.replace("_", "").isalnum()
