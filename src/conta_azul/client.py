"""Executing calls: `Client` waits, `AsyncClient` awaits. Neither retries, refreshes or follows a redirect."""

import re
from collections.abc import AsyncIterator, Iterator
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import httpx

from conta_azul import outcome, wire
from conta_azul.call import Call, Page, Pages
from conta_azul.errors import ContaAzulError, Unreadable
from conta_azul.quiet import sending
from conta_azul.wire import DEFAULT_API_URL, DEFAULT_TIMEOUTS, Timeouts

T = TypeVar("T")
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


class _Account:
    """What both clients know: where, as whom, and how long to wait. Never shows the token."""

    def __init__(self, token: str, base_url: str, timeout: Timeouts) -> None:
        if not _TOKEN.fullmatch(token):
            raise ValueError("This is not an access token")
        self._token = token
        self._base_url = base_url.rstrip("/")
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url!r})"

    def _request(self, call: Call[Any]) -> httpx.Request:
        try:
            return wire.request(call, base_url=self._base_url, token=self._token, timeouts=self._timeout)
        except httpx.InvalidURL as exc:
            raise outcome.of_failure(exc, call.name, writes=call.writes) from exc


class Client(_Account):
    """Sends calls for one Conta Azul account and waits for the answer.

    `http` is an httpx client to share among accounts; it is not closed here, and nothing of its own (cookies,
    credentials, headers, timeouts) goes into a call. Without it the client has its own, over `transport` if
    given: then close it, or use the client as a context manager. Safe to use from several threads.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = DEFAULT_API_URL,
        http: httpx.Client | None = None,
        transport: httpx.BaseTransport | None = None,
        timeout: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        super().__init__(token, base_url, timeout)
        if http is not None and transport is not None:
            raise ValueError("Give http or transport, not both")
        self._owns = http is None
        self._http = httpx.Client(transport=transport) if http is None else http

    def send(self, call: Call[T]) -> T:
        """Send one call, once. Raises ContaAzulError; see `conta_azul.errors` for which means what."""
        request = self._request(call)
        try:
            with sending(call.name) as under_way:
                response = self._http.send(request, auth=None, follow_redirects=False)
                under_way.status = response.status_code
        except outcome.FAILURES as exc:
            raise outcome.of_failure(exc, call.name, writes=call.writes) from exc
        return outcome.read(call, wire.answer(response))

    def walk(self, pages: Pages[T]) -> Iterator[T]:
        """Every item, page by page, to the end."""
        turner = _Turner(pages)
        while call := turner.next_call():
            yield from turner.take(self.send(call))

    def close(self) -> None:
        if self._owns:
            self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncClient(_Account):
    """Sends calls for one Conta Azul account and awaits the answer; otherwise as `Client`.

    A call that is cancelled while under way raises the cancellation, not an error of ours: a write may have
    arrived.
    """

    def __init__(
        self,
        token: str,
        *,
        base_url: str = DEFAULT_API_URL,
        http: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        timeout: Timeouts = DEFAULT_TIMEOUTS,
    ) -> None:
        super().__init__(token, base_url, timeout)
        if http is not None and transport is not None:
            raise ValueError("Give http or transport, not both")
        self._owns = http is None
        self._http = httpx.AsyncClient(transport=transport) if http is None else http

    async def send(self, call: Call[T]) -> T:
        """Send one call, once. Raises ContaAzulError; see `conta_azul.errors` for which means what."""
        request = self._request(call)
        try:
            with sending(call.name) as under_way:
                response = await self._http.send(request, auth=None, follow_redirects=False)
                under_way.status = response.status_code
        except outcome.FAILURES as exc:
            raise outcome.of_failure(exc, call.name, writes=call.writes) from exc
        return outcome.read(call, wire.answer(response))

    async def walk(self, pages: Pages[T]) -> AsyncIterator[T]:
        """Every item, page by page, to the end."""
        turner = _Turner(pages)
        while call := turner.next_call():
            for item in turner.take(await self.send(call)):
                yield item

    async def close(self) -> None:
        if self._owns:
            await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()


class _Turner:
    """Turns pages until the end.

    A short page ends it, whatever the total says: totals can be wrong. Only where the total says that more is
    to come is one more page asked for, in case the server made its pages shorter than asked; an empty page
    always ends it.
    """

    def __init__(self, pages: Pages[Any]) -> None:
        self._pages = pages
        self._seen = 0
        self._last: Page[Any] | None = None

    def next_call(self) -> Call[Page[Any]] | None:
        if self._last is None:
            return self._pages.page(1)
        if not self._last.items or not (self._last.full or self._more_is_claimed(self._last)):
            return None
        return self._pages.page(self._last.number + 1)

    def take(self, page: Page[Any]) -> tuple[Any, ...]:
        if self._last is not None and page.items and page.raw_items == self._last.raw_items:
            raise _same_page_again(self._pages)
        self._seen += len(page.items)
        self._last = page
        return page.items

    def _more_is_claimed(self, page: Page[Any]) -> bool:
        return page.total is not None and page.total > self._seen


def _same_page_again(pages: Pages[Any]) -> ContaAzulError:
    # Else a server that ignores `pagina` would be walked for ever.
    sentence = "Conta Azul sent the same page twice, so the list cannot be read to its end"
    return Unreadable(sentence, call=f"GET {pages.template}", status=200)
