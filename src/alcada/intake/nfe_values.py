"""Reading one value of an NF-e: what the layout promises is checked, and a breach names its field. Pure."""

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from alcada import money
from alcada.intake.nfe_bill import NfeError

TIME_ZONE: Final = ZoneInfo("America/Sao_Paulo")


def present(value: Any, name: str) -> Any:
    if not value:
        raise NfeError("missing", field=name)
    return value


def value(member: Any, name: str) -> str:
    return str(present(member, name).value)


def text(value: str | None, name: str) -> str:
    return str(present(" ".join((value or "").split()), name))


def amount(value: str | None, name: str) -> Decimal:
    found = text(value, name)
    if not re.fullmatch(r"[0-9]{1,12}(\.[0-9]{1,2})?", found):
        raise NfeError("bad_field", field=name, value=found[:40])
    return money.round_cents(Decimal(found))


def integer(value: str | None, name: str, digits: int) -> int:
    found = text(value, name)
    if not re.fullmatch(rf"[0-9]{{1,{digits}}}", found):
        raise NfeError("bad_field", field=name, value=found[:40])
    return int(found)


def moment(written: str) -> datetime:
    try:
        found = datetime.fromisoformat(written)
        found.astimezone(TIME_ZONE)
    except (ValueError, OverflowError) as error:
        raise NfeError("bad_field", field="dhEmi", value=written[:40]) from error
    if found.tzinfo is None:
        raise NfeError("bad_field", field="dhEmi", value=written[:40])
    return found


def day(written: str | None) -> date | None:
    if not (written or "").strip():
        return None
    try:
        return date.fromisoformat(str(written).strip())
    except ValueError as error:
        raise NfeError("bad_field", field="dVenc", value=str(written)[:40]) from error
