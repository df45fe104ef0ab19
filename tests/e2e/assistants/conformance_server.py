"""The server with the conformance suite's fixtures beside its own tools: made by our factory, served by our command.

The suite calls tools, prompts and resources of its own, by name. They are put before the handlers that the factory set,
and all else goes to those: transport, eras, lists, errors and completion are the product's. Two things are mounted that
the product does not have, since what it carries is tested with them: log messages, and state kept with the client, which
the protocol's own library guards.

``--sessions`` gives each server object a connection to ask on, as standard input and output do, where the product's HTTP
has none: the suite speaks nothing but HTTP, and this is how it reaches what is asked within a call.
"""

from __future__ import annotations

import sys
from typing import Any

import mcp_types as types
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

from e2e.assistants import conformance_fixtures as fixtures
from e2e.assistants import conformance_questions as questions
from rolecall_server import cli
from rolecall_server.mcp import watching
from rolecall_server.mcp.http import serving, users
from rolecall_server.mcp.server import RolecallServer, create_server

LOOK_S = 0.1
"""Seconds between looks at the role files: the suite waits 1.5 s in all for word of a change."""


def mounted(*arguments: Any, **options: Any) -> RolecallServer:
    """What the factory makes, with the fixtures before its handlers."""
    server = create_server(*arguments, **options)

    def before(method: str, handle: Any) -> None:
        entry = server.get_request_handler(method)
        assert entry is not None
        inner = entry.handler

        async def handler(context: Any, params: Any) -> Any:
            return await handle(context, params, inner)

        server.add_request_handler(method, entry.params_type, handler)

    before("tools/list", _list_tools)
    before("tools/call", _call_tool)
    before("prompts/list", _list_prompts)
    before("prompts/get", _get_prompt)
    before("resources/read", _read_resource)
    before("completion/complete", _complete)
    server.get_tool_input_schema = fixtures.SCHEMAS.get
    server.add_request_handler("logging/setLevel", types.SetLevelRequestParams, _set_level)
    server.middleware.append(
        RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="rolecall")
    )
    return server


async def _list_tools(context: Any, params: Any, inner: Any) -> Any:
    listed = await inner(context, params)
    mine = [fixtures.tool(name) for name in [*fixtures.ANSWERS, *questions.TOOLS]]
    return listed.model_copy(update={"tools": [*listed.tools, *mine]})


async def _call_tool(context: Any, params: Any, inner: Any) -> Any:
    if params.name in fixtures.ANSWERS:
        return fixtures.ANSWERS[params.name]
    if params.name in questions.TOOLS:
        return await questions.TOOLS[params.name](context, params)
    return await inner(context, params)


async def _list_prompts(context: Any, params: Any, inner: Any) -> Any:
    listed = await inner(context, params)
    names = [*fixtures.prompts({}), *questions.PROMPTS]
    mine = [types.Prompt(name=name, description="A fixture.") for name in names]
    return listed.model_copy(update={"prompts": [*listed.prompts, *mine]})


async def _get_prompt(context: Any, params: Any, inner: Any) -> Any:
    if params.name in questions.PROMPTS:
        return await questions.PROMPTS[params.name](context, params)
    found = fixtures.prompts(params.arguments or {}).get(params.name)
    return found if found is not None else await inner(context, params)


async def _read_resource(context: Any, params: Any, inner: Any) -> Any:
    found = fixtures.resource(str(params.uri))
    return types.ReadResourceResult(contents=[found]) if found else await inner(context, params)


async def _complete(context: Any, params: Any, inner: Any) -> Any:
    if getattr(params.ref, "name", "") in fixtures.prompts({}):
        return types.CompleteResult(completion=types.Completion(values=[], total=0, has_more=False))
    return await inner(context, params)


async def _set_level(_: Any, __: Any) -> types.EmptyResult:
    return types.EmptyResult()


def connected(*arguments: Any, **options: Any) -> RolecallServer:
    """The same, as it is made for a connection."""
    return mounted(*arguments, **{**options, "http": None})


def _with_sessions(app: Any, **_: Any) -> StreamableHTTPSessionManager:
    return StreamableHTTPSessionManager(app, stateless=False)


if __name__ == "__main__":
    watching.INTERVAL_S = LOOK_S
    serving.create_server = mounted
    given = sys.argv[1:]
    if "--sessions" in given:
        given.remove("--sessions")
        serving.create_server, users.StreamableHTTPSessionManager = connected, _with_sessions
    sys.exit(cli.main(["mcp", "--http", *given]))
