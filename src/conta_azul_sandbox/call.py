"""One call to the API, as a handler sees it, and its answer."""

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from conta_azul_sandbox.company import Company
from conta_azul_sandbox.errors import InvalidError
from conta_azul_sandbox.settings import Settings
from conta_azul_sandbox.world import World


@dataclass(slots=True)
class Reply:
    status: int = 200
    document: Any = None
    empty: bool = False

    def bytes(self) -> bytes:
        return b"" if self.empty else json.dumps(self.document).encode()


@dataclass(slots=True)
class Call:
    world: World
    company: Company
    method: str
    path: str
    query: dict[str, list[str]]
    raw: bytes
    now: float
    lag: float
    params: dict[str, str] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return self.world.settings

    @property
    def strict(self) -> bool:
        return self.world.settings.strict

    def json(self) -> dict[str, Any]:
        """The body. Numbers stay exact: 0.1 must not become what a float makes of it."""
        try:
            document = json.loads(self.raw, parse_float=Decimal)
        except (ValueError, RecursionError) as error:
            raise InvalidError("Corpo da requisição não é um JSON válido") from error
        if not isinstance(document, dict):
            raise InvalidError("Corpo da requisição deve ser um objeto JSON")
        return document
