"""Walking to the end, in every envelope."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from client_cast import TOKEN, answering, said

from conta_azul import AsyncClient, Unreadable
from conta_azul.calls import changes

NOON = dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
PAGES = changes.list(NOON, NOON, page_size=10)
Envelope = Callable[[list[Any], int], Any]
ENVELOPES: dict[str, Envelope] = {
    "itens": lambda items, total: {"itens_totais": total, "itens": items, "totais": {}},
    "items": lambda items, total: {"itens_totais": total, "items": items},
    "both": lambda items, total: {"items": None, "itens": items},
    "people": lambda items, total: {"totalItems": total, "items": items or None},
    "budgets": lambda items, total: {"itens": items, "total_itens": total},
    "nested": lambda items, total: {"itens": items, "paginacao": {"total_itens": total}},
    "array": lambda items, total: items,
    "odd total": lambda items, total: {"itens": items, "itens_totais": "many"},
}


def serving(
    count: int, envelope: Envelope, *, page_size: int = 10, total: int | None = None
) -> Callable[..., Any]:
    """A server of so many items; `page_size` is what it makes its pages of, `total` what it claims."""

    def serve(request: httpx.Request) -> httpx.Response:
        first = (int(request.url.params["pagina"]) - 1) * page_size
        ids = [{"id": f"e{number}"} for number in range(count)][first : first + page_size]
        return said(envelope(ids, count if total is None else total))

    return serve


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 25, 30])
def test_every_item_comes_once(count: int, envelope: Envelope) -> None:
    with answering(serving(count, envelope)) as client:
        assert list(client.walk(PAGES)) == [f"e{number}" for number in range(count)]


@pytest.mark.parametrize("envelope", ENVELOPES.values(), ids=ENVELOPES)
async def test_and_so_when_awaited(envelope: Envelope) -> None:
    async with AsyncClient(TOKEN, transport=httpx.MockTransport(serving(25, envelope))) as client:
        assert [each async for each in client.walk(PAGES)] == [f"e{number}" for number in range(25)]


@pytest.mark.parametrize("total", [0, 1, 10, 24, 26, 1000])
def test_a_wrong_total_ends_nothing_early_and_walks_nowhere(total: int) -> None:
    seen: list[httpx.Request] = []
    with answering(serving(25, ENVELOPES["itens"], total=total), seen=seen) as client:
        assert len(list(client.walk(PAGES))) == 25
    assert len(seen) in (3, 4)


def test_pages_shorter_than_asked_are_walked_while_the_total_says_so() -> None:
    with answering(serving(25, ENVELOPES["itens"], page_size=4)) as client:
        assert len(list(client.walk(PAGES))) == 25


def test_one_page() -> None:
    with answering(serving(25, ENVELOPES["itens"])) as client:
        page = client.send(PAGES.page(3))
    assert (page.items, page.number, page.total, page.full) == (
        ("e20", "e21", "e22", "e23", "e24"),
        3,
        25,
        False,
    )


def test_a_server_that_ignores_the_page_is_not_walked_for_ever() -> None:
    same = said({"itens": [{"id": f"e{number}"} for number in range(10)]})
    with answering(lambda request: same) as client, pytest.raises(Unreadable, match="same page twice"):
        list(client.walk(PAGES))


@pytest.mark.parametrize(
    "answer", [{}, {"itens_totais": 0}, {"itens": "none"}, {"itens": {}}, "x", {"itens": [1]}]
)
def test_no_list_is_not_an_empty_list(answer: Any) -> None:
    with answering(said(answer)) as client, pytest.raises(Unreadable):
        list(client.walk(PAGES))


def test_an_item_without_an_id_is_an_error_that_says_which() -> None:
    with (
        answering(said({"itens": [{"id": "e1"}, {}]})) as client,
        pytest.raises(Unreadable, match="item 2 has no usable 'id'"),
    ):
        list(client.walk(PAGES))
