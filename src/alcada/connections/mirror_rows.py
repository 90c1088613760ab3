"""One kind's mapping rows of an account while a reading is applied: what was seen, what is lost, what is told of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from alcada.connections.models import Connection
from alcada.directory import documents
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, Party, Theirs

Match, Trouble = Counterpart.Match, Counterpart.Trouble
Ours = Category | BankAccount | CostCentre | Party

# How late a list shows what was created isn't documented. Whoever took it for gone would have it created once more.
LISTED_WITHIN: Final = timedelta(hours=1)
RENAMED: Final = "renamed"
BACK: Final = "back"


@dataclass(frozen=True)
class Alarm:
    """Something that is mapped changed on the other side. `what`: RENAMED, BACK, or a Counterpart.Trouble."""

    what: str
    kind: str
    ours: int
    name: str  # ours
    before: str  # what theirs was called
    now: str

    @property
    def is_back(self) -> bool:
        return self.what == BACK

    def told(self) -> dict[str, Any]:
        """For history: plain values."""
        return {
            "what": self.what,
            "kind": self.kind,
            "ours": self.ours,
            "name": self.name,
            "before": self.before,
            "now": self.now,
        }


def normalised(name: str) -> str:
    """As names are compared. One of signs only is compared as it is."""
    return documents.normalise_name(name) or name.strip().lower()


def renamed_everywhere(row: Counterpart, attribute: str) -> bool:
    """Do all other accounts that have the thing call it the same? What one account alone says does not rename ours."""
    ours = row.category or row.bank_account or row.cost_centre
    assert ours is not None
    others = ours.counterparts.filter(active=True).exclude(connection_id=row.connection_id)
    return not others.exclude(**{attribute: getattr(row, attribute)}).exists()


class Rows:
    """The rows of one kind. Most changes are gathered and saved by `finish`: a reading without news writes little."""

    def __init__(self, connection: Connection, kind: Theirs.Kind | str, since: datetime) -> None:
        self.connection, self.kind, self.since = connection, str(kind), since
        self.known: dict[str, list[Counterpart]] = defaultdict(list)
        self.alarms: list[Alarm] = []
        self._seen: list[int] = []
        self._changed: dict[int, Counterpart] = {}
        there = connection.counterparts.filter(**{f"{self.kind}__isnull": False}).select_related(self.kind)
        for row in there.order_by("pk"):
            self.known[row.remote_id].append(row)
        self.taken = {getattr(row, f"{self.kind}_id") for rows in self.known.values() for row in rows}

    def keep(self, theirs: Iterable[Theirs]) -> set[str]:
        """Keep what can be chosen from; the ids of those that were not there, or not in use, before."""
        stored = self.connection.theirs.filter(kind=self.kind)
        before = dict(stored.values_list("remote_id", "active"))
        rows = {}
        for one in theirs:
            one.connection, one.kind, one.normalised_name = self.connection, self.kind, normalised(one.name)
            one.name, one.normalised_name = one.name[:255], one.normalised_name[:255]
            one.code = one.code[:100]
            rows[one.remote_id] = one
        shown = ["name", "normalised_name", "parent_name", "code", "type", "usual", "active"]
        Theirs.objects.bulk_create(
            rows.values(),
            update_conflicts=True,
            unique_fields=["connection", "kind", "remote_id"],
            update_fields=shown,
        )
        stored.filter(active=True).exclude(remote_id__in=rows).update(active=False)
        return {key for key in rows if not before.get(key)}

    def add(
        self, ours: Ours, remote_id: str, name: str, match: Counterpart.Match, *, parent: str = ""
    ) -> None:
        """Ours is called this there."""
        Counterpart.objects.create(
            connection=self.connection,
            remote_id=remote_id,
            remote_name=name[:255],
            remote_parent=parent,
            match=match,
            **{self.kind: ours},
        )
        self.taken.add(ours.pk)

    def seen(self, row: Counterpart, name: str, *, parent: str = "") -> bool:
        """It is there and in use; True when it was not before."""
        self._seen.append(row.pk)
        back = not row.active and row.removed_at is None
        if row.trouble in (Trouble.MISSING, Trouble.INACTIVE):
            self._tell(BACK, row, row.remote_name, name)
        self._named(row, name)
        if row.remote_parent != parent or back or row.trouble:
            row.remote_parent, row.trouble = parent, Trouble.NONE
            row.active = row.removed_at is None
            self._changed[row.pk] = row
        return back

    def missing(self, there: set[str]) -> list[Counterpart]:
        """Those that were not in the reading, and were known before it began; not what we made a moment ago."""
        return [
            row
            for key, rows in self.known.items()
            if key not in there
            for row in rows
            if row.active and row.seen_at < self._known_before(row)
        ]

    def _known_before(self, row: Counterpart) -> datetime:
        return self.since - LISTED_WITHIN if row.match == Match.CREATED else self.since

    def lost(self, row: Counterpart, trouble: Counterpart.Trouble, name: str = "") -> bool:
        """It can't be used any more, and why; False when that is no news."""
        if name:
            self._named(row, name)
            self._seen.append(row.pk)
        if row.removed_at or (row.trouble == trouble and not row.active):
            return False
        was = row.active or row.trouble not in (Trouble.MISSING, Trouble.INACTIVE)
        row.active, row.trouble = False, trouble
        row.save(update_fields=["active", "trouble"])
        if was and trouble in (Trouble.MISSING, Trouble.INACTIVE):
            self._tell(trouble.value, row, row.remote_name, "")
        return was

    def finish(self) -> list[Alarm]:
        """Save what changed; what has to be told."""
        now = timezone.now()
        Counterpart.objects.filter(pk__in=self._seen).update(seen_at=now)
        names = ["remote_name", "remote_parent", "renamed_from", "trouble", "active"]
        Counterpart.objects.bulk_update(self._changed.values(), names)
        return self.alarms

    def _named(self, row: Counterpart, name: str) -> None:
        name = name[:255]
        if row.remote_name == name:
            return
        if row.remote_name and row.removed_at is None:
            self._tell(RENAMED, row, row.remote_name, name)
            before = row.renamed_from or row.remote_name
            row.renamed_from = "" if before == name else before  # named back
        row.remote_name = name
        self._changed[row.pk] = row

    def _tell(self, what: str, row: Counterpart, before: str, now: str) -> None:
        if row.removed_at is None:
            ours = getattr(row, self.kind)
            self.alarms.append(Alarm(what, self.kind, ours.pk, str(ours), before, now))
