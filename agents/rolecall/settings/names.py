"""Which setting somebody may have meant."""

from __future__ import annotations

import re
from difflib import get_close_matches

from rolecall.settings import catalogue

_ALIKE = 0.6

_OTHER_NAMES = {
    "api_base": "llm.base_url",
    "endpoint": "llm.base_url",
    "openai_api_key": "llm.api_key",
    "openai_base_url": "llm.base_url",
    "max_tokens": "llm.max_output_tokens",
    "num_ctx": "llm.context_window",
    "timeout": "llm.total_timeout_s",
    "streaming": "llm.stream",
    "stream_responses": "llm.stream",
    "headers": "llm.extra_headers",
    "max_retries": "retry.max_attempts",
    "retries": "retry.max_attempts",
    "backoff": "retry.multiplier",
    "threshold": "breaker.failure_threshold",
    "half_open": "breaker.recovery_attempts",
    "ignore": "context.exclude",
    "tokens": "mcp.http_tokens",
    "log_level": "logging.level",
    "log_file": "logging.file",
    "log_format": "logging.format",
}

_OTHER_GROUPS = {
    "circuit_breaker": "breaker",
    "log": "logging",
    "logs": "logging",
    "openai": "llm",
    "server": "mcp",
}


def nearest(group: str | None, name: str) -> list[str]:
    """Key paths that ``name``, found in ``group`` or in no group, may have been meant for. Best first."""
    paths = catalogue.settings()
    folded = fold(name)
    if group and f"{group}.{folded}" in paths:
        return [f"{group}.{folded}"]
    if folded in paths:
        return [folded]
    elsewhere = [path for path in paths if path.partition(".")[2] == folded]
    if elsewhere:
        return elsewhere
    return _similar(group, folded)


def nearest_group(name: str) -> str | None:
    """The group that ``name`` may have been meant for."""
    folded = fold(name)
    if folded in _OTHER_GROUPS:
        return _OTHER_GROUPS[folded]
    return next(iter(get_close_matches(folded, list(catalogue.groups()), 1, _ALIKE)), None)


def nearest_word(word: str, words: tuple[str, ...]) -> str | None:
    """The one of ``words`` that ``word`` may have been meant for."""
    return next(iter(get_close_matches(fold(word), words, 1, _ALIKE)), None)


def fold(name: str) -> str:
    """A name as settings are written: ``maxAttempts``, ``max-attempts`` and ``Max_Attempts`` are one."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.strip()[:100])
    return re.sub(r"[-\s]+", "_", words).lower()


def _similar(group: str | None, folded: str) -> list[str]:
    if folded in _OTHER_NAMES:
        return [_OTHER_NAMES[folded]]
    if group:
        own = {name: f"{group}.{name}" for name in catalogue.groups()[group].model_fields}
        if close := get_close_matches(folded, list(own), 1, _ALIKE):
            return [own[close[0]]]
    everywhere = {name: path for path in catalogue.settings() for name in (path, path.partition(".")[2])}
    close = get_close_matches(folded, list(everywhere), 1, _ALIKE + 0.1)
    return [everywhere[close[0]]] if close else []
