"""What each of ours is called in one account, and how sure that is: for the mapping page. Reads only."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from alcada.connections.mirror_rows import Ours, normalised
from alcada.connections.models import Connection
from alcada.directory.models import BankAccount, Category, CostCentre, Counterpart, EntryKind, Party, Theirs
from alcada.directory.queries import parties_of

Match, Trouble = Counterpart.Match, Counterpart.Trouble

KINDS: Final = ("category", "bank_account", "cost_centre", "party")
# A party's side, as Conta Azul calls the profile that a posting needs.
PROFILES: Final[Mapping[str, str]] = {"is_vendor": "Fornecedor", "is_customer": "Cliente"}
PROFILE_OF: Final[Mapping[str, str]] = {
    EntryKind.PAYABLE.value: "Fornecedor",
    EntryKind.RECEIVABLE.value: "Cliente",
}
_MODELS: Final[Mapping[str, type[Ours]]] = {
    "category": Category,
    "bank_account": BankAccount,
    "cost_centre": CostCentre,
    "party": Party,
}
_SURE: Final = (Match.FETCHED, Match.CODE, Match.DOCUMENT, Match.CREATED, Match.CHOSEN)

# Of the other side's doing, and for a person to look at.
TROUBLED: Final = Q(removed_at=None) & (
    Q(trouble__in=[Trouble.MISSING, Trouble.INACTIVE]) | ~Q(renamed_from="")
)
FILTERS: Final[Mapping[str, Q]] = {
    "look": TROUBLED,
    "unconfirmed": Q(active=True, confirmed_at=None),
    "confirmed": Q(active=True, confirmed_at__isnull=False),
}


@dataclass(frozen=True)
class Suggestion:
    """One of theirs that this one of ours may be, and why. Sure: the same code, or the only one of the very name."""

    theirs: Theirs
    why: str
    sure: bool


@dataclass(frozen=True)
class Line:
    """One of ours in one account. `seen` names what the page showed: who changes something else is told."""

    kind: str
    ours: Ours
    profile: str
    row: Counterpart | None
    state: str
    suggestion: Suggestion | None
    seen: str


def model_of(kind: str) -> type[Ours]:
    return _MODELS[kind]


def state_of(row: Counterpart | None) -> str:
    """confirmed · suggested (in use, nobody confirmed it) · renamed · gone · inactive · profile · doubt · removed ·
    missing.
    """
    if row is None:
        return "missing"
    if row.removed_at:
        return "removed"
    troubles = {
        Trouble.MISSING.value: "gone",
        Trouble.INACTIVE.value: "inactive",
        Trouble.PROFILE.value: "profile",
        Trouble.DOUBT.value: "doubt",
    }
    if row.trouble:
        return troubles[row.trouble]
    if not row.active:
        return "missing"
    if row.renamed_from:
        return "renamed"
    return "confirmed" if row.confirmed_at else "suggested"


def seen(row: Counterpart | None) -> str:
    """What somebody looks at, as a short token."""
    if row is None:
        return "none"
    facts = (row.remote_id, row.remote_name, row.active, row.trouble, row.renamed_from)
    return hashlib.sha256(repr((*facts, row.confirmed_at, row.removed_at)).encode()).hexdigest()[:16]


def ours_of(connection: Connection, kind: str, *, text: str = "", which: str = "") -> QuerySet[Ours]:
    """The company's things of the kind, narrowed: `which` is one of FILTERS, "missing" or empty."""
    here = Counterpart.objects.filter(connection=connection, **{kind: OuterRef("pk")})
    found: QuerySet[Ours]
    if kind == "party":
        found = parties_of([connection.company], text=text).order_by("normalised_name", "pk")
    else:
        # What is out of use shows where that is this account's doing.
        company = model_of(kind)._default_manager.filter(company=connection.company_id)
        found = company.filter(Q(active=True) | Exists(here.filter(TROUBLED)))
        if text.strip():
            found = found.filter(_named(kind, text.strip(), connection))
        places = {"category": ("kind", "parent_name", "name", "pk"), "bank_account": ("name", "pk")}
        found = found.order_by(*places.get(kind, ("code", "name", "pk")))
    if which == "missing":
        return found.filter(~Exists(here.filter(active=True)))
    return found.filter(Exists(here.filter(FILTERS[which]))) if which in FILTERS else found


def _named(kind: str, text: str, connection: Connection) -> Q:
    theirs = Counterpart.objects.filter(connection=connection, remote_name__icontains=text)
    match = Q(name__icontains=text) | Q(Exists(theirs.filter(**{kind: OuterRef("pk")})))
    if kind == "category":
        match |= Q(parent_name__icontains=text)
    if kind == "cost_centre":
        match |= Q(code__icontains=text) | Q(normalised_name__contains=normalised(text))
    return match


def lines(connection: Connection, kind: str, ours: Sequence[Ours]) -> list[Line]:
    """Each with what it is called there, or what it may be. A party has a line for each of its sides."""
    rows = {
        (getattr(row, f"{kind}_id"), row.profile): row
        for row in connection.counterparts.filter(**{f"{kind}__in": ours}).select_related("confirmed_by")
    }
    pairs = [(one, profile) for one in ours for profile in profiles_of(one)]
    unmapped = [one for one, profile in pairs if not _usable(rows.get((one.pk, profile)))]
    suggested = suggestions(connection, kind, unmapped) if kind != "party" else {}
    shown = []
    for one, profile in pairs:
        row = rows.get((one.pk, profile))
        may_be = None if _usable(row) else suggested.get(one.pk)
        if may_be and row and row.removed_at and row.remote_id == may_be.theirs.remote_id:
            may_be = None  # somebody took just that away
        shown.append(Line(kind, one, profile, row, state_of(row), may_be, seen(row)))
    return shown


def profiles_of(one: Ours) -> list[str]:
    if not isinstance(one, Party):
        return [""]
    return [profile for side, profile in PROFILES.items() if getattr(one, side)]


def _usable(row: Counterpart | None) -> bool:
    return row is not None and row.active


def suggestions(connection: Connection, kind: str, ours: Iterable[Ours]) -> dict[int, Suggestion]:
    """For those of ours: the one of theirs, in use and of nobody else, with the same code, else the same name."""
    wanted = list(ours)
    if not wanted:
        return {}
    free = connection.theirs.filter(kind=kind, active=True)
    taken = connection.counterparts.filter(active=True, **{f"{kind}__isnull": False}).values("remote_id")
    codes = {one.code for one in wanted if isinstance(one, CostCentre) and one.code}
    names = {normalised(one.name) for one in wanted}
    found = list(
        free.filter(Q(normalised_name__in=names) | Q(code__in=codes))
        .exclude(remote_id__in=taken)
        .order_by("pk")
    )
    answers = {}
    for one in wanted:
        code = one.code if isinstance(one, CostCentre) else ""
        same_code = [theirs for theirs in found if code and theirs.code == code]
        same = [theirs for theirs in found if theirs.normalised_name == normalised(one.name)]
        same = [theirs for theirs in same if fits(one, theirs)]
        if len(same_code) == 1:
            answers[one.pk] = Suggestion(same_code[0], Match.CODE.value, sure=True)
        elif same:
            answers[one.pk] = Suggestion(same[0], Match.NAME.value, sure=len(same) == 1)
    return answers


def fits(one: Ours, theirs: Theirs) -> bool:
    """May it be? A category of the other kind of entry, or an account that takes no payables for one that does, not."""
    match one:
        case Category():
            return theirs.type == one.kind
        case BankAccount():
            return BankAccount(type=theirs.type).takes_payables == one.takes_payables
        case _:
            return True


def choosable(connection: Connection, kind: str, one: Ours, text: str) -> QuerySet[Theirs]:
    """What may be chosen for it among theirs, by part of a name or code."""
    found = connection.theirs.filter(kind=kind, active=True)
    if isinstance(one, Category):
        found = found.filter(type=one.kind)
    if text.strip():
        words = Q(name__icontains=text.strip()) | Q(normalised_name__contains=normalised(text))
        found = found.filter(words | Q(code__icontains=text.strip()) | Q(parent_name__icontains=text.strip()))
    return found.order_by("parent_name", "name", "pk")


def sure(connection: Connection, kind: str) -> list[tuple[Counterpart, Ours]]:
    """What is in use, nobody confirmed, and leaves no doubt: no person's name, and no name that is there twice."""
    rows = connection.counterparts.filter(
        active=True, confirmed_at=None, renamed_from="", **{f"{kind}__isnull": False}
    ).select_related(kind)
    names = connection.theirs.filter(kind=kind, active=True).values("normalised_name", "type")
    once = {
        (name["normalised_name"], name["type"] if kind == "category" else "")
        for name in names.annotate(times=Count("pk"))
        if name["times"] == 1
    }
    found = []
    for row in rows.order_by("pk"):
        one: Ours = getattr(row, kind)
        name = (normalised(row.remote_name), one.kind if isinstance(one, Category) else "")
        by_name = kind != "party" and name[0] == normalised(one.name) and name in once
        if row.match in _SURE or by_name:
            found.append((row, one))
    return found


def to_look_at(connection: Connection) -> dict[str, int]:
    """How many of each kind the other side renamed, deactivated or deleted."""
    counts = connection.counterparts.filter(TROUBLED).aggregate(
        **{kind: Count("pk", filter=Q(**{f"{kind}__isnull": False})) for kind in KINDS}
    )
    return {kind: int(counts[kind]) for kind in KINDS}
