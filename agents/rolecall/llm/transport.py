"""The HTTP client below a pooled client: limits, proxy, TLS, no redirects, nothing from the environment.

Importing this module imports openai and httpx2 (0.8 s of CPU); the pool does so in a thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx2
from openai import AsyncOpenAI

from rolecall._version import __version__
from rolecall.errors import ConfigurationInvalid
from rolecall.llm import tls
from rolecall.llm.classify import HttpFailure
from rolecall.llm.secrecy import masked_url

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from openai import Omit

    from rolecall.llm.types import Endpoint
    from rolecall.settings import PoolSettings

ERROR_BODY_LIMIT = 65_536
"""Bytes of an error response that are read; the rest cannot matter."""

_TELEMETRY_HEADERS = "x-stainless-"
_RAW_RESPONSE = "x-stainless-raw-response"


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


def client(http: httpx2.AsyncClient, endpoint: Endpoint) -> AsyncOpenAI:
    """The SDK's client for ``endpoint`` over a pooled transport; it never retries by itself."""
    return Client(
        base_url=endpoint.base_url,
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

    async def watch(request: httpx2.Request) -> None:
        _drop_telemetry(request)
        request.extensions["trace"] = _tracer(opened)

    try:
        return httpx2.AsyncClient(
            verify=_verification(endpoint),
            proxy=endpoint.proxy,
            limits=httpx2.Limits(
                max_connections=settings.max_connections,
                max_keepalive_connections=settings.max_keepalive,
                keepalive_expiry=settings.keepalive_expiry_s,
            ),
            timeout=None,
            # A redirect would carry the prompt to an origin nobody configured.
            follow_redirects=False,
            trust_env=False,
            event_hooks={"request": [watch], "response": [_raise_failures]},
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise ConfigurationInvalid(
            f"The proxy {masked_url(endpoint.proxy or '')} for {endpoint.origin} cannot be used.",
            hint="HTTP and HTTPS proxies are supported. Set HTTPS_PROXY, or exempt the host with NO_PROXY.",
        ) from error


def _verification(endpoint: Endpoint) -> Any:
    encrypted = endpoint.origin.startswith("https:") or (endpoint.proxy or "").startswith("https:")
    return tls.context(endpoint.ca_file) if encrypted else tls.unused_context()


def _drop_telemetry(request: httpx2.Request) -> None:
    for name in [name for name in request.headers if name.startswith(_TELEMETRY_HEADERS)]:
        # The SDK reads this one back from the request, to know that the bytes are wanted.
        if name != _RAW_RESPONSE:
            del request.headers[name]


def _tracer(opened: Callable[[], None]) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    async def trace(name: str, _: dict[str, Any]) -> None:
        if name == "connection.connect_tcp.complete":
            opened()

    return trace


async def _raise_failures(response: httpx2.Response) -> None:
    # Here rather than in the SDK, which would read an error body of any size.
    if response.is_success:
        return
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= ERROR_BODY_LIMIT:
            break
    headers = {name.lower(): value for name, value in response.headers.items()}
    raise HttpFailure(response.status_code, headers, body[:ERROR_BODY_LIMIT])
