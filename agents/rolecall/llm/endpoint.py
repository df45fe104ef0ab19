"""Who answers a task: the configured endpoint, else a local server, else the offline scaffolds.

Contract section 3, "Provider auto". Resolved per task and remembered for 30 s.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from rolecall.errors import ConfigurationInvalid, EndpointUnreachable, ModelNotFound
from rolecall.llm import local
from rolecall.llm.listing import list_models
from rolecall.llm.secrecy import host_of, secret_values
from rolecall.llm.surroundings import ca_for, proxy_for
from rolecall.llm.types import Endpoint
from rolecall.settings.addresses import origin
from rolecall.telemetry.redaction import register_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rolecall.llm.local import LocalServer, Port
    from rolecall.llm.services import Connection, Shared
    from rolecall.settings import Credential

REMEMBERED_S = 30.0
"""Seconds for which what was found counts."""

OPENAI_BASE_URL = "https://api.openai.com/v1"
"""Where a key goes that comes without an address."""

OFFLINE = Endpoint(provider="offline", model="offline")

UNCHOSEN = "a model"
"""How messages call the model while it is still to be chosen."""

SHOWN_MODELS = 20
"""Models an error names."""

log = structlog.get_logger(__name__)

Key = tuple[object, ...]

T = TypeVar("T")


@dataclass(slots=True)
class _Remembered(Generic[T]):
    what: T
    at: float


class EndpointCache:
    """What was found lately, and whether anything was found before.

    Args:
        clock: monotonic seconds.
        ports: where local servers are looked for.

    Attributes:
        local_before: base URL of the local server that answered last; once there was one, its absence is
            an error and never the offline provider.
    """

    def __init__(self, clock: Callable[[], float], *, ports: Sequence[Port] = local.PORTS) -> None:
        self.ports = ports
        self._clock = clock
        self._remembered: dict[Key, _Remembered[Endpoint]] = {}
        self._windows: dict[Key, _Remembered[int]] = {}
        self.local_before: str | None = None

    def get(self, key: Key) -> Endpoint | None:
        """What was found within the last 30 s."""
        known = self._remembered.get(key)
        return known.what if known and self._clock() - known.at < REMEMBERED_S else None

    def put(self, key: Key, endpoint: Endpoint) -> None:
        """Remember what was found now."""
        self._forget(self._remembered)
        self._remembered[key] = _Remembered(endpoint, self._clock())

    def window(self, endpoint: Endpoint) -> int | None:
        """The window learnt within the last 30 s; 0: the endpoint does not tell; None: not asked."""
        known = self._windows.get((endpoint.base_url, endpoint.api_key, endpoint.model))
        return known.what if known and self._clock() - known.at < REMEMBERED_S else None

    def put_window(self, endpoint: Endpoint, tokens: int, *, for_s: float = REMEMBERED_S) -> None:
        """Remember the window, or with 0 that the endpoint does not tell it, for so many seconds."""
        self._forget(self._windows)
        self._windows[(endpoint.base_url, endpoint.api_key, endpoint.model)] = _Remembered(
            tokens, self._clock() + for_s - REMEMBERED_S
        )

    def _forget(self, remembered: dict[Key, _Remembered[T]]) -> None:
        now = self._clock()
        for key in [key for key, known in remembered.items() if now - known.at >= REMEMBERED_S]:
            del remembered[key]


async def resolve(session: Connection, runtime: Shared, *, model: str | None = None) -> Endpoint:
    """The endpoint for one task.

    Args:
        session: the connection that asks.
        runtime: the process.
        model: the one the task or the role asks for; None for ``llm.model``.

    Raises:
        ConfigurationInvalid: ``llm.provider: openai`` without an address and a key.
        EndpointUnreachable: what answered before does not any more.
        ModelNotFound: no model is set, and the endpoint lists none or several.
        UpstreamError: the endpoint failed to list its models.
    """
    provider = session.settings.llm.provider
    if provider == "offline":
        return OFFLINE
    credential = await asyncio.to_thread(session.loaded.credential)
    register_secrets(credential.api_key, *secret_values(session.settings.llm.extra_headers))
    wanted = model or session.settings.llm.model
    key = _key(session, provider, credential, wanted)
    known = runtime.endpoints.get(key)
    if known is None:
        known = await _find(session, runtime, credential, wanted)
        runtime.endpoints.put(key, known)
    return known


async def _find(session: Connection, runtime: Shared, credential: Credential, wanted: str | None) -> Endpoint:
    base_url, api_key = credential.base_url, credential.api_key
    if base_url or api_key:
        llm = session.settings.llm
        endpoint = _endpoint(session, base_url or OPENAI_BASE_URL, api_key, llm.extra_headers)
        if wanted:
            return replace(endpoint, model=wanted)
        return replace(endpoint, model=_only(await list_models(runtime, session, endpoint), endpoint))
    if session.settings.llm.provider == "openai":
        raise ConfigurationInvalid(
            "llm.provider is openai, but neither llm.base_url nor a key is set.",
            hint="Set llm.base_url to your endpoint, or OPENAI_API_KEY for OpenAI's own.",
        )
    return await _find_local(session, runtime, wanted)


async def _find_local(session: Connection, runtime: Shared, wanted: str | None) -> Endpoint:
    cache = runtime.endpoints
    server = _preferred(await local.find(cache.ports), wanted)
    if server is None:
        if cache.local_before is None:
            return OFFLINE
        raise EndpointUnreachable(
            f"The local model server at {cache.local_before} answered before, and does not any more.",
            hint="Start it again, or set llm.provider to offline for scaffolds without a model.",
        )
    if cache.local_before != server.base_url:
        log.info("found a local model server", base_url=server.base_url, models=len(server.models))
        cache.local_before = server.base_url
    endpoint = _endpoint(session, server.base_url, None, {})
    return replace(endpoint, model=wanted or _only(server.models, endpoint))


def _preferred(servers: Sequence[LocalServer], wanted: str | None) -> LocalServer | None:
    having = (server for server in servers if wanted in server.models)
    return next(having, servers[0] if servers else None)


def _endpoint(
    session: Connection, base_url: str, api_key: str | None, headers: Mapping[str, str]
) -> Endpoint:
    """The endpoint at ``base_url``, as this client reaches it; the model is still to be chosen."""
    environment = session.caller.environment
    address, _, query = base_url.partition("?")
    url = address.rstrip("/").removesuffix("/chat/completions")
    return Endpoint(
        provider="openai",
        model=UNCHOSEN,
        base_url=url,
        origin=origin(url),
        api_key=api_key,
        headers=dict(headers),
        proxy=proxy_for(url, environment),
        ca_file=ca_for(environment),
        query=query,
    )


def _only(models: Sequence[str], endpoint: Endpoint) -> str:
    if len(models) == 1:
        return models[0]
    host = host_of(endpoint)
    if not models:
        raise ModelNotFound(
            f"{host} lists no chat model, and llm.model is not set.",
            hint="Load or download a model there, or set llm.model.",
        )
    shown = ", ".join(models[:SHOWN_MODELS]) + (" …" if len(models) > SHOWN_MODELS else "")
    raise ModelNotFound(
        f"{host} has several models, and llm.model is not set: {shown}.", hint="Set llm.model to one of them."
    )


def _key(session: Connection, provider: str, credential: Credential, wanted: str | None) -> Key:
    environment = session.caller.environment
    headers = tuple(sorted(session.settings.llm.extra_headers.items()))
    base_url = credential.base_url or OPENAI_BASE_URL
    proxy = proxy_for(base_url, environment)
    return (provider, credential.base_url, credential.api_key, wanted, headers, proxy, ca_for(environment))
