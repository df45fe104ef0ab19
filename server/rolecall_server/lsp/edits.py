"""Changes as ``WorkspaceEdit``: what the client can take in its own way, in an order that is safe everywhere.

Text edits come first and creations last, since Neovim checks only the version of the first entry and rolls
nothing back. Among the text edits those of open documents come first: they carry a version.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from rolecall.answer.linediff import hunks
from rolecall_server.lsp.buffers import Position, split_lines, width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rolecall.answer.changeset import Change
    from rolecall_server.lsp.client import ClientProfile, Encoding

    Json = dict[str, Any]
    UriOf = Callable[[str], str]

ANNOTATION: Final = "rolecall"
_OPERATIONS: Final = {"create": "create", "delete": "delete", "rename": "rename"}


@dataclass(frozen=True, slots=True)
class Annotation:
    """What the client asks its user about, for all changes of an edit at once."""

    label: str
    description: str


def takes(client: ClientProfile, change: Change) -> bool:
    """Whether the client can carry out this change itself."""
    if not client.apply_edit:
        return False
    operation = _OPERATIONS.get(change.action)
    return operation is None or operation in client.resource_operations


def workspace_edit(
    client: ClientProfile, changes: Sequence[Change], uri_of: UriOf, annotation: Annotation | None = None
) -> Json:
    """The edit for changes the client takes.

    Args:
        client: what it can do.
        changes: computed against the present state of their files.
        uri_of: the client's URI of a workspace path.
        annotation: asks the client to have its user confirm; only for clients that can.
    """
    if not client.document_changes:
        return {
            "changes": {
                uri_of(change.path): text_edits(change, client.encoding)
                for change in changes
                if _has_text(change)
            }
        }
    edit: Json = {
        "documentChanges": list(_document_changes(client, changes, uri_of, annotated=annotation is not None))
    }
    if annotation is not None:
        edit["changeAnnotations"] = {
            ANNOTATION: {
                "label": annotation.label,
                "description": annotation.description,
                "needsConfirmation": True,
            }
        }
    return edit


def text_edits(change: Change, encoding: Encoding) -> list[Json]:
    """The minimal line edits from a change's base to its new text."""
    before = change.base.text if change.base is not None else ""
    after = change.after if change.after is not None else before
    lines = split_lines(before)
    return [
        {
            "range": {
                "start": _line_start(lines, hunk.start_line, encoding).to_json(),
                "end": _line_start(lines, hunk.end_line, encoding).to_json(),
            },
            "newText": "".join(hunk.lines),
        }
        for hunk in hunks(before, after)
    ]


def _line_start(lines: Sequence[str], line: int, encoding: Encoding) -> Position:
    """Where a line begins; behind the last line, the end of the text."""
    if line >= len(lines) and lines and not lines[-1].endswith(("\n", "\r")):
        return Position(len(lines) - 1, width(lines[-1], encoding))
    return Position(line, 0)


def _document_changes(
    client: ClientProfile, changes: Sequence[Change], uri_of: UriOf, *, annotated: bool
) -> Iterable[Json]:
    mark: Json = {"annotationId": ANNOTATION} if annotated else {}
    edited = [change for change in changes if _has_text(change)]
    for change in sorted(edited, key=lambda change: _version(change) is None):
        yield _document_edit(client, change, uri_of(change.path), _version(change), mark)
    for change in changes:
        if change.action == "delete":
            yield {"kind": "delete", "uri": uri_of(change.path), **mark}
        elif change.action == "rename":
            new_uri = uri_of(change.new_path or change.path)
            yield {"kind": "rename", "oldUri": uri_of(change.path), "newUri": new_uri, **mark}
    for change in changes:
        if change.action == "create":
            # Over what is there already the client must not write, whatever happened since it was looked at.
            options = {"overwrite": False, "ignoreIfExists": True}
            yield {"kind": "create", "uri": uri_of(change.path), "options": options, **mark}
            if change.after:
                yield _document_edit(client, change, uri_of(change.path), None, mark)


def _document_edit(client: ClientProfile, change: Change, uri: str, version: int | None, mark: Json) -> Json:
    edits = [{**edit, **mark} for edit in text_edits(change, client.encoding)]
    return {"textDocument": {"uri": uri, "version": version}, "edits": edits}


def _has_text(change: Change) -> bool:
    """Whether the text of an existing file changes; a rename may change it too."""
    if change.action not in {"modify", "rename"} or change.base is None:
        return False
    return change.after is not None and change.after != change.base.text


def _version(change: Change) -> int | None:
    return change.base.version if change.base is not None else None
