"""What goes to a model and what comes back, the same for every provider."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall.context.items import Gathered
    from rolecall.task import TaskRequest, Usage


@dataclass(frozen=True, slots=True)
class Prompt:
    """The messages of a request. The system message holds nothing of the single request.

    Attributes:
        later: what was said since, each the model's answer and the request that followed it.
    """

    system: str
    user: str
    later: tuple[tuple[str, str], ...] = ()

    def characters(self) -> int:
        """The length of all of it."""
        return sum(map(len, (self.system, self.user, *(text for turn in self.later for text in turn))))

    def messages(self) -> list[dict[str, str]]:
        """The conversation, as chat endpoints want it."""
        said = [("user", self.user)]
        for answer, request in self.later:
            said += [("assistant", answer), ("user", request)]
        return [{"role": role, "content": text} for role, text in (("system", self.system), *said)]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a request goes, and as whom.

    Attributes:
        provider: ``openai`` for any compatible server, ``offline`` for scaffolds without a model.
        base_url: as configured, without query and trailing slash; None for ``offline``.
        query: what was behind the ``?`` of it: Azure's ``api-version``; sent with every request.
        origin: ``scheme://host:port``; what breakers and keys are bound to.
        api_key: never shown, never logged.
    """

    provider: Literal["openai", "offline"]
    model: str
    base_url: str | None = None
    origin: str = "offline"
    api_key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    proxy: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    query: str = ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One request to a model, complete."""

    endpoint: Endpoint
    prompt: Prompt
    request: TaskRequest
    gathered: Gathered
    stream: bool = True
    temperature: float | None = None
    max_output_tokens: int | None = None
    total_timeout_s: float = 600.0


@dataclass(frozen=True, slots=True)
class TextChunk:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class FinishChunk:
    """The end of a stream that succeeded.

    Attributes:
        reason: ``stop``, ``length``, or what the endpoint said.
        model: the one that answered, which may be a fallback.
    """

    reason: str
    usage: Usage
    model: str | None = None
