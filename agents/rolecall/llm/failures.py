"""What a connection that fails means: who is at fault, the endpoint or the proxy before it, and what to do.

A proxy is told by its address, never by the login that belongs to it.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import TYPE_CHECKING

import httpx2

from rolecall.errors import (
    EndpointUnreachable,
    TimedOut,
    UpstreamError,
    UpstreamProtocolError,
    UpstreamUnavailable,
)
from rolecall.llm.network import HandshakeFailed
from rolecall.llm.secrecy import host_of, masked_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rolecall.llm.types import Endpoint
    from rolecall.settings.model import LlmSettings

PROXY_WORDS = 80
"""Characters of a proxy's refusal that are shown."""

_CUT_OFF = re.compile(r"disconnected|peer closed", re.IGNORECASE)
"""How h11 and httpcore2 say that a connection ended too early, which is no fault of what was said."""

_REFUSAL = re.compile(r"(\d{3})\b")


def error_of(error: BaseException, endpoint: Endpoint, settings: LlmSettings) -> UpstreamError:
    """The error that a failure of the transport means."""
    match error:
        case httpx2.ConnectTimeout():
            return TimedOut(
                f"No connection to {host_of(endpoint)}{_through(endpoint)} within "
                f"{settings.connect_timeout_s:g} s (llm.connect_timeout_s).",
                hint="Check llm.base_url, your network and your proxy, or raise llm.connect_timeout_s.",
            )
        case httpx2.ProxyError():
            return _refused(str(error).strip(), endpoint)
        case httpx2.ConnectError():
            return _unconnected(list(_causes(error)), endpoint)
        case httpx2.TimeoutException():
            return TimedOut(f"{host_of(endpoint)} took too long to take the request.", hint="Try again.")
        case httpx2.RemoteProtocolError() if not _CUT_OFF.search(str(error)):
            return UpstreamProtocolError(
                f"{host_of(endpoint)}{_through(endpoint)} answered the request to {endpoint.model} with what "
                "cannot be read as HTTP.",
                hint="Check host, port and http:// or https:// of llm.base_url; "
                "if they are right, look at the server's log.",
            )
        case _:
            return _broken(endpoint)


def _refused(words: str, endpoint: Endpoint) -> EndpointUnreachable:
    """The proxy does not let the request through to an endpoint it cannot look into."""
    proxy, host = _proxy(endpoint), host_of(endpoint)
    refusal = _REFUSAL.match(words)
    if refusal is None:
        return EndpointUnreachable(
            f"The {proxy} hung up when it was asked for the way to {host}.", hint=_proxy_hint(endpoint)
        )
    status = int(refusal[1])
    return EndpointUnreachable(
        f"The {proxy} refused the way to {host} ({words[:PROXY_WORDS].strip()}).",
        hint=_proxy_hint(endpoint, " and its login" if status == 407 else ""),  # noqa: PLR2004  # asks for one
        status=status,
        # What a proxy forbids it forbids again; its own failures may pass.
        retriable=status >= 500,  # noqa: PLR2004
    )


def _unconnected(causes: list[BaseException], endpoint: Endpoint) -> EndpointUnreachable:
    failed = next((cause for cause in causes if isinstance(cause, HandshakeFailed)), None)
    if failed is not None:
        return _unencrypted(failed, causes, endpoint)
    host = host_of(endpoint)
    if endpoint.proxy is not None:
        return EndpointUnreachable(
            f"The {_proxy(endpoint)} on the way to {host} does not answer.", hint=_proxy_hint(endpoint)
        )
    if any(isinstance(cause, socket.gaierror | UnicodeError) for cause in causes):
        return EndpointUnreachable(
            f"The name {host} cannot be found.", hint="Check llm.base_url and your network connection."
        )
    return EndpointUnreachable(
        f"Nothing answers at {host}.",
        hint="Start the server, or check llm.base_url; `rolecall doctor` shows what would be used.",
    )


def _unencrypted(
    failed: HandshakeFailed, causes: list[BaseException], endpoint: Endpoint
) -> EndpointUnreachable:
    with_proxy = (endpoint.proxy or "").startswith("https:") and failed.handshakes != 1
    peer = f"the {_proxy(endpoint)}" if with_proxy else f"{host_of(endpoint)}{_through(endpoint)}"
    variable = _variable(endpoint) if with_proxy else "llm.base_url"
    speaks_plain = f"Check whether {variable} should begin with http:// instead of https://."
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return EndpointUnreachable(
            f"The certificate of {peer} is not trusted.",
            hint="If your network has its own authority, point SSL_CERT_FILE to its certificates.",
            retriable=False,
        )
    if any(isinstance(cause, ssl.SSLError) and not isinstance(cause, _HUNG_UP) for cause in causes):
        return EndpointUnreachable(
            f"{peer[0].upper() + peer[1:] if with_proxy else peer} does not speak TLS as expected.",
            hint=speaks_plain,
            retriable=False,
        )
    return EndpointUnreachable(
        f"The connection to {peer} was closed during the TLS handshake.",
        hint=speaks_plain if endpoint.proxy is None or with_proxy else _proxy_hint(endpoint),
    )


_HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What says no more than that the other side did not go on."""


def _broken(endpoint: Endpoint) -> UpstreamUnavailable:
    host, model = host_of(endpoint), endpoint.model
    if endpoint.proxy is not None and not endpoint.origin.startswith("https:"):
        # Without encryption the proxy is who answers.
        return UpstreamUnavailable(
            f"The {_proxy(endpoint)} broke the connection in the middle of the request to {model} at {host}.",
            hint=f"Try again; if it stays: {_proxy_hint(endpoint)}",
        )
    return UpstreamUnavailable(
        f"{host} broke the connection{_through(endpoint)} in the middle of the request to {model}.",
        hint="Try again; if it stays, look at the server's log.",
    )


def _proxy(endpoint: Endpoint) -> str:
    return f"proxy {masked_url(endpoint.proxy or '')}"


def _through(endpoint: Endpoint) -> str:
    return "" if endpoint.proxy is None else f" through the {_proxy(endpoint)}"


def _variable(endpoint: Endpoint) -> str:
    return "HTTPS_PROXY" if endpoint.origin.startswith("https:") else "HTTP_PROXY"


def _proxy_hint(endpoint: Endpoint, more: str = "") -> str:
    return f"Check {_variable(endpoint)}{more}, or exempt the host with NO_PROXY."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
