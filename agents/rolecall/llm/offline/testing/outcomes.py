"""What a call did: what it gave, raised, printed and changed. And a text that tells outcomes apart."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood
from rolecall.llm.offline.evaluation.kinds import is_a, kind_of, members_of
from rolecall.llm.offline.evaluation.streams import Stream
from rolecall.llm.offline.testing.subjects import Subject, materialize, perform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rolecall.llm.offline.evaluation.runtime import Run, TraceEntry


@dataclass(slots=True)
class Outcome:
    """What one call did.

    Attributes:
        value: what it returned.
        error: what it raised.
        explicit: whether a ``raise`` statement raised it.
        printed: what it wrote to standard output.
        changed: arguments that are different afterwards, with their new values.
        state: attributes of the instance that are different afterwards.
        trace: what was reached.
    """

    value: Any = None
    error: Exception | None = None
    explicit: bool = False
    printed: str = ""
    changed: dict[str, Any] = field(default_factory=dict[str, Any])
    state: dict[str, Any] = field(default_factory=dict[str, Any])
    trace: frozenset[TraceEntry] = frozenset()
    returns_receiver: bool = False
    while_iterating: bool = False


def observe(run: Run, subject: Subject, setup: Any, arguments: Mapping[str, Any]) -> Outcome:
    """Perform one call and see what it did.

    Args:
        run: the interpreter.
        subject: what to call.
        setup: recipe of the receiver; None where there is none.
        arguments: candidate values by parameter.

    Raises:
        NotUnderstood: the code left the subset.
    """
    run.begin()
    receiver = None if setup is None else _prepare(run, setup)
    given = {name: _prepare(run, value) for name, value in arguments.items()}
    before = {name: fingerprint(value) for name, value in given.items()}
    state = _state(receiver)
    state_before = {name: fingerprint(value) for name, value in state.items()}
    run.trace = set()
    run.printed.clear()
    run.raised.clear()
    try:
        value = perform(run, subject, receiver, given)
    except NotUnderstood:
        raise
    except Exception as error:
        if not run.is_known(error):
            raise NotUnderstood(f"an inner fault: {error!r}") from error
        return Outcome(error=error, explicit=run.is_explicit(error), trace=frozenset(run.trace))
    ending = value.ending if isinstance(value, Stream) else None
    if isinstance(ending, Exception) and not isinstance(ending, StopIteration):
        if not run.is_known(ending):
            raise NotUnderstood(f"an inner fault: {ending!r}") from ending
        trace = frozenset(run.trace)
        return Outcome(error=ending, explicit=run.is_explicit(ending), trace=trace, while_iterating=True)
    return Outcome(
        value=value,
        printed="".join(run.printed),
        changed={name: given[name] for name in given if fingerprint(given[name]) != before[name]},
        state={
            name: new for name, new in _state(receiver).items() if fingerprint(new) != state_before.get(name)
        },
        trace=frozenset(run.trace),
        returns_receiver=receiver is not None and value is receiver,
    )


def _prepare(run: Run, value: Any) -> Any:
    try:
        return materialize(run, value)
    except NotUnderstood:
        raise
    except Exception as error:
        raise NotUnderstood("the set-up fails") from error


def _state(receiver: Any) -> dict[str, Any]:
    if receiver is None or isinstance(receiver, enum.Enum):
        return {}
    if hasattr(receiver, "__dict__"):
        return members_of(receiver)
    if dataclasses.is_dataclass(receiver):
        return {item.name: getattr(receiver, item.name) for item in dataclasses.fields(receiver)}
    return {}


def public_state(value: Any) -> dict[str, Any]:
    """The public attributes of an instance."""
    return {
        name: item for name, item in _state(value).items() if not name.startswith("_") and name.isidentifier()
    }


def fingerprint(value: Any, depth: int = 6) -> str:  # noqa: PLR0911 - one return for each kind
    """A text that is equal for equal values and does not depend on the process.

    Raises:
        NotUnderstood: the value nests too deeply, or holds something that cannot be told apart.
    """
    if depth <= 0:
        raise NotUnderstood("a value nests too deeply")
    kind = kind_of(value).__name__
    if isinstance(value, Stream):
        return f"stream({[fingerprint(item, depth - 1) for item in value.items]})"
    if isinstance(value, enum.Enum):
        return f"{kind}.{value.name}"
    if is_a(value, dict):
        inside = [
            f"{fingerprint(key, depth - 1)}:{fingerprint(item, depth - 1)}" for key, item in value.items()
        ]
        return f"{kind}({','.join(inside)})"
    if is_a(value, set, frozenset):
        return f"{kind}({','.join(sorted(fingerprint(item, depth - 1) for item in value))})"
    if is_a(value, list, tuple):
        return f"{kind}({','.join(fingerprint(item, depth - 1) for item in value)})"
    if isinstance(value, BaseException):
        return f"{kind}({fingerprint(value.args, depth - 1)})"
    plain: Any = object.__repr__
    if kind_of(value).__repr__ is plain or dataclasses.is_dataclass(value):
        return f"{kind}<{fingerprint(_state(value), depth - 1)}>"
    return f"{kind}:{value!r}"


def signature(outcome: Outcome) -> str:
    """A text that differs where a test would see a difference."""
    if outcome.error is not None:
        return f"raises {type(outcome.error).__name__} {outcome.explicit} {fingerprint(outcome.error.args)}"
    parts = [fingerprint(outcome.value), outcome.printed]
    parts += [f"{name}={fingerprint(value)}" for name, value in sorted(outcome.changed.items())]
    parts += [f".{name}={fingerprint(value)}" for name, value in sorted(outcome.state.items())]
    return " ".join(parts)
