"""Reading a JSON body field by field.

What is missing or wrong is refused one field at a time, as most of the API does (§2.1).
A field that nobody asked for is ignored in faithful mode and refused in strict mode (§2.2).
"""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from conta_azul_sandbox.clock import parse_date
from conta_azul_sandbox.errors import InvalidError
from conta_azul_sandbox.ids import is_uuid
from conta_azul_sandbox.money import cents_of

T = TypeVar("T")


class Fields:
    def __init__(
        self, data: dict[str, Any], *, strict: bool, where: str = "", shape: str | None = None
    ) -> None:
        self.data = data
        self.strict = strict
        self.where = where
        self.shape = shape
        self._asked: set[str] = set()

    def refuse(self, name: str, why: str) -> InvalidError:
        return InvalidError(f"{self.where}{name}: {why}", shape=self.shape)

    def has(self, name: str) -> bool:
        return self.data.get(name) is not None

    def text(self, name: str, *, most: int | None = None) -> str:
        return self._required(name, self.maybe_text(name, most=most) or None)

    def maybe_text(self, name: str, *, most: int | None = None) -> str | None:
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.refuse(name, "deve ser um texto.")
        if not _is_writable(value):
            raise self.refuse(name, "contém caracteres inválidos.")
        if most is not None and len(value) > most:
            raise self.refuse(name, f"deve ter no máximo {most} caracteres.")
        return value

    def date(self, name: str) -> str:
        return self._required(name, self.maybe_date(name))

    def maybe_date(self, name: str) -> str | None:
        return self._parsed(name, parse_date, "deve ser uma data no formato yyyy-MM-dd.")

    def uuid(self, name: str) -> str:
        return self._required(name, self.maybe_uuid(name))

    def maybe_uuid(self, name: str) -> str | None:
        value = self.maybe_text(name)
        if value is not None and not is_uuid(value):
            parameter = f"fornecido no parâmetro '{self.where}{name}'"
            message = f"O valor '{value}' {parameter} não é um identificador (uuid) válido."
            raise InvalidError(message, shape=self.shape)
        return value.lower() if value is not None else None

    def cents(self, name: str) -> int:
        return self._required(name, self.maybe_cents(name))

    def maybe_cents(self, name: str) -> int | None:
        value = self._get(name)
        if value is None:
            return None
        try:
            return cents_of(value)
        except ValueError as error:
            raise self.refuse(name, f"valor inválido: {error}.") from error

    def integer(self, name: str) -> int:
        value = self._get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise self.refuse(name, "deve ser um número inteiro.")
        return self._required(name, value)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._get(name)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refuse(name, "deve ser verdadeiro ou falso.")
        return value

    def choice(self, name: str, allowed: Iterable[str]) -> str:
        return self._required(name, self.maybe_choice(name, allowed))

    def maybe_choice(self, name: str, allowed: Iterable[str]) -> str | None:
        value = self.maybe_text(name)
        if value is not None and value not in allowed:
            raise self.refuse(name, f"valor '{value}' inválido. Valores aceitos: {', '.join(allowed)}.")
        return value

    def inner(self, name: str) -> "Fields":
        return self._required(name, self.maybe_inner(name))

    def maybe_inner(self, name: str) -> "Fields | None":
        value = self._get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise self.refuse(name, "deve ser um objeto.")
        return self._nested(f"{name}.", value)

    def rows(self, name: str) -> "list[Fields]":
        value = self._get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            raise self.refuse(name, "deve ser uma lista de objetos.")
        return [self._nested(f"{name}[{position}].", row) for position, row in enumerate(value)]

    def texts(self, name: str) -> list[str]:
        value = self._get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.refuse(name, "deve ser uma lista de textos.")
        return value

    def anything(self, name: str) -> Any:
        return self._get(name)

    def done(self) -> None:
        """Call when all has been read: strict mode refuses what is left over."""
        if self.strict:
            for name in self.data:
                if name not in self._asked:
                    raise self.refuse(name, "campo desconhecido (recusado pelo modo estrito do sandbox).")

    def _nested(self, where: str, data: dict[str, Any]) -> "Fields":
        return Fields(data, strict=self.strict, where=self.where + where, shape=self.shape)

    def _get(self, name: str) -> Any:
        self._asked.add(name)
        return self.data.get(name)

    def _required(self, name: str, value: T | None) -> T:
        if value is None:
            raise self.refuse(name, "campo obrigatório não informado.")
        return value

    def _parsed(self, name: str, parse: Callable[[str], T], complaint: str) -> T | None:
        value = self.maybe_text(name)
        if value is None:
            return None
        try:
            return parse(value)
        except ValueError as error:
            raise self.refuse(name, complaint) from error


def _is_writable(text: str) -> bool:
    """Half a surrogate pair is JSON, and no text that could be shown or saved."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False
