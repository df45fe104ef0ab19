"""The commands: what they take, and what they answer."""

from __future__ import annotations

from typing import Any

from fakes.clauses.clause import Clause, each, some
from fakes.lsp_wire import Json, Wire

RESULT = {
    "task_id": str,
    "workflow_id": None,
    "role": str,
    "task": str | None,
    "status": ("completed", "incomplete", "cancelled", "failed", "running"),
    "summary": str,
    "answer": str | None,
    "files": list,
    "applied": bool,
    "applied_by": (None, "editor", "disk"),
    "provider": str | None,
    "model": str | None,
    "usage": dict,
    "attempts": int,
    "omitted_context": list,
    "time_to_first_token_ms": int | None,
    "duration_ms": int | None,
    "error": dict | None,
}
"""Members of the result object of the contract's section 2: their types, or the values there are."""

FILE = {
    "path": str,
    "action": ("create", "modify", "delete", "rename"),
    "new_path": str | None,
    "added": int,
    "removed": int,
    "diff": str | None,
    "state": (
        "proposed",
        "applied",
        "needs_confirmation",
        "refused",
        "conflict",
        "incomplete",
        "suggestion",
    ),
    "reason": str | None,
}
ERROR = {"code": str, "message": str, "hint": str, "retry_after_s": float | int | None, "correlation_id": str}
USAGE = {"input_tokens": int, "cached_input_tokens": int, "output_tokens": int, "estimated": bool}
INVALID_PARAMS, CONTENT_MODIFIED = -32602, -32801

ABOUT_A_TASK = "test_every_command_about_a_task_answers_with_its_result_object"
WRONG = "test_a_wrong_argument_of_a_command_is_an_error_that_names_the_field"
PROPOSAL = "test_never_leaves_a_proposal_that_apply_applies_and_revert_takes_back"


def is_result(value: Any) -> bool:
    """Whether a value is the result object."""
    return (
        _has_shape(value, RESULT)
        and all(_has_shape(file, FILE) for file in value["files"])
        and _has_shape(value["usage"], USAGE)
        and (value["error"] is None or _has_shape(value["error"], ERROR))
        and len(value["summary"]) <= 2000
    )


def _has_shape(value: Any, shape: Json) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == shape.keys()
        and all(
            value[name] in kind
            if isinstance(kind, tuple)
            else value[name] is None
            if kind is None
            else isinstance(value[name], kind)
            for name, kind in shape.items()
        )
    )


def _answers(name: str) -> Clause:
    def shows(wire: Wire) -> bool:
        calls = wire.commands(f"rolecall.{name}")
        return each(
            calls, lambda one: is_result(one.answer) and one.answer["task_id"] == one.argument["task_id"]
        )

    return Clause(f"`rolecall.{name}` answers with the result object.", (ABOUT_A_TASK,), shows)


def _names_what_is_wrong(command: str) -> Clause:
    """Each wrong call of the command is refused in words that name it, and the field if one is wrong."""

    def shows(wire: Wire) -> bool:
        return each(
            wire.commands(f"rolecall.{command}"),
            lambda one: one.code == INVALID_PARAMS and f"rolecall.{command}" in one.answer["message"],
        )

    text = f"A wrong argument of `rolecall.{command}` is error -32602 that names what is wrong."
    return Clause(text, (f"{WRONG}[{command}]",), shows)


def _own_words(wire: Wire) -> bool:
    (run,) = wire.runs()
    return (
        "task" not in run.argument
        and run.answer["task"] is None
        and run.argument["instruction"] in wire.prompts()[0]
    )


def _stale(wire: Wire) -> bool:
    return (
        each(wire.runs(), lambda one: one.argument["version"] == 1 and one.code == CONTENT_MODIFIED)
        and not wire.upstream
    )


def _applied_before_the_answer(wire: Wire) -> bool:
    (run,) = wire.runs()
    replies = wire.replies("workspace/applyEdit")
    return bool(replies) and replies[-1] < (run.answered or 0) and run.answer["applied"] is True


def _declined_before_the_answer(wire: Wire) -> bool:
    (run,) = wire.runs()
    (reply,) = wire.replies("window/showMessageRequest")
    return (
        reply < (run.answered or 0)
        and not wire.edits()
        and (run.answer["status"], run.answer["applied"]) == ("completed", False)
        and wire.states() == {"needs_confirmation"}
    )


def _takes_back(wire: Wire) -> bool:
    """The edit of the revert turns the lines of the run's edit back, and holds no others."""
    made, back = wire.text_edits()
    return (back["newText"], made["newText"]) == ("LIMIT = 100\n", "LIMIT = 200\n")


def _one_line_further(wire: Wire) -> bool:
    """A line was typed above; the revert finds its own below it."""
    made, back = wire.text_edits()
    return back["range"]["start"]["line"] == made["range"]["start"]["line"] + 1


def _lists(wire: Wire) -> bool:
    listed = wire.commands("rolecall.tasks")[-1].answer
    ids = [call.answer["task_id"] for call in wire.runs()]
    return each(listed, is_result) and [one["task_id"] for one in listed] == ids


def _states_after(wire: Wire, command: str) -> list[tuple[str, str]]:
    return [
        (file["path"], file["state"])
        for call in wire.commands(command)
        if is_result(call.answer)
        for file in call.answer["files"]
    ]


CLAUSES = {
    "run.role.task": Clause(
        "`role` and `task` say who does what: their words are what the model is told.",
        ("test_the_role_and_the_task_are_what_the_model_is_told",),
        lambda wire: (
            [(one["role"], one["task"]) for one in wire.results()]
            == [(one.argument["role"], one.argument["task"]) for one in wire.runs()]
            and len({*wire.system()}) == len(wire.runs()) > 2
        ),
    ),
    "run.uri": Clause(
        "`uri` names the file the work is about.",
        ("test_the_role_and_the_task_are_what_the_model_is_told",),
        lambda wire: each(wire.prompts(), lambda one: '<context kind="target" path="src/pricing.py"' in one),
    ),
    "run.range": Clause(
        "`range` is the selection: whole lines.",
        ("test_the_lines_of_a_range_are_the_selection",),
        lambda wire: each(
            wire.prompts(),
            lambda one: '<context kind="selection" path="src/pricing.py" lines="3-3">\nLIMIT' in one,
        ),
    ),
    "run.version": Clause(
        "`version`: a range of another version is refused, with error -32801, and nothing is asked.",
        ("test_a_range_of_an_older_version_is_not_used",),
        _stale,
    ),
    "run.instruction": Clause(
        "`instruction` alone is a task too, with `task: null`.",
        ("test_an_instruction_alone_is_a_task",),
        _own_words,
    ),
    "run.diagnostics": Clause(
        "`diagnostics` reach the model.",
        ("test_diagnostics_and_selection_reach_the_model",),
        lambda wire: (
            wire.runs()[0].argument["diagnostics"][0]["message"] in wire.prompts()[0]
            and wire.results()[0]["task"] == "fix"
        ),
    ),
    "run.result": Clause(
        "`rolecall.run` answers with the result object.",
        ("test_an_edit_of_the_open_file_arrives_in_its_buffer", ABOUT_A_TASK),
        lambda wire: each(wire.runs(), lambda one: is_result(one.answer) and one.answer["files"]),
    ),
    "run.result.failed": Clause(
        "What fails is a result object with the error's code, its message and a hint.",
        ("test_a_request_that_names_what_is_not_there_fails_as_a_result",),
        lambda wire: (
            each(wire.runs(), lambda one: is_result(one.answer) and one.answer["status"] == "failed")
            and each(wire.results(), lambda one: one["error"]["message"] and one["error"]["hint"])
        ),
    ),
    "run.applied": Clause(
        "`rolecall.run` answers after the edit was applied.",
        ("test_an_edit_of_the_open_file_arrives_in_its_buffer",),
        _applied_before_the_answer,
    ),
    "run.declined": Clause(
        "`rolecall.run` answers after the edit was declined; it stays a proposal.",
        ("test_a_run_answers_once_its_edit_was_declined",),
        _declined_before_the_answer,
    ),
    "cancel.result": _answers("cancel"),
    "apply.result": _answers("apply"),
    "discard.result": _answers("discard"),
    "revert.result": _answers("revert"),
    "result.result": _answers("result"),
    "apply.all": Clause(
        "`rolecall.apply` applies a proposal.",
        (ABOUT_A_TASK,),
        lambda wire: (
            _states_after(wire, "rolecall.apply")
            == [("src/pricing.py", "applied"), ("tests/test_pricing.py", "applied")]
        ),
    ),
    "apply.paths": Clause(
        "With `paths` only what was picked.",
        (PROPOSAL,),
        lambda wire: (
            wire.commands("rolecall.apply")[0].argument["paths"] == ["src/pricing.py"]
            and _states_after(wire, "rolecall.apply")
            == [("src/pricing.py", "applied"), ("tests/test_pricing.py", "proposed")]
        ),
    ),
    "apply.running": Clause(
        "What still runs cannot be applied: `configuration_invalid`.",
        ("test_a_task_that_still_runs_cannot_be_applied",),
        lambda wire: (
            [(one.answer["status"], one.answer["error"]["code"]) for one in wire.commands("rolecall.apply")]
            == [("running", "configuration_invalid")]
        ),
    ),
    "discard": Clause(
        "`rolecall.discard` drops a proposal: it cannot be applied any more.",
        ("test_a_discarded_proposal_cannot_be_applied",),
        lambda wire: (
            _states_after(wire, "rolecall.discard") == [("src/pricing.py", "refused")]
            and wire.commands("rolecall.apply")[0].answer["error"]["code"] == "path_refused"
            and not wire.edits()
        ),
    ),
    "revert": Clause(
        "`rolecall.revert` undoes a run's own hunks.",
        (PROPOSAL,),
        _takes_back,
    ),
    "revert.kept": Clause(
        "It keeps what was edited since.",
        (PROPOSAL,),
        _one_line_further,
    ),
    "revert.conflict": Clause(
        "A hunk that was itself edited since stays, and is a conflict.",
        ("test_a_hunk_edited_since_is_not_taken_back",),
        lambda wire: (
            len(wire.edits()) == 1
            and [one.answer["error"]["code"] for one in wire.commands("rolecall.revert")] == ["edit_conflict"]
        ),
    ),
    "tasks": Clause(
        "`rolecall.tasks` lists the tasks as result objects.",
        (ABOUT_A_TASK,),
        _lists,
    ),
    "status": Clause(
        "`rolecall.status` tells pool, breakers, metrics and provider.",
        ("test_status_tells_pool_breakers_metrics_and_provider",),
        lambda wire: some(
            wire.commands("rolecall.status"),
            lambda one: (
                {"pool", "breakers", "metrics", "provider"} <= one.answer.keys()
                and one.answer["provider"]["origin"].startswith("http://127.0.0.1:")
            ),
        ),
    ),
    **{
        f"{name}.wrong": _names_what_is_wrong(name)
        for name in ("run", "cancel", "apply", "discard", "revert", "result", "tasks", "status")
    },
    "task.unknown": Clause(
        "A `task_id` that nobody has is error -32602 with a hint.",
        ("test_a_task_that_nobody_has_is_an_error_of_every_command",),
        lambda wire: (
            {
                one.params["command"]
                for one in wire.calls("workspace/executeCommand")
                if one.code == INVALID_PARAMS
            }
            == {f"rolecall.{name}" for name in ("cancel", "apply", "discard", "revert", "result")}
            and each(
                wire.calls("workspace/executeCommand"),
                lambda one: (
                    one.answer["data"]["code"] == "configuration_invalid" and one.answer["data"]["hint"]
                ),
            )
        ),
    ),
    "command.unknown": Clause(
        "A command there is not is error -32602, and named.",
        ("test_a_command_that_is_not_there_is_an_error_that_lists_those_that_are",),
        lambda wire: each(
            wire.calls("workspace/executeCommand"),
            lambda one: one.code == INVALID_PARAMS and one.params["command"] in one.answer["message"],
        ),
    ),
    "command.offered": Clause(
        "The eight commands are announced.",
        (ABOUT_A_TASK,),
        lambda wire: (
            set(wire.offered("executeCommandProvider", "commands"))
            == {
                f"rolecall.{name}"
                for name in ("run", "cancel", "apply", "discard", "revert", "result", "tasks", "status")
            }
            and wire.results()
        ),
    ),
}
