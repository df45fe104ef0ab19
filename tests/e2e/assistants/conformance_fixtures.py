"""What the conformance suite wants to find on a server: tools, prompts and resources that hold still."""

from __future__ import annotations

import base64
import json
from typing import Any

import mcp_types as types

PNG = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
        "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
    )
).decode()
WAV = base64.b64encode(
    b"RIFF$\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0@\x1f\0\0@\x1f\0\0\1\0\x08\0data\0\0\0\0"
).decode()
IMAGE = types.ImageContent(data=PNG, mime_type="image/png")


def text(said: str) -> types.TextContent:
    return types.TextContent(text=said)


def result(*content: Any, failed: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=list(content), is_error=failed)


def embedded(uri: str, said: str) -> types.EmbeddedResource:
    return types.EmbeddedResource(
        resource=types.TextResourceContents(uri=uri, mime_type="text/plain", text=said)
    )


ANSWERS: dict[str, types.CallToolResult] = {
    "test_simple_text": result(text("This is a simple text response for testing.")),
    "test_image_content": result(IMAGE),
    "test_audio_content": result(types.AudioContent(data=WAV, mime_type="audio/wav")),
    "test_embedded_resource": result(
        embedded("test://embedded-resource", "This is an embedded resource content.")
    ),
    "test_multiple_content_types": result(
        text("Multiple content types test:"),
        IMAGE,
        embedded("test://mixed-content-resource", json.dumps({"test": "data", "value": 123})),
    ),
    "test_error_handling": result(text("This tool intentionally returns an error for testing"), failed=True),
    "json_schema_2020_12_tool": result(text("Done.")),
    "test_argument_in_a_header": result(text("Done.")),
}
"""The tools that answer at once, and always the same."""

EVERY_KEYWORD: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {
            "$anchor": "addressDef",
            "type": "object",
            "properties": {"street": {"type": "string"}, "city": {"type": "string"}},
        }
    },
    "properties": {
        "name": {"type": "string"},
        "address": {"$ref": "#/$defs/address"},
        "contactMethod": {"type": "string", "enum": ["phone", "email"]},
        "phone": {"type": "string"},
        "email": {"type": "string"},
    },
    "allOf": [{"anyOf": [{"required": ["phone"]}, {"required": ["email"]}]}],
    "if": {"properties": {"contactMethod": {"const": "phone"}}, "required": ["contactMethod"]},
    "then": {"required": ["phone"]},
    "else": {"required": ["email"]},
    "additionalProperties": False,
}


def _texts(*names: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"type": "string"} for name in names},
        "required": list(names),
    }


SCHEMAS: dict[str, dict[str, Any]] = {
    "json_schema_2020_12_tool": EVERY_KEYWORD,
    "test_argument_in_a_header": {
        "type": "object",
        "properties": {"region": {"type": "string", "x-mcp-header": "Region"}},
    },
    "test_sampling": _texts("prompt"),
    "test_elicitation": _texts("message"),
}
"""Of the tools that take arguments."""


def tool(name: str) -> types.Tool:
    return types.Tool(name=name, description="A fixture.", input_schema=SCHEMAS.get(name, {"type": "object"}))


def prompt(*contents: Any) -> types.GetPromptResult:
    return types.GetPromptResult(
        messages=[types.PromptMessage(role="user", content=content) for content in contents]
    )


def prompts(given: dict[str, str]) -> dict[str, types.GetPromptResult]:
    """All of them, by name, as they read with these arguments."""
    first, second = given.get("arg1", ""), given.get("arg2", "")
    return {
        "test_simple_prompt": prompt(text("This is a simple prompt for testing.")),
        "test_prompt_with_arguments": prompt(text(f"Prompt with arguments: arg1='{first}', arg2='{second}'")),
        "test_prompt_with_embedded_resource": prompt(
            embedded(given.get("resourceUri", "test://none"), "Embedded resource content for testing."),
            text("Please process the embedded resource above."),
        ),
        "test_prompt_with_image": prompt(IMAGE, text("Please analyze the image above.")),
    }


def resource(uri: str) -> types.TextResourceContents | types.BlobResourceContents | None:
    if uri == "test://static-text":
        said = "This is the content of the static text resource."
        return types.TextResourceContents(uri=uri, mime_type="text/plain", text=said)
    if uri == "test://static-binary":
        return types.BlobResourceContents(uri=uri, mime_type="image/png", blob=PNG)
    if uri.startswith("test://template/") and uri.endswith("/data"):
        number = uri.split("/")[3]
        said = json.dumps({"id": number, "templateTest": True, "data": f"Data for ID: {number}"})
        return types.TextResourceContents(uri=uri, mime_type="application/json", text=said)
    return None
