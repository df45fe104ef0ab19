"""Which proxy and which certificates a client's environment asks for.

The environment is the client's, handed in; the process that serves may have another. The rules are those
of curl and requests: lower-case names win, also when they are set to nothing, which turns the proxy off.
``NO_PROXY`` lists hosts, domains, networks or ``*``, where wanted with a port.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_PORTS = {"http": 80, "https": 443}

_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR")


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy for ``url``; None for a direct connection. Loopback never goes through one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    port = parts.port or _PORTS.get(parts.scheme.lower())
    if is_loopback(host) or _is_exempt(host, port, _variable(environment, "no_proxy")):
        return None
    proxy = _variable(environment, f"{parts.scheme.lower()}_proxy", "all_proxy")
    return proxy if not proxy or "://" in proxy else f"http://{proxy}"


def ca_for(environment: Mapping[str, str]) -> str | None:
    """The file or folder of certificates to trust instead of the system's."""
    return next((environment[name] for name in _CA_VARIABLES if environment.get(name)), None)


def is_loopback(host: str) -> bool:
    """Whether ``host`` can only be this machine (RFC 6761 section 6.3 for ``localhost``)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address is not None and address.is_loopback


def _variable(environment: Mapping[str, str], *names: str) -> str | None:
    """The first of ``names`` that is set, in lower or upper case; None where it is set to nothing."""
    spelled = (spelling for name in names for spelling in (name, name.upper()))
    return next((environment[name].strip() or None for name in spelled if name in environment), None)


def _is_exempt(host: str, port: int | None, exempt: str | None) -> bool:
    entries = (exempt or "").replace(",", " ").lower().split()
    return any(entry == "*" or _matches(host, port, entry) for entry in entries)


def _matches(host: str, port: int | None, entry: str) -> bool:
    address = _address(host)
    if address is not None and (network := _network(entry)) is not None:
        return address in network
    name, wanted = _divided(entry)
    if wanted and wanted != str(port):
        return False
    if address is not None:
        return address == _address(name)
    domain = name.removeprefix("*").strip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _divided(entry: str) -> tuple[str, str]:
    """Host and port of an entry; the port is empty where it names none."""
    if entry.startswith("["):
        host, _, port = entry[1:].partition("]")
        return host, port.removeprefix(":")
    if entry.count(":") == 1:
        host, _, port = entry.partition(":")
        return host, port
    return entry, ""


def _network(entry: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    address, slash, bits = entry.partition("/")
    try:
        return ipaddress.ip_network(address.strip("[]") + slash + bits.strip("[]"), strict=False)
    except ValueError:
        return None


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
