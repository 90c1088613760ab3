"""What an entry's content must be, and what is only asked about. Pure."""

import hashlib
import json
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from alcada import money
from alcada.days import read_day as read_day

MAX_ROWS: Final = 120  # of splits and of instalments: ten years of months
# A due date further away than this is more often a slip of the year than a contract.
FAR_AHEAD_YEARS: Final = 5
# A competence date further from today than this, either way, likewise.
COMPETENCE_DAYS: Final = 400


class IntakeError(Exception):
    """The entry can't be changed this way."""


class NotBeingEditedError(IntakeError):
    """The entry is submitted or discarded: there is no draft to change."""


class NotYoursError(IntakeError):
    """Only who entered it, or an administrator of its company, changes it."""


class ChangedMeanwhileError(IntakeError):
    """Somebody submitted the entry since this form was opened."""


class Problems(Exception):  # noqa: N818  (it reads as what it is: what stands beside the fields)
    """What keeps a draft from being submitted, by field: {"instalments.0.due_date": ["…"]}; "" is the whole
    form.
    """

    def __init__(self, fields: Mapping[str, list[str]]) -> None:
        super().__init__(", ".join(sorted(fields)))  # never the sentences: they may quote what was typed
        self.fields: dict[str, list[str]] = dict(fields)


@dataclass(frozen=True)
class SplitPart:
    category_id: int
    category_name: str
    cost_centre_id: int | None
    cost_centre_name: str
    amount: Decimal
    cost_centre_code: str = ""


@dataclass(frozen=True)
class InstalmentPart:
    number: int
    due_date: date
    amount: Decimal


@dataclass(frozen=True)
class FileFact:
    """A file that was with the entry when it was submitted."""

    name: str
    sha256: str


@dataclass(frozen=True)
class CustomValue:
    """What a company's own field had in it; `value` as text: 1234.50, 2026-12-31, or what was typed or chosen."""

    field_id: int
    name: str
    type: str
    value: str


@dataclass(frozen=True)
class Content:
    """What a revision freezes. Names are copied: they stay what they were on the day."""

    kind: str
    party_id: int
    party_name: str
    party_document: str
    description: str
    document_number: str
    competence_date: date
    amount: Decimal
    currency: str
    bank_account_id: int
    bank_account_name: str
    payment_method: str
    payment_details: str
    notes: str
    splits: tuple[SplitPart, ...]
    instalments: tuple[InstalmentPart, ...]
    party_email: str = ""
    documents: tuple[FileFact, ...] = ()
    custom: tuple[CustomValue, ...] = ()


@dataclass(frozen=True)
class Question:
    """Something odd that may be right: the person confirms it with a tick.

    `code` is stable and says what is odd, `about` which fact: what was ticked for one due date isn't ticked
    for another.
    """

    code: str
    about: str
    text: str

    @property
    def key(self) -> str:
        """What a draft's `confirmed` holds."""
        return f"{self.code}:{self.about}"


def key(typed: str) -> int:
    """The directory's key that a form sent; 0, which no row has, for anything else."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 18 else 0


def as_data(content: Content) -> dict[str, Any]:
    """The content as JSON may hold it: amounts as text with two decimals, dates as ISO text.

    The company's own fields by type and name ("money.Fine"), which say alone what they are; none: they are left out,
    for content had the same hash before there were any.
    """
    data = {name: _plain(value) for name, value in asdict(content).items() if name != "custom"}
    if content.custom:
        data["custom"] = {f"{one.type}.{one.name}": one.value for one in content.custom}
    return data


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def content_hash(content: Content) -> str:
    """SHA-256, in hex, over the content's canonical JSON text."""
    text = json.dumps(as_data(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def differences(old: Content, new: Content) -> list[dict[str, Any]]:
    """What changed, by field path: [{"field": "instalments.0.due_date", "old": "2026-12-10", "new":
    "2026-12-15"}].

    A part that is on one side only has None on the other. Where a name tells the change, its id is left out.
    """
    before, after = dict(_flat(as_data(old))), dict(_flat(as_data(new)))
    changed = {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    told = {path for path in changed if not (path.endswith("_id") and f"{path[:-3]}_name" in changed)}
    return [{"field": path, "old": before.get(path), "new": after.get(path)} for path in sorted(told)]


def _flat(data: Any, path: str = "") -> Iterable[tuple[str, Any]]:
    if isinstance(data, dict | list):
        for name, item in data.items() if isinstance(data, dict) else enumerate(data):
            yield from _flat(item, f"{path}.{name}" if path else str(name))
    else:
        yield path, data


def add_up(what: str, parts: Iterable[Decimal], total: Decimal) -> str:
    """Do the parts ("splits" or "instalments") make the total, to the cent? Empty if so, else the sentence
    that says by how much not.
    """
    found = sum(parts, Decimal(0))
    if found == total:
        return ""
    figures = {"sum": show(found), "difference": show(abs(total - found))}
    if what == "splits":
        if found < total:
            return _("The splits add up to %(sum)s, %(difference)s less than the value.") % figures
        return _("The splits add up to %(sum)s, %(difference)s more than the value.") % figures
    if found < total:
        return _("The instalments add up to %(sum)s, %(difference)s less than the value.") % figures
    return _("The instalments add up to %(sum)s, %(difference)s more than the value.") % figures


def show(amount: Decimal) -> str:
    """The amount as people read it in the language in use."""
    return money.format_brl(amount, "BRL", get_language() or "pt-br")


def questions(content: Content, today: date) -> list[Question]:
    """What looks odd but is no mistake by itself."""
    first = min(part.due_date for part in content.instalments)
    last = max(part.due_date for part in content.instalments)
    asked = []
    if first < today:
        text = _("A due date (%(day)s) has passed. Is it right?")
        asked.append(Question("due_in_past", first.isoformat(), text % {"day": _day(first)}))
    if first < content.competence_date:
        text = _("The due date (%(due)s) is before the competence date (%(competence)s). Is it paid ahead?")
        figures = {"due": _day(first), "competence": _day(content.competence_date)}
        about = f"{first.isoformat()}/{content.competence_date.isoformat()}"
        asked.append(Question("due_before_competence", about, text % figures))
    if last.year - today.year > FAR_AHEAD_YEARS:
        text = _("The last due date is %(day)s. Is the year right?")
        asked.append(Question("due_far_ahead", last.isoformat(), text % {"day": _day(last)}))
    if abs((content.competence_date - today).days) > COMPETENCE_DAYS:
        text = _("The competence date is %(day)s. Is the year right?")
        about = content.competence_date.isoformat()
        asked.append(Question("competence_far", about, text % {"day": _day(content.competence_date)}))
    return asked


def _day(value: date) -> str:
    return value.strftime("%d/%m/%Y")


# What the generator offers between two due dates.
INTERVALS: Final = ("month", "7", "14", "15", "30")


def due_dates(first: date, *, parts: int, every: str) -> list[date]:
    """So many due dates from the first on, `every` month or so many days.

    A month keeps the first date's day, or takes the month's last one where there is no such day: 31/01,
    28/02, 31/03.
    """
    if every != "month":
        return [first + timedelta(days=int(every) * step) for step in range(parts)]
    months = [first.year * 12 + first.month - 1 + step for step in range(parts)]
    return [_on_day(month // 12, month % 12 + 1, first.day) for month in months]


def _on_day(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, monthrange(year, month)[1]))
