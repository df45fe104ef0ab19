"""What one endpoint does not take of the protocol, learnt from its refusals.

Some models refuse ``temperature``, some hosts ``stream_options``, and which of two names the output limit has
depends on the model. A refusal that names one of them is no failure: the request is made again without it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import structlog

from rolecall.errors import UpstreamProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall.llm.problem import Problem
    from rolecall.llm.types import Endpoint

OPTIONAL = ("stream_options", "temperature", "max_completion_tokens", "max_tokens")
"""The members of a request that can be left out or renamed."""

_OTHER_NAME = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}

_REFUSED_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}
_REFUSED = re.compile(
    r"unsupported|unrecogni[sz]ed|not support|not permitted|not allowed|unknown|unexpected"
    r"|extra.?(?:forbidden|inputs)|only the default",
    re.IGNORECASE,
)

MAX_KNOWN = 1_000
"""Endpoints and models whose ways are remembered."""

log = structlog.get_logger(__name__)


class ParameterRefused(UpstreamProtocolError):
    """The endpoint refuses a member of the request that it can do without.

    Attributes:
        parameter: its name, one of :data:`OPTIONAL`.
    """

    retriable = False
    parameter: str = ""


def refused_parameter(problem: Problem) -> str | None:
    """The optional member of the request that ``problem`` refuses; a bad value is for the user to mend."""
    refused = problem.has_code(_REFUSED_CODES) or bool(_REFUSED.search(problem.message))
    if problem.status not in {400, 422} or not refused:
        return None
    named = str(problem.fields.get("param")).partition(".")[0]
    if named in OPTIONAL:
        return named
    # The name that comes first is the refused one; the other may be the advice.
    found = [(problem.message.find(name), name) for name in OPTIONAL if name in problem.message]
    return min(found)[1] if found else None


class Dialects:
    """What is known of every endpoint and model."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], set[str]] = {}

    def learn(self, endpoint: Endpoint, parameter: str) -> bool:
        """Note that ``parameter`` is refused; false where that was known, so that trying again is in vain."""
        while len(self._refused) >= MAX_KNOWN:
            del self._refused[next(iter(self._refused))]
        refused = self._refused.setdefault((endpoint.origin, endpoint.model), set())
        is_new = parameter not in refused
        refused.add(parameter)
        if is_new:
            log.info(
                "asking without a parameter the endpoint refuses", model=endpoint.model, parameter=parameter
            )
        return is_new

    def spoken(self, endpoint: Endpoint, options: Mapping[str, Any]) -> dict[str, Any]:
        """``options`` as this endpoint takes them: refused ones under their other name, or left out."""
        refused = self._refused.get((endpoint.origin, endpoint.model), set())
        spoken: dict[str, Any] = {}
        for name, value in options.items():
            other = _OTHER_NAME.get(name)
            if name not in refused:
                spoken[name] = value
            elif other is not None and other not in refused:
                spoken[other] = value
        return spoken
