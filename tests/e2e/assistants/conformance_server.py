"""The server with the conformance suite's fixtures beside its own tools: made by our factory, served by our command.

The suite calls tools, prompts and resources of its own, by name. They are put before the handlers that the factory set,
and all else goes to those: transport, eras, lists, errors and completion are the product's.
"""

from __future__ import annotations

import base64
import sys
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError

from rolecall_server import cli
from rolecall_server.mcp.http import serving
from rolecall_server.mcp.server import RolecallServer, create_server

PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()
WAV = base64.b64encode(
    b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data\0\0\0\0"
).decode()
MISSING_CAPABILITY = -32021


def _text(text: str) -> types.TextContent:
    return types.TextContent(text=text)


def _embedded(uri: str, text: str) -> types.EmbeddedResource:
    return types.EmbeddedResource(
        resource=types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    )


IMAGE = types.ImageContent(data=PNG, mime_type="image/png")
TOOLS: dict[str, types.CallToolResult] = {
    "test_simple_text": types.CallToolResult(content=[_text("This is a simple text response for testing.")]),
    "test_image_content": types.CallToolResult(content=[IMAGE]),
    "test_audio_content": types.CallToolResult(content=[types.AudioContent(data=WAV, mime_type="audio/wav")]),
    "test_embedded_resource": types.CallToolResult(
        content=[_embedded("test://embedded-resource", "This is an embedded resource content.")]
    ),
    "test_multiple_content_types": types.CallToolResult(
        content=[
            _text("Multiple content types test:"),
            IMAGE,
            _embedded("test://mixed-content-resource", '{"test": "data", "value": 123}'),
        ]
    ),
    "test_error_handling": types.CallToolResult(
        content=[_text("This tool intentionally returns an error for testing")], is_error=True
    ),
    "test_tool_with_progress": types.CallToolResult(content=[_text("Done.")]),
    "test_streaming_elicitation": types.CallToolResult(content=[_text("Done.")]),
    "test_logging_tool": types.CallToolResult(content=[_text("Done.")]),
    "test_missing_capability": types.CallToolResult(content=[]),
}
REPORTING = {"test_tool_with_progress", "test_streaming_elicitation"}


def _prompt(*contents: Any) -> types.GetPromptResult:
    return types.GetPromptResult(
        messages=[types.PromptMessage(role="user", content=content) for content in contents]
    )


def _prompts(given: dict[str, str]) -> dict[str, types.GetPromptResult]:
    first, second = given.get("arg1", ""), given.get("arg2", "")
    return {
        "test_simple_prompt": _prompt(_text("This is a simple prompt for testing.")),
        "test_prompt_with_arguments": _prompt(
            _text(f"Prompt with arguments: arg1='{first}', arg2='{second}'")
        ),
        "test_prompt_with_embedded_resource": _prompt(
            _embedded(given.get("resourceUri", "test://none"), "Embedded resource content for testing."),
            _text("Please process the embedded resource above."),
        ),
        "test_prompt_with_image": _prompt(IMAGE, _text("Please analyze the image above.")),
    }


def _resource(uri: str) -> types.TextResourceContents | types.BlobResourceContents | None:
    if uri == "test://static-text":
        text = "This is the content of the static text resource."
        return types.TextResourceContents(uri=uri, mime_type="text/plain", text=text)
    if uri == "test://static-binary":
        return types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    if uri.startswith("test://template/") and uri.endswith("/data"):
        number = uri.split("/")[3]
        text = f'{{"id":"{number}","templateTest":true,"data":"Data for ID: {number}"}}'
        return types.TextResourceContents(uri=uri, mime_type="application/json", text=text)
    return None


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
    return server


async def _list_tools(context: Any, params: Any, inner: Any) -> Any:
    listed = await inner(context, params)
    mine = [
        types.Tool(name=name, description="A fixture.", input_schema={"type": "object"}) for name in TOOLS
    ]
    return listed.model_copy(update={"tools": [*listed.tools, *mine]})


async def _call_tool(context: Any, params: Any, inner: Any) -> Any:
    if params.name not in TOOLS:
        return await inner(context, params)
    if params.name == "test_missing_capability":
        raise MCPError(MISSING_CAPABILITY, "It needs sampling.", {"requiredCapabilities": {"sampling": {}}})
    for value in (0, 50, 100) if params.name in REPORTING else ():
        await context.session.report_progress(float(value), 100.0, f"{value} %")
    return TOOLS[params.name]


async def _list_prompts(context: Any, params: Any, inner: Any) -> Any:
    listed = await inner(context, params)
    mine = [types.Prompt(name=name, description="A fixture.") for name in _prompts({})]
    return listed.model_copy(update={"prompts": [*listed.prompts, *mine]})


async def _get_prompt(context: Any, params: Any, inner: Any) -> Any:
    found = _prompts(params.arguments or {}).get(params.name)
    return found if found is not None else await inner(context, params)


async def _read_resource(context: Any, params: Any, inner: Any) -> Any:
    found = _resource(str(params.uri))
    return types.ReadResourceResult(contents=[found]) if found else await inner(context, params)


async def _complete(context: Any, params: Any, inner: Any) -> Any:
    if getattr(params.ref, "name", "") in _prompts({}):
        return types.CompleteResult(completion=types.Completion(values=[], total=0, has_more=False))
    return await inner(context, params)


if __name__ == "__main__":
    serving.create_server = mounted
    sys.exit(cli.main(["mcp", "--http", *sys.argv[1:]]))
