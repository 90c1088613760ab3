"""Whoever calls the API in tests. Each answer is held against the OpenAPI document: none is undocumented."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from integration.api.calling import Caller
    from integration.pages.world import World

Call = Callable[..., "Caller"]


@pytest.fixture
def call(db: None) -> Call:
    """`call(ana, "entries:read")`: with a new token of that person's; with all scopes unless some are named."""
    from integration.api.calling import Caller, make_token

    from alcada.tokens.rules import SCOPES

    def made(user: Any, *scopes: str, **headers: str) -> "Caller":
        token = make_token(user, *(scopes or SCOPES)) if user is not None else ""
        return Caller(token, **headers)

    return made


@pytest.fixture
def world(company: Any, ana: Any, bruno: Any, clara: Any) -> "World":
    """A company with an account, and entries made at will; no call to Conta Azul."""
    from cast import make_person
    from integration.pages.world import build

    beatriz = make_person("Beatriz Rocha", company, "approver")
    return build(company, ana=ana, bruno=bruno, beatriz=beatriz, clara=clara)
