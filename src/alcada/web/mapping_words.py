"""What the mapping's pages say: kinds, states, and why one of theirs was taken for ours."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from alcada.connections.mapping import Line
from alcada.directory.models import Counterpart
from alcada.flow.mapping import Doubtful

Words = str | Promise

TABS: Final[dict[str, Words]] = {
    "category": lazy("Categories"),
    "bank_account": lazy("Accounts"),
    "cost_centre": lazy("Cost centres"),
    "party": lazy("Vendors and customers"),
}
FILTERS: Final[dict[str, Words]] = {
    "": lazy("All"),
    "look": lazy("Changed there"),
    "unconfirmed": lazy("Not confirmed"),
    "missing": lazy("Not mapped"),
    "confirmed": lazy("Confirmed"),
}
# state -> label, tone
STATES: Final[dict[str, tuple[Words, str]]] = {
    "confirmed": (lazy("Confirmed"), "green"),
    "suggested": (lazy("Not confirmed"), "blue"),
    "renamed": (lazy("Renamed there"), "yellow"),
    "gone": (lazy("Gone there"), "red"),
    "inactive": (lazy("Inactive there"), "red"),
    "profile": (lazy("Lacks the profile"), "blue"),
    "doubt": (lazy("Being checked"), "blue"),
    "removed": (lazy("Taken away"), "grey"),
    "missing": (lazy("Not mapped"), "grey"),
}
MATCHES: Final[dict[str, Words]] = {
    "": lazy("matched by name"),
    "fetched": lazy("came from this account"),
    "code": lazy("matched by code"),
    "document": lazy("matched by CPF or CNPJ"),
    "name": lazy("matched by name"),
    "created": lazy("created there by a posting"),
    "chosen": lazy("chosen by a person"),
}
WHY: Final[dict[str, Words]] = {
    "code": lazy("same code"),
    "document": lazy("same CPF or CNPJ"),
    "name": lazy("same name"),
}
PROFILES: Final[dict[str, Words]] = {"Fornecedor": lazy("Vendor"), "Cliente": lazy("Customer")}


@dataclass(frozen=True)
class Shown:
    """A line with its words."""

    line: Line
    label: str
    tone: str
    note: str  # why, or what follows from the state
    side: str
    may_confirm: bool
    may_remove: bool

    @property
    def row(self) -> Counterpart | None:
        return self.line.row


def shown(line: Line) -> Shown:
    label, tone = STATES[line.state]
    row = line.row
    return Shown(
        line=line,
        label=str(label),
        tone=tone,
        note=_note(line),
        side=str(PROFILES.get(line.profile, "")),
        may_confirm=row is not None and row.active and line.state in ("suggested", "renamed"),
        may_remove=row is not None and row.removed_at is None,
    )


def _note(line: Line) -> str:
    row, made = line.row, line.kind in ("party", "cost_centre")
    if line.state == "renamed" and row:
        return _("was: %(name)s") % {"name": row.renamed_from}
    if line.state in ("suggested", "confirmed") and row:
        return str(MATCHES[row.match])
    if line.state == "profile":
        return _("the next posting adds it")
    if line.state == "doubt":
        return _("an entry with it was refused there")
    if line.state == "removed":
        return _("a person chooses when it is needed") if made else _("nothing can be posted with it")
    if line.state == "missing":
        return _("found or created when first used") if made else _("nothing can be posted with it here")
    if row and not row.confirmed_at and made and line.state == "gone":
        return _("found or created again when next used")
    return _("nothing can be posted with it")


def why(code: str) -> str:
    return str(WHY.get(code, ""))


_DOUBTFUL: Final[dict[str, Words]] = {
    "category": lazy("Category"),
    "bank_account": lazy("Account"),
    "cost_centre": lazy("Cost centre"),
    "party": lazy("Vendor or customer"),
}


def doubtful(one: Doubtful) -> str:
    """One sentence for whoever approves."""
    named = {"kind": _DOUBTFUL[one.kind], "name": one.name, "now": one.now}
    return {
        "renamed": _("%(kind)s %(name)s is called %(now)s there now."),
        "gone": _("%(kind)s %(name)s is not there any more."),
        "inactive": _("%(kind)s %(name)s is inactive there."),
    }.get(one.state, _("%(kind)s %(name)s is not mapped to anything there.")) % named
