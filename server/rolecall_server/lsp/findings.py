"""What a role found, as diagnostics: published when a run has ended, cleared when their text changes.

The text of an open document is its buffer's, whatever happens on disk; of any other file the disk's.

The quick fix of each is the developer's ``fix``, which the menu offers on any diagnostic.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from rolecall.errors import RolecallError
from rolecall_server.lsp.buffers import split_lines, width

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from rolecall.answer.findings import Finding
    from rolecall.session import Session
    from rolecall.settings.stamps import Stamps
    from rolecall.tasks import Task
    from rolecall.workspace.documents import Document
    from rolecall_server.lsp.buffers import TextBuffer
    from rolecall_server.lsp.client import Encoding
    from rolecall_server.lsp.connection import Connection

    Json = dict[str, Any]

SOURCE: Final = "rolecall"

_SEVERITIES: Final = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "information": types.DiagnosticSeverity.Information,
    "hint": types.DiagnosticSeverity.Hint,
}


@dataclass(eq=False, slots=True)
class _Shown:
    """What is shown for one file: whose findings, under which URI, about which text.

    ``stamps`` tell whether the file on disk still is as it was when it last held that text; None where the
    text was never seen there.
    """

    task_id: str
    uri: str
    document: Document
    session: Session
    stamps: Stamps | None = None


class Findings:
    """The diagnostics one client shows, by where their files lie.

    Args:
        connection: the client.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._shown: dict[Path, _Shown] = {}
        connection.documents.watch(self._changed)

    def locations(self) -> list[Path]:
        """The files that findings are shown for."""
        return list(self._shown)

    async def publish(self, session: Session, task: Task) -> None:
        """Show what a task found in files of its workspace, in place of what was shown for them before."""
        found = task.run.proposal.findings() if self._connection.client.diagnostics else []
        if not found:
            return
        encoding = self._connection.client.encoding
        for document, findings in await asyncio.to_thread(_by_document, session, found):
            diagnostics = await asyncio.to_thread(_diagnostics, task.id, findings, document.text, encoding)
            if diagnostics:
                self._show(_Shown(task.id, "", document, session), diagnostics)
        self._connection.spawn(self._connection.watching.update(), "watch files")

    def discard(self, task_id: str) -> None:
        """Show no longer what that task found."""
        for location, shown in list(self._shown.items()):
            if shown.task_id == task_id:
                self._clear(location)

    async def look(self) -> None:
        """Clear what is shown for files that no editor has open, and that changed or vanished on disk."""
        documents = self._connection.documents
        closed = {place: shown for place, shown in self._shown.items() if documents.at(place) is None}
        if not closed:
            return
        for location, stamps in (await asyncio.to_thread(_unchanged, closed)).items():
            shown = closed[location]
            if self._shown.get(location) is not shown or documents.at(location) is not None:
                continue  # shown anew or opened meanwhile
            if stamps is None:
                self._clear(location)
            shown.stamps = stamps

    def _show(self, shown: _Shown, diagnostics: list[Json]) -> None:
        document = shown.document
        location = shown.session.workspace.locate(document.path)
        buffer = self._connection.documents.at(location)
        if buffer is not None and buffer.text != document.text:
            return  # changed while its lines were looked for
        shown.uri = buffer.uri if buffer is not None else location.as_uri()
        self._shown[location] = shown
        self._send(shown.uri, diagnostics, document.version)

    def _changed(self, buffer: TextBuffer) -> None:
        for location, shown in list(self._shown.items()):
            present = self._connection.documents.at(location)
            # Opening a document is no change of its text; with its closing the disk counts.
            if present is buffer and buffer.text != shown.document.text:
                self._clear(location)

    def _clear(self, location: Path) -> None:
        self._send(self._shown.pop(location).uri, [], None)

    def _send(self, uri: str, diagnostics: list[Json], version: int | None) -> None:
        params: Json = {"uri": uri, "diagnostics": diagnostics}
        if version is not None:
            params["version"] = version
        self._connection.server.protocol.notify_raw(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, params)


def _by_document(session: Session, found: Iterable[Finding]) -> list[tuple[Document, list[Finding]]]:
    """The findings by the file they are about, where that can be shown."""
    by_path: dict[str, list[Finding]] = {}
    for finding in found:
        by_path.setdefault(finding.path, []).append(finding)
    read = ((_read(session, path), of_path) for path, of_path in by_path.items())
    return [(document, of_path) for document, of_path in read if document is not None]


def _diagnostics(task_id: str, findings: Iterable[Finding], text: str, encoding: Encoding) -> list[Json]:
    """Each finding on its whole line, without the indentation; none where its line is not certain."""
    from rolecall.answer.findings import SearchedText  # noqa: PLC0415 - not before the handshake

    lines, searched = split_lines(text), SearchedText(text)
    diagnostics: list[Json] = []
    for finding in findings:
        number = finding.line_in(searched)
        if number is None:
            continue
        line = lines[number].rstrip("\r\n") if number < len(lines) else ""
        indent = len(line) - len(line.lstrip())
        diagnostics.append(
            {
                "range": {
                    "start": {"line": number, "character": width(line[:indent], encoding)},
                    "end": {"line": number, "character": width(line.rstrip(), encoding)},
                },
                "severity": _SEVERITIES[finding.severity].value,
                "source": SOURCE,
                "message": finding.message,
                "data": {"task_id": task_id},
            }
        )
    return diagnostics


def _unchanged(closed: dict[Path, _Shown]) -> dict[Path, Stamps | None]:
    """What the files look like that still hold the text their findings are about; None for the others."""
    from rolecall.settings.stamps import Stamps  # noqa: PLC0415 - not before the handshake

    found: dict[Path, Stamps | None] = {}
    for location, shown in closed.items():
        present = Stamps.of([location])
        if shown.stamps is None or not shown.stamps.still_hold(present):
            document = _read(shown.session, shown.document.path)
            same = document is not None and document.text == shown.document.text
            found[location] = present if same else None
    return found


def _read(session: Session, path: str) -> Document | None:
    try:
        return session.documents.read(path)
    except RolecallError:
        return None  # outside the workspace, a secret, no text: nothing an editor could show
