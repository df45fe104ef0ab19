"""Settings from environment variables, and from the ``.env`` that counts as part of them."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from rolecall.settings import catalogue, names
from rolecall.settings.items import Item, Problem
from rolecall.settings.judging import wrong_value
from rolecall.settings.masking import SECRETS, may_be_secret, printable, quoted
from rolecall.settings.texts import parse
from rolecall.settings.variables import FALLBACKS, NOT_SETTINGS, PREFIX, RETRIES, variable

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_RETRIES = 99


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that is set.

    Attributes:
        file: the ``.env`` it stands in; empty for the real environment.
    """

    name: str
    text: str
    file: str = ""

    @property
    def origin(self) -> str:
        """How ``config show`` names it."""
        return f"{self.file or 'environment'} {self.name}"

    @property
    def where(self) -> str:
        """How a message names it."""
        return f"{self.file}, {self.name}" if self.file else f"environment variable {self.name}"


@dataclass(slots=True)
class Variables:
    """What the environment says.

    Attributes:
        items: entries of ``ROLECALL_GROUP__KEY``.
        fallbacks: entries of other tools' and the predecessor's names.
        fallback_problems: of these names, by key path; they matter only where the key is not set otherwise.
    """

    items: list[Item] = field(default_factory=list[Item])
    problems: list[Problem] = field(default_factory=list[Problem])
    fallbacks: list[Item] = field(default_factory=list[Item])
    fallback_problems: dict[str, Problem] = field(default_factory=dict[str, Problem])
    warnings: list[str] = field(default_factory=list[str])


def read(environment: Mapping[str, str], env_file: Mapping[str, Variable]) -> Variables:
    """Sort the variables; the real environment beats the file, an empty variable counts as unset."""
    present = {name: given for name, given in env_file.items() if given.text.strip()}
    present |= {name: Variable(name, text) for name, text in environment.items() if text.strip()}
    found = Variables()
    for given in present.values():
        if given.name in NOT_SETTINGS:
            if given.file:
                found.warnings.append(
                    f"{given.where}: has no effect in a file; set it in the real environment"
                )
        elif given.name.startswith(PREFIX) or given.name.upper() in _paths():
            _read_own(given, found)
    for name in FALLBACKS:
        if name in present:
            _read_fallback(present[name], found)
    return found


def read_env_file(text: str, file: str) -> tuple[dict[str, Variable], list[Problem]]:
    """The variables of a ``.env``, without interpolation; lines that cannot be read are problems."""
    from dotenv.parser import parse_stream  # noqa: PLC0415  only where there is such a file

    variables: dict[str, Variable] = {}
    problems: list[Problem] = []
    for binding in parse_stream(io.StringIO(text)):
        if binding.error:
            where = f"{file}, line {binding.original.line}"
            problems.append(
                Problem(
                    where, "", "this line cannot be read; write NAME=value, with matching quotation marks"
                )
            )
        elif binding.key and binding.value is not None:
            variables[binding.key] = Variable(binding.key, binding.value, file)
    return variables, problems


@cache
def _paths() -> dict[str, str]:
    return {variable(path): path for path in catalogue.settings()}


def _read_own(given: Variable, found: Variables) -> None:
    path = _paths().get(given.name)
    if path is None:
        found.problems.append(_unknown(given))
        return
    _parse(given, path, found.items, found.problems)


def _parse(given: Variable, path: str, items: list[Item], problems: list[Problem], allowed: str = "") -> None:
    setting = catalogue.settings()[path]
    item = Item(tuple(path.split(".")), given.text, given.where, given.origin)
    try:
        value = parse(setting, given.text)
    except ValueError as error:
        problems.append(wrong_value(item, setting, str(error), allowed))
    else:
        items.append(Item(item.names, value, item.where, item.origin))


def _read_fallback(given: Variable, found: Variables) -> None:
    path = FALLBACKS[given.name]
    if any(item.path == path for item in found.fallbacks):
        return
    items: list[Item] = []
    problems: list[Problem] = []
    if given.name == RETRIES:
        _parse_retries(given, path, items, problems)
    else:
        _parse(given, path, items, problems)
    found.fallbacks += items
    if problems:
        found.fallback_problems[path] = problems[0]


def _parse_retries(given: Variable, path: str, items: list[Item], problems: list[Problem]) -> None:
    """Retries are one less than attempts."""
    allowed = f"a whole number from 0 to {_MOST_RETRIES}"
    read: list[Item] = []
    _parse(given, path, read, problems, allowed)
    for item in read:
        if 0 <= item.value <= _MOST_RETRIES:
            items.append(Item(item.names, item.value + 1, item.where, item.origin))
        else:
            problems.append(wrong_value(item, catalogue.settings()[path], "one less than attempts", allowed))


def _unknown(given: Variable) -> Problem:
    group, name, candidates = _meant(given.name)
    secret = may_be_secret(given.name, given.text) or not SECRETS.isdisjoint(candidates)
    if candidates:
        group = candidates[0].partition(".")[0]
        text = "did you mean " + " or ".join(variable(path) for path in candidates) + f"? {_members(group)}"
    elif group and not name:
        text = f"one variable sets one value. {_members(group)}"
    elif group:
        text = _members(group)
    else:
        groups = ", ".join(known.upper() for known in catalogue.groups())
        text = f"after {PREFIX} there is a group and two underscores. The groups are {groups}"
    separator = ". " if text[0].isupper() else "; "
    shown = f"{printable(given.name)} = {quoted(given.text, secret=secret)}"
    return Problem(
        given.file or "environment", given.name, f"{shown}: there is no such variable{separator}{text}"
    )


def _meant(variable_name: str) -> tuple[str, str, list[str]]:
    """The group and the name a variable seems to be made of, and the settings it may have been meant for."""
    rest = variable_name[len(PREFIX) :].lower()
    group, _, name = rest.partition("__")
    if not name:
        group = next(
            (known for known in catalogue.groups() if rest == known or rest.startswith(known + "_")), ""
        )
        name = rest[len(group) :].strip("_")
    if not name:
        return group, name, []
    group = group if group in catalogue.groups() else names.nearest_group(group) or ""
    return group, name, names.nearest(group or None, name)


def _members(group: str) -> str:
    names_of_group = ", ".join(name.upper() for name in catalogue.groups()[group].model_fields)
    return f"After {PREFIX}{group.upper()}__ there can be {names_of_group}"
