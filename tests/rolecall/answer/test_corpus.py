from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from corpus.in_memory import Outcome, outcome
from rolecall.workspace.folder import Workspace
from rolecall.workspace.policy import PathPolicy

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "corpus" / "cases.jsonl").read_text("utf-8").split("\n")
    if line
]


def fulfils(case: dict[str, Any], expected: dict[str, Any], result: Outcome) -> bool:
    if "any" in expected:
        return any(fulfils(case, one, result) for one in expected["any"])
    if "files" in expected:
        return result.status == "applied" and result.files == expected["files"]
    untouched = result.files == case["before"]
    if expected.get("snippet"):
        return untouched
    named = all(number in result.messages for number in expected.get("mentions", []))
    return untouched and result.status == "error" and named


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_the_answer_does_to_the_workspace_what_the_contract_says(case, tmp_path):
    for path, text in case["before"].items():
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text.encode())
    policy = PathPolicy(Workspace([tmp_path]))

    result = outcome(case["answer"], case["before"], policy.check, yes=case.get("yes", False))

    assert fulfils(case, case["expect"], result), (result.status, result.messages, result.files)
