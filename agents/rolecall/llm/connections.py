"""The connections of one pooled client: taken and given back at the same cost, however many there are.

httpcore2's own pool looks through all its connections, and asks the socket of each idle one, whenever a
request begins or ends: of 500 streams at once that is a third of what their requests cost
(``bench/llm_streams.py``). What a connection is (TLS, a proxy's tunnel, HTTP/1.1) stays httpcore2's.
"""

from __future__ import annotations

import asyncio
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import httpcore2

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


class Connections:
    """Connections to one origin, straight or by its proxy. Who asks first is served first.

    An idle connection is one that could be used at once: one of these is always taken before another is
    opened, the latest used first, so that the surplus of a busy minute grows old and is closed.

    Args:
        make: a connection, not yet open.
        limit: connections open at once.
        keep: idle ones that are kept.
    """

    def __init__(
        self,
        make: Callable[[httpcore2.Origin], httpcore2.AsyncConnectionInterface],
        *,
        limit: int,
        keep: int,
    ) -> None:
        self._make = make
        self._keep = keep
        self._places = asyncio.Semaphore(limit)
        self._idle = deque[httpcore2.AsyncConnectionInterface]()
        self._used = set[httpcore2.AsyncConnectionInterface]()

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Send ``request``; its connection is given back when the response is closed."""
        await self._places.acquire()
        connection = await self._taken() or self._make(request.url.origin)
        self._used.add(connection)
        try:
            response = await connection.handle_async_request(request)
        except BaseException:
            await self._give_back(connection)
            raise
        response.stream = _Body(cast("Any", response.stream), partial(self._give_back, connection))
        return response

    async def aclose(self) -> None:
        """Close them all. Whoever reads from one gets an error."""
        closing = [*self._idle, *self._used]
        self._idle.clear()
        for connection in closing:
            await connection.aclose()

    async def _taken(self) -> httpcore2.AsyncConnectionInterface | None:
        """The idle connection that was used last and is still open."""
        while self._idle:
            connection = self._idle.pop()
            if _is_usable(connection):
                return connection
            await connection.aclose()
        return None

    async def _give_back(self, connection: httpcore2.AsyncConnectionInterface) -> None:
        self._used.discard(connection)
        try:
            if _is_usable(connection):
                self._idle.append(connection)
            else:
                await connection.aclose()
            while self._idle and (len(self._idle) > self._keep or not _is_usable(self._idle[0])):
                await self._idle.popleft().aclose()
        finally:
            self._places.release()


class _Body:
    """The body of a response, which gives its connection back once it is closed."""

    def __init__(self, stream: Any, give_back: Callable[[], Awaitable[None]]) -> None:
        self._stream = stream
        self._give_back: Callable[[], Awaitable[None]] | None = give_back

    def __aiter__(self) -> AsyncIterator[bytes]:
        # The iterator itself, rather than a generator around it, which each piece would have to pass.
        return aiter(self._stream)

    async def aclose(self) -> None:
        """Close it. Nothing here waits, so no cancel can come between."""
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            try:
                await self._stream.aclose()
            finally:
                await give_back()


def _is_usable(connection: httpcore2.AsyncConnectionInterface) -> bool:
    return connection.is_idle() and not connection.has_expired() and not _surplus(connection)


def _surplus(connection: httpcore2.AsyncConnectionInterface) -> bytes:
    """What came behind the last answer and was read with it: httpcore2 would take it for the next answer."""
    inner: Any = connection
    while (below := getattr(inner, "_connection", None)) is not None:
        inner = below
    parser = getattr(inner, "_h11_state", None)
    surplus: bytes = b"" if parser is None else parser.trailing_data[0]
    return surplus
