"""The window of a model, asked of the servers that tell it (contract section 6), since some cut silently.

llama.cpp tells it at ``/props``, Ollama for what is loaded at ``/api/ps``, LM Studio at ``/api/v0/models``,
vLLM and several hosts in their list of models. What does not answer within a second is taken not to know.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import jiter

from rolecall.errors import ConfigurationInvalid
from rolecall.llm.classify import HttpFailure
from rolecall.llm.models import entry_of
from rolecall.llm.pieces import bounded
from rolecall.llm.shapes import as_list, as_object
from rolecall.llm.surroundings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import httpx2

    from rolecall.llm.services import Connection, Shared
    from rolecall.llm.types import Endpoint

ASKED_S = 1.0
"""Seconds all questions together may take."""

ANSWER_LIMIT = 4 << 20
"""Bytes of one answer that are read."""

SMALLEST = 256
"""Tokens below which a number is no window."""

_LISTED = ("max_model_len", "context_length", "context_window", "max_context_length", "max_input_tokens")
"""Names for it in lists of models: vLLM, OpenRouter and Together, Groq, Mistral, LiteLLM."""


async def window_of(session: Connection, runtime: Shared, endpoint: Endpoint) -> int | None:
    """Tokens the model's window has, prompt and answer together; None where the endpoint does not tell.

    Remembered like the endpoint itself. Never raises for what the endpoint does: not knowing is no failure.
    """
    if endpoint.base_url is None:
        return None
    known = runtime.endpoints.window(endpoint)
    if known is None:
        known = await _ask(session, runtime, endpoint) or 0
        runtime.endpoints.put_window(endpoint, known)
    return known or None


async def _ask(session: Connection, runtime: Shared, endpoint: Endpoint) -> int | None:
    try:
        async with runtime.pool.lease(endpoint, session.settings.pool) as lease:
            return await _best(lease.http, endpoint)
    except ConfigurationInvalid:
        return None  # the request itself will say so


async def _best(http: httpx2.AsyncClient, endpoint: Endpoint) -> int | None:
    """The first source that knows, the one closest to what is loaded first."""
    questions = [asyncio.create_task(_get(http, endpoint, url)) for url, _ in _sources(endpoint)]
    await asyncio.wait(questions, timeout=ASKED_S)
    for question in questions:
        question.cancel()
    answers = await asyncio.gather(*questions, return_exceptions=True)
    for answer, (_, read) in zip(answers, _sources(endpoint), strict=True):
        tokens = None if isinstance(answer, BaseException) else read(answer, endpoint.model)
        if isinstance(tokens, int) and tokens >= SMALLEST:
            return tokens
    return None


def _sources(endpoint: Endpoint) -> list[tuple[str, Callable[[Any, str], Any]]]:
    """Where to ask, and how to read the answer. Only servers on this machine are asked beyond their list."""
    listing = (f"{endpoint.base_url}/models", _from_listing)
    if not is_loopback(endpoint.origin.partition("://")[2].rpartition(":")[0].strip("[]")):
        return [listing]
    root = (endpoint.base_url or "").removesuffix("/v1")
    return [
        (f"{root}/props", _from_llama_cpp),
        (f"{root}/api/v0/models", _from_lm_studio),
        (f"{root}/api/ps", _from_ollama),
        listing,
    ]


async def _get(http: httpx2.AsyncClient, endpoint: Endpoint, url: str) -> Any:
    """The JSON at ``url``; None for any failure."""
    import httpx2  # noqa: PLC0415  # heavy; the pool has imported it in a thread

    if endpoint.query:
        url = f"{url}?{endpoint.query}"
    headers = {**endpoint.headers, "Accept": "application/json", "Accept-Encoding": "identity"}
    if endpoint.api_key:
        headers.setdefault("Authorization", f"Bearer {endpoint.api_key}")
    try:
        async with http.stream("GET", url, headers=headers) as response:
            # What is cut at the limit is no JSON.
            return jiter.from_json(await bounded(response, ANSWER_LIMIT))
    except (HttpFailure, httpx2.HTTPError, httpx2.InvalidURL, ValueError):
        return None


def _from_llama_cpp(answer: Any, _model: str) -> Any:
    return as_object(as_object(answer).get("default_generation_settings")).get("n_ctx")


def _from_lm_studio(answer: Any, model: str) -> Any:
    return entry_of(answer, model).get("loaded_context_length")


def _from_ollama(answer: Any, model: str) -> Any:
    names = {model, f"{model}:latest"}
    entries = (as_object(entry) for entry in as_list(as_object(answer).get("models")))
    return next((entry.get("context_length") for entry in entries if entry.get("model") in names), None)


def _from_listing(answer: Any, model: str) -> Any:
    entry: Mapping[str, Any] = entry_of(answer, model)
    return next((entry[name] for name in _LISTED if entry.get(name)), None)
