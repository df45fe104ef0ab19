"""Instructions in comments: ``# rolecall: split this function`` or ``// rolecall(qa_engineer): …``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rolecall.roles import Role

DEFAULT_ROLE: Final = "developer"

_COMMENT: Final = re.compile(
    r"(?:#|(?<!:)//|\*|;|%|!|'|\"|--|\{-|\brem)\s*"  # what begins a comment in some language
    r"@?rolecall\s*(?:\(\s*(?P<role>[\w .-]{1,60}?)\s*\))?\s*:\s*(?P<words>\S.*)",
    re.IGNORECASE,
)
_CLOSERS: Final = re.compile(r"\s*(?:\*+/|-->|--\]\]|-\}|#\}|%>|\"\"\"|''')\s*\Z")


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a comment asks for, and of whom; ``role`` None where it does not say."""

    words: str
    role: str | None


def instruction_in(line: str) -> Instruction | None:
    """The instruction that a line's comment holds."""
    match = _COMMENT.search(line.rstrip("\r\n"))
    if match is None:
        return None
    words = _CLOSERS.sub("", match["words"]).strip()
    return Instruction(words, match["role"]) if words else None


def addressed(instruction: Instruction, roles: Sequence[Role]) -> Role | None:
    """The role an instruction is for: its id or title, or an unmistakable beginning of one."""
    if instruction.role is None:
        return next((role for role in roles if role.id == DEFAULT_ROLE), roles[0] if roles else None)
    wanted = _plain(instruction.role)
    exact = [role for role in roles if wanted in {role.id, _plain(role.title)}]
    begun = [role for role in roles if role.id.startswith(wanted) or _plain(role.title).startswith(wanted)]
    found = exact or begun
    return found[0] if len(found) == 1 else None


def _plain(name: str) -> str:
    return re.sub(r"[\s.-]+", "_", name.strip()).casefold()
