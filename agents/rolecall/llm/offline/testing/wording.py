"""Names of tests: what is called, what comes out, and under which condition."""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.kinds import is_a, kind_of
from rolecall.llm.offline.evaluation.streams import Stream
from rolecall.llm.offline.testing.candidates import OMITTED
from rolecall.llm.offline.testing.subjects import Recipe

if TYPE_CHECKING:
    from rolecall.llm.offline.testing.outcomes import Outcome
    from rolecall.llm.offline.testing.probing import Probe
    from rolecall.llm.offline.testing.subjects import Subject

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MAX_WORD = 28


def snake(name: str) -> str:
    """``HTTPServer.handle`` becomes ``http_server_handle``."""
    words = _CAMEL.sub("_", name.replace(".", "_"))
    return re.sub(r"_+", "_", re.sub(r"\W", "_", words)).strip("_").lower()


def test_name(subject: Subject, found: Probe) -> str:
    """A name that states the condition and the result."""
    steps = found.setup.steps if isinstance(found.setup, Recipe) else ()
    after = "_".join(f"after_{snake(step.subject.member)}" for step in steps)
    condition = _condition(subject, found)
    parts = ["test", snake(subject.name) or "call", _result(subject, found.outcome), condition, after]
    return "_".join(part for part in parts if part)


def _result(subject: Subject, outcome: Outcome) -> str:  # noqa: PLR0911 - one return for each kind
    if outcome.error is not None:
        return f"raises_{snake(type(outcome.error).__name__)}"
    if subject.way == "members":
        return "have_their_values"
    if subject.way == "construct":
        return "keeps_its_values"
    if outcome.state and outcome.value is None:
        return f"changes_{snake(next(iter(outcome.state)))}"
    if outcome.printed:
        return "prints"
    if outcome.changed and outcome.value is None:
        return f"changes_{snake(next(iter(outcome.changed)))}"
    word = describe(outcome.value)
    verb = "yields" if isinstance(outcome.value, Stream) else "is" if subject.way == "property" else "returns"
    return f"{verb}_{word}"


def _condition(subject: Subject, found: Probe) -> str:
    given = {name: value for name, value in found.arguments.items() if value is not OMITTED}
    if not found.arguments:
        return ""
    if not given:
        return "by_default"
    special = [name for name in found.changed_from_typical if name in given]
    if special:
        return "when_" + "_and_".join(f"{snake(name)}_is_{describe(given[name])}" for name in special[:2])
    del subject
    name, value = next(iter(given.items()))
    return f"for_{describe(value) if not isinstance(value, Recipe) else snake(name)}"


def describe(value: Any) -> str:  # noqa: PLR0911 - one line for each kind of value
    """A word or two for a value, usable in a name."""
    if isinstance(value, Stream):
        value = value.items
    if isinstance(value, enum.Enum):
        return snake(str(value.name))
    if isinstance(value, Recipe):
        return snake(value.cls.__name__)
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return _number(value)
    if isinstance(value, bytes):
        return _text(value.decode("latin-1"))
    if isinstance(value, str):
        return _text(value)
    if is_a(value, list, tuple, dict, set, frozenset):
        kind = kind_of(value).__name__.lower()
        if not value:
            return f"empty_{kind}"
        return f"{kind}_of_{len(value)}"
    return snake(getattr(value, "__name__", kind_of(value).__name__))


def _number(value: float) -> str:
    sign = "minus_" if value < 0 else ""
    digits = re.sub(r"\W", "_", f"{abs(value):g}" if is_a(value, float) else str(abs(value)))
    return sign + (digits if len(digits) <= _MAX_WORD else "large_number")


def _text(value: str) -> str:
    if not value:
        return "empty_text"
    if not value.strip():
        return "blank_text"
    word = re.sub(r"_+", "_", re.sub(r"[^a-z0-9]", "_", value.lower())).strip("_")
    if not word:
        return "symbols" if value.isascii() else "unicode_text"
    return word if len(word) <= _MAX_WORD else f"{word[:_MAX_WORD].rstrip('_')}"
