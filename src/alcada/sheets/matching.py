"""Which column of a file is which: guessed, said by a person, remembered for the company's next file like it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.utils import timezone

from alcada.people.models import Company, User
from alcada.sheets.columns import Column, guess, signature
from alcada.sheets.models import Matching

OFFERED: Final = (
    "offered"  # in what is remembered: which of the company's own columns there were to choose from
)


def begin(
    company: Company, what: str, headers: Sequence[str], columns: Sequence[Column]
) -> tuple[list[str], dict[str, Any], bool]:
    """The columns' names, how the lines are read, and whether somebody has said so before."""
    known = Matching.objects.filter(company=company, what=what, signature=signature(headers)).first()
    if known is None or len(known.columns) != len(headers):
        return guess(headers, columns), {}, False
    options = dict(known.options)
    matched = _as_now(known.columns, guess(headers, columns), columns, options.pop(OFFERED, []))
    # A column that came to be since is shown to somebody once; what only went is no longer read.
    return matched, options, set(matched) <= {*known.columns, ""}


def _as_now(
    chosen: Sequence[str], guessed: Sequence[str], columns: Sequence[Column], offered: Sequence[str]
) -> list[str]:
    """What was chosen, without the columns that are gone, and with those that came since, where a header names them."""
    names = {column.name for column in columns}
    came = {column.name for column in columns if column.own} - set(offered)
    return [
        now if now in names else guess_ if guess_ in came and guess_ not in chosen else ""
        for now, guess_ in zip(chosen, guessed, strict=True)
    ]


def remember(
    company: Company,
    what: str,
    headers: Sequence[str],
    chosen: Sequence[str],
    options: Mapping[str, Any],
    columns: Sequence[Column],
    *,
    by: User,
) -> None:
    told = {OFFERED: [column.name for column in columns if column.own]}
    Matching.objects.update_or_create(
        company=company,
        what=what,
        signature=signature(headers),
        defaults={"columns": list(chosen), "options": {**options, **told}, "by": by, "at": timezone.now()},
    )
