"""Letting assistants of the same workspace see this client's buffers and hand it their edits."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rolecall.session import Session
    from rolecall_server.attached import AttachedEditor
    from rolecall_server.lsp.connection import Connection


class Attachment:
    """This client among the editors of the process, while it has a session."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._editor: AttachedEditor | None = None

    def join(self, session: Session) -> None:
        """The client opened its workspace, or another one than before."""
        from rolecall_server.attached import AttachedEditor  # noqa: PLC0415 - not before the handshake
        from rolecall_server.lsp.applier import EditorApplier  # noqa: PLC0415

        self._leave()
        connection = self._connection
        self._editor = AttachedEditor(
            session.workspace,
            connection.documents.seen_from(session.workspace),
            lambda title: EditorApplier(connection, session, title, explicit=True),
        )
        connection.host.editors.join(self._editor)

    def touch(self) -> None:
        """The client did something."""
        if self._editor is not None:
            self._editor.touch()

    def close(self) -> None:
        """The client is gone, and its buffers with it: for tasks it leaves behind the disk counts."""
        self._leave()
        self._connection.documents.clear()

    def _leave(self) -> None:
        editor, self._editor = self._editor, None
        if editor is not None:
            self._connection.host.editors.leave(editor)
