"""The client's open documents, and what their URIs are called in the workspace."""

from __future__ import annotations

import hashlib
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

    Watcher = Callable[[str], None]


class OpenDocuments:
    """The buffers of one client; implements :class:`rolecall.workspace.documents.Buffers`.

    URIs are placed in the workspace when a document opens, so that later questions are answered from memory.
    """

    def __init__(self) -> None:
        self.encoding: Encoding = "utf-16"
        self._by_uri: dict[str, TextBuffer] = {}
        self._paths: dict[str, str] = {}
        self._by_path: dict[str, TextBuffer] = {}
        self._workspace: Workspace | None = None
        self._cwd: Path | None = None
        self._watchers: list[Watcher] = []

    def place_in(self, workspace: Workspace, cwd: Path) -> None:
        """Set the workspace, and place every open document in it anew."""
        self._workspace, self._cwd = workspace, cwd
        self._paths, self._by_path = {}, {}
        for uri in list(self._by_uri):
            self._place(uri)

    def get(self, path: str) -> Document | None:
        """The open buffer at a workspace path, or None. Safe from any thread."""
        from rolecall.workspace.documents import Document  # noqa: PLC0415 - not before the handshake

        buffer = self._by_path.get(path)
        if buffer is None:
            return None
        text, version = buffer.snapshot()
        digest = hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
        return Document(path, text, digest, version=version, source="buffer")

    def paths(self) -> list[str]:
        """Workspace paths of all open buffers."""
        return list(self._by_path)

    def buffer(self, uri: str) -> TextBuffer | None:
        """The open document of that URI."""
        return self._by_uri.get(uri)

    def buffer_at(self, path: str) -> TextBuffer | None:
        """The open document at a workspace path."""
        return self._by_path.get(path)

    def path_of(self, uri: str) -> str | None:
        """The workspace path of an open document; None outside the workspace. From memory."""
        return self._paths.get(uri)

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call the watcher with the path of each buffer that opens or changes; returns how to stop."""
        self._watchers.append(watcher)
        return lambda: self._watchers.remove(watcher)

    def open(self, uri: str, text: str, version: int, language: str) -> None:
        """A document was opened."""
        self._by_uri[uri] = TextBuffer(uri, text, version, language, self.encoding)
        self._place(uri)
        self._tell(uri)

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
            self._tell(uri)

    def close(self, uri: str) -> None:
        """A document was closed: the disk counts again."""
        buffer = self._by_uri.pop(uri, None)
        path = self._paths.pop(uri, None)
        if path is not None and self._by_path.get(path) is buffer:
            del self._by_path[path]

    def clear(self) -> None:
        """Every document was closed: the client is gone."""
        self._by_uri, self._paths, self._by_path = {}, {}, {}

    def _place(self, uri: str) -> None:
        if self._workspace is None or self._cwd is None or not is_file(uri):
            return
        try:
            path = self._workspace.relative(uri, self._cwd)
        except PathRefused:
            return
        self._paths[uri] = path
        self._by_path[path] = self._by_uri[uri]

    def _tell(self, uri: str) -> None:
        path = self._paths.get(uri)
        if path is not None:
            for watcher in list(self._watchers):
                watcher(path)


def is_file(uri: str) -> bool:
    """Whether a URI names a file; ``untitled:`` and the like do not."""
    return urlsplit(uri).scheme.lower() == "file"


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
