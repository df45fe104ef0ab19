"""What a workspace may set. It can be hostile: a cloned folder brings its own ``.rolecall.yaml``.

The same holds for what an editor sends, as ``.vscode/settings.json`` and the like come with the folder too
(CVE-2026-21852, CVE-2025-61260, CVE-2025-53773). Whatever is not taken is a warning, never an error.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, TypeGuard

from rolecall.settings import catalogue, judging
from rolecall.settings.items import Item, Problem, Value
from rolecall.settings.masking import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TAKEN = {"llm.temperature", "llm.max_output_tokens", "logging.level", "apply.confirm", "apply.protect"}
_GROUP_TAKEN = "context."

ADDED = frozenset({"context.exclude", "apply.protect"})
"""Lists a workspace can only add to."""

_STRICTNESS = ("protected", "overwrite", "always")

_MOST_ENTRIES = 200
_MOST_WARNINGS = 20

DOOR_KEYS = frozenset({"events", "wait"})
"""What editors send beside settings; the door takes them out itself (contract section 5)."""


def take(
    items: Iterable[Item], problems: Iterable[Problem], so_far: Mapping[str, Value]
) -> tuple[dict[str, Value], list[str]]:
    """The values a restricted source may contribute, and a warning for all else, by name.

    Args:
        items: its entries.
        problems: what was wrong with the source before its entries were judged.
        so_far: the values set explicitly by the sources before it.
    """
    allowed: list[Item] = []
    warnings = [f"{problem}; ignored" for problem in problems]
    for item in islice(items, _MOST_ENTRIES):
        if item.path in catalogue.settings() and not _may_name(item.path):
            if item.value is not None:
                warnings.append(
                    f"{item.where}: {item.path} is ignored; only your own configuration may set it"
                )
        else:
            allowed.append(item)
    values, wrong = judging.judge(allowed)
    warnings += [f"{problem}; ignored" for problem in wrong]
    places = {item.path: item.where for item in allowed}
    for path in [*values]:
        if reason := _wider(path, values[path].value, so_far):
            warnings.append(f"{places[path]}: {path} is ignored; {reason}")
            del values[path]
    return values, _shortened(warnings)


def editor_items(sent: Mapping[str, Any]) -> list[Item]:
    """The entries of what an editor sent."""
    items: list[Item] = []
    for group, value in sent.items():
        if group in DOOR_KEYS or value is None:
            continue
        if group in catalogue.groups() and _is_map(value):
            items += [_editor_item((group, str(name)), inner) for name, inner in value.items()]
        else:
            items.append(_editor_item((str(group),), value))
    return items


def _is_map(value: Any) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _editor_item(names: tuple[str, ...], value: Any) -> Item:
    return Item(names, value, "the editor's settings", "editor")


def _may_name(path: str) -> bool:
    return path in _TAKEN or path.startswith(_GROUP_TAKEN)


def _wider(path: str, value: Any, so_far: Mapping[str, Value]) -> str:
    """Why a restricted source may not set this value; empty where it may."""
    default = catalogue.settings()[path].default
    if path == "apply.confirm":
        current = so_far[path].value if path in so_far else default
        looser = _STRICTNESS.index(value) < _STRICTNESS.index(current)
        return f"it may only be stricter than {current}" if looser else ""
    if not path.startswith(_GROUP_TAKEN) or path in ADDED or path not in so_far:
        return ""
    current = so_far[path].value
    if value > current:
        shown = str(current).lower() if isinstance(current, bool) else current
        return f"it may not be wider than {shown}, as you have set it"
    return ""


def _shortened(warnings: list[str]) -> list[str]:
    """A hostile file cannot flood a log or a window with warnings."""
    shown = [printable(warning, 500) for warning in warnings[:_MOST_WARNINGS]]
    rest = len(warnings) - len(shown)
    return [*shown, f"and {rest} more like these"] if rest else shown
