"""Putting an answer together: prose, then blocks in the answer format, then the count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

NOTICE = "offline scaffold, no model was called."
"""The first sentence of every answer of this provider (contract section 3)."""

_MARKER = re.compile(r"^(?:<{5,9}|={5,9}|>{5,9})(?: |$)", re.MULTILINE)
_TAG = re.compile(r"^</?(?:file|edit|delete|move|done)\b", re.MULTILINE)
_UNWRITABLE_PATH = re.compile(r'["<>\x00-\x1f\x7f\ud800-\udfff]')


@dataclass(slots=True)
class Draft:
    """An answer in the making.

    Attributes:
        prose: lines before the blocks, after the notice.
        blocks: the finished blocks.
    """

    prose: list[str] = field(default_factory=list[str])
    blocks: list[str] = field(default_factory=list[str])

    def say(self, line: str) -> None:
        """Add a line of prose."""
        self.prose.append(" ".join(line.split()))

    def file(self, path: str, text: str) -> bool:
        """Add a whole new file. False, with the reason in the prose, where the format cannot carry it."""
        if not self._can_carry(path, text):
            return False
        body = text if text.endswith("\n") else f"{text}\n"
        self.blocks.append(f'<file path="{path}">\n{body}</file>\n')
        return True

    def edit(self, path: str, replacements: list[tuple[str, str]]) -> bool:
        """Add edits of an existing file, each a SEARCH text of whole lines that stands there once."""
        if not self._can_carry(path, "\n".join(part for pair in replacements for part in pair)):
            return False
        parts = [
            f"<<<<<<< SEARCH\n{_ended(search)}=======\n{_ended(replace)}>>>>>>> REPLACE\n"
            for search, replace in replacements
        ]
        self.blocks.append(f'<edit path="{path}">\n{"".join(parts)}</edit>\n')
        return True

    def text(self) -> str:
        """The whole answer."""
        lines = [NOTICE, *self.prose]
        return "\n".join(lines) + "\n\n" + "".join(self.blocks) + f'<done files="{len(self.blocks)}"/>\n'

    def _can_carry(self, path: str, text: str) -> bool:
        if (
            _UNWRITABLE_PATH.search(path)
            or _TAG.search(text)
            or _MARKER.search(text)
            or "\ud800" <= max(text, default="") <= "\udfff"
        ):
            self.say(
                "One file is left out: its name or a line of it would be read as part of the answer format."
            )
            return False
        return True


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"
