"""Which of a company's accounts an entry goes to: its rules in order, then the default. Pure.

The first rule that holds decides, by an account or by a refusal. Nothing is ever guessed: without a rule that holds
and without a default an entry goes to the company's one account, and to none when there are several.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Literal, Protocol

from alcada import conditions

# Names as in a flow's conditions. The keys of the directory are text here: `party`, and what any split has.
FIELDS: Final[conditions.Fields] = {
    "kind": "text",
    "amount": "money",
    "party": "text",
    "document": "text",
    "category": "texts",
    "cost_centre": "texts",
    "instalments": "number",
    "flow": "text",
}
MOST_RULES: Final = 200  # of a company: each is looked at, and a person has to understand them

By = Literal["rule", "default", "only", "none"]
# Why an entry goes nowhere, beside a rule's or the default's own refusal.
Problem = Literal["", "no_account", "no_match", "not_connected"]


@dataclass(frozen=True)
class Facts:
    """What rules may look at. `flow` is the trigger that the entry's flow answers to."""

    kind: str
    amount: Decimal
    party: str = ""
    document: str = ""
    category: tuple[str, ...] = ()
    cost_centre: tuple[str, ...] = ()
    instalments: int = 1
    flow: str = ""


class Rule(Protocol):
    """A rule, as the database has it."""

    @property
    def order(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def conditions(self) -> Mapping[str, Any]: ...
    @property
    def connection_id(self) -> int | None: ...
    @property
    def refusal(self) -> str: ...


@dataclass(frozen=True)
class Default:
    """Where an entry goes that no rule took; neither: nothing was chosen."""

    connection_id: int | None = None
    refusal: str = ""


@dataclass(frozen=True)
class PassedOver:
    """A rule that did not hold, and the rows of it that didn't."""

    rule: Rule
    failed: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Choice:
    """The account, or why there is none: somebody's sentence (`refusal`) or a `problem`. `by` says what decided."""

    by: By
    connection_id: int | None = None
    rule: Rule | None = None
    refusal: str = ""
    problem: Problem = ""
    passed: tuple[PassedOver, ...] = ()


def choose(rules: Sequence[Rule], default: Default, accounts: Collection[int], facts: Facts) -> Choice:
    """Decide. `rules` in their order; `accounts`: the keys of those that were ever authorised."""
    if not accounts:
        return Choice("none", problem="no_account")
    shaped = conditions.for_cel(vars(facts), FIELDS)
    passed: list[PassedOver] = []
    for rule in rules:
        if conditions.holds(rule.conditions, FIELDS, shaped):
            return _to("rule", rule.connection_id, rule.refusal, accounts, passed, rule)
        held = conditions.rows_holding(rule.conditions, FIELDS, shaped)
        rows = zip(rule.conditions["rows"], held, strict=True)
        passed.append(PassedOver(rule, tuple(row for row, holds in rows if not holds)))
    if default.connection_id is not None or default.refusal:
        return _to("default", default.connection_id, default.refusal, accounts, passed)
    if len(accounts) == 1:
        return Choice("only", connection_id=next(iter(accounts)), passed=tuple(passed))
    return Choice("none", problem="no_match", passed=tuple(passed))


def sole(rules: Sequence[Rule], default: Default, accounts: Collection[int]) -> int | None:
    """The account that every entry goes to whatever it says; None where that depends, or there is none."""
    if rules or default.refusal:
        return None
    if default.connection_id is not None:
        return default.connection_id if default.connection_id in accounts else None
    return next(iter(accounts)) if len(accounts) == 1 else None


def check(properties: Mapping[str, Any]) -> None:
    """Can these conditions be read? Raises conditions.ConditionError."""
    conditions.expression(properties, FIELDS)


def _to(
    by: By,
    connection_id: int | None,
    refusal: str,
    accounts: Collection[int],
    passed: list[PassedOver],
    rule: Rule | None = None,
) -> Choice:
    # An account that nobody ever authorised has no books yet: people would be asked in vain.
    waiting = connection_id is not None and connection_id not in accounts
    return Choice(by, connection_id, rule, refusal, "not_connected" if waiting else "", tuple(passed))
