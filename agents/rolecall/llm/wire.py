"""The request as the SDK sends it, and the errors of the SDK and of HTTP as errors of ours.

Importing this module imports openai and httpx2; it is only imported once a pooled client is there.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx2
import openai

from rolecall.errors import ConfigurationInvalid, UpstreamProtocolError
from rolecall.llm import classify, failures
from rolecall.llm.secrecy import host_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from openai import AsyncOpenAI

    from rolecall.llm.dialect import Dialects
    from rolecall.llm.types import Endpoint, ModelCall
    from rolecall.settings.model import LlmSettings

_Unread: Any = openai.AsyncStream
"""What the SDK wants named where a body is not read at once; asked for the response, it makes none."""

_NEWER_NAMES = ("api.openai.com", ".openai.azure.com")
"""Hosts that want ``max_completion_tokens``; all others know ``max_tokens``."""


async def send(
    client: AsyncOpenAI, call: ModelCall, endpoint: Endpoint, settings: LlmSettings, dialects: Dialects
) -> httpx2.Response:
    """Send the request; gives the response, its head received and its body not, for the caller to close."""
    body = {
        "model": endpoint.model,
        "messages": call.prompt.messages(),
        "stream": call.stream,
        **dialects.spoken(endpoint, _options(call, endpoint)),
    }
    # Not through `chat.completions`, which walks the body by its annotations: half of what a request costs.
    response: httpx2.Response = await client.post(
        "/chat/completions",
        body=body,
        cast_to=httpx2.Response,
        options=_request_options(endpoint, settings, stream=call.stream),
        stream=True,
        stream_cls=_Unread,
    )
    return response


async def send_listing(client: AsyncOpenAI, endpoint: Endpoint, settings: LlmSettings) -> httpx2.Response:
    """Ask for the models, like :func:`send`."""
    response: httpx2.Response = await client.get(
        "/models",
        cast_to=httpx2.Response,
        options=_request_options(endpoint, settings, stream=False),
        stream=True,
        stream_cls=_Unread,
    )
    return response


@contextmanager
def mapped_errors(endpoint: Endpoint, settings: LlmSettings) -> Generator[None]:
    """Raise what the SDK and HTTP raise as the error of ours that it means.

    Without the original as its cause: its texts hold addresses with passwords.
    """
    try:
        yield
    except classify.HttpFailure as failure:
        raise classify.from_status(failure, endpoint) from None
    except (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol):
        raise _unsendable(endpoint) from None
    except openai.APIConnectionError as error:
        if isinstance(error.__cause__, httpx2.LocalProtocolError | httpx2.UnsupportedProtocol):
            raise _unsendable(endpoint) from None
        raise failures.error_of(error.__cause__ or error, endpoint, settings) from None
    except httpx2.TransportError as error:
        raise failures.error_of(error, endpoint, settings) from None
    except httpx2.DecodingError:
        raise protocol_error(endpoint, "a body whose compression cannot be undone") from None
    except openai.OpenAIError as error:
        raise protocol_error(endpoint, f"what the client cannot take ({type(error).__name__})") from None
    except (UnicodeEncodeError, httpx2.InvalidURL):
        raise _unsendable(endpoint) from None


def _options(call: ModelCall, endpoint: Endpoint) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if call.stream:
        options["stream_options"] = {"include_usage": True}
    if call.temperature is not None:
        options["temperature"] = call.temperature
    if call.max_output_tokens is not None:
        newer = host_of(endpoint).endswith(_NEWER_NAMES)
        options["max_completion_tokens" if newer else "max_tokens"] = call.max_output_tokens
    return options


def _request_options(
    endpoint: Endpoint, settings: LlmSettings, *, stream: bool
) -> Any:  # the SDK's type is private
    return {
        "headers": _headers(endpoint, stream=stream),
        "timeout": httpx2.Timeout(None, connect=settings.connect_timeout_s),
    }


def _headers(endpoint: Endpoint, *, stream: bool) -> dict[str, Any]:
    headers: dict[str, Any] = {
        # Compressed, proxies hold pieces back, and a small body can grow without limit.
        "Accept-Encoding": "identity",
        "Accept": "text/event-stream" if stream else "application/json",
        # The SDK asks for the header or for its being left out in so many words.
        **({} if endpoint.api_key else {"Authorization": openai.Omit()}),
    }
    given = {name.lower() for name in endpoint.headers}
    return {name: value for name, value in headers.items() if name.lower() not in given} | dict(
        endpoint.headers
    )


def _unsendable(endpoint: Endpoint) -> ConfigurationInvalid:
    return ConfigurationInvalid(
        f"The request to {host_of(endpoint)} cannot be sent: its address, key or headers have characters "
        "that HTTP does not allow.",
        hint="Check llm.base_url, llm.api_key and llm.extra_headers for stray characters.",
    )


def protocol_error(endpoint: Endpoint, what: str) -> UpstreamProtocolError:
    """The error of an endpoint that sent ``what``."""
    return UpstreamProtocolError(
        f"{host_of(endpoint)} sent {what}.", hint="Try again; if it stays, the server or a proxy is at fault."
    )
