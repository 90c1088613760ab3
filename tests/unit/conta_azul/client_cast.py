"""What the client's tests share: ids, an entry, and a client whose answers a function gives."""

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from conta_azul import Client
from conta_azul.calls.entries import CategorySplit, NewEntry, NewInstalment

TOKEN = "eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXRva2Vu.c2lnbmF0dXJl"
BANK = "35473eec-4e74-11ee-b500-9f61de8a8b8b"
SUPPLIER = "0190f3c2-7b7e-7c4a-9a51-0d7b3f1c2e11"
CATEGORY = "9986f173-f531-4660-96ae-04b71c879264"
CENTRE = "8f2a3e45-1c9d-4b3a-a7f1-9e8d7c6b5a4f"
EVENT = "7d1b2c34-8a5e-4f6d-b9c2-3e4f5a6b7c8d"


def an_entry(worth: str = "1500.00", **changes: Any) -> NewEntry:
    value = Decimal(worth)
    content: dict[str, Any] = {
        "description": "Aluguel ALC-7F3K2Q",
        "competence_date": dt.date(2026, 11, 1),
        "amount": value,
        "bank_account_id": BANK,
        "party_id": SUPPLIER,
        "splits": (CategorySplit(CATEGORY, value, ((CENTRE, value),)),),
        "instalments": (NewInstalment("Parcela 1/1", dt.date(2026, 12, 10), value),),
    }
    return NewEntry(**(content | changes))


def answering(
    handler: Callable[[httpx.Request], httpx.Response] | httpx.Response,
    *,
    seen: list[httpx.Request] | None = None,
) -> Client:
    """A client whose every call gets the handler's answer; requests are kept in `seen`."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return handler if isinstance(handler, httpx.Response) else handler(request)

    return Client(TOKEN, transport=httpx.MockTransport(answer))


def failing(exc: Exception) -> Client:
    def fail(request: httpx.Request) -> httpx.Response:
        raise exc

    return Client(TOKEN, transport=httpx.MockTransport(fail))


def said(value: Any, status: int = 200, **headers: str) -> httpx.Response:
    return httpx.Response(status, content=json.dumps(value).encode(), headers=headers)
