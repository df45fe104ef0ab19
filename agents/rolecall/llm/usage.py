"""What a request cost in tokens: as the endpoint counted, else estimated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from rolecall.llm.shapes import as_object
from rolecall.task import Usage

if TYPE_CHECKING:
    from rolecall.llm.types import Prompt

CHARACTERS_A_TOKEN = 4

MOST = 1_000_000_000
"""Tokens of one request beyond which a count is no count."""


def counted(value: Any) -> Usage | None:
    """The ``usage`` object of a completion; None where it is not one."""
    fields = as_object(value)
    prompt, completion = fields.get("prompt_tokens"), fields.get("completion_tokens")
    if not _is_count(prompt) or not _is_count(completion):
        return None
    details = as_object(fields.get("prompt_tokens_details"))
    cached = details.get("cached_tokens") or fields.get("prompt_cache_hit_tokens")  # DeepSeek's name
    return Usage(
        input_tokens=prompt,
        cached_input_tokens=cached if _is_count(cached) else 0,
        output_tokens=completion,
        estimated=False,
    )


def _is_count(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST


def estimated(prompt: Prompt, answer_characters: int) -> Usage:
    """The usage where the endpoint did not count."""
    return Usage(
        input_tokens=-(-prompt.characters() // CHARACTERS_A_TOKEN),
        output_tokens=-(-answer_characters // CHARACTERS_A_TOKEN),
        estimated=True,
    )
