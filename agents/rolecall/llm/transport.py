"""The HTTP client below a pooled client: limits, proxy, TLS, no redirects, nothing from the environment.

Importing this module imports openai and httpx2 (0.8 s of CPU); the pool does so in a thread.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import httpcore2
import httpx2
from openai import AsyncOpenAI

from rolecall._version import __version__
from rolecall.errors import ConfigurationInvalid
from rolecall.llm import tls
from rolecall.llm.classify import HttpFailure
from rolecall.llm.connections import Connections
from rolecall.llm.network import Network
from rolecall.llm.pieces import collect
from rolecall.llm.secrecy import masked_url

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import Omit

    from rolecall.llm.types import Endpoint
    from rolecall.settings import PoolSettings

ERROR_BODY_LIMIT = 65_536
"""Bytes of an error response that are read; the rest cannot matter."""

ERROR_BODY_S = 5.0
"""Seconds the body of an error response may take; its status has said the most already."""

_TELEMETRY_HEADERS = "x-stainless-"


class Client(AsyncOpenAI):
    """The SDK's client with our headers only.

    The SDK takes headers, organisation and project from the environment of its process, which here is not
    the client's, and describes the machine it runs on in further ones.
    """

    @property
    def default_headers(self) -> dict[str, str | Omit]:
        """What every request carries besides its authorisation."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": f"rolecall/{__version__}",
        }

    def _prepare_url(self, url: str) -> httpx2.URL:
        # The SDK parses and joins the same address anew for every request: a tenth of what one costs.
        if url not in self._addresses:
            self._addresses[url] = super()._prepare_url(url)
        return self._addresses[url]

    @cached_property
    def _addresses(self) -> dict[str, httpx2.URL]:
        return {}


def client(http: httpx2.AsyncClient, endpoint: Endpoint) -> AsyncOpenAI:
    """The SDK's client for ``endpoint`` over a pooled transport; it never retries by itself."""
    return Client(
        base_url=endpoint.base_url,
        default_query=dict(parse_qsl(endpoint.query, keep_blank_values=True)),
        # Empty rather than None, since None makes the SDK look into the environment.
        api_key=endpoint.api_key or "",
        admin_api_key="",
        organization="",
        project="",
        webhook_secret="",
        max_retries=0,
        http_client=http,
        _enforce_credentials=False,
    )


def build(endpoint: Endpoint, settings: PoolSettings, opened: Callable[[], None]) -> httpx2.AsyncClient:
    """A transport for the endpoint's origin. ``opened`` is called whenever it opens a connection.

    Raises:
        ConfigurationInvalid: the proxy or the certificates cannot be used.
    """
    try:
        return httpx2.AsyncClient(
            transport=Transport(_connections(endpoint, settings, _network(endpoint, opened))),
            timeout=None,
            # A redirect would carry the prompt to an origin nobody configured.
            follow_redirects=False,
            trust_env=False,
            event_hooks={"request": [_drop_telemetry], "response": [_raise_failures]},
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise ConfigurationInvalid(
            f"The proxy {masked_url(endpoint.proxy or '')} for {endpoint.origin} cannot be used.",
            hint="HTTP and HTTPS proxies are supported. Set HTTPS_PROXY, or exempt the host with NO_PROXY.",
        ) from error


class Transport(httpx2.AsyncHTTPTransport):
    """httpx2's own, over connections of ours."""

    def __init__(self, connections: Connections) -> None:
        # The base class would make them itself, and has no way to hand it a network.
        self._pool: Any = connections


def _connections(endpoint: Endpoint, settings: PoolSettings, network: Network) -> Connections:
    """The connections to the endpoint. Raises ValueError for a proxy that is no HTTP proxy."""
    maker = _maker(endpoint, settings, network)
    return Connections(maker.create_connection, limit=settings.max_connections, keep=settings.max_keepalive)


def _maker(endpoint: Endpoint, settings: PoolSettings, network: Network) -> httpcore2.AsyncConnectionPool:
    """What makes connections to the endpoint, or to its proxy."""
    options: dict[str, Any] = {
        "ssl_context": _verification(endpoint),
        "keepalive_expiry": settings.keepalive_expiry_s,
        "network_backend": network,
    }
    if endpoint.proxy is None:
        return httpcore2.AsyncConnectionPool(**options)
    proxy = httpx2.Proxy(endpoint.proxy)
    if proxy.url.scheme not in {"http", "https"}:
        raise ValueError(proxy.url.scheme)
    address = proxy.url
    return httpcore2.AsyncHTTPProxy(
        httpcore2.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=b"/"),
        proxy_auth=proxy.raw_auth,
        # Who vouches for the endpoints of a network vouches for its proxy.
        proxy_ssl_context=options["ssl_context"] if address.scheme == "https" else None,
        **options,
    )


def _network(endpoint: Endpoint, opened: Callable[[], None]) -> Network:
    if endpoint.proxy is None or not endpoint.origin.startswith("https:"):
        return Network(opened)
    return Network(opened, handshakes=2 if endpoint.proxy.startswith("https:") else 1)


def _verification(endpoint: Endpoint) -> Any:
    encrypted = endpoint.origin.startswith("https:") or (endpoint.proxy or "").startswith("https:")
    return tls.context(endpoint.ca_file) if encrypted else tls.unused_context()


async def _drop_telemetry(request: httpx2.Request) -> None:
    for name in [name for name in request.headers if name.startswith(_TELEMETRY_HEADERS)]:
        del request.headers[name]


async def _raise_failures(response: httpx2.Response) -> None:
    # Here rather than in the SDK, which would read an error body of any size.
    if response.is_success:
        return
    body = bytearray()
    # What has come is enough where the rest breaks off, stalls or cannot be unpacked.
    with suppress(httpx2.HTTPError, TimeoutError):
        async with asyncio.timeout(ERROR_BODY_S):
            await collect(body, response, ERROR_BODY_LIMIT)
    headers = {name.lower(): value for name, value in response.headers.items()}
    raise HttpFailure(response.status_code, headers, bytes(body))
