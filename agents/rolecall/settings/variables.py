"""The environment variables that are read (contract section 3). Standard library only.

A relay imports this to know what to hand on, so nothing here may need the model.
"""

from __future__ import annotations

PREFIX = "ROLECALL_"

NOT_SETTINGS = {
    "ROLECALL_CONFIG": "the user file, instead of $XDG_CONFIG_HOME/rolecall/config.yaml",
    "ROLECALL_ENV_FILE": "the file of variables, instead of the .env beside the user file",
    "ROLECALL_RUNTIME_DIR": "the folder of the shared process's socket",
}
"""Variables of Rolecall's own that no setting answers to, and what they name."""

FALLBACKS = {
    "OPENAI_API_KEY": "llm.api_key",
    "OPENAI_BASE_URL": "llm.base_url",
    "OPENAI_API_BASE": "llm.base_url",
    "OPENAI_API_MODEL": "llm.model",
    "OPENAI_TEMPERATURE": "llm.temperature",
    "OPENAI_MAX_TOKENS": "llm.max_output_tokens",
    "LLM_STREAM_RESPONSES": "llm.stream",
    "LLM_TIMEOUT": "llm.total_timeout_s",
    "LLM_MAX_RETRIES": "retry.max_attempts",
    "LLM_RETRY_INITIAL_DELAY": "retry.initial_delay_s",
    "LLM_RETRY_MAX_DELAY": "retry.max_delay_s",
    "LLM_CIRCUIT_BREAKER_THRESHOLD": "breaker.failure_threshold",
    "LLM_CIRCUIT_BREAKER_TIMEOUT": "breaker.open_s",
    "LLM_CIRCUIT_BREAKER_HALF_OPEN": "breaker.recovery_attempts",
    "LOG_LEVEL": "logging.level",
}
"""Names of other tools and of the predecessor: used where nothing of Rolecall's own sets the key.

Of two names for one key the first here wins.
"""

RETRIES = "LLM_MAX_RETRIES"
"""Counts retries, one less than ``retry.max_attempts``."""


def variable(path: str) -> str:
    """The variable of a key path: ``llm.model`` is ``ROLECALL_LLM__MODEL``."""
    return PREFIX + path.replace(".", "__").upper()


def is_read(name: str) -> bool:
    """Whether a variable of this name can matter to the settings, be it only to be called unknown."""
    return name.upper().startswith(PREFIX) or name in FALLBACKS
