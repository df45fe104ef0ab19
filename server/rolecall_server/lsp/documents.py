"""The client's open documents, and what their URIs are called in the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lsprotocol import types

from rolecall.errors import PathRefused
from rolecall_server.lsp.buffers import Position, TextBuffer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rolecall.workspace.documents import Document
    from rolecall.workspace.folder import Workspace
    from rolecall_server.lsp.client import Encoding
    from rolecall_server.lsp.connection import Connection

    Watcher = Callable[[TextBuffer], None]


class OpenDocuments:
    """The buffers of one client, by their URIs and by where their files lie.

    URIs are placed in the workspace when a document opens, so that later questions are answered from memory.
    """

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._by_uri: dict[str, TextBuffer] = {}
        self._locations: dict[str, Path] = {}
        self._by_location: dict[Path, TextBuffer] = {}
        self._workspace: Workspace | None = None
        self._cwd: Path | None = None
        self._watchers: list[Watcher] = []

    def place_in(self, workspace: Workspace, cwd: Path) -> None:
        """Set the workspace, and place every open document in it anew.

        What lies outside of it keeps its place: tasks that began in a former workspace still know it.
        """
        self._workspace, self._cwd = workspace, cwd
        for uri in list(self._by_uri):
            self._place(uri)

    def seen_from(self, workspace: Workspace) -> PlacedBuffers:
        """The open documents under the names that files have in a workspace."""
        return PlacedBuffers(self, workspace)

    def at(self, location: Path) -> TextBuffer | None:
        """The open document of the file that lies there. Safe from any thread."""
        return self._by_location.get(location)

    def locations(self) -> list[Path]:
        """Where the files of all open documents lie."""
        return list(self._by_location)

    def buffer(self, uri: str) -> TextBuffer | None:
        """The open document of that URI."""
        return self._by_uri.get(uri)

    def path_of(self, uri: str) -> str | None:
        """The path of an open document in the present workspace; None outside of it. From memory."""
        location = self._locations.get(uri)
        if location is None or self._workspace is None:
            return None
        return self._workspace.name_of(location)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call the watcher with each buffer that opens, changes or closes; returns how to stop."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def open(self, uri: str, text: str, version: int, language: str) -> None:
        """A document was opened."""
        buffer = TextBuffer(uri, text, version, language, self.encoding)
        self._by_uri[uri] = buffer
        self._place(uri)
        self._tell(buffer)

    def change(self, params: types.DidChangeTextDocumentParams) -> None:
        """A document was changed; a change of a document that is not open is ignored."""
        uri, version = params.text_document.uri, params.text_document.version
        buffer = self._by_uri.get(uri)
        if buffer is None:
            return
        for change in params.content_changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = change.range.start, change.range.end
                buffer.edit(
                    Position(start.line, start.character),
                    Position(end.line, end.character),
                    change.text,
                    version,
                )
            else:
                buffer.replace(change.text, version)
        # Once for all of them: each look at a large text costs its length.
        self._tell(buffer)

    def close(self, uri: str) -> None:
        """A document was closed: the disk counts again."""
        buffer = self._by_uri.pop(uri, None)
        self._locations.pop(uri, None)
        if buffer is not None:
            self._by_location = {place: one for place, one in self._by_location.items() if one is not buffer}
            self._tell(buffer)

    def clear(self) -> None:
        """Every document was closed: the client is gone."""
        self._by_uri, self._locations, self._by_location = {}, {}, {}

    def _place(self, uri: str) -> None:
        if self._workspace is None or self._cwd is None or not is_file(uri):
            return
        try:
            location = self._workspace.locate(self._workspace.relative(uri, self._cwd))
        except PathRefused:
            return  # outside; where it lay in a former workspace stays known
        self._locations[uri] = location
        self._by_location[location] = self._by_uri[uri]

    def _tell(self, buffer: TextBuffer) -> None:
        for watcher in list(self._watchers):
            watcher(buffer)


class PlacedBuffers:
    """One client's open documents as a workspace of its calls them.

    Implements :class:`rolecall.workspace.documents.Buffers`. Folders come and go while tasks run; each task
    keeps the names of the workspace that it began in.

    Args:
        documents: the client's open documents.
        workspace: names them.
    """

    def __init__(self, documents: OpenDocuments, workspace: Workspace) -> None:
        self._documents = documents
        self._workspace = workspace

    def get(self, path: str) -> Document | None:
        """The open buffer at a workspace path, or None. Safe from any thread."""
        from rolecall.workspace.documents import Document  # noqa: PLC0415 - not before the handshake

        buffer = self.buffer_at(path)
        if buffer is None:
            return None
        text, version, digest = buffer.digested()
        return Document(path, text, digest, version=version, source="buffer")

    def paths(self) -> list[str]:
        """Workspace paths of all open buffers."""
        found = (self._workspace.name_of(location) for location in self._documents.locations())
        return [path for path in found if path is not None]

    def buffer_at(self, path: str) -> TextBuffer | None:
        """The open document at a workspace path."""
        try:
            return self._documents.at(self._workspace.locate(path))
        except PathRefused:
            return None


def is_file(uri: str) -> bool:
    """Whether a URI names a file; ``untitled:`` and the like do not."""
    return urlsplit(uri).scheme.lower() == "file"


def is_notebook(uri: str) -> bool:
    """Whether a URI or a path names a notebook or a cell of one: JSON that only its own editor can show."""
    parts = urlsplit(uri)
    return "notebook" in parts.scheme.lower() or parts.path.lower().endswith(".ipynb")


def register(connection: Connection) -> None:
    """Take the document notifications."""
    server, documents = connection.server, connection.documents

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        documents.open(document.uri, document.text, document.version, str(document.language_id))

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        documents.change(params)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)
