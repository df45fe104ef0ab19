"""What the text of a setting must look like; each check says in words what is wrong.

A ``ValueError`` never quotes the value: it may be a secret.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_TOKEN_NAME = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_LONGEST_TEXT = 10_000
_LONGEST_LIST = 1_000

_RESERVED_HEADERS = {
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "te",
    "upgrade",
}


def check_text(text: str) -> str:
    """One line of text, not empty, without surrounding white space."""
    stripped = text.strip()
    if not stripped:
        raise ValueError("it is empty; remove it to leave it unset")
    if not stripped.isprintable():
        raise ValueError("it holds a line break or another control character")
    if len(stripped) > _LONGEST_TEXT:
        raise ValueError(f"it has more than {_LONGEST_TEXT:,} characters")
    return stripped


def check_key(secret: SecretStr) -> SecretStr:
    """A key as a header can carry it: printable ASCII without white space."""
    key = check_text(secret.get_secret_value())
    if key[0] in "\"'`" or key[-1] in "\"'`":
        raise ValueError("it has quotation marks around it; remove them")
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ValueError("it holds a space or a character beyond ASCII; copy it again")
    return SecretStr(key)


def check_command(text: str) -> str:
    """A command line that can be split into a program and its arguments."""
    command = check_text(text)
    try:
        words = shlex.split(command)
    except ValueError:
        raise ValueError("its quotation marks do not match") from None
    if not words or not words[0]:
        raise ValueError("it names no program")
    return command


def check_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Header fields (RFC 9110, section 5) that neither carry the key nor shape the message."""
    seen: set[str] = set()
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError("a header's name may hold letters, digits and -, without spaces or colons")
        folded = name.lower()
        if folded in seen:
            raise ValueError(f"the header {name} is there twice")
        if folded in {"authorization", "proxy-authorization"}:
            raise ValueError(f"{name} is not taken here; put the key in llm.api_key or llm.api_key_command")
        if folded in _RESERVED_HEADERS:
            raise ValueError(f"{name} is set by Rolecall itself")
        if not re.fullmatch(r"[\x20-\x7e\t]*", value):
            raise ValueError(f"the value of {name} holds a line break or a character beyond ASCII")
        seen.add(folded)
    return dict(headers)


def check_globs(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """Glob patterns that can only add: a negated one would take back what another says."""
    for pattern in patterns:
        check_text(pattern)
        if pattern.lstrip().startswith("!"):
            raise ValueError("a pattern cannot be negated with !")
    if len(patterns) > _LONGEST_LIST:
        raise ValueError(f"it has more than {_LONGEST_LIST:,} patterns")
    return patterns


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names, none empty, none twice."""
    checked = tuple(check_text(name) for name in names)
    if len(set(checked)) < len(checked):
        raise ValueError("a name is there twice")
    return checked


def check_tokens(tokens: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    """Bearer tokens as ``TOKEN``, ``name=TOKEN`` or ``name=sha256:HEX``.

    What is wrong is said of entries by their number: what looks like a name may be the beginning of a token.
    """
    wrong: list[str] = []
    numbers: dict[str, list[int]] = {}
    for number, token in enumerate(tokens, 1):
        try:
            name = _token_name(token)
        except ValueError as error:
            wrong.append(f"entry {number}: {error}")
            continue
        if name:
            numbers.setdefault(name, []).append(number)
    shared = (same for same in numbers.values() if len(same) > 1)
    wrong += [f"entries {' and '.join(map(str, same))} have the same name" for same in shared]
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(SecretStr(token.get_secret_value().strip()) for token in tokens)


def _token_name(token: SecretStr) -> str:
    """The name of an entry whose form is right; empty where it has none."""
    if not token.get_secret_value().strip():
        raise ValueError("it is empty; remove it")
    text = check_key(token).get_secret_value()
    name, _, rest = text.partition("=")
    if text.startswith("sha256:"):
        raise ValueError("a hash needs a name before it, name=sha256:HEX")
    if not rest.strip("="):  # a bare token; Base64 may end in =
        return ""
    if not _TOKEN_NAME.fullmatch(name):
        raise ValueError(
            "before = stands a name of up to 64 letters, digits and . _ @ -; "
            "a token that itself holds = needs a name, name=TOKEN"
        )
    if rest.startswith("sha256:") and not re.fullmatch(r"sha256:[0-9a-fA-F]{64}", rest):
        raise ValueError(
            "sha256: must be followed by 64 hexadecimal digits and nothing else "
            f"({len(rest.removeprefix('sha256:'))} characters follow)"
        )
    return name


def check_file(value: object) -> object:
    """A path given as text."""
    return Path(check_text(value)) if isinstance(value, str) else value


def fold_level(value: object) -> object:
    """A log level in any case; ``warn`` is what many other tools call ``warning``."""
    folded = value.strip().lower() if isinstance(value, str) else value
    return "warning" if folded == "warn" else folded
