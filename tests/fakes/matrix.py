"""The fault matrix as a table: ``docs/reliability.md`` shows it, and a test holds the page to it.

Written anew by ``PYTHONPATH=tests:agents:server python tests/fakes/matrix.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fakes.faults import WIRE, Fault

PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- the matrix begins -->", "<!-- the matrix ends -->"
COLUMNS = ("fault", "how injected", "result", "`run` exits", "the user reads", "the endpoint saw", "test")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``test`` is its node id below ``tests/rolecall/reliability/``."""

    fault: str
    injected: str
    result: str
    exit: str
    reads: str
    saw: str
    test: str

    def line(self) -> str:
        cells = (self.fault, self.injected, self.result, self.exit, self.reads, self.saw, f"`{self.test}`")
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _wire(fault: Fault) -> Row:
    result = "`completed`" if fault.code is None else f"`{fault.status}`, `{fault.code}`"
    reads = f"… {fault.says} …" if fault.says else "the answer"
    if fault.retry_after:
        reads += " and when to try again"
    counts = str(fault.each[0]) if len(set(fault.each)) == 1 else ", ".join(map(str, fault.each))
    saw = f"{counts} request{'' if counts == '1' else 's'}"
    saw += ", the last shorter" if fault.shorter else ""
    saw += ", hung up" if fault.hung_up else ""
    test = f"test_fault_matrix.py::test_every_door_tells_the_fault[{fault.id}]"
    return Row(fault.fault, fault.injected, result, str(fault.exit), reads, saw, test)


def _llmock(fault: str, injected: str, test: str, *, saw: str = "2 requests, spaced", **cells: str) -> Row:
    members = {"result": "`completed`", "exit": "0", "reads": "the answer", **cells}
    return Row(fault, f"llmock: {injected}", saw=saw, test=f"test_llmock.py::{test}", **members)


def _passing(name: str, fault: str, injected: str, saw: str = "2 requests, spaced") -> Row:
    test = f"test_a_passing_fault_is_overcome_and_the_judge_has_no_complaint[{name}]"
    return _llmock(fault, injected, test, saw=saw)


def _lasting(name: str, fault: str, code: str) -> Row:
    test = f"test_a_lasting_refusal_is_asked_once[{name}]"
    cells = {"result": f"`failed`, `{code}`", "exit": "3", "reads": "what was refused"}
    return _llmock(fault, f"{name[5:]}, always", test, saw="1 request", **cells)


LLMOCK = [
    _llmock("None, streamed", "an answer", "test_an_answer_arrives_whole[streamed]", saw="1 request"),
    _llmock("None, in one piece", "an answer", "test_an_answer_arrives_whole[whole]", saw="1 request"),
    _passing("http-500", "The endpoint fails once", "500"),
    _passing("http-503-twice", "The endpoint fails twice", "503, twice", "3 requests, spaced"),
    _passing("rate-limit", "A rate limit", "429 with `Retry-After`", "2 requests, no earlier than asked"),
    _passing("disconnect", "The connection drops in mid-answer", "disconnect after 3 chunks"),
    _passing("truncate", "The answer ends early, silently", "truncate after 3 chunks"),
    _passing("corrupt", "A chunk is corrupted", "a chunk that is no JSON"),
    _passing("stall", "The answer stalls", "silence of 5 s within it", "2 requests, the first hung up"),
    _passing(
        "slow-first-token", "The first token is late", "5 s of silence", "2 requests, the first hung up"
    ),
    _lasting("http-400", "A request that is refused", "upstream_protocol_error"),
    _lasting("http-401", "A key that is refused", "authentication_failed"),
    _lasting("http-404", "A model that is unknown", "model_not_found"),
    _llmock(
        "An outage",
        "503 for ever, four tasks",
        "test_an_outage_is_no_storm_and_opens_the_breaker",
        saw="5 requests for four tasks",
        result="`failed`, then `breaker_open`",
        exit="3, then 4",
        reads="that nothing was sent, and when it will be",
    ),
    _llmock(
        "The context is too large",
        "context_overflow",
        "test_a_prompt_that_is_too_long_is_shortened",
        saw="2 requests, the last shorter",
        reads="the answer, and what was left out",
    ),
    _llmock(
        "A quota that refills",
        "120 requests a minute, three tasks",
        "test_real_quotas_are_waited_for",
        saw="no request before its time",
    ),
    _llmock(
        "Slow text",
        "10 ms between chunks",
        "test_the_callback_sees_paced_text_before_the_end",
        saw="1 request",
        reads="each piece as it comes (`on_delta`)",
    ),
]


def _llama(fault: str, injected: str, test: str, saw: str, **cells: str) -> Row:
    members = {"result": "`completed` or cut at its limit", "exit": "0 or 5", "reads": "the answer", **cells}
    return Row(fault, f"llama.cpp: {injected}", saw=saw, test=f"test_llama_cpp.py::{test}", **members)


CANCELLED = {"result": "`cancelled`", "exit": "130"}

LLAMA = [
    _llama("None, streamed", "a prompt", "test_text_streams_as_it_is_made_and_is_counted_by_the_server", "1 request"),
    _llama("None, in one piece", "`stream: false`", "test_a_whole_answer_comes_where_streaming_is_off", "1 request"),
    _llama(
        "The prompt exceeds the real window",
        "12,000 tokens into a window of 8,192",
        "test_a_prompt_beyond_the_window_is_refused_by_the_server_and_fits_the_second_time",
        "2 requests; the next task's first one fits",
        reads="the answer, and what was left out",
    ),
    _llama("Cancelled while it computes", "7,000 tokens to go", "test_cancelling_frees_the_slot", "its slot is idle, and serves the next", reads="that it was cancelled", **CANCELLED),
    _llama("Stopped early by a program", "`StopEarly` in `on_delta`", "test_an_early_stop_frees_the_slot", "its slot is idle", result="`cancelled`, with what had come", exit="-", reads="what had come"),
    _llama("More tasks than slots", "6 tasks, 2 slots", "test_more_tasks_than_slots_all_get_their_answer", "6 requests"),
]  # fmt: skip


def _cancel(fault: str, injected: str, way: str, reads: str, exit_code: str = "-") -> Row:
    test = f"test_cancel.py::test_the_endpoint_sees_the_connection_closed_within_200_ms[{way}]"
    return Row(fault, injected, "`cancelled`", exit_code, reads, "hung up within 200 ms", test)


CANCELS = [
    _cancel("The editor gives the request up", "`$/cancelRequest`", "lsp-cancel-request", "error -32800"),
    _cancel("A click on the progress", "`window/workDoneProgress/cancel`", "lsp-progress-cancel", "the result"),
    _cancel("The editor's command", "`rolecall.cancel`", "lsp-rolecall-cancel", "the result"),
    _cancel("The editor dies", "SIGKILL", "lsp-editor-gone", "-"),
    _cancel("The assistant gives the call up", "`notifications/cancelled`", "mcp-cancelled", "-"),
    _cancel("Another assistant cancels it", "`cancel_task`", "mcp-cancel-task", "the result"),
    _cancel("The assistant dies", "SIGKILL", "mcp-assistant-gone", "-"),
    _cancel("Ctrl-C in a shell", "SIGINT", "shell-sigint", "the result", "130"),
    _cancel("The command is terminated", "SIGTERM", "shell-sigterm", "the result", "143"),
    Row("Given up before the first byte", "`$/cancelRequest` while the endpoint is silent", "`cancelled`", "-", "error -32800", "hung up within 200 ms", "test_cancel.py::test_a_cancel_before_the_first_byte_closes_the_connection_too"),
    Row("Ctrl-C: the end of the command", "SIGINT", "`cancelled`", "130", "the result", "hung up", "test_cancel.py::test_a_signal_ends_the_command_with_its_code_and_a_cancelled_result[interrupt-130]"),
    Row("SIGTERM: the end of the command", "SIGTERM", "`cancelled`", "143", "the result", "hung up", "test_cancel.py::test_a_signal_ends_the_command_with_its_code_and_a_cancelled_result[terminate-143]"),
    Row("Seven cancelled in a row", "seven clicks", "`cancelled`", "-", "breakers closed, nothing in flight, no error counted", "7 requests, hung up", "test_cancel.py::test_cancelled_requests_count_for_nothing"),
]  # fmt: skip


def _slow(fault: str, injected: str, test: str, **cells: str) -> Row:
    members = {"result": "`completed`", "reads": "the answer", "saw": "1 request", **cells}
    return Row(fault, injected, exit="-", test=f"test_slow_callbacks.py::{test}", **members)


_TAKES = "test_the_time_a_callback_takes_is_no_silence_of_the_endpoint"

PROGRAMS = [
    _slow("A program's callback blocks", "`on_delta` keeps the loop a little longer than `llm.idle_timeout_s`", f"{_TAKES}[blocks-a-bit]"),
    _slow("A program's callback blocks for long", "`on_delta` keeps the loop 3 times as long", f"{_TAKES}[blocks-long]"),
    _slow("A program's callback takes its time", "`on_delta` is awaited 3 times as long", f"{_TAKES}[awaits-long]"),
    _slow("A callback and an endpoint share one loop", "`on_delta` keeps the endpoint from running, too", "test_an_endpoint_that_a_callback_keeps_from_running_is_not_blamed"),
    _slow("A callback blocks, and the endpoint stalls", "`on_delta` blocks; text, silence", "test_an_endpoint_that_falls_silent_is_told_though_a_callback_blocks", result="`failed`, `timed_out`", reads="… llm.idle_timeout_s …", saw="1 request, hung up"),
]  # fmt: skip


def _random(seed: int) -> Row:
    return Row(
        f"One request in five fails (seed {seed})",
        "429, 500, reset, end in mid-answer, `[DONE]` in mid-answer, at random",
        "99 of 100 tasks `completed`",
        "0",
        "the answer, never two attempts joined",
        "as many requests as the results tell attempts",
        f"test_random_failures.py::test_ninety_nine_of_a_hundred_tasks_complete[{seed}]",
    )


ROWS = [*map(_wire, WIRE), *LLMOCK, *LLAMA, *CANCELS, *PROGRAMS, _random(1), _random(2)]


def table() -> str:
    """The table as Markdown."""
    head = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return "\n".join([*head, *(row.line() for row in ROWS)])


def on_page() -> str:
    """The table as the page has it."""
    return PAGE.read_text().partition(BEGIN)[2].partition(END)[0].strip()


if __name__ == "__main__":
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}")
