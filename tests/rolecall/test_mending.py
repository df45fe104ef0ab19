"""Failed blocks repaired and cut ones continued: what the endpoint is asked, and what the user gets."""

from __future__ import annotations

import asyncio
import json

import pytest

from fakes.endpoint import FakeEndpoint, Hang, Reset, answer, chunk, endpoint_in_thread, http_error, stream
from rolecall.caller import Caller
from rolecall.events import Attempt, Delta, FileClosed, Finished, Restart
from rolecall.runtime import Runtime
from rolecall.session import Session
from rolecall.task import FileRef, TaskRequest
from rolecall.workspace.disk import DiskApplier

ASK = TaskRequest("developer", instruction="raise the limit", target=FileRef("src/pricing.py"), apply="auto")
NEW = '<file path="notes.md">\nHi\n</file>\n'


def edit(search: str, replace: str, path: str = "src/pricing.py") -> str:
    pair = f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"
    return f'<edit path="{path}">\n{pair}</edit>\n'


FAILED = "Done.\n\n" + edit("LIMIT = 99", "LIMIT = 101") + NEW + '<done files="2"/>\n'
REPAIR = edit("LIMIT = 100", "LIMIT = 101") + '<done files="1"/>\n'
CUT = '<file path="notes.md">\nFirst line of notes\nSecond li'
REST = "ne\n</file>\n" + edit("LIMIT = 100", "LIMIT = 101") + '<done files="2"/>\n'


class Asked:
    """A task that has run: its events, its result and the project's files."""

    def __init__(self, project, events, result) -> None:
        self.events, self.result = events, result
        self.pricing = (project / "src/pricing.py").read_text()
        self.notes = project / "notes.md"

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def reasons(self):
        return [attempt.reason for attempt in self.of(Attempt)]

    @property
    def states(self):
        return {file.path: file.state for file in self.result.files}


@pytest.fixture
async def runtime():
    runtime = Runtime()
    yield runtime
    await runtime.aclose()


@pytest.fixture
def opened(tmp_path, project):
    def make(endpoint, **settings):
        environment = {
            "HOME": str(tmp_path),
            "ROLECALL_LLM__PROVIDER": "openai",
            "ROLECALL_LLM__BASE_URL": endpoint.base_url,
            "ROLECALL_LLM__MODEL": "fake-model",
            "ROLECALL_RETRY__MAX_ATTEMPTS": "2",
            "ROLECALL_RETRY__INITIAL_DELAY_S": "0.01",
            **settings,
        }
        return Session(Caller(environment, project))

    return make


@pytest.fixture
def asked(runtime, opened, project):
    async def run(endpoint, request=ASK, **settings):
        session = opened(endpoint, **settings)
        task, subscription = runtime.tasks.start(session, request, DiskApplier(session))
        events = [numbered.event async for numbered in subscription]
        return Asked(project, events, await task.wait())

    return run


def messages(received):
    return received.json["messages"]


async def test_a_failed_block_is_repaired_and_the_set_applied(asked):
    async with FakeEndpoint([answer(FAILED), answer(REPAIR)]) as endpoint:
        done = await asked(endpoint)
    assert (done.result.status, done.result.applied) == ("completed", True)
    assert "LIMIT = 101" in done.pricing
    assert done.notes.read_text() == "Hi\n"
    assert done.reasons == [None, "repair"]
    assert [attempt.n for attempt in done.of(Attempt)] == [1, 2]


async def test_the_endpoint_sees_a_conversation_whose_beginning_it_may_have_cached(asked):
    async with FakeEndpoint([answer(FAILED), answer(REPAIR)]) as endpoint:
        await asked(endpoint)
    first, second = map(messages, endpoint.completions)
    assert [message["role"] for message in second] == ["system", "user", "assistant", "user"]
    assert second[:2] == first
    assert second[2]["content"] == FAILED
    request = second[3]["content"]
    assert "LIMIT = 99" in request
    assert "matches nothing" in request
    assert "\nLIMIT = 100\n" in request
    assert "notes.md" not in request


async def test_the_text_of_a_repair_is_no_delta_and_its_files_are_events(asked):
    async with FakeEndpoint([answer(FAILED), answer(REPAIR)]) as endpoint:
        done = await asked(endpoint)
    assert "".join(delta.text for delta in done.of(Delta)) == FAILED == done.result.answer
    after = done.events[done.events.index(done.of(Attempt)[1]) + 1 :]
    assert [type(event) for event in after] == [FileClosed, Finished]
    assert (after[0].path, after[0].action) == ("src/pricing.py", "modify")


async def test_usage_and_attempts_are_those_of_all_requests(asked):
    async with FakeEndpoint([answer(FAILED), answer(REPAIR)]) as endpoint:
        done = await asked(endpoint)
    usage = done.result.usage
    assert (usage.input_tokens, usage.output_tokens, usage.estimated) == (22, 14, False)
    assert done.result.attempts == 2


async def test_without_rounds_nothing_is_asked_again(asked):
    async with FakeEndpoint([answer(FAILED), answer(REPAIR)]) as endpoint:
        done = await asked(endpoint, ROLECALL_APPLY__REPAIR_ROUNDS="0")
    assert len(endpoint.completions) == 1
    assert (done.result.status, done.result.error.code) == ("failed", "edit_not_found")
    assert "LIMIT = 100" in done.pricing


async def test_an_answer_in_order_is_not_asked_about(asked):
    async with FakeEndpoint([answer(edit("LIMIT = 100", "LIMIT = 101"))]) as endpoint:
        done = await asked(endpoint)
    assert (len(endpoint.completions), done.reasons) == (1, [None])


async def test_a_repair_that_fails_too_leaves_the_first_error_and_all_proposals(asked):
    async with FakeEndpoint([answer(FAILED), answer(edit("LIMIT = 98", "LIMIT = 101"))]) as endpoint:
        done = await asked(endpoint)
    assert len(endpoint.completions) == 2
    assert done.result.error.code == "edit_not_found"
    assert "'LIMIT = 99'" in done.result.error.message
    assert done.states == {"src/pricing.py": "conflict", "notes.md": "proposed"}
    assert not done.notes.exists()


async def test_a_second_round_tells_what_was_wrong_with_the_first(asked):
    replies = [answer(FAILED), answer(edit("LIMIT = 98", "LIMIT = 101")), answer(REPAIR)]
    async with FakeEndpoint(replies) as endpoint:
        done = await asked(endpoint, ROLECALL_APPLY__REPAIR_ROUNDS="2")
    conversation = messages(endpoint.completions[2])
    assert [message["role"] for message in conversation[2:]] == ["assistant", "user"] * 2
    assert "LIMIT = 98" in conversation[5]["content"]
    assert done.result.status == "completed"
    assert "LIMIT = 101" in done.pricing


async def test_a_repair_sees_the_file_as_it_is_now(asked, project):
    def moved(_):
        file = project / "src/pricing.py"
        file.write_text(file.read_text().replace("LIMIT = 100", "LIMIT = 77"))
        return answer(FAILED)

    repair = answer(edit("LIMIT = 77", "LIMIT = 101"))
    async with FakeEndpoint([moved, repair]) as endpoint:
        done = await asked(endpoint)
    assert "\nLIMIT = 77\n" in messages(endpoint.completions[1])[3]["content"]
    assert "LIMIT = 101" in done.pricing


async def test_secrets_are_not_shown_for_a_repair(asked, project):
    (project / ".env").write_text("KEY=very-secret\n")
    async with FakeEndpoint([answer(edit("KEY=x", "KEY=y", ".env")), answer("no")]) as endpoint:
        done = await asked(endpoint)
    assert not any(b"very-secret" in request.body for request in endpoint.completions)
    assert done.result.error.code == "edit_not_found"


@pytest.mark.parametrize("failure", [http_error(401), http_error(500)], ids=["refused", "down"])
async def test_a_repair_request_that_fails_leaves_the_answers_own_error(failure, asked):
    async with FakeEndpoint([answer(FAILED)], default=failure) as endpoint:
        done = await asked(endpoint)
    error = done.result.error
    assert (done.result.status, error.code) == ("failed", "edit_not_found")
    assert "further request" in error.hint
    assert done.states == {"src/pricing.py": "conflict", "notes.md": "proposed"}


async def test_a_repair_request_is_retried_and_its_lost_text_never_joined(asked):
    half = stream(chunk(edit("LIMIT = 100", "LIMIT = 666")), Reset())
    async with FakeEndpoint([answer(FAILED), half, answer(REPAIR)]) as endpoint:
        done = await asked(endpoint)
    assert done.reasons == [None, "repair", "upstream_unavailable"]
    assert [attempt.n for attempt in done.of(Attempt)] == [1, 2, 3]
    assert done.of(Restart) == []
    assert "LIMIT = 101" in done.pricing


async def test_an_open_breaker_stands_for_a_repair_too(asked):
    async with FakeEndpoint([answer(FAILED)], default=http_error(500)) as endpoint:
        done = await asked(
            endpoint,
            ROLECALL_BREAKER__FAILURE_THRESHOLD="1",
            ROLECALL_RETRY__MAX_ATTEMPTS="3",
        )
        assert len(endpoint.completions) == 2
        assert done.result.error.code == "edit_not_found"
        assert (await asked(endpoint)).result.error.code == "breaker_open"


async def test_cancelling_a_repair_hangs_up_and_applies_nothing(runtime, opened, project):
    async with FakeEndpoint([answer(FAILED), stream(chunk("x"), Hang())]) as endpoint:
        session = opened(endpoint)
        task, _ = runtime.tasks.start(session, ASK, DiskApplier(session))
        request = await endpoint.received(2)
        result = await task.cancel()
        await asyncio.wait_for(request.disconnected.wait(), 5)
    assert (result.status, result.applied) == ("cancelled", False)
    assert {file.path: file.state for file in result.files}["notes.md"] == "proposed"
    assert not (project / "notes.md").exists()


async def test_the_total_deadline_holds_for_a_repair_too(asked):
    async with FakeEndpoint([answer(FAILED), stream(chunk("x"), Hang())]) as endpoint:
        done = await asked(endpoint, ROLECALL_LLM__TOTAL_TIMEOUT_S="1.5")
    assert done.result.error.code == "edit_not_found"
    assert "was not done within" in done.result.error.hint


async def test_a_conversation_that_does_not_fit_the_window_is_not_begun(asked):
    long = FAILED.replace("Done.", "Done. " + "word " * 20_000)
    async with FakeEndpoint([answer(long, usage=False), answer(REPAIR)]) as endpoint:
        done = await asked(endpoint, ROLECALL_LLM__CONTEXT_WINDOW="16000")
    assert len(endpoint.completions) == 1
    assert done.result.error.code == "edit_not_found"


async def test_a_cut_block_is_continued_and_joined(asked):
    async with FakeEndpoint([answer(CUT, finish="length"), answer(REST)]) as endpoint:
        done = await asked(endpoint)
    assert done.reasons == [None, "continue"]
    assert (done.result.status, done.result.answer) == ("completed", CUT + REST)
    assert done.notes.read_text() == "First line of notes\nSecond line\n"
    assert "LIMIT = 101" in done.pricing
    assert "".join(delta.text for delta in done.of(Delta)) == CUT
    assert [(event.path, event.action) for event in done.of(FileClosed)] == [
        ("notes.md", "create"),
        ("src/pricing.py", "modify"),
    ]
    conversation = messages(endpoint.completions[1])
    assert conversation[2] == {"role": "assistant", "content": CUT}
    assert "\nSecond li\n" in conversation[3]["content"]


async def test_an_open_block_is_continued_whatever_the_reason_it_was_left_for(asked):
    async with FakeEndpoint([answer(CUT), answer("Second li" + REST)]) as endpoint:
        done = await asked(endpoint)
    assert done.reasons == [None, "continue"]


@pytest.mark.parametrize(
    "rest",
    ["Sure! Here is the rest:\nSecond line\n</file>\n", "```\nSecond line\n</file>\n", NEW],
    ids=["talk", "fence", "begun-again"],
)
async def test_a_continuation_that_does_not_meet_the_cut_leaves_the_answer_incomplete(rest, asked):
    before = edit("LIMIT = 100", "LIMIT = 101")
    async with FakeEndpoint([answer(before + CUT, finish="length"), answer(rest)]) as endpoint:
        done = await asked(endpoint)
    assert (done.result.status, done.result.error.code) == ("incomplete", "answer_incomplete")
    assert done.states == {"src/pricing.py": "proposed", "notes.md": "incomplete"}
    assert "LIMIT = 100" in done.pricing
    assert not done.notes.exists()


async def test_a_continuation_that_is_cut_too_is_continued_where_rounds_are_left(asked):
    replies = [
        answer(CUT, finish="length"),
        answer("ne\nThird line of no", finish="length"),
        answer("tes\n</file>\n"),
    ]
    async with FakeEndpoint(replies) as endpoint:
        done = await asked(endpoint, ROLECALL_APPLY__REPAIR_ROUNDS="2")
    assert done.result.status == "completed"
    assert done.notes.read_text() == "First line of notes\nSecond line\nThird line of notes\n"


async def test_an_answer_cut_between_blocks_is_not_continued(asked):
    async with FakeEndpoint([answer(NEW, finish="length")]) as endpoint:
        done = await asked(endpoint)
    assert len(endpoint.completions) == 1
    assert done.result.status == "incomplete"


async def test_a_continued_answer_is_repaired_where_rounds_are_left(asked):
    rest = "ne\n</file>\n" + edit("LIMIT = 99", "LIMIT = 101") + '<done files="2"/>\n'
    async with FakeEndpoint([answer(CUT, finish="length"), answer(rest), answer(REPAIR)]) as endpoint:
        done = await asked(endpoint, ROLECALL_APPLY__REPAIR_ROUNDS="2")
    assert done.reasons == [None, "continue", "repair"]
    assert (done.result.status, done.result.applied) == ("completed", True)
    assert done.notes.read_text() == "First line of notes\nSecond line\n"


def test_the_command_line_tells_of_the_repair(surroundings, project):
    with endpoint_in_thread([answer(FAILED), answer(REPAIR)]) as endpoint:
        surroundings.use(endpoint.base_url)
        done = surroundings.run(
            "run",
            "developer",
            "raise it",
            "--file",
            "src/pricing.py",
            "--apply",
            "--format",
            "stream-json",
            cwd=project,
        )
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [event["reason"] for event in events if event["type"] == "attempt"] == [None, "repair"]
    seqs = [event["seq"] for event in events]
    assert seqs == sorted(set(seqs))
    assert "LIMIT = 101" in (project / "src/pricing.py").read_text()
