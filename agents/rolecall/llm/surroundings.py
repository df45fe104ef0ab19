"""Which proxy and which certificates a client's environment asks for.

The environment is the client's, handed in; the process that serves may have another. The rules are those
of curl and requests: lower-case names win, ``NO_PROXY`` lists hosts, domains, networks or ``*``.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

_CA_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR")


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy for ``url``; None for a direct connection. Loopback never goes through one."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".").lower()
    if is_loopback(host) or _is_exempt(host, parts.port, _variable(environment, "no_proxy")):
        return None
    proxy = _variable(environment, f"{parts.scheme.lower()}_proxy") or _variable(environment, "all_proxy")
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


def _variable(environment: Mapping[str, str], name: str) -> str | None:
    return environment.get(name) or environment.get(name.upper()) or None


def _is_exempt(host: str, port: int | None, exempt: str | None) -> bool:
    for entry in (exempt or "").replace(",", " ").split():
        if entry == "*" or _matches(host, port, entry.lower()):
            return True
    return False


def _matches(host: str, port: int | None, entry: str) -> bool:
    address = _address(host)
    if address is not None:
        try:
            return address in ipaddress.ip_network(entry.strip("[]"), strict=False)
        except ValueError:
            pass
    name, _, wanted = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
    if wanted and wanted != str(port):
        return False
    domain = name.removeprefix("*").lstrip(".")
    return bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None
