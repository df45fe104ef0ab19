"""The suite's fixtures that ask the client something, or tell it something, before they answer.

Until 2025-11-25 a server asks within the call. Since 2026-07-28 it returns its questions, and the client calls again
with the answers: one such return is a round, told from the others by a state that the client hands back.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mcp_types as types
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata

from e2e.assistants.conformance_fixtures import prompt, result, text

Fixture = Callable[[Any, Any], Awaitable[Any]]
Question = types.ElicitRequest | types.CreateMessageRequest | types.ListRootsRequest

MISSING_CAPABILITY = -32021


def _form(message: str, **properties: dict[str, Any]) -> types.ElicitRequest:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return types.ElicitRequest(params=types.ElicitRequestFormParams(message=message, requested_schema=schema))


def _sample(words: str, max_tokens: int = 100) -> types.CreateMessageRequest:
    said = types.SamplingMessage(role="user", content=text(words))
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[said], max_tokens=max_tokens)
    )


TEXT: dict[str, Any] = {"type": "string"}
NAME = _form("What is your name?", name=TEXT)
CONFIRM = _form("Please confirm", ok={"type": "boolean"})
CAPITAL = _sample("What is the capital of France?")
GREETING = _sample("Generate a greeting", 50)
ROOTS = types.ListRootsRequest()


@dataclass(frozen=True, slots=True)
class Round:
    """Questions that are asked together, and the state by which the server knows them again."""

    questions: dict[str, Question]
    state: str | None = None


ROUNDS: dict[str, Sequence[Round]] = {
    "test_input_required_result_elicitation": [Round({"user_name": NAME})],
    "test_input_required_result_sampling": [Round({"capital_question": CAPITAL})],
    "test_input_required_result_list_roots": [Round({"client_roots": ROOTS})],
    "test_input_required_result_request_state": [Round({"confirm": CONFIRM}, "confirming")],
    "test_input_required_result_tampered_state": [Round({"confirm": CONFIRM}, "confirming")],
    "test_input_required_result_multiple_inputs": [
        Round({"user_name": NAME, "greeting": GREETING, "client_roots": ROOTS}, "three")
    ],
    "test_input_required_result_multi_round": [
        Round({"step1": _form("Step 1: What is your name?", name=TEXT)}, "first"),
        Round({"step2": _form("Step 2: What is your favorite color?", color=TEXT)}, "second"),
    ],
    "test_missing_capability": [Round({"greeting": GREETING})],
}


def in_rounds(rounds: Sequence[Round], done: Callable[[dict[str, Any]], Any]) -> Fixture:
    """Asks round after round, each until every question in it is answered; ``done`` makes the result of the last."""

    async def call(context: Any, params: Any) -> Any:
        number = next((n for n, known in enumerate(rounds) if known.state == params.request_state), None)
        answers = params.input_responses or {}
        if number is None or not rounds[number].questions.keys() <= answers.keys():
            return _ask(context, rounds[number or 0])
        if number + 1 < len(rounds):
            return _ask(context, rounds[number + 1])
        return done(answers)

    return call


def _ask(context: Any, asked: Round) -> types.InputRequiredResult:
    for question in asked.questions.values():
        if not _can_answer(context, question):
            raise _missing(question)
    return types.InputRequiredResult(input_requests=asked.questions, request_state=asked.state)


async def ask_what_the_client_can_answer(context: Any, _: Any) -> types.InputRequiredResult:
    questions: dict[str, Question] = {"user_name": NAME, "greeting": GREETING}
    can = {key: asked for key, asked in questions.items() if _can_answer(context, asked)}
    return types.InputRequiredResult(input_requests=can)


CAPABILITIES: dict[str, str] = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}


def _can_answer(context: Any, question: Question) -> bool:
    declared = context.session.client_capabilities
    return declared is not None and getattr(declared, CAPABILITIES[question.method]) is not None


def _missing(question: Question) -> MCPError:
    needed = CAPABILITIES[question.method]
    return MCPError(MISSING_CAPABILITY, f"It needs {needed}.", {"requiredCapabilities": {needed: {}}})


def _said(answers: dict[str, Any]) -> types.CallToolResult:
    told = {key: answer.model_dump(mode="json", exclude_none=True) for key, answer in answers.items()}
    return result(text(f"state-ok {json.dumps(told)}"))


async def report_and_ask(context: Any, params: Any) -> Any:
    await report_progress(context, params)
    return _ask(context, Round({"user_name": NAME}))


async def report_progress(context: Any, _: Any) -> types.CallToolResult:
    for value in (0, 50, 100):
        await context.session.report_progress(float(value), 100.0, f"{value} %")
    return result(text("Done."))


async def log(context: Any, _: Any) -> types.CallToolResult:
    """The server's way to log, deprecated as it is: it is what keeps silent where a client asked for no log."""
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.session.send_log_message("info", said, related_request_id=context.request_id)
    return result(text("Done."))


async def sample_within_the_call(context: Any, params: Any) -> types.CallToolResult:
    answer = await context.session.send_request(
        _sample(params.arguments["prompt"]),
        types.CreateMessageResult,
        metadata=ServerMessageMetadata(related_request_id=context.request_id),
    )
    return result(text(f"LLM response: {answer.content.text}"))


def asking_within_the_call(message: str, properties: dict[str, Any]) -> Fixture:
    """Asks with a form; a tool that takes a ``message`` asks with that one."""
    schema = {"type": "object", "properties": properties, "required": []}

    async def call(context: Any, params: Any) -> types.CallToolResult:
        said = (params.arguments or {}).get("message", message)
        answer = await context.session.elicit_form(said, schema, context.request_id)
        return result(
            text(f"Elicitation completed: action={answer.action}, content={json.dumps(answer.content)}")
        )

    return call


def _titled(*names: tuple[str, str]) -> list[dict[str, str]]:
    return [{"const": value, "title": title} for value, title in names]


OPTIONS = ["option1", "option2", "option3"]
DEFAULTS: dict[str, Any] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}
CHOICES: dict[str, Any] = {
    "untitledSingle": {"type": "string", "enum": OPTIONS},
    "titledSingle": {
        "type": "string",
        "oneOf": _titled(("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")),
    },
    "legacyEnum": {
        "type": "string",
        "enum": ["opt1", "opt2", "opt3"],
        "enumNames": ["Option One", "Option Two", "Option Three"],
    },
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": OPTIONS}},
    "titledMulti": {
        "type": "array",
        "items": {"anyOf": _titled(("value1", "First Choice"), ("value2", "Second Choice"))},
    },
}


async def save_a_role(context: Any, _: Any) -> types.CallToolResult:
    """What a person does with an editor: tools and prompts are others then, and clients are to be told."""
    _write_a_role(context.lifespan_context.caller.config_folder() / "roles")
    return result(text("Saved."))


def _write_a_role(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.iterdir()))
    (folder / f"poet{number}.md").write_text(
        f"---\nid: poet{number}\ntitle: Poet\ndescription: Writes verse.\ntasks:\n"
        "  - {id: ode, title: write an ode, applies_to: file, kind: source, instruction: Write an ode.}\n"
        "---\nYou are a poet.\n"
    )


TOOLS: dict[str, Fixture] = {
    **{name: in_rounds(rounds, _said) for name, rounds in ROUNDS.items()},
    "test_input_required_result_capabilities": ask_what_the_client_can_answer,
    "test_streaming_elicitation": report_and_ask,
    "test_tool_with_progress": report_progress,
    "test_tool_with_logging": log,
    "test_logging_tool": log,
    "test_sampling": sample_within_the_call,
    "test_elicitation": asking_within_the_call("", {"username": TEXT, "email": TEXT}),
    "test_elicitation_sep1034_defaults": asking_within_the_call("Are these right?", DEFAULTS),
    "test_elicitation_sep1330_enums": asking_within_the_call("Please choose.", CHOICES),
    "test_trigger_tool_change": save_a_role,
    "test_trigger_prompt_change": save_a_role,
}

PROMPTS: dict[str, Fixture] = {
    "test_input_required_result_prompt": in_rounds(
        [Round({"user_context": _form("What context should the prompt use?", context=TEXT)})],
        lambda answers: prompt(text(f"Use this context: {answers['user_context'].content}")),
    )
}
