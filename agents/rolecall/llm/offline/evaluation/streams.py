"""Generators and coroutines of interpreted functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from rolecall.llm.offline.evaluation.budget import NotUnderstood

if TYPE_CHECKING:
    from collections.abc import Callable

    from rolecall.llm.offline.evaluation.runtime import Run

_DONE = StopIteration()


@dataclass(slots=True, eq=False)
class Stream:
    """A generator, run to its end when its first value is asked for.

    Interpreted generators are pure, so running ahead is not seen from outside. An endless one keeps the
    values it gave before its budget ran out, and is not understood beyond them.
    """

    produce: Callable[[list[Any]], None]
    items: list[Any] = field(default_factory=list[Any])
    position: int = 0
    ending: BaseException | None = None

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        self.run()
        if self.position < len(self.items):
            self.position += 1
            return self.items[self.position - 1]
        ending = self.ending or _DONE
        self.ending = _DONE if not isinstance(ending, NotUnderstood) else ending
        if isinstance(ending, StopIteration):
            raise StopIteration
        raise ending

    def run(self) -> None:
        """Collect the values, once."""
        if self.ending is not None:
            return
        self.ending = _DONE
        try:
            self.produce(self.items)
        except BaseException as error:  # noqa: BLE001 - whatever ends the body is raised where iteration reaches it
            self.ending = error


@dataclass(slots=True, eq=False)
class Pending:
    """A coroutine that was made and not awaited yet."""

    produce: Callable[[], Any]
    awaited: bool = False

    def result(self) -> Any:
        """Run the body.

        Raises:
            NotUnderstood: it was awaited before.
        """
        if self.awaited:
            raise NotUnderstood("a coroutine is awaited twice")
        self.awaited = True
        return self.produce()


def ends_properly(run: Run, kind: str, body: Callable[[], Any]) -> Any:
    """Run the body of a generator or coroutine, which ends by returning, never by ``StopIteration``.

    Raises:
        RuntimeError: the body raised ``StopIteration`` (PEP 479).
    """
    try:
        return body()
    except StopIteration as stop:
        error = RuntimeError(f"{kind} raised StopIteration")
        run.note(error)
        raise error from stop
