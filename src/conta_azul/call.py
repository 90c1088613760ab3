"""Calls as data: what would be sent, and how its answer is read. `conta_azul.client` executes them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from conta_azul import checks
from conta_azul.answer import Answer, Fields, Unusable, rows
from conta_azul.limits import DEFAULT_PAGE_SIZE

T = TypeVar("T")
Params = tuple[tuple[str, str], ...]
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Call(Generic[T]):
    """One call to the API.

    `template` is the path with its ids left out, for logs and errors. `params` and `body` are not in the
    repr: they may hold documents. `parse` reads a successful answer, and raises `Unusable` when what it
    relies on is not there.
    """

    method: str
    template: str
    parse: Callable[[Answer], T] = field(repr=False)
    ids: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    params: Params = field(default=(), repr=False)
    body: Body | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name, value in self.ids:
            checks.an_id(value, name)

    @property
    def path(self) -> str:
        path = self.template
        for name, value in self.ids:
            path = path.replace("{" + name + "}", value)
        return path

    @property
    def writes(self) -> bool:
        """Whether it changes something in Conta Azul, so that it must not be repeated blindly."""
        return self.method != "GET"

    @property
    def name(self) -> str:
        return f"{self.method} {self.template}"


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list. `total` is what the envelope claims, and can be wrong (observed)."""

    items: tuple[T, ...]
    number: int
    size: int
    total: int | None = None
    raw_items: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def full(self) -> bool:
        return len(self.items) >= self.size


@dataclass(frozen=True)
class Pages(Generic[T]):
    """A list that comes in pages; `page(n)` is the call for one of them, counted from 1."""

    template: str
    read_item: Callable[[Fields], T] = field(repr=False)
    params: Params = field(default=(), repr=False)
    size: int = DEFAULT_PAGE_SIZE

    def __post_init__(self) -> None:
        checks.a_page_size(self.size)

    def page(self, number: int) -> Call[Page[T]]:
        if number < 1:
            raise ValueError("Pages are counted from 1")
        paging = (("pagina", str(number)), ("tamanho_pagina", str(self.size)))
        return Call(
            "GET", self.template, lambda answer: self._read(answer, number), params=paging + self.params
        )

    def _read(self, answer: Answer, number: int) -> Page[T]:
        items, total = read_envelope(answer.json())
        raw = tuple(item.raw for item in items)
        return Page(tuple(map(self.read_item, items)), number, self.size, total, raw)


def read_envelope(value: Any) -> tuple[tuple[Fields, ...], int | None]:
    """The items of a page and the total it claims, whichever of the known envelopes it came in.

    The key is `itens` or `items` by resource, null when nothing matches in some (observed for people), and
    absent from nowhere: no list at all is not an empty list.
    """
    if isinstance(value, list):
        return rows(value, "the list"), None
    envelope = Fields(value, "the page", lenient=True)
    keys = [key for key in ("itens", "items") if key in envelope.raw]
    if not keys:
        raise Unusable("the page has neither 'itens' nor 'items'")
    key = next((key for key in keys if envelope.raw[key] is not None), keys[0])
    items = () if envelope.raw[key] is None else rows(envelope.raw[key], f"the page's {key!r}")
    return items, _read_total(envelope)


def _read_total(envelope: Fields) -> int | None:
    places = (envelope, envelope.inner("paginacao"))
    names = ("itens_totais", "totalItems", "total_itens")
    found = (place.maybe_int(name) for place in places if place for name in names)
    return next((total for total in found if total is not None), None)


def given(*pairs: tuple[str, str | None]) -> Params:
    """The parameters that have a value."""
    return tuple((name, value) for name, value in pairs if value is not None)


def repeated(name: str, values: Iterable[str]) -> Params:
    """A list filter: the parameter once per value (the comma form is refused, observed)."""
    return tuple((name, value) for value in values)


def flag(value: bool | None) -> str | None:
    return None if value is None else "true" if value else "false"
