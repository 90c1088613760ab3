"""What checking the lines of one thing found, whatever the thing is; how it is kept with them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from alcada.sheets.lines import Problem, Row
from alcada.sheets.models import Line

Outcome = Line.Outcome


@dataclass
class Verdict:
    """Of the lines that make one thing; `rows` of them, the first is the head."""

    rows: Sequence[Row]
    outcome: str
    problems: Sequence[Problem] = ()
    notes: list[dict[str, Any]] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def number(self) -> int:
        return self.rows[0].number


def wants(outcome: str, choice: dict[str, Any]) -> bool:
    """Is a line of this outcome to be made?"""
    if outcome == Outcome.TWIN:
        return bool(choice.get("twins"))
    return outcome in (Outcome.GOOD, Outcome.ASKED, Outcome.HELD)


# As one JSON text, as history does it: a few statements whatever the number of lines.
_KEEP: Final = """
    UPDATE sheets_line line SET outcome = now.outcome, problems = now.problems, notes = now.notes, facts = now.facts
    FROM json_to_recordset(%s::json) AS now(number int, outcome text, problems jsonb, notes jsonb, facts jsonb)
    WHERE line.source_id = %s AND line.number = now.number
"""


def keep(source_id: int, verdicts: Iterable[Verdict]) -> None:
    """Write them beside their lines."""
    rows = []
    for verdict in verdicts:
        told = [{"line": one.line, "column": one.column, "text": one.text} for one in verdict.problems]
        first = {"outcome": verdict.outcome, "problems": told, "notes": verdict.notes, "facts": verdict.facts}
        rows.append({"number": verdict.number, **first})
        part = {"outcome": Outcome.PART.value, "problems": [], "notes": [], "facts": {}}
        rows += [{"number": row.number, **part} for row in verdict.rows[1:]]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [json.dumps(rows), source_id])


_HEADS: Final = """
    UPDATE sheets_line line SET head = now.head
    FROM json_to_recordset(%s::json) AS now(number int, head int)
    WHERE line.source_id = %s AND line.number = now.number
"""


def keep_heads(source_id: int, heads: Sequence[tuple[int, int]]) -> None:
    """Of lines, each by its number, the line that they belong to."""
    with connection.cursor() as cursor:
        told = [{"number": number, "head": head} for number, head in heads]
        cursor.execute(_HEADS, [json.dumps(told), source_id])
