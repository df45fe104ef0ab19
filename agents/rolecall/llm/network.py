"""Sockets below the pooled client: one asyncio protocol a connection, read without a detour.

What httpx2 brings reaches asyncio through anyio, which stops and resumes the reading of the socket around
each piece and opens a cancel scope for it: twice the cost of the read itself, and a person who streams pays
it for every token (``bench/llm_streams.py``).
"""

from __future__ import annotations

import asyncio
import ipaddress
import select
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import httpcore2

from rolecall.llm.pieces import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

HIGH_WATER = 1 << 18
"""Bytes that wait for a slow reader before the sender is held back."""

READ_SIZE = 1 << 13
"""Bytes that are handed over at a time: of heads that never end, h11 reads all of them without a pause."""

HAPPY_EYEBALLS_S = 0.25
"""Seconds after which the next address is tried as well (RFC 8305 section 8)."""


_KEPT_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, cast("int", getattr(socket, name)), value)
        for name, value in {
            "TCP_KEEPIDLE": 45,
            "TCP_KEEPALIVE": 45,  # what macOS calls it
            "TCP_KEEPINTVL": 15,
            "TCP_KEEPCNT": 4,
        }.items()
        if hasattr(socket, name)
    ),
]
"""Socket options that ask an idle or silent peer now and then whether it is there.

Firewalls forget a connection after some minutes, sooner than a person's pause ends, and tell nobody: the next
request would wait for its first token in vain.
"""


class HandshakeFailed(httpcore2.ConnectError):
    """There is a connection, and no encryption over it.

    Attributes:
        handshakes: that were still to come; 2 where it was the one with a proxy on the way to an endpoint.
    """

    handshakes = 0


class Network(httpcore2.AsyncNetworkBackend):
    """Opens connections.

    Args:
        opened: called for each that was made.
        handshakes: of TLS until the way through a proxy's tunnel stands. httpcore2 gives the proxy's answer
            no deadline; until then, waiting is connecting.
    """

    def __init__(self, opened: Callable[[], None], *, handshakes: int = 0) -> None:
        self._opened = opened
        self._handshakes = handshakes

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore2's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """A connection, by whichever address of ``host`` answers first."""
        loop = asyncio.get_running_loop()
        local = (local_address, 0) if local_address else None
        with _mapped(httpcore2.ConnectTimeout, httpcore2.ConnectError):
            async with asyncio.timeout(timeout):
                delay = None
                if not _is_address(host):
                    await _looked_up(host)
                    delay = HAPPY_EYEBALLS_S
                _, stream = await loop.create_connection(
                    Stream, host, port, local_addr=local, happy_eyeballs_delay=delay
                )
        for option in (*_KEPT_ALIVE, *(socket_options or ())):
            with suppress(OSError):  # gone already, or a system that refuses; reading will tell
                stream.socket.setsockopt(*option)
        stream.handshakes, stream.connect_s = self._handshakes, timeout
        self._opened()
        return stream

    async def sleep(self, seconds: float) -> None:
        """Wait so long."""
        await asyncio.sleep(seconds)


class Stream(httpcore2.AsyncNetworkStream, asyncio.Protocol):
    """One connection. The loop reads it all the time, so that its end is known while it is idle, too.

    Attributes:
        handshakes: of TLS until its way stands.
        connect_s: seconds a read may take until then; None without limit.
    """

    def __init__(self) -> None:
        self.handshakes = 0
        self.connect_s: float | None = None
        self._transport: asyncio.Transport
        self._received = bytearray()
        self._ended = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writers: list[asyncio.Future[None]] = []
        self._may_write = True
        self._held_back = False
        self._turn = Turn()

    @property
    def socket(self) -> socket.socket:
        """What is below; for options and questions."""
        return cast("socket.socket", self._transport.get_extra_info("socket"))

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep it for the reader."""
        self._received += data
        if len(self._received) > HIGH_WATER and not self._held_back:
            self._held_back = True
            self._transport.pause_reading()
        self._wake_reader()

    def eof_received(self) -> None:
        """Nothing more will come."""
        self._ended = True
        self._wake_reader()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over, by our will or not."""
        self._ended = True
        self._error = exc
        self._wake_reader()
        self.resume_writing()

    def pause_writing(self) -> None:
        """The peer takes no more for now."""
        self._may_write = False

    def resume_writing(self) -> None:
        """It does again, or never will."""
        self._may_write = True
        for writer in self._writers:
            if not writer.done():
                writer.set_result(None)
        self._writers.clear()

    # What httpcore2 calls.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  # httpcore2's signature
        """What has come, empty at the end."""
        late: type[Exception] = httpcore2.ReadTimeout
        broken: type[Exception] = httpcore2.ReadError
        if self.handshakes:  # a proxy is to speak, nobody behind it
            timeout, late, broken = self.connect_s, httpcore2.ConnectTimeout, httpcore2.ProxyError
        with _mapped(late, broken):
            await self._turn.take()
            if not self._received and not self._ended:
                self._reader = asyncio.get_running_loop().create_future()
                if timeout is None:
                    await self._reader
                else:
                    async with asyncio.timeout(timeout):
                        await self._reader
                self._turn.waited()
            if not self._received and (self._error is not None or self.handshakes):
                raise self._error or ConnectionResetError
        return self._taken(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109  # httpcore2's signature
        """Send it; waits while the peer takes no more."""
        with _mapped(httpcore2.WriteTimeout, httpcore2.WriteError):
            if self._transport.is_closing():
                raise self._error or ConnectionResetError("the connection is closed")
            self._transport.write(buffer)
            if not self._may_write:
                async with asyncio.timeout(timeout):
                    await self._drained()

    async def aclose(self) -> None:
        """Hang up now, whatever was still to be sent."""
        self._transport.close()
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # httpcore2's signature
    ) -> httpcore2.AsyncNetworkStream:
        """Encrypt what follows."""
        failed = HandshakeFailed()
        failed.handshakes = self.handshakes
        if self._received:
            # A proxy's words from before the handshake would be read as the endpoint's from after it.
            self._transport.abort()
            raise failed from ssl.SSLError("plain text before the handshake")
        loop = asyncio.get_running_loop()
        try:
            with _mapped(httpcore2.ConnectTimeout, lambda _: failed):
                async with asyncio.timeout(timeout):
                    encrypted = await loop.start_tls(
                        self._transport, self, ssl_context, server_hostname=server_hostname
                    )
        except BaseException:
            self._transport.abort()
            raise
        if encrypted is None:  # it ended during the handshake
            raise failed
        self._transport = encrypted
        self.handshakes = max(0, self.handshakes - 1)
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore2 asks: ``ssl_object``, ``socket``, ``is_readable``, addresses."""
        match info:
            case "ssl_object" | "socket":
                return self._transport.get_extra_info(info)
            case "client_addr":
                return self._transport.get_extra_info("sockname")
            case "server_addr":
                return self._transport.get_extra_info("peername")
            case "is_readable":
                return bool(self._ended or self._received) or _is_readable(self.socket)
            case _:
                return None

    def _taken(self, max_bytes: int) -> bytes:
        size = min(max_bytes, READ_SIZE)
        data = bytes(self._received[:size])
        del self._received[:size]
        if self._held_back and len(self._received) <= HIGH_WATER // 2:
            self._held_back = False
            self._transport.resume_reading()
        return data

    def _wake_reader(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    async def _drained(self) -> None:
        writer = asyncio.get_running_loop().create_future()
        self._writers.append(writer)
        await writer
        if self._error is not None:
            raise self._error


def _is_address(host: str) -> bool:
    """Whether it is an address: there is nothing to look up, and no other address to race with."""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


async def _looked_up(host: str) -> None:
    """Wait until the name service has answered, well or ill; what it said is asked for again, and known then.

    A look-up cannot be stopped. The loop's own ends in a thread that the end of the process waits for, half
    a minute where no name server answers; this one's thread is left behind.
    """
    loop = asyncio.get_running_loop()
    answered = asyncio.Event()

    def look_up() -> None:
        with suppress(OSError, UnicodeError):
            socket.getaddrinfo(host, None)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(answered.set)

    threading.Thread(target=look_up, name="rolecall-look-up", daemon=True).start()
    await answered.wait()


def _is_readable(below: socket.socket | None) -> bool:
    """Whether the system has something that the loop has not seen yet: of an idle connection, its end."""
    descriptor = -1 if below is None else below.fileno()
    if descriptor < 0:
        return True
    if not hasattr(select, "poll"):
        return False  # Windows; the loop will see it
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


@contextmanager
def _mapped(timeout: type[Exception], failure: Callable[[Exception], Exception]) -> Generator[None]:
    """Raise what httpcore2 expects, with the original as its cause."""
    try:
        yield
    except TimeoutError as error:
        raise timeout(error) from error
    except (OSError, UnicodeError) as error:  # UnicodeError: a host name that no name service takes
        raise failure(error) from error
