"""What each assistant is asked to do: have tests written for a file, look at them, write them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from e2e.assistants.scripted import Call, ScriptedModel
from fakes.endpoint import Pause, Received, Reply, answer, chunk, stream

ROLES = {"business_analyst", "developer", "qa_engineer", "devops_engineer", "technical_writer"}
TOOLS = ROLES | {"apply_edits", "task_result", "cancel_task", "status"}
PROMPT = "Have tests written for src/pricing.py, and write them into the project."
TESTS = "from pricing import discounted\n\n\ndef test_a_discount_is_taken_off():\n    assert discounted(200, 10) == 180\n"
WRITTEN = "tests/test_pricing.py"
LARGE = "".join(f"{number:05}. The price of “item {number:05}” is shown.\n" for number in range(7_000))
SLOW_S = 3.0
ASK = Call(
    "qa_engineer", {"instruction": "Cover the discount.", "task": "tests", "files": ["src/pricing.py"]}
)


def propose(_: Received) -> Reply:
    """What the role's own model answers."""
    return answer(
        f'One test of the discount.\n\n<file path="{WRITTEN}">\n{TESTS}</file>\n<done files="1"/>\n'
    )


def long_answer(lines: int) -> Reply:
    """An answer of one large file; 10,000 lines are over 300 kB."""
    body = "".join(f"VALUE_{number:05} = 'line {number:05} of a large file'\n" for number in range(lines))
    return answer("A large file.\n\n", f'<file path="large.py">\n{body}</file>\n', '<done files="1"/>\n')


def task_id(shown: list[str]) -> str:
    """The task that the results name, in whichever form they were shown."""
    found = re.findall(r"task_id\W+([0-9a-f]{12})", shown[-1])
    assert found, f"no task_id in what the model was shown: {shown[-1][:500]}"
    return found[0]


def apply(shown: list[str]) -> Call:
    """The model applies what it was shown."""
    return Call("apply_edits", {"task_id": task_id(shown)})


def fetch(shown: list[str]) -> Call:
    """The model fetches the rest of what is still running."""
    return Call("task_result", {"task_id": task_id(shown), "wait_s": 30})


def read_on(shown: list[str]) -> str | Call:
    """The model reads the answer in parts, as it is told to, until there is no more."""
    found = re.search(r'task_result with (\{.*?"offset.*?\})', shown[-1])
    return Call("task_result", json.loads(found[1].replace('\\"', '"'))) if found else "I have read it all."


def large(_: Received) -> Reply:
    """A page of over 300 kB."""
    return answer(LARGE)


def assert_read_in_parts(model: ScriptedModel, inline_limit: int, part: Callable[[str], str]) -> None:
    """The model was shown all of the large page, in parts that its assistant neither cut nor put away."""
    first, *rest = model.shown
    assert len(LARGE) > 300_000
    assert max(len(result.encode()) for result in model.shown) < inline_limit
    assert not any("truncated" in result or "persisted" in result for result in model.shown)
    assert "rolecall://tasks/" in first
    assert "".join(map(part, rest)) == LARGE


def slow(_: Received) -> Reply:
    """The same, after a while."""
    text = f'One test of the discount.\n\n<file path="{WRITTEN}">\n{TESTS}</file>\n<done files="1"/>\n'
    return stream(chunk(""), Pause(SLOW_S), chunk(text), chunk(finish="stop"))


def trickle(_: Received) -> Reply:
    """The same, a word at a time for longer than any client waits."""
    text = f'<file path="{WRITTEN}">\n{TESTS}</file>\n<done files="1"/>\n'
    words = [piece for _ in range(40) for piece in (chunk("Thinking. "), Pause(10))]
    return stream(*words, chunk(f"\n\nOne test of the discount.\n\n{text}"), chunk(finish="stop"))


def assert_told(shown: list[str], project: Path) -> None:
    """The model was shown the proposal and what became of it, and the file is there."""
    proposal, outcome = shown
    for part in ("One test of the discount.", WRITTEN, "test_a_discount_is_taken_off", "proposed"):
        assert part in proposal
    assert "applied" in outcome or "written" in outcome
    assert (project / WRITTEN).read_text() == TESTS


def assert_lists(offered: dict[str, dict[str, Any]], but: str = "") -> None:
    """Every tool of ours was offered to the model, with what each takes."""
    assert set(offered) == TOOLS - {but}, f"offered: {sorted(offered)}"
    schema = offered["qa_engineer"].get("parameters") or offered["qa_engineer"].get("input_schema") or {}
    assert {"instruction", "task", "files", "context"} <= set(schema["properties"])
