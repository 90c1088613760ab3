"""One thing that an examination found. What it says is for people here; code and facts may leave the house."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Finding:
    """One thing examined. `level` is "ok", "warning" or "problem"; `todo` is empty when there is nothing to do.

    `code` is stable. `facts` go into the report for whoever supports the installation: numbers, codes, our own keys,
    never a name, a document, an address or an amount.
    """

    level: str
    area: str
    sentence: str
    todo: str = ""
    code: str = ""
    facts: Mapping[str, int | float | str] = field(default_factory=dict)
