"""Calls over HTTP: both eras, many users at once, tasks that outlive their requests, cancellation."""

from __future__ import annotations

import asyncio
import json

import anyio
import mcp_types as types
import pytest
from mcp.shared.exceptions import MCPError

from fakes.endpoint import FakeEndpoint, Hang, Until, answer, chunk, stream
from fakes.patience import PATIENCE_S
from rolecall_server.mcp import http_calls

ASK = {"instruction": "Raise the limit.", "files": ["src/pricing.py"]}
EDIT = '<file path="made.txt">\nHi\n</file>\n<done files="1"/>\n'


@pytest.fixture
def tokens(surroundings):
    """Lets users in: their names, and `NAME-token` for each."""

    def tokens(*names: str) -> None:
        surroundings.extra["ROLECALL_MCP__HTTP_TOKENS"] = json.dumps(
            [f"{name}={name}-token" for name in names]
        )

    return tokens


async def test_a_role_is_called_and_its_edits_are_applied(serve, era, surroundings, project):
    async with FakeEndpoint([answer(EDIT)]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door, door.client(era) as client:
            assert "developer" in {tool.name for tool in (await client.list_tools()).tools}
            made = await client.call_tool("developer", ASK)
            applied = await client.call_tool("apply_edits", {"task_id": made.structured_content["task_id"]})
    assert applied.structured_content["applied_by"] == "disk"
    assert (project / "made.txt").read_text() == "Hi\n"


async def test_progress_arrives_while_the_model_writes(serve, era, surroundings):
    more, told = asyncio.Event(), asyncio.Event()

    async def report(value, total, message):
        if "writing" in message:
            told.set()

    async with FakeEndpoint([stream(chunk("One two three"), Until(more), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door, door.client(era) as client, anyio.create_task_group() as group:
            group.start_soon(lambda: client.call_tool("developer", ASK, progress_callback=report))
            await asyncio.wait_for(told.wait(), PATIENCE_S)
            more.set()


async def test_users_see_only_their_own_tasks(serve, era, surroundings, tokens, project):
    tokens("ann", "ben")
    async with FakeEndpoint([answer(EDIT)]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with (
            serve() as door,
            door.client(era, "ann-token") as ann,
            door.client(era, "ben-token") as ben,
        ):
            task_id = (await ann.call_tool("developer", ASK)).structured_content["task_id"]
            for tool in ("task_result", "apply_edits", "cancel_task"):
                refused = await ben.call_tool(tool, {"task_id": task_id})
                assert refused.structured_content["error"]["code"] == "configuration_invalid"
            assert not (await ben.call_tool("status", {})).structured_content["tasks"]
            assert not [r for r in (await ben.list_resources()).resources if task_id in str(r.uri)]
            tasks = types.ResourceTemplateReference(uri="rolecall://tasks/{task_id}")
            for one, known in ((ann, [task_id]), (ben, [])):
                offered = await one.complete(tasks, {"name": "task_id", "value": ""})
                assert offered.completion.values == known
            with pytest.raises(MCPError):
                await ben.read_resource(f"rolecall://tasks/{task_id}")
            mine = await ann.call_tool("task_result", {"task_id": task_id})
            assert mine.structured_content["status"] == "completed"
    assert not (project / "made.txt").exists()


async def test_two_hundred_calls_of_twenty_users_get_their_own_progress_and_answers(
    serve, era, surroundings, tokens
):
    names = [f"user{number}" for number in range(20)]
    tokens(*names)
    surroundings.extra["ROLECALL_CONCURRENCY__MAX_TASKS"] = "50"

    def echo(request):
        said = request.json["messages"][1]["content"].rsplit("This is ", 1)[1].split(".")[0]
        return answer(f"Answer for {said}. ", "The end.")

    async def ask(client, name, number, seen):
        async def report(value, total, message):
            seen.append((value, message))

        return await client.call_tool(
            "developer", {"instruction": f"This is {name} {number}."}, progress_callback=report
        )

    async def user(door, name, wrong, ids):
        async with door.client(era, f"{name}-token") as client:
            reports = [[] for _ in range(10)]
            results = await asyncio.gather(*(ask(client, name, n, reports[n]) for n in range(10)))
            for number, (result, seen) in enumerate(zip(results, reports, strict=True)):
                mine = f"Answer for {name} {number}. The end."
                if mine != (result.structured_content["answer"] or "").strip():
                    wrong.append((name, number, result.structured_content))
                values = [value for value, _ in seen]
                if not values or values != sorted(set(values)):
                    wrong.append((name, number, values))
                wrong += [
                    text for _, text in seen if "Answer for" in text and f"{name} {number}." not in text
                ]
                ids.add(result.structured_content["task_id"])

    wrong: list = []
    ids: set[str] = set()
    async with FakeEndpoint(default=echo) as endpoint:
        # Everybody here shares one event loop: while it is busy even a connection to itself takes seconds.
        patient = {"ROLECALL_LLM__CONNECT_TIMEOUT_S": "120"}
        surroundings.use(endpoint.base_url, ROLECALL_LLM__API_KEY="sk-one", **patient)
        async with serve() as door:
            await asyncio.gather(*(user(door, name, wrong, ids) for name in names))
        keys = {request.headers["authorization"] for request in endpoint.completions}
    assert not wrong
    assert len(ids) == len(endpoint.completions) == 200
    assert keys == {"Bearer sk-one"}


async def test_a_call_over_its_deadline_is_fetched_by_a_later_request(serve, era, surroundings):
    more = asyncio.Event()
    surroundings.extra["ROLECALL_MCP__CALL_DEADLINE_S"] = "0.2"
    async with FakeEndpoint([stream(chunk("Slow."), Until(more), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door:
            async with door.client(era) as client:
                running = (await client.call_tool("developer", ASK)).structured_content
            assert running["status"] == "running"
            more.set()
            async with door.client(era) as client:
                while running["status"] == "running":
                    again = await client.call_tool(
                        "task_result", {"task_id": running["task_id"], "wait_s": 5}
                    )
                    running = again.structured_content
    assert (running["status"], running["answer"]) == ("completed", "Slow.")


async def test_a_task_nobody_asks_for_ends_after_its_time(serve, surroundings, monkeypatch):
    monkeypatch.setattr(http_calls.HttpCalls.__init__, "__defaults__", (0.2,))
    surroundings.extra["ROLECALL_MCP__CALL_DEADLINE_S"] = "2"
    async with FakeEndpoint([stream(chunk("Slow."), Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door, door.client() as client:
            await client.call_tool("developer", ASK)
            asked = await endpoint.received(1)
            await asyncio.wait_for(asked.disconnected.wait(), PATIENCE_S)


async def test_a_lost_connection_of_the_handshake_era_leaves_the_task_running(serve, surroundings):
    more = asyncio.Event()
    async with FakeEndpoint([stream(chunk("Still here."), Until(more), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door:
            call = {"id": 5, "method": "tools/call", "params": {"name": "developer", "arguments": ASK}}
            lost = asyncio.create_task(door.post(call))
            asked = await endpoint.received(1)
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
            async with door.client() as client:
                (task,) = (await client.call_tool("status", {})).structured_content["tasks"]
                assert not asked.disconnected.is_set()
                more.set()
                found = await client.call_tool("task_result", {"task_id": task["task_id"], "wait_s": 20})
    assert found.structured_content["answer"] == "Still here."


async def test_closing_the_stream_of_a_modern_request_cancels_it_upstream(serve, surroundings):
    async with FakeEndpoint([stream(chunk("Never"), Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door, door.client("2026-07-28") as client:
            with anyio.move_on_after(60) as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(client.call_tool, "developer", ASK)
                    asked = await endpoint.received(1)
                    cancelled_at = asyncio.get_running_loop().time()
                    scope.cancel()
            await asyncio.wait_for(asked.disconnected.wait(), PATIENCE_S)
    assert asked.disconnected_at - cancelled_at < 1.0


async def test_a_posted_cancellation_ends_the_call_it_names(serve, surroundings):
    async with FakeEndpoint([stream(chunk("Never"), Hang())]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door:
            call = {"id": "c-7", "method": "tools/call", "params": {"name": "developer", "arguments": ASK}}
            waiting = asyncio.create_task(door.post(call))
            asked = await endpoint.received(1)
            for other in ("c-8", 7):
                await door.post({"method": "notifications/cancelled", "params": {"requestId": other}})
            assert not asked.disconnected.is_set()
            await door.post({"method": "notifications/cancelled", "params": {"requestId": "c-7"}})
            await asyncio.wait_for(asked.disconnected.wait(), PATIENCE_S)
            await waiting


async def test_nobody_cancels_another_users_call(serve, surroundings, tokens):
    tokens("ann", "ben")
    more = asyncio.Event()
    async with FakeEndpoint([stream(chunk("Done."), Until(more), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door:
            call = {"id": 7, "method": "tools/call", "params": {"name": "developer", "arguments": ASK}}
            waiting = asyncio.create_task(door.post(call, authorization="Bearer ann-token"))
            asked = await endpoint.received(1)
            cancel = {"method": "notifications/cancelled", "params": {"requestId": 7}}
            await door.post(cancel, authorization="Bearer ben-token")
            assert not asked.disconnected.is_set()
            more.set()
            assert '"status":"completed"' in (await waiting).text


async def test_a_server_told_to_end_answers_its_calls_and_takes_no_new_ones(serve, surroundings):
    more = asyncio.Event()
    async with FakeEndpoint([stream(chunk("Done."), Until(more), chunk(finish="stop"))]) as endpoint:
        surroundings.use(endpoint.base_url)
        async with serve() as door:
            call = {"id": 7, "method": "tools/call", "params": {"name": "developer", "arguments": ASK}}
            waiting = asyncio.create_task(door.post(call))
            await endpoint.received(1)
            door.end()
            refused = await door.initialize()
            assert refused.status_code == 503
            assert int(refused.headers["retry-after"]) > 0
            assert (await door.http.get(door.url.removesuffix("/mcp") + "/readyz")).status_code == 503
            assert (await door.http.get(door.url.removesuffix("/mcp") + "/healthz")).status_code == 200
            more.set()
            assert '"status":"completed"' in (await waiting).text
