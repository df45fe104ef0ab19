"""Where to listen, and which names that place goes by."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from rolecall.errors import ConfigurationInvalid

LARGEST_PORT: Final = 65_535
LOOPBACK_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})
BACKLOG: Final = 512

_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """``HOST:PORT`` as it was given.

    Attributes:
        host: a name or an IP address, without brackets.
        port: 0 for any free one.
    """

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read ``HOST:PORT``, ``[::1]:PORT`` or ``:PORT`` (this machine only).

        Raises:
            ConfigurationInvalid: it is neither.
        """
        host, colon, port = text.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if not colon or not port.isdecimal() or int(port) > LARGEST_PORT or (":" in host and not bracketed):
            raise ConfigurationInvalid(
                f"--http takes HOST:PORT, not {text!r}.", hint="For example 127.0.0.1:8765 or [::1]:8765."
            )
        return cls(host.strip("[]") or "127.0.0.1", int(port))


@dataclass(frozen=True, slots=True)
class Listening:
    """Open sockets, all on one port.

    Attributes:
        sockets: one for each address the host stands for.
        host: as it was given.
        port: the real one.
        is_loopback: whether only this machine can reach them.
    """

    sockets: tuple[socket.socket, ...]
    host: str
    port: int
    is_loopback: bool

    @property
    def url(self) -> str:
        """Where clients connect."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/mcp"

    def goes_by(self, authority: str) -> bool:
        """Whether a ``Host`` header names this place.

        Only a loopback name together with the very port does, on loopback: a web page whose own name was
        made to point at this machine (DNS rebinding) still sends that name. Elsewhere tokens are asked for,
        which such a page does not have, and names are the network's affair.
        """
        if not self.is_loopback:
            return bool(authority)
        split = _split(f"http://{authority}")
        return (
            split is not None and split[0] in LOOPBACK_NAMES | {self.host.lower()} and split[1] == self.port
        )

    def is_own_origin(self, origin: str, authority: str) -> bool:
        """Whether an ``Origin`` header is that of a page this place itself would have served."""
        scheme = origin.partition(":")[0].lower()
        place = _split(origin) if scheme in _PORTS else None
        return place is not None and place == _split(f"{scheme}://{authority}")

    def close(self) -> None:
        """Stop listening."""
        for one in self.sockets:
            one.close()


def listen(address: Address) -> Listening:
    """Bind every address that the host stands for.

    Raises:
        ConfigurationInvalid: the host is unknown, or the port taken or not allowed.
    """
    sockets: list[socket.socket] = []
    loopback = True
    port = address.port
    try:
        for family, place in _places(address):
            one = _bound(family, (place, port))
            sockets.append(one)
            port = one.getsockname()[1]
            loopback = loopback and ipaddress.ip_address(place.partition("%")[0]).is_loopback
    except OSError as error:
        for one in sockets:
            one.close()
        raise ConfigurationInvalid(
            f"Cannot listen on {address.host}:{port}: {error.strerror or error}.",
            hint="Name an address of this machine and a free port; port 0 takes any.",
        ) from error
    return Listening(tuple(sockets), address.host, port, loopback)


def _places(address: Address) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    places: list[tuple[socket.AddressFamily, str]] = [
        (family, str(place[0])) for family, _, _, _, place in found
    ]
    places = list(dict.fromkeys(places))
    if address.host.lower() != "localhost":
        return places
    # A machine may have the name for an address it does not have.
    return [(family, place) for family, place in places if _has(family, place)]


def _has(family: socket.AddressFamily, place: str) -> bool:
    with suppress(OSError), socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((place, 0))
        return True
    return False


def _bound(family: socket.AddressFamily, place: tuple[str, int]) -> socket.socket:
    # Named, since asyncio sends without delay only where it sees TCP: else each answer waits 40 ms for a
    # client's acknowledgement of its headers.
    one = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        one.bind(place)
        one.listen(BACKLOG)
        one.setblocking(False)  # noqa: FBT003 - its only form
    except OSError:
        one.close()
        raise
    return one


def _split(url: str) -> tuple[str, int] | None:
    """The host, in small letters, and the port of an address; None where there is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if not parts.hostname or parts.username is not None:
        return None
    return parts.hostname.lower(), port or _PORTS.get(parts.scheme, 0)
