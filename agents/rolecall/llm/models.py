"""Which of the models an endpoint lists can chat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from rolecall.llm.shapes import as_list, as_object

if TYPE_CHECKING:
    from collections.abc import Sequence

_NO_CHAT = re.compile(
    r"embed|bge-|\bbge\b|all-minilm|gte-|e5-(?:small|base|large|mistral)|rerank|whisper|transcri|tts|text-to-speech"
    r"|speech|voxtral-tts|dall-e|gpt-image|stable-diffusion|sdxl|flux|imagen|image-|moderation|guard"
    r"|realtime|sora|veo-|babbage|davinci|colbert|clip-|kokoro|parakeet|bark\b",
    re.IGNORECASE,
)
"""Parts of the names of models that embed, listen, speak, paint or judge. A list does not say what a model
is for, except in the few fields below."""

_CHAT_TYPES = {"chat", "llm", "vlm", "language", "text", "text-generation", "model", "chat.completion"}


def chat_models(listing: Any) -> list[str]:
    """The ids of the models in the answer to ``GET /models`` that can chat, each once, in its order."""
    entries = (
        as_list(as_object(listing).get("data"))
        or as_list(as_object(listing).get("models"))
        or as_list(listing)
    )
    found = (_id(entry) for entry in entries if _can_chat(as_object(entry)))
    return list(dict.fromkeys(name for name in found if name))


def entry_of(listing: Any, model: str) -> dict[str, Any]:
    """What the listing says about ``model``; empty where it does not list it."""
    entries: Sequence[Any] = as_list(as_object(listing).get("data"))
    return as_object(next((entry for entry in entries if _id(entry) == model), None))


def _id(entry: Any) -> str | None:
    fields = as_object(entry)
    name = entry if isinstance(entry, str) else fields.get("id") or fields.get("model") or fields.get("name")
    # A name that moves the cursor of the terminal it is listed on is none.
    return name if isinstance(name, str) and name.isprintable() else None


def _can_chat(fields: dict[str, Any]) -> bool:
    kind = fields.get("type")
    if isinstance(kind, str) and kind.lower() not in _CHAT_TYPES:
        return False
    outputs = as_list(as_object(fields.get("architecture")).get("output_modalities"))
    if outputs and "text" not in outputs:
        return False
    return not _NO_CHAT.search(_id(fields) or "")
