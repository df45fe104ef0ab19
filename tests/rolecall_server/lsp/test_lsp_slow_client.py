"""A client that stops reading for a while loses progress reports, and nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fakes.endpoint import DONE, Pause, chunk, stream
from fakes.wire import LspPeer
from rolecall_server.daemon import control

LINES = [f"line {number} {'x' * 60}\n" for number in range(40_000)]
BLOCK = 100
SLOW = [f"slowly {number}\n" for number in range(30)]
ALLOWED_MB = 64
"""The answer is 3 MB; it is kept as text, in pieces, as a result and on its way out."""


def resident_mb(pid: int) -> float:
    """Memory a process holds."""
    line = next(
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS")
    )
    return int(line.split()[1]) / 1000


def script():
    """A flood that fills every buffer on the way, then text for four seconds more."""
    blocks = ["".join(LINES[start : start + BLOCK]) for start in range(0, len(LINES), BLOCK)]
    slow = [part for text in SLOW for part in (chunk(text), Pause(0.13))]
    return stream(*(chunk(block) for block in blocks), *slow, chunk(finish="stop"), DONE)


async def test_a_client_that_stops_reading_loses_only_progress(served, project, endpoint):
    served.use(endpoint.base_url)
    endpoint.replies.append(script())
    server = served.serve("lsp", cwd=project)
    peer = LspPeer(server.stdout, server.stdin)
    options = {"events": True, "wait": False}
    run = {"role": "developer", "instruction": "x", "uri": (project / "src/pricing.py").as_uri()}
    command = {"command": "rolecall.run", "arguments": [run], "workDoneToken": "t"}

    def begin():
        shake = {"processId": None, "rootUri": project.as_uri(), "capabilities": {}}
        peer.request("initialize", {**shake, "initializationOptions": options})
        peer.notify("initialized", {})
        peer.request("workspace/executeCommand", {"command": "rolecall.status"})
        pids = [daemon.pid for daemon in control.running(served.environment)[0]] or [server.pid]
        before = resident_mb(pids[0])
        return pids[0], before, peer.request("workspace/executeCommand", command)["result"]

    def read_on():
        reports, events = [], []
        while not (events and events[-1]["type"] == "result" and reports and reports[-1]["kind"] == "end"):
            message = peer._read()
            if message.get("method") == "rolecall/event":
                events.append(message["params"])
            elif message.get("method") == "$/progress":
                reports.append(message["params"]["value"])
        return reports, events

    try:
        pid, before, started = await asyncio.to_thread(begin)
        assert started["status"] == "running"
        await asyncio.wait_for((await endpoint.received(1)).answered.wait(), 120)
        assert resident_mb(pid) - before < ALLOWED_MB
        reports, events = await asyncio.wait_for(asyncio.to_thread(read_on), 60)
    finally:
        server.kill()
        server.communicate()
    early = [m["params"] for m in peer.seen if m["method"] == "rolecall/event"]
    text = "".join(event["text"] for event in [*early, *events] if event["type"] == "delta")
    assert text == "".join(LINES) + "".join(SLOW)
    assert [event["seq"] for event in events] == sorted({event["seq"] for event in events})
    result = events[-1]["result"]
    assert (result["status"], result["answer"]) == ("completed", text)
    # Thirty were due in those four seconds alone.
    assert len(reports) < 20
