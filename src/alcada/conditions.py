"""Conditions as rows that a person fills in, decided by CEL (Common Expression Language, cel.dev). Pure.

    {"match": "all", "rows": [{"field": "amount", "is": ">", "value": "10000.00"}]}

Who uses them says which fields there are and of what kind. A flow's `if` and the routing of entries to accounts are
decided here and nowhere else. CEL has no decimals: money is compared in whole cents.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from types import ModuleType
from typing import Any, Final, Literal

# The package imports its own command line, for 25 MB and a third of a second in every process. Nothing here uses it.
sys.modules.setdefault("cel.cli", ModuleType("cel.cli"))
import cel  # noqa: E402  (after its command line is taken away)

# `texts`: several at once, as the categories of an entry's splits. "=" asks whether any is it, "!=" whether none is.
Kind = Literal["money", "number", "text", "texts"]
Fields = Mapping[str, Kind]

COMPARISONS: Final = {">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "==", "!=": "!="}
EQUALITY: Final = ("=", "!=")
_JOINED: Final = {"all": " && ", "any": " || "}
_LARGEST: Final = 2**63 - 1  # of CEL's whole numbers


class ConditionError(ValueError):
    """The rows can't be read: which, and what is wrong with it."""


def expression(properties: Mapping[str, Any], fields: Fields) -> str:
    """The CEL text of the rows ("all" or "any" of them). Raises ConditionError for a row that can't be read."""
    joined = _JOINED.get(str(properties.get("match", "all")))
    rows = properties.get("rows")
    if joined is None or not isinstance(rows, list) or not rows:
        raise ConditionError("a condition needs 'match' (all or any) and at least one row")
    return joined.join(row_expression(row, fields) for row in rows)


def row_expression(row: Mapping[str, Any], fields: Fields) -> str:
    """The CEL text of one row. Raises ConditionError."""
    if not isinstance(row, Mapping):
        raise ConditionError("a row has a field, a comparison and a value")
    field, comparison, value = str(row.get("field")), row.get("is"), row.get("value")
    kind = fields.get(field)
    if kind is None or comparison not in COMPARISONS:
        raise ConditionError(f"unknown field or comparison in {dict(row)}")
    if kind == "texts":
        if comparison not in EQUALITY:
            raise ConditionError(f"{field} is or is not something, nothing else: {comparison}")
        there = f"{_text(value)} in {field}"
        return there if comparison == "=" else f"!({there})"
    literal = _text(value) if kind == "text" else str(_whole(value, cents=kind == "money"))
    return f"{field} {COMPARISONS[comparison]} {literal}"


def holds(properties: Mapping[str, Any], fields: Fields, facts: Mapping[str, Any]) -> bool:
    """Do the rows hold for these facts (`for_cel`)?"""
    return bool(cel.evaluate(expression(properties, fields), dict(facts)))


def rows_holding(properties: Mapping[str, Any], fields: Fields, facts: Mapping[str, Any]) -> Sequence[bool]:
    """Each row by itself: to tell a person why the whole does, or does not, hold."""
    return [bool(cel.evaluate(row_expression(row, fields), dict(facts))) for row in properties["rows"]]


def for_cel(facts: Mapping[str, Any], fields: Fields) -> dict[str, Any]:
    """Facts as CEL takes them: money in whole cents, several texts as a list."""
    return {name: _fact(value, fields[name]) for name, value in facts.items()}


def _fact(value: Any, kind: Kind) -> Any:
    return int(value * 100) if kind == "money" else list(value) if kind == "texts" else value


def _text(value: Any) -> str:
    # A CEL string literal has JSON's escapes, but not its pairs of surrogates.
    return json.dumps(str(value), ensure_ascii=False)


def _whole(value: Any, *, cents: bool) -> int:
    try:
        number = Decimal(str(value))
    except InvalidOperation as exc:
        raise ConditionError(f"not a number: {value}") from exc
    if not number.is_finite() or abs(number) > _LARGEST // 100:
        raise ConditionError(f"not a number: {value}")
    if not cents and number != int(number):
        raise ConditionError(f"not a whole number: {value}")
    return int(number * 100) if cents else int(number)
