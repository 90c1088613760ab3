"""Bad days on order: the sandbox's fault rules for a share of calls, all kinds mixed."""

import random
from typing import Any, Final

# Each as the sandbox takes it. `slow` within our patience, and beyond it with and without effect.
KINDS: Final[list[dict[str, Any]]] = [
    {"kind": "drop_before"},
    {"kind": "drop_after"},
    {"kind": "error_before", "status": 500},
    {"kind": "error_before", "status": 503, "body": "<html>Service Unavailable</html>"},
    {"kind": "error_after", "status": 500},
    {"kind": "error_after", "status": 502, "body": "<html>Bad Gateway</html>"},
    {"kind": "cut_body"},
    {"kind": "slow", "seconds": 2.0, "when": "before"},
    {"kind": "slow", "seconds": 2.0, "when": "after"},
    {"kind": "too_many", "retry_after": "1"},
    {"kind": "too_many"},
    {"kind": "too_many", "retry_after": "soon"},
    {"kind": "search_lag", "seconds": 20.0},
]
LONGER_THAN_WE_WAIT: Final = [
    {"kind": "slow", "seconds": 40.0, "when": "before"},
    {"kind": "slow", "seconds": 40.0, "when": "after"},
]
STOPPING: Final = ("lost_refresh", "revoke_tokens", "plan_blocked")


def rules(share: float, companies: list[str], seed: int) -> list[dict[str, Any]]:
    """Strike `share` of the calls, each kind alike; and stop each account's connection twice at most."""
    if not share:
        return []
    source = random.Random(seed)  # noqa: S311  (repeatable on purpose)
    stopping = []
    for company in companies:
        for kind in source.sample(STOPPING, 2):
            rule = {"kind": kind, "company": company, "count": 1, "skip": source.randint(20, 120)}
            stopping.append(rule if kind == "lost_refresh" else rule | {"path": "/v1/*"})
    # A timeout takes forty seconds of a place: one call in two hundred is enough of them.
    odds = [(rule, 0.005 * share) for rule in LONGER_THAN_WE_WAIT]
    left = share - sum(odd for _, odd in odds)
    odds += [(rule, left / len(KINDS)) for rule in KINDS]
    struck, passed = [], 1.0
    for number, (rule, odd) in enumerate(odds):
        # The first rule that strikes wins: a later one sees only what those before it let pass.
        struck.append(
            rule | {"path": "/v1/*", "probability": min(1.0, odd / passed), "seed": seed * 1000 + number}
        )
        passed -= odd
    return stopping + struck
