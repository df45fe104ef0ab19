"""Editors attached to this process: assistants see their unsaved buffers, and hand them their edits.

Only in the same workspace (contract section 9).
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from rolecall_server.attached_paths import covers, translated

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from rolecall.answer.changeset import Change
    from rolecall.applying import Applier
    from rolecall.workspace.documents import Buffers, Document
    from rolecall.workspace.folder import Workspace

ANSWER_S: Final = 15.0
"""Seconds an editor gets to apply what an assistant hands it; no person is asked meanwhile."""

_moments = itertools.count(1)


@dataclass(eq=False, slots=True)
class AttachedEditor:
    """One editor with one workspace.

    Attributes:
        workspace: its folders.
        buffers: its open documents.
        applier: makes what hands edits to it, from a title.
        active: when somebody last did something in it; larger is later.
    """

    workspace: Workspace
    buffers: Buffers
    applier: Callable[[str], Applier]
    active: int = field(default_factory=lambda: next(_moments))

    def touch(self) -> None:
        """Somebody did something in it."""
        self.active = next(_moments)


class AttachedEditors:
    """The editors of a process. Joined and left on the event loop, asked from any thread."""

    def __init__(self) -> None:
        self._editors: tuple[AttachedEditor, ...] = ()

    def join(self, editor: AttachedEditor) -> None:
        """It has its workspace open from now on."""
        self._editors = (*self._editors, editor)

    def leave(self, editor: AttachedEditor) -> None:
        """It closed its workspace."""
        self._editors = tuple(other for other in self._editors if other is not editor)

    def of(self, workspace: Workspace) -> AttachedEditor | None:
        """The most recently active editor that has a workspace open; None where none has."""
        fitting = [editor for editor in self._editors if covers(editor.workspace, workspace)]
        return max(fitting, key=lambda editor: editor.active, default=None)


class SharedBuffers:
    """The open documents of whichever editor has the client's workspace open at the moment.

    Implements :class:`rolecall.workspace.documents.Buffers` for clients that have no buffers of their own.
    """

    def __init__(self, editors: AttachedEditors) -> None:
        self._editors = editors
        self._workspace: Workspace | None = None

    def place_in(self, workspace: Workspace) -> None:
        """Set the client's workspace."""
        self._workspace = workspace

    def get(self, path: str) -> Document | None:
        """The open buffer at the client's workspace path, or None."""
        if self._workspace is None or (editor := self._editors.of(self._workspace)) is None:
            return None
        theirs = translated(path, self._workspace, editor.workspace)
        document = editor.buffers.get(theirs) if theirs is not None else None
        return None if document is None else replace(document, path=path)

    def paths(self) -> list[str]:
        """The client's workspace paths of all open buffers that are in its workspace."""
        if self._workspace is None or (editor := self._editors.of(self._workspace)) is None:
            return []
        found = (translated(path, editor.workspace, self._workspace) for path in editor.buffers.paths())
        return [path for path in found if path is not None]


class AttachedApplier:
    """Hands an assistant's edits to an editor, under the editor's names for the files.

    Args:
        editor: who gets them.
        workspace: of the assistant.
        title: of the work, for the editor's undo list.
        asking: decides where a confirmation is needed; nobody in the editor is asked.
    """

    def __init__(self, editor: AttachedEditor, workspace: Workspace, title: str, asking: Applier) -> None:
        self._editor = editor
        self._workspace = workspace
        self._applier = editor.applier(title)
        self._asking = asking
        self.explicit = asking.explicit

    @property
    def by(self) -> Literal["editor", "disk"]:
        """An editor that takes no edits leaves them to the disk."""
        return self._applier.by

    @property
    def interruptible(self) -> bool:
        """As the editor's own."""
        return self._applier.interruptible

    async def confirm(self, changes: Sequence[Change], asking: Sequence[Change]) -> bool:
        """As without an editor."""
        return await self._asking.confirm(changes, asking)

    async def write(self, changes: Sequence[Change], task_id: str | None) -> Collection[str]:
        """Write all of them or none; returns what the editor left out. Raises EditError."""
        theirs = [self._renamed(change) for change in changes]
        try:
            left_out = await self._handed_over(theirs, task_id) or ()
        finally:
            for ours, their in zip(changes, theirs, strict=True):
                ours.state, ours.reason, ours.after = their.state, their.reason, their.after
                if ours.base is not None and their.base is not None:
                    ours.base = replace(their.base, path=ours.path)
        return [ours.path for ours, their in zip(changes, theirs, strict=True) if their.path in left_out]

    async def _handed_over(self, changes: list[Change], task_id: str | None) -> Collection[str] | None:
        from rolecall.errors import EditConflict  # noqa: PLC0415 - imported by then

        # A task of its own: the editor's leaving cancels what waits for it, and must not look like a
        # cancel of the assistant's call.
        writing = asyncio.ensure_future(self._applier.write(changes, task_id))
        try:
            await asyncio.wait([writing], timeout=ANSWER_S)
        finally:
            if not writing.done():
                writing.cancel()
                await asyncio.wait([writing])
        if writing.cancelled():
            raise EditConflict(
                "The editor that has the workspace open did not answer.",
                hint="Look at the files in the editor; then call apply_edits again, or close the editor.",
            )
        return writing.result()

    def _renamed(self, change: Change) -> Change:
        path = self._their(change.path)
        return replace(
            change,
            path=path,
            new_path=None if change.new_path is None else self._their(change.new_path),
            base=None if change.base is None else replace(change.base, path=path),
        )

    def _their(self, path: str) -> str:
        theirs = translated(path, self._workspace, self._editor.workspace)
        assert theirs is not None, "the editor covers the workspace"
        return theirs
