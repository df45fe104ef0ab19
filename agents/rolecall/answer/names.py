"""What a path looks like, and where an answer names one.

A path has a ``/``, an extension or a known name (contract section 6). No name is ever invented: what is not
plainly a path is none. Whether a path may be touched is not decided here; that is the path policy's.
"""

from __future__ import annotations

import re

from rolecall.answer.vocabulary import (
    CODE_NAMES,
    CODE_SUFFIXES,
    KNOWN_NAMES,
    MEDIA_TYPES,
    NOT_PATHS,
    PRODUCTS,
    SYSTEM_ROOTS,
)

_LONGEST_LINE = 400
"""Characters; a longer line is prose, whatever it holds. Also bounds every regular expression below."""


_EXTENSION = re.compile(r"\.(?:[A-Za-z][A-Za-z0-9_+-]{0,19}|7z|3mf|3gp)(?:\[[^\]]*\])?$")
_DRIVE = re.compile(r"[A-Za-z]:[/\\]")
_CAPITALISED = re.compile(r"[A-Z][a-z]+$")
_CAPITAL_EXTENSIONS = frozenset(
    {"Rmd", "Rd", "Rproj", "Dockerfile", "Containerfile", "Makefile", "Jenkinsfile"}
)
_NEVER_IN_PATH = frozenset('<>"|*?`{}\0')

_LABEL = re.compile(
    r"(?:\*\*(?:NAME)\s*:\s*\*\*|\*\*(?:NAME)\*\*\s*:|__(?:NAME)__\s*:|(?:NAME)\s*:)\s*".replace(
        "NAME", "file|file ?-?name|file ?-?path|path"
    ),
    re.IGNORECASE,
)
_HEADING = re.compile(r"#{1,6}\s*")
_TRAILING_HASHES = re.compile(r"\s+#+$")
_LIST_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s+")
_REMARK = re.compile(
    r"\s*\((?:new|updated|modified|changed|created|edited|new file|updated file|modified file)\)$",
    re.IGNORECASE,
)
_LINK = re.compile(r"\[([^\[\]]+)\]\([^()\s]*\)$")
_WRAPPERS = (("**", "**"), ("__", "__"), ("`", "`"), ("*", "*"), ("_", "_"))
_BRACKETS = (("[", "]"), ("(", ")"), ("<", ">"), ('"', '"'), ("'", "'"))


_COMMENTS = (
    ("<!--", "-->"),
    ("<%--", "--%>"),
    ("{#", "#}"),
    ("{-", "-}"),
    ("(*", "*)"),
    ("/*", "*/"),
    ("//", ""),
    ("#", ""),
    ("--", ""),
    (";", ""),
    ("%", ""),
)
_MARKDOWN_SUFFIXES = (".md", ".markdown", ".mdx", ".mdown", ".mkd", ".qmd", ".rmd")


def is_markdown(path: str) -> bool:
    """Whether a path is that of a Markdown file."""
    return path.casefold().endswith(_MARKDOWN_SUFFIXES)


def is_path(text: str, *, spaces: bool = False) -> bool:
    """Whether a whole text is plainly a path.

    Args:
        text: what stands there, without quotes.
        spaces: whether the text was quoted as one, so that it may hold spaces.
    """
    if not text or len(text) > _LONGEST_LINE or "://" in text or _NEVER_IN_PATH.intersection(text):
        return False
    if any(c.isspace() and (c != " " or not spaces) for c in text) or text != text.strip():
        return False
    if text[-1] in "/\\.,;!?)" or text.casefold() in NOT_PATHS or text in PRODUCTS:
        return False
    drive = _DRIVE.match(text) is not None
    if ":" in text and not drive:
        return False
    parts = text.replace("\\", "/").split("/")
    if len(parts) == 1:
        return "@" not in text and _is_file_name(text)
    return drive or _is_slashed_path(parts)


def _is_slashed_path(parts: list[str]) -> bool:
    name = parts[-1]
    if all(part.isdigit() for part in parts) or (parts[0] in MEDIA_TYPES and not _is_file_name(name)):
        return False
    if parts[0] == "" and not _is_file_name(name):
        return len(parts) > 1 and parts[1] in SYSTEM_ROOTS  # "/users/list" is a route of an HTTP API
    return bool(name) and any(c.isalnum() for c in name)


def _is_file_name(name: str) -> bool:
    if name in KNOWN_NAMES:
        return True
    if len(name) > 1 and name[0] == "." and (name[1].isalpha() or name[1] == "_") and name.count(".") == 1:
        return True
    found = _EXTENSION.search(name)
    if not found or found.start() == 0:
        return False
    extension = name[found.start() + 1 :]
    if name[: found.start()] in CODE_NAMES and not name.endswith(
        (*CODE_SUFFIXES, *_MARKDOWN_SUFFIXES, ".txt")
    ):
        return False
    return not (len(extension) > 1 and _CAPITALISED.match(extension)) or extension in _CAPITAL_EXTENSIONS


def written(path: str) -> str:
    """A path as it is used: as the answer gives it, but for a leading ``./``."""
    while path.startswith("./") and path != "./":
        path = path[2:]
    return path


def path_on_line(line: str) -> str | None:
    """The path a line of prose consists of, after stripping what Markdown and habit put around one.

    Headings, list marks, bold, backticks, brackets, ``File:``, ``Filename:``, ``Path:``, a trailing colon,
    ``(new)`` and ``(updated)`` are stripped, in any order and nesting. Anything else left over makes the
    line prose: None.
    """
    if len(line) > _LONGEST_LINE:
        return None
    text, labelled, quoted = line.strip(), False, False
    while True:
        before = text
        text, quote = _strip_quotes(text)
        text, label = _strip_label(text)
        text = _strip_marks(text)
        labelled, quoted = labelled or label, quoted or quote
        if text == before:
            break
    return written(text) if is_path(text, spaces=labelled and quoted) else None


def _strip_label(text: str) -> tuple[str, bool]:
    found = _LABEL.match(text)
    if found and found.end() < len(text):
        return text[found.end() :], True
    return text, False


def _strip_marks(text: str) -> str:
    found = _HEADING.match(text)
    if found:
        text = _TRAILING_HASHES.sub("", text[found.end() :])
    found = _LIST_ITEM.match(text)
    if found:
        text = text[found.end() :]
    if len(text) > 1 and text[-1] in ":\uff1a":
        text = text[:-1].rstrip()
    return _REMARK.sub("", text)


def _strip_quotes(text: str) -> tuple[str, bool]:
    link = _LINK.match(text)
    if link:
        return link[1].strip(), False
    for opening, closing in (*_WRAPPERS, *_BRACKETS):
        if (
            len(text) <= len(opening) + len(closing)
            or not text.startswith(opening)
            or not text.endswith(closing)
        ):
            continue
        inner = text[len(opening) : -len(closing)]
        if opening in inner.strip("_") if opening == "__" else (closing in inner and opening != "_"):
            continue
        return inner.strip(), opening in {"`", '"', "'"}
    return text, False


def backticked_path(line: str) -> str | None:
    """The path of a line of prose that holds exactly one in backticks, else None."""
    if len(line) > 10 * _LONGEST_LINE:
        return None
    spans = line.split("`")[1::2]
    found = {written(span.strip()) for span in spans if is_path(span.strip())}
    return found.pop() if len(found) == 1 else None


def path_in_comment(line: str, *, hash_is_heading: bool = False) -> str | None:
    """The path a comment consists of, else None.

    Args:
        line: the first line of a body.
        hash_is_heading: whether ``#`` begins a heading there, not a comment (Markdown).
    """
    text = line.strip()
    if len(text) > _LONGEST_LINE or text.startswith("#!"):
        return None
    for opening, closing in _COMMENTS:
        if not text.startswith(opening) or not text.endswith(closing) or len(text) <= len(opening + closing):
            continue
        if opening == "#" and hash_is_heading:
            return None
        inner = text[len(opening) : len(text) - len(closing)].strip("/#-*;% \t" if not closing else None)
        return _path_after_label(inner)
    return None


def _path_after_label(text: str) -> str | None:
    text, _ = _strip_label(text.strip())
    text = _REMARK.sub("", text.strip().strip("`"))
    return written(text) if is_path(text) else None
