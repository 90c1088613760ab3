"""What all lines come to, as the preview tells it: how many of which outcome, their sums, who would be added.

Of each line its `facts` say `kind` (payable, receivable, deal), `amount`, `party`, and `new`: by what whoever is not in
the directory yet is told from others.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from alcada.flow.importing.verdicts import Outcome, Verdict

MOST_NEW_NAMED: Final = 200  # of those who would be added
_SIDES: Final = {"vendor": ("payable",), "customer": ("receivable", "deal")}


def tally(verdicts: Sequence[Verdict], summary: dict[str, Any]) -> None:
    """Add them to what is said of all."""
    outcomes, sums, new = (summary.setdefault(name, {}) for name in ("outcomes", "sums", "new"))
    for verdict in verdicts:
        facts = verdict.facts
        outcomes[verdict.outcome] = outcomes.get(verdict.outcome, 0) + 1
        if verdict.outcome == Outcome.BAD:
            summary["zeros"] = summary.get("zeros", 0) + bool(facts.get("zeros"))
            continue
        place = f"{facts['kind']}.{'twin' if verdict.outcome == Outcome.TWIN else 'good'}"
        sums[place] = str(Decimal(sums.get(place, "0")) + Decimal(facts["amount"] or "0"))
        sums[f"{place}.count"] = sums.get(f"{place}.count", 0) + 1
        if facts.get("new") and verdict.outcome != Outcome.TWIN:
            who = new.setdefault(facts["new"], {"name": facts["party"], "kinds": []})
            if facts["kind"] not in who["kinds"]:
                who["kinds"].append(facts["kind"])


def told(summary: dict[str, Any]) -> dict[str, Any]:
    """What the page needs of it: of many new vendors the first, and how many."""
    new = list(summary.pop("new", {}).values())
    summary["new"] = [[one["name"], one["kinds"]] for one in new[:MOST_NEW_NAMED]]
    for side, kinds in _SIDES.items():
        summary[f"new_{side}s"] = sum(any(kind in one["kinds"] for kind in kinds) for one in new)
    return summary
