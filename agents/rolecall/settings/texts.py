"""Values written as text: in variables and on the command line."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rolecall.settings.catalogue import Setting

_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_AS_JSON = "written as JSON"
_REPEATED = "a name is there twice"
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}\.?[0-9]{0,18}|\.[0-9]{1,18})([eE][+-]?[0-9]{1,3})?")


def parse(setting: Setting, text: str) -> Any:
    """The value a text stands for.

    Raises:
        ValueError: it stands for none of the setting's kind; the message adds to what is allowed.
    """
    stripped = text.strip()
    match setting.kind:
        case "boolean":
            return _boolean(stripped)
        case "whole":
            return int(_matched(_WHOLE, stripped))
        case "number":
            return int(stripped) if _WHOLE.fullmatch(stripped) else float(_matched(_NUMBER, stripped))
        case "list" | "map":
            return _json(stripped, list if setting.kind == "list" else dict)
        case _:
            return stripped


def _boolean(text: str) -> bool:
    folded = text.lower()
    if folded not in _TRUE | _FALSE:
        raise ValueError("")
    return folded in _TRUE


def _matched(pattern: re.Pattern[str], text: str) -> str:
    if not pattern.fullmatch(text):
        raise ValueError("")
    return text


def _json(text: str, shape: type[Any]) -> Any:
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats)
    except (ValueError, RecursionError) as error:
        raise ValueError(_REPEATED if str(error) == _REPEATED else _AS_JSON) from None
    if not isinstance(value, shape):
        raise ValueError(_AS_JSON)  # noqa: TRY004  a wrong text, whatever it decodes to
    return value


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ValueError(_REPEATED)
    return value
