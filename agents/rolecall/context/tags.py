"""Tags around data, which no data can close."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_NAME = "context"
_USED = re.compile(rf"<[\s/]{{0,20}}{_NAME}(?:-([0-9]{{1,6}}))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Tag:
    """The tag of one message: ``context``, or ``context-2`` and up where data holds the plain one."""

    name: str

    @classmethod
    def unused_in(cls, texts: Iterable[str]) -> Tag:
        """The first name that none of the texts opens or closes, in any spelling a model may take for it."""
        used = {int(match.group(1) or 1) for text in texts for match in _USED.finditer(text)}
        number = 1
        while number in used:
            number += 1
        return cls(_NAME if number == 1 else f"{_NAME}-{number}")

    def wrap(self, text: str, **attributes: str | None) -> str:
        """The text, byte for byte, between tags that stand alone on their lines."""
        given = "".join(
            f' {name}="{_quoted(value)}"' for name, value in attributes.items() if value is not None
        )
        gap = "" if not text or text.endswith("\n") else "\n"
        return f"<{self.name}{given}>\n{text}{gap}</{self.name}>\n"


def _quoted(value: str) -> str:
    return value.replace('"', "&quot;")
