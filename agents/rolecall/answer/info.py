"""The opening line of a code fence: a language, and perhaps the path of the file that follows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rolecall.answer.names import is_path, written
from rolecall.answer.vocabulary import KNOWN_NAMES, MARKDOWN, SHELLS

_LONGEST_INFO = 4_000
_ATTRIBUTE = re.compile(r"""([A-Za-z_][\w-]*)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s{}"']+))""")
_ATTRIBUTE_NAMES = ("path", "file", "filename", "filepath", "title")
_LANGUAGE = re.compile(r"[A-Za-z][\w+#.-]*$")


@dataclass(frozen=True, slots=True)
class FenceInfo:
    """What the opening line of a fence says: its language (lower case, may be empty) and perhaps a path."""

    language: str
    path: str | None

    @property
    def shell(self) -> bool:
        """Whether the fence holds commands. Those are never files."""
        return self.language in SHELLS

    @property
    def diff(self) -> bool:
        """Whether the fence holds a unified diff."""
        return self.language in {"diff", "patch", "udiff"}

    @property
    def markdown(self) -> bool:
        """Whether the fence holds Markdown, in which further fences may nest."""
        return self.language in MARKDOWN


def fence_info(text: str) -> FenceInfo:
    """Reads an info string: ``python path=a.py``, ``python:a.py``, ``python a.py``, ``a.py`` and so on."""
    info = text.strip()
    if len(info) > _LONGEST_INFO:
        return FenceInfo("", None)
    attributes = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in reversed(list(_ATTRIBUTE.finditer(info)))}
    words = _ATTRIBUTE.sub(" ", info).replace("{", " ").replace("}", " ").split()
    language = words[0].lower().lstrip(".") if words and _LANGUAGE.match(words[0].lstrip(".")) else ""
    named = _attribute_path(attributes)
    if named is not None:
        return FenceInfo(language or _before_colon(words), written(named))
    plain = _plain_path(info.split())
    return FenceInfo(language or _before_colon(words), written(plain) if plain else None)


def _attribute_path(attributes: dict[str, str]) -> str | None:
    for name in _ATTRIBUTE_NAMES:
        value = attributes.get(name, "").strip()
        if not value:
            continue
        explicit = name != "title" and (value[0] in "/~\\" or ".." in value)
        if explicit or is_path(value, spaces="/" in value or name != "title"):
            return value  # an explicit path that leaves the workspace is refused by the policy, not ignored
    return None


def _before_colon(words: list[str]) -> str:
    head = words[0].partition(":")[0].lower() if words else ""
    return head if _LANGUAGE.match(head) else ""


def _plain_path(words: list[str]) -> str | None:
    if not words or any("=" not in word and word[0] != "{" for word in words[2:]):
        return None
    first, second = words[0], words[1] if len(words) > 1 else None
    if second is not None and "=" not in second and second[0] != "{":
        bare = second[1:-1] if second[0] == "[" and second[-1] == "]" else second
        return bare if _LANGUAGE.match(first) and is_path(bare) else None
    language, colon, rest = first.partition(":")
    if colon and _LANGUAGE.match(language) and not (len(language) == 1 and rest[:1] in {"/", "\\"}):
        return rest if is_path(rest) else None
    return first if first not in KNOWN_NAMES and is_path(first) else None
