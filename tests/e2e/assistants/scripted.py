"""A scripted model for real assistants, at the wire: it answers as the three APIs do that they speak.

An assistant sends the whole conversation each time. How many results of tools it holds says which step comes next;
what they hold is what the assistant showed its model. Requests without our tools (titles, counts of tokens) get a word.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any


@dataclass(frozen=True)
class Call:
    """The model calls a tool of ours, by our name for it; or one that the assistant brings itself."""

    tool: str
    arguments: dict[str, Any]
    is_ours: bool = True


Step = str | Call | Callable[[list[str]], str | Call]
"""What the model does next: says a text, or calls a tool, perhaps with what it was shown so far."""

_numbers = count(1)
"""Of calls: assistants tell them apart by it."""


@dataclass
class ScriptedModel:
    """What the assistant sent, and what it will be answered.

    Attributes:
        steps: in order, one for each result of a tool that the model has been shown, and one before.
        requests: the conversations that our tools were offered in.
    """

    steps: Sequence[Step]
    base_url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    wire: Any = None

    @property
    def offered(self) -> dict[str, dict[str, Any]]:
        """The tools of ours that the assistant offered its model last: their schemas by our names."""
        return self.wire.offered(self.requests[-1])

    @property
    def shown(self) -> list[str]:
        """The results of tools that the model was shown, as it was shown them."""
        return self.wire.shown(self.requests[-1])

    def answer(self, path: str, request: dict[str, Any]) -> list[tuple[str, Any]]:
        """The events of the answer."""
        wire = next(wire for wire in WIRES if path.startswith(wire.path))
        if not wire.offered(request):
            return wire.events("Fine.")
        self.wire = wire
        self.requests.append(request)
        shown = wire.shown(request)
        step = self.steps[len(shown)] if len(shown) < len(self.steps) else "There is no more to do."
        return wire.events(step(shown) if callable(step) else step)


class Responses:
    """OpenAI's Responses API, as Codex speaks it: our tools come in a namespace."""

    path = "/v1/responses"

    @staticmethod
    def offered(request: dict[str, Any]) -> dict[str, dict[str, Any]]:
        spaces = [tool for tool in request.get("tools", []) if tool.get("name") == "mcp__rolecall"]
        return {tool["name"]: tool for space in spaces for tool in space["tools"]}

    @staticmethod
    def shown(request: dict[str, Any]) -> list[str]:
        outputs = [item["output"] for item in request["input"] if item["type"] == "function_call_output"]
        return [output if isinstance(output, str) else _texts(output) for output in outputs]

    @staticmethod
    def events(step: str | Call) -> list[tuple[str, Any]]:
        if isinstance(step, str):
            content = [{"type": "output_text", "text": step, "annotations": []}]
            item: dict[str, Any] = {"type": "message", "id": "m1", "role": "assistant", "content": content}
        else:
            item = {
                "type": "function_call",
                "id": "f1",
                "call_id": f"call_{next(_numbers)}",
                "name": step.tool,
                "arguments": json.dumps(step.arguments),
                **({"namespace": "mcp__rolecall"} if step.is_ours else {}),
            }
        usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
        response = {"id": "r1", "object": "response", "status": "completed", "output": [item], "usage": usage}
        named = [
            {"type": "response.created", "response": {"id": "r1"}},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.completed", "response": response},
        ]
        return [(event["type"], event) for event in named]  # type: ignore[misc]


class ChatCompletions:
    """OpenAI's chat completions, as opencode speaks them: our tools bear the server's name before theirs."""

    path = "/v1/chat/completions"

    @staticmethod
    def offered(request: dict[str, Any]) -> dict[str, dict[str, Any]]:
        tools = [tool["function"] for tool in request.get("tools", [])]
        return {
            tool["name"].removeprefix("rolecall_"): tool
            for tool in tools
            if tool["name"].startswith("rolecall_")
        }

    @staticmethod
    def shown(request: dict[str, Any]) -> list[str]:
        found = [message["content"] for message in request["messages"] if message["role"] == "tool"]
        return [content if isinstance(content, str) else _texts(content) for content in found]

    @staticmethod
    def events(step: str | Call) -> list[tuple[str, Any]]:
        if isinstance(step, str):
            delta: dict[str, Any] = {"role": "assistant", "content": step}
        else:
            name = f"rolecall_{step.tool}" if step.is_ours else step.tool
            function = {"name": name, "arguments": json.dumps(step.arguments)}
            call = {"index": 0, "id": f"call_{next(_numbers)}", "type": "function", "function": function}
            delta = {"role": "assistant", "content": None, "tool_calls": [call]}
        finish = "stop" if isinstance(step, str) else "tool_calls"
        base = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "scripted"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        return [
            ("", {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}),
            ("", {**base, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}),
            ("", {**base, "choices": [], "usage": usage}),
            ("", "[DONE]"),
        ]


class Messages:
    """Anthropic's Messages, as Claude Code speaks them."""

    path = "/v1/messages"
    prefix = "mcp__rolecall__"

    @classmethod
    def offered(cls, request: dict[str, Any]) -> dict[str, dict[str, Any]]:
        tools = [tool for tool in request.get("tools", []) if tool["name"].startswith(cls.prefix)]
        return {tool["name"].removeprefix(cls.prefix): tool for tool in tools}

    @staticmethod
    def shown(request: dict[str, Any]) -> list[str]:
        blocks = [
            block
            for message in request["messages"]
            if isinstance(message["content"], list)
            for block in message["content"]
            if block["type"] == "tool_result"
        ]
        return [b["content"] if isinstance(b["content"], str) else _texts(b["content"]) for b in blocks]

    @classmethod
    def events(cls, step: str | Call) -> list[tuple[str, Any]]:
        message = {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "scripted",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 1, "output_tokens": 1},
        }
        if isinstance(step, str):
            block: dict[str, Any] = {"type": "text", "text": ""}
            delta = {"type": "text_delta", "text": step}
        else:
            block = {
                "type": "tool_use",
                "id": f"toolu_{next(_numbers)}",
                "name": cls.prefix + step.tool if step.is_ours else step.tool,
                "input": {},
            }
            delta = {"type": "input_json_delta", "partial_json": json.dumps(step.arguments)}
        reason = "end_turn" if isinstance(step, str) else "tool_use"
        named: list[dict[str, Any]] = [
            {"type": "message_start", "message": message},
            {"type": "content_block_start", "index": 0, "content_block": block},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": {"output_tokens": 1}},
            {"type": "message_stop"},
        ]
        return [(event["type"], event) for event in named]


WIRES = (Responses, ChatCompletions, Messages)


def _texts(blocks: Sequence[Any]) -> str:
    """What stands in content blocks; those of other kinds as JSON."""
    return "\n".join(str(block["text"]) if "text" in block else json.dumps(block) for block in blocks)


@contextmanager
def scripted_model(*steps: Step) -> Iterator[ScriptedModel]:
    """Serve a model on loopback that takes these steps."""
    model = ScriptedModel(steps)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_HEAD(self) -> None:
            self._send("application/json", b"")

        def do_GET(self) -> None:
            self._send("application/json", b'{"object": "list", "data": [], "models": []}')

        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])) or b"{}")
            path = self.path.partition("?")[0]
            if path.endswith("/count_tokens"):
                self._send("application/json", b'{"input_tokens": 1}')
                return
            if not any(path.startswith(wire.path) for wire in WIRES):
                self._send("application/json", b"{}")
                return
            events = model.answer(path, request)
            lines = [
                (f"event: {name}\n" if name else "")
                + f"data: {data if isinstance(data, str) else json.dumps(data)}\n\n"
                for name, data in events
            ]
            self._send("text/event-stream", "".join(lines).encode())

        def _send(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        model.base_url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield model
        finally:
            server.shutdown()
            thread.join(10)
