"""Reading the sources of one caller, each as entries and problems. Here nothing is judged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rolecall.settings import catalogue, environment, places
from rolecall.settings.files import Unreadable, read_text, read_text_inside
from rolecall.settings.items import Item, Problem
from rolecall.settings.judging import wrong_value
from rolecall.settings.texts import parse

if TYPE_CHECKING:
    from pathlib import Path

    from rolecall.caller import Caller
    from rolecall.settings.environment import Variables
    from rolecall.settings.places import Place

_FLAGS = {
    "llm.model": "--model",
    "llm.stream": "--no-stream",
    "llm.total_timeout_s": "--timeout",
    "logging.level": "--log-level",
    "daemon.enabled": "--no-daemon",
}


@dataclass(slots=True)
class Source:
    """What one source says."""

    items: list[Item] = field(default_factory=list[Item])
    problems: list[Problem] = field(default_factory=list[Problem])


def user(place: Place) -> Source:
    """The user file; one that was asked for must be there."""
    file = str(place.path)
    if place.refused:
        return Source(problems=[_unusable(place, place.refused)])
    try:
        text = read_text(place.path)
    except Unreadable as reason:
        return Source(problems=[_unusable(place, str(reason))])
    if text is None:
        return Source(problems=[_unusable(place, "there is no such file")] if place.named else [])
    return _yaml(text, file)


def variables(caller: Caller, place: Place) -> tuple[Variables, list[Problem]]:
    """The environment and its ``.env``, with what is wrong with that file itself."""
    in_file: dict[str, environment.Variable] = {}
    problems: list[Problem] = []
    if not place.refused:
        try:
            text = read_text(place.path)
        except Unreadable as reason:
            text = None
            problems.append(_unusable(place, str(reason)))
        else:
            if text is None and place.named:
                problems.append(_unusable(place, "there is no such file"))
        if text:
            in_file, problems = environment.read_env_file(text, str(place.path))
    found = environment.read(caller.environment, in_file)
    if place.refused and place.named:
        found.warnings.append(str(_unusable(place, f"{place.refused}; ignored")))
    return found, problems


def workspace(root: Path, name: str) -> Source:
    """The workspace file of one folder, whoever wrote it. ``name`` is how messages call it."""
    try:
        text = read_text_inside(root / places.WORKSPACE_FILE, root)
    except Unreadable as reason:
        return Source(problems=[Problem(name, "", str(reason))])
    return _yaml(text, name) if text else Source()


def command_line(caller: Caller) -> Source:
    """What the command line sets; text is read as in a variable."""
    source = Source()
    for path, value in caller.overrides.items():
        origin = f"command line {_FLAGS[path]}" if path in _FLAGS else "command line"
        item = Item(tuple(path.split(".", 1)), value, origin, origin)
        setting = catalogue.settings().get(path)
        if setting is None or not isinstance(value, str):
            source.items += [item] if value is not None else []
            continue
        try:
            source.items.append(Item(item.names, parse(setting, value), origin, origin))
        except ValueError as error:
            source.problems.append(wrong_value(item, setting, str(error)))
    return source


def _yaml(text: str, file: str) -> Source:
    if not text:
        return Source()
    from rolecall.settings import yaml_items  # noqa: PLC0415  35 ms, only where there is such a file

    return Source(*yaml_items.read(text, file, file))


def _unusable(place: Place, reason: str) -> Problem:
    return Problem(f"{place.path} ({place.named})" if place.named else str(place.path), "", reason)
