"""Bare JSON-RPC peers over a process's pipes: what a client without any library would send."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import IO, Any

from fakes.lsp_model import ModelCheck

Message = dict[str, Any]


class Peer:
    """A blocking JSON-RPC client.

    Args:
        answer: gives the result for a request of the server's.
        notice: is shown every notification.

    Attributes:
        seen: every notification and request the server sent, in order.
    """

    def __init__(
        self,
        reader: IO[bytes],
        writer: IO[bytes],
        answer: Callable[[Message], Any] = lambda _: None,
        notice: Callable[[Message], None] = lambda _: None,
    ) -> None:
        self.seen: list[Message] = []
        self._reader, self._writer = reader, writer
        self._answer, self._notice = answer, notice
        self._ids = count(1)

    def request(self, method: str, params: Any = None) -> Message:
        """Send a request and wait for its response, serving what comes in between."""
        number = next(self._ids)
        self._write({"id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if message.get("id") == number and "method" not in message:
                return message
            self.seen.append(message)
            if "id" in message:
                self._write({"id": message["id"], "result": self._answer(message)})
            else:
                self._notice(message)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self._write({"method": method, "params": params})

    def _write(self, message: Message) -> None:
        members = {name: value for name, value in message.items() if name != "params" or value is not None}
        self._writer.write(self._frame(json.dumps({"jsonrpc": "2.0", **members}).encode()))
        self._writer.flush()

    def _frame(self, body: bytes) -> bytes:
        raise NotImplementedError

    def _read(self) -> Message:
        raise NotImplementedError


class LspPeer(Peer):
    """Framed by Content-Length; holds every message of the server against the meta model."""

    def __init__(self, *arguments: Any, **members: Any) -> None:
        super().__init__(*arguments, **members)
        self._model = ModelCheck()

    def _write(self, message: Message) -> None:
        self._model.sent(message)
        super()._write(message)

    def _frame(self, body: bytes) -> bytes:
        return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def _read(self) -> Message:
        length = 0
        while (line := self._reader.readline()) not in {b"\r\n", b""}:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        if not length:
            raise EOFError("the server closed its output")
        message = json.loads(self._reader.read(length))
        self._model.received(message)
        assert self._model.problems == []
        return message


class McpPeer(Peer):
    """One message a line."""

    def _frame(self, body: bytes) -> bytes:
        return body + b"\n"

    def _read(self) -> Message:
        line = self._reader.readline()
        if not line:
            raise EOFError("the server closed its output")
        return json.loads(line)
