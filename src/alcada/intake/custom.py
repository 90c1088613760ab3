"""A company's own fields: what may be in one, and the writes about them."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada import money
from alcada.directory import documents
from alcada.history.actions import record
from alcada.intake import searching
from alcada.intake.models import CustomField, Entry
from alcada.intake.rules import CustomValue, read_day
from alcada.people.models import Company, User

LONGEST: Final = 500
MOST: Final = 40  # fields of one company: a form that anybody still fills in
MOST_CHOICES: Final = 100
_DIGITS: Final = 15  # of a number: what a spreadsheet keeps exactly


class ValueRefusedError(Exception):
    """What was typed can't be in this field; the sentence stands beside it."""


class FieldRefusedError(Exception):
    """The field can't be so: `field` of its form, and the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def read(field: CustomField, text: str) -> str:
    """The value, as a revision holds it, that was typed. Raises ValueRefusedError."""
    if field.type == CustomField.Type.CHOICE:
        if text not in field.choices:
            raise ValueRefusedError(_("Choose one of the list."))
        return text
    if field.type == CustomField.Type.DATE:
        day = read_day(text)
        if day is None:
            raise ValueRefusedError(_("This is no date. Write it like 31/12/2026."))
        return day.isoformat()
    if field.type == CustomField.Type.MONEY:
        try:
            return f"{money.parse_brl(text):.2f}"
        except money.AmountError as exc:
            raise ValueRefusedError(_("This is no amount in reais. Write it like 1.234,56.")) from exc
    if field.type == CustomField.Type.NUMBER:
        return _number(text)
    line = " ".join(text.split())
    if len(line) > LONGEST:
        sentence = _("At most %(longest)s characters; these are %(found)s.")
        raise ValueRefusedError(sentence % {"longest": LONGEST, "found": len(line)})
    return line


def _number(text: str) -> str:
    """1.234,5 and 1234.5: a comma is the decimal one, points before it group. 1.234 alone may be either."""
    if re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})+", text):
        raise ValueRefusedError(_("Is this a thousand, or one and a part? Write 1234 or 1,234."))
    plain = text.replace(" ", "").replace("\u00a0", "")
    plain = plain.replace(".", "").replace(",", ".") if "," in plain else plain
    try:
        found = Decimal(plain) if plain.isascii() else Decimal("NaN")
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite() or len(found.as_tuple().digits) > _DIGITS or abs(found.adjusted()) > _DIGITS:
        raise ValueRefusedError(_("This is no number. Write it like 1234,5."))
    return f"{found.normalize():f}"


def figure(field: CustomField, text: str) -> Decimal:
    """A number, an amount or a date that somebody compares with: of a date 20261231. Raises ValueRefusedError."""
    if field.type == CustomField.Type.MONEY:
        try:
            return searching.amount(text)
        except money.AmountError as exc:
            raise ValueRefusedError(_("This is no amount in reais. Write it like 1.234,56.")) from exc
    value = read(field, text)
    return Decimal(value.replace("-", "") if field.type == CustomField.Type.DATE else value)


def typed(type_: str, value: str) -> str:
    """The value as a person types it: what a draft of the revision has."""
    if not value:
        return ""
    if type_ == CustomField.Type.DATE:
        return date.fromisoformat(value).strftime("%d/%m/%Y")
    if type_ == CustomField.Type.MONEY:
        return f"{Decimal(value):,.2f}".translate(str.maketrans(",.", ".,"))
    if type_ == CustomField.Type.NUMBER:
        return value.replace(".", ",")
    return value


def fields_of(company: Company, kind: str = "") -> list[CustomField]:
    """Those in use, in their order; of one kind of entry where it is said."""
    found = CustomField.objects.filter(company=company, retired_at=None)
    return [one for one in found if not kind or one.kind in ("", kind)]


def in_lists(companies: Iterable[int]) -> list[CustomField]:
    """Those of the companies that their lists show."""
    return list(CustomField.objects.filter(company__in=set(companies), retired_at=None, in_list=True))


@dataclass(frozen=True)
class Held:
    """What is in one of an entry's own fields, as a revision holds it; as it was typed where it can't be read."""

    field: CustomField
    value: str
    readable: bool = True


def held(entry: Entry, fields: Iterable[CustomField]) -> list[Held]:
    """What the entry has in these of its company's fields, in their order: frozen, or of what is typed so far."""
    mine = [field for field in fields if field.company_id == entry.company_id]
    if entry.draft is None and entry.current is not None:
        frozen = {one["field_id"]: one["value"] for one in entry.current.custom}
        return [Held(field, frozen[field.pk]) for field in mine if field.pk in frozen]
    return of_draft(entry.draft or {}, mine)


def of_draft(draft: Mapping[str, Any], fields: Iterable[CustomField]) -> list[Held]:
    """As `held`, of a draft."""
    typed_so_far = draft.get("custom")
    if not isinstance(typed_so_far, Mapping):
        return []
    return [
        _read_or_typed(field, text)
        for field in fields
        if (text := str(typed_so_far.get(str(field.pk), "")).strip())
    ]


def kept(
    entry: Entry, on_form: Iterable[CustomField], filled: Collection[tuple[str, str]] = ()
) -> list[CustomValue]:
    """What was submitted last in fields that are no longer on the form: nobody can change it there, so it stays.

    `filled` has type and name of what is in the others: a new field that has an old one's name takes its place.
    """
    if entry.current is None:
        return []
    known = {field.pk for field in on_form}
    frozen = [CustomValue(**one) for one in entry.current.custom]
    return [one for one in frozen if one.field_id not in known and (one.type, one.name) not in filled]


def _read_or_typed(field: CustomField, text: str) -> Held:
    try:
        return Held(field, read(field, text))
    except ValueRefusedError:
        return Held(field, text, readable=False)


def save(
    company: Company,
    *,
    name: str,
    type_: str,
    choices: Sequence[str] = (),
    kind: str = "",
    required: bool = False,
    in_list: bool = False,
    field: CustomField | None = None,
    by: User,
) -> CustomField:
    """Add a field, or change the one given; its type stays, for what is in it was read as that.

    Raises FieldRefusedError (name, choices).
    """
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        there = fields_of(company)
        made = field is None
        field = field or CustomField(company=company, type=type_, position=_last(there) + 1)
        field.name, field.kind = " ".join(name.split()), kind
        field.required, field.in_list = required, in_list
        field.normalised_name = documents.normalise_name(field.name)
        field.choices = _choices(choices) if field.type == CustomField.Type.CHOICE else []
        if not field.normalised_name:
            raise FieldRefusedError("name", _("Give the name."))
        if any(one.normalised_name == field.normalised_name and one.pk != field.pk for one in there):
            raise FieldRefusedError("name", _("There is a field with this name already."))
        if made and len(there) >= MOST:
            raise FieldRefusedError("name", _("A company has at most %(most)s fields.") % {"most": MOST})
        field.save()
        data = {
            "name": field.name,
            "type": field.type,
            "choices": field.choices,
            "kind": field.kind,
            "required": field.required,
        }
        event = "custom_field.created" if made else "custom_field.changed"
        record(event, company, by=by, company=company, data=data)
        return field


def _last(fields: Sequence[CustomField]) -> int:
    return max((one.position for one in fields), default=0)


def _choices(texts: Sequence[str]) -> list[str]:
    found = list(dict.fromkeys(line for text in texts if (line := " ".join(text.split()))))
    if not found:
        raise FieldRefusedError("choices", _("Write at least one choice, each on a line of its own."))
    if len(found) > MOST_CHOICES or any(len(one) > 100 for one in found):
        raise FieldRefusedError("choices", _("At most 100 choices, of at most 100 characters each."))
    return found


def move(field: CustomField, *, up: bool) -> None:
    """One place up or down among the company's."""
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=field.company_id)
        there = fields_of(field.company)
        at = next((index for index, one in enumerate(there) if one.pk == field.pk), None)
        other = None if at is None else at + (-1 if up else 1)
        if at is None or other is None or not 0 <= other < len(there):
            return
        there[at], there[other] = there[other], there[at]
        for position, one in enumerate(there, start=1):
            one.position = position
        CustomField.objects.bulk_update(there, ["position"])


def retire(field: CustomField, *, by: User) -> None:
    """Take it off the form. What was in it stays where it was frozen."""
    with transaction.atomic():
        if CustomField.objects.filter(pk=field.pk, retired_at=None).update(retired_at=timezone.now()):
            company = field.company
            record("custom_field.retired", company, by=by, company=company, data={"name": field.name})
