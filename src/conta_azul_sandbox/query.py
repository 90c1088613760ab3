"""Reading query parameters (docs/conta-azul-api.md §2.3, §2.4)."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from conta_azul_sandbox.call import Call
from conta_azul_sandbox.clock import parse_date, parse_local
from conta_azul_sandbox.errors import InvalidError
from conta_azul_sandbox.ids import is_uuid

PAGE_SIZES = (10, 20, 50, 100, 200, 500, 1000)
MONEY = re.compile(r"^[0-9]{1,15}(\.[0-9]{1,2})?$")
NUMBER = re.compile(r"^[0-9]{1,9}$")
LONGEST_WINDOW = 365 * 86400


class Query:
    def __init__(self, call: Call, shape: str | None = None) -> None:
        self.values = call.query
        self.shape = shape

    def refuse(self, message: str) -> InvalidError:
        return InvalidError(message, shape=self.shape)

    def text(self, name: str) -> str | None:
        values = self.values.get(name)
        return values[0] if values and values[0] != "" else None

    def texts(self, name: str) -> list[str]:
        """List filters repeat the parameter; the comma form is one value that matches nothing."""
        return [value for value in self.values.get(name, ()) if value != ""]

    def required(self, name: str) -> str:
        value = self.text(name)
        if value is None:
            raise self.refuse(f"O parâmetro '{name}' é obrigatório.")
        return value

    def date(self, name: str, *, required: bool = False) -> str | None:
        value = self.required(name) if required else self.text(name)
        if value is None:
            return None
        try:
            return parse_date(value)
        except ValueError as error:
            raise self.refuse(f"O parâmetro '{name}' deve ser uma data no formato yyyy-MM-dd.") from error

    def moment(self, name: str, *, required: bool = False) -> float | None:
        value = self.required(name) if required else self.text(name)
        if value is None:
            return None
        try:
            return parse_local(value)
        except ValueError as error:
            raise self.refuse(
                f"O parâmetro '{name}' deve ser uma data e hora ISO 8601 sem fuso (yyyy-MM-dd'T'HH:mm:ss)."
            ) from error

    def window(self) -> tuple[float, float]:
        """data_inicio and data_fim, both required, at most 365 days apart."""
        start, end = self.moment("data_inicio", required=True), self.moment("data_fim", required=True)
        assert start is not None
        assert end is not None
        if start > end:
            raise self.refuse("A data de início não pode ser posterior à data de fim.")
        if end - start > LONGEST_WINDOW:
            raise self.refuse("O intervalo entre as datas excede o limite máximo permitido de 365 dias")
        return start, end

    def cents(self, name: str) -> int | None:
        value = self.text(name)
        if value is None:
            return None
        if not MONEY.match(value):
            raise self.refuse(f"O parâmetro '{name}' deve ser um valor decimal com até duas casas.")
        whole, _, rest = value.partition(".")
        return int(whole) * 100 + int(rest.ljust(2, "0"))

    def choice(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.text(name)
        if value is not None and value not in allowed:
            raise self.refuse(
                f"O valor '{value}' do parâmetro '{name}' é inválido. Aceitos: {', '.join(allowed)}."
            )
        return value

    def choices(self, name: str, allowed: Iterable[str]) -> list[str]:
        values = self.texts(name)
        for value in values:
            if value not in allowed:
                raise self.refuse(f"O valor '{value}' do parâmetro '{name}' é inválido.")
        return values

    def uuids(self, name: str) -> list[str]:
        values = self.texts(name)
        if not all(is_uuid(value) for value in values):
            raise self.refuse(
                f"O valor fornecido no parâmetro '{name}' não é um identificador (uuid) válido."
            )
        return [value.lower() for value in values]

    def flag(self, name: str, default: bool = False) -> bool:
        return self.choice(name, ("true", "false")) == "true" if self.text(name) else default

    def page(self, *, required: bool = False) -> tuple[int, int]:
        """(page from 1, size out of the allowed set)."""
        if required:
            self.required("pagina")
            self.required("tamanho_pagina")
        page, size = self.text("pagina") or "1", self.text("tamanho_pagina") or "10"
        if not NUMBER.match(page) or int(page) < 1:
            raise self.refuse("O número da página deve ser maior ou igual a 1.")
        if not NUMBER.match(size) or int(size) not in PAGE_SIZES:
            sizes = ", ".join(map(str, PAGE_SIZES))
            raise self.refuse(f"o tamanho da página deve ser um dos seguintes valores: {sizes}")
        return int(page), int(size)


def slice_page(items: Sequence[Any], page: tuple[int, int]) -> Sequence[Any]:
    number, size = page
    return items[(number - 1) * size : number * size]
