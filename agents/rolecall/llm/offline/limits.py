"""What a function does below, at and above each limit that its docstring promises, computed from its code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.kinds import is_a
from rolecall.llm.offline.evaluation.streams import Stream
from rolecall.llm.offline.source.promises import promised_limits
from rolecall.llm.offline.source.wording import words
from rolecall.llm.offline.testing.candidates import OMITTED
from rolecall.llm.offline.testing.outcomes import observe
from rolecall.llm.offline.testing.values import Unwritable

if TYPE_CHECKING:
    from rolecall.llm.offline.testing.subjects import Subject
    from rolecall.llm.offline.testing.suite import SuiteBuilder

_KINDS = frozenset({"int", "float", "str", "list", "tuple", "Sequence", "bytes"})
_MOST = 100_000
_MOST_LENGTH = 2_000


@dataclass(frozen=True, slots=True)
class Limit:
    """The calls around the limits of one parameter.

    Attributes:
        what: what the limits are about: ``years``, or ``length of password``.
        rows: each value, and what the call does.
        others: the other arguments, by name, as they are written.
    """

    what: str
    rows: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...] = ()


def around_limits(builder: SuiteBuilder, subject: Subject) -> Limit | None:
    """The first parameter whose calls come out differently around the promised limits, if any."""
    if subject.definition is None or subject.way not in {"function", "static"}:
        return None
    numbers = [number for number in promised_limits(subject.definition.doc()) if abs(number) <= _MOST]
    values = sorted({near for number in numbers for near in (number - 1, number, number + 1)})
    first = builder.first(subject)
    if not values or any(item.required and item.name not in first for item in subject.parameters):
        return None
    plain = {name: type(value)() if is_a(value, dict, list, set) else value for name, value in first.items()}
    for parameter in subject.parameters:
        kind = (parameter.annotation or "").split("[")[0].split("|")[0].strip()
        if kind not in _KINDS or parameter.kind.startswith("var_"):
            continue
        rows = [
            (str(value), _outcome(builder, subject, {**plain, parameter.name: made}))
            for value in values
            if (made := _made(kind, value)) is not None
        ]
        if len({outcome for _, outcome in rows}) > 1 and all(outcome for _, outcome in rows):
            what = words(parameter.name) if kind in {"int", "float"} else f"length of {words(parameter.name)}"
            return Limit(what, tuple(rows), _others(builder, plain, parameter.name))
    return None


def _made(kind: str, value: int) -> Any:
    if kind in {"int", "float"}:
        return value
    if not 0 <= value <= _MOST_LENGTH:
        return None
    return {"str": "a" * value, "bytes": b"a" * value, "tuple": ("a",) * value}.get(kind, ["a"] * value)


def _others(builder: SuiteBuilder, arguments: dict[str, Any], name: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for other, value in arguments.items():
        if other == name or value is OMITTED:
            continue
        try:
            found.append((words(other), builder.written(value)))
        except (Unwritable, NotUnderstood):
            continue
    return tuple(found)


def _outcome(builder: SuiteBuilder, subject: Subject, arguments: dict[str, Any]) -> str:
    try:
        outcome = observe(builder.run, subject, None, arguments)
        if outcome.error is not None and not outcome.explicit:
            # The value that was made up does not suit the function: it says nothing about limits.
            return ""
        if outcome.error is not None:
            return f"refused with {type(outcome.error).__name__}"
        if outcome.value is None:
            return "accepted"
        value = outcome.value.items if isinstance(outcome.value, Stream) else outcome.value
        return builder.written(value)
    except (NotUnderstood, Unwritable):
        return ""
