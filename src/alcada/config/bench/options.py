"""What a run of `alcada bench posting` is asked to do."""

import argparse
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Options:
    """One run. Without faults the approvals come first and then the workers: the account's allowance is measured."""

    postings: int
    accounts: int
    faults: float  # the share of calls struck
    kill_workers: bool
    workers: int
    latency_ms: float
    rate_limit: bool
    sandbox_url: str
    api_url: str
    seed: int
    as_json: bool

    @classmethod
    def of(cls, given: argparse.Namespace) -> "Options":
        return cls(
            postings=given.postings,
            accounts=given.accounts,
            faults=given.faults,
            kill_workers=given.kill_workers,
            workers=given.workers,
            latency_ms=given.latency,
            rate_limit=given.rate_limit == "on",
            sandbox_url=given.sandbox_url.rstrip("/"),
            api_url=given.api_url.rstrip("/"),
            seed=given.seed,
            as_json=given.json,
        )


def add_to(parser: Any) -> None:
    """The flags, for argparse."""
    parser.add_argument("--postings", type=int, default=1000)
    parser.add_argument("--accounts", type=int, default=5)
    parser.add_argument(
        "--faults", type=_share, default=0.0, help="share of calls struck, 0 to 1, all kinds mixed"
    )
    parser.add_argument("--kill-workers", action="store_true", help="kill -9 a worker every few seconds")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument(
        "--latency", type=float, default=0.0, metavar="MS", help="the sandbox's latency per call"
    )
    parser.add_argument("--rate-limit", choices=("on", "off"), default="on")
    parser.add_argument(
        "--sandbox-url", default="", help="a sandbox that runs already; its books are emptied"
    )
    parser.add_argument("--api-url", default="", help="another address of the same API, a proxy say")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise argparse.ArgumentTypeError("a share lies between 0 and 1")
    return share
