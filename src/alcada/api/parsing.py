"""What comes in: JSON read strictly, and the kinds of value that requests and answers are made of."""

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final, Literal

from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from ninja import Schema
from ninja.parser import Parser
from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from alcada.api.problems import Problem

LARGEST_KEY: Final = 2**63 - 1


def _number(value: Any) -> Any:
    """A key is a number, not a text or a truth value that could be taken for one."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("key")
    return value


def _day(value: Any) -> date:
    """2026-12-31. "20261231" is a date to Python too, and a slip to everybody else."""
    if isinstance(value, date):  # our own, in an answer
        return value
    try:
        found = date.fromisoformat(value) if isinstance(value, str) and len(value) == 10 else None
    except ValueError:
        found = None
    if found is None or not 2000 <= found.year <= 2099:
        raise ValueError("day")
    return found


def _two_decimals(value: Decimal) -> str:
    return f"{value:.2f}"


# In an address, and in a body.
Key = Annotated[int, Field(ge=1, le=LARGEST_KEY)]
Id = Annotated[int, BeforeValidator(_number), Field(ge=1, le=LARGEST_KEY)]
Version = Annotated[int, BeforeValidator(_number), Field(ge=0, le=2**31 - 1)]
Day = Annotated[date, BeforeValidator(_day)]
# Text, never a number: 0.1 + 0.2 is not 0.3 for whoever reads JSON's numbers.
AmountIn = Annotated[str, Field(pattern=r"^[0-9]{1,12}(\.[0-9]{1,2})?$", examples=["1500.00"])]
Money = Annotated[
    Decimal,
    PlainSerializer(_two_decimals, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2}$", "examples": ["1500.00"]}),
]
Moment = datetime
Kind = Literal["payable", "receivable"]


class In(Schema):
    """A body: a field that it doesn't know is a slip of the pen, and refused."""

    model_config = ConfigDict(extra="forbid")


class Named(Schema):
    """Something by its key and its name."""

    id: int
    name: str


class StrictParser(Parser):
    """JSON as RFC 8259 has it, and nothing that PostgreSQL's texts can't hold."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            found = json.loads(request.body, parse_constant=_no_constant)
        except (ValueError, RecursionError) as exc:
            raise Problem("bad_request", _("The body is no JSON.")) from exc
        if wrong := dict(_unkeepable(found, "")):
            raise Problem("invalid", errors=wrong)
        return found

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        found = super().parse_querydict(data, list_fields, request)
        if wrong := dict(_unkeepable(found, "")):
            raise Problem("invalid", errors=wrong)
        return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _unkeepable(value: Any, path: str) -> Any:
    """Texts with NUL or with half a character."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= c <= "\udfff" for c in value):
            yield path or "body", [_("This text has characters that can't be kept.")]
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _unkeepable(item, f"{path}.{name}" if path else str(name))
            if "\x00" in str(name) or any("\ud800" <= c <= "\udfff" for c in str(name)):
                yield path or "body", [_("This text has characters that can't be kept.")]
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unkeepable(item, f"{path}.{index}" if path else str(index))
