"""`make demo`: an editor and an assistant, served by one process, on a copy of a sample project.

Two real clients over real pipes: a small editor that speaks LSP, a small assistant that speaks MCP. No key, no
model and no network: the provider is `offline`.
"""

from __future__ import annotations

import difflib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from fakes.wire import LspPeer, McpPeer, Message  # noqa: E402 - the tests' bare clients

SAMPLE = ROOT / "tests" / "workspaces" / "sample_shop"
TESTED = "src/shop/pricing.py"
TESTED_SYMBOL = "def discounted"
DOCUMENTED = "src/shop/stock.py"
COMMAND = [sys.executable, "-m", "rolecall_server.cli"]
COLOURS = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"}
NEXT = """\
What next:
  a local model   ollama serve   (or llama-server -m MODEL.gguf --port 8080): found by itself
  a key           export OPENAI_API_KEY=... ROLECALL_LLM__MODEL=...
  what is used    .venv/bin/rolecall doctor
  your editor     README.md, "Add it to your editor"; your assistant: "Add it to your assistant"
  your project    .venv/bin/rolecall run qa_engineer --task tests --file PATH
"""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="rolecall-demo-") as folder:
        project = Path(folder, "sample_shop")
        shutil.copytree(SAMPLE, project)
        environment = surroundings(Path(folder))
        try:
            say("An editor asks the QA engineer, over LSP")
            first = editor(project, environment)
            say("An assistant asks the technical writer, over MCP")
            second = assistant(project, environment)
            served = run(["daemon", "status", "--format", "json"], project, environment)
        finally:
            run(["daemon", "stop"], project, environment)
        print(f"Both were served by one process, {json.loads(served)['pid']}.\n")
        print(NEXT)
        return 0 if first and second else 1


def surroundings(folder: Path) -> dict[str, str]:
    """An environment of the demo's own: no settings of the user's, a daemon apart from the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TERM") if name in os.environ}
    return kept | {
        "HOME": str(folder),
        "ROLECALL_RUNTIME_DIR": str(folder / "run"),
        "ROLECALL_LLM__PROVIDER": "offline",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "agents"), str(ROOT / "server")]),
    }


def editor(project: Path, environment: dict[str, str]) -> bool:
    """Open a file, ask for code actions on a function, run the first one, apply its edit."""
    path = project / TESTED
    text = path.read_text()
    line = next(number for number, each in enumerate(text.splitlines()) if each.startswith(TESTED_SYMBOL))
    cursor = {"start": {"line": line, "character": 5}, "end": {"line": line, "character": 5}}
    buffers = Buffers()
    with start("lsp", project, environment) as server:
        peer = LspPeer(server.stdout, server.stdin, buffers.answer, show_progress)
        peer.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": project.as_uri(),
                "capabilities": {
                    "window": {"workDoneProgress": True},
                    "textDocument": {
                        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}
                    },
                    "workspace": {
                        "applyEdit": True,
                        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
                    },
                },
            },
        )
        peer.notify("initialized", {})
        document = {"uri": path.as_uri(), "languageId": "python", "version": 1, "text": text}
        peer.notify("textDocument/didOpen", {"textDocument": document})
        asked = {"textDocument": {"uri": path.as_uri()}, "range": cursor, "context": {"diagnostics": []}}
        actions = peer.request("textDocument/codeAction", asked)["result"]
        print(f"The menu on line {line + 1} of {TESTED}:")
        for action in actions:
            print(f"  {action['title']}")
        chosen = next(action for action in actions if action["kind"].endswith("qa_engineer.tests"))
        chosen = peer.request("codeAction/resolve", chosen)["result"] if "command" not in chosen else chosen
        print(f"\nChosen: {chosen['title']}")
        command = chosen["command"]
        result = peer.request(
            "workspace/executeCommand", {"command": command["command"], "arguments": command["arguments"]}
        )["result"]
        peer.request("shutdown")
        peer.notify("exit")
    print(f"\nApplied by the {result['applied_by']}:\n")
    for changed, before in buffers.before.items():
        show_diff(changed.relative_to(project).as_posix(), before, changed.read_text())
    return bool(result["applied"])


def assistant(project: Path, environment: dict[str, str]) -> bool:
    """Call a role's tool, then write what it proposed."""
    before = (project / DOCUMENTED).read_text()
    with start("mcp", project, environment) as server:
        peer = McpPeer(server.stdout, server.stdin, notice=show_progress)
        client = {"name": "demo", "version": "1"}
        handshake = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client}
        peer.request("initialize", handshake)
        peer.notify("notifications/initialized")
        arguments = {"instruction": "Write what is missing.", "task": "docstrings", "files": [DOCUMENTED]}
        print(f"technical_writer {json.dumps(arguments)}")
        proposed = call(peer, "technical_writer", arguments)
        written = call(peer, "apply_edits", {"task_id": proposed["task_id"]})
        server.stdin.close()
    print(f"\nApplied to the {written['applied_by']}:\n")
    show_diff(DOCUMENTED, before, (project / DOCUMENTED).read_text())
    return bool(written["applied"])


def call(peer: McpPeer, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
    parameters = {"name": tool, "arguments": arguments, "_meta": {"progressToken": tool}}
    return peer.request("tools/call", parameters)["result"]["structuredContent"]


class Buffers:
    """What an editor does with `workspace/applyEdit`: change the text, and here also save it."""

    def __init__(self) -> None:
        self.before: dict[Path, str] = {}

    def answer(self, request: Message) -> Any:
        if request["method"] != "workspace/applyEdit":
            return None
        for change in request["params"]["edit"]["documentChanges"]:
            if "kind" not in change:
                self._edit(path_of(change["textDocument"]["uri"]), change["edits"])
            else:
                path = path_of(change["uri"])
                path.parent.mkdir(parents=True, exist_ok=True)
                self.before[path] = ""
                path.write_text("")
        return {"applied": True}

    def _edit(self, path: Path, edits: list[dict[str, Any]]) -> None:
        text = path.read_text()
        self.before.setdefault(path, text)
        lines = text.splitlines(keepends=True)

        def offset(position: dict[str, int]) -> int:
            whole = sum(map(len, lines[: position["line"]]))
            rest = lines[position["line"]] if position["line"] < len(lines) else ""
            units = rest.encode("utf-16-le")[: 2 * position["character"]]
            return whole + len(units.decode("utf-16-le"))

        for edit in sorted(edits, key=lambda edit: offset(edit["range"]["start"]), reverse=True):
            begin, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
            text = text[:begin] + edit["newText"] + text[end:]
        path.write_text(text)


def path_of(uri: str) -> Path:
    return Path(unquote(urlsplit(uri).path))


def start(door: str, project: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([*COMMAND, door], cwd=project, env=environment, **pipes)


def run(arguments: list[str], project: Path, environment: dict[str, str]) -> bytes:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=project, env=environment, stdout=subprocess.PIPE, check=False
    ).stdout


def say(heading: str) -> None:
    print(f"\n{paint('1', heading)}\n")


def show_progress(message: Message) -> None:
    if message["method"] == "$/progress":
        value = message["params"]["value"]
        text = " ".join(filter(None, (value.get("title"), value.get("message"))))
        print(f"  [{value['kind']}] {one_line(text)}", flush=True)
    elif message["method"] == "notifications/progress":
        print(
            f"  [progress {message['params']['progress']}] {one_line(message['params'].get('message', ''))}",
            flush=True,
        )


def one_line(text: str) -> str:
    return " ".join(text.split())[:100]


def show_diff(path: str, before: str, after: str) -> None:
    names = ("/dev/null" if not before else f"a/{path}", f"b/{path}")
    for line in difflib.unified_diff(before.splitlines(), after.splitlines(), *names, lineterm="", n=2):
        colour = COLOURS.get(line[:1])
        print(line if colour is None else paint(colour[2:-1], line))
    print()


def paint(code: str, text: str) -> str:
    """Coloured where a person looks; plain in a file."""
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ
    return text if plain and "FORCE_COLOR" not in os.environ else f"\x1b[{code}m{text}\x1b[0m"


if __name__ == "__main__":
    sys.exit(main())
