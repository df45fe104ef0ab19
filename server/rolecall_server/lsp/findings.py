"""What a role found, as diagnostics: published when a run has ended, cleared when their text changes.

The quick fix of each is the developer's ``fix``, which the menu offers on any diagnostic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from rolecall.errors import RolecallError
from rolecall_server.lsp.buffers import split_lines, width

if TYPE_CHECKING:
    from rolecall.answer.findings import Finding
    from rolecall.session import Session
    from rolecall.tasks import Task
    from rolecall.workspace.documents import Document
    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]

SOURCE: Final = "rolecall"

_SEVERITIES: Final = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


@dataclass(frozen=True, slots=True)
class _Shown:
    """What is shown for one document: whose findings, under which URI, about which text."""

    task_id: str
    uri: str
    text: str


class Findings:
    """The diagnostics one client shows, by document.

    Args:
        connection: the client.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._shown: dict[str, _Shown] = {}
        connection.documents.watch(self._changed)

    def publish(self, session: Session, task: Task) -> None:
        """Show what a task found in files of its workspace, in place of what was shown for them before."""
        if not self._connection.client.diagnostics:
            return
        by_path: dict[str, list[Finding]] = {}
        for finding in task.run.proposal.findings():
            by_path.setdefault(finding.path, []).append(finding)
        for path, found in by_path.items():
            document = _read(session, path)
            if document is not None:
                self._show(session, task.id, document, found)

    def discard(self, task_id: str) -> None:
        """Show no longer what that task found."""
        for path, shown in list(self._shown.items()):
            if shown.task_id == task_id:
                self._clear(path)

    def _show(self, session: Session, task_id: str, document: Document, found: list[Finding]) -> None:
        diagnostics = [
            diagnostic
            for finding in found
            if (diagnostic := self._diagnostic(task_id, finding, document.text)) is not None
        ]
        if diagnostics:
            buffer = self._connection.documents.buffer_at(document.path)
            uri = buffer.uri if buffer is not None else session.workspace.locate(document.path).as_uri()
            self._shown[document.path] = _Shown(task_id, uri, document.text)
            self._send(uri, diagnostics, document.version)

    def _diagnostic(self, task_id: str, finding: Finding, text: str) -> Json | None:
        """The finding on its whole line, without the indentation; None where its line is not certain."""
        number = finding.line_in(text)
        if number is None:
            return None
        lines, encoding = split_lines(text), self._connection.client.encoding
        line = lines[number].rstrip("\r\n") if number < len(lines) else ""
        indent = len(line) - len(line.lstrip())
        return {
            "range": {
                "start": {"line": number, "character": width(line[:indent], encoding)},
                "end": {"line": number, "character": width(line.rstrip(), encoding)},
            },
            "severity": _SEVERITIES[finding.severity].value,
            "source": SOURCE,
            "message": finding.message,
            "data": {"task_id": task_id},
        }

    def _changed(self, path: str) -> None:
        shown, buffer = self._shown.get(path), self._connection.documents.buffer_at(path)
        # Opening a document is no change of its text.
        if shown is not None and buffer is not None and buffer.text != shown.text:
            self._clear(path)

    def _clear(self, path: str) -> None:
        self._send(self._shown.pop(path).uri, [], None)

    def _send(self, uri: str, diagnostics: list[Json], version: int | None) -> None:
        params: Json = {"uri": uri, "diagnostics": diagnostics}
        if version is not None:
            params["version"] = version
        self._connection.server.protocol.notify_raw(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)


def _read(session: Session, path: str) -> Document | None:
    try:
        return session.documents.read(path)
    except RolecallError:
        return None  # outside the workspace, a secret, no text: nothing an editor could show
