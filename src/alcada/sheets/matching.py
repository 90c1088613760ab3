"""Which column of a file is which: guessed, said by a person, remembered for the company's next file like it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from alcada.people.models import Company, User
from alcada.sheets.columns import Column, guess, signature
from alcada.sheets.models import Matching


def begin(
    company: Company, what: str, headers: Sequence[str], columns: Sequence[Column]
) -> tuple[list[str], dict[str, Any], bool]:
    """The columns' names, how the lines are read, and whether somebody has said so before."""
    known = Matching.objects.filter(company=company, what=what, signature=signature(headers)).first()
    names = {column.name for column in columns}
    if known and len(known.columns) == len(headers) and set(known.columns) <= names | {""}:
        return list(known.columns), dict(known.options), True
    return guess(headers, columns), {}, False


def remember(
    company: Company,
    what: str,
    headers: Sequence[str],
    chosen: Sequence[str],
    options: Mapping[str, Any],
    *,
    by: User,
) -> None:
    Matching.objects.update_or_create(
        company=company,
        what=what,
        signature=signature(headers),
        defaults={"columns": list(chosen), "options": dict(options), "by": by, "at": timezone.now()},
    )
