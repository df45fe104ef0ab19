"""How values are shown: never a secret, never a control character, never a whole novel."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import NoneType
from typing import Any

from pydantic import SecretStr

from rolecall.settings.addresses import without_password

MASK = "********"

SECRETS = frozenset({"llm.api_key", "llm.api_key_command", "llm.extra_headers", "mcp.http_tokens"})
"""Settings whose values no message may quote."""

_LONGEST = 60
_MOST_ITEMS = 8
_SECRET_NAME = re.compile(r"key|secret|passw|pwd|auth|bearer|cred|header|cookie|command", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"\b(sk|pk|rk|gh[pousr]|github_pat|glpat|gsk|hf|nvapi|xox[a-z])[-_]\w|AIza|AKIA|eyJ"
    r"|(?=[a-z_]*[0-9])(?=[0-9_]*[a-z])\w{20,}"  # a long run of letters and digits
    r"|[0-9a-f]{8}-[0-9a-f]{4}-|secret|passw|\b(bearer|basic)\s",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"^(\w+://|//)?(?(1).*|[^@]*:.*)@", re.DOTALL)  # of an address that need not be valid


def public(path: str, value: Any) -> Any:
    """The effective value of a setting as a JSON value, secrets masked."""
    if value is None:
        return None
    match path:
        case "llm.api_key":
            return MASK
        case "llm.api_key_command":
            program, *rest = value.split(maxsplit=1)
            return f"{program} {MASK}" if rest else program
        case "llm.extra_headers":
            return dict.fromkeys(value, MASK)
        case _:
            return _plain(value)


def printable(text: str, longest: int = _LONGEST) -> str:
    """Text that fits a line of a terminal, whoever wrote it: control characters escaped, the end cut."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(character if character.isprintable() else _escaped(character) for character in cut)


def readable_name(name: str) -> str:
    """A name as a message may quote it; one with spaces and the like in quotation marks."""
    return name if re.fullmatch(r"[\w.-]{1,60}", name) else f'"{printable(name)}"'


def quoted(value: Any, *, secret: bool = False) -> str:
    """A wrong value as a message may quote it."""
    if value is None or isinstance(value, bool):
        return as_json(value)
    if secret:
        return MASK
    if isinstance(value, str):
        return _quoted_text(value)
    if isinstance(value, (int, float)):
        return printable(_number(value))
    items = _items(value)
    return "a map" if items is None else _quoted_list(items)


def may_be_secret(name: str, value: Any) -> bool:
    """Whether a name that is no setting's sounds as if its value were a secret."""
    if _SECRET_NAME.search(name):
        return True
    return "token" in name.lower() and not isinstance(value, (int, float))


def _plain(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return MASK
    if (items := _items(value)) is not None:
        return [_plain(item) for item in items]
    if isinstance(value, Path):
        return str(value)
    return without_password(value) if isinstance(value, str) else value


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def _quoted_text(text: str) -> str:
    text = text[: _LONGEST * 4]  # enough to see what it is, however long a stranger made it
    if _SECRET_VALUE.search(text):
        return MASK
    shown = _PASSWORD.sub(rf"\1{MASK}@", text)
    return f'"{printable(shown)}"'


def _items(value: Any) -> list[Any] | None:
    return list(value) if type(value) in {list, tuple} else None


def _quoted_list(items: list[Any]) -> str:
    if len(items) > _MOST_ITEMS or not all(isinstance(item, (str, int, float, NoneType)) for item in items):
        return f"a list of {len(items)}"
    return "[" + ", ".join(quoted(item) for item in items) + "]"


def _number(value: Any) -> str:
    try:
        return str(value)
    except ValueError:  # an integer of thousands of digits
        return "a huge number"


def as_json(value: Any) -> str:
    """A value as YAML and JSON write it; a whole float without its ``.0``."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004  beyond, digits are noise
        value = int(value)
    return json.dumps(value, ensure_ascii=False)
