"""Bad days on order: rules that say which calls are struck, how, and how often."""

import random
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

KINDS = (
    "drop_before",  # the connection is cut, nothing applied
    "drop_after",  # applied, then the connection is cut
    "error_before",  # an error status, nothing applied
    "error_after",  # applied, then an error status
    "cut_body",  # applied; the answer's body stops half-way
    "slow",  # the answer takes `seconds`; `when` says whether it is applied before or after the wait
    "too_many",  # 429, with Retry-After when `retry_after` is given, whatever it says
    "search_lag",  # what this call writes shows in the searches only after `seconds`
    "lost_refresh",  # a refresh is carried out and its answer lost
    "revoke_tokens",  # the company's tokens stop working, refresh tokens too
    "plan_blocked",  # the plan gate answers
)
KEYS = {"method", "path", "kind", "probability", "count", "skip", "company", "seed"}
KEYS |= {"status", "seconds", "retry_after", "body", "when", "status_conta"}
TYPES = {"method": str, "path": str, "company": str, "count": int, "skip": int, "seed": int, "status": int}


@dataclass(slots=True)
class Fault:
    """One rule. Without probability and count it strikes every call that matches."""

    kind: str
    method: str = "*"
    path: str = "*"
    probability: float = 1.0
    count: int | None = None
    skip: int = 0
    company: str | None = None
    seed: int = 0
    status: int = 500
    seconds: float = 1.0
    retry_after: str | None = None
    body: Any = None
    when: str = "before"
    status_conta: str = "END_TRIAL"
    struck: int = 0
    source: random.Random = field(default_factory=random.Random, repr=False)

    def strikes(self, method: str, path: str, company: str | None, *, refreshing: bool = False) -> bool:
        if self.kind == "lost_refresh" and not refreshing:
            return False
        if self.method not in ("*", method) or not fnmatchcase(path, self.path):
            return False
        if self.company is not None and self.company != company:
            return False
        if self.count is not None and self.struck >= self.count:
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.source.random() >= self.probability:
            return False
        self.struck += 1
        return True

    def shown(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*sorted(KEYS), "struck")}


def read_rules(rules: Any) -> list[Fault]:
    """Rules from JSON; ValueError says what is wrong with which."""
    if not isinstance(rules, list):
        raise ValueError("A list of rules is expected; [] removes them all")
    return [_read_rule(position, rule) for position, rule in enumerate(rules)]


def _read_rule(position: int, rule: Any) -> Fault:
    if not isinstance(rule, dict) or rule.get("kind") not in KINDS:
        raise ValueError(f"Rule {position}: kind must be one of {', '.join(KINDS)}")
    unknown = set(rule) - KEYS
    if unknown:
        raise ValueError(
            f"Rule {position}: unknown {', '.join(sorted(unknown))}. Known: {', '.join(sorted(KEYS))}"
        )
    values = {key: value for key, value in rule.items() if value is not None}
    for name, kind in TYPES.items():
        if not isinstance(values.get(name, kind()), kind):
            raise ValueError(f"Rule {position}: {name} must be {kind.__name__}")
    if not 0 <= values.get("probability", 1) <= 1:
        raise ValueError(f"Rule {position}: probability must lie between 0 and 1")
    if values.get("when", "before") not in ("before", "after"):
        raise ValueError(f"Rule {position}: when must be before or after")
    if "retry_after" in values:
        values["retry_after"] = str(values["retry_after"])
    fault = Fault(**values)
    fault.seed = int(values.get("seed", position))
    fault.source = random.Random(fault.seed)  # noqa: S311 - repeatable on purpose
    return fault
