"""Role files: what is accepted, and what a user is told about the rest."""

from pathlib import Path

import pytest

from rolecall.roles.loader import MAX_ROLE_BYTES, load_role, parse_role

FILE = Path("/roles/reviewer.md")

GOOD = """\
---
id: reviewer
title: Reviewer
description: Reads a change and says what would break.
model: big-model
temperature: 0.2
max_output_tokens: 4096
tasks:
  - id: review
    title: review {symbol}
    applies_to: selection
    kind: refactor
    instruction: |
      List what can fail.
      Worst first.
---

You review code.

---
You change nothing.
"""


def problems(text: str) -> list[tuple[int, str]]:
    return [(problem.line, problem.message) for problem in parse_role(text, FILE).problems]


def with_line(old: str, new: str) -> str:
    assert old in GOOD
    return GOOD.replace(old, new)


def test_a_role_file_becomes_a_role_with_everything_it_says():
    role = parse_role(GOOD, FILE).role

    assert role is not None
    assert (role.id, role.title, role.model) == ("reviewer", "Reviewer", "big-model")
    assert role.description == "Reads a change and says what would break."
    assert (role.temperature, role.max_output_tokens) == (0.2, 4096)
    assert role.prompt == "You review code.\n\n---\nYou change nothing."
    assert role.source == FILE
    task = role.tasks[0]
    assert (task.id, task.title, task.applies_to, task.kind) == (
        "review",
        "review {symbol}",
        "selection",
        "refactor",
    )
    assert task.instruction == "List what can fail.\nWorst first."


def test_the_optional_keys_may_be_left_out_or_null():
    text = "---\nid: x\ntitle: X\ndescription: Does x.\nmodel: null\ntemperature:\n---\nPrompt.\n"

    role = parse_role(text, FILE).role

    assert role is not None
    assert (role.model, role.temperature, role.max_output_tokens, role.tasks) == (None, None, None, ())


@pytest.mark.parametrize(
    ("applies_to", "kind"),
    [("selection", "refactor"), ("file", "source"), ("diagnostic", "quickfix"), ("workspace", "source")],
)
def test_a_task_without_a_kind_takes_the_one_that_follows_from_what_it_applies_to(applies_to, kind):
    text = with_line("    kind: refactor\n", "").replace("selection", applies_to)

    role = parse_role(text, FILE).role

    assert role is not None
    assert role.tasks[0].kind == kind


def test_a_sub_kind_is_at_home_in_the_menu_of_its_parent():
    role = parse_role(with_line("kind: refactor", "kind: refactor.rewrite"), FILE).role

    assert role is not None
    assert role.tasks[0].kind == "refactor"


def test_words_that_yaml_takes_for_values_stay_words():
    role = parse_role(with_line("title: Reviewer", "title: No"), FILE).role

    assert role is not None
    assert role.title == "No"


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("id: reviewer\n", "id: Re-Viewer\n", 2, "lower-case letter"),
        ("id: reviewer\n", f"id: {'a' * 41}\n", 2, "at most 40"),
        ("id: reviewer\n", "id: 9lives\n", 2, "lower-case letter"),
        ("id: reviewer\n", "id: status\n", 2, "Rolecall itself uses"),
        ("id: reviewer\n", "id: réviseur\n", 2, "lower-case letter"),
        ("id: reviewer\n", "id: [a]\n", 2, "must be a single value"),
        ("id: reviewer\n", "id:\n", 2, "has no `id`"),
        ("title: Reviewer\n", f"title: {'x' * 61}\n", 3, "at most 60"),
        ("title: Reviewer\n", 'title: "a\\x07b"\n', 3, "control character"),
        (
            "description: Reads a change and says what would break.\n",
            "description: ''\n",
            4,
            "no `description`",
        ),
        ("temperature: 0.2", "temperature: 2.5", 6, "a number from 0 to 2"),
        ("temperature: 0.2", "temperature: .nan", 6, "a number from 0 to 2"),
        ("temperature: 0.2", "temperature: nan", 6, "a number from 0 to 2"),
        ("temperature: 0.2", "temperature: warm", 6, "'warm'"),
        ("temperature: 0.2", 'temperature: "0.2"', 6, "a number from 0 to 2"),
        ("max_output_tokens: 4096", "max_output_tokens: 0", 7, "from 1 to"),
        ("max_output_tokens: 4096", "max_output_tokens: 10.5", 7, "a whole number"),
        ("max_output_tokens: 4096", "max_output_tokens: yes", 7, "a whole number"),
        ("temperature:", "temprature:", 6, "Did you mean 'temperature'? Allowed: id, title"),
        ("model: big-model", "title: Again", 5, "`title` stands twice"),
        ("model: big-model", "models: [a]", 5, "Did you mean 'model'?"),
        ("  - id: review", "  - id: Review", 9, "lower-case letter"),
        ("applies_to: selection", "applies_to: selections", 11, "Did you mean 'selection'?"),
        ("applies_to: selection", "applies_to: selections", 11, "selection, file, diagnostic, workspace"),
        ("    applies_to: selection\n", "", 9, "a task has no `applies_to` (one of: selection, file"),
        ("kind: refactor", "kind: edit", 12, "quickfix, refactor, source"),
        ("instruction: |", "instructions: |", 13, "Did you mean 'instruction'?"),
        ("instruction: |", "instructions: |", 9, "a task has no `instruction`"),
    ],
)
def test_a_mistake_is_reported_with_its_line_and_what_is_allowed(old, new, line, said):
    found = problems(with_line(old, new))

    assert any(number == line and said in message for number, message in found), found


def test_every_mistake_is_reported_at_once_in_the_order_of_the_file():
    text = with_line("id: reviewer", "id: R").replace("0.2", "9").replace("selection", "all")

    assert [line for line, _ in problems(text)] == [2, 6, 11]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "begins with a line `---`"),
        ("You review code.\n", 1, "begins with a line `---`"),
        ("---\nid: x\n", 1, "no closing line `---`"),
        ("---\n---\nPrompt.\n", 1, "keys and values"),
        ("---\n- a\n---\nPrompt.\n", 2, "keys and values"),
        ("---\njust words\n---\nPrompt.\n", 2, "keys and values"),
        ("---\nid: a: b\n---\nPrompt.\n", 2, "not valid YAML"),
        ("---\nid: x\ntitle: [\n---\nPrompt.\n", 3, "not valid YAML"),
        ("---\nid: x\ntitle: *gone\n---\nPrompt.\n", 3, "aliases"),
        ("---\nid: &a x\ntitle: *a\n---\nPrompt.\n", 3, "aliases"),
        ("---\nid: x\ntitle: a\x07b\n---\nPrompt.\n", 3, "does not allow"),
        ("---\n? [a]\n: b\n---\nPrompt.\n", 2, "plain word"),
        ("---\nid: x\n--- {id: y}\n---\nPrompt.\n", 3, "second YAML document"),
    ],
)
def test_front_matter_that_cannot_be_read_is_one_problem_with_its_line(text, line, said):
    found = problems(text)

    assert len(found) == 1
    assert found[0][0] in {line, line + 1}
    assert said in found[0][1]


def test_nesting_that_would_overrun_the_stack_is_a_problem_like_any_other():
    assert problems(f"---\nid: {'[' * 100_000}\n---\nPrompt.\n") == [(2, "nested too deeply")]


@pytest.mark.parametrize("body", ["", "\n", "  \n\n"])
def test_a_role_without_a_prompt_is_a_problem_at_the_end_of_the_front_matter(body):
    head = GOOD[: GOOD.index("\nYou review code.")]

    assert problems(head + body) == [(17, "there is no system prompt after the front matter")]


def test_a_prompt_with_control_characters_is_refused():
    assert "control character '\\x00'" in problems(GOOD + "\x00")[0][1]


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ("tasks: review", "must be a list"),
        ("tasks:\n  - review", "a task must be keys and values"),
        ("tasks: {a: b}", "must be a list"),
    ],
)
def test_tasks_of_another_shape_are_a_problem(tasks, said):
    text = f"---\nid: x\ntitle: X\ndescription: D.\n{tasks}\n---\nPrompt.\n"

    assert said in problems(text)[0][1]


def test_two_tasks_of_one_id_are_a_problem_at_the_second():
    task = GOOD[GOOD.index("  - id: review") : GOOD.index("---\n\nYou")]

    assert problems(with_line(task, task + task)) == [(16, "the task id 'review' stands twice in this role")]


def test_the_line_endings_and_the_mark_of_windows_editors_make_no_difference(tmp_path):
    file = tmp_path / "reviewer.md"
    file.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    loaded = load_role(file)

    assert loaded.problems == ()
    assert loaded.role is not None
    assert loaded.role.prompt == "You review code.\n\n---\nYou change nothing."


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", 1, "the file is empty"),
        (b" \n\n", 1, "the file is empty"),
        (b"---\nid: x\ntitle: caf\xe9\n---\n", 3, "byte 0xe9 is not UTF-8"),
        (GOOD.encode("utf-16"), 1, "UTF-16"),
        (b"a" * (MAX_ROLE_BYTES + 1), 1, "a role file has at most"),
    ],
)
def test_bytes_that_are_no_role_file_are_one_clear_problem(tmp_path, data, line, said):
    file = tmp_path / "odd.md"
    file.write_bytes(data)

    loaded = load_role(file)

    assert loaded.role is None
    assert [(problem.file, problem.line) for problem in loaded.problems] == [(file, line)]
    assert said in loaded.problems[0].message


def test_a_huge_file_is_refused_by_its_size_without_being_read(tmp_path):
    file = tmp_path / "huge.md"
    with file.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)

    assert "52,428,800 bytes" in load_role(file).problems[0].message


def test_a_problem_reads_as_editors_and_terminals_link_it():
    loaded = parse_role(with_line("id: reviewer", "id: R"), FILE)

    assert str(loaded.problems[0]).startswith("/roles/reviewer.md:2: `id` is 'R'")
