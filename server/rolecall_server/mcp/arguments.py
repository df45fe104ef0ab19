"""The arguments of a tool call, checked strictly: a message names the argument, what it was, and may be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rolecall.errors import ConfigurationInvalid
from rolecall.roles.nearest import suggestion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHOWN = 80
"""Characters of a wrong value that its message shows."""

LONGEST_S = 31_536_000
"""A year: what is longer asks for nothing else."""


class Arguments:
    """The arguments of one call. ``null`` counts as left out, since models fill optional arguments with it.

    Args:
        tool: the tool's name, for messages.
        given: what the client sent.
        known: the names the tool takes.

    Raises:
        ConfigurationInvalid: from every method, and for a name the tool does not take.
    """

    def __init__(self, tool: str, given: Mapping[str, Any] | None, known: Sequence[str]) -> None:
        self._tool = tool
        self._given = {name: value for name, value in (given or {}).items() if value is not None}
        unknown = [name for name in self._given if name not in known]
        if unknown:
            allowed = f"It takes: {', '.join(known)}." if known else "It takes no arguments."
            raise ConfigurationInvalid(
                f"{tool} has no argument {_shown(unknown[0])}.",
                hint=f"{suggestion(unknown[0], known)}{allowed}",
            )

    def text(self, name: str, default: str = "") -> str:
        """A string."""
        value = self._given.get(name, default)
        if not isinstance(value, str):
            raise self._wrong(name, "a string")
        return value

    def required(self, name: str) -> str:
        """A string that must be there."""
        if name not in self._given:
            raise ConfigurationInvalid(
                f"{self._tool} needs the argument {name!r}.", hint=f"Give {name} as a string."
            )
        return self.text(name)

    def texts(self, name: str, example: str = '["src/app.py", "src/db.py:10-40"]') -> list[str] | None:
        """A list of strings; None where it was left out."""
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):  # pyright: ignore[reportUnknownVariableType] - JSON
            raise self._wrong(name, f"a list of non-empty strings, such as {example}")
        return [str(item) for item in value]  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] - JSON

    def picked(self, name: str) -> list[str] | None:
        """A list of strings that names something; None where it was left out, which stands for all."""
        values = self.texts(name, '["src/app.py"]')
        if values == []:
            raise self._wrong(name, "a list of at least one path; leave it out for all of them")
        return values

    def flag(self, name: str) -> bool:
        """A boolean; false where it was left out."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def count(self, name: str) -> int | None:
        """A whole number that is not negative; None where it was left out."""
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise self._wrong(name, "a whole number, 0 or more")
        if value != int(value):
            raise self._wrong(name, "a whole number, 0 or more")
        return int(value)

    def seconds(self, name: str) -> float:
        """A number that is not negative; 0 where it was left out."""
        value = self._given.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
            raise self._wrong(name, "a number of seconds, 0 or more")
        return float(min(value, LONGEST_S))  # a whole number may be larger than any float

    def _wrong(self, name: str, allowed: str) -> ConfigurationInvalid:
        return ConfigurationInvalid(
            f"The argument {name!r} of {self._tool} is {_shown(self._given[name])}.",
            hint=f"It must be {allowed}.",
        )


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
