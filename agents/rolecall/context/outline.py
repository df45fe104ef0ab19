"""The facts of a workspace as text, in full and in shorter forms."""

from __future__ import annotations

from posixpath import dirname
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rolecall.context.items import Facts, Manifest

NAMES_A_FOLDER = 30
"""Files of one folder that are named in the tree."""

SHORT_TREE = 40


def outlines(facts: Facts) -> list[str]:
    """The facts at several lengths, the longest first; empty where there are none."""
    head = "".join(_head(facts))
    if not head and not facts.paths:
        return []
    manifests = "".join(_manifest(manifest) for manifest in facts.manifests if manifest.details)
    forms = (
        head + manifests + _tree(facts.paths, more=facts.more),
        head + manifests + _tree(facts.paths[:SHORT_TREE], more=facts.more or len(facts.paths) > SHORT_TREE),
        head + manifests,
        head,
    )
    # A cut tree says that it is cut, which can be longer than the few names it leaves out.
    return [
        form for number, form in enumerate(forms) if all(len(form) < len(longer) for longer in forms[:number])
    ]


def _head(facts: Facts) -> Iterator[str]:
    if facts.name:
        yield f"Workspace: {facts.name}\n"
    if facts.languages:
        counted = ", ".join(f"{name} ({count})" for name, count in facts.languages)
        yield f"Languages, with files: {counted}\n"
    if facts.test_runners:
        yield f"Test runner: {', '.join(facts.test_runners)}\n"
    if facts.package_managers:
        yield f"Package manager: {', '.join(facts.package_managers)}\n"
    if facts.unread:
        yield f"Manifests not read: {', '.join(path for path, _ in facts.unread)}\n"


def _manifest(manifest: Manifest) -> str:
    said = "; ".join(f"{name}: {value}" for name, value in manifest.details)
    return f"{manifest.path} - {said}\n"


def _tree(paths: Sequence[str], *, more: bool) -> str:
    """One line a folder, so that its path stands there once."""
    folders: dict[str, list[str]] = {}
    for path in paths:
        folders.setdefault(dirname(path), []).append(path.rpartition("/")[2])
    if not folders:
        return ""
    lines = [f"  {folder or '.'}/ {_names(names)}\n" for folder, names in sorted(folders.items())]
    return "Tree:\n" + "".join(lines) + ("  and more files\n" if more else "")


def _names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:NAMES_A_FOLDER])
    hidden = len(names) - NAMES_A_FOLDER
    return f"{shown}, and {hidden} more" if hidden > 0 else shown
