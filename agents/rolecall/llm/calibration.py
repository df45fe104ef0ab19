"""How many tokens a model's tokeniser really makes of our estimate, learnt from what endpoints count.

Estimates take four characters for a token. Real tokenisers differ by language, by model and, for small local
models, by a factor; and an endpoint that cuts what does not fit says nothing. So each answer that comes with
a count, and each refusal that names one, corrects the next budget for that model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.llm.types import Endpoint

UNKNOWN = 1.1
"""Tokens for each estimated one where nothing is known yet: a margin."""

MARGIN = 1.05
"""What is kept over the factor that was learnt: the next prompt is another text."""

SMALLEST_PROMPT = 200
"""Estimated tokens below which a count says more about the chat template than about the text."""

LEAST, MOST = 0.25, 8.0
"""Factors beyond these are faults of whoever counted."""

FALLING = 0.3
"""How far a lower count moves the factor; a higher one is taken at once: too little room is worse."""

MAX_KNOWN = 1_000
"""Endpoints and models whose factors are remembered."""


class Calibration:
    """What is known of every endpoint and model."""

    def __init__(self) -> None:
        self._factors: dict[tuple[str, str], float] = {}

    def learn(self, endpoint: Endpoint, *, estimated: int, counted: int) -> None:
        """Take the endpoint's count of a prompt that was estimated. Both in tokens."""
        if estimated < SMALLEST_PROMPT or counted <= 0:
            return
        while len(self._factors) >= MAX_KNOWN:
            del self._factors[next(iter(self._factors))]
        key = (endpoint.origin, endpoint.model)
        found = min(max(counted / estimated, LEAST), MOST)
        known = self._factors.pop(key, found)
        self._factors[key] = found if found >= known else known + FALLING * (found - known)

    def factor(self, endpoint: Endpoint) -> float:
        """Tokens to reckon with for each estimated one, the margin included."""
        known = self._factors.get((endpoint.origin, endpoint.model))
        return UNKNOWN if known is None else known * MARGIN

    def snapshot(self) -> list[dict[str, str | float]]:
        """What was learnt, as JSON values."""
        return [
            {"origin": origin, "model": model, "tokens_per_estimated": round(factor, 3)}
            for (origin, model), factor in self._factors.items()
        ]
