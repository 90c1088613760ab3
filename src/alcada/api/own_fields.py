"""The fields that a company adds to its entries: which there are, one more, and what an entry has in them, by name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from ninja import Query, Router, Schema, Status
from pydantic import Field

from alcada.api.caller import caller
from alcada.api.parsing import In, Key, Kind
from alcada.api.problems import Problem
from alcada.api.scopes import Bearer
from alcada.directory import documents
from alcada.flow.own_filters import RANGED, OwnFilter
from alcada.intake import custom, drafts
from alcada.intake.models import CustomField, Revision
from alcada.intake.rules import key
from alcada.people.guards import company_for
from alcada.people.models import Company, User
from alcada.people.queries import companies_where

router = Router(tags=["companies"])
READ, WRITE = Bearer("setup:read"), Bearer("setup:write")
TYPE = CustomField.Type
Type = Literal["text", "number", "money", "date", "choice"]
assert set(Type.__args__) == set(TYPE.values)  # type: ignore[attr-defined]  # a Literal has them

# In a draft: what is not named stays as it is.
OwnIn = Annotated[
    dict[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=custom.LONGEST)] | None],
    Field(max_length=custom.MOST),
]
DESCRIBED: Final = noop(
    "The company's own fields, by name. Texts, whatever the field's type: 1234.5 of a number, 1500.00 of money, "
    "2026-12-31 of a date, one of the choices."
)
# In a list's address, as often as wanted.
Asked = Annotated[
    list[Annotated[str, Field(max_length=60 + custom.LONGEST)]],
    Query(
        max_length=custom.MOST,
        description=noop(
            "What one of the company's own fields has in it, as `name:value`: a choice, words of a text by how they "
            "begin, of a number, money or a date also `100..200`, `100..` or `..200`. All that is asked for must be "
            "there; with `company`."
        ),
    ),
]
_FORMS: Final = {
    TYPE.NUMBER: re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?"),
    TYPE.MONEY: re.compile(r"[0-9]{1,12}(\.[0-9]{1,2})?"),
    TYPE.DATE: re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}


class OwnField(Schema):
    name: str
    type: Type
    choices: list[str]
    kind: Kind | None = Field(description=noop("None: of payables and receivables."))
    required: bool = Field(description=noop("To submit an entry; not to save its draft."))
    in_list: bool


class OwnFields(Schema):
    items: list[OwnField]


class NewOwnField(In):
    name: Annotated[str, Field(min_length=1, max_length=60)]
    type: Type
    choices: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=custom.MOST_CHOICES)] = (
        Field([], description=noop("Of the type “choice”: at least one."))
    )
    kind: Kind | None = None
    required: bool = False
    in_list: bool = False


@router.get(
    "/companies/{pk}/fields", auth=READ, response=OwnFields, summary=noop("List a company's own fields")
)
def list_fields(request: HttpRequest, pk: Key) -> dict[str, Any]:
    company = company_for(caller(request), pk, "directory.see")
    return {"items": [_shown(field) for field in custom.fields_of(company)]}


@router.post(
    "/companies/{pk}/fields",
    auth=WRITE,
    response={201: OwnField},
    summary=noop("Add a field of a company's own"),
)
def create_field(request: HttpRequest, pk: Key, given: NewOwnField) -> Any:
    user = caller(request)
    company = company_for(user, pk, "company.manage")
    if given.choices and given.type != "choice":
        raise Problem("invalid", errors={"choices": [_("Only a choice has choices.")]})
    try:
        made = custom.save(
            company,
            name=given.name,
            type_=given.type,
            choices=given.choices,
            kind=given.kind or "",
            required=given.required,
            in_list=given.in_list,
            by=user,
        )
    except custom.FieldRefusedError as exc:
        raise Problem("invalid", errors={exc.field: [str(exc)]}) from exc
    return Status(201, _shown(made))


def _shown(field: CustomField) -> dict[str, Any]:
    same = {name: getattr(field, name) for name in ("name", "type", "choices", "required", "in_list")}
    return {**same, "kind": field.kind or None}


def apply(
    draft: drafts.Draft, given: Mapping[str, str | None] | None, company: Company, kind: str
) -> dict[str, str]:
    """What the draft has in the own fields with what was given. Raises Problem, beside each that is wrong."""
    held = dict(draft["custom"])
    fields = {one.normalised_name: one for one in custom.fields_of(company, kind)}
    wrong: dict[str, list[str]] = {}
    for name, value in (given or {}).items():
        field = fields.get(documents.normalise_name(name))
        if field is None:
            wrong[f"custom.{name}"] = [_("There is no field of this name.")]
        elif value is None or not value.strip():
            held.pop(str(field.pk), None)
        else:
            try:
                held[str(field.pk)] = _typed(field, value.strip())
            except custom.ValueRefusedError as exc:
                wrong[f"custom.{name}"] = [str(exc)]
    if wrong:
        raise Problem("invalid", errors=wrong)
    return held


def _typed(field: CustomField, value: str) -> str:
    """As a person would have typed it into the form. Raises ValueRefusedError."""
    type_ = TYPE(field.type)
    if type_ in _FORMS and not _FORMS[type_].fullmatch(value):
        raise custom.ValueRefusedError(_form(type_))
    if type_ == TYPE.DATE:
        try:
            value = drafts.day(date.fromisoformat(value))
        except ValueError as exc:
            raise custom.ValueRefusedError(_form(type_)) from exc
    elif type_ in (TYPE.MONEY, TYPE.NUMBER):
        value = value.replace(".", ",")
    custom.read(field, value)
    return value


def _form(type_: str) -> str:
    if type_ == TYPE.DATE:
        return _("Write the date as 2026-12-31.")
    return _("Write the amount as 1500.00.") if type_ == TYPE.MONEY else _("Write the number as 1234.5.")


def filters(given: Sequence[str], company: int | None, by: User) -> list[OwnFilter]:
    """What a list's address asks for of own fields. Raises Problem. One that is off the form is asked for too, where
    none that is on it has its name."""
    there = companies_where(by, "entry.see").filter(pk=company or 0).first()
    if given and company is None:
        raise Problem(
            "invalid", errors={"company": [_("Own fields are each company's own: say which company.")]}
        )
    fields: dict[str, CustomField] = {}
    for one in CustomField.objects.filter(company=there).order_by("-retired_at", "-pk") if there else ():
        fields.setdefault(one.normalised_name, one)  # those on the form come first: they have no day
    try:
        return [_filter(text, fields) for text in given]
    except custom.ValueRefusedError as exc:
        raise Problem("invalid", errors={"own": [str(exc)]}) from exc


def _filter(text: str, fields: Mapping[str, CustomField]) -> OwnFilter:
    """Raises ValueRefusedError. A name may have a colon in it."""
    ends = [at for at, letter in enumerate(text) if letter == ":"]
    named = ((fields.get(documents.normalise_name(text[:at])), text[at + 1 :].strip()) for at in ends)
    field, value = next(((field, value) for field, value in named if field is not None), (None, ""))
    if field is None:
        raise custom.ValueRefusedError(_("There is no field of this name."))
    if field.type not in RANGED:
        return OwnFilter(field, text=value)
    since, dots, until = value.partition("..")
    since, until = (_typed(field, side.strip()) if side.strip() else "" for side in (since, until))
    return OwnFilter(field, since=since, until=until if dots else since)


def of_draft(draft: Mapping[str, Any], fields: Iterable[CustomField]) -> dict[str, str]:
    """By name; what can't be read is as it was typed."""
    return {one.field.name: one.value for one in custom.of_draft(draft, fields)}


def of_revision(revision: Revision) -> dict[str, str]:
    return {one["name"]: one["value"] for one in revision.custom}


def by_name(errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
    """Problems beside own fields by the name that a caller knows: custom.12 is custom.Projeto."""
    keys = {pk for path in errors if path.startswith("custom.") and (pk := key(path[7:]))}
    if not keys:
        return dict(errors)
    names = {f"custom.{pk}": f"custom.{one.name}" for pk, one in CustomField.objects.in_bulk(keys).items()}
    return {names.get(path, path): sentences for path, sentences in errors.items()}
