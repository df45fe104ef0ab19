"""The working rules and the answer format that every role gets, the user's own too."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final, Literal

FormatHint = Literal["auto", "whole", "edit"]
"""``apply.format_hint``: small files whole and edits for the rest, all files whole, or edits of all."""

SHARED_FILE: Final = Path(__file__).with_name("shared.md")

_EXAMPLE: Final = 'Example answer to "greet must refuse an empty name":\n\n'
_FILE_RULE: Final = "the whole text, when the file is new or under 200 lines."
_EDIT_RULE: Final = (
    '- `<edit path="…">` … `</edit>`: else; each SEARCH text is copied exactly and stands in the file once.\n'
)
_EDIT_EXAMPLE: Final = """\
<edit path="src/greet.py">
<<<<<<< SEARCH
def greet(name: str) -> str:
=======
def greet(name: str) -> str:
    if not name:
        raise ValueError("name is empty")
>>>>>>> REPLACE
</edit>
"""
_WHOLE_EXAMPLE: Final = """\
<file path="src/greet.py">
def greet(name: str) -> str:
    if not name:
        raise ValueError("name is empty")
    return f"Hello, {name}!"
</file>
"""
_CHANGES: Final[dict[FormatHint, tuple[tuple[str, str], ...]]] = {
    "auto": (),
    # One format a prompt: a model told of two mixes them.
    "whole": (
        (_FILE_RULE, "the whole text of each new or changed file, however long."),
        (_EDIT_RULE, ""),
        (_EDIT_EXAMPLE, _WHOLE_EXAMPLE),
    ),
    "edit": (
        (_FILE_RULE, "the whole text of a new file."),
        ("`</edit>`: else;", "`</edit>`: existing files;"),
    ),
}


@cache
def shared_rules(format_hint: FormatHint = "auto") -> str:
    """The rules, the format and the worked example, for one form of edits."""
    text = SHARED_FILE.read_text(encoding="utf-8").strip()
    for old, new in _CHANGES[format_hint]:
        assert old in text, old
        text = text.replace(old, new)
    return text


def worked_example(format_hint: FormatHint = "auto") -> str:
    """The example answer alone."""
    return shared_rules(format_hint).split(_EXAMPLE, 1)[1]
