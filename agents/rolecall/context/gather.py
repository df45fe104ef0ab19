"""Collect what the model may get to see: the target, and around it what helps to understand it.

The target must be readable: a request about a file that cannot be read fails. Everything else is optional:
what cannot be read is listed under ``omitted`` with the reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rolecall.context.counterpart import counterparts
from rolecall.context.facts import collect
from rolecall.context.imports import imported_paths
from rolecall.context.index import PathIndex
from rolecall.context.items import ContextItem, Gathered
from rolecall.context.lines import clamp, split_lines
from rolecall.errors import ConfigurationInvalid, RolecallError
from rolecall.task import OmittedContext

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rolecall.context.items import ItemKind
    from rolecall.settings import Settings
    from rolecall.task import FileRef, Selection, TaskRequest
    from rolecall.workspace.documents import Document
    from rolecall.workspace.folder import Workspace

LISTED_FILES = 5_000
"""Files of the workspace that are looked at by name; imports and tests are found among them."""


class Files(Protocol):
    """What is read from: the documents of a session, or a snapshot of them."""

    def read_for_context(self, path: str, /) -> Document | None:
        """The document; None where there is none. Raises ``PathRefused`` for what a model must not see."""
        ...

    def exists(self, path: str, /) -> bool:
        """Whether there is a file at the path."""
        ...

    def list(self, limit: int, /) -> list[str]:
        """The workspace's paths, at most ``limit``."""
        ...


def gather(
    workspace: Workspace,
    documents: Files,
    request: TaskRequest,
    settings: Settings,
    *,
    open_paths: Sequence[str] = (),
) -> Gathered:
    """Read everything that may go into the prompt. Does I/O; call it in a thread.

    Args:
        workspace: whose folders name the workspace.
        documents: what to read from.
        request: what was asked.
        settings: their group ``context`` says what is let in.
        open_paths: workspace paths open in the editor; taken in where ``context.open_files`` says so.

    Raises:
        RolecallError: the target is absent, outside the workspace, a secret, binary or too large.
    """
    return _Gathering(workspace, documents, request, settings).gathered(open_paths)


class _Gathering:
    def __init__(
        self, workspace: Workspace, documents: Files, request: TaskRequest, settings: Settings
    ) -> None:
        self._workspace = workspace
        self._documents = documents
        self._request = request
        self._context = settings.context
        self._items: dict[str, ContextItem] = {}
        self._omitted: dict[str, str] = {}

    def gathered(self, open_paths: Sequence[str]) -> Gathered:
        request = self._request
        target = self._target(request.target) if request.target else None
        self._asked_for(request.files)
        index = PathIndex(self._documents.list(LISTED_FILES))
        if target is not None:
            self._around(target, index)
        for path in open_paths if self._context.open_files else ():
            self._optional(path, "open")
        name = ", ".join(root.name for root in self._workspace.roots)
        facts = collect(name, index, target.path if target else "", self._quietly)
        for path, why in facts.unread:
            self._omitted.setdefault(path, why)
        return Gathered(
            facts=facts,
            items=tuple(self._items.values()),
            diagnostics=request.diagnostics if self._context.diagnostics else (),
            omitted=tuple(OmittedContext(path=path, reason=why) for path, why in self._omitted.items()),
        )

    def _target(self, ref: FileRef) -> ContextItem:
        document = self._documents.read_for_context(ref.path)
        if document is None:
            raise ConfigurationInvalid(
                f"{ref.path} does not exist in the workspace.",
                hint="Name an existing file, or ask without a file.",
            )
        return self._add(document, "target", [ref.selection])

    def _asked_for(self, refs: Iterable[FileRef]) -> None:
        ranges: dict[str, list[Selection | None]] = {}
        for ref in refs:
            ranges.setdefault(ref.path, []).append(ref.selection)
        for path, selections in ranges.items():
            known = self._items.get(path)
            if known is None:
                self._optional(path, "file", selections)
            elif any(selections):
                self._items[path] = item_of(
                    known.path, known.text, known.kind, [*known.selections, *selections]
                )

    def _around(self, target: ContextItem, index: PathIndex) -> None:
        for path in counterparts(target.path, index):
            self._optional(path, "counterpart")
        for path in imported_paths(target.path, target.text, index, self._quietly):
            self._optional(path, "import")

    def _optional(self, path: str, kind: ItemKind, selections: Iterable[Selection | None] = ()) -> None:
        if path in self._items:
            return
        try:
            document = self._documents.read_for_context(path)
        except RolecallError as error:
            self._omitted[path] = f"{error.message} {error.hint}".strip()
            return
        if document is None:
            self._omitted[path] = "there is no such file in the workspace"
        elif document.path not in self._items:
            self._add(document, kind, selections)

    def _quietly(self, path: str) -> str | None:
        """The text of a file nobody asked for; what cannot be read is simply not there."""
        try:
            document = self._documents.read_for_context(path)
        except RolecallError:
            return None
        return document.text if document else None

    def _add(self, document: Document, kind: ItemKind, selections: Iterable[Selection | None]) -> ContextItem:
        item = item_of(document.path, document.text, kind, selections)
        self._items[document.path] = item
        return item


def item_of(path: str, text: str, kind: ItemKind, selections: Iterable[Selection | None]) -> ContextItem:
    """An item with the named lines in order, each once, and within the file."""
    wanted = [selection for selection in selections if selection is not None]
    if not wanted:
        return ContextItem(path, text, kind)
    count = len(split_lines(text))
    within = {clamp(selection, count) for selection in wanted} - {None}
    ordered = sorted((s for s in within if s), key=lambda s: (s.start_line, s.end_line))
    return ContextItem(path, text, kind, tuple(ordered))
