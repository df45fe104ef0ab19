"""Which entries of a source the model accepts, and what is wrong with the others, all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from rolecall.settings import catalogue, names
from rolecall.settings.items import Item, Problem, Value
from rolecall.settings.masking import SECRETS, may_be_secret, quoted, readable_name
from rolecall.settings.model import Settings
from rolecall.settings.texts import parse

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rolecall.settings.catalogue import Setting


def judge(items: Iterable[Item]) -> tuple[dict[str, Value], list[Problem]]:
    """The accepted values by key path, and a problem for every other entry. ``null`` counts as unset."""
    known, problems = _known(items)
    wrong = _wrong(known)
    problems += [
        wrong_value(item, catalogue.settings()[path], wrong[path])
        for path, item in known.items()
        if path in wrong
    ]
    accepted = {path: item for path, item in known.items() if path not in wrong}
    model = Settings.model_validate(_tree(accepted))
    values = {path: Value(value_of(model, path), item.origin) for path, item in accepted.items()}
    return values, problems


def value_of(model: Settings, path: str) -> Any:
    """The value at a key path."""
    group, _, name = path.partition(".")
    return getattr(getattr(model, group), name)


def wrong_value(item: Item, setting: Setting, detail: str = "", allowed: str = "") -> Problem:
    """A value the model does not take."""
    shown = f"{item.path} = {quoted(item.value, secret=setting.path in SECRETS)}"
    detail = detail or _advice(item.value, setting)
    text = f"{shown}: must be {allowed or setting.allowed}" + (f" ({detail})" if detail else "")
    return Problem(item.where, item.path, text, item.line)


def unknown(item: Item) -> Problem:
    """A name that is no setting's, or stands where that setting does not belong."""
    *groups, name = item.names
    group = groups[0] if groups else None
    strange = group is not None and group not in catalogue.groups()
    candidates = names.nearest(None if strange else group, name)
    secret = may_be_secret(item.path, item.value) or not SECRETS.isdisjoint(candidates)
    path = ".".join(readable_name(name) for name in item.names)
    shown = f"{path} = {quoted(item.value, secret=secret)}"
    if group is None and name in catalogue.groups():
        text = f"{name} is a group; write its settings indented below it ({_members(name)})"
    elif strange or not (candidates or group):
        text = _unknown_group(group or name)
    elif group is None and (isinstance(item.value, dict) and (meant := names.nearest_group(name))):
        text = f"there is no such group; did you mean {meant}?"
    else:
        text = _meant(group, name, candidates)
    return Problem(item.where, item.path, f"{shown}: {text}", item.line)


def _known(items: Iterable[Item]) -> tuple[dict[str, Item], list[Problem]]:
    known: dict[str, Item] = {}
    problems: list[Problem] = []
    for item in items:
        if len(item.names) > 1 and item.path in catalogue.settings():
            if item.value is not None:
                known.setdefault(item.path, item)
        elif item.value is not None or item.path not in catalogue.groups():
            problems.append(unknown(item))
    return known, problems


def _tree(items: dict[str, Item]) -> dict[str, dict[str, Any]]:
    tree: dict[str, dict[str, Any]] = {}
    for item in items.values():
        tree.setdefault(item.names[0], {})[item.names[1]] = item.value
    return tree


def _wrong(items: dict[str, Item]) -> dict[str, str]:
    """What is wrong with the entries the model refuses; empty where its range or type says it all."""
    try:
        Settings.model_validate(_tree(items))
    except ValidationError as error:
        found: dict[str, str] = {}
        for fault in error.errors(include_url=False, include_input=False):
            path = ".".join(str(step) for step in fault["loc"][:2])
            reason = fault.get("ctx", {}).get("error", "") if fault["type"] == "value_error" else ""
            found.setdefault(path, str(reason) or _entry(fault["loc"][2:]))
        return found
    return {}


def _entry(steps: tuple[int | str, ...]) -> str:
    """Which entry of a list or map it is that is wrong, by its number; names may be secrets."""
    return f"entry {steps[0] + 1} is of another type" if steps and isinstance(steps[0], int) else ""


def _advice(value: Any, setting: Setting) -> str:
    """What to change where the type alone is wrong."""
    if setting.kind == "text" and isinstance(value, (bool, int, float)):
        return "put it in quotation marks"
    if setting.kind == "choice" and isinstance(value, str):
        meant = names.nearest_word(value, setting.choices)
        return f"did you mean {meant}?" if meant else ""
    if setting.kind in {"boolean", "whole", "number"} and isinstance(value, str):
        return "remove the quotation marks" if _readable(value, setting) else ""
    if setting.kind == "whole" and isinstance(value, float) and value.is_integer():
        return "write it without a decimal point"
    return ""


def _readable(text: str, setting: Setting) -> bool:
    try:
        parse(setting, text)
    except ValueError:
        return False
    return True


def _unknown_group(name: str) -> str:
    meant = names.nearest_group(name)
    suggestion = f"; did you mean {meant}?" if meant else "."
    return f"there is no such group{suggestion} The groups are {', '.join(catalogue.groups())}"


def _members(group: str) -> str:
    return f"under {group} there are {', '.join(catalogue.groups()[group].model_fields)}"


def _meant(group: str | None, name: str, candidates: list[str]) -> str:
    if not candidates:
        assert group is not None
        return f"there is no such setting; {_members(group)}"
    best = candidates[0]
    home, _, key = best.partition(".")
    if "." in name and group is None:
        return f"a dot does not nest here; write {key} on a line of its own under {home}:"
    if key == name and home != group:
        homes = " or ".join(path.partition(".")[0] for path in candidates)
        return f"{name} belongs under {homes}, as {' or '.join(candidates)}"
    return f"there is no such setting; did you mean {best}? {_members(home).capitalize()}"
