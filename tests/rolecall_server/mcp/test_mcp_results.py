from __future__ import annotations

import json

import mcp_types as types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rolecall.errors import BreakerOpen, ErrorCode
from rolecall.task import ErrorInfo, FileResult, OmittedContext, TaskResult, Usage
from rolecall_server.mcp.results import failure, render, structure

OFFLINE = "offline scaffold, no model was called"


def diff(lines: int) -> str:
    body = "".join(f"+line {n}\n" for n in range(lines))
    return f"--- /dev/null\n+++ b/a.py\n@@ -0,0 +1,{lines} @@\n{body}"


def file(path="a.py", lines=3, **members) -> FileResult:
    members = {"action": "create", "added": lines, "removed": 0, "diff": diff(lines), **members}
    return FileResult(path=path, **members)


def result(**members) -> TaskResult:
    defaults = {
        "task_id": "1f2e",
        "role": "developer",
        "task": "implement",
        "status": "completed",
        "summary": "Adds it.",
        "provider": "openai",
        "model": "m",
        "usage": Usage(input_tokens=10, output_tokens=5, estimated=False),
        "duration_ms": 1234,
    }
    return TaskResult.model_validate(defaults | members)


def text(rendered: types.CallToolResult) -> str:
    [block] = [block for block in rendered.content if isinstance(block, types.TextContent)]
    return block.text


def links(rendered: types.CallToolResult) -> list[str]:
    return [block.uri for block in rendered.content if isinstance(block, types.ResourceLink)]


def test_a_small_result_is_given_whole_both_ways():
    whole = result(files=[file()], answer="the answer")
    rendered = render(whole, 10_000)
    assert rendered.structured_content == whole.to_json()
    assert not rendered.is_error
    assert links(rendered) == []
    for part in ("Adds it.", "- create a.py +3 -0", diff(3).rstrip(), 'apply_edits with {"task_id": "1f2e"}'):
        assert part in text(rendered)


def test_an_answer_without_files_is_the_text():
    rendered = render(result(answer='# Requirements\n\nR1 …\n<done files="0"/>\n'), 10_000)
    assert "<done" not in text(rendered)
    assert "# Requirements\n\nR1 …" in text(rendered)
    assert "apply_edits" not in text(rendered)


def test_a_failure_names_code_message_and_hint_in_the_text():
    rendered = failure(BreakerOpen("host h failed too often.", hint="Wait a minute.", retry_after_s=60))
    assert rendered.is_error
    assert rendered.structured_content["status"] == "failed"
    assert rendered.structured_content["error"]["code"] == "breaker_open"
    for part in ("breaker_open", "host h failed too often.", "Hint: Wait a minute.", "Retry after 60 s."):
        assert part in text(rendered)


def test_offline_results_say_that_no_model_was_called():
    assert OFFLINE in text(render(result(provider="offline"), 10_000))


def test_a_running_task_says_how_to_get_its_result():
    rendered = render(result(status="running"), 10_000)
    assert "still running" in text(rendered)
    assert 'task_result with {"task_id": "1f2e"' in text(rendered)
    assert not rendered.is_error


def test_what_needs_confirmation_is_shown_with_the_way_to_give_it():
    rendered = render(
        result(files=[file(".env", state="needs_confirmation", reason="protected name")]), 10_000
    )
    assert "[needs_confirmation]: protected name" in text(rendered)
    assert '"confirm_protected": true' in text(rendered)


def test_a_large_diff_is_left_out_and_linked_while_the_small_one_stays():
    rendered = render(
        result(files=[file("big dir/big.py", 2_000), file("small.py", 3)], answer="x" * 50_000), 8_000
    )
    structured = rendered.structured_content
    assert [f["diff"] is None for f in structured["files"]] == [True, False]
    assert structured["files"][0]["added"] == 2_000
    assert structured["answer"] is None
    assert links(rendered) == ["rolecall://tasks/1f2e/files/big%20dir/big.py", "rolecall://tasks/1f2e"]
    assert "rolecall://tasks/1f2e/files/big%20dir/big.py" in structured["files"][0]["reason"]
    assert "+line 2" in text(rendered)
    assert "1 larger diffs" in text(rendered)


def test_the_fence_around_a_diff_is_longer_than_any_in_it():
    fenced = file(diff="--- a/r.md\n+++ b/r.md\n@@ -1 +1 @@\n-````\n+x\n")
    assert "`````diff\n" in text(render(result(files=[fenced]), 10_000))


def test_hundreds_of_files_still_fit():
    files = [file(f"src/package/module_{n}.py", 2, reason="r" * 200) for n in range(400)]
    rendered = render(result(files=files), 10_000)
    assert len(json.dumps(rendered.structured_content)) <= 10_000
    assert len(rendered.structured_content["files"]) < 400
    assert "400 files in all" in rendered.structured_content["summary"]
    assert len(text(rendered).encode()) <= 10_000
    listed = text(rendered).count("- create src/")
    assert listed > 10
    assert f"- and {400 - listed} more: rolecall://tasks/1f2e" in text(rendered)
    assert "rolecall://tasks/1f2e" in links(rendered)


def carried(rendered: types.CallToolResult) -> int:
    """Bytes that a client which shows the content block by block has to show."""
    shown = [block.model_dump_json(by_alias=True, exclude_none=True) for block in rendered.content[1:]]
    return len(text(rendered).encode()) + sum(map(len, shown))


def test_links_to_files_of_long_names_leave_room_for_the_text():
    files = [file(f"{'é' * 60}/{n}/{'ü' * 60}.py", 300) for n in range(60)]
    rendered = render(result(files=files), 10_000)
    assert carried(rendered) <= 10_000
    assert links(rendered)[-1] == "rolecall://tasks/1f2e"
    assert any("/files/" in link for link in links(rendered))


@pytest.mark.parametrize(("by", "way"), [("disk", "rolecall revert 1f2e"), ("editor", "undo in the editor")])
def test_what_was_written_comes_with_the_way_back(by, way):
    written = result(files=[file(state="applied")], applied=True, applied_by=by)
    assert way in text(render(written, 10_000))
    assert "take it back" not in text(render(result(files=[file()]), 10_000))


TEXT = st.text(st.characters(codec="utf-8"), max_size=4_000)
FILES = st.lists(
    st.builds(
        file,
        path=st.text("abcä/.", min_size=1, max_size=60),
        lines=st.integers(0, 400),
        reason=st.none() | TEXT,
        state=st.sampled_from(["proposed", "conflict", "needs_confirmation", "suggestion"]),
    ),
    max_size=30,
)
ERRORS = st.none() | st.builds(
    ErrorInfo, code=st.sampled_from(ErrorCode), message=TEXT, hint=TEXT, correlation_id=st.just("c" * 32)
)


@settings(max_examples=60, deadline=None)
@given(
    summary=TEXT.map(lambda s: s[:2_000]),
    answer=st.none() | TEXT.map(lambda s: s * 5),
    files=FILES,
    error=ERRORS,
    omitted=st.lists(
        st.builds(OmittedContext, path=TEXT.map(lambda s: s[:80]), reason=st.just("too large")), max_size=30
    ),
    limit=st.integers(1_500, 20_000),
    status=st.sampled_from(["completed", "failed", "running", "incomplete", "cancelled"]),
)
def test_text_and_structured_content_each_keep_the_limit(
    summary, answer, files, error, omitted, limit, status
):
    whole = result(
        summary=summary, answer=answer, files=files, error=error, omitted_context=omitted, status=status
    )
    rendered = render(whole, limit)
    assert carried(rendered) <= limit
    assert len(json.dumps(rendered.structured_content)) <= limit
    assert set(rendered.structured_content) == set(whole.to_json())
    assert rendered.structured_content["task_id"] == "1f2e"
    assert "1f2e" in text(rendered)


@pytest.mark.parametrize("limit", [100, 300, 700])
def test_a_tiny_limit_still_gives_every_member(limit):
    assert structure(result(files=[file()]), limit).keys() == result().to_json().keys()
