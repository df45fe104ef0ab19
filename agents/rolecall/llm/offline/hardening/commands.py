"""Commands as lists of arguments, so that no shell reads them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rolecall.llm.offline.hardening.texts import Part, Value, joined, parts

if TYPE_CHECKING:
    import ast

_SHELL = re.compile(r"[|&;<>()$`*?~#{}\[\]!\n\\]")


def arguments(node: ast.expr) -> str | None:
    """Source of the list; None where only a shell can read the text, or nothing of it is known."""
    found = parts(node)
    if found is None or (len(found) == 1 and isinstance(found[0], Value)):
        return None
    words: list[list[Part]] = [[]]
    quote = ""
    for part in found:
        if isinstance(part, Value):
            words[-1].append(part)
            continue
        if _SHELL.search(part):
            return None
        for letter in part:
            if letter in "'\"" and quote in {"", letter}:
                quote = "" if quote else letter
            elif letter.isspace() and not quote:
                words.append([])
            elif words[-1] and isinstance(words[-1][-1], str):
                words[-1][-1] += letter
            else:
                words[-1].append(letter)
    if quote:
        return None
    return f"[{', '.join(joined(word) for word in words if word)}]"
