"""From a call to the bytes that leave: JSON with exact amounts, headers, timeouts."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import httpx

from conta_azul import checks
from conta_azul.answer import Answer
from conta_azul.call import Call

DEFAULT_API_URL: Final = "https://api-v2.contaazul.com"
_JSON: Final = json.JSONEncoder(ensure_ascii=False)
USER_AGENT: Final = "conta-azul-client (Alcada)"


@dataclass(frozen=True)
class Timeouts:
    """Seconds to wait: `connect` and `pool` before anything is sent, `write` and `read` after."""

    connect: float = 10.0
    read: float = 60.0
    write: float = 30.0
    pool: float = 30.0


DEFAULT_TIMEOUTS: Final = Timeouts()


def encode(value: Any) -> bytes:
    """The JSON text of a body: a Decimal is a number with exactly two decimals; floats are refused."""
    return _text(value).encode()


def _text(value: Any) -> str:
    if isinstance(value, Decimal):
        return _amount(value)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return f'"{value.isoformat()}"'
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_text(str(key))}: {_text(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_text, value)) + "]"
    if value is None or isinstance(value, str | bool | int):
        return _JSON.encode(value)
    raise TypeError(f"A body takes no {type(value).__name__}")


def _amount(value: Decimal) -> str:
    cents = checks.whole_cents(value)
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole}.{rest:02d}"


def request(call: Call[Any], *, base_url: str, token: str, timeouts: Timeouts) -> httpx.Request:
    """The request of a call.

    Built by hand rather than by an httpx client: one client serves many accounts, and must not add its own
    cookies, credentials or default headers to a call of any of them.
    """
    headers = {
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
        "Authorization": f"Bearer {token}",
        "User-Agent": USER_AGENT,
    }
    content = None
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        content = encode(call.body)
    return httpx.Request(
        call.method,
        base_url + call.path,
        params=call.params or None,
        headers=headers,
        content=content,
        extensions={"timeout": dict(vars(timeouts))},
    )


def answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, response.content, {k.lower(): v for k, v in response.headers.items()})
